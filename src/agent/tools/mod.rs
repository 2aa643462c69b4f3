//! What a model may call.

pub mod fence;

use super::model::ToolSpec;

/// What a model is told of the tools: the same for every run.
#[must_use]
pub fn specs() -> Vec<ToolSpec> {
    Vec::new()
}
