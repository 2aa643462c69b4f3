//! Chat: how messages leave, and how what people say comes in.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::domain::card::{Card, Place, Refs};
pub use crate::domain::command::{Choice, Kind};
use crate::domain::signal::Timestamp;
pub use crate::store::outbox::Asked;

/// The name of a chat platform: `console`, `discord`, `telegram`.
pub type Platform = String;

/// A message on its way to one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    /// The outbox's number: stable over retries, so that a platform can tell a double.
    pub id: i64,
    /// When it was first to be said. With `id` it is unique, also after the outbox was begun anew.
    pub written_at: Timestamp,
    /// Where it goes.
    pub place: Place,
    /// What it says. It is cleaned: no control characters, nothing that reorders text.
    pub card: Card,
    /// What the platform calls what this belongs to; `own` is there when this is an edit.
    pub refs: Refs,
}

/// What a platform calls what it has now; what is `None` stays as it was.
pub type Delivered = Refs;

/// Why a message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// Too much at once: the platform wants a pause. Nothing is wrong.
    #[error("not delivered yet: {platform} asks for a pause of {pause:?}", platform = if *.everything { "the platform" } else { "the thread" })]
    Limited {
        /// For how long.
        pause: Duration,
        /// Whether all that goes to the platform has to pause, or only what goes to the same place.
        everything: bool,
    },
    /// Try again later: the platform can't be reached, fails, or refuses everything until somebody mends its settings.
    #[error("not delivered yet: {why}")]
    Transient {
        /// The reason, for people; says what to do where a person can do something.
        why: String,
        /// How long there is no point in trying anything else that goes to the platform.
        hold: Option<Duration>,
    },
    /// Trying this message again is pointless.
    #[error("not deliverable: {why}")]
    Permanent {
        /// The reason, for people.
        why: String,
    },
}

/// How a platform shows the thread of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// In a place of its own (a Discord thread, a forum topic).
    Own,
    /// As replies to the root message.
    Replies,
    /// Among everything else (the console).
    Inline,
}

/// What a platform can do. Who needs to know asks this, and never for a platform's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// How threads look.
    pub threads: Threads,
    /// Whether a message can be edited in place.
    pub edits: bool,
    /// Whether an action is a button.
    pub buttons: bool,
    /// The reactions that answer a question: yes, no.
    pub reactions: Option<[&'static str; 2]>,
    /// Whether an attachment is a file.
    pub files: bool,
    /// Whether a press can be answered so that only its author sees it.
    pub private_answers: bool,
    /// Whether the platform itself drops a message that is sent twice.
    pub drops_doubles: bool,
    /// The longest text of one message, in UTF-16 code units; longer ones are split.
    pub longest_text: Option<usize>,
    /// The least time between two edits of one message; what comes sooner waits and is merged.
    pub edit_every: Duration,
    /// How many threads may be written to at once.
    pub at_once: usize,
}

/// A chat platform.
#[async_trait]
pub trait Chat: Send + Sync {
    /// Its name.
    fn platform(&self) -> Platform;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Delivers one message. Called one at a time per thread, in order.
    ///
    /// # Errors
    /// See [`DeliveryError`].
    async fn deliver(&self, message: &Outbound) -> Result<Delivered, DeliveryError>;

    /// Connects, and hands what people say to `ears`, until told to end. Never ends sooner, whatever the platform
    /// does: it reconnects with patience, and says with [`Ears::line`] how that goes.
    async fn listen(&self, ears: Arc<dyn Ears>, mut ending: watch::Receiver<bool>) {
        drop(ears);
        let _ = ending.wait_for(|yes| *yes).await;
    }

    /// Looks whether everything is set up as it has to be: token, rights, places. Changes nothing and says nothing in
    /// the chat.
    async fn examine(&self) -> Vec<Check> {
        Vec::new()
    }
}

/// Sets up chat platforms, short of connecting them. Fails with the reason, for people.
pub type MakeChats = Arc<dyn Fn() -> Result<Vec<Arc<dyn Chat>>, String> + Send + Sync>;

/// One thing that was looked at by [`Chat::examine`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at, in a word or two: `token`, `permissions in #homelab`.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// What was found, in a sentence.
    pub what: String,
    /// What to do about it: where to click. Empty when nothing is to be done.
    pub fix: String,
}

/// How something is that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// As it should be.
    Good,
    /// It works, with less comfort.
    Poor,
    /// It can't work like this.
    Bad,
    /// It could not be looked at.
    Unknown,
}

/// Something a person typed or pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Where it came from.
    pub platform: Platform,
    /// The adapter's own name for the conversation, handed back in [`Place::Answer`].
    pub conversation: String,
    /// Who it was, by the name that people know them by.
    pub user: String,
    /// Who it was, as the platform tells people apart. For the audit trail.
    pub user_id: String,
    /// Whether they are a listed operator.
    pub operator: bool,
    /// What they typed, or the command a button stands for.
    pub text: String,
    /// The incident whose thread it was typed in.
    pub incident: Option<u64>,
    /// Whether it was said to Steward: a command, a mention, a private message. What was only said in an incident's
    /// thread may be meant for other people, and is answered only if it is a command.
    pub addressed: bool,
    /// Whether it is a press of a button. What was shown on a message of another time (the state was lost, or is an
    /// older copy) answers no question of today.
    pub pressed: bool,
    /// Kept with what follows from this, in one piece: see [`Ears::bookmark`].
    pub bookmark: Option<String>,
}

/// What a message on a platform is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The incident's number.
    pub incident: u64,
    /// The number of the question that the message asks and that still waits for an answer.
    pub question: Option<u64>,
}

/// A way between Steward and a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// What Steward says.
    Out,
    /// What people say.
    In,
}

/// The engine has ended, and takes nothing more in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Steward is ending and takes nothing more")]
pub struct Ended;

/// Where a platform brings what it hears.
#[async_trait]
pub trait Ears: Send + Sync {
    /// Takes in what somebody said. When this returns, what followed from it is durable, the bookmark included.
    ///
    /// # Errors
    /// [`Ended`]: it is not known to be durable.
    async fn said(&self, inbound: Inbound) -> Result<(), Ended>;

    /// How far the platform's events have been taken in: what was last kept, in the adapter's own words.
    async fn bookmark(&self, platform: &str) -> Option<String>;

    /// Keeps a bookmark for events from which nothing follows. Durable when this returns.
    ///
    /// # Errors
    /// [`Ended`].
    async fn keep_bookmark(&self, platform: &str, bookmark: &str) -> Result<(), Ended>;

    /// What a message or a thread is about, by what the platform calls it. `None`: nothing of Steward's.
    async fn about(&self, platform: &str, reference: &str) -> Option<About>;

    /// The questions that wait for an answer and were put on this platform.
    async fn questions(&self, platform: &str) -> Vec<Asked>;

    /// What could be meant by what was typed so far, the likeliest first, 25 at most.
    async fn complete(&self, kind: Kind, typed: &str) -> Vec<Choice>;

    /// Tells how the connection is over which the platform is heard: `Err` says why it is cut.
    fn line(&self, platform: &str, state: Result<(), String>);

    /// Counts an event that came from elsewhere than the configured places and people.
    fn ignored(&self, platform: &str);
}
