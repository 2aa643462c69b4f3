//! The Discord adapter alone, on a Discord that follows the documentation: what is delivered, and what is heard.

mod delivery;
mod failures;
mod hearing;
mod refusals;
mod setup;
mod unheard;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use steward::adapters::chat::discord::Discord;
use steward::config::{DiscordSettings, Secret};
use steward::domain::card::{Card, Place, Refs};
use steward::domain::ids::IncidentId;
use steward::domain::signal::Severity;
use steward::engine::ports::{
    About, Asked, Chat as _, Choice, Clock as _, Delivered, DeliveryError, Ears, Ended, Inbound, Kind,
    Outbound,
};
use tokio::sync::{Notify, watch};

use super::support::HandClock;
use super::support::discord::view::{Seen, Thread};
use super::support::discord::{CHANNEL, FakeDiscord, GUILD, OPERATOR, TOKEN};

/// The adapter on a Discord, and what the engine would keep.
struct Wire {
    discord: FakeDiscord,
    clock: Arc<HandClock>,
    chat: Arc<Discord>,
    refs: Refs,
    sent: i64,
}

impl Wire {
    async fn new() -> Self {
        let clock = Arc::new(HandClock::at("2026-11-21T08:00:00Z"));
        let discord = FakeDiscord::start(clock.clone()).await;
        let chat = adapter(&discord, &clock, TOKEN);
        Self { discord, clock, chat, refs: Refs::default(), sent: 0 }
    }

    /// Another Steward, which remembers only what the engine kept.
    fn restart(&mut self) {
        self.chat = adapter(&self.discord, &self.clock, TOKEN);
    }

    fn outbound(&mut self, place: Place, card: Card, own: Option<String>) -> Outbound {
        self.sent += 1;
        let refs = Refs { own, ..self.refs.clone() };
        Outbound { id: self.sent, written_at: self.clock.now(), place, card: card.cleaned(), refs }
    }

    async fn deliver(&mut self, message: &Outbound) -> Result<Delivered, DeliveryError> {
        let delivered = self.chat.deliver(message).await?;
        self.refs.root = delivered.root.clone().or(self.refs.root.take());
        self.refs.thread = delivered.thread.clone().or(self.refs.thread.take());
        Ok(delivered)
    }

    /// The incident's root message, made or edited.
    async fn root(&mut self, card: Card) -> Result<Delivered, DeliveryError> {
        let message = self.outbound(root(), card, self.refs.root.clone());
        self.deliver(&message).await
    }

    async fn update(&mut self, card: Card) -> Result<Delivered, DeliveryError> {
        let message = self.outbound(thread(), card, None);
        self.deliver(&message).await
    }

    async fn question(&mut self, card: Card, own: Option<String>) -> Result<Delivered, DeliveryError> {
        let incident = IncidentId(ulid::Ulid::from(12u128));
        let message = self.outbound(Place::Question { incident, number: 12, approval: 7 }, card, own);
        self.deliver(&message).await
    }

    async fn answer(&mut self, conversation: &str, card: Card) -> Result<Delivered, DeliveryError> {
        let message = self.outbound(Place::Answer { conversation: conversation.to_owned() }, card, None);
        self.deliver(&message).await
    }

    fn in_channel(&self) -> Vec<Seen> {
        self.discord.look(|world| world.posts(CHANNEL))
    }

    /// The only thread and what was posted in it.
    fn thread(&self) -> (Thread, Vec<Seen>) {
        let threads = self.discord.look(|world| world.threads(CHANNEL));
        assert_eq!(threads.len(), 1, "{threads:?}");
        let thread = threads.into_iter().next().unwrap();
        let posts = self.discord.look(|world| world.posts(thread.id));
        (thread, posts)
    }
}

fn adapter(discord: &FakeDiscord, clock: &Arc<HandClock>, token: &str) -> Arc<Discord> {
    build(discord, clock, token, CHANNEL)
}

fn adapter_in(discord: &FakeDiscord, clock: &Arc<HandClock>, channel: u64) -> Arc<Discord> {
    build(discord, clock, TOKEN, channel)
}

fn build(discord: &FakeDiscord, clock: &Arc<HandClock>, token: &str, channel: u64) -> Arc<Discord> {
    let settings = DiscordSettings {
        token: Secret::known("env:DISCORD_TOKEN", token),
        guild: GUILD,
        channel,
        operators: [OPERATOR].into(),
        api: Some(discord.api()),
    };
    Arc::new(Discord::new(settings, clock.clone()).unwrap())
}

