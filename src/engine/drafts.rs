//! Where the agent's same fix has held twice for a signature, a runbook is drafted, checked, and offered: adaptive
//! becomes deterministic.

use super::plan::{draft, radius};
use super::world::World;
use crate::config::check_runbook;
use crate::domain::agent::{Fixed, Keepsake, PLAN_PREFIX, does_the_same, draft_runbook};
use crate::domain::card::{Card, Place};
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::incident::Incident;
use crate::domain::runbook::Runbook;
use crate::domain::signal::{Origin, Severity, Signal, SignalState, Timestamp};
use crate::domain::target::{Signature, Target};
use crate::policy::{Decision, Facts};
use crate::store::load::PastRepair;

/// How often the same fix has to have held to become a runbook.
const OFTEN: usize = 2;

impl World {
    /// A repair has resolved an incident: if it is the agent's, what it was for is kept until its watch time is over.
    pub(super) fn watch_fix(&mut self, remediation: RemediationId, plan: &str, id: IncidentId) {
        let Some(incident) = self.incident(id).filter(|_| plan.starts_with(PLAN_PREFIX)) else { return };
        let (target, signature) = (incident.root.clone(), signature_at_root(incident));
        let fixed = Fixed { remediation, plan: plan.to_owned(), signature, target };
        let number = incident.number;
        self.learned.watched.insert(remediation, (id, number, fixed));
    }

    /// The same for one that an earlier Steward began to watch.
    pub(super) fn watch_past_fix(&mut self, repair: &PastRepair) {
        if !repair.runbook.starts_with(PLAN_PREFIX) {
            return;
        }
        let fixed = Fixed {
            remediation: repair.id,
            plan: repair.runbook.clone(),
            signature: repair.signature.clone(),
            target: repair.target.clone(),
        };
        self.learned.watched.insert(repair.id, (repair.incident, repair.case, fixed));
    }

    /// A repair has held its watch time. If it was the agent's and the same has held before, it is offered as a runbook.
    pub(super) fn fix_held(&mut self, remediation: RemediationId, now: Timestamp) {
        let Some((id, number, fixed)) = self.learned.watched.remove(&remediation) else { return };
        if self.learned.fixes.iter().any(|known| known.remediation == remediation) {
            return;
        }
        self.learned.fixes.push(fixed.clone());
        let (plan, targets) = self.same_fixes(&fixed);
        let Some(plan) = plan.filter(|_| targets.len() >= OFTEN) else { return };
        match self.drafted(&fixed, &plan, &targets, now) {
            Ok((name, yaml)) => {
                let title =
                    format!("runbook {name}, from what the agent did {} times about this", targets.len());
                self.offer_in((id, number), &title, Keepsake::Runbook { name, yaml }, now);
            }
            Err(why) => {
                let why = why.trim_end_matches('.');
                let text = format!("The agent's fix has worked again, and makes no runbook: {why}.");
                self.say_in((id, number), text, now);
            }
        }
    }

    /// The plan of a fix, and the targets on which the same has held, this one's first.
    fn same_fixes(&self, fixed: &Fixed) -> (Option<String>, Vec<Target>) {
        let Some(plan) = self.learned.plans.get(&fixed.plan) else { return (None, Vec::new()) };
        let others = self.learned.fixes.iter().filter(|known| {
            known.remediation != fixed.remediation
                && known.signature == fixed.signature
                && self
                    .learned
                    .plans
                    .get(&known.plan)
                    .is_some_and(|other| does_the_same((plan, &fixed.target), (other, &known.target)))
        });
        let targets = std::iter::once(&fixed.target).chain(others.map(|known| &known.target));
        (Some(plan.clone()), targets.cloned().collect())
    }

    /// A runbook from a plan, under a name that is free; or why there is none.
    fn drafted(
        &self,
        fixed: &Fixed,
        plan: &str,
        targets: &[Target],
        now: Timestamp,
    ) -> Result<(String, String), String> {
        let yaml = draft_runbook(&fixed.signature, plan, targets)?;
        let usual = format!("fix-{}", fixed.signature);
        let name =
            self.free_name(&usual).ok_or_else(|| format!("there are too many runbooks named {usual}"))?;
        let yaml = yaml.replacen(&format!("name: {usual}\n"), &format!("name: {name}\n"), 1);
        let runbook = check_runbook(&name, &yaml)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        targets.iter().try_for_each(|target| self.may_become(&runbook, &fixed.signature, target, now))?;
        Ok((name, yaml))
    }

    fn free_name(&self, usual: &str) -> Option<String> {
        let taken = |name: &String| self.knowledge.runbooks.iter().any(|runbook| runbook.name == *name);
        let more = (2..10).map(|n| format!("{usual}-{n}"));
        std::iter::once(usual.to_owned()).chain(more).find(|name| !taken(name))
    }

    /// Whether the policy lets a runbook do to a target what it would do.
    ///
    /// # Errors
    /// What it forbids, or what can't be filled.
    fn may_become(
        &self,
        runbook: &Runbook,
        signature: &Signature,
        target: &Target,
        now: Timestamp,
    ) -> Result<(), String> {
        let signal = Signal {
            origin: Origin::Steward,
            target: target.clone(),
            signature: signature.clone(),
            severity: Severity::Error,
            state: SignalState::Firing,
            summary: String::new(),
            impact: None,
            evidence: String::new(),
            labels: std::collections::BTreeMap::new(),
            at: now,
            received_at: now,
        };
        let facts = Facts {
            autonomy: self.settings.autonomy,
            target_radius: radius(&self.knowledge.topology, target),
            ..Facts::plain()
        };
        let drafted = draft(runbook, &signal, &self.settings.host, &self.knowledge.policy, &facts)?;
        match drafted.decision {
            Decision::Forbid => Err(format!("the policy forbids it: {}", drafted.forbidden())),
            Decision::Approve | Decision::Allow => Ok(()),
        }
    }

    /// Says something in the thread of a case, whether or not that is over.
    pub(super) fn say_in(&mut self, (id, number): (IncidentId, u64), text: String, now: Timestamp) {
        let place = Place::Thread { incident: id, number };
        let card = Card::titled(format!("#{number}")).line(text);
        let all = self.settings.clone();
        self.post_to(&all.platforms, &id.to_string(), None, &place, &card, now);
    }
}

/// How the suspected root is broken.
pub(super) fn signature_at_root(incident: &Incident) -> Signature {
    let at_root = incident.members.iter().find(|member| member.problem.target == incident.root);
    at_root.map_or_else(|| incident.signature.clone(), |member| member.problem.signature.clone())
}
