//! The chat platforms as the configuration wants them.

use std::sync::Arc;

use crate::config::ChatSettings;
use crate::engine::ports::{Chat, Clock};

/// Every platform that is configured, short of the console. Nothing is connected yet.
#[must_use]
pub fn build(_settings: &ChatSettings, _clock: &Arc<dyn Clock>) -> Vec<Arc<dyn Chat>> {
    Vec::new()
}
