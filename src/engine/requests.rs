//! Wishes in plain words: a case that is no fault, with a thread, a timeline and approvals like any other.
//!
//! Its one problem is that it waits for an answer. It stands beside correlation, escalation, storms and what is counted
//! as broken.

use serde_json::json;

use super::ports::Inbound;
use super::route::{Reply, not_an_operator};
use super::timer::Timer;
use super::world::World;
use crate::domain::agent::{Request, Subject};
use crate::domain::card::{Card, Place, one_line};
use crate::domain::ids::{IncidentId, RunId};
use crate::domain::incident::{Event, Incident, Mitigation, State};
use crate::domain::signal::{Origin, Problem, Severity, Signal, SignalState, Timestamp};
use crate::domain::target::{Signature, Target};
use crate::store::batch::SignalRow;

/// How long a conversation can be taken up again in its thread.
pub(super) const TALK: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);
/// Characters of a wish that are kept.
const WORDS: usize = 2_000;
/// How a wish is "broken".
pub(super) const REQUEST: &str = "request";
/// The source of what people want.
const CHAT: &str = "chat";

impl World {
    /// Somebody wants something in plain words, and says so: more on the case that they name, or on that of the thread.
    pub(super) fn asked_in_words(
        &mut self,
        words: &str,
        named: Option<u64>,
        inbound: &Inbound,
        now: Timestamp,
    ) -> Reply {
        if self.settings.agent.is_none() {
            return Reply::No(
                Card::titled("No model is configured, so only commands are understood. `help` lists them.")
                    .line("docs/agent.md tells how to set one up."),
            );
        }
        if !inbound.operator {
            return Reply::No(not_an_operator(inbound));
        }
        let words: String = words.chars().take(WORDS).collect();
        let thread = match named {
            // Who names a case means that one, and no new one.
            Some(number) => match self.live_id(number) {
                Ok(id) => Some(id),
                Err(_) => return Reply::No(no_such_case(number)),
            },
            None => inbound.incident.and_then(|number| self.live_id(number).ok()),
        };
        let case = named.or(inbound.incident);
        self.audit(&inbound.user, "ask", json!({ "incident": case, "words": words }), now);
        if let Some(id) = thread {
            self.ask_in_thread(id, &inbound.user, &words, now);
            return Reply::Now(Card::titled(format!(
                "The agent looks into it: run in #{}.",
                self.number(id)
            )));
        }
        let request = Request { by: inbound.user.clone(), words, goal: None };
        match self.open_case(request, now) {
            Some(id) => {
                Reply::Now(Card::titled(format!("The agent looks into it: see #{}.", self.number(id))))
            }
            None => Reply::No(Card::titled("I can't take that on now.")),
        }
    }

    /// Somebody said something that is no command. `None`: it is not for Steward.
    pub(super) fn prose(&mut self, inbound: &Inbound, now: Timestamp) -> Option<Reply> {
        let thread = inbound.incident.and_then(|number| self.live_id(number).ok());
        let in_talk = thread.is_some_and(|id| self.incident(id).is_some_and(|i| i.request.is_some()));
        if self.settings.agent.is_none() || !(inbound.addressed || in_talk && inbound.operator) {
            return None;
        }
        let reply = self.asked_in_words(&inbound.text, None, inbound, now);
        // In the thread, the run's own line says that it is at work.
        match reply {
            Reply::Now(_) if thread.is_some() && !inbound.addressed => None,
            reply => Some(reply),
        }
    }

    /// Opens a case for what somebody wants, and has the agent look into it.
    pub(super) fn open_case(&mut self, request: Request, now: Timestamp) -> Option<IncidentId> {
        let signal = self.wish(&request, now)?;
        let id = self.open_wish(request.clone(), signal, now)?;
        if request.goal.is_none() {
            self.record(id, Event::Asked { by: request.by, words: request.words }, now);
        } else {
            let by = Some(request.by.as_str()).filter(|by| request.goal.as_deref() != Some(by));
            let why = by.map_or_else(|| "its time has come.".to_owned(), |by| format!("{by} wants it now."));
            self.begin_run(id, self.subject_of(id), &why, by, now);
        }
        Some(id)
    }

    /// The signal that stands for a wish whose case would be opened now.
    pub(super) fn wish(&self, request: &Request, now: Timestamp) -> Option<Signal> {
        let number = self.counters.0 + 1;
        Some(Signal {
            origin: Origin::Alert { source: CHAT.to_owned(), fingerprint: number.to_string() },
            target: Target::of_wish(number)?,
            signature: Signature::parse(request.goal.as_deref().unwrap_or(REQUEST)).ok()?,
            severity: Severity::Info,
            state: SignalState::Firing,
            summary: one_line(&request.words).chars().take(200).collect(),
            impact: None,
            evidence: String::new(),
            labels: std::collections::BTreeMap::new(),
            at: now,
            received_at: now,
        })
    }

    /// Opens a case that waits for something, and in which nothing is under way yet.
    pub(super) fn open_wish(
        &mut self,
        request: Request,
        signal: Signal,
        now: Timestamp,
    ) -> Option<IncidentId> {
        let event = Event::Opened {
            problem: signal.problem(),
            origin: signal.origin.clone(),
            severity: signal.severity,
            summary: signal.summary.clone(),
            impact: None,
            evidence: String::new(),
            root: signal.target.clone(),
            why: String::new(),
            sorted_by_hand: true,
            request: Some(request),
        };
        let id = self.open(event, now)?;
        self.note_wish(id, signal, now);
        Some(id)
    }

