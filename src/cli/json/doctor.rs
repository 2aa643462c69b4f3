//! What the doctor found, as JSON.

use serde::Serialize;

use crate::engine::ports::{Check, Health};

/// `doctor`
#[derive(Serialize)]
pub(in crate::cli) struct Examination {
    pub(in crate::cli) platforms: Vec<PlatformHealth>,
    /// One for each language model that is configured; its name is the model's.
    pub(in crate::cli) models: Vec<CheckEntry>,
}

#[derive(Serialize)]
pub(in crate::cli) struct PlatformHealth {
    pub(in crate::cli) platform: String,
    pub(in crate::cli) checks: Vec<CheckEntry>,
}

#[derive(Serialize)]
pub(in crate::cli) struct CheckEntry {
    name: String,
    /// `good`, `poor`, `bad` or `unknown`.
    health: &'static str,
    what: String,
    /// Empty when nothing is to be done.
    fix: String,
}

impl From<Check> for CheckEntry {
    fn from(check: Check) -> Self {
        let health = match check.health {
            Health::Good => "good",
            Health::Poor => "poor",
            Health::Bad => "bad",
            Health::Unknown => "unknown",
        };
        Self { name: check.name, health, what: check.what, fix: check.fix }
    }
}
