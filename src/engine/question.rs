//! What people ask that has to be looked up.

use super::digest::Standing;
use crate::domain::approval::Person;
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;

/// Something whose answer has to be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The list of incidents.
    Incidents {
        /// Those that are over too.
        all: bool,
    },
    /// One incident, with its timeline.
    Show {
        /// Its number.
        number: u64,
    },
    /// What changed.
    WhatChanged {
        /// From when on.
        since: Option<Timestamp>,
        /// Only what touches this, or what is below it.
        on: Option<Target>,
        /// Seen from this incident.
        incident: Option<u64>,
    },
    /// What was held back as noise.
    Ignored {
        /// From when on.
        since: Timestamp,
    },
    /// What happened lately.
    Digest {
        /// From when on.
        since: Timestamp,
        /// What was so when it was asked.
        standing: Box<Standing>,
    },
    /// The list of skills.
    Skills,
    /// Run a skill and show what it reports.
    Run {
        /// Its name.
        skill: String,
    },
    /// What would take back what a repair did.
    TakeBack {
        /// The incident.
        incident: IncidentId,
        /// The repair.
        remediation: RemediationId,
        /// Who wants that.
        by: Person,
    },
    /// Read everything that the operator wrote again.
    Reload {
        /// Who wants that.
        by: String,
    },
}
