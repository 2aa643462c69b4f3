//! The adaptive rung of the ladder: where no runbook fits, the agent is asked, and its verdict is taken in.
//!
//! One run of a case at a time, and one of a signature: what looks the same waits for its verdict. A verdict holds while
//! what is known has not changed. What the agent could not solve goes to people, once, and not back to the agent.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::cards::span;
use super::effect::Effect;
use super::ports::Assignment;
use super::timer::Timer;
use super::world::{Live, World};
use crate::domain::agent::{Conclusion, Ending, Investigation, Spending, Subject};
use crate::domain::card::Card;
use crate::domain::escalation::{Cause, within};
use crate::domain::ids::{IncidentId, RunId};
use crate::domain::incident::{Event, Incident, Mitigation, State};
use crate::domain::remediation::Outcome;
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;
use crate::store::batch::Put;

/// So many runs of one incident as are configured are begun within this time, however often it comes back.
const RUNS_WITHIN: std::time::Duration = std::time::Duration::from_secs(6 * 3600);
/// What there is no agent for is told with this.
const NO_MODEL: &str = "No model is configured, so there is no agent. docs/agent.md tells how to set one up.";

/// What comes of asking the agent about an incident.
enum Reasoning {
    /// It looks into it, or will.
    Begun,
    /// It has, and nothing has changed since.
    Known(Box<Investigation>),
    /// It has as often as it may, and what is known has changed since.
    Spent(Box<Investigation>),
    /// It is not asked.
    NotAsked,
}

impl World {
    /// Where the deterministic part has come to its end: has the agent look into it, or tells people what it said, or,
    /// where there is none, does what is done without it.
    pub(super) fn reason_or(
        &mut self,
        id: IncidentId,
        why: &str,
        now: Timestamp,
        otherwise: impl FnOnce(&mut Self),
    ) {
        match self.reason(id, why, now) {
            Reasoning::Begun => {}
            // Why it was asked stands in the thread already.
            Reasoning::Known(run) => self.go_by(id, &run, "", now),
            Reasoning::Spent(run) => self.go_by(id, &run, &format!("{why} "), now),
            Reasoning::NotAsked => otherwise(self),
        }
    }

    fn reason(&mut self, id: IncidentId, why: &str, now: Timestamp) -> Reasoning {
        let (Some(limits), Some(incident)) = (self.settings.agent, self.incident(id)) else {
            return Reasoning::NotAsked;
        };
        if incident.investigating().is_some() {
            return Reasoning::Begun;
        }
        let basis = self.basis(incident);
        let by_itself = |run: &&Investigation| {
            !matches!(run.conclusion.as_ref().map(|c| &c.ending), Some(Ending::Interrupted { .. }))
        };
        let last = incident.investigations.iter().rfind(by_itself);
        if let Some(last) = last.filter(|run| run.basis == basis) {
            return Reasoning::Known(Box::new(last.clone()));
        }
        let runs =
            incident.investigations.iter().filter(|run| within(run.begun_at, now, RUNS_WITHIN)).count();
        if runs >= limits.runs {
            return match last {
                Some(last) => Reasoning::Spent(Box::new(last.clone())),
                None => Reasoning::NotAsked,
            };
        }
        if incident.severity < limits.from {
            return Reasoning::NotAsked;
        }
        let same = |other: &&Incident| {
            other.id != id && other.signature == incident.signature && other.investigating().is_some()
        };
        let busy = self.incidents.values().map(|live| &live.incident).find(same).map(|other| other.number);
        if let Some(number) = busy {
            let text = format!("The agent looks into #{number} first, which is broken in the same way.");
            self.say_next(id, text, now);
            return Reasoning::Begun;
        }
        self.begin_run(id, Subject::Incident, why, None, now);
        Reasoning::Begun
    }

    /// Has the agent begin a run, by itself or because somebody wants it.
    pub(super) fn begin_run(
        &mut self,
        id: IncidentId,
        subject: Subject,
        why: &str,
        by: Option<&str>,
        now: Timestamp,
    ) {
        let Some(incident) = self.incident(id) else { return };
        let basis = self.basis(incident);
        let said = incident.said.clone();
        let (run, number) = (RunId(Self::new_id(now)), self.counters.1 + 1);
        let (why, by) = (why.to_owned(), by.map(str::to_owned));
        if !self.record(id, Event::InvestigationStarted { run, number, why, basis, by }, now) {
            return;
        }
        self.counters.1 = number;
        self.batch.counters = Some(self.counters);
        self.audit("agent", "investigate", json!({ "incident": self.number(id), "run": number }), now);
        let spent = Spending::default();
        let assignment = Assignment { run, number, incident: id, subject, said, spent };
        self.effects.push(Effect::Investigate(Box::new(assignment)));
    }

