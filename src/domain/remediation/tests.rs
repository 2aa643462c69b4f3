//! Sagas whose world is a tape of answers.

mod guards;
mod late;
mod take_back;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use ulid::Ulid;

use super::*;
use crate::domain::action::{Action, Effect};
use crate::domain::ids::{ExecutionId, RemediationId};
use crate::domain::signal::Timestamp;

pub(super) fn run(line: &str) -> Action {
    Action::local(line.split(' ').map(str::to_owned).collect())
}

pub(super) fn step(name: &str, effect: Effect) -> PlannedStep {
    PlannedStep {
        name: name.into(),
        captures: Vec::new(),
        run: run(&format!("do {name}")),
        verify: PlannedVerify::Command(run(&format!("see {name}"))),
        undo: (effect == Effect::Reversible).then(|| run(&format!("undo {name}"))),
        effect,
        timeout: Duration::from_secs(60),
        attempts: 1,
        backoff: Duration::ZERO,
        idempotent: false,
        asked: false,
        late: false,
    }
}

pub(super) fn check(name: &str) -> PlannedCheck {
    PlannedCheck {
        name: name.into(),
        run: run(&format!("check {name}")),
        timeout: Duration::from_secs(5),
        safety: false,
    }
}

pub(super) fn plan(steps: Vec<PlannedStep>, checks: PlannedChecks) -> Plan {
    Plan { checks, ..Plan::new("mend".into(), steps) }
}

/// A remediation in the hands of a test: what is asked gets the verdict that the test has for it.
pub(super) struct Walk {
    pub(super) saga: Saga,
    pub(super) log: Vec<SagaEvent>,
    pub(super) now: Timestamp,
    executions: u128,
    /// What fails, by its words: `check quorum before step a`, `see a`, `undo a`, `final`.
    broken: Vec<String>,
}

impl Walk {
    pub(super) fn of(plan: Plan) -> Self {
        let saga = Saga::new(RemediationId(Ulid::from(1_u128)), plan).unwrap();
        Self { saga, log: Vec::new(), now: Timestamp::UNIX_EPOCH, executions: 0, broken: Vec::new() }
    }

    pub(super) fn breaking(mut self, what: &str) -> Self {
        self.broken.push(what.into());
        self
    }

    pub(super) fn next(&self) -> Next {
        self.saga.next(self.now)
    }

    pub(super) fn commit(&mut self, event: SagaEvent) {
        self.saga.apply(&event).unwrap_or_else(|error| panic!("{error} after {:#?}", self.log));
        self.log.push(event);
        self.now += TimeDelta::seconds(1);
    }

    fn verdict(&self, what: &str) -> CheckVerdict {
        match self.broken.iter().any(|broken| broken == what) {
            true => CheckVerdict::Failed(format!("{what} failed")),
            false => CheckVerdict::Passed,
        }
    }

    pub(super) fn execution(&mut self) -> ExecutionId {
        self.executions += 1;
        ExecutionId(Ulid::from(self.executions))
    }

    /// Starts a step or its undo, and lets it run.
    pub(super) fn let_go(&mut self, step: usize, part: Part) {
        let execution = self.execution();
        let digest = String::from("d");
        self.commit(match part {
            Part::Run => {
                let attempt = self.saga.steps()[step].starts + 1;
                let captures = &self.saga.plan().steps[step].captures;
                let captured: BTreeMap<_, _> =
                    captures.iter().map(|(name, _)| (name.clone(), format!("old {name}"))).collect();
                SagaEvent::Started { step, attempt, execution, digest, captured }
            }
            Part::Undo => SagaEvent::UndoStarted { step, execution, digest },
        });
        let process = Process { pid: 1, start_ticks: 1, boot_id: "b".into() };
        self.commit(SagaEvent::Spawned { step, part, execution, process });
    }

    pub(super) fn ended(&mut self, step: usize, part: Part, end: End) {
        let execution = self.saga.in_flight().unwrap().2.execution;
        let (stdout, stderr) = (Tail::default(), Tail::default());
        self.commit(SagaEvent::Ran { step, part, execution, end, stdout, stderr });
    }

