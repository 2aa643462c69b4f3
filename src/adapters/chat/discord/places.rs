//! Where messages stand: the root message of an incident in the channel, its thread, the questions in it, and notices
//! that belong to no incident.

mod threads;

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use self::threads::Landed;
use super::posting::{Progress, post};
use super::reference::{MessageRef, read_thread, thread_name};
use super::render::{Look, call, sheets};
use super::rest::{Failure, Request, Rest};
use super::sheet::Sheet;
use crate::domain::card::Mention;
use crate::engine::ports::{Delivered, DeliveryError, Outbound};

/// What it takes to write in the channel.
const WRITE: &str = "View Channel, Send Messages, Embed Links, Attach Files and Read Message History";
/// What it takes to write in threads.
const THREADS: &str = "Create Public Threads and Send Messages in Threads, besides View Channel, Embed Links, Attach \
     Files and Read Message History";
/// How long a call waits for what its incident is called.
const HEADING: Duration = Duration::from_secs(2);
/// Root messages whose looks are remembered.
const REMEMBERED: usize = 256;

/// The configured channel and what is in it.
pub(super) struct Places<'a> {
    pub(super) rest: &'a Rest,
    pub(super) progress: &'a Progress,
    pub(super) roots: &'a Roots,
    pub(super) channel: u64,
}

