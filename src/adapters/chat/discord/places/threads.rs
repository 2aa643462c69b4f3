//! The thread of an incident: made when something is first to be said in it, and made anew when somebody deleted it.

use super::super::markdown::{cut, escape, unescape};
use super::super::posting::id;
use super::super::reference::MessageRef;
use super::super::rest::{Failure, Request, codes};
use super::super::sheet::Sheet;
use super::{Places, THREADS};
use crate::domain::card::one_line;
use crate::engine::ports::{DeliveryError, Outbound};

/// The longest name of a thread.
const NAME: usize = 100;

/// Where a message came to stand.
pub(super) struct Landed {
    /// Its first part.
    pub(super) first: MessageRef,
    /// The thread; `None` if it stands in the channel.
    pub(super) thread: Option<u64>,
    /// The root message, if there is one.
    pub(super) root: Option<MessageRef>,
    /// A root message that had to be made.
    pub(super) new_root: Option<MessageRef>,
}

/// Where to look for the thread, the likeliest first. Each is tried once.
#[derive(Clone, Copy)]
enum Way {
    /// It is known.
    Known(u64),
    /// The root message has one, or gets one.
    OfRoot(MessageRef),
    /// Nothing is left of it, or Discord gives the root message no second one: both are made anew.
    Anew,
    /// There can be none.
    Channel,
}

