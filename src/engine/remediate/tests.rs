//! The driver with a scripted door: no process runs, and everything else is real.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use chrono::TimeDelta;
use ulid::Ulid;

use super::*;
use crate::domain::action::{Action, Effect};
use crate::domain::ids::{ExecutionId, RemediationId};
use crate::domain::remediation::{
    CheckVerdict, NotRun, Outcome, Part, Plan, PlannedCheck, PlannedChecks, PlannedStep, PlannedVerify, Saga,
    SagaEvent, take_back,
};
use crate::domain::signal::Timestamp;
use crate::engine::ports::{Child, Clock, Exit, Gatekeeper, Output, Reaped};
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::watch;

#[derive(Default)]
struct World {
    /// What each command does: its exit code, what it prints, and how many minutes it takes.
    commands: Mutex<BTreeMap<String, (i32, String, i64)>>,
    /// What was asked of the door, in order.
    calls: Mutex<Vec<String>>,
    log: Mutex<Vec<SagaEvent>>,
    now: Mutex<Timestamp>,
    /// What people say to late steps; without a word of theirs they may run.
    says: Mutex<Option<Result<(), String>>>,
    /// Nobody says anything to a late step, and the repair is called off while it waits.
    called_off: Option<watch::Sender<Option<String>>>,
    /// The log can't be written from the event with this name on.
    breaks_at: Option<&'static str>,
    /// The host of what ran before a crash can't be asked.
    is_unreachable: bool,
    /// This command waits too long for its turn, once.
    late: Mutex<Option<&'static str>>,
}

impl World {
    fn command(&self, line: &str, code: i32, prints: &str, minutes: i64) {
        self.commands.lock().unwrap().insert(line.into(), (code, prints.into(), minutes));
    }

    /// The calls that begin so.
    fn calls(&self, beginning: &str) -> Vec<String> {
        self.calls.lock().unwrap().iter().filter(|call| call.starts_with(beginning)).cloned().collect()
    }

    fn log(&self) -> Vec<SagaEvent> {
        self.log.lock().unwrap().clone()
    }

    async fn drive(self: &Arc<Self>, saga: &mut Saga) -> Result<Outcome, DriveError> {
        self.with(saga, false).await
    }

    async fn with(self: &Arc<Self>, saga: &mut Saga, again: bool) -> Result<Outcome, DriveError> {
        let deps = Deps {
            log: &**self,
            execute: &**self,
            check: &**self,
            clock: self.clone(),
            holds_secret: &|text: &str| text.contains("SECRET"),
        };
        let (_keep, unheard) = watch::channel(None);
        let cancel = self.called_off.as_ref().map_or(unheard, watch::Sender::subscribe);
        match again {
            true => recover(saga, &deps, cancel, &|_, _| {}).await,
            false => drive(saga, &deps, cancel, &|_, _| {}).await,
        }
    }
}

#[async_trait]
impl SagaLog for World {
    async fn append(&self, _: RemediationId, event: &SagaEvent) -> Result<(), String> {
        if self.breaks_at == Some(event.name()) {
            return Err("the disk is full".into());
        }
        self.log.lock().unwrap().push(event.clone());
        Ok(())
    }
}

#[async_trait]
impl Execute for World {
    async fn judge(&self, _: usize, action: &Action, purpose: Purpose) -> Result<String, String> {
        let safe = safe(purpose);
        self.calls.lock().unwrap().push(format!("judge {action}{safe}"));
        Ok(action.to_string())
    }

    async fn permit(&self, _: usize, filled: PlannedStep) -> Result<Permitted, String> {
        self.calls.lock().unwrap().push(format!("permit {}", filled.run));
        if let Some(cancel) = &self.called_off {
            cancel.send_replace(Some("the root moved".into()));
            return std::future::pending().await;
        }
        self.says.lock().unwrap().clone().unwrap_or(Ok(()))?;
        Ok(Permitted { step: filled, approval: None })
    }

    async fn execute(&self, order: Order<'_>, gate: &mut dyn Gatekeeper) -> Result<Output, ExecuteError> {
        let line = order.action.to_string();
        let safe = safe(order.purpose);
        self.calls.lock().unwrap().push(format!("run {line}{safe}"));
        if self.late.lock().unwrap().take_if(|late| *late == line).is_some() {
            return Err(ExecuteError::Late);
        }
        let child = Child { pid: 7, start_ticks: 1, boot_id: "b".into() };
        gate.spawned(&child).await.map_err(ExecuteError::NotRun)?;
        let (code, prints, minutes) = self.commands.lock().unwrap().get(&line).cloned().unwrap_or_default();
        *self.now.lock().unwrap() += TimeDelta::minutes(minutes);
        Ok(Output {
            exit: Exit::Code(code),
            stdout: prints.into_bytes(),
            stderr: Vec::new(),
            truncated: false,
            duration: Duration::ZERO,
        })
    }

