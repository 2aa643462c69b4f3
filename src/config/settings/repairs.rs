//! When repairs may run by themselves.

use serde::{Deserialize, Deserializer};

use crate::config::values::count;
use crate::domain::hours::Hours;

/// `[repairs]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RepairSettings {
    /// The hours in which Steward changes something without asking; outside of them it asks. Empty: at any time.
    #[serde(deserialize_with = "hours")]
    pub hours: Vec<Hours>,
    /// With autonomy `earned`: after so many clean, verified runs a repair need not be asked for any more.
    #[serde(deserialize_with = "count")]
    pub clean_runs: u32,
}

impl Default for RepairSettings {
    fn default() -> Self {
        Self { hours: Vec::new(), clean_runs: 3 }
    }
}

fn hours<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Hours>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| Hours::parse(text).map_err(serde::de::Error::custom)).collect()
}
