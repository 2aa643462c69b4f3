//! Silences as they begin and end: hiding incidents, and telling once what is still broken.

use std::time::Duration;

use serde_json::json;

use crate::domain::ids::IncidentId;
use crate::domain::incident::Incident;
use crate::domain::signal::{Origin, Problem, Timestamp};
use crate::domain::suppression::{Kind, Scope, Silence};
use crate::engine::people::Answer;
use crate::engine::timer::Timer;
use crate::engine::world::{SignalKey, World};
use crate::store::batch::SignalRow;

/// A silence that lasts so long is brought to mind before its end, if it hides something that is still broken.
const WORTH_A_REMINDER: Duration = Duration::from_secs(4 * 3600);
/// How long before its end.
const REMINDED_BEFORE: Duration = Duration::from_secs(30 * 60);
/// Most incidents that are named at once.
const NAMED: usize = 10;

/// Somebody's wish to hear nothing.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Of what.
    pub scope: Scope,
    /// Why.
    pub kind: Kind,
    /// From when; from now on when absent.
    pub from: Option<Timestamp>,
    /// For how long.
    pub duration: Duration,
    /// Why, in their words.
    pub comment: Option<String>,
}

/// What hides an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hidden {
    /// A silence, or several.
    Silence { until: Timestamp, by: String },
    /// Something that fires.
    Inhibited { why: String },
}

/// What covers one problem.
pub(super) enum Cover<'a> {
    Silence(&'a Silence),
    Inhibited(String),
}

impl World {
    /// Keeps something quiet for a while.
    pub fn silence(&mut self, wish: Wish, by: &str, now: Timestamp) -> Answer {
        let starts_at = wish.from.map_or(now, |from| from.max(now));
        self.last_silence += 1;
        let silence = Silence {
            number: self.last_silence,
            scope: wish.scope,
            kind: wish.kind,
            window: None,
            starts_at,
            ends_at: starts_at + wish.duration,
            by: by.to_owned(),
            comment: wish.comment.unwrap_or_default(),
        };
        self.audit(by, silence.kind.as_str(), json!({ "silence": silence }), now);
        self.begin_silence(silence.clone(), now);
        let Silence { number, scope, kind, .. } = &silence;
        let time = |at: Timestamp| at.with_timezone(&self.settings.tz).format("%Y-%m-%d %H:%M");
        let until = time(silence.ends_at);
        let subject = match scope {
            Scope::Target(target) => format!("{target} and all below it are"),
            Scope::Matchers(matchers) => format!("Whatever matches {matchers} is"),
        };
        let what = match kind {
            Kind::Silence => "silent",
            Kind::Maintenance => "under maintenance",
        };
        let when = match silence.is_active(now) {
            true => format!("until {until}"),
            false => format!("from {} until {until}", time(starts_at)),
        };
        let mut answer = format!(
            "{subject} {what} {when} (silence {number}): no messages, no calls, no repairs. I keep recording, and tell you at the end what is still broken."
        );
        let hidden = self.broken_under(&silence);
        if silence.is_active(now) && !hidden.is_empty() {
            let open = if hidden.len() == 1 { "open incident" } else { "open incidents" };
            answer = format!("{answer} It hides {} {open} now: {}.", hidden.len(), self.named(&hidden));
        } else if let Some(doubt) = self.doubt(&silence.scope, silence.is_active(now)) {
            answer = format!("{answer} {doubt}");
        }
        Ok(answer)
    }

    /// Ends a silence early.
    pub fn unsilence(&mut self, number: i64, by: &str, now: Timestamp) -> Answer {
        let Some(at) = self.silences.iter().position(|s| s.number == number) else {
            return Err(format!("There is no silence {number}. `silences` lists them."));
        };
        let mut silence = self.silences.remove(at);
        silence.ends_at = now.max(silence.starts_at);
        self.audit(by, "unsilence", json!({ "silence": number }), now);
        let answer = match silence.kind {
            Kind::Silence => format!("{} is no longer silent.", silence.scope),
            Kind::Maintenance => format!("The {} is over.", silence.name()),
        };
        self.batch.silences.push((silence, true));
        self.review_silences(now);
        self.look_at_suspended(now);
        Ok(answer)
    }

    /// Puts a silence in force, now or when it begins.
    pub(in crate::engine) fn begin_silence(&mut self, silence: Silence, now: Timestamp) {
        self.batch.silences.push((silence.clone(), false));
        self.watch_silence(&silence, now);
        self.silences.push(silence);
        self.review_silences(now);
    }

