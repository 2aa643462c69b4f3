//! Triage as signals come in: what a rule holds back is kept without an incident and counted, and placed as soon as no
//! rule holds it any more.

use std::collections::{BTreeSet, HashMap};

use super::timer::Timer;
use super::world::{SignalKey, World};
use crate::domain::matcher::label_of;
use crate::domain::signal::{Origin, Signal, SignalState, Timestamp};
use crate::domain::suppression::{Kind, Scope, Silence};
use crate::domain::target::Target;
use crate::domain::triage::{Flapping, Past, judge, remembers};
use crate::store::silences::{Counted, HeldRow};

/// The rule under which the failures of skills are counted that can't look because of maintenance.
pub(super) const MAINTENANCE: &str = "maintenance";

/// A signal that waits.
struct Waiting {
    rule: String,
    since: Timestamp,
    counted_at: Timestamp,
}

/// Everything that is held back, and what is remembered to judge by.
#[derive(Default)]
pub(super) struct Held {
    waiting: HashMap<SignalKey, Waiting>,
    /// When those began to fire that a rule counts, the oldest first.
    began: HashMap<SignalKey, Vec<Timestamp>>,
    /// When to look again.
    due: BTreeSet<(Timestamp, SignalKey)>,
}

impl Held {
    /// How many signals are held back now.
    pub(super) fn count(&self) -> usize {
        self.waiting.len()
    }
}

impl World {
    /// Whether a signal is held back now.
    pub(super) fn is_held(&self, key: &SignalKey) -> bool {
        self.held.waiting.contains_key(key)
    }

    /// Looks whether a rule holds a firing signal back, and keeps it if so; `begins` says that it did not fire before.
    pub(super) fn hold_back(&mut self, key: &SignalKey, begins: bool, now: Timestamp) -> bool {
        if begins {
            self.note_beginning(key, now);
        } else if !self.is_held(key) {
            // It was let through when it began.
            return false;
        }
        let since = self.held.waiting.get(key).map_or(now, |waiting| waiting.since);
        match self.judged(key, since, now) {
            Some((rule, until)) => {
                self.keep_back(key, rule, since, until, now);
                true
            }
            None => {
                self.no_longer_held(key);
                false
            }
        }
    }

    /// The rule that holds a signal back now, and when to look again.
    fn judged(
        &self,
        key: &SignalKey,
        since: Timestamp,
        now: Timestamp,
    ) -> Option<(String, Option<Timestamp>)> {
        let signal = &self.signals.get(key)?.signal;
        if signal.origin == Origin::Steward {
            let silences = self.silences.iter().filter(|silence| self.suspends(silence, signal, now));
            return silences
                .map(|silence| silence.ends_at)
                .max()
                .map(|end| (MAINTENANCE.to_owned(), Some(end)));
        }
        let began = self.held.began.get(key).map_or(&[] as &[_], Vec::as_slice);
        let past = Past { since: Some(since), began };
        let held = judge(&self.settings.quiet.triage, signal, past, now, self.settings.tz)?;
        Some((held.rule.name.clone(), held.until))
    }

    /// Whether a maintenance window covers all that a skill looks at which fails: it can't be expected to work.
    pub(super) fn suspends(&self, silence: &Silence, failure: &Signal, now: Timestamp) -> bool {
        if silence.kind != Kind::Maintenance || !silence.is_active(now) || failure.origin != Origin::Steward {
            return false;
        }
        let Some(skill) = failure.labels.get("skill") else { return false };
        let Some(targets) = self.knowledge.watched.get(skill) else { return false };
        let covered = |target: &Target| match &silence.scope {
            Scope::Target(scope) => target.is_within(scope),
            Scope::Matchers(matchers) => matchers.accept(|name| match name {
                "target" => target.as_str(),
                "source" => skill,
                _ => label_of(failure, name),
            }),
        };
        !targets.is_empty() && targets.iter().all(covered)
    }

    fn note_beginning(&mut self, key: &SignalKey, now: Timestamp) {
        let Some(row) = self.signals.get(key) else { return };
        let Some(Flapping { bounces, within }) = remembers(&self.settings.quiet.triage, &row.signal) else {
            return;
        };
        let began = self.held.began.entry(key.clone()).or_default();
        began.push(now);
        began.retain(|at| now < *at + within);
        let excess = began.len().saturating_sub(bounces);
        began.drain(..excess);
        self.look_again(key, now + within);
        self.store_held(key, now);
    }

    fn look_again(&mut self, key: &SignalKey, at: Timestamp) {
        self.held.due.insert((at, key.clone()));
        self.wake(at, Timer::Triage);
    }

