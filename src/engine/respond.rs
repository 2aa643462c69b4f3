//! The response to an incident: which runbook, by itself or after a question, or why neither.

use super::effect::Effect;
use super::plan::{Draft, draft, radius};
use super::restore::REPAIRS_REMEMBERED;
use super::timer::Timer;
use super::world::{History, World};
use crate::domain::approval::Approval;
use crate::domain::card::{Card, Mention};
use crate::domain::escalation::{Cause, within};
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::incident::{Event, Incident, Mitigation, Repair, State};
use crate::domain::remediation::Outcome;
use crate::domain::runbook::{Runbook, choose};
use crate::domain::signal::{Signal, Timestamp};
use crate::domain::target::Target;
use crate::policy::{Decision, Facts};
use crate::store::batch::NewRemediation;
use crate::store::sagas::{Terms, Unfinished};

/// What the ladder offers for a problem.
enum Rung {
    /// This runbook fits and may be tried.
    Try(Box<(Draft, Runbook, Signal)>),
    /// The best that is left has to wait.
    Wait(Timestamp, String),
    /// Runbooks fit, and each has been tried as often as it may.
    Exhausted(Vec<String>),
    /// Nothing fits, and why.
    Nothing(String),
}

impl World {
    /// Decides what is done about an incident now, if it is time to.
    pub(super) fn respond(&mut self, id: IncidentId, now: Timestamp) {
        self.review_question(id, now);
        let Some(live) = self.incidents.get(&id) else { return };
        let incident = &live.incident;
        let ready = incident.state == State::Open
            && incident.is_active()
            && incident.approval.is_none()
            // While a root that has recovered is still suspected, its symptoms are left to follow.
            && (incident.active_at_root().next().is_some() || !incident.root_observed())
            && !incident.flapping
            && !live.telling.silenced;
        if !ready || !self.has_settled(id, now) {
            return;
        }
        if !incident.root_observed() {
            let text = format!(
                "Nobody has seen {} itself fail, so nothing is repaired by itself: look there first.",
                incident.root
            );
            self.say_next(id, text, now);
            return;
        }
        match self.ladder(incident, now) {
            Rung::Try(found) => self.try_plan(id, *found, now),
            Rung::Wait(until, runbook) => {
                let at = until.with_timezone(&self.settings.tz).format("%H:%M:%S");
                self.say_next(id, format!("{runbook} ran a short while ago; it may run again at {at}."), now);
                self.wake(until, Timer::Repair(id));
            }
            Rung::Exhausted(tried) => {
                let text = format!(
                    "{} did not fix it for good, and nothing else fits. This one needs a person.",
                    tried.join(", ")
                );
                self.escalate(id, Cause::RepairLimit, text, now);
            }
            Rung::Nothing(why) => self.say_next(id, why, now),
        }
    }

    /// The first runbook that fits the root's problems and may be tried: cooldown, limits and refusals considered.
    fn ladder(&self, incident: &Incident, now: Timestamp) -> Rung {
        let mut exhausted = Vec::new();
        let mut waiting: Option<(Timestamp, String)> = None;
        let mut reasons = Vec::new();
        for member in incident.active_at_root() {
            let Some(row) = self.latest(&member.problem) else { continue };
            let signal = &row.signal;
            for runbook in choose(self.knowledge.runbooks.iter(), signal) {
                let name = runbook.name.clone();
                let history =
                    self.histories.get(&(name.clone(), incident.root.clone())).cloned().unwrap_or_default();
                if incident.declined.contains(&name) {
                    reasons.push(format!("{name} fits, and the answer was no"));
                } else if is_exhausted(incident, &history, runbook, now) {
                    exhausted.push(name);
                } else if let Some(until) = cooling_until(&history, runbook, now) {
                    waiting = waiting.into_iter().chain([(until, name)]).min();
                } else {
                    match self.draft_for(runbook, signal, &incident.root) {
                        Ok(draft) if draft.decision == Decision::Forbid => reasons
                            .push(format!("{name} fits, and the policy forbids it: {}", forbidden(&draft))),
                        Ok(draft)
                            if draft.decision == Decision::Approve && incident.unanswered.contains(&name) =>
                        {
                            reasons.push(format!("{name} fits, and nobody answered when I asked"));
                        }
                        Ok(draft) => return Rung::Try(Box::new((draft, runbook.clone(), signal.clone()))),
                        Err(why) => reasons.push(format!("{name} fits, and can't be filled: {why}")),
                    }
                }
            }
        }
        if let Some((until, name)) = waiting {
            return Rung::Wait(until, name);
        }
        if !exhausted.is_empty() {
            exhausted.dedup();
            return Rung::Exhausted(exhausted);
        }
        if reasons.is_empty() {
            reasons.push("no runbook fits".to_owned());
        }
        Rung::Nothing(format!("Nothing is repaired by itself: {}. This one is yours.", reasons.join("; ")))
    }