    /// Keeps the signal that stands for a wish: it fires while the wish waits for an answer.
    fn note_wish(&mut self, id: IncidentId, signal: Signal, now: Timestamp) {
        let key = (signal.origin.clone(), signal.problem());
        let row = SignalRow { signal, incident: Some(id), count: 1, first_seen: now, last_seen: now };
        self.signals.insert(key.clone(), row);
        self.changed.insert(key.clone());
        self.note_signal(&key, SignalState::Firing);
    }

    fn ask_in_thread(&mut self, id: IncidentId, by: &str, words: &str, now: Timestamp) {
        self.take_up_again(id, words, now);
        self.record(id, Event::Asked { by: by.to_owned(), words: words.to_owned() }, now);
    }

    /// A wish that was answered waits again.
    pub(super) fn take_up_again(&mut self, id: IncidentId, words: &str, now: Timestamp) {
        let Some(incident) = self.incident(id) else { return };
        let over = matches!(incident.state, State::Mitigated | State::Resolved);
        let problem = incident.members.first().map(|member| member.problem.clone());
        let is_wish = incident.request.is_some();
        if let Some(problem) = problem.filter(|_| is_wish && over) {
            let origins: Vec<Origin> = self.heard_of.get(&problem).into_iter().flatten().cloned().collect();
            for origin in origins {
                let key = (origin, problem.clone());
                if let Some(row) = self.signals.get_mut(&key) {
                    row.signal.state = SignalState::Firing;
                    row.last_seen = now;
                    self.changed.insert(key.clone());
                    self.note_signal(&key, SignalState::Firing);
                }
            }
            let summary = one_line(words).chars().take(200).collect();
            self.record(id, Event::Reopened { problem, summary, occurrence: true }, now);
        }
    }

    /// Has the agent answer what somebody said in a thread, if that is still to be done. Whether it is at work.
    pub(super) fn answer_people(&mut self, id: IncidentId, now: Timestamp) -> bool {
        let Some(incident) = self.incident(id) else { return false };
        if incident.investigating().is_some() {
            return true;
        }
        let asked = incident.said.last().and_then(|said| said.by.clone());
        let (Some(by), true) = (asked, self.settings.agent.is_some()) else { return false };
        let subject = self.subject_of(id);
        let why = if subject == Subject::Request { "to answer".to_owned() } else { format!("{by} asks.") };
        self.begin_run(id, subject, &why, Some(&by), now);
        true
    }

    /// A command answers what somebody wanted: its answer is told in the thread.
    pub(super) fn understood(
        &mut self,
        id: IncidentId,
        run: RunId,
        command: &str,
        card: Card,
        now: Timestamp,
    ) {
        let known = self.incident(id).and_then(Incident::investigating).is_some_and(|known| known.run == run);
        if !known {
            return;
        }
        let number = self.number(id);
        self.audit("agent", "understood", json!({ "incident": number, "command": command }), now);
        let title = format!("I understood: `{command}`");
        let body = std::iter::once(card.title).chain(card.body).collect();
        let card = Card { title, body, ..card };
        let place = Place::Thread { incident: id, number };
        let all = self.settings.clone();
        self.post_to(&all.platforms, &id.to_string(), None, &place, &card, now);
    }

    /// A wish that was answered, and for which nothing is under way, waits no more.
    pub(super) fn respond_to_wish(&mut self, id: IncidentId, now: Timestamp) {
        self.review_question(id, now);
        if self.answer_people(id, now) {
            return;
        }
        let Some(incident) = self.incident(id) else { return };
        let done = incident.state == State::Open
            && incident.approval.is_none()
            && incident.undoing.is_none()
            && incident.running_repair().is_none()
            && !self.waits_for_adoption(id);
        if !done {
            return;
        }
        let problems: Vec<Problem> = incident.members.iter().map(|member| member.problem.clone()).collect();
        for problem in problems {
            let origins: Vec<Origin> = self.heard_of.get(&problem).into_iter().flatten().cloned().collect();
            for origin in origins {
                let key = (origin, problem.clone());
                if let Some(row) = self.signals.get_mut(&key) {
                    row.signal.state = SignalState::Resolved;
                    self.changed.insert(key.clone());
                    self.note_signal(&key, SignalState::Resolved);
                }
            }
            self.record(id, Event::Recovered { problem }, now);
        }
        self.record(id, Event::Mitigated { by: Mitigation::Recovery }, now);
        let unanswered = self.incident(id).and_then(Incident::unanswered_because);
        let why =
            unanswered.map_or_else(|| "it was answered".to_owned(), |why| format!("not answered, {why}"));
        self.record(id, Event::Resolved { verified: true, why }, now);
        self.wake(now + TALK, Timer::Close(id));
    }
}

fn no_such_case(number: u64) -> Card {
    Card::titled(format!("There is no case #{number} that goes on.")).line(
        "It never was, or it is closed. Without a number, `ask` begins a new one; `incidents all` lists all.",
    )
}

/// Whether a wish has come to nothing that is worth telling: a goal that found nothing.
#[must_use]
pub(super) fn is_idle(incident: &Incident) -> bool {
    let Some(request) = &incident.request else { return false };
    let said_something = incident
        .investigations
        .iter()
        .filter_map(|run| run.conclusion.as_ref())
        .any(|conclusion| !conclusion.diagnosis.trim().is_empty() || !conclusion.ending.is_concluded());
    // Who wanted it run is told, also that there is nothing; its schedule is nobody.
    let unasked = request.goal.as_ref() == Some(&request.by);
    unasked && !said_something && incident.approval.is_none()
}
