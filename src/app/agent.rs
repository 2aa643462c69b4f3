//! The agent, put together: models, tools, memory.

use std::sync::Arc;

use super::Parts;
use crate::adapters::memory::Files;
use crate::config::Config;
use crate::engine::answers::Reload;
use crate::engine::ports::{Keeper, SomeInvestigator};

/// The agent, where a model is configured.
pub(super) fn build(_config: &Config) -> SomeInvestigator {
    None
}

/// Who keeps what was learned.
pub(super) fn keeper(parts: &Parts, reload: Arc<dyn Reload>) -> Arc<dyn Keeper> {
    let (read, runner, clock) = (parts.read.clone(), parts.runner.clone(), parts.clock.clone());
    Arc::new(Files { read, runner, clock, reload })
}