    /// Somebody wants the agent to look into an incident.
    pub(super) fn investigate_by_hand(
        &mut self,
        number: u64,
        by: &str,
        now: Timestamp,
    ) -> Result<String, String> {
        if self.settings.agent.is_none() {
            return Err(NO_MODEL.to_owned());
        }
        let id = self.live_id(number)?;
        if let Some(run) = self.incident(id).and_then(Incident::investigating) {
            return Err(format!("Run {} looks into #{number} already.", run.number));
        }
        self.audit(by, "investigate", json!({ "incident": number }), now);
        let subject = self.subject_of(id);
        self.begin_run(id, subject, &format!("{by} wants to know."), Some(by), now);
        Ok(format!("The agent looks into #{number}; `stop {number}` ends that."))
    }

    /// What a run about this case is about.
    pub(super) fn subject_of(&self, id: IncidentId) -> Subject {
        match self.incident(id).and_then(|incident| incident.request.as_ref()) {
            None => Subject::Incident,
            Some(request) => match &request.goal {
                Some(name) => Subject::Goal { name: name.clone() },
                None => Subject::Request,
            },
        }
    }

    /// Somebody wants the agent to stop: in this case, or wherever it is at work.
    pub(super) fn stop_runs(
        &mut self,
        number: Option<u64>,
        by: &str,
        now: Timestamp,
    ) -> Result<String, String> {
        let running: Vec<(u64, RunId)> = self
            .incidents
            .values()
            .map(|live| &live.incident)
            .filter(|incident| number.is_none_or(|number| number == incident.number))
            .filter_map(|incident| Some((incident.number, incident.investigating()?.run)))
            .collect();
        if running.is_empty() {
            return Err(match number {
                Some(number) => format!("The agent does not look into #{number} now."),
                None => "The agent looks into nothing now.".to_owned(),
            });
        }
        for (number, run) in &running {
            self.audit(by, "stop", json!({ "incident": number, "run": run.to_string() }), now);
            self.effects.push(Effect::StopRun { run: *run, by: by.to_owned() });
        }
        let cases: Vec<String> = running.iter().map(|(number, _)| format!("#{number}")).collect();
        Ok(format!("The agent stops: {}. A repair that has begun comes to a safe point.", cases.join(", ")))
    }

    /// What a run is doing now: its line in the thread is edited in place.
    pub(super) fn progress(&mut self, id: IncidentId, run: RunId, text: &str, _now: Timestamp) {
        let known = self.incident(id).and_then(Incident::investigating).filter(|known| known.run == run);
        if let Some(number) = known.map(|known| known.number) {
            self.put_progress(id, number, text);
        }
    }

    fn put_progress(&mut self, id: IncidentId, number: u64, text: &str) {
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let stop = format!("stop {}", live.incident.number);
        let card = Card::titled(format!("Run {number}: {text}")).action("Stop", stop);
        put_card(live, number, card, false);
        self.dirty.insert(id);
    }

    /// A run has ended.
    pub(super) fn investigated(
        &mut self,
        id: IncidentId,
        run: RunId,
        mut conclusion: Conclusion,
        spent: Spending,
        now: Timestamp,
    ) {
        let Some(known) = self.incident(id).and_then(Incident::investigating).cloned() else {
            tracing::info!(%run, "a run of the agent ended after its case had gone on in another");
            return;
        };
        if known.run != run {
            return;
        }
        if matches!(conclusion.ending, Ending::Stopped { .. })
            && self.incident(id).is_some_and(|incident| is_calm(incident) && incident.request.is_none())
        {
            conclusion.ending = Ending::Interrupted { why: "the problem went away".to_owned() };
        }
        let number = known.number;
        let basis = self.incident(id).map(|incident| self.basis(incident)).unwrap_or_default();
        let ended = Event::InvestigationEnded { run, number, conclusion: Box::new(conclusion), basis };
        if !self.record(id, ended, now) {
            return;
        }
        if let Some(live) = self.incidents.get_mut(&id) {
            let title = format!("Run {number} is over, after {}: {}", span(known.begun_at, now), took(spent));
            let card = Card { done: true, ..Card::titled(title) };
            put_card(live, number, card, true);
        }
        // Whoever waited for its verdict may go on, and so may this.
        let signature = self.incident(id).map(|incident| incident.signature.clone());
        let alike =
            self.incidents.iter().filter(|(_, live)| Some(&live.incident.signature) == signature.as_ref());
        let alike: Vec<IncidentId> = alike.map(|(id, _)| *id).collect();
        self.dirty.extend(alike);
    }

    /// Does what follows from a verdict that stands: people are told, and called, once.
    fn go_by(&mut self, id: IncidentId, run: &Investigation, why: &str, now: Timestamp) {
        let Some(conclusion) = &run.conclusion else { return };
        let enough = self.settings.agent.map_or(100, |limits| limits.confidence);
        let number = run.number;
        let text = match &conclusion.ending {
            Ending::Stopped { by } => {
                let text =
                    format!("{by} stopped the agent, so this one is yours: `investigate` begins anew.");
                return self.say_next(id, text, now);
            }
            Ending::NoModel { .. } => format!("{why}No model could be asked, so this one is yours."),
            Ending::Concluded if conclusion.is_conclusive(enough) => {
                format!("{why}The agent has told what it found (run {number}), and the rest is yours.")
            }
            Ending::Concluded | Ending::Understood { .. } => {
                format!("{why}The agent is not sure (run {number}), so this one is yours.")
            }
            Ending::Limit { what } => {
                format!("{why}The agent stopped at a limit ({what}, run {number}), so this one is yours.")
            }
            Ending::GaveUp { .. } | Ending::Interrupted { .. } => {
                format!("{why}The agent could not help (run {number}), so this one is yours.")
            }
        };
        let text = text + &self.elsewhere(id, conclusion);
        self.escalate(id, Cause::Agent, text, now);
    }

