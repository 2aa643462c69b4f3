//! The points of a remediation at which its checks are asked, one after the other.
//!
//! A point becomes due in the fold; [`Saga::next`](super::Saga::next) asks its checks in the plan's order, and
//! each answer is an event. What was found before a step is worth something for [`FRESH_FOR`] only: after a
//! longer break (Steward was away, the log could not be written) the point begins anew.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::checks::PlannedCheck;
use super::event::{CheckVerdict, Outcome};
use super::saga::{Course, Phase, Saga};
use crate::domain::action::Effect;
use crate::domain::signal::Timestamp;

/// How long a check that passed counts for the step after it.
const FRESH_FOR: TimeDelta = TimeDelta::minutes(5);

/// A moment at which checks are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "when", rename_all = "snake_case")]
pub enum Point {
    /// Before anything begins.
    Before,
    /// Before each attempt of this step.
    BeforeStep {
        /// The step.
        step: usize,
    },
    /// After this step has succeeded.
    AfterStep {
        /// The step.
        step: usize,
    },
    /// After the last step has succeeded.
    After,
    /// After this step was taken back. Only for the record.
    AfterUndo {
        /// The step.
        step: usize,
    },
}

/// A point that is due, and which of its checks have been asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guard {
    point: Point,
    /// When each of them passed, in the order of the point's checks.
    held: Vec<Timestamp>,
    /// When a check last passed that this point builds upon.
    last: Option<Timestamp>,
}

impl Point {
    /// The step it belongs to.
    #[must_use]
    pub fn step(self) -> Option<usize> {
        match self {
            Self::Before | Self::After => None,
            Self::BeforeStep { step } | Self::AfterStep { step } | Self::AfterUndo { step } => Some(step),
        }
    }
}

impl Saga {
    /// The moment of this point in words: `before step detach`.
    #[must_use]
    pub fn moment(&self, point: Point) -> String {
        let name = |step: usize| self.plan.steps.get(step).map_or("", |step| step.name.as_str());
        match point {
            Point::Before => "before the first step".to_owned(),
            Point::BeforeStep { step } => format!("before step {}", name(step)),
            Point::AfterStep { step } => format!("after step {}", name(step)),
            Point::After => "after the last step".to_owned(),
            Point::AfterUndo { step } => format!("after step {} was taken back", name(step)),
        }
    }

    /// When the safety checks passed for this step, the oldest of them; `None` if the step may not rely on them:
    /// the plan names none, or they were not asked right before it.
    #[must_use]
    pub fn safety_passed(&self, step: usize) -> Option<Timestamp> {
        let guard = self.guard.as_ref().filter(|guard| guard.point == Point::BeforeStep { step })?;
        let checks = self.checks_at(guard.point);
        let passed = checks.iter().zip(&guard.held).filter(|(check, _)| check.safety);
        if checks.len() == guard.held.len() { passed.map(|(_, at)| *at).min() } else { None }
    }

    /// The checks of a point, in the order in which they are asked.
    fn checks_at(&self, point: Point) -> Vec<&PlannedCheck> {
        let checks = &self.plan.checks;
        match point {
            Point::Before => checks.before.iter().collect(),
            Point::After => checks.after.iter().collect(),
            Point::AfterStep { .. } | Point::AfterUndo { .. } => checks.always.iter().collect(),
            Point::BeforeStep { step } => {
                // The safety checks come last, so that as little as possible lies between them and the step.
                let destroys =
                    self.plan.steps.get(step).is_some_and(|step| step.effect == Effect::Irreversible);
                checks.always.iter().chain(checks.safety().filter(|_| destroys)).collect()
            }
        }
    }

    /// Where the way to a step begins: while nothing was let go, before everything.
    fn entry(&self, step: usize) -> Point {
        let begun = self.steps.iter().any(|state| state.let_go);
        if begun || self.plan.checks.before.is_empty() { Point::BeforeStep { step } } else { Point::Before }
    }

    /// This step may start once its checks hold.
    pub(super) fn guard_start(&mut self, step: usize) {
        self.arm(self.entry(step), None);
    }

    /// The step has succeeded.
    pub(super) fn guard_success(&mut self, step: usize) {
        self.arm(Point::AfterStep { step }, None);
    }

    /// The step was taken back.
    pub(super) fn guard_undone(&mut self, step: usize) {
        self.arm(Point::AfterUndo { step }, None);
    }

    /// Makes a point due, or the next one after it that has something to ask.
    fn arm(&mut self, from: Point, last: Option<Timestamp>) {
        let mut point = Some(from);
        while let Some(at) = point
            && !matches!(at, Point::BeforeStep { .. })
            && self.checks_at(at).is_empty()
        {
            point = self.after(at);
        }
        self.guard = point.map(|point| Guard { point, held: Vec::new(), last });
    }

    fn after(&self, point: Point) -> Option<Point> {
        match point {
            Point::Before => Some(Point::BeforeStep { step: 0 }),
            Point::AfterStep { step } if step + 1 < self.steps.len() => {
                Some(Point::BeforeStep { step: step + 1 })
            }
            Point::AfterStep { .. } => Some(Point::After),
            Point::BeforeStep { .. } | Point::After | Point::AfterUndo { .. } => None,
        }
    }