impl Places<'_> {
    /// The root message: posted once, edited after that, and posted anew if somebody deleted it, whatever the state
    /// of the incident is: it is the record.
    pub(super) async fn root(&self, outbound: &Outbound) -> Result<Delivered, DeliveryError> {
        let sheet = only(sheets(&outbound.card, Look::Single));
        let known = outbound.refs.own.as_deref().or(outbound.refs.root.as_deref());
        if let Some(root) = known.and_then(MessageRef::read) {
            match self.edit(root, &sheet).await {
                Ok(()) => {
                    self.roots.keep(root, sheet);
                    return Ok(Delivered::default());
                }
                Err(failure)
                    if self.is_gone(root, &failure)
                        || self.has_moved(root, &failure)
                        || failure.is_not_ours() => {}
                Err(failure) => return Err(failure.delivery(root.channel, self.channel, WRITE)),
            }
        }
        let root =
            self.post(outbound, self.channel, "root", &sheet, None).await.map_err(|f| self.trouble(f))?;
        self.roots.keep(root, sheet);
        Ok(Delivered { root: Some(root.name()), own: Some(root.name()), thread: None })
    }

    /// An update in the thread. A call is besides that a message in the channel, because a mention inside of a thread
    /// reaches only who is in it. It does not wait for the thread, and what becomes of the one does not matter to the
    /// other.
    pub(super) async fn update(&self, outbound: &Outbound) -> Result<Delivered, DeliveryError> {
        let mut parts = sheets(&outbound.card, Look::InThread);
        for part in &mut parts {
            part.here = false;
        }
        let calls = outbound.card.mention == Mention::Here;
        let known = self.known(outbound);
        let early = if calls && known.1.is_some() { self.call(outbound, known).await } else { Ok(()) };
        let landed = self.in_thread(outbound, &parts).await;
        let found = landed.as_ref().map_or(known, |landed| (landed.root, landed.thread));
        let called = if calls && (known.1.is_none() || (early.is_ok() && found != known)) {
            self.call(outbound, found).await
        } else {
            early
        };
        let landed = landed?;
        called?;
        if let Some(thread) = landed.thread.filter(|_| outbound.card.done) {
            self.archive(thread).await?;
        }
        Ok(delivered(&landed))
    }

    /// Calls in the channel. Where the story is may be put right later.
    async fn call(
        &self,
        outbound: &Outbound,
        (root, thread): (Option<MessageRef>, Option<u64>),
    ) -> Result<(), DeliveryError> {
        let sheet = call(&outbound.card, &self.heading(outbound, root).await, thread);
        let reply_to = self.reply_to(root);
        let posted = self.post(outbound, self.channel, "call", &sheet, reply_to).await;
        posted.map(drop).map_err(|failure| self.trouble(failure))
    }

    /// A question: posted once in the thread, edited in place. One that somebody deleted, or that can't be reached any
    /// more, is asked again as long as it can be answered.
    pub(super) async fn question(&self, outbound: &Outbound) -> Result<Delivered, DeliveryError> {
        let sheet = only(sheets(&outbound.card, Look::Question));
        if let Some(own) = outbound.refs.own.as_deref().and_then(MessageRef::read) {
            match self.edit_in_thread(own, &sheet).await {
                Ok(()) => return Ok(Delivered::default()),
                Err(failure) if !self.is_out_of_reach(own, &failure) => {
                    return Err(failure.delivery(own.channel, self.channel, THREADS));
                }
                Err(_) if outbound.card.actions.is_empty() => return Ok(Delivered::default()),
                Err(_) => {}
            }
        }
        Ok(delivered(&self.in_thread(outbound, &[sheet]).await?))
    }

    /// A notice in the channel itself.
    pub(super) async fn lab(&self, outbound: &Outbound) -> Result<Delivered, DeliveryError> {
        for (at, sheet) in sheets(&outbound.card, Look::Several).iter().enumerate() {
            let posted = self.post(outbound, self.channel, &at.to_string(), sheet, None).await;
            posted.map_err(|failure| self.trouble(failure))?;
        }
        Ok(Delivered::default())
    }

    async fn post(
        &self,
        outbound: &Outbound,
        channel: u64,
        part: &str,
        sheet: &Sheet,
        reply_to: Option<u64>,
    ) -> Result<MessageRef, Failure> {
        post(self.rest, self.progress, outbound, channel, part, sheet, reply_to).await
    }

    async fn edit(&self, message: MessageRef, sheet: &Sheet) -> Result<(), Failure> {
        self.rest.send(&Request::edit(message.channel, message.message, sheet)).await.map(drop)
    }

    /// Edits a message in a thread. An archived thread has to be opened for that, and is archived again.
    async fn edit_in_thread(&self, message: MessageRef, sheet: &Sheet) -> Result<(), Failure> {
        match self.edit(message, sheet).await {
            Err(failure) if failure.is_closed_thread() => {}
            outcome => return outcome,
        }
        self.rest.send(&Request::archive(message.channel, false)).await?;
        let outcome = self.edit(message, sheet).await;
        // Whatever became of it: another try opens it again. If this fails, Discord archives it after a day.
        let _ = self.rest.send(&Request::archive(message.channel, true)).await;
        outcome
    }

    /// Archives a thread that is done. Only a pause is worth another try: Discord does it by itself after a day.
    async fn archive(&self, thread: u64) -> Result<(), DeliveryError> {
        match self.rest.send(&Request::archive(thread, true)).await {
            Err(failure @ Failure::Limited(_)) => Err(failure.delivery(thread, self.channel, THREADS)),
            Err(failure) => {
                tracing::debug!(%failure, "a thread could not be archived");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// Whether a message was deleted, alone or with its thread. That the configured channel is gone is another matter.
    fn is_gone(&self, message: MessageRef, failure: &Failure) -> bool {
        failure.is_unknown_message() || (failure.is_unknown_channel() && message.channel != self.channel)
    }

    /// Whether a root message is out of reach because Steward has been given another channel since.
    fn has_moved(&self, root: MessageRef, failure: &Failure) -> bool {
        failure.is_forbidden() && root.channel != self.channel
    }

    /// Whether a message in a thread can't be changed any more, neither now nor later: it is gone, the thread is locked,
    /// or the bot may not. That the configured channel is closed to it is another matter.
    fn is_out_of_reach(&self, message: MessageRef, failure: &Failure) -> bool {
        let here = message.channel == self.channel && failure.is_about_the_place();
        self.is_gone(message, failure) || (!here && (failure.is_forbidden() || failure.is_closed_thread()))
    }

    /// What a failure in the configured channel means.
    fn trouble(&self, failure: Failure) -> DeliveryError {
        failure.delivery(self.channel, self.channel, WRITE)
    }

    /// The root message and the thread, as far as they are known.
    fn known(&self, outbound: &Outbound) -> (Option<MessageRef>, Option<u64>) {
        let refs = &outbound.refs;
        (refs.root.as_deref().and_then(MessageRef::read), refs.thread.as_deref().and_then(read_thread))
    }

    /// What a message in the channel replies to. A root message in an earlier channel can't be replied to.
    fn reply_to(&self, root: Option<MessageRef>) -> Option<u64> {
        root.filter(|root| root.channel == self.channel).map(|root| root.message)
    }

    /// What an incident is called. Who is called should not have to look that up, nor wait for it.
    async fn heading(&self, outbound: &Outbound, root: Option<MessageRef>) -> String {
        let known = match root {
            Some(root) => timeout(HEADING, self.looks_of(root)).await.ok().and_then(Result::ok),
            None => None,
        };
        known.map_or_else(|| outbound.card.title.clone(), |sheet| super::markdown::unescape(&sheet.title))
    }
}

/// The looks of root messages, as they were last sent.
#[derive(Debug, Default)]
pub(super) struct Roots {
    sheets: Mutex<(HashMap<MessageRef, Sheet>, VecDeque<MessageRef>)>,
}

impl Roots {
    fn keep(&self, root: MessageRef, sheet: Sheet) {
        let mut guard = self.sheets.lock().unwrap_or_else(PoisonError::into_inner);
        let (sheets, order) = &mut *guard;
        // Its files are not needed to copy it.
        if sheets.insert(root, Sheet { files: Vec::new(), ..sheet }).is_none() {
            order.push_back(root);
        }
        if order.len() > REMEMBERED
            && let Some(oldest) = order.pop_front()
        {
            sheets.remove(&oldest);
        }
    }

    fn get(&self, root: MessageRef) -> Option<Sheet> {
        self.sheets.lock().unwrap_or_else(PoisonError::into_inner).0.get(&root).cloned()
    }
}

fn only(sheets: Vec<Sheet>) -> Sheet {
    sheets.into_iter().next().unwrap_or_default()
}

fn delivered(landed: &Landed) -> Delivered {
    Delivered {
        root: landed.new_root.map(MessageRef::name),
        thread: landed.thread.map(thread_name),
        own: Some(landed.first.name()),
    }
}
