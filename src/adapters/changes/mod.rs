//! Sources of changes: where "what changed?" is answered from.
//!
//! A source decides what to read and how to understand it. Who may run the reader is not its business: it hands
//! its command to [`ReadCommand`], behind which stand the policy and the runner.

use async_trait::async_trait;

use crate::domain::action::Action;

pub mod docker;
pub mod flux;
pub mod git;
mod git_log;
mod gist;
mod images;
pub mod kubernetes;
mod objects;
pub mod packages;
pub mod reboots;

/// Runs a command that only reads.
#[async_trait]
pub trait ReadCommand: Send + Sync {
    /// Runs `action` and returns what it wrote to standard output, cut at the runner's cap if it is longer.
    ///
    /// # Errors
    /// Why there is nothing to read, as text: not allowed, the program is missing, its time was up, or it
    /// failed. After a failure the text contains what the program wrote to standard error.
    async fn read(&self, action: Action) -> Result<Vec<u8>, String>;
}