    /// Does what comes next.
    pub(super) fn go_on(&mut self) {
        let name = |step: usize| self.saga.plan().steps[step].name.clone();
        match self.next() {
            Next::Fill(step) => {
                let filled = Box::new(self.saga.filling(step).unwrap());
                self.commit(SagaEvent::Filled { step, filled, approval: None });
            }
            Next::Start(step) => {
                self.let_go(step, Part::Run);
                self.ended(step, Part::Run, End::Code(0));
            }
            Next::Undo(step) => {
                let code = i32::from(self.verdict(&format!("undo {}", name(step))) != CheckVerdict::Passed);
                self.let_go(step, Part::Undo);
                self.ended(step, Part::Undo, End::Code(code));
            }
            Next::Verify(step) => {
                let verdict = self.verdict(&format!("see {}", name(step)));
                self.commit(SagaEvent::Verified { step, verdict });
            }
            Next::ReadBack(step) => {
                self.commit(SagaEvent::UndoVerified { step, verdict: CheckVerdict::Passed });
            }
            Next::Guard(point, check) => {
                let verdict = self.verdict(&format!("check {} {}", check.name, self.saga.moment(point)));
                let at = self.now;
                self.commit(SagaEvent::Guarded { point, name: check.name, at, verdict });
            }
            Next::FinalCheck => {
                let verdict = self.verdict("final");
                self.commit(SagaEvent::Checked { verdict });
            }
            Next::Conclude(outcome) => self.commit(SagaEvent::Done { outcome }),
            Next::Backoff(step, delay) => {
                let until = self.now + delay;
                self.commit(SagaEvent::Waiting { step, until });
            }
            Next::Wait(until) => self.now = until,
            Next::AwaitRun(step) => panic!("step {step} is in flight"),
            Next::Finished(_) => panic!("it is over"),
        }
    }

    /// Goes on to the end.
    pub(super) fn end(mut self) -> Self {
        for _ in 0..500 {
            if self.saga.outcome().is_some() {
                return self;
            }
            self.go_on();
        }
        panic!("it does not end: {:#?}", self.log)
    }

    pub(super) fn outcome(&self) -> &Outcome {
        self.saga.outcome().unwrap()
    }

    /// What happened, in words: checks with their moment, starts, undos.
    pub(super) fn story(&self) -> Vec<String> {
        let name = |step: &usize| &self.saga.plan().steps[*step].name;
        let word = |event: &SagaEvent| {
            Some(match event {
                SagaEvent::Guarded { point, name, .. } => format!("{name} {}", self.saga.moment(*point)),
                SagaEvent::Started { step, .. } => format!("do {}", name(step)),
                SagaEvent::UndoStarted { step, .. } => format!("undo {}", name(step)),
                SagaEvent::Checked { .. } => "final check".into(),
                _ => return None,
            })
        };
        self.log.iter().filter_map(word).collect()
    }
}

#[test]
fn a_step_that_needed_a_yes_is_not_tried_again_and_one_that_did_not_is() {
    let twice = PlannedStep { attempts: 3, idempotent: true, ..step("a", Effect::Restorative) };
    let free = Walk::of(plan(vec![twice.clone()], PlannedChecks::default())).breaking("see a").end();
    assert_eq!(free.story(), ["do a", "do a", "do a"]);
    let asked = PlannedStep { asked: true, ..twice };
    let asked = Walk::of(plan(vec![asked], PlannedChecks::default())).breaking("see a").end();
    assert_eq!(asked.story(), ["do a"]);
    assert!(matches!(asked.outcome(), Outcome::Unwound { .. }));
}

#[test]
fn a_step_that_needed_a_yes_and_was_let_go_before_a_crash_is_verified_and_not_repeated() {
    let asked = PlannedStep { attempts: 3, idempotent: true, asked: true, ..step("a", Effect::Restorative) };
    let mut walk = Walk::of(plan(vec![asked], PlannedChecks::default())).breaking("see a");
    walk.let_go(0, Part::Run);
    walk.ended(0, Part::Run, End::Unknown);
    let walk = walk.end();
    assert_eq!(walk.story(), ["do a"]);
    assert!(matches!(walk.outcome(), Outcome::Unwound { .. }));
}

#[test]
fn over_what_may_still_be_running_nothing_is_repeated_verified_or_taken_back() {
    for effect in [Effect::Restorative, Effect::Reversible, Effect::Irreversible] {
        let lost = PlannedStep { attempts: 3, idempotent: true, ..step("b", effect) };
        let mut walk = Walk::of(plan(vec![lost], PlannedChecks::default()));
        walk.let_go(0, Part::Run);
        walk.ended(0, Part::Run, End::Lost);
        let walk = walk.end();
        assert_eq!(walk.story(), ["do b"]);
        assert!(matches!(walk.outcome(), Outcome::Stuck { why } if why.contains("may still be running")));
    }
}

#[test]
fn a_plan_from_before_there_were_checks_is_read_as_one_without_any() {
    let mut old = serde_json::to_value(plan(vec![step("a", Effect::Restorative)], PlannedChecks::default()));
    let old = old.as_mut().unwrap();
    assert!(old.get("checks").is_none() && old.get("undoes").is_none());
    old["steps"][0].as_object_mut().unwrap().remove("asked");
    let read: Plan = serde_json::from_value(old.clone()).unwrap();
    assert_eq!(read, plan(vec![step("a", Effect::Restorative)], PlannedChecks::default()));
}