impl Places<'_> {
    /// Posts the parts of a message in the incident's thread.
    pub(super) async fn in_thread(
        &self,
        outbound: &Outbound,
        parts: &[Sheet],
    ) -> Result<Landed, DeliveryError> {
        let (root, known) = self.known(outbound);
        let mut way = match (known, root) {
            (Some(thread), _) => Way::Known(thread),
            (None, Some(root)) => Way::OfRoot(root),
            (None, None) => Way::Channel,
        };
        let (mut opened, mut new_root) = (false, None);
        loop {
            let found = match way {
                Way::Known(thread) => Ok(thread),
                Way::OfRoot(root) => self.thread_of(outbound, root).await,
                Way::Anew => match self.new_root(outbound, root).await {
                    Ok(made) => self.thread_of(outbound, *new_root.insert(made)).await,
                    Err(failure) => Err(failure),
                },
                Way::Channel => return self.in_channel(outbound, parts, root, new_root).await,
            };
            let posted = match &found {
                Ok(thread) => self.post_parts(outbound, *thread, parts, None).await,
                Err(failure) => Err(failure.clone()),
            };
            let failure = match (posted, found) {
                (Ok(first), found) => {
                    let thread = found.ok();
                    if let (Some(_), Some(thread)) = (new_root, thread) {
                        self.point_on(root, thread).await;
                    }
                    return Ok(Landed { first, thread, root: new_root.or(root), new_root });
                }
                // Discord opens a thread by itself when something is said in it, unless it is locked as well.
                (Err(failure), Ok(thread)) if failure.is_closed_thread() && !opened => {
                    opened = true;
                    way = match self.rest.send(&Request::archive(thread, false)).await {
                        Ok(_) => Way::Known(thread),
                        Err(Failure::Refused { .. }) => Way::Channel,
                        Err(failure) => return Err(failure.delivery(thread, self.channel, THREADS)),
                    };
                    continue;
                }
                (Err(failure), _) => failure,
            };
            let asked = match way {
                Way::Known(thread) => thread,
                Way::OfRoot(root) => root.channel,
                Way::Anew | Way::Channel => self.channel,
            };
            let other = self.other_way(way, root, new_root.is_some(), &failure).await;
            way = match other.map_err(|failure| failure.delivery(asked, self.channel, THREADS))? {
                Some(other) => other,
                None => return Err(failure.delivery(asked, self.channel, THREADS)),
            };
        }
    }

    /// Where to look next when a thread could not be had; `None` when that is nothing that another thread would mend.
    /// `made` says that there is a new root message.
    ///
    /// # Errors
    /// It can't be told now.
    async fn other_way(
        &self,
        way: Way,
        root: Option<MessageRef>,
        made: bool,
        failure: &Failure,
    ) -> Result<Option<Way>, Failure> {
        let moved = root.is_some_and(|root| self.has_moved(root, failure));
        if moved && !matches!(way, Way::Anew) {
            return Ok(Some(Way::Anew));
        }
        // That a thread can't be had, or written to, must not keep the story from being told.
        let no_thread = failure.code() == Some(codes::TOO_MANY_THREADS)
            || failure.is_closed_thread()
            || failure.is_forbidden();
        Ok(match (way, root) {
            (Way::Anew, _) if no_thread && !made => None,
            _ if no_thread => Some(Way::Channel),
            (Way::Known(_), Some(root)) if failure.is_unknown_channel() => Some(Way::OfRoot(root)),
            (Way::Known(_), None) if failure.is_unknown_channel() => Some(Way::Anew),
            (Way::OfRoot(root), _) if self.is_gone(root, failure) => Some(Way::Anew),
            (Way::OfRoot(root), _) if self.has_lost_its_thread(failure, root).await? => Some(Way::Anew),
            _ => None,
        })
    }

    /// The thread of a root message, which has the message's id. It is made unless it is there.
    async fn thread_of(&self, outbound: &Outbound, root: MessageRef) -> Result<u64, Failure> {
        let name = self.name_of(outbound, root).await?;
        match self.rest.send(&Request::thread(root.channel, root.message, &name)).await {
            Ok(thread) => id(&thread),
            Err(failure) if failure.code() == Some(codes::THREAD_EXISTS) => Ok(root.message),
            Err(failure) => Err(failure),
        }
    }

    /// Whether a failure to write says that a root message once had a thread and has none now, rather than that the
    /// channel itself is gone.
    ///
    /// # Errors
    /// Discord did not say.
    async fn has_lost_its_thread(&self, failure: &Failure, root: MessageRef) -> Result<bool, Failure> {
        if !failure.is_unknown_channel() {
            return Ok(false);
        }
        match self.rest.send(&Request::message(root.channel, root.message)).await {
            Ok(_) => Ok(true),
            Err(Failure::Refused { .. }) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// What the thread is called: the title of the root message.
    async fn name_of(&self, outbound: &Outbound, root: MessageRef) -> Result<String, Failure> {
        let title = one_line(&unescape(&self.looks_of(root).await?.title));
        let number = outbound.place.incident().map_or(0, |(_, number)| number);
        Ok(cut(if title.is_empty() { format!("#{number}") } else { title }.as_str(), NAME))
    }

    /// What a root message looks like.
    pub(super) async fn looks_of(&self, root: MessageRef) -> Result<Sheet, Failure> {
        if let Some(sheet) = self.roots.get(root) {
            return Ok(sheet);
        }
        let sheet = Sheet::read(&self.rest.send(&Request::message(root.channel, root.message)).await?);
        self.roots.keep(root, sheet.clone());
        Ok(sheet)
    }

    /// Makes a root message in the place of one that is gone or can have no thread. The next edit brings it up to date.
    async fn new_root(&self, outbound: &Outbound, old: Option<MessageRef>) -> Result<MessageRef, Failure> {
        let known = match old {
            Some(old) => match self.looks_of(old).await {
                Ok(sheet) => Some(sheet),
                Err(failure @ (Failure::Limited(_) | Failure::Unreachable(_) | Failure::Token)) => {
                    return Err(failure);
                }
                Err(_) => None,
            },
            None => None,
        };
        let number = outbound.place.incident().map_or(0, |(_, number)| number);
        let sheet = known.unwrap_or_else(|| Sheet {
            title: escape(&format!("#{number}")),
            description: "The first message of this incident was deleted; it goes on here.".to_owned(),
            ..Sheet::default()
        });
        let root = self.post(outbound, self.channel, "root", &sheet, None).await?;
        self.roots.keep(root, sheet);
        Ok(root)
    }

    /// Says on a root message that is no longer kept where the story goes on.
    async fn point_on(&self, old: Option<MessageRef>, thread: u64) {
        let Some(old) = old else { return };
        let title = self.roots.get(old).map(|sheet| sheet.title).unwrap_or_default();
        let description = format!("The thread was deleted; it goes on in <#{thread}>.");
        // Usually it is gone as well.
        let _ = self.edit(old, &Sheet { title, description, ..Sheet::default() }).await;
    }

    async fn in_channel(
        &self,
        outbound: &Outbound,
        parts: &[Sheet],
        old_root: Option<MessageRef>,
        new_root: Option<MessageRef>,
    ) -> Result<Landed, DeliveryError> {
        let root = new_root.or(old_root);
        let posted = self.post_parts(outbound, self.channel, parts, self.reply_to(root)).await;
        let first = posted.map_err(|failure| self.trouble(failure))?;
        Ok(Landed { first, thread: None, root, new_root })
    }

    /// Posts the parts of a message, one behind the other.
    async fn post_parts(
        &self,
        outbound: &Outbound,
        channel: u64,
        parts: &[Sheet],
        reply_to: Option<u64>,
    ) -> Result<MessageRef, Failure> {
        let mut first = None;
        for (at, sheet) in parts.iter().enumerate() {
            let reply_to = reply_to.filter(|_| at == 0);
            let message = self.post(outbound, channel, &at.to_string(), sheet, reply_to).await?;
            first.get_or_insert(message);
        }
        first.ok_or_else(|| Failure::unreachable("there was nothing to post"))
    }
}
