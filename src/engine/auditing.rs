//! What the audit trail hears of decisions and permissions. What people ask for is noted where it is obeyed, and each
//! process at the door through which it passes.

use serde_json::json;

use super::plan::{Draft, Part};
use super::world::World;
use crate::domain::approval::Approval;
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::signal::Timestamp;
use crate::store::audit::{AuditEntry, AuditKind};

impl World {
    /// What the policy said to a plan, and what follows from it.
    pub(super) fn audit_decision(
        &mut self,
        id: IncidentId,
        remediation: Option<RemediationId>,
        draft: &Draft,
        now: Timestamp,
    ) {
        let policy = &self.knowledge.policy;
        let actions: Vec<_> = draft
            .judged
            .iter()
            .map(|judged| {
                json!({
                    "step": judged.step,
                    "part": part_name(&judged.part),
                    "command": judged.action.to_string(),
                    "surroundings": judged.action.surroundings(),
                    "digest": policy.digest(&judged.action).to_string(),
                    "decision": judged.evaluation.decision,
                    "effect": judged.evaluation.effect,
                    "rule": judged.evaluation.rule,
                    "why": judged.evaluation.reasons.first(),
                })
            })
            .collect();
        let body = json!({ "runbook": draft.plan.runbook, "decision": draft.decision, "actions": actions });
        let entry = AuditEntry::new(AuditKind::Decision, "evaluated", now).of_incident(id).with(body);
        self.batch.audit.push(match remediation {
            Some(remediation) => entry.of_remediation(remediation),
            None => entry,
        });
    }

    /// What became of a permission.
    pub(super) fn audit_approval(
        &mut self,
        approval: &Approval,
        what: &str,
        why: Option<&str>,
        now: Timestamp,
    ) {
        let digests: Vec<&str> = approval.actions.iter().map(|shown| shown.digest.as_str()).collect();
        let body = json!({
            "approval": approval.number,
            "runbook": approval.runbook,
            "digests": digests,
            "expires_at": approval.expires_at,
            "why": why,
        });
        let entry = AuditEntry::new(AuditKind::Approval, what, now).of_incident(approval.incident).with(body);
        self.batch.audit.push(match &approval.decided_by {
            Some(by) => entry.by(by),
            None => entry,
        });
    }
}

fn part_name(part: &Part) -> &'static str {
    match part {
        Part::Check { .. } => "check",
        Part::Capture(_) => "capture",
        Part::Run => "run",
        Part::Verify => "verify",
        Part::Undo => "undo",
    }
}
