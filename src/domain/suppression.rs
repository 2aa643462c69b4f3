//! Suppression: silences. A silence stops messages, escalation and automatic repair, never recording.

use serde::{Deserialize, Serialize};

use super::signal::Timestamp;
use super::target::Target;

/// A stretch of time in which a target and all below it stay quiet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// The number people use.
    pub number: i64,
    /// What is silenced, with everything below it.
    pub target: Target,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Who asked for it.
    pub by: String,
    /// Why.
    pub comment: String,
}

impl Silence {
    /// Whether it holds now.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.starts_at <= now && now < self.ends_at
    }

    /// Whether it holds now for this target.
    #[must_use]
    pub fn covers(&self, target: &Target, now: Timestamp) -> bool {
        self.is_active(now) && target.is_within(&self.target)
    }
}
