//! What an approval still permits: each action that it names, once; what only looks, as often as it has to.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::action::{Action, Executable};
use crate::domain::approval::{Approval, ApprovedAction};
use crate::domain::remediation::{Part, Plan, Saga, SagaEvent};
use crate::domain::signal::Timestamp;
use crate::engine::remediate::Purpose;
use crate::policy::{Grant, Policy};

/// What was approved in time may finish after that: its use is what is counted. A grant lives this long, in seconds.
const GRANTED_FOR: i64 = 60;

/// The permissions of a repair: that for its plan, and those of its late steps, each for its own step alone.
pub(super) struct Granted {
    plan: Option<Permits>,
    /// What each late step runs under since its values are known; nothing but the policy's word where it is `None`.
    late: Mutex<BTreeMap<usize, Option<Permits>>>,
}

impl Granted {
    /// What is still permitted after all that the log of `saga` has.
    pub(super) fn new(approval: Option<&Approval>, saga: &Saga, log: &[SagaEvent]) -> Self {
        let mut late = BTreeMap::new();
        for event in log {
            if let SagaEvent::Filled { step, approval, .. } = event {
                let used = |approval: &Approval| Permits::new(approval, saga.plan(), log, |of| of == *step);
                late.insert(*step, approval.as_deref().map(used));
            }
        }
        let of_plan = |step: usize| !late.contains_key(&step);
        let plan = approval.map(|approval| Permits::new(approval, saga.plan(), log, of_plan));
        Self { plan, late: Mutex::new(late) }
    }

    /// Notes under what a late step runs from now on.
    pub(super) fn add(&self, step: usize, approval: Option<&Approval>) {
        let permits = approval.map(Permits::unused);
        self.late.lock().unwrap_or_else(PoisonError::into_inner).insert(step, permits);
    }

    /// Has a look at the permission that this step, or a check of the plan, runs under.
    pub(super) fn with<T>(
        &self,
        step: Option<usize>,
        look: impl FnOnce(&Permits) -> Result<T, String>,
    ) -> Result<T, String> {
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        let own = step.and_then(|step| late.get(&step));
        let permits = own.map_or(self.plan.as_ref(), Option::as_ref);
        look(permits.ok_or("it needs a person's yes, and nobody was asked")?)
    }
}

/// An approval, and what of it is used up.
pub(super) struct Permits {
    approval: Approval,
    used: Mutex<Vec<bool>>,
}

impl Permits {
    /// What `approval` permits before anything was done.
    fn unused(approval: &Approval) -> Self {
        Self { approval: approval.clone(), used: Mutex::new(vec![false; approval.actions.len()]) }
    }

    /// What `approval` still permits after all that `log` has of the steps that it is for.
    fn new(approval: &Approval, plan: &Plan, log: &[SagaEvent], is_for: impl Fn(usize) -> bool) -> Self {
        let permits = Self::unused(approval);
        for event in log {
            let SagaEvent::Spawned { step, part, .. } = event else { continue };
            if !is_for(*step) {
                continue;
            }
            let step = plan.steps.get(*step);
            let (action, purpose) = match part {
                Part::Run => (step.map(|s| &s.run), Purpose::Step { safety_checked: false }),
                Part::Undo => (step.and_then(|s| s.undo.as_ref()), Purpose::Undo),
            };
            if let Some(entry) = action.and_then(|action| permits.free(action, purpose).ok()) {
                permits.mark(entry);
            }
        }
        permits
    }

    /// Whether the approval names this action for this purpose and was not used for it.
    pub(super) fn covers(&self, action: &Action, purpose: Purpose) -> Result<(), String> {
        self.free(action, purpose).map(|_| ())
    }

    /// Uses the approval for this action.
    pub(super) fn spend(
        &self,
        action: &Action,
        purpose: Purpose,
        executable: &Executable,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Grant, String> {
        let entry = self.free(action, purpose)?;
        if self.approval.actions[entry].executable.as_ref().is_some_and(|shown| shown != executable) {
            let program = executable.path.display();
            return Err(format!(
                "{program} is not what it was when approval {} was asked for",
                self.approval.number
            ));
        }
        self.mark(entry);
        let soon = now + chrono::TimeDelta::seconds(GRANTED_FOR);
        Ok(Grant {
            approval: self.approval.id,
            digest: policy.digest(action),
            expires_at: self.approval.expires_at.max(soon),
        })
    }

    /// Takes back that the approval was used for this action, since that did not begin.
    pub(super) fn give_back(&self, action: &Action, purpose: Purpose) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = self.named(action, purpose).into_iter().find(|&entry| used[entry]) {
            used[entry] = false;
        }
    }

    /// The entries that name this action for this purpose.
    fn named(&self, action: &Action, purpose: Purpose) -> Vec<usize> {
        (0..self.approval.actions.len())
            .filter(|&entry| is_for(&self.approval.actions[entry], purpose))
            .filter(|&entry| match purpose {
                Purpose::Undo => is_filling(&self.approval.actions[entry].action, action),
                Purpose::Look | Purpose::Step { .. } => self.approval.actions[entry].action == *action,
            })
            .collect()
    }

    fn free(&self, action: &Action, purpose: Purpose) -> Result<usize, String> {
        let named = self.named(action, purpose);
        if named.is_empty() {
            return Err(format!("approval {} does not name `{action}`", self.approval.number));
        }
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        named
            .into_iter()
            .find(|&entry| !used[entry])
            .ok_or_else(|| format!("approval {} was used for `{action}` already", self.approval.number))
    }

    fn mark(&self, entry: usize) {
        if !self.approval.actions[entry].looks {
            self.used.lock().unwrap_or_else(PoisonError::into_inner)[entry] = true;
        }
    }
}

/// Whether it was shown for this purpose. Without that, a step that sets a value would pass for its own undo, which was
/// shown as setting any.
///
/// What was shown before its values were known opens nothing: it has a permission of its own once they are.
fn is_for(shown: &ApprovedAction, purpose: Purpose) -> bool {
    !shown.late
        && match purpose {
            Purpose::Look => shown.looks,
            Purpose::Step { .. } => !shown.looks && shown.purpose.is_none(),
            Purpose::Undo => !shown.looks && shown.purpose.is_some(),
        }
}

/// Whether `action` is what was shown, but for values that were captured since: an undo is shown with
/// `{{ capture.NAME }}` in it, and the command that captures it was shown, too.
fn is_filling(shown: &Action, action: &Action) -> bool {
    let (Action::Command(shown), Action::Command(filled)) = (shown, action);
    let same_but_for_argv = || {
        let mut one = shown.clone();
        one.argv.clone_from(&filled.argv);
        one == *filled
    };
    shown.argv.len() == filled.argv.len()
        && shown.argv.iter().zip(&filled.argv).all(|(shown, filled)| is_filled(shown, filled))
        && same_but_for_argv()
}

fn is_filled(shown: &str, filled: &str) -> bool {
    const OPEN: &str = "{{ capture.";
    if shown == filled || !shown.contains(OPEN) {
        return shown == filled;
    }
    let mut pattern = String::from("^(?s)");
    let mut rest = shown;
    while let Some((before, after)) = rest.split_once(OPEN) {
        pattern.push_str(&regex::escape(before));
        pattern.push_str(".*");
        rest = after.split_once("}}").map_or("", |(_, tail)| tail);
    }
    pattern.push_str(&regex::escape(rest));
    pattern.push('$');
    regex::Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(filled))
}

#[cfg(test)]
mod tests;