    /// Sets the timers of a silence.
    pub(in crate::engine) fn watch_silence(&mut self, silence: &Silence, now: Timestamp) {
        let number = silence.number;
        self.wake(silence.ends_at, Timer::Silence(number));
        if silence.starts_at > now {
            self.wake(silence.starts_at, Timer::SilenceBegins(number));
        }
        let length = (silence.ends_at - silence.starts_at).to_std().unwrap_or_default();
        let reminder = silence.ends_at - REMINDED_BEFORE;
        if length >= WORTH_A_REMINDER && reminder > now {
            self.wake(reminder, Timer::SilenceEnds(number));
        }
    }

    /// Hides or shows incidents as silences begin and end.
    pub(in crate::engine) fn review_silences(&mut self, now: Timestamp) {
        let ids: Vec<IncidentId> = self.incidents.keys().copied().collect();
        ids.into_iter().for_each(|id| self.review_silence(id, now));
    }

    /// Hides or shows one incident.
    pub(in crate::engine) fn review_silence(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get(&id).filter(|live| live.incident.state.is_live()) else { return };
        let hidden = self.hidden(&live.incident, now);
        let was = live.telling.silenced;
        match hidden {
            Some(hidden) => {
                self.set_hidden(id, Some(&hidden));
                if !was {
                    self.is_hidden(id, hidden, now);
                }
            }
            None if was => {
                let inhibited = live.telling.inhibited_by.is_some();
                self.set_hidden(id, None);
                self.is_shown(id, inhibited, now);
            }
            None => {}
        }
    }

    fn set_hidden(&mut self, id: IncidentId, hidden: Option<&Hidden>) {
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let inhibited_by = match hidden {
            Some(Hidden::Inhibited { why }) => Some(why.clone()),
            Some(Hidden::Silence { .. }) | None => None,
        };
        let telling = &mut live.telling;
        if telling.silenced != hidden.is_some() || telling.inhibited_by != inhibited_by {
            telling.silenced = hidden.is_some();
            telling.inhibited_by = inhibited_by;
            self.dirty.insert(id);
        }
    }

    pub(super) fn incident_was_told(&self, id: IncidentId) -> bool {
        self.incidents.get(&id).is_some_and(|live| live.telling.told_seq > 0)
    }

    /// What hides an incident: a silence of its root, or whatever covers all that is active in it.
    fn hidden(&self, incident: &Incident, now: Timestamp) -> Option<Hidden> {
        let active = || self.silences.iter().filter(|silence| silence.is_active(now));
        if self.inhibits_nothing() && active().next().is_none() {
            return None;
        }
        if let Some(silence) = active().filter(|s| self.hides(s, incident)).max_by_key(|s| s.ends_at) {
            return Some(Hidden::Silence { until: silence.ends_at, by: silence.by.clone() });
        }
        if incident.storm.as_ref().is_some_and(|storm| storm.active > 0) {
            return None;
        }
        // Of several that only cover all together, the first that ends shows it again.
        let mut together: Option<Hidden> = None;
        for member in incident.members.iter().filter(|member| member.active) {
            let cover = match self.cover_of(&member.problem, now)? {
                Cover::Inhibited(why) => Hidden::Inhibited { why },
                Cover::Silence(silence) => Hidden::Silence { until: silence.ends_at, by: silence.by.clone() },
            };
            together = Some(match (together, cover) {
                (Some(inhibited @ Hidden::Inhibited { .. }), _)
                | (_, inhibited @ Hidden::Inhibited { .. }) => inhibited,
                (Some(Hidden::Silence { until, by }), Hidden::Silence { until: other, .. })
                    if until <= other =>
                {
                    Hidden::Silence { until, by }
                }
                (_, silence) => silence,
            });
        }
        together
    }

    /// Whether this silence, while it holds, hides an incident by itself.
    fn hides(&self, silence: &Silence, incident: &Incident) -> bool {
        if silence.scope.target().is_some_and(|target| incident.root.is_within(target)) {
            return true;
        }
        let covers = |problem: &Problem| self.covers_problem(silence, problem);
        let active = || incident.members.iter().filter(|m| m.active).map(|m| &m.problem);
        let at_root = || active().filter(|problem| problem.target == incident.root);
        if at_root().next().is_some() && at_root().all(covers) {
            return true;
        }
        if incident.is_active() {
            // What a storm only counts is not looked at one by one.
            return incident.storm.as_ref().is_none_or(|storm| storm.active == 0) && active().all(covers);
        }
        // Nothing is active: what it was about last decides.
        let mut of_root = incident.members.iter().map(|m| &m.problem).filter(|p| p.target == incident.root);
        let matchers = silence.scope.target().is_none();
        matchers && of_root.clone().next().is_some() && of_root.all(covers)
    }