    /// The point that is due on the way that the saga is going.
    fn guard(&self) -> Option<&Guard> {
        self.guard.as_ref().filter(|guard| match guard.point {
            Point::AfterUndo { .. } => self.is_unwinding(),
            _ => self.course == Course::Forward,
        })
    }

    /// The check to ask now, if one is.
    pub(super) fn due_check(&self, now: Timestamp) -> Option<(Point, &PlannedCheck)> {
        let guard = self.guard()?;
        let stale = guard.last.is_some_and(|last| !is_fresh(last, now));
        let (point, asked) = match self.anew(guard) {
            Some(entry) if stale => (entry, 0),
            _ => (guard.point, guard.held.len()),
        };
        self.checks_at(point).get(asked).map(|check| (point, *check))
    }

    /// Where to begin anew when what was found is too old; only before a step.
    fn anew(&self, guard: &Guard) -> Option<Point> {
        match guard.point {
            Point::Before => Some(Point::Before),
            Point::BeforeStep { step } => Some(self.entry(step)),
            Point::AfterStep { .. } | Point::After | Point::AfterUndo { .. } => None,
        }
    }

    /// Whether everything that this step waits for has been asked, and held.
    pub(super) fn is_guarded(&self, step: usize) -> bool {
        self.guard().is_some_and(|guard| {
            guard.point == Point::BeforeStep { step } && guard.held.len() == self.checks_at(guard.point).len()
        })
    }

    /// Whether nothing is due any more but what is asked before this step.
    pub(super) fn is_next_guarded(&self, step: usize) -> bool {
        let before = [Point::Before, Point::BeforeStep { step }];
        self.guard().is_none_or(|guard| before.contains(&guard.point))
    }

    /// Whether something is still to be asked, leaving aside how old the answers are.
    pub(super) fn has_guard_due(&self) -> bool {
        self.guard().is_some_and(|guard| guard.held.len() < self.checks_at(guard.point).len())
    }

    /// What speaks against this answer here and now.
    pub(super) fn guard_objection(&self, point: Point, name: &str, verdict: &CheckVerdict) -> Option<String> {
        let Some(guard) = self.guard() else { return Some("no check is due".into()) };
        let asked = self.checks_at(point);
        let due = guard.point == point && asked.get(guard.held.len()).is_some_and(|c| c.name == name);
        let anew = self.anew(guard) == Some(point) && asked.first().is_some_and(|c| c.name == name);
        let idle = match self.current().map(|step| &self.steps[step].phase) {
            Some(Phase::Pending | Phase::Retrying { .. }) | None => true,
            Some(_) => self.is_unwinding(),
        };
        if *verdict == CheckVerdict::Deferred {
            return Some("a check of the plan can always be asked".into());
        }
        (!idle || !(due || anew)).then(|| "this check is not due".to_owned())
    }

    /// What an answer means.
    pub(super) fn guarded(&mut self, point: Point, name: &str, at: Timestamp, verdict: &CheckVerdict) {
        let broken = match verdict {
            CheckVerdict::Passed | CheckVerdict::Deferred => None,
            CheckVerdict::Failed(why) => Some(format!("the check `{name}` does not hold: {why}")),
            CheckVerdict::Unreadable(why) => {
                Some(format!("it can't be told whether the check `{name}` holds: {why}"))
            }
        };
        match broken {
            // On the way back it is only noted: nothing is better for stopping half way.
            Some(why) if !self.is_unwinding() => self.guard_broken(point, &why),
            _ => self.guard_held(point, name, at),
        }
    }

    fn guard_held(&mut self, point: Point, name: &str, at: Timestamp) {
        let (count, index) = {
            let checks = self.checks_at(point);
            (checks.len(), checks.iter().position(|check| check.name == name))
        };
        let before = self.guard.take().filter(|guard| guard.point == point && index != Some(0));
        let mut held = before.map(|guard| guard.held).unwrap_or_default();
        held.push(at);
        if held.len() == count && !matches!(point, Point::BeforeStep { .. }) {
            let goes_on = point == Point::Before;
            match self.after(point) {
                Some(next) => self.arm(next, goes_on.then_some(at)),
                None => self.guard = None,
            }
        } else {
            self.guard = Some(Guard { point, held, last: Some(at) });
        }
    }

    /// What must hold does not. If nothing was let go yet, it is no failure: now is not the time.
    fn guard_broken(&mut self, point: Point, why: &str) {
        self.guard = None;
        let begun = self.steps.iter().any(|state| state.let_go);
        self.course = Course::Unwinding(match &self.cancel {
            Some(why) => Outcome::Cancelled { why: why.clone() },
            None if begun => Outcome::Unwound { why: format!("{}: {why}", self.moment(point)) },
            None => Outcome::Cancelled { why: format!("nothing was begun, because {why}") },
        });
    }
}

/// Whether what was found then still counts now. With a clock that was set back, nobody can tell.
#[must_use]
pub fn is_fresh(found: Timestamp, now: Timestamp) -> bool {
    (TimeDelta::zero()..=FRESH_FOR).contains(&(now - found))
}
