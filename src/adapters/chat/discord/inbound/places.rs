//! Where something was said: in the channel, in one of its threads, alone with Steward, or elsewhere.

use std::collections::HashMap;
use std::sync::PoisonError;

use super::super::NAME;
use super::super::events::Channel;
use super::super::reference::{MessageRef, thread_name};
use super::super::rest::Request;
use super::Hearer;

/// Channels that are remembered. A guild may have thousands of threads over the years.
const REMEMBERED: usize = 2000;

/// What each channel of the guild belongs to: a thread's channel, a channel's category.
#[derive(Debug, Default)]
pub(super) struct Geography {
    parents: HashMap<u64, Option<u64>>,
}

/// Where something was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// In the configured channel.
    Channel,
    /// In a thread of it; the incident, if it is an incident's.
    Thread(Option<u64>),
    /// Between an operator and Steward.
    Private,
    /// Somewhere that does not count.
    Elsewhere,
}

impl Hearer {
    /// Remembers what channels belong to.
    pub(super) fn learn<'a>(&self, channels: impl Iterator<Item = &'a Channel>) {
        let mut geography = self.geography.lock().unwrap_or_else(PoisonError::into_inner);
        for channel in channels {
            if geography.parents.len() >= REMEMBERED {
                geography.parents.clear();
            }
            geography.parents.insert(channel.id.0, channel.parent_id.map(|parent| parent.0));
        }
    }

    /// Whether it is known without asking anybody that a place counts.
    pub(super) fn is_near(&self, guild: Option<u64>, channel: u64, user: u64) -> bool {
        match guild {
            None => self.is_operator(user),
            Some(guild) if guild != self.settings.guild => false,
            Some(_) => {
                let geography = self.geography.lock().unwrap_or_else(PoisonError::into_inner);
                let parent = geography.parents.get(&channel).copied().flatten();
                channel == self.settings.channel || parent == Some(self.settings.channel)
            }
        }
    }

    /// Where a channel is, for what a user said in it.
    pub(super) async fn place(&self, guild: Option<u64>, channel: u64, user: u64) -> Where {
        match guild {
            None if self.is_operator(user) => return Where::Private,
            Some(guild) if guild == self.settings.guild => {}
            _ => return Where::Elsewhere,
        }
        if channel == self.settings.channel {
            return Where::Channel;
        }
        // The thread of a root message in an earlier channel still tells of its incident.
        if let Some(about) = self.ears.about(NAME, &thread_name(channel)).await {
            return Where::Thread(Some(about.incident));
        }
        match self.parent(channel).await {
            Some(parent) if parent == self.settings.channel => Where::Thread(None),
            _ => Where::Elsewhere,
        }
    }

    /// The incident that a message is about.
    pub(super) async fn incident_of(&self, channel: u64, message: u64) -> Option<u64> {
        let name = MessageRef { channel, message }.name();
        self.ears.about(NAME, &name).await.map(|about| about.incident)
    }

    /// What a channel belongs to; asked for once.
    async fn parent(&self, channel: u64) -> Option<u64> {
        let known =
            self.geography.lock().unwrap_or_else(PoisonError::into_inner).parents.get(&channel).copied();
        if let Some(parent) = known {
            return parent;
        }
        let request = Request::get("GET channel", channel, format!("/channels/{channel}"));
        let found: Channel = serde_json::from_value(self.rest.send(&request).await.ok()?).ok()?;
        self.learn(std::iter::once(&found));
        found.parent_id.map(|parent| parent.0)
    }
}
