//! Identifiers: a newtype for each. Those that leave the process are ULIDs; people see a short number.

use std::fmt;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Ulid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = ulid::DecodeError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(/// One incident.
    IncidentId);
id!(/// One run of a runbook.
    RemediationId);
id!(/// One request for permission.
    ApprovalId);
id!(/// One run of the agent.
    RunId);
id!(/// One process that Steward started: its attempt token.
    ExecutionId);
