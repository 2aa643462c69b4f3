//! What `--json` prints. These shapes are a promise to scripts: `docs/cli.md` documents each, keys are added and
//! never renamed, and nothing of the house is serialised here by its own derive, so that it may change freely.

pub(super) mod alert;
pub(super) mod audit;
pub(super) mod change;
pub(super) mod context;
pub(super) mod doctor;
pub(super) mod eval;
pub(super) mod incident;
pub(super) mod policy;
pub(super) mod rejected;
pub(super) mod replay;
pub(super) mod runbook;
pub(super) mod silence;
pub(super) mod skill;
pub(super) mod topology;

use chrono::SecondsFormat;
use serde::{Serialize, Serializer};

use crate::domain::signal::Timestamp;

/// A moment: RFC 3339, UTC, milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time(pub(super) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}
