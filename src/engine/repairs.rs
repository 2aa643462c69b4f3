//! Runs repairs: gives the saga's driver its log, its door to the world and its check, and tells the engine of the
//! steps and of the end.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use super::message::{Handle, Message};
use super::ports::{Child, Clock, CommandRunner, Gatekeeper, Limits, Output, Reaped};
use super::remediate::{Deps, DriveError, Execute, ExecuteError, FinalCheck, Order, SagaLog, drive, recover};
use super::schedule::Asker;
use super::skills::RunResult;
use crate::domain::action::{Action, Effect};
use crate::domain::approval::Approval;
use crate::domain::change::Change;
use crate::domain::ids::{ExecutionId, RemediationId};
use crate::domain::remediation::{CheckVerdict, End, Part, Saga, SagaEvent};
use crate::domain::report::{Report, Status};
use crate::domain::signal::{Origin, Problem, Timestamp};
use crate::policy::{Authorized, Decision, Facts, Grant, Policy};
use crate::store::sagas::Unfinished;
use crate::store::{Store, sagas};

/// Output kept of each process of a repair, in bytes.
const MAX_OUTPUT: usize = 64 * 1024;

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
    calls_off: Arc<Mutex<HashMap<RemediationId, watch::Sender<Option<String>>>>>,
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
    ) -> Self {
        Self { store, runner, clock, skills, engine, calls_off: Arc::default() }
    }

    /// Runs a repair, or takes up one that an earlier Steward left. `facts` are those of its beginning: a later
    /// pause holds back what begins later, not what has begun.
    pub fn run(&self, repair: Unfinished, policy: Arc<Policy>, facts: Facts) {
        let (call_off, called_off) = watch::channel(None);
        self.lock().insert(repair.id, call_off);
        let shop = self.clone();
        let busy = self.engine.activity().begin();
        tokio::spawn(async move {
            shop.drive(repair, policy, facts, called_off).await;
            drop(busy);
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

    async fn drive(
        &self,
        repair: Unfinished,
        policy: Arc<Policy>,
        facts: Facts,
        called_off: watch::Receiver<Option<String>>,
    ) {
        let id = repair.id;
        let runbook = repair.terms.plan.runbook.clone();
        let resumed = !repair.log.is_empty();
        let mut saga = match replay(&repair) {
            Ok(saga) => saga,
            Err(why) => {
                tracing::error!(%id, runbook, why, "a repair's log makes no sense; a person has to look");
                let outcome = crate::domain::remediation::Outcome::Stuck { why };
                self.engine.send(Message::RepairEnded {
                    incident: repair.incident,
                    remediation: id,
                    runbook,
                    outcome,
                });
                return;
            }
        };
        let door = Door {
            shop: self,
            policy: &policy,
            facts,
            approval: repair.terms.approval.as_ref(),
            used: Mutex::new(used(&repair.log)),
        };
        let check = OriginalCheck { shop: self, origin: &repair.terms.origin, problem: &repair.problem };
        let log = Log { shop: self };
        let deps = Deps { log: &log, execute: &door, check: &check, clock: self.clock.clone() };
        let observe = |saga: &Saga, event: &SagaEvent| self.tell(&repair, saga, event);
        let ended = if resumed {
            recover(&mut saga, &deps, called_off, &observe).await
        } else {
            drive(&mut saga, &deps, called_off, &observe).await
        };
        self.lock().remove(&id);
        match ended {
            Ok(outcome) => {
                let ended =
                    Message::RepairEnded { incident: repair.incident, remediation: id, runbook, outcome };
                let _ = self.engine.submit(ended).await;
            }
            // The row stays live, so that the next start takes the repair up where its log ends.
            Err(error @ (DriveError::Log(_) | DriveError::Illegal(_))) => {
                tracing::error!(%id, runbook, %error, "a repair stopped half way; it is taken up again at the next start");
            }
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
        let action = if *part == Part::Run { Some(&planned.run) } else { planned.undo.as_ref() }?;
        Some(Change {
            id: execution.to_string(),
            source: "steward".to_owned(),
            at: self.clock.now(),
            author: "steward".to_owned(),
            summary: format!("{action} (runbook {})", repair.terms.plan.runbook),
            files: Vec::new(),
            files_total: 0,
            targets: vec![repair.problem.target.clone()],
        })
    }
}

fn replay(repair: &Unfinished) -> Result<Saga, String> {
    let mut saga = Saga::new(repair.id, repair.terms.plan.clone()).map_err(|error| error.to_string())?;
    for event in &repair.log {
        saga.apply(event).map_err(|error| error.to_string())?;
    }
    Ok(saga)
}

/// How often each approved digest was let go already, as the log has it.
fn used(log: &[SagaEvent]) -> BTreeMap<String, usize> {
    let mut digests: BTreeMap<ExecutionId, &String> = BTreeMap::new();
    let mut used = BTreeMap::new();
    for event in log {
        match event {
            SagaEvent::Started { execution, digest, .. }
            | SagaEvent::UndoStarted { execution, digest, .. } => {
                digests.insert(*execution, digest);
            }
            SagaEvent::Spawned { execution, .. } => {
                if let Some(digest) = digests.get(execution) {
                    *used.entry((*digest).clone()).or_default() += 1;
                }
            }
            _ => {}
        }
    }
    used
}

/// The story's line for a saga's event, where it deserves one.
fn step_text(saga: &Saga, event: &SagaEvent) -> Option<String> {
    let step = event.step().and_then(|step| saga.plan().steps.get(step))?;
    match event {
        SagaEvent::Ran { part, end, stderr, .. } => {
            let action = if *part == Part::Run { Some(&step.run) } else { step.undo.as_ref() }?;
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

struct Log<'a> {
    shop: &'a Shop,
}

#[async_trait]
impl SagaLog for Log<'_> {
    async fn append(&self, id: RemediationId, event: &SagaEvent) -> Result<(), String> {
        let (event, now) = (event.clone(), self.shop.clock.now());
        self.shop
            .store
            .call(move |conn| sagas::append(conn, id, &event, now))
            .await
            .map_err(|error| error.to_string())
    }
}

/// The one door to the world: the policy's word each time, or an approval that names exactly this.
struct Door<'a> {
    shop: &'a Shop,
    policy: &'a Policy,
    facts: Facts,
    approval: Option<&'a Approval>,
    used: Mutex<BTreeMap<String, usize>>,
}

impl Door<'_> {
    /// The approval that covers this action and is not used up.
    fn grant(&self, action: &Action, now: Timestamp) -> Result<Grant, String> {
        let approval = self.approval.ok_or("it needs a person's yes, and nobody was asked")?;
        let digest = self.policy.digest(action);
        let name = digest.to_string();
        let granted = approval.actions.iter().filter(|granted| granted.digest == name).count();
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner).get(&name).copied().unwrap_or(0);
        if granted == 0 {
            return Err(format!("approval {} does not name `{action}`", approval.number));
        }
        if used >= granted {
            return Err(format!("approval {} was used for `{action}` already", approval.number));
        }
        // What was approved in time may finish; it is the use that is counted.
        Ok(Grant {
            approval: approval.id,
            digest,
            expires_at: approval.expires_at.max(now + chrono::TimeDelta::seconds(60)),
        })
    }

    async fn authorize(&self, action: &Action) -> Result<Authorized, ExecuteError> {
        let denied = |why: String| ExecuteError::Denied(why);
        let executable = self
            .shop
            .runner
            .resolve(action)
            .await
            .map_err(|error| ExecuteError::NotRun(error.to_string()))?;
        let now = self.shop.clock.now();
        let evaluation = self.policy.evaluate(action, &self.facts);
        match evaluation.decision {
            Decision::Allow => self
                .policy
                .authorize(action.clone(), executable, &self.facts, now)
                .map_err(|d| denied(d.to_string())),
            Decision::Approve => {
                let grant = self.grant(action, now).map_err(denied)?;
                let authorized =
                    self.policy.authorize_approved(action.clone(), executable, &self.facts, &grant, now);
                let authorized = authorized.map_err(|d| denied(d.to_string()))?;
                *self
                    .used
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .entry(grant.digest.to_string())
                    .or_default() += 1;
                Ok(authorized)
            }
            Decision::Forbid => Err(denied(evaluation.reasons.join("; "))),
        }
    }
}

#[async_trait]
impl Execute for Door<'_> {
    async fn judge(&self, action: &Action) -> Result<String, String> {
        let evaluation = self.policy.evaluate(action, &self.facts);
        match evaluation.decision {
            Decision::Allow => {}
            Decision::Approve => {
                self.grant(action, self.shop.clock.now())?;
            }
            Decision::Forbid => return Err(evaluation.reasons.join("; ")),
        }
        Ok(self.policy.digest(action).to_string())
    }

    async fn execute(&self, order: Order<'_>, gate: &mut dyn Gatekeeper) -> Result<Output, ExecuteError> {
        if order.digest.is_some_and(|digest| digest != self.policy.digest(order.action).to_string()) {
            return Err(ExecuteError::Denied("what would run is not what was judged".to_owned()));
        }
        let authorized = self.authorize(order.action).await?;
        let limits = Limits { timeout: order.timeout, max_output: MAX_OUTPUT };
        // A step that began finishes: calling off acts between steps.
        let (_never, cancel) = watch::channel(false);
        self.shop
            .runner
            .run(authorized, limits, gate, cancel)
            .await
            .map_err(|error| ExecuteError::NotRun(error.to_string()))
    }

    async fn reap(&self, execution: ExecutionId, child: &Child) -> Reaped {
        self.shop.runner.reap(execution, child).await
    }
}

