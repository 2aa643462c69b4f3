//! Watches over the console's shoulder: what the demo promises is checked on what a person was shown.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::domain::card::{Card, Mention, Place};
use crate::engine::ports::{Capabilities, Chat, Delivered, DeliveryError, Outbound, Platform};

/// A chat that passes everything on and remembers what was shown.
pub(super) struct Witness {
    shown_by: Arc<dyn Chat>,
    seen: Mutex<Seen>,
}

/// What was shown so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// The root messages as they are now, by incident.
    pub(super) roots: BTreeMap<u64, Card>,
    /// All that each thread said.
    pub(super) threads: BTreeMap<u64, String>,
    /// The incidents in whose threads people were called.
    pub(super) called: Vec<u64>,
    /// The answers to what was typed.
    pub(super) answers: Vec<Card>,
}

impl Witness {
    pub(super) fn new(shown_by: Arc<dyn Chat>) -> Self {
        Self { shown_by, seen: Mutex::default() }
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, message: &Outbound) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match &message.place {
            Place::Root { number, .. } => {
                seen.roots.insert(*number, message.card.clone());
            }
            Place::Thread { number, .. } => {
                if message.card.mention == Mention::Here {
                    seen.called.push(*number);
                }
                let text = message.card.body.join("\n");
                let thread = seen.threads.entry(*number).or_default();
                thread.push_str(&text);
                thread.push('\n');
            }
            Place::Answer { .. } => seen.answers.push(message.card.clone()),
            Place::Lab | Place::Question { .. } => {}
        }
    }
}

impl Seen {
    /// A field of an incident's root message.
    pub(super) fn field(&self, number: u64, name: &str) -> &str {
        let root = self.roots.get(&number);
        root.and_then(|card| card.fields.iter().find(|f| f.name == name))
            .map_or("", |field| field.value.as_str())
    }

    /// Whether an incident's root message says that it is over.
    pub(super) fn is_over(&self, number: u64) -> bool {
        self.roots.get(&number).is_some_and(|card| card.done)
    }

    /// What an incident's thread said.
    pub(super) fn thread(&self, number: u64) -> &str {
        self.threads.get(&number).map_or("", String::as_str)
    }
}

#[async_trait]
impl Chat for Witness {
    fn platform(&self) -> Platform {
        self.shown_by.platform()
    }

    fn capabilities(&self) -> Capabilities {
        self.shown_by.capabilities()
    }

    async fn deliver(&self, message: &Outbound) -> Result<Delivered, DeliveryError> {
        let delivered = self.shown_by.deliver(message).await?;
        self.note(message);
        Ok(delivered)
    }
}