    async fn reap(&self, _: ExecutionId, child: &Child, _: &str) -> Reaped {
        self.calls.lock().unwrap().push(format!("reap {}", child.pid));
        if self.is_unreachable { Reaped::Unknown } else { Reaped::Gone }
    }
}

#[async_trait]
impl FinalCheck for World {
    async fn check(&self) -> CheckVerdict {
        CheckVerdict::Passed
    }
}

#[async_trait]
impl Clock for World {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
    async fn sleep_until(&self, at: Timestamp) {
        *self.now.lock().unwrap() = at;
    }
    async fn sleep(&self, _: Duration) {}
}

fn safe(purpose: Purpose) -> &'static str {
    if purpose == (Purpose::Step { safety_checked: true }) { " safe" } else { "" }
}

fn action(line: &str) -> Action {
    Action::local(line.split(' ').map(str::to_owned).collect())
}

fn step(name: &str, effect: Effect) -> PlannedStep {
    PlannedStep {
        name: name.into(),
        captures: Vec::new(),
        run: action(&format!("do {name}")),
        verify: PlannedVerify::Command(action(&format!("see {name}"))),
        undo: None,
        effect,
        timeout: Duration::from_secs(60),
        attempts: 1,
        backoff: Duration::ZERO,
        idempotent: false,
        asked: false,
        late: false,
    }
}

fn quota() -> PlannedStep {
    PlannedStep {
        captures: vec![("old".into(), action("get quota"))],
        undo: Some(action("set quota={{capture.old}}")),
        ..step("quota", Effect::Reversible)
    }
}

fn check(name: &str, safety: bool) -> PlannedCheck {
    let run = action(&format!("check {name}"));
    PlannedCheck { name: name.into(), run, timeout: Duration::from_secs(5), safety }
}

fn saga(steps: Vec<PlannedStep>, checks: PlannedChecks) -> Saga {
    let plan = Plan { checks, ..Plan::new("mend".into(), steps) };
    Saga::new(RemediationId(Ulid::from(1_u128)), plan).unwrap()
}

fn backup() -> PlannedChecks {
    PlannedChecks { before: vec![check("backup", true)], ..PlannedChecks::default() }
}

#[tokio::test]
async fn a_check_that_fails_is_on_record_with_its_last_line_before_anything_follows_from_it() {
    let world = Arc::new(World::default());
    world.command("check quorum", 1, "looking\nonly 1 of 3 is up\n", 0);
    let checks = PlannedChecks { always: vec![check("quorum", false)], ..PlannedChecks::default() };
    let outcome = world.drive(&mut saga(vec![step("a", Effect::Restorative)], checks)).await.unwrap();
    let why = "nothing was begun, because the check `quorum` does not hold: it ended with exit code 1: only 1 of 3 is up";
    assert_eq!(outcome, Outcome::Cancelled { why: why.into() });
    let names: Vec<_> = world.log().iter().map(SagaEvent::name).collect();
    assert_eq!(names, ["probed", "guarded", "done"]);
    assert_eq!(world.calls("run"), ["run check quorum"]);
}

#[tokio::test]
async fn only_what_destroys_is_judged_and_run_as_safe_and_only_right_after_its_safety_check() {
    let world = Arc::new(World::default());
    world.command("see wipe", 1, "", 0);
    let wipe = PlannedStep {
        captures: vec![("old".into(), action("get old"))],
        undo: Some(action("restore {{capture.old}}")),
        ..step("wipe", Effect::Irreversible)
    };
    world.command("get old", 0, "x", 0);
    let mut saga = saga(vec![step("a", Effect::Restorative), wipe], backup());
    world.drive(&mut saga).await.unwrap();
    let safe: Vec<_> = world.calls("").into_iter().filter(|call| call.ends_with(" safe")).collect();
    assert_eq!(safe, ["judge do wipe safe", "run do wipe safe"]);
    assert!(world.calls("run restore x").len() == 1, "the undo runs, and has to be allowed by itself");
}