/// The check that found the problem, run again.
struct OriginalCheck<'a> {
    shop: &'a Shop,
    origin: &'a Origin,
    problem: &'a Problem,
}

#[async_trait]
impl FinalCheck for OriginalCheck<'_> {
    async fn check(&self) -> CheckVerdict {
        let skill = match self.origin {
            Origin::Skill(name) => name.as_str(),
            Origin::Steward => self.problem.target.name(),
            Origin::Alert(_) => return CheckVerdict::Deferred,
        };
        match self.shop.skills.run_and_wait(skill, "to see whether a repair worked").await {
            Err(why) => CheckVerdict::Unreadable(why),
            Ok(run) => match run.result {
                RunResult::Report(report) => verdict(&report, self.problem),
                RunResult::Failed(why) => CheckVerdict::Unreadable(why),
                RunResult::Cancelled => CheckVerdict::Unreadable("Steward is ending".to_owned()),
            },
        }
    }
}

fn verdict(report: &Report, problem: &Problem) -> CheckVerdict {
    let about = |f: &&crate::domain::report::Finding| f.target == problem.target;
    let broken = |f: &&crate::domain::report::Finding| {
        matches!(f.status, Status::Problem | Status::Action) && f.signature == problem.signature
    };
    if let Some(finding) = report.findings.iter().filter(about).find(broken) {
        return CheckVerdict::Failed(finding.summary.clone());
    }
    if report.complete || report.findings.iter().filter(about).any(|f| f.status == Status::Ok) {
        return CheckVerdict::Passed;
    }
    let unknown = report.findings.iter().find(|f| f.status == Status::Unknown);
    CheckVerdict::Unreadable(
        unknown.map_or_else(|| "its check says nothing about it".to_owned(), |f| f.summary.clone()),
    )
}
