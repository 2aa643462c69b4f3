//! The agent, put together: models, tools, memory.

use std::sync::Arc;

use crate::adapters::memory::Files;
use crate::config::Config;
use crate::engine::ports::{Keeper, SomeInvestigator};

/// The agent, where a model is configured.
pub(super) fn build(_config: &Config) -> SomeInvestigator {
    None
}

/// Who keeps what was learned.
pub(super) fn keeper(_config: &Config) -> Arc<dyn Keeper> {
    Arc::new(Files)
}