#[tokio::test]
async fn a_safety_check_that_is_too_long_ago_when_the_step_begins_opens_nothing() {
    let world = Arc::new(World::default());
    let wipe = PlannedStep {
        captures: vec![("old".into(), action("get old"))],
        ..step("wipe", Effect::Irreversible)
    };
    world.command("get old", 0, "x", 6);
    world.drive(&mut saga(vec![wipe], backup())).await.unwrap();
    assert_eq!(world.calls("judge do"), ["judge do wipe"], "six minutes went by while it captured");
    assert_eq!(world.calls("run do"), ["run do wipe"]);
}

#[tokio::test]
async fn a_captured_secret_stops_the_step_and_is_written_nowhere() {
    let world = Arc::new(World::default());
    world.command("get quota", 0, "SECRET-abc", 0);
    let outcome = world.drive(&mut saga(vec![quota()], PlannedChecks::default())).await.unwrap();
    let Outcome::Unwound { why } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("`old` looks like a secret, and secrets are not stored"), "{why}");
    assert_eq!(world.calls("run"), ["run get quota"]);
    assert!(!format!("{:?}", world.log()).contains("SECRET-abc"));
}

#[tokio::test]
async fn a_step_that_needed_a_yes_runs_once_whatever_came_of_it() {
    let world = Arc::new(World::default());
    world.command("see a", 1, "", 0);
    let again = PlannedStep { attempts: 5, idempotent: true, ..step("a", Effect::Restorative) };
    world.drive(&mut saga(vec![again.clone()], PlannedChecks::default())).await.unwrap();
    assert_eq!(world.calls("run do a").len(), 5, "without a yes it is repeated");
    let world = Arc::new(World::default());
    world.command("see a", 1, "", 0);
    let asked = PlannedStep { asked: true, ..again };
    world.drive(&mut saga(vec![asked], PlannedChecks::default())).await.unwrap();
    assert_eq!(world.calls("run do a").len(), 1);
}

#[tokio::test]
async fn a_crash_while_a_check_is_asked_ends_it_and_asks_again() {
    let dying = Arc::new(World { breaks_at: Some("guarded"), ..World::default() });
    let checks = PlannedChecks { before: vec![check("ready", false)], ..PlannedChecks::default() };
    let fresh = saga(vec![step("a", Effect::Restorative)], checks);
    let stopped = dying.drive(&mut fresh.clone()).await;
    assert!(matches!(stopped, Err(DriveError::Log(_))), "{stopped:?}");
    assert_eq!(dying.calls("run"), ["run check ready"], "nothing runs on an answer that is not on record");

    let mut taken_up = fresh;
    dying.log().iter().for_each(|event| taken_up.apply(event).unwrap());
    let world = Arc::new(World::default());
    assert_eq!(world.with(&mut taken_up, true).await, Ok(Outcome::Succeeded));
    assert_eq!(world.calls(""), ["reap 7", "run check ready", "judge do a", "run do a", "run see a"]);
}

#[tokio::test]
async fn after_a_crash_nothing_is_done_over_a_step_that_may_still_run_on_a_host_that_cannot_be_asked() {
    let dying = Arc::new(World { breaks_at: Some("ran"), ..World::default() });
    let fresh = saga(vec![quota()], PlannedChecks::default());
    let stopped = dying.drive(&mut fresh.clone()).await;
    assert!(matches!(stopped, Err(DriveError::Log(_))), "{stopped:?}");

    let mut taken_up = fresh;
    dying.log().iter().for_each(|event| taken_up.apply(event).unwrap());
    let world = Arc::new(World { is_unreachable: true, ..World::default() });
    let outcome = world.with(&mut taken_up, true).await;
    assert!(matches!(outcome, Ok(Outcome::Stuck { why }) if why.contains("may still be running")));
    assert_eq!(world.calls(""), ["reap 7"]);
}

#[tokio::test]
async fn a_step_whose_turn_came_too_late_is_looked_at_again_and_has_used_no_attempt() {
    let world = Arc::new(World { late: Mutex::new(Some("do a")), ..World::default() });
    let checks = PlannedChecks { before: vec![check("ready", false)], ..PlannedChecks::default() };
    let mut saga = saga(vec![step("a", Effect::Restorative)], checks);
    assert_eq!(world.drive(&mut saga).await, Ok(Outcome::Succeeded));
    assert_eq!(world.calls("run do a").len(), 2);
}