fn root() -> Place {
    Place::Root { incident: IncidentId(ulid::Ulid::from(12u128)), number: 12 }
}

fn thread() -> Place {
    Place::Thread { incident: IncidentId(ulid::Ulid::from(12u128)), number: 12 }
}

/// A root message's card.
fn incident(state: &str) -> Card {
    Card::titled("#12 nas/media: mount_a is *stale*")
        .severity(Severity::Error)
        .field("State", state)
        .action("Acknowledge", "ack 12")
}

/// An update's card.
fn told(line: &str) -> Card {
    Card::titled("#12").line(line).severity(Severity::Error)
}

/// A question's card.
fn question() -> Card {
    Card::titled("Approval 7: may I run remount?")
        .field("Would run", "vm: mount -o remount /mnt/media")
        .action("Approve", "approve 7")
        .action("Deny", "deny 7")
}

/// What the engine would have heard.
#[derive(Default)]
struct Heard {
    said: Vec<Inbound>,
    lines: Vec<Result<(), String>>,
    ignored: usize,
}

/// Ears that remember.
#[derive(Default)]
struct FakeEars {
    heard: Mutex<Heard>,
    changed: Notify,
    about: Mutex<BTreeMap<String, About>>,
    asked: Mutex<Vec<Asked>>,
    /// While it is true, what is said is not taken in.
    busy: watch::Sender<bool>,
    /// While it is true, it takes its time to find out what a message is about.
    slow: watch::Sender<bool>,
}

#[async_trait]
impl Ears for FakeEars {
    async fn said(&self, inbound: Inbound) -> Result<(), Ended> {
        let _ = self.busy.subscribe().wait_for(|busy| !busy).await;
        self.heard.lock().unwrap().said.push(inbound);
        self.changed.notify_waiters();
        Ok(())
    }

    async fn bookmark(&self, _: &str) -> Option<String> {
        None
    }

    async fn keep_bookmark(&self, _: &str, _: &str) -> Result<(), Ended> {
        Ok(())
    }

    async fn about(&self, _: &str, reference: &str) -> Option<About> {
        let _ = self.slow.subscribe().wait_for(|slow| !slow).await;
        self.about.lock().unwrap().get(reference).cloned()
    }

    async fn questions(&self, _: &str) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    async fn complete(&self, kind: Kind, typed: &str) -> Vec<Choice> {
        vec![Choice { value: format!("{typed}/media"), label: format!("{kind:?}") }]
    }

    fn line(&self, _: &str, state: Result<(), String>) {
        self.heard.lock().unwrap().lines.push(state);
        self.changed.notify_waiters();
    }

    fn ignored(&self, _: &str) {
        self.heard.lock().unwrap().ignored += 1;
        self.changed.notify_waiters();
    }
}

/// An adapter that listens, until this is dropped.
struct Listening {
    ears: Arc<FakeEars>,
    ending: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Listening {
    fn begin(wire: &Wire) -> Self {
        Self::with(wire, FakeEars::default())
    }

    fn with(wire: &Wire, ears: FakeEars) -> Self {
        let ears = Arc::new(ears);
        let (ending, ended) = watch::channel(false);
        let (chat, its) = (wire.chat.clone(), ears.clone());
        let task = tokio::spawn(async move { chat.listen(its, ended).await });
        Self { ears, ending, task }
    }

    /// Waits until what was heard has something.
    async fn until<T>(&self, what: &str, look: impl Fn(&Heard) -> Option<T>) -> T {
        let found = async {
            loop {
                let changed = self.ears.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if let Some(found) = look(&self.ears.heard.lock().unwrap()) {
                    return found;
                }
                changed.await;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(20), found).await;
        found.unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }

    async fn connected(&self) {
        self.until("the line", |heard| heard.lines.contains(&Ok(())).then_some(())).await;
    }

    /// The next thing that somebody said.
    async fn said(&self) -> Inbound {
        let inbound = self.until("what was said", |heard| heard.said.first().cloned()).await;
        self.ears.heard.lock().unwrap().said.remove(0);
        inbound
    }

    fn about(&self, reference: &str, incident: u64, question: Option<u64>) {
        self.ears.about.lock().unwrap().insert(reference.to_owned(), About { incident, question });
    }

    async fn end(self) {
        self.ending.send_replace(true);
        tokio::time::timeout(Duration::from_secs(5), self.task).await.unwrap().unwrap();
    }
}

/// Moves the clock.
fn pass(wire: &Wire, time: Duration) {
    let end = wire.clock.time() + TimeDelta::from_std(time).unwrap();
    while wire.clock.step(end) {}
}
