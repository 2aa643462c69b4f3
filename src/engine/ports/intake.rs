//! How what comes from outside is handed to Steward: durable before it is acknowledged.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::alert::Notice;
use crate::domain::change::Change;
use crate::domain::signal::{Signal, Timestamp};

/// What one request, or one file, brought: understood, and not yet acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The name of the source, as the configuration has it.
    pub source: String,
    /// When it arrived. The order of arrival is the order of truth.
    pub received_at: Timestamp,
    /// The alerts in it, in their order. Each one's origin names this source.
    pub signals: Vec<Signal>,
    /// The deployments in it.
    pub changes: Vec<Change>,
    /// How many more alerts the source says there are, that it did not send.
    pub hidden: u64,
}

impl Delivery {
    /// What a body of this source brought, as it was read.
    #[must_use]
    pub fn of(source: &str, notice: Notice, received_at: Timestamp) -> Self {
        let Notice { signals, changes, hidden, .. } = notice;
        Self { source: source.to_owned(), received_at, signals, changes, hidden }
    }
}

/// What could not be understood, kept for a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The name of the source that it was sent to.
    pub source: String,
    /// When it arrived.
    pub at: Timestamp,
    /// What was wrong with it, for people.
    pub why: String,
    /// What was sent, as far as it is kept.
    pub body: String,
}

/// Why a delivery was not taken in. Nothing of it is kept: whoever sent it has to send it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    /// More waits to be worked off than may wait.
    #[error("too much is waiting to be worked off; try again in {} s", .retry_after.as_secs())]
    Full {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// It could not be written.
    #[error("it could not be stored: {0}")]
    NotStored(String),
    /// Steward is ending.
    #[error("Steward is ending")]
    Ending,
}

/// Takes in what comes from outside.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Returns once the delivery is durable; it is worked off afterwards, in the order of arrival.
    ///
    /// # Errors
    /// See [`NotAccepted`].
    async fn accept(&self, delivery: Delivery) -> Result<(), NotAccepted>;

    /// Keeps what could not be understood, for a look, and counts it against its source. Never waits.
    fn reject(&self, rejected: Rejected);
}
