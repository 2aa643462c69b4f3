//! The sources of alerts: what they deliver is worked off here, and a source that goes wrong is itself a problem.

use std::collections::BTreeMap;

use super::cards::{length, span};
use super::intake::DONE;
use super::ports::Delivery;
use super::timer::Timer;
use super::world::World;
use crate::domain::card::Card;
use crate::domain::escalation::within;
use crate::domain::incident::Event;
use crate::domain::signal::{Origin, Problem, Severity, Signal, SignalState, Timestamp};
use crate::domain::target::{Signature, Target};

/// So many bodies in a row that are not understood make the source a problem.
const REFUSED: u32 = 5;
/// What is wrong with a source of which nothing is understood.
const NOT_UNDERSTOOD: &str = "source-not-understood";
/// What is wrong with a source that says nothing.
const SILENT: &str = "source-silent";

/// The sources as they were heard lately.
#[derive(Debug, Default)]
pub(super) struct Sources {
    heard: BTreeMap<String, Voice>,
    /// How far the inbox was worked off, and whether that is to be written.
    done: (i64, bool),
}

/// One source.
#[derive(Debug, Clone, Copy)]
struct Voice {
    last: Timestamp,
    refused: u32,
}

impl World {
    /// Begins to listen for the sources, the inbox being worked off up to `done`. Silence counts from now: what was
    /// missed while Steward was away is not held against them.
    pub(super) fn await_sources(&mut self, done: i64, now: Timestamp) {
        self.sources.done = (done, false);
        let fresh = |name: &String| (name.clone(), Voice { last: now, refused: 0 });
        self.sources.heard = self.settings.sources.iter().map(fresh).collect();
        self.look_for_heartbeats(now);
    }

    /// How far the inbox was worked off.
    #[must_use]
    pub fn inbox_done(&self) -> i64 {
        self.sources.done.0
    }

    /// Notes how far the inbox was worked off, for good.
    pub(super) fn note_done(&mut self) {
        if let (done, true) = self.sources.done {
            self.batch.settings.push((DONE.to_owned(), done.to_string()));
            self.sources.done.1 = false;
        }
    }

    /// Works off a delivery. One that was worked off before changes nothing.
    pub(super) fn delivered(&mut self, id: i64, delivery: Delivery, now: Timestamp) {
        if id <= self.sources.done.0 {
            return;
        }
        self.sources.done = (id, true);
        let Delivery { source, signals, changes, hidden, .. } = delivery;
        self.note_changes(changes);
        let origins: Vec<Origin> = signals.iter().map(|signal| signal.origin.clone()).collect();
        signals.into_iter().for_each(|signal| self.take_signal(signal, now));
        self.is_cut_short(&origins, &source, hidden, now);
        self.hears_from(source, now);
    }

    /// A notice was cut short where it came from: the thread says how much of it nobody saw; the lab, if it has none.
    fn is_cut_short(&mut self, origins: &[Origin], source: &str, hidden: u64, now: Timestamp) {
        let problems = origins.iter().filter_map(|origin| self.firing_by_origin.get(origin)).flatten();
        let known = problems.filter_map(|problem| self.index.incident_of(problem)).next();
        match known {
            Some(id) if self.incident(id).is_some_and(|incident| incident.hidden != hidden) => {
                self.record(id, Event::Truncated { source: source.to_owned(), hidden }, now);
            }
            Some(_) => {}
            None if hidden > 0 => {
                let title = format!("{source} cut a notice short");
                let line = format!("It has {hidden} more alerts of one group that it did not send.");
                self.tell_lab(&Card::titled(title).line(line), now);
            }
            None => {}
        }
    }

    fn hears_from(&mut self, source: String, now: Timestamp) {
        for signature in [NOT_UNDERSTOOD, SILENT] {
            if let Some(problem) = problem(&source, signature)
                && self.is_firing(&problem)
            {
                self.resolve(&(Origin::Steward, problem), now);
            }
        }
        self.sources.heard.insert(source, Voice { last: now, refused: 0 });
    }

    /// A source sent something that was not understood. Once is a slip; many times in a row, its alerts are lost.
    pub(super) fn refused(&mut self, source: &str, why: &str, now: Timestamp) {
        let voice = self.sources.heard.entry(source.to_owned()).or_insert(Voice { last: now, refused: 0 });
        voice.refused += 1;
        let (count, since) = (voice.refused, voice.last);
        if count >= REFUSED {
            let summary = format!(
                "nothing of what {source} sends is understood: {count} deliveries since {}; `steward alerts rejected` shows them",
                since.with_timezone(&self.settings.tz).format("%m-%d %H:%M")
            );
            self.source_is_wrong(source, NOT_UNDERSTOOD, summary, why, now);
        }
    }

    /// Looks whether those that promised to say something have done so.
    pub(super) fn look_for_heartbeats(&mut self, now: Timestamp) {
        let settings = self.settings.clone();
        let mut next: Option<Timestamp> = None;
        for (source, &every) in &settings.heartbeats {
            let last = self.sources.heard.get(source).map_or(now, |voice| voice.last);
            if within(last, now, every) {
                next = Some(next.map_or(last + every, |next| next.min(last + every)));
                continue;
            }
            next = Some(next.map_or(now + every, |next| next.min(now + every)));
            let summary = format!(
                "{source} has said nothing for {}, and promised to at least every {}; its alerts may be lost",
                span(last, now),
                length(every)
            );
            self.source_is_wrong(source, SILENT, summary, "", now);
        }
        if let Some(next) = next {
            self.wake(next, Timer::Heartbeats);
        }
    }

    /// The sources that broke their promise to say something, or of which nothing is understood.
    pub(super) fn lost_sources(&self) -> Vec<String> {
        let firing = self.firing_by_origin.get(&Origin::Steward).into_iter().flatten();
        let lost = firing.filter(|problem| is_of_a_source(problem));
        let name =
            |problem: &Problem| problem.target.as_str().rsplit('/').next().unwrap_or_default().to_owned();
        lost.map(name).collect()
    }

    fn source_is_wrong(&mut self, source: &str, signature: &str, summary: String, why: &str, now: Timestamp) {
        let Some(problem) = problem(source, signature) else { return };
        if self.is_firing(&problem) {
            return;
        }
        let signal = Signal {
            origin: Origin::Steward,
            target: problem.target,
            signature: problem.signature,
            severity: Severity::Error,
            state: SignalState::Firing,
            summary,
            impact: Some("alerts from there do not reach you".to_owned()),
            evidence: why.to_owned(),
            labels: std::iter::once(("source".to_owned(), source.to_owned())).collect(),
            at: now,
            received_at: now,
        };
        self.take_signal(signal, now);
    }

    /// Takes the problems of sources that are no longer there for over.
    pub(super) fn forget_gone_sources(&mut self, now: Timestamp) {
        let firing = self.firing_by_origin.get(&Origin::Steward).cloned().unwrap_or_default();
        for problem in firing.into_iter().filter(is_of_a_source) {
            if !self.settings.sources.contains(problem.target.name()) {
                self.resolve(&(Origin::Steward, problem), now);
            }
        }
    }
}

/// Whether a problem of Steward's own parts is one of a source.
pub(super) fn is_of_a_source(problem: &Problem) -> bool {
    [NOT_UNDERSTOOD, SILENT].contains(&problem.signature.as_str())
}

fn problem(source: &str, signature: &str) -> Option<Problem> {
    let target = Target::parse(&format!("steward/source/{source}")).ok()?;
    Some(Problem { target, signature: Signature::parse(signature).ok()? })
}