    /// Where what the agent suspects is told, if that is broken itself and has an incident of its own.
    fn elsewhere(&self, id: IncidentId, conclusion: &Conclusion) -> String {
        let Some(root) = &conclusion.root else { return String::new() };
        let is_there = |other: &&Incident| {
            other.id != id && other.is_fault() && other.state.is_unresolved() && is_about(other, root)
        };
        let mine = self.incident(id).is_some_and(|incident| is_about(incident, root));
        let others = self.incidents.values().map(|live| &live.incident).filter(|_| !mine);
        let first = others.filter(is_there).min_by_key(|other| other.number);
        first.map_or_else(String::new, |other| {
            format!(" It suspects {root}, which is broken itself: see #{}.", other.number)
        })
    }

    /// What is known of an incident, as a digest: while it is the same, another run would come to the same. What people
    /// answered is not part of it: a no is no reason to ask again.
    fn basis(&self, incident: &Incident) -> String {
        let mut active: Vec<String> = incident
            .members
            .iter()
            .filter(|member| member.active)
            .map(|member| format!("{} {}", member.problem, member.severity))
            .collect();
        active.sort();
        let repairs: Vec<String> = incident
            .repairs
            .iter()
            .filter(|repair| repair.outcome.is_some())
            .map(|repair| format!("{} {}", repair.runbook, outcome_of(repair.outcome.as_ref())))
            .collect();
        let text = json!([incident.root.as_str(), active, repairs, incident.occurrences]).to_string();
        Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// After a restart: a run that an earlier Steward had begun is over.
    pub(super) fn end_lost_runs(&mut self, now: Timestamp) {
        let running = |(id, live): (&IncidentId, &Live)| Some((*id, live.incident.investigating()?.clone()));
        let lost: Vec<(IncidentId, Investigation)> = self.incidents.iter().filter_map(running).collect();
        for (id, Investigation { run, by, .. }) in lost {
            let why = "Steward was started anew".to_owned();
            let conclusion = Conclusion::without(Ending::Interrupted { why });
            self.investigated(id, run, conclusion, Spending::default(), now);
            self.wake(now, Timer::Repair(id));
            if let Some(by) = by.filter(|_| self.settings.agent.is_some()) {
                // Who wanted it still waits for it.
                self.begin_run(id, self.subject_of(id), &format!("{by} wants to know."), Some(&by), now);
            }
        }
    }

    /// What an event means for a run: where nobody needs it any more, it ends.
    pub(super) fn run_follows(&mut self, id: IncidentId, event: &Event) {
        let over = matches!(event, Event::Mitigated { by: Mitigation::Recovery } | Event::MergedInto { .. });
        let Some(live) = self.incidents.get(&id).filter(|_| over) else { return };
        if let Some(run) = live.incident.investigating().filter(|_| live.incident.request.is_none()) {
            self.effects.push(Effect::StopRun { run: run.run, by: "Steward".to_owned() });
        }
    }
}

/// Whether something of this target is broken in it.
fn is_about(incident: &Incident, target: &Target) -> bool {
    incident.members.iter().any(|member| member.active && member.problem.target == *target)
}

/// Whether nothing of it is broken now.
fn is_calm(incident: &Incident) -> bool {
    matches!(incident.state, State::Mitigated | State::Resolved)
}

fn outcome_of(outcome: Option<&Outcome>) -> &'static str {
    match outcome {
        None => "running",
        Some(Outcome::Succeeded) => "succeeded",
        Some(Outcome::Deferred) => "deferred",
        Some(Outcome::Unwound { .. }) => "unwound",
        Some(Outcome::Stuck { .. }) => "stuck",
        Some(Outcome::Cancelled { .. }) => "cancelled",
    }
}

/// What a run took, for people.
pub(super) fn took(spent: Spending) -> String {
    let tokens = spent.tokens_in.saturating_add(spent.tokens_out);
    let money = match spent.micros {
        0 => String::new(),
        micros => format!(", {}.{:04} spent", micros / 1_000_000, micros % 1_000_000 / 100),
    };
    format!("{tokens} tokens{money}")
}

/// Puts a run's card, or changes it.
fn put_card(live: &mut Live, number: u64, card: Card, is_final: bool) {
    let questions = &mut live.telling.questions;
    match questions.iter_mut().find(|put| put.approval == number) {
        Some(put) if put.card == card => {}
        Some(put) => {
            put.card = card;
            put.posted = false;
            put.is_final = is_final;
        }
        // It was told to its end already.
        None if is_final => {}
        None => questions.push(Put {
            approval: number,
            runbook: format!("run {number}"),
            card,
            posted: false,
            is_final,
        }),
    }
}