    /// The rows of whoever says that a problem is there, or of whoever said so last.
    fn voices<'a>(&'a self, problem: &'a Problem) -> impl Iterator<Item = (SignalKey, &'a SignalRow)> {
        let origins = self.origins_of.get(problem).or_else(|| self.heard_of.get(problem));
        origins.into_iter().flatten().filter_map(|origin| {
            let key = (origin.clone(), problem.clone());
            let row = self.signals.get(&key)?;
            Some((key, row))
        })
    }

    /// Whether a silence covers everyone's word on a problem, whether or not it holds now.
    pub(in crate::engine) fn covers_problem(&self, silence: &Silence, problem: &Problem) -> bool {
        if let Scope::Target(target) = &silence.scope
            && problem.target.is_within(target)
        {
            return true;
        }
        let covers = |row: &SignalRow| {
            silence.scope.covers(&row.signal)
                || (row.signal.origin == Origin::Steward
                    && self.suspends(silence, &row.signal, silence.starts_at))
        };
        let mut voices = self.voices(problem).peekable();
        voices.peek().is_some() && voices.all(|(_, row)| covers(row))
    }

    /// What covers a problem now: each that reports it has to be silenced or inhibited.
    pub(super) fn cover_of(&self, problem: &Problem, now: Timestamp) -> Option<Cover<'_>> {
        let silences = self.silences.iter().filter(|s| s.is_active(now));
        if let Some(silence) = silences.filter(|s| self.covers_problem(s, problem)).max_by_key(|s| s.ends_at)
        {
            return Some(Cover::Silence(silence));
        }
        let mut why = None;
        for (key, row) in self.voices(problem) {
            let inhibited = self.inhibited_by(&key);
            let silenced = || self.silences.iter().any(|s| s.is_active(now) && s.scope.covers(&row.signal));
            if inhibited.is_none() && !silenced() {
                return None;
            }
            why = why.or(inhibited);
        }
        why.map(Cover::Inhibited)
    }

    /// Whether a silence covers a problem now.
    pub(in crate::engine) fn is_silenced(&self, problem: &Problem, now: Timestamp) -> bool {
        self.silences.iter().any(|silence| silence.is_active(now) && self.covers_problem(silence, problem))
    }

    /// The numbers of the incidents that are not over and that a silence hides, or hid.
    pub(in crate::engine) fn broken_under(&self, silence: &Silence) -> Vec<u64> {
        let unresolved = self.incidents.values().filter(|live| live.incident.state.is_unresolved());
        let hidden = unresolved.filter(|live| match silence.scope.target() {
            Some(target) => live.incident.root.is_within(target),
            None => self.hides(silence, &live.incident),
        });
        let mut numbers: Vec<u64> = hidden.map(|live| live.incident.number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Incidents by their numbers, and the roots of the first few: `#3 nas, #5 web`.
    pub(in crate::engine) fn named(&self, numbers: &[u64]) -> String {
        let name = |number: &u64| {
            let live = self.by_number.get(number).and_then(|id| self.incidents.get(id));
            live.map_or_else(|| format!("#{number}"), |live| format!("#{number} {}", live.incident.root))
        };
        let mut names: Vec<String> = numbers.iter().take(NAMED).map(name).collect();
        if numbers.len() > NAMED {
            names.push(format!("{} more", numbers.len() - NAMED));
        }
        names.join(", ")
    }

    /// A silence that was asked for in advance begins.
    pub(super) fn silence_begins(&mut self, number: i64, now: Timestamp) {
        let begun = self.silences.iter().find(|s| s.number == number && s.is_active(now)).cloned();
        if let Some(silence) = begun {
            self.review_silences(now);
            self.tell_silence_begun(&silence, now);
        }
    }

    /// A long silence ends soon.
    pub(super) fn silence_ends_soon(&mut self, number: i64, now: Timestamp) {
        let running = self.silences.iter().find(|s| s.number == number && s.is_active(now)).cloned();
        if let Some(silence) = running {
            self.tell_silence_ends(&silence, now);
        }
    }

    pub(super) fn silence_over(&mut self, number: i64, now: Timestamp) {
        let Some(at) = self.silences.iter().position(|s| s.number == number && s.ends_at <= now) else {
            return;
        };
        let silence = self.silences.remove(at);
        self.review_silences(now);
        self.look_at_suspended(now);
        self.tell_silence_over(&silence, now);
        self.batch.silences.push((silence, true));
    }
}
