//! What systemd told of a failed unit is over when the skill that looks at all units no longer finds it failed.
//!
//! systemd says that a unit failed, and says nothing when it works again. A source that stays silent means nothing; but
//! a complete look at the same thing, begun after the notice came, does.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::super::world::{SignalKey, World};
use crate::domain::report::{Report, Status};
use crate::domain::signal::{Origin, Problem, SignalState, Timestamp};
use crate::domain::target::Target;

/// The skill, the source, and the signature that both use.
const SKILL: &str = "systemd-units";
const SOURCE: &str = "systemd";
const SIGNATURE: &str = "unit-failed";
/// The folder of a machine's units.
const UNITS: &str = "unit";
/// The longest that a look may have taken: one that ends so long after a notice began after it.
const LONGEST_LOOK: TimeDelta = TimeDelta::seconds(60);

impl World {
    /// Ends what systemd told of and a complete report no longer has.
    pub(super) fn ends_notices(
        &mut self,
        skill: &str,
        report: &Report,
        failed: &BTreeSet<Problem>,
        now: Timestamp,
    ) {
        if skill != SKILL || !report.complete {
            return;
        }
        let looked_at: BTreeSet<Target> = report
            .findings
            .iter()
            .filter(|finding| finding.status != Status::Unknown)
            .filter_map(|finding| units_above(&finding.target))
            .collect();
        let over = |key: &SignalKey| {
            let (_, problem) = key;
            problem.signature.as_str() == SIGNATURE
                && !failed.contains(problem)
                && units_above(&problem.target).is_some_and(|units| looked_at.contains(&units))
                && self.signals.get(key).is_some_and(|row| {
                    row.signal.state == SignalState::Firing && now - row.last_seen >= LONGEST_LOOK
                })
        };
        let of_systemd =
            |origin: &&Origin| matches!(origin, Origin::Alert { source, .. } if source == SOURCE);
        let told = self.firing_by_origin.keys().filter(of_systemd);
        let told = told.flat_map(|origin| {
            self.firing_by_origin
                .get(origin)
                .into_iter()
                .flatten()
                .map(move |problem| (origin.clone(), problem.clone()))
        });
        let mut ended: Vec<SignalKey> = told.filter(over).collect();
        ended.sort();
        for key in ended {
            self.resolve(&key, now);
        }
    }
}

/// The folder of units that a target is or lies in: `vm/unit` of `vm/unit/nginx.service`.
fn units_above(target: &Target) -> Option<Target> {
    if target.name() == UNITS {
        Some(target.clone())
    } else {
        target.parent().filter(|above| above.name() == UNITS)
    }
}
