//! Whether a repair whose turn has come may go ahead: it may have waited for a place, or for Steward to be there again.

use std::sync::Arc;

use super::world::World;
use crate::domain::signal::Timestamp;
use crate::policy::{Autonomy, Decision, Facts, Policy};
use crate::store::sagas::Unfinished;

/// What a repair hears when its turn has come.
#[derive(Debug)]
pub struct Go {
    /// What may be done.
    pub policy: Arc<Policy>,
    /// What has to be known of this moment.
    pub facts: Facts,
    /// Why it is called off, if it is: nothing more is begun, and what it did is taken back.
    pub off: Option<String>,
}

impl World {
    /// What a repair hears whose turn has come.
    ///
    /// What has begun may go on: neither a pause nor another autonomy that came since may keep it from taking back
    /// what it did. What has not is held to the present, like one that would be begun now.
    pub(super) fn turn(&self, repair: &Unfinished, now: Timestamp) -> Go {
        let plan = &repair.terms.plan;
        let facts = self.facts(&plan.runbook, &repair.problem.target, now);
        let runbook = self.runbook(&plan.runbook);
        let beyond = runbook.is_some_and(|known| self.is_beyond_limit(repair.incident, known, now));
        let begun = Facts {
            autonomy: Autonomy::Full,
            paused: false,
            outside_window: false,
            doubtful: false,
            ..facts
        };
        Go {
            policy: self.knowledge.policy.clone(),
            facts: if repair.log.is_empty() { Facts { limit_exceeded: beyond, ..facts } } else { begun },
            off: self.moved_on(repair).or_else(|| self.outlived(repair, now)),
        }
    }

    /// Why its incident needs it no more, whether it has begun or not.
    fn moved_on(&self, repair: &Unfinished) -> Option<String> {
        let Some(incident) = self.incident(repair.incident) else {
            return Some("its incident is over, or went on as part of another".to_owned());
        };
        let undoing = incident.undoing.as_ref().is_some_and(|undoing| undoing.remediation == repair.id);
        let running = incident.running_repair().is_some_and(|running| running.remediation == repair.id);
        if !undoing && !running {
            return Some("its incident has moved on".to_owned());
        }
        let root = &incident.root;
        // What nobody has seen fail can't be what a repair began from.
        let moved = *root != repair.problem.target && incident.root_observed();
        (running && moved).then(|| format!("the suspected root is now {root}"))
    }

    /// Why one that has not begun may not begin any more.
    fn outlived(&self, repair: &Unfinished, now: Timestamp) -> Option<String> {
        let plan = &repair.terms.plan;
        if !repair.log.is_empty() {
            return None;
        }
        if repair.terms.approval.as_ref().is_some_and(|approval| now >= approval.expires_at) {
            return Some("its permission lapsed while it waited".to_owned());
        }
        if plan.undoes.is_some() {
            return None;
        }
        let Some(row) = self.latest(&repair.problem) else { return Some("the problem is gone".to_owned()) };
        let runbook = self.runbook(&plan.runbook);
        let draft =
            runbook.and_then(|known| self.draft_for(known, &row.signal, &repair.problem.target, now).ok());
        match draft {
            None => Some("the runbook is gone, or fits no more".to_owned()),
            Some(draft) if !draft.plan.runs_the_same(plan) => {
                Some("the runbook was edited meanwhile".to_owned())
            }
            Some(draft) if draft.decision == Decision::Forbid => Some("the policy forbids it now".to_owned()),
            Some(draft) if draft.decision == Decision::Approve && repair.terms.approval.is_none() => {
                Some("it needs a yes by now".to_owned())
            }
            Some(_) => None,
        }
    }
}
