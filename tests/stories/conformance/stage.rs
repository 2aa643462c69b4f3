//! What the suite needs of a platform: the real adapter, and a way to look, to act and to misbehave, in terms that no
//! platform owns.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use steward::engine::ports::{Chat, Ears};
use tokio::sync::watch;

use crate::support::HandClock;

/// A message as a person sees it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    /// What the stage finds it again by.
    pub id: String,
    /// Everything there is to read, without the markup that worked as such.
    pub text: String,
    /// Label and command of each button that can be pressed.
    pub buttons: Vec<(String, String)>,
    /// Name and content.
    pub files: Vec<(String, String)>,
    /// Who was called by it.
    pub called: Vec<String>,
    /// It made a sound.
    pub loud: bool,
    /// It was edited.
    pub edited: bool,
    /// Only one person sees it.
    pub private: bool,
    /// Markup at work that Steward never uses: links that hide where they lead, spoilers, mentions.
    pub marks: Vec<String>,
}

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Listed as an operator, and on call.
    Operator,
    /// Somebody else.
    Stranger,
}

/// Something a person did that may be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    pub who: Who,
    pub how: How,
    /// What the stage finds it again by.
    pub id: String,
    /// How many answers of its kind there were before.
    pub before: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Message,
    Command,
    Press,
    Reaction,
}

/// Where somebody says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// In the lab's place.
    Place,
    /// In an incident's thread.
    Thread(u64),
    /// Alone with Steward.
    Private,
}

/// How the other side misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It has a fault of its own.
    Error,
    /// Its answers make no sense.
    Garbage,
    /// It closes the connection, and does nothing.
    Closed,
    /// It does what it is asked for, and closes the connection without an answer.
    LostAnswer,
    /// It never answers.
    Hang,
    /// It wants a pause.
    Limited(Duration),
}

/// A platform with the real adapter on it. What a platform has nothing of returns `None` or `false`.
#[async_trait]
pub trait Stage: Send + Sync {
    /// The adapter, built as in production.
    fn chat(&self) -> Arc<dyn Chat>;
    /// Another adapter on the same platform: Steward was started again.
    fn restarted(&self) -> Option<Arc<dyn Chat>>;
    fn clock(&self) -> Arc<HandClock>;
    /// Listens as in production, until told to end.
    async fn listen(&self, chat: Arc<dyn Chat>, ears: Arc<dyn Ears>, ending: watch::Receiver<bool>);
    /// Waits until nobody listens any more: who listens next is not to be taken for who listened before.
    async fn left(&self);
    /// Waits until people can do all they can do.
    async fn ready(&self);
    /// Nothing was done that the platform forbids.
    fn nothing_wrong(&self);

    /// Everything that is shown to anybody, with what people did, for a failure's message.
    fn transcript(&self) -> String;
    /// Everything Steward shows anywhere.
    fn everything(&self) -> Vec<Shown>;
    /// What Steward shows in the lab's place.
    fn place(&self) -> Vec<Shown>;
    /// The messages that stand for an incident.
    fn roots(&self, number: u64) -> Vec<Shown>;
    /// What Steward shows in an incident's thread, in order, without the root message.
    fn thread(&self, number: u64) -> Vec<Shown>;
    /// Whether an incident's thread is open; where threads are no places of their own there is nothing to open.
    fn is_open(&self, number: u64) -> Option<bool>;
    /// What somebody was answered.
    fn answers(&self, act: &Act) -> Vec<Shown>;
    /// Who is called when people are called.
    fn on_call(&self) -> Vec<String>;

    /// Somebody types.
    fn says(&self, who: Who, at: At, text: &str) -> Option<Act>;
    /// Somebody types, and mentions Steward.
    fn mentions(&self, who: Who, at: At, text: &str) -> Option<Act>;
    /// Somebody uses a command without fields, the way the platform has for that.
    fn commands(&self, who: Who, at: At, name: &str) -> Option<Act>;
    /// What is offered to the operator who types this as the incident to show.
    async fn completes(&self, typed: &str) -> Option<Vec<String>>;
    /// Somebody presses a button.
    fn presses(&self, who: Who, message: &Shown, label: &str) -> Option<Act>;
    /// Somebody reacts.
    fn reacts(&self, who: Who, message: &Shown, emoji: &str) -> Option<Act>;
    /// Whether an act was acknowledged, so that nothing spins on the person's screen.
    fn is_acknowledged(&self, act: &Act) -> bool;
    /// Somebody says the same in every place that is not configured; how many there are.
    fn says_elsewhere(&self, text: &str) -> usize;

    /// A person deletes a message.
    fn deletes(&self, message: &Shown) -> bool;
    /// A person deletes an incident's thread with all that is in it.
    fn deletes_thread(&self, number: u64) -> bool;
    /// A person deletes what they said.
    fn takes_back(&self, act: &Act) -> bool;
    /// From now on the operator takes no private messages.
    fn shuts_the_door(&self) -> bool;
    /// So much time passes that an act can no longer be answered.
    fn expires(&self, act: &Act) -> bool;

    /// The platform says things that make no sense.
    fn talks_nonsense(&self) -> bool;
    /// From now on all that is sent goes like this, or only the next message.
    fn misbehaves(&self, trouble: Trouble, once: bool) -> bool;
    /// The place takes one message a minute from now on.
    fn is_slow(&self) -> bool;
    /// All goes well again.
    fn behaves(&self);
    /// Nobody answers any more, or again.
    fn is_down(&self, down: bool) -> bool;
    /// The token is refused from now on; the token.
    fn refuses_token(&self) -> Option<&'static str>;
    /// The lab's place is gone.
    fn loses_place(&self) -> bool;
}