#[tokio::test]
async fn a_finished_repair_is_taken_back_and_what_was_captured_is_read_again() {
    for (reads, expected) in [("10G", true), ("20G", false)] {
        let world = Arc::new(World::default());
        world.command("get quota", 0, "10G\n", 0);
        let mut done = saga(vec![quota()], PlannedChecks::default());
        assert_eq!(world.drive(&mut done).await, Ok(Outcome::Succeeded));
        world.command("get quota", 0, reads, 0);
        let back = take_back(&done).unwrap();
        let mut back = Saga::new(RemediationId(Ulid::from(2_u128)), back).unwrap();
        let outcome = world.drive(&mut back).await.unwrap();
        assert_eq!(outcome == Outcome::Succeeded, expected, "{outcome:?}");
        assert_eq!(world.calls("run set"), ["run set quota=10G"]);
    }
}

#[tokio::test]
async fn a_step_whose_gate_can_not_be_recorded_stops_everything() {
    let world = Arc::new(World { breaks_at: Some("spawned"), ..World::default() });
    let mut saga = saga(vec![step("a", Effect::Restorative)], PlannedChecks::default());
    let stopped = world.drive(&mut saga).await;
    assert!(matches!(stopped, Err(DriveError::Log(_))), "{stopped:?}");
    let interrupted = saga.interrupted();
    let nothing_ran =
        matches!(interrupted, Some(SagaEvent::NotRun { part: Part::Run, cause: NotRun::Interrupted, .. }));
    assert!(nothing_ran, "{interrupted:?}");
}

/// Its second step waits for what its first captures.
fn late() -> Saga {
    let set = PlannedStep {
        run: action("do set {{capture.old}}"),
        verify: PlannedVerify::Command(action("see set {{capture.old}}")),
        late: true,
        ..step("set", Effect::Restorative)
    };
    let hold = PlannedStep { undo: Some(action("release")), ..quota() };
    saga(vec![hold, set], PlannedChecks::default())
}

fn reads(old: &str) -> World {
    let world = World::default();
    world.command("get quota", 0, old, 0);
    world
}

#[tokio::test]
async fn a_late_step_is_brought_forward_with_its_values_and_on_record_with_them_before_it_starts() {
    let world = Arc::new(reads("10G\n"));
    assert_eq!(world.drive(&mut late()).await, Ok(Outcome::Succeeded));
    assert_eq!(world.calls("permit"), ["permit do set 10G"]);
    assert_eq!(world.calls("run do set"), ["run do set 10G"]);
    assert_eq!(world.calls("run see set"), ["run see set 10G"]);
    let names: Vec<_> = world.log().iter().map(SagaEvent::name).collect();
    let filled = names.iter().position(|name| *name == "filled").unwrap();
    assert_eq!(names[filled + 1], "started");
}

#[tokio::test]
async fn a_late_step_that_nobody_permits_unwinds_and_never_starts() {
    for (value, says, brought, expected) in [
        ("10G", Err("alex said no".to_owned()), 1, "alex said no"),
        ("-rf", Ok(()), 0, "which a program would read as a flag"),
    ] {
        let world = Arc::new(reads(value));
        *world.says.lock().unwrap() = Some(says);
        let outcome = world.drive(&mut late()).await.unwrap();
        assert!(matches!(&outcome, Outcome::Unwound { why } if why.contains(expected)), "{outcome:?}");
        assert_eq!(world.calls("permit").len(), brought);
        assert_eq!(world.calls("run do set"), [""; 0]);
        assert_eq!(world.calls("run release"), ["run release"]);
    }
}

#[tokio::test]
async fn a_repair_that_is_called_off_while_a_late_step_waits_for_people_is_taken_back() {
    let (called_off, _) = watch::channel(None);
    let world = Arc::new(World { called_off: Some(called_off), ..reads("10G") });
    let outcome = world.drive(&mut late()).await.unwrap();
    assert_eq!(outcome, Outcome::Cancelled { why: "the root moved".into() });
    assert_eq!(world.calls("run release"), ["run release"]);
}

#[tokio::test]
async fn a_late_step_whose_permission_is_on_record_is_not_brought_forward_again_after_a_crash() {
    let dying = Arc::new(World { breaks_at: Some("started"), ..reads("10G") });
    let mut fresh = late();
    let first = Arc::new(reads("10G"));
    assert_eq!(first.drive(&mut fresh.clone()).await, Ok(Outcome::Succeeded));
    let log = first.log();
    let filled = log.iter().position(|event| event.name() == "filled").unwrap();
    log[..=filled].iter().for_each(|event| fresh.apply(event).unwrap());
    let stopped = dying.with(&mut fresh, true).await;
    assert!(matches!(stopped, Err(DriveError::Log(_))), "{stopped:?}");
    assert_eq!(dying.calls("permit"), [""; 0]);
    assert_eq!(dying.calls("judge"), ["judge do set 10G"], "but judged once more before it runs");
}
