//! Steward's own files: `memory/` and the operator's runbooks, changed only by what a person said yes to.

use async_trait::async_trait;

use crate::domain::agent::Keepsake;
use crate::engine::ports::Keeper;

/// Keeps lessons in `memory/` and runbooks in the operator's folder.
pub struct Files;

#[async_trait]
impl Keeper for Files {
    async fn keep(&self, _keepsake: &Keepsake, _by: &str) -> Result<String, String> {
        Err("there is no configuration file, so there is no place to keep it".to_owned())
    }
}
