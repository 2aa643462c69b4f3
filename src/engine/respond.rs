//! The response to an incident: which runbook, by itself or after a question, or why neither.

use std::time::Duration;

use super::effect::Effect;
use super::plan::{Draft, draft, radius};
use super::reach::Reach;
use super::restore::REPAIRS_REMEMBERED;
use super::timer::Timer;
use super::world::{History, Live, World};
use crate::domain::agent::PLAN_PREFIX;
use crate::domain::approval::Approval;
use crate::domain::card::{Card, Mention};
use crate::domain::escalation::{Cause, within};
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::incident::{Event, Incident, Mitigation, Repair, State, TakenBack};
use crate::domain::remediation::{Outcome, Plan};
use crate::domain::runbook::{Runbook, RunbookLimits, choose};
use crate::domain::signal::{Signal, Timestamp};
use crate::domain::target::Target;
use crate::domain::trust::written;
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
        if self.incident(id).is_some_and(|incident| incident.request.is_some()) {
            return self.respond_to_wish(id, now);
        }
        self.review_question(id, now);
        self.answer_people(id, now);
        let Some(live) = self.incidents.get(&id) else { return };
        let incident = &live.incident;
        let ready = incident.state == State::Open
            && incident.is_active()
            && incident.approval.is_none()
            && incident.undoing.is_none()
            // While a root that has recovered is still suspected, its symptoms are left to follow.
            && (incident.active_at_root().next().is_some() || !incident.root_observed())
            && !incident.flapping
            && !live.telling.silenced;
        if !ready || !self.has_settled(id, now) {
            return;
        }
        if incident.is_storm() {
            // Nothing is repaired by itself in a storm, and it was said what to do.
            return self.reason_or(id, "So much fails at once.", now, |_| {});
        }
        if !incident.root_observed() {
            let text = format!(
                "Nobody has seen {} itself fail, so nothing is repaired by itself: look there first.",
                incident.root
            );
            return self.reason_or(id, &text.clone(), now, |world| world.say_next(id, text, now));
        }
        if incident.root.is_unknown() {
            let text = "The alert does not say what is broken, so nothing is repaired by itself: a label `target` would say it.";
            return self.reason_or(id, text, now, |world| world.say_next(id, text.to_owned(), now));
        }
        match self.ladder(incident, now) {
            Rung::Try(found) => self.try_plan(id, *found, now),
            Rung::Wait(until, runbook) => {
                let at = until.with_timezone(&self.settings.tz).format("%H:%M:%S");
                self.say_next(id, format!("{runbook} ran a short while ago; it may run again at {at}."), now);
                self.wake(until, Timer::Repair(id));
            }
            Rung::Exhausted(tried) => {
                let why = format!("{} did not fix it for good, and nothing else fits.", tried.join(", "));
                let text = format!("{why} This one needs a person.");
                self.reason_or(id, &why, now, |world| world.escalate(id, Cause::RepairLimit, text, now));
            }
            Rung::Nothing(why) => {
                let text = format!("Nothing is repaired by itself: {why}. This one is yours.");
                self.reason_or(id, &format!("{}.", capitalised(&why)), now, |world| {
                    world.say_next(id, text, now);
                });
            }
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
                if let Some(TakenBack { by, .. }) = incident.all_taken_back().find(|t| t.runbook == name) {
                    reasons.push(format!("{name} fits, and {by} took back what it did"));
                } else if incident.declined.contains(&name) {
                    reasons.push(format!("{name} fits, and the answer was no"));
                } else if is_exhausted(incident, &history, runbook, now) {
                    exhausted.push(name);
                } else if let Some(until) = cooling_until(&history, runbook, now) {
                    waiting = waiting.into_iter().chain([(until, name)]).min();
                } else {
                    match self.draft_for(runbook, signal, &incident.root, now) {
                        Ok(draft) if draft.decision == Decision::Forbid => reasons
                            .push(format!("{name} fits, and the policy forbids it: {}", draft.forbidden())),
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
            let failed = |r: &&Repair| r.runbook.starts_with(PLAN_PREFIX) && has_failed(r);
            let plan = incident.repairs.iter().rev().find(failed).map(|plan| &plan.runbook);
            reasons.push(match plan {
                Some(plan) => incident.with_titles(&format!("{plan} did not help, and no runbook fits")),
                None => "no runbook fits".to_owned(),
            });
        }
        Rung::Nothing(reasons.join("; "))
    }

    pub(super) fn draft_for(
        &self,
        runbook: &Runbook,
        signal: &Signal,
        root: &Target,
        now: Timestamp,
    ) -> Result<Draft, String> {
        let facts = self.facts(&runbook.name, root, now);
        draft(runbook, signal, &self.settings.host, &self.knowledge.policy, &facts)
    }

    /// What the policy has to know of a repair of an observed target by this runbook.
    #[must_use]
    pub fn facts(&self, runbook: &str, target: &Target, now: Timestamp) -> Facts {
        let settings = &self.settings;
        let open = settings.hours.is_empty() || settings.hours.iter().any(|h| h.contains(now, settings.tz));
        Facts {
            autonomy: settings.autonomy,
            paused: self.paused.is_some(),
            target_radius: radius(&self.knowledge.topology, target),
            trusted: self.is_trusted(runbook, target),
            outside_window: !open,
            ..Facts::plain()
        }
    }

    /// How long a runbook's success is watched.
    pub(super) fn watch_time(&self, runbook: &str) -> Duration {
        let known = self.runbook(runbook);
        known.map_or_else(|| RunbookLimits::default().watch, |known| known.limits.watch)
    }

    fn try_plan(
        &mut self,
        id: IncidentId,
        (draft, runbook, signal): (Draft, Runbook, Signal),
        now: Timestamp,
    ) {
        if draft.decision == Decision::Allow {
            if let Some(other) = self.in_the_way(&draft.plan, id) {
                let text = format!("{} waits until the repair of {other} is done.", draft.plan.runbook);
                self.say_next(id, text, now);
                return;
            }
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
        let written = written(runbook);
        let started = Event::RepairStarted {
            remediation,
            runbook: runbook.name.clone(),
            title: runbook.title.clone(),
            why: why.to_owned(),
            reversible: draft.plan.steps.iter().any(|step| step.undo.is_some()),
            written: Some(written.clone()),
        };
        let Some(root) = self.incident(id).map(|incident| incident.root.clone()) else { return };
        if !self.record(id, started, now) {
            return;
        }
        self.histories.entry((runbook.name.clone(), root)).or_default().last_started = Some(now);
        let problem = signal.problem();
        let (plan, origin) = (draft.plan.clone(), signal.origin.clone());
        let terms = Terms { plan, approval, origin, written: Some(written) };
        if !draft.judged.is_empty() {
            self.audit_decision(id, Some(remediation), draft, now);
        }
        self.launch(Unfinished { id: remediation, incident: id, problem, terms, log: Vec::new() }, now);
    }

    /// Has a remediation written down that its incident's timeline tells of already, and has it run.
    pub(super) fn launch(&mut self, repair: Unfinished, now: Timestamp) {
        let Unfinished { id, incident, problem, terms, .. } = repair.clone();
        self.batch.remediations.push(NewRemediation { id, incident, problem, terms, at: now });
        let reach = self.take_up(&repair);
        self.effects.push(Effect::Repair(Box::new(repair), reach));
    }

    /// Whether this repair was tried here as often as it may be: then not even a person's yes has it tried again.
    pub(super) fn is_beyond_limit(&self, id: IncidentId, runbook: &Runbook, now: Timestamp) -> bool {
        self.incident(id).is_some_and(|incident| {
            let history = self.histories.get(&(runbook.name.clone(), incident.root.clone()));
            is_exhausted(incident, &history.cloned().unwrap_or_default(), runbook, now)
        })
    }

    /// The incident whose repair has to end before this plan may begin.
    pub(super) fn in_the_way(&self, plan: &Plan, id: IncidentId) -> Option<String> {
        let root = &self.incident(id)?.root;
        let reach = Reach::of(plan, root, &self.knowledge.topology);
        let (other, _) = self.running.iter().find(|(_, other)| other.collides(&reach))?;
        let of_other = |live: &&Live| live.incident.repairs.iter().any(|r| r.remediation == *other);
        let incident = self.incidents.values().find(of_other).map(|live| &live.incident);
        Some(incident.map_or_else(
            || "another incident".to_owned(),
            |incident| format!("#{} ({})", incident.number, incident.root),
        ))
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
        self.running.remove(&remediation);
        self.end_questions_of(remediation, now);
        // Whoever waited for it may go on.
        let open = self.incidents.iter().filter(|(_, live)| live.incident.state == State::Open);
        let open: Vec<IncidentId> = open.map(|(id, _)| *id).collect();
        self.dirty.extend(open);
        self.effects.push(Effect::RepairOver { remediation, how: in_words(outcome) });
        let Some(incident) = self.incident(id) else {
            tracing::info!(%remediation, runbook, ?outcome, "a repair ended after its incident had gone on in another");
            if let Outcome::Stuck { why } = outcome {
                let card = Card::titled(format!("The repair {runbook} is stuck")).line(why.clone());
                let line = "The incident it was for is part of another by now. A person has to look.";
                self.tell_lab(&Card { mention: Mention::Here, ..card.line(line) }, now);
            }
            return;
        };
        if incident.undoing.as_ref().is_some_and(|undoing| undoing.remediation == remediation) {
            return self.undo_ended(id, remediation, runbook, outcome, now);
        }
        let root = incident.root.clone();
        let is_fault = incident.is_fault();
        let ended = Event::RepairEnded { remediation, runbook: runbook.to_owned(), outcome: outcome.clone() };
        if !self.record(id, ended, now) {
            return;
        }
        self.question_concluded(id, runbook, outcome);
        self.adoption_ended(id, runbook, outcome, now);
        if !is_fault && !matches!(outcome, Outcome::Stuck { .. }) {
            // No problem that it was for: nothing recovers, comes back, or proves how well it works.
            return;
        }
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
                self.lose_trust(runbook, &root, "the last run failed", now);
                self.histories.entry((runbook.to_owned(), root)).or_default().failures.push(now);
                self.after_recovery(id, now);
            }
            Outcome::Cancelled { .. } => self.after_recovery(id, now),
            Outcome::Stuck { why } => {
                self.lose_trust(runbook, &root, "the last run got stuck", now);
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
        // A plan of the agent that did not last is no better than a runbook.
        let plans: Vec<Runbook> = self.plans.values().cloned().collect();
        let incident = id.and_then(|id| self.incident(id));
        let problems = incident.into_iter().flat_map(|i| &i.members).map(|m| &m.problem);
        let back: Vec<Signal> = problems
            .filter(|problem| problem.target == *root)
            .filter_map(|problem| self.latest(problem).map(|row| row.signal.clone()))
            .collect();
        let mut ineffective = Vec::new();
        for runbook in
            runbooks.iter().chain(&plans).filter(|r| back.iter().any(|signal| r.fits(signal).is_some()))
        {
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
            self.lose_trust(&runbook, root, "the problem came back after the last run", now);
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

/// How a repair ended, for whoever proposed it.
fn in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Succeeded => "it worked: the check that found the problem passes".to_owned(),
        Outcome::Deferred => "it was done; whether it helped is for the alert's source to say".to_owned(),
        Outcome::Unwound { why } => {
            let why = why.trim_end_matches('.');
            format!("{why}. So it did not help; what ran of it and has an undo was taken back")
        }
        Outcome::Stuck { why } => format!("it is stuck, and a person is called: {why}"),
        Outcome::Cancelled { why } => format!("it was called off: {why}"),
    }
}

/// A clause as a sentence begins.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Whether a repair did not help, or not for good.
fn has_failed(repair: &Repair) -> bool {
    repair.ineffective || matches!(repair.outcome, Some(Outcome::Unwound { .. }))
}

/// Whether a runbook was tried often enough: on this incident, or lately on its root.
pub(super) fn is_exhausted(
    incident: &Incident,
    history: &History,
    runbook: &Runbook,
    now: Timestamp,
) -> bool {
    let attempts = usize::try_from(runbook.limits.max_attempts).unwrap_or(usize::MAX);
    let lately = history.failures.iter().filter(|&&at| within(at, now, REPAIRS_REMEMBERED)).count();
    let here = incident
        .repairs
        .iter()
        .filter(|r| r.runbook == runbook.name && r.target == incident.root)
        .filter(|r| has_failed(r))
        .count();
    lately.max(here) >= attempts || history.ineffective_until.is_some_and(|until| now < until)
}

pub(super) fn cooling_until(history: &History, runbook: &Runbook, now: Timestamp) -> Option<Timestamp> {
    history.last_started.map(|started| started + runbook.limits.cooldown).filter(|until| *until > now)
}

/// The gist of a reason: a rule that is missing is printed by `check`, not in a question.
pub(super) fn first_line(reason: Option<&String>) -> String {
    let line = reason.and_then(|reason| reason.lines().next()).unwrap_or_default();
    line.trim_end_matches(':').trim_end_matches("; add one").to_owned()
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
