//! The one door from the agent to processes: what only reads, by the policy's word, noted before it begins.

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Bench;
use crate::agent::toolbox::Outcome;
use crate::domain::action::{Action, Effect};
use crate::engine::ports::{Child, Gatekeeper, Limits, Output, RunError};
use crate::policy::{Authorized, Autonomy, Decision, Denied, Evaluation, Facts, Needs};
use crate::store::audit::{self, AuditEntry, AuditKind};

/// What only reads passes under these facts, and nothing else does: also where it turns out only at the runner what a
/// command really is.
const ONLY_READS: Facts =
    Facts { autonomy: Autonomy::Propose, paused: true, observed: false, doubtful: true, ..Facts::plain() };

/// A reader leaves nothing behind, so nothing is recorded of its process.
struct Unrecorded;

#[async_trait]
impl Gatekeeper for Unrecorded {
    async fn spawned(&mut self, _child: &Child) -> Result<(), String> {
        Ok(())
    }
}

impl Bench {
    /// What the policy says to reading this.
    ///
    /// # Errors
    /// It is not allowed, or does not only read: why, for the model.
    pub(super) fn judge(&self, action: &Action) -> Result<(), String> {
        let evaluation = self.policy().evaluate(action, &Facts::plain());
        match (evaluation.decision, evaluation.effect) {
            (Decision::Allow, Effect::Read) => Ok(()),
            _ => Err(refusal(&evaluation)),
        }
    }

    /// Runs what only reads. What is refused is noted, too.
    ///
    /// # Errors
    /// What it came to instead.
    pub(super) async fn run(&self, action: Action, limits: Limits) -> Result<Output, Outcome> {
        let authorized = match self.authorize(&action).await {
            Ok(authorized) => authorized,
            Err(outcome) => {
                if let Outcome::Blocked(why) = &outcome {
                    self.note("refused", &action, json!({ "why": why })).await?;
                }
                return Err(outcome);
            }
        };
        let begins = json!({
            "executable": authorized.executable().path,
            "sha256": authorized.executable().sha256,
            "why": authorized.why(),
        });
        self.note("started", &action, begins).await?;
        // Whoever stops the run drops this, and the process ends with it.
        let (_never, cancel) = watch::channel(false);
        let output = self.deps.runner.run(authorized, limits, &mut Unrecorded, cancel).await;
        let ends = match &output {
            Ok(output) => json!({ "exit": output.exit, "ms": output.duration.as_millis() as u64 }),
            Err(error) => json!({ "not_run": error.to_string() }),
        };
        self.note("ended", &action, ends).await?;
        output.map_err(|error| Outcome::Failed(error.to_string()))
    }

    async fn authorize(&self, action: &Action) -> Result<Authorized, Outcome> {
        // Before anything is looked for: what is forbidden is not even resolved.
        self.judge(action).map_err(Outcome::Blocked)?;
        let executable = self.deps.runner.resolve(action).await.map_err(|error| match error {
            RunError::Refused(why) => Outcome::Blocked(why),
            error => Outcome::Failed(error.to_string()),
        })?;
        let (policy, now) = (self.policy(), self.deps.clock.now());
        let authorized = policy.authorize(action.clone(), executable, &ONLY_READS, now).map_err(
            |denied| match denied {
                Denied::Policy(evaluation) => Outcome::Blocked(refusal(&evaluation)),
                other => Outcome::Blocked(other.to_string()),
            },
        )?;
        if authorized.needs() == Needs::Write {
            return Err(Outcome::Blocked("it needs to write; this only reads".to_owned()));
        }
        Ok(authorized)
    }

    /// Notes what becomes of a process. Nothing begins that could not be noted.
    async fn note(&self, what: &str, action: &Action, particulars: Value) -> Result<(), Outcome> {
        let mut body = json!({
            "by": "agent",
            "run": self.case.run.to_string(),
            "command": action.to_string(),
            "surroundings": action.surroundings(),
            "digest": self.policy().digest(action).to_string(),
        });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), particulars) {
            body.extend(more);
        }
        let entry = AuditEntry::new(AuditKind::Execution, what, self.deps.clock.now())
            .of_incident(self.case.incident)
            .with(body);
        let redactor = self.deps.store.redaction().now();
        let noted = self.deps.store.call(move |conn| audit::append(conn, &entry, &redactor)).await;
        noted.map_err(|error| Outcome::Failed(format!("it could not be noted, so it was not done: {error}")))
    }
}

/// Why something is not run, and what to do instead.
fn refusal(evaluation: &Evaluation) -> String {
    // A reason may go on with a suggested rule: for the operator, not for a model.
    let reasons: Vec<&str> = evaluation
        .reasons
        .iter()
        .filter_map(|why| why.lines().next())
        .map(|why| why.trim_end_matches("; add one:"))
        .collect();
    let reasons = reasons.join("; ");
    match (evaluation.decision, evaluation.effect) {
        (Decision::Forbid, _) => format!("forbidden, whoever asks and however it is put: {reasons}"),
        (_, Effect::Read) => format!("the policy asks a person first: {reasons}; propose it instead"),
        (_, effect) => {
            format!("this only reads, and it is {effect} by the policy: {reasons}; propose it instead")
        }
    }
}
