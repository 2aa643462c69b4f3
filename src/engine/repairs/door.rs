//! The one door from a repair to the world: the policy's word each time, or an approval that names exactly this.

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Shop;
use super::permits::{Granted, Permits};
use crate::domain::action::Action;
use crate::domain::ids::ExecutionId;
use crate::domain::remediation::PlannedStep;
use crate::engine::activity::RestingClock;
use crate::engine::patience;
use crate::engine::ports::{Child, Gatekeeper, Limits, Output, Reaped, RunError};
use crate::engine::remediate::{Execute, ExecuteError, Order, Permitted, Purpose};
use crate::policy::{Authorized, Decision, Denied, Facts, Policy};
use crate::store::audit::{self, AuditEntry, AuditKind};
use crate::store::sagas::Unfinished;

/// Output kept of each process of a repair, in bytes.
const MAX_OUTPUT: usize = 64 * 1024;

/// What one repair may do.
pub(super) struct Door<'a> {
    pub(super) shop: &'a Shop,
    pub(super) repair: &'a Unfinished,
    pub(super) clock: &'a RestingClock,
    pub(super) policy: &'a Policy,
    /// The facts of the repair's beginning.
    pub(super) facts: Facts,
    pub(super) granted: Granted,
    /// Whether a process is under way whose end is not on record yet.
    pub(super) in_flight: &'a watch::Sender<bool>,
}

impl Door<'_> {
    /// Notes what becomes of a process. Nothing begins that could not be noted.
    async fn audit(&self, what: &str, order: &Order<'_>, particulars: Value) -> Result<(), String> {
        let mut body = json!({
            "command": order.action.to_string(),
            "surroundings": order.action.surroundings(),
            "digest": self.policy.digest(order.action).to_string(),
            "execution": order.execution.to_string(),
        });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), particulars) {
            body.extend(more);
        }
        self.note(what, body).await
    }

    /// Notes something of a process, for as long as it takes.
    async fn note(&self, what: &str, body: Value) -> Result<(), String> {
        let entry = AuditEntry::new(AuditKind::Execution, what, self.shop.clock.now())
            .of_incident(self.repair.incident)
            .of_remediation(self.repair.id)
            .with(body);
        let redactor = self.shop.store.redaction().now();
        let append = move |conn: &rusqlite::Connection| audit::append(conn, &entry, &redactor);
        patience::write(&self.shop.store, self.clock, &self.shop.stopping, "a repair", append)
            .await
            .map_err(|error| format!("it could not be noted: {error}"))
    }

    /// What the policy has to know of a command now.
    fn facts(&self, purpose: Purpose) -> Facts {
        let safety_checked = purpose == (Purpose::Step { safety_checked: true });
        Facts { safety_checked, ..self.facts }
    }

    /// The authorization, and whether an approval was used for it.
    async fn authorize(&self, order: &Order<'_>) -> Result<(Authorized, bool), ExecuteError> {
        let Order { action, purpose, step, .. } = *order;
        let denied = |why: String| ExecuteError::Denied(why);
        let resolved = self.shop.runner.resolve(action).await;
        let executable = resolved.map_err(|error| ExecuteError::NotRun(error.to_string()))?;
        let now = self.shop.clock.now();
        let facts = self.facts(purpose);
        let evaluation = match self.policy.authorize(action.clone(), executable.clone(), &facts, now) {
            Ok(authorized) => return Ok((authorized, false)),
            Err(Denied::Policy(evaluation)) => evaluation,
            Err(other) => return Err(denied(other.to_string())),
        };
        if evaluation.decision == Decision::Forbid {
            return Err(denied(evaluation.reasons.join("; ")));
        }
        let grant = self
            .granted
            .with(step, |permits| permits.spend(action, purpose, &executable, self.policy, now))
            .map_err(denied)?;
        self.policy
            .authorize_approved(action.clone(), executable, &facts, &grant, now)
            .map(|authorized| (authorized, true))
            .map_err(|d| denied(d.to_string()))
    }

    /// Judges and runs once.
    async fn attempt(&self, order: &Order<'_>, gate: &mut dyn Gatekeeper) -> Result<Output, ExecuteError> {
        let (authorized, used) = match self.authorize(order).await {
            Ok(authorized) => authorized,
            Err(error) => {
                let why = json!({ "why": error.to_string() });
                self.audit("refused", order, why).await.map_err(ExecuteError::NotRun)?;
                return Err(error);
            }
        };
        let begins = json!({
            "executable": authorized.executable().path,
            "sha256": authorized.executable().sha256,
            "why": authorized.why(),
        });
        self.audit("started", order, begins).await.map_err(ExecuteError::NotRun)?;
        let limits = Limits { timeout: order.timeout, max_output: MAX_OUTPUT };
        // A step that began finishes: calling off acts between steps.
        let (_never, cancel) = watch::channel(false);
        self.in_flight.send_replace(true);
        let output = self.shop.runner.run(authorized, limits, gate, cancel).await;
        let ends = match &output {
            Ok(output) => json!({ "exit": output.exit, "ms": output.duration.as_millis() as u64 }),
            Err(error) => json!({ "not_run": error.to_string() }),
        };
        if let Err(why) = self.audit("ended", order, ends).await {
            // What it did is on the repair's own record; only this line of the trail is missing.
            tracing::error!(why, "the audit trail misses the end of a process");
        }
        if order.digest.is_none() || output.is_err() {
            // Nothing is recorded of the end of what only reads.
            self.in_flight.send_replace(false);
        }
        if output == Err(RunError::Late) && used {
            // It was not begun, so the approval was not used.
            let give_back = |permits: &Permits| {
                permits.give_back(order.action, order.purpose);
                Ok(())
            };
            self.granted.with(order.step, give_back).map_err(ExecuteError::NotRun)?;
        }
        output.map_err(|error| match error {
            RunError::Late => ExecuteError::Late,
            error => ExecuteError::NotRun(error.to_string()),
        })
    }
}

