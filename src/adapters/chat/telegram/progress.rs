//! What is remembered from one try of a message to the next, and of what was sent lately. Only in memory: after a
//! restart the engine's own records are all there is.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use super::locked;
use crate::domain::card::Card;
use crate::domain::signal::Timestamp;
use crate::engine::ports::{About, Outbound};

/// Messages of which it is remembered how far they came.
const BEGUN: usize = 64;
/// Incidents whose root message is remembered.
const ROOTS: usize = 256;
/// Messages and topics of which it is remembered what they are about.
const RECENT: usize = 512;

/// How far a message came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Progress {
    /// What it said: a newer version may have taken its place meanwhile.
    card: Card,
    /// The topic that was made for it.
    pub(super) topic: Option<i32>,
    /// The root message that was made anew for it.
    pub(super) root: Option<i32>,
    /// Its first message.
    pub(super) own: Option<i32>,
    /// How many of its messages and files were sent.
    pub(super) sent: usize,
    /// How often its topic could not be closed.
    pub(super) closings: u32,
}

/// What is remembered.
#[derive(Default)]
pub(super) struct Memory {
    begun: Mutex<BTreeMap<(i64, Timestamp), Progress>>,
    roots: Mutex<BTreeMap<u64, Card>>,
    recent: Mutex<VecDeque<(String, About)>>,
}

impl Memory {
    /// How far a message came before.
    pub(super) fn resume(&self, message: &Outbound) -> Progress {
        let before = locked(&self.begun).remove(&(message.id, message.written_at)).unwrap_or_default();
        let is_same = before.card == message.card;
        let sent = if is_same { before.sent } else { 0 };
        Progress { card: message.card.clone(), sent, ..before }
    }

    /// Keeps how far a message came, because it will be tried again.
    pub(super) fn keep(&self, message: &Outbound, progress: Progress) {
        let mut begun = locked(&self.begun);
        begun.insert((message.id, message.written_at), progress);
        while begun.len() > BEGUN {
            begun.pop_first();
        }
    }

    /// Keeps the root message of an incident, should it be needed in another place.
    pub(super) fn keep_root(&self, number: u64, card: &Card) {
        let mut roots = locked(&self.roots);
        roots.insert(number, card.clone());
        while roots.len() > ROOTS {
            roots.pop_first();
        }
    }

    /// The root message of an incident.
    pub(super) fn root(&self, number: u64) -> Option<Card> {
        locked(&self.roots).get(&number).cloned()
    }

    /// Keeps what a message or a topic is about: people may answer before the engine has noted it.
    pub(super) fn sent(&self, reference: String, about: About) {
        let mut recent = locked(&self.recent);
        recent.push_front((reference, about));
        recent.truncate(RECENT);
    }

    /// What a message or a topic is about that was sent lately.
    pub(super) fn about(&self, reference: &str) -> Option<About> {
        let recent = locked(&self.recent);
        recent.iter().find(|(of, _)| of == reference).map(|(_, about)| about.clone())
    }
}
