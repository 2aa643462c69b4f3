//! Sources of the topology: what needs what, as Kubernetes and compose files have it.
//!
//! Like the sources of changes, they hand a command to whoever may run it: behind [`ReadCommand`] stand the policy
//! and the runner.

pub mod compose;
mod files;
pub mod kubernetes;
mod objects;

use async_trait::async_trait;

use crate::domain::action::Action;

/// Runs a command that only reads.
#[async_trait]
pub trait ReadCommand: Send + Sync {
    /// Runs `action` and returns all that it wrote to standard output.
    ///
    /// # Errors
    /// Why there is nothing to read, as text: not allowed, the program is missing, its time was up, it failed, or
    /// printed too much.
    async fn read(&self, action: Action) -> Result<Vec<u8>, String>;
}
