//! What changes Steward's own files: lessons, rules, runbooks. Only what a person said yes to gets here.

use async_trait::async_trait;

use crate::domain::agent::Keepsake;

/// Keeps what was learned.
#[async_trait]
pub trait Keeper: Send + Sync {
    /// Writes it where it belongs, atomically, commits it where that is a repository, and has it taken up.
    ///
    /// # Errors
    /// Why it is not kept, for people; nothing has changed then.
    async fn keep(&self, keepsake: &Keepsake, by: &str) -> Result<String, String>;
}