    pub(super) fn draft_for(
        &self,
        runbook: &Runbook,
        signal: &Signal,
        root: &Target,
    ) -> Result<Draft, String> {
        draft(runbook, signal, &self.settings.host, &self.knowledge.policy, &self.facts(root))
    }

    /// What the policy has to know of a repair of an observed target.
    #[must_use]
    pub fn facts(&self, target: &Target) -> Facts {
        Facts {
            autonomy: self.settings.autonomy,
            paused: self.paused.is_some(),
            target_radius: radius(&self.knowledge.topology, target),
            ..Facts::plain()
        }
    }

    fn try_plan(
        &mut self,
        id: IncidentId,
        (draft, runbook, signal): (Draft, Runbook, Signal),
        now: Timestamp,
    ) {
        if draft.decision == Decision::Allow {
            let why = "safe to do without asking";
            self.begin_repair(id, &draft, &runbook, &signal, None, why, now);
        } else {
            self.ask(id, &draft, &signal, now);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call site each; a struct would only rename them")]
    pub(super) fn begin_repair(
        &mut self,
        id: IncidentId,
        draft: &Draft,
        runbook: &Runbook,
        signal: &Signal,
        approval: Option<Approval>,
        why: &str,
        now: Timestamp,
    ) {
        let remediation = RemediationId(Self::new_id(now));
        let started = Event::RepairStarted {
            remediation,
            runbook: runbook.name.clone(),
            title: runbook.title.clone(),
            why: why.to_owned(),
        };
        let Some(root) = self.incident(id).map(|incident| incident.root.clone()) else { return };
        if !self.record(id, started, now) {
            return;
        }
        self.histories.entry((runbook.name.clone(), root)).or_default().last_started = Some(now);
        let problem = signal.problem();
        let terms = Terms { plan: draft.plan.clone(), approval, origin: signal.origin.clone() };
        let new = NewRemediation {
            id: remediation,
            incident: id,
            problem: problem.clone(),
            terms: terms.clone(),
            at: now,
        };
        self.batch.remediations.push(new);
        // The facts are those that the decision rests on: a pause in the same breath holds back what comes later.
        let facts = self.facts(&problem.target);
        let repair = Unfinished { id: remediation, incident: id, problem, terms, log: Vec::new() };
        self.effects.push(Effect::Repair(Box::new(repair), facts));
    }

    /// A repair has ended.
    pub fn repair_ended(
        &mut self,
        id: IncidentId,
        remediation: RemediationId,
        runbook: &str,
        outcome: &Outcome,
        now: Timestamp,
    ) {
        self.batch.ended.push((remediation, now, outcome_name(outcome).to_owned()));
        let Some(incident) = self.incident(id) else {
            tracing::info!(%remediation, runbook, ?outcome, "a repair ended after its incident had gone on in another");
            if let Outcome::Stuck { why } = outcome {
                let card = Card::titled(format!("The repair {runbook} is stuck")).line(why.clone());
                let line = "The incident it was for is part of another by now. A person has to look.";
                self.tell_lab(&Card { mention: Mention::Here, ..card.line(line) }, now);
            }
            return;
        };
        let root = incident.root.clone();
        let ended = Event::RepairEnded { remediation, runbook: runbook.to_owned(), outcome: outcome.clone() };
        if !self.record(id, ended, now) {
            return;
        }
        self.question_concluded(id, runbook, outcome);
        let active = self.incident(id).is_some_and(Incident::is_active);
        match outcome {
            Outcome::Succeeded if !active => {
                self.calm(id, Mitigation::Repair { runbook: runbook.to_owned(), remediation }, now);
            }
            Outcome::Succeeded => {}
            Outcome::Deferred => {
                self.calm(id, Mitigation::Repair { runbook: runbook.to_owned(), remediation }, now);
                self.wake(now + self.settings.resolve_timeout, Timer::Confirm(id));
            }
            Outcome::Unwound { .. } => {
                self.histories.entry((runbook.to_owned(), root)).or_default().failures.push(now);
                self.after_recovery(id, now);
            }
            Outcome::Cancelled { .. } => self.after_recovery(id, now),
            Outcome::Stuck { why } => {
                let text = format!(
                    "{runbook} is stuck: {}. Type `clear {}` when you have taken care of it.",
                    why.trim_end_matches('.'),
                    self.number(id)
                );
                self.escalate(id, Cause::Stuck, text, now);
                self.after_recovery(id, now);
            }
        }
    }

    /// A problem of this root is back: a repair for such a problem that had succeeded within its watch time did not
    /// last.
    pub(super) fn not_lasting(&mut self, root: &Target, id: Option<IncidentId>, now: Timestamp) {
        let runbooks = self.knowledge.runbooks.clone();
        let incident = id.and_then(|id| self.incident(id));
        let problems = incident.into_iter().flat_map(|i| &i.members).map(|m| &m.problem);
        let back: Vec<Signal> = problems
            .filter(|problem| problem.target == *root)
            .filter_map(|problem| self.latest(problem).map(|row| row.signal.clone()))
            .collect();
        let mut ineffective = Vec::new();
        for runbook in runbooks.iter().filter(|r| back.iter().any(|signal| r.fits(signal).is_some())) {
            let Some(history) = self.histories.get_mut(&(runbook.name.clone(), root.clone())) else {
                continue;
            };
            let Some((remediation, held_since)) = history.last_success else { continue };
            if within(held_since, now, runbook.limits.watch) {
                history.last_success = None;
                history.failures.push(now);
                history.ineffective_until = Some(now + runbook.limits.watch);
                ineffective.push((remediation, runbook.name.clone()));
            }
        }
        for (remediation, runbook) in ineffective {
            self.batch.ended.push((remediation, now, "ineffective".to_owned()));
            if let Some(id) = id {
                self.record(id, Event::RepairIneffective { remediation, runbook }, now);
            }
        }
    }

    pub(super) fn number(&self, id: IncidentId) -> u64 {
        self.incident(id).map_or(0, |incident| incident.number)
    }
}

/// Whether a runbook was tried often enough: on this incident, or lately on its root.
fn is_exhausted(incident: &Incident, history: &History, runbook: &Runbook, now: Timestamp) -> bool {
    let attempts = usize::try_from(runbook.limits.max_attempts).unwrap_or(usize::MAX);
    let lately = history.failures.iter().filter(|&&at| within(at, now, REPAIRS_REMEMBERED)).count();
    let failed = |r: &&Repair| r.ineffective || matches!(r.outcome, Some(Outcome::Unwound { .. }));
    let here = incident
        .repairs
        .iter()
        .filter(|r| r.runbook == runbook.name && r.target == incident.root)
        .filter(failed)
        .count();
    lately.max(here) >= attempts || history.ineffective_until.is_some_and(|until| now < until)
}

fn cooling_until(history: &History, runbook: &Runbook, now: Timestamp) -> Option<Timestamp> {
    history.last_started.map(|started| started + runbook.limits.cooldown).filter(|until| *until > now)
}

/// The gist of a reason: a rule that is missing is printed by `check`, not in a question.
pub(super) fn first_line(reason: Option<&String>) -> String {
    let line = reason.and_then(|reason| reason.lines().next()).unwrap_or_default();
    line.trim_end_matches(':').trim_end_matches("; add one").to_owned()
}

fn forbidden(draft: &Draft) -> String {
    let reason =
        |j: &super::plan::Judged| j.evaluation.reasons.first().map(|r| format!("`{}`: {r}", j.action));
    draft
        .judged
        .iter()
        .filter(|j| j.evaluation.decision == Decision::Forbid)
        .find_map(reason)
        .unwrap_or_default()
}

/// The stable name of an outcome, as stored.
#[must_use]
pub(super) fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Deferred => "deferred",
        Outcome::Unwound { .. } => "unwound",
        Outcome::Stuck { .. } => "stuck",
        Outcome::Cancelled { .. } => "cancelled",
    }
}
