//! Runs repairs: gives the saga's driver its log, its door to the world and its check, and tells the engine of the
//! steps and of the end.

mod check;
mod door;
mod late;
mod log;
mod permits;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{oneshot, watch};

use super::activity::{RestingClock, told};
use super::message::{Handle, Message};
use super::ports::{Clock, CommandRunner};
use super::reach::{Place, Places, Reach};
use super::remediate::{Deps, DriveError, drive, recover};
use super::schedule::Asker;
use crate::domain::action::{Action, Effect};
use crate::domain::card::{Card, Mention};
use crate::domain::change::{BY_STEWARD, Change, ChangeKind, RESTORED_BY_STEWARD};
use crate::domain::ids::RemediationId;
use crate::domain::incident::Event;
use crate::domain::remediation::{CheckVerdict, End, Outcome, Part, Saga, SagaEvent, fill_captures};
use crate::policy::{Facts, Policy};
use crate::store::sagas::Unfinished;
use crate::store::{Store, StoreError, query};
use check::OriginalCheck;
use door::Door;
use late::Waiting;
pub(super) use late::word;
pub use late::{LateStep, Word};
use log::Log;
use permits::Granted;

/// What repairs work with.
#[derive(Clone)]
pub struct Shop {
    /// Where their logs are.
    pub store: Store,
    /// Runs processes.
    pub runner: Arc<dyn CommandRunner>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Runs the check that found the problem.
    pub skills: Asker,
    /// Told of the steps and of the end.
    pub engine: Handle,
    /// Turns true when Steward is about to end.
    pub stopping: watch::Receiver<bool>,
    calls_off: Arc<Mutex<HashMap<RemediationId, watch::Sender<Option<String>>>>>,
    waiting: Waiting,
    places: Places,
}

impl Shop {
    /// A shop in which nothing runs yet.
    #[must_use]
    pub fn new(
        store: Store,
        runner: Arc<dyn CommandRunner>,
        clock: Arc<dyn Clock>,
        skills: Asker,
        engine: Handle,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self {
            store,
            runner,
            clock,
            skills,
            engine,
            stopping,
            calls_off: Arc::default(),
            waiting: Waiting::default(),
            places: Places::default(),
        }
    }

    /// Runs a repair, or takes up one that an earlier Steward left. It waits until nobody that it would collide with is
    /// at work any more, and then asks the engine whether it may go ahead.
    ///
    /// When Steward is about to end, a step that runs finishes; the rest is taken up at the next start.
    pub fn run(&self, repair: Unfinished, reach: Reach) {
        let (call_off, called_off) = watch::channel(None);
        self.lock().insert(repair.id, call_off);
        // Places are taken in the order of these calls, whatever the tasks do.
        let place = self.places.try_take(repair.id, &reach);
        let shop = self.clone();
        self.engine.activity().spawn(async move {
            let (in_flight, mut at_rest) = watch::channel(false);
            let mut stopping = shop.stopping.clone();
            tokio::select! {
                () = async {
                    let place = match place {
                        Some(place) => Some(place),
                        None => shop.wait_for_place(&repair, &reach, called_off.clone()).await,
                    };
                    let over = shop.go_ahead(&repair, called_off, &in_flight).await;
                    if !over {
                        // What is half done keeps others away until it is taken up again.
                        std::mem::forget(place);
                    }
                } => {}
                () = async {
                    told(&mut stopping).await;
                    let _ = at_rest.wait_for(|running| !running).await;
                } => tracing::info!(id = %repair.id, "a repair goes on at the next start"),
            }
            shop.lock().remove(&repair.id);
            shop.waiting.forget(repair.id);
        });
    }

    /// Asks the engine whether the repair may go ahead, and drives it. Whether it came to its end.
    async fn go_ahead(
        &self,
        repair: &Unfinished,
        called_off: watch::Receiver<Option<String>>,
        in_flight: &watch::Sender<bool>,
    ) -> bool {
        let (reply, answer) = oneshot::channel();
        self.engine.send(Message::Turn { repair: Box::new(repair.clone()), reply });
        let Ok((go, busy)) = answer.await else { return false };
        drop(busy);
        if let Some(why) = &go.off {
            self.call_off(repair.id, why);
        }
        self.drive(repair, &go.policy, go.facts, called_off, in_flight).await
    }

