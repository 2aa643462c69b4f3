//! `[[maintenance]]`, `[[inhibit]]` and `[[triage]]`: matchers and schedules read, names told apart.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Check, Trail, below, keys};
use crate::config::raw::{RawInhibit, RawMaintenance, RawQuiet, RawTriage};
use crate::domain::hours::Hours;
use crate::domain::matcher::{Matcher, MatcherError, Matchers};
use crate::domain::schedule::Schedule;
use crate::domain::suppression::{InhibitRule, Quiet, Scope, Window};
use crate::domain::target::Target;
use crate::domain::triage::{Flapping, Rule, Verdict, shipped};

/// The longest maintenance window.
const LONGEST_WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);
/// The most bounces that are counted of one signal.
const MOST_BOUNCES: u32 = 100;

impl Check<'_> {
    pub(super) fn quiet(&mut self, raw: RawQuiet) -> Quiet {
        let RawQuiet { maintenance, inhibit, triage } = raw;
        self.names("maintenance", maintenance.iter().map(|raw| raw.name.as_str()));
        self.names("triage", triage.iter().map(|raw| raw.name.as_str()));
        self.names("inhibit", inhibit.iter().filter_map(|raw| raw.name.as_deref()));
        let windows = maintenance.into_iter().enumerate().filter_map(|(index, raw)| self.window(index, raw));
        let maintenance = windows.collect();
        let rules = inhibit.into_iter().enumerate().filter_map(|(index, raw)| self.inhibit(index, raw));
        let inhibit = rules.collect();
        let rules = triage.into_iter().enumerate().filter_map(|(index, raw)| self.triage(index, raw));
        let mut triage: Vec<Rule> = rules.collect();
        // The operator's own come first, so that they may let through what the shipped ones ignore.
        let own: BTreeSet<String> = triage.iter().map(|rule| rule.name.clone()).collect();
        triage.extend(shipped().into_iter().filter(|rule| !own.contains(&rule.name)));
        Quiet { maintenance, inhibit, triage }
    }

    fn names<'a>(&mut self, section: &str, names: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for (index, name) in names.enumerate() {
            let place = below(&self.document.item(&keys([section]), index), "name");
            let plain = |c: char| c.is_alphanumeric() || "._- ".contains(c);
            if name.trim().is_empty() || name.chars().count() > 64 || !name.chars().all(plain) {
                let hint = "write a short one of letters, digits, `.`, `-` and `_`".to_owned();
                self.report(&place, format!("{name:?} is no name"), Some(hint));
            } else if !seen.insert(name) {
                self.report(&place, format!("{name:?} is there twice"), Some("give each its own".into()));
            }
        }
    }

    fn window(&mut self, index: usize, raw: RawMaintenance) -> Option<Window> {
        let place = self.document.item(&keys(["maintenance"]), index);
        let scope = match (raw.target, raw.matchers) {
            (Some(target), None) => match Target::parse(&target) {
                Ok(target) => Some(Scope::Target(target)),
                Err(error) => {
                    self.report(&below(&place, "target"), error.to_string(), None);
                    None
                }
            },
            (None, Some(matchers)) => self.narrow(&below(&place, "matchers"), &matchers).map(Scope::Matchers),
            (both, _) => {
                let what = if both.is_some() { "has a target and matchers" } else { "covers nothing" };
                let hint = "write either `target = \"nas\"` or `matchers = ['instance=~\"nas.*\"']`";
                self.report(&place, what, Some(hint.to_owned()));
                None
            }
        };
        let schedule = self.schedule(&below(&place, "schedule"), &raw.schedule);
        if raw.duration > LONGEST_WINDOW {
            let hint = "30 days at most; what is never to be told belongs to `[[triage]]`".to_owned();
            self.report(&below(&place, "duration"), "is too long for a window", Some(hint));
        }
        Some(Window {
            name: raw.name,
            scope: scope?,
            schedule: schedule?,
            duration: raw.duration.min(LONGEST_WINDOW),
            comment: raw.comment,
        })
    }

    fn schedule(&mut self, place: &Trail, text: &str) -> Option<Schedule> {
        if text.trim_start().starts_with("@every") {
            let hint = "write five cron fields: `0 3 * * 0` is Sundays at 03:00".to_owned();
            self.report(place, format!("{text:?} says when nothing begins"), Some(hint));
            return None;
        }
        let error = match Schedule::parse(text) {
            Ok(schedule) => return Some(schedule),
            Err(error) => error,
        };
        let field = error.field.map(|field| format!(" ({field})")).unwrap_or_default();
        self.report(place, format!("{text:?} is no schedule{field}: {}", error.message), Some(error.hint));
        None
    }

    fn inhibit(&mut self, index: usize, raw: RawInhibit) -> Option<InhibitRule> {
        let place = self.document.item(&keys(["inhibit"]), index);
        let source = self.matchers(&below(&place, "source"), &raw.source);
        let target = self.matchers(&below(&place, "target"), &raw.target);
        let name = raw.name.unwrap_or_else(|| format!("{}", index + 1));
        Some(InhibitRule { name, source: source?, target: target?, equal: raw.equal })
    }

    fn triage(&mut self, index: usize, raw: RawTriage) -> Option<Rule> {
        let place = self.document.item(&keys(["triage"]), index);
        let matchers = match &raw.matchers {
            Some(matchers) => Some(self.matchers(&below(&place, "match"), matchers)?),
            None => None,
        };
        let mut hours = Vec::new();
        for text in &raw.hours {
            match Hours::parse(text) {
                Ok(span) => hours.push(span),
                Err(error) => self.report(&below(&place, "hours"), error.to_string(), None),
            }
        }
        let flapping = raw.flapping.map(|raw| Flapping { bounces: raw.bounces as usize, within: raw.within });
        if flapping.is_some_and(|flapping| !(2..=MOST_BOUNCES as usize).contains(&flapping.bounces)) {
            let hint = format!("write 2 to {MOST_BOUNCES}");
            self.report(&below(&place, "flapping"), "is not so many bounces", Some(hint));
        }
        let waits = raw.lasting.is_some() || flapping.is_some();
        let verdict = match raw.verdict.as_str() {
            "hold" => {
                if !waits && hours.is_empty() {
                    let hint = "say until when with `for`, `flapping` or `hours`, or write do = \"ignore\"";
                    self.report(&place, "holds for ever", Some(hint.to_owned()));
                }
                Verdict::Hold { lasting: raw.lasting, flapping }
            }
            word @ ("ignore" | "pass") => {
                if waits {
                    let what = format!("`for` and `flapping` mean nothing with do = \"{word}\"");
                    self.report(&place, what, Some("write do = \"hold\", or take them out".to_owned()));
                }
                if word == "ignore" { Verdict::Ignore } else { Verdict::Pass }
            }
            other => {
                let hint = "write \"ignore\", \"hold\" or \"pass\"".to_owned();
                self.report(&below(&place, "do"), format!("{other:?} is nothing to do"), Some(hint));
                return None;
            }
        };
        if matchers.is_none() && verdict == Verdict::Ignore && hours.is_empty() {
            let hint = "add `match`, so that it ignores something in particular".to_owned();
            self.report(&place, "would ignore everything", Some(hint));
        }
        Some(Rule { name: raw.name, matchers, hours, verdict, why: raw.why })
    }

    fn matchers(&mut self, place: &Trail, texts: &[String]) -> Option<Matchers> {
        self.read_matchers(place, texts, Ok)
    }

    /// Matchers that don't match everything that lacks a label.
    fn narrow(&mut self, place: &Trail, texts: &[String]) -> Option<Matchers> {
        self.read_matchers(place, texts, Matchers::narrow)
    }

    fn read_matchers(
        &mut self,
        place: &Trail,
        texts: &[String],
        also: fn(Matchers) -> Result<Matchers, MatcherError>,
    ) -> Option<Matchers> {
        let mut all: Vec<Matcher> = Vec::new();
        let mut faults = Vec::new();
        for text in texts {
            match Matchers::parse(text) {
                Ok(matchers) => all.extend(matchers.as_slice().iter().cloned()),
                Err(error) => faults.push(error),
            }
        }
        let matchers = if faults.is_empty() {
            Matchers::of(all).and_then(also).map_err(|error| faults.push(error)).ok()
        } else {
            None
        };
        for MatcherError { what, hint } in faults {
            self.report(place, what, Some(hint));
        }
        matchers
    }
}