    fn keep_back(
        &mut self,
        key: &SignalKey,
        rule: String,
        since: Timestamp,
        until: Option<Timestamp>,
        now: Timestamp,
    ) {
        let tz = self.settings.tz;
        let day = |at: Timestamp| at.with_timezone(&tz).date_naive();
        let before = self.held.waiting.remove(key);
        let known = before.as_ref().is_some_and(|b| b.rule == rule && day(b.counted_at) == day(now));
        let counted_at = before.filter(|_| known).map_or(now, |before| before.counted_at);
        self.note_firing(key);
        self.held.waiting.insert(key.clone(), Waiting { rule: rule.clone(), since, counted_at });
        if let Some(until) = until {
            self.look_again(key, until);
        }
        if known {
            return;
        }
        if let Some(row) = self.signals.get(key) {
            self.batch.held_back.counted.push(Counted {
                rule,
                problem: key.1.clone(),
                source: label_of(&row.signal, "source").to_owned(),
                summary: row.signal.summary.clone(),
                at: now,
            });
        }
        self.store_held(key, now);
    }

    /// Notes what is remembered of a signal, for the next start.
    fn store_held(&mut self, key: &SignalKey, now: Timestamp) {
        let waiting = self.held.waiting.get(key);
        let began = self.held.began.get(key).cloned().unwrap_or_default();
        if waiting.is_none() && began.is_empty() {
            self.batch.held_back.held.push(Err(key.clone()));
            return;
        }
        self.batch.held_back.held.push(Ok(HeldRow {
            origin: key.0.clone(),
            problem: key.1.clone(),
            rule: waiting.map(|waiting| waiting.rule.clone()),
            since: waiting.map_or(now, |waiting| waiting.since),
            began,
            counted_at: waiting.map(|waiting| waiting.counted_at),
        }));
    }

    fn no_longer_held(&mut self, key: &SignalKey) -> bool {
        let Some(waiting) = self.held.waiting.remove(key) else { return false };
        self.store_held(key, waiting.since);
        true
    }

    /// What was held back no longer fires: it ends as quietly as it came. Says whether it was held back.
    pub(super) fn ends_held(&mut self, key: &SignalKey) -> bool {
        if !self.no_longer_held(key) {
            return false;
        }
        if self.index.incident_of(&key.1).is_none()
            && let Some(row) = self.signals.remove(key)
        {
            // Nothing else remembers it, so that it is written here.
            self.batch.signals.push(row);
            self.changed.remove(key);
            self.touched.remove(key);
            if let Some(heard) = self.heard_of.get_mut(&key.1) {
                heard.remove(&key.0);
                if heard.is_empty() {
                    self.heard_of.remove(&key.1);
                }
            }
        }
        true
    }

    /// Looks at what has waited long enough.
    pub(super) fn triage_due(&mut self, now: Timestamp) {
        while let Some((at, _)) = self.held.due.first() {
            if *at > now {
                self.wake(*at, Timer::Triage);
                return;
            }
            let Some((_, key)) = self.held.due.pop_first() else { return };
            self.forget_beginnings(&key, now);
            let Some(since) = self.held.waiting.get(&key).map(|waiting| waiting.since) else { continue };
            let firing = self.signals.get(&key).is_some_and(|row| row.signal.state == SignalState::Firing);
            match self.judged(&key, since, now).filter(|_| firing) {
                Some((rule, until)) => self.keep_back(&key, rule, since, until, now),
                None => {
                    self.no_longer_held(&key);
                    if firing {
                        self.admit(&key, now);
                    }
                }
            }
        }
    }

    /// Forgets beginnings that no rule counts any more.
    fn forget_beginnings(&mut self, key: &SignalKey, now: Timestamp) {
        let Some(last) = self.held.began.get(key).and_then(|began| began.last().copied()) else { return };
        let within = self.settings.quiet.longest_flapping();
        if now >= last + within {
            self.held.began.remove(key);
            self.store_held(key, now);
        } else {
            self.look_again(key, last + within);
        }
    }

    /// Looks again at the failures of skills that were held back, because a window has ended.
    pub(super) fn look_at_suspended(&mut self, now: Timestamp) {
        let suspended = self.held.waiting.iter().filter(|(key, _)| key.0 == Origin::Steward);
        let keys: Vec<SignalKey> = suspended.map(|(key, _)| key.clone()).collect();
        if keys.is_empty() {
            return;
        }
        keys.into_iter().for_each(|key| _ = self.held.due.insert((now, key)));
        self.triage_due(now);
    }

    /// Takes up what an earlier Steward held back. The rules that are in force now decide on it at once.
    pub(super) fn restore_held(&mut self, rows: Vec<HeldRow>, now: Timestamp) {
        for row in rows {
            let key = (row.origin, row.problem);
            if !row.began.is_empty() {
                self.held.began.insert(key.clone(), row.began);
            }
            if let Some(rule) = row.rule {
                let counted_at = row.counted_at.unwrap_or(row.since);
                let waiting = Waiting { rule, since: row.since, counted_at };
                self.held.waiting.insert(key.clone(), waiting);
            }
            self.look_again(&key, now);
        }
    }
}