    /// Waits for its turn. Called off, it gets none: then nothing is left to be done but to say so.
    async fn wait_for_place(
        &self,
        repair: &Unfinished,
        reach: &Reach,
        mut called_off: watch::Receiver<Option<String>>,
    ) -> Option<Place> {
        tokio::select! {
            place = self.places.take(repair.id, reach) => Some(place),
            _ = called_off.wait_for(Option::is_some), if repair.log.is_empty() => None,
        }
    }

    /// Finds out which programs the commands of a question mean now, and tells the engine.
    pub fn fingerprint(&self, approval: u64, actions: Vec<Action>) {
        let shop = self.clone();
        self.engine.activity().spawn(async move {
            let mut executables = Vec::new();
            for action in &actions {
                executables.push(shop.runner.resolve(action).await.ok());
            }
            shop.engine.send(Message::Fingerprinted { approval, executables });
        });
    }

    /// Calls a repair off: the running step finishes, the rest is unwound.
    pub fn call_off(&self, id: RemediationId, why: &str) {
        if let Some(sender) = self.lock().get(&id) {
            let _ = sender.send(Some(why.to_owned()));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RemediationId, watch::Sender<Option<String>>>> {
        self.calls_off.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drives it. Whether it came to its end.
    async fn drive(
        &self,
        repair: &Unfinished,
        policy: &Policy,
        facts: Facts,
        called_off: watch::Receiver<Option<String>>,
        in_flight: &watch::Sender<bool>,
    ) -> bool {
        let id = repair.id;
        let plan = &repair.terms.plan;
        let mut saga = match replay(repair) {
            Ok(saga) => saga,
            Err(why) => {
                tracing::error!(%id, plan.runbook, why, "a repair's log makes no sense; a person has to look");
                self.ended(repair, Outcome::Stuck { why }).await;
                return true;
            }
        };
        let clock = Arc::new(RestingClock::new(self.clock.clone(), self.engine.activity().clone()));
        let granted = Granted::new(repair.terms.approval.as_ref(), &saga, &repair.log);
        let door = Door { shop: self, repair, clock: &clock, policy, facts, granted, in_flight };
        let check = OriginalCheck { shop: self, origin: &repair.terms.origin, problem: &repair.problem };
        let log = Log { shop: self, clock: &clock, in_flight };
        let redactor = self.store.redaction().now();
        let deps = Deps {
            log: &log,
            execute: &door,
            check: &check,
            clock: clock.clone(),
            holds_secret: &|text| redactor.holds_secret(text),
        };
        let observe = |saga: &Saga, event: &SagaEvent| self.tell(repair, saga, event);
        let ended = if repair.log.is_empty() {
            drive(&mut saga, &deps, called_off, &observe).await
        } else {
            self.tell_rest(repair, &saga).await;
            recover(&mut saga, &deps, called_off, &observe).await
        };
        match ended {
            Ok(outcome) => {
                self.ended(repair, outcome).await;
                true
            }
            // The row stays live, so that the next start takes the repair up where its log ends.
            Err(error @ (DriveError::Log(_) | DriveError::Illegal(_))) => {
                tracing::error!(%id, plan.runbook, %error, "a repair stopped half way; it is taken up again at the next start");
                let card = Card::titled(format!("The repair {} stopped half way: {error}", plan.runbook));
                let line =
                    "What it changed stands as it is until Steward is started again, which takes it up.";
                self.engine.send(Message::Notice(Card { mention: Mention::Here, ..card.line(line) }));
                false
            }
        }
    }

    async fn ended(&self, repair: &Unfinished, outcome: Outcome) {
        let (incident, remediation) = (repair.incident, repair.id);
        let runbook = repair.terms.plan.runbook.clone();
        // If Steward ends first, the log's last line says the same at the next start.
        let _ = self.engine.submit(Message::RepairEnded { incident, remediation, runbook, outcome }).await;
    }

    /// Tells what an earlier Steward recorded of the repair and did not come to tell.
    async fn tell_rest(&self, repair: &Unfinished, saga: &Saga) {
        let (incident, id) = (repair.incident, repair.id);
        let steps = move |conn: &rusqlite::Connection| -> Result<usize, StoreError> {
            let of_this =
                |event: &Event| matches!(event, Event::RepairStep { remediation, .. } if *remediation == id);
            Ok(query::timeline(conn, incident, 0)?.iter().filter(|record| of_this(&record.event)).count())
        };
        match self.store.read(steps).await {
            Ok(told) => {
                let worth_telling = |event: &&SagaEvent| step_text(saga, event).is_some();
                repair
                    .log
                    .iter()
                    .filter(worth_telling)
                    .skip(told)
                    .for_each(|event| self.tell(repair, saga, event));
            }
            Err(error) => tracing::warn!(%id, %error, "it can't be read what was told of a repair"),
        }
    }

    fn tell(&self, repair: &Unfinished, saga: &Saga, event: &SagaEvent) {
        let Some(text) = step_text(saga, event) else { return };
        let change = self.as_change(repair, saga, event);
        self.engine.send(Message::Step { incident: repair.incident, remediation: repair.id, text, change });
    }

    /// A step that changed something, as a possible cause of what comes later.
    fn as_change(&self, repair: &Unfinished, saga: &Saga, event: &SagaEvent) -> Option<Change> {
        let SagaEvent::Ran { step, part, execution, .. } = event else { return None };
        let planned = saga.plan().steps.get(*step)?;
        if planned.effect == Effect::Read {
            return None;
        }
        let source = if planned.effect == Effect::Restorative { RESTORED_BY_STEWARD } else { BY_STEWARD };
        let action = what_ran(saga, *step, *part)?;
        let summary = format!("{action} (runbook {})", repair.terms.plan.runbook);
        let change =
            Change::new(ChangeKind::Action, source, execution.to_string(), self.clock.now(), summary);
        Some(change.by("steward").on([repair.problem.target.clone()]))
    }
}

fn replay(repair: &Unfinished) -> Result<Saga, String> {
    let mut saga = Saga::new(repair.id, repair.terms.plan.clone()).map_err(|error| error.to_string())?;
    for event in &repair.log {
        saga.apply(event).map_err(|error| error.to_string())?;
    }
    Ok(saga)
}

/// The command of a step as it ran: an undo with the values that were captured.
fn what_ran(saga: &Saga, step: usize, part: Part) -> Option<Action> {
    let planned = saga.plan().steps.get(step)?;
    match part {
        Part::Run => Some(planned.run.clone()),
        Part::Undo => {
            let undo = planned.undo.as_ref()?;
            let captured = &saga.steps().get(step)?.captured;
            Some(fill_captures(undo, captured).unwrap_or_else(|_| undo.clone()))
        }
    }
}

/// The story's line for a saga's event, where it deserves one.
fn step_text(saga: &Saga, event: &SagaEvent) -> Option<String> {
    if let SagaEvent::Guarded { point, name, verdict, .. } = event {
        let moment = saga.moment(*point);
        return match verdict {
            CheckVerdict::Failed(why) => Some(format!("check {name} does not hold {moment}: {why}")),
            CheckVerdict::Unreadable(why) => Some(format!("check {name} can't be read {moment}: {why}")),
            CheckVerdict::Passed | CheckVerdict::Deferred => None,
        };
    }
    let number = event.step()?;
    let step = saga.plan().steps.get(number)?;
    match event {
        SagaEvent::Ran { part, end, stderr, .. } => {
            let action = what_ran(saga, number, *part)?;
            let verb = if *part == Part::Run { "ran" } else { "took back with" };
            if *end == End::Code(0) {
                return Some(format!("{verb} `{action}`"));
            }
            let said = stderr.as_str().lines().next().map(|l| format!(": {l}")).unwrap_or_default();
            Some(format!("{verb} `{action}` ({end}{said})"))
        }
        SagaEvent::Refused { why, .. } => Some(format!("step {} could not begin: {why}", step.name)),
        SagaEvent::NotRun { why, .. } => Some(format!("step {} did not run: {why}", step.name)),
        SagaEvent::Verified {
            verdict: CheckVerdict::Failed(why) | CheckVerdict::Unreadable(why), ..
        } => Some(format!("step {} is not verified: {why}", step.name)),
        SagaEvent::Waiting { .. } => Some(format!("step {} is tried again in a while", step.name)),
        _ => None,
    }
}