#[async_trait]
impl Execute for Door<'_> {
    async fn judge(&self, step: usize, action: &Action, purpose: Purpose) -> Result<String, String> {
        let evaluation = self.policy.evaluate(action, &self.facts(purpose));
        match evaluation.decision {
            Decision::Allow => {}
            Decision::Approve => self.granted.with(Some(step), |permits| permits.covers(action, purpose))?,
            Decision::Forbid => return Err(evaluation.reasons.join("; ")),
        }
        Ok(self.policy.digest(action).to_string())
    }

    async fn permit(&self, step: usize, filled: PlannedStep) -> Result<Permitted, String> {
        let permitted = self.shop.permit(self, step, filled).await?;
        self.granted.add(step, permitted.approval.as_ref());
        Ok(permitted)
    }

    async fn execute(&self, order: Order<'_>, gate: &mut dyn Gatekeeper) -> Result<Output, ExecuteError> {
        if order.digest.is_some_and(|digest| digest != self.policy.digest(order.action).to_string()) {
            return Err(ExecuteError::Denied("what would run is not what was judged".to_owned()));
        }
        let output = loop {
            match self.attempt(&order, gate).await {
                // Waiting costs nothing, however often. Only safety checks would be too old by now: those are the
                // saga's to repeat.
                Err(ExecuteError::Late) if order.purpose != (Purpose::Step { safety_checked: true }) => {}
                ended => break ended?,
            }
        };
        // What only reads may be read for an undo, which needs it to the letter.
        Ok(if order.digest.is_some() { output.redacted(&self.shop.store.redaction().now()) } else { output })
    }

    async fn reap(&self, execution: ExecutionId, child: &Child, host: &str) -> Reaped {
        let reaped = self.shop.runner.reap(execution, child, host).await;
        let body = json!({ "execution": execution.to_string(), "by": "an earlier Steward", "found": format!("{reaped:?}").to_lowercase() });
        if let Err(why) = self.note("lost", body).await {
            tracing::error!(why, "the audit trail misses the end of a process");
        }
        reaped
    }
}
