//! Trust that repairs earn: counted when a run has proved itself, lost at once when one has not.
//!
//! It is kept whatever the autonomy is, and asked only where that is `earned`: it can withhold what the policy allows,
//! and never allows what the policy does not.

use super::timer::Timer;
use super::world::World;
use crate::domain::card::Card;
use crate::domain::ids::RemediationId;
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;
use crate::domain::trust::{Shift, Trust, class_of, written};
use crate::policy::Autonomy;

/// The outcome of a repair whose problem stayed away for as long as it was watched, as stored.
pub(super) const HELD: &str = "held";
/// The outcome of a repair that worked and proves nothing any more, as stored: nobody could look whether it lasted, or
/// a later run did not.
pub(super) const LAPSED: &str = "lapsed";
/// The outcome of a repair that a person had taken back, as stored.
pub(super) const UNDONE: &str = "undone";

/// A repair that worked, and is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trial {
    /// The runbook.
    runbook: String,
    /// What it repaired.
    target: Target,
    /// The writing of the runbook that ran.
    written: Option<String>,
}

impl World {
    /// Whether this kind of repair has earned to act by itself on targets like this one.
    pub(super) fn is_trusted(&self, runbook: &str, target: &Target) -> bool {
        let trust = self.trust.get(&(runbook.to_owned(), class_of(target)));
        trust.is_some_and(|trust| self.written(runbook).is_some_and(|now| trust.is_earned_by(&now)))
    }

    /// What tells this writing of a runbook from others, while it is there.
    fn written(&self, runbook: &str) -> Option<String> {
        self.runbook(runbook).map(written)
    }

    /// A repair has worked: whether that lasts is seen when `until` has come.
    pub(super) fn begin_trial(
        &mut self,
        remediation: RemediationId,
        runbook: &str,
        target: &Target,
        written: Option<String>,
        until: Timestamp,
    ) {
        self.trials
            .insert(remediation, Trial { runbook: runbook.to_owned(), target: target.clone(), written });
        self.wake(until, Timer::Trial(remediation));
    }

    /// The watch time of a repair is over, and its problem did not come back.
    pub(super) fn trial_over(&mut self, remediation: RemediationId, now: Timestamp) {
        let Some(Trial { runbook, target, written }) = self.trials.remove(&remediation) else { return };
        self.batch.ended.push((remediation, now, HELD.to_owned()));
        self.fix_held(remediation, now);
        if written.is_none() || written != self.written(&runbook) {
            // It says nothing of what goes by this name now.
            return;
        }
        let clean_runs = self.settings.clean_runs;
        self.shift(&runbook, &target, now, |trust| trust.clean_run(clean_runs, now));
    }

    /// A repair failed, did not last, or was taken back.
    pub(super) fn lose_trust(&mut self, runbook: &str, target: &Target, why: &str, now: Timestamp) {
        let of_it = |trial: &Trial| trial.runbook == runbook && trial.target == *target;
        for (remediation, _) in self.trials.extract_if(.., |_, trial| of_it(trial)) {
            self.batch.ended.push((remediation, now, LAPSED.to_owned()));
        }
        self.shift(runbook, target, now, |trust| trust.failed(why, now));
    }

    fn shift(
        &mut self,
        runbook: &str,
        target: &Target,
        now: Timestamp,
        change: impl FnOnce(&mut Trust) -> Shift,
    ) {
        if target.is_wish() {
            // Each is another one: what was done for it proves nothing for the next.
            return;
        }
        let class = class_of(target);
        let key = (runbook.to_owned(), class.clone());
        let written = self.written(runbook).unwrap_or_default();
        let trust = self.trust.entry(key).or_insert_with(|| Trust::none(runbook, &class, &written, now));
        trust.is_about(&written, now);
        let shift = change(trust);
        let trust = trust.clone();
        self.batch.trust.push(trust.clone());
        let what = match shift {
            Shift::Unmoved => return,
            Shift::Promoted => "acts by itself from now on",
            Shift::Demoted => "asks from now on",
        };
        let data = serde_json::json!({ "kind": trust.kind, "class": trust.class, "why": trust.why });
        self.audit("steward", if shift == Shift::Promoted { "promoted" } else { "demoted" }, data, now);
        if self.settings.autonomy == Autonomy::Earned {
            let title = format!("{} {what} on {class}", self.called(runbook));
            self.tell_lab(&Card::titled(title).line(sentence(&trust.why)), now);
        }
    }

    /// What has earned how much trust, for people.
    pub(super) fn list_trust(&self) -> Card {
        let note = match self.settings.autonomy {
            Autonomy::Full => {
                "Autonomy is `full`: what is safe and reversible runs by itself, whatever stands here."
            }
            Autonomy::Earned => "Autonomy is `earned`: what has not earned it is asked for.",
            Autonomy::Propose => "Autonomy is `propose`: every change is asked for, whatever stands here.",
        };
        if self.trust.is_empty() {
            return Card::titled("No repair has proved itself or failed yet").line(note);
        }
        let card = Card::titled("What has proved itself, and where");
        let card = self.trust.values().fold(card, |card, trust| {
            let stands = match trust.earned_since {
                Some(_) if !self.written(&trust.kind).is_some_and(|now| trust.is_earned_by(&now)) => {
                    "not yet trusted, because it does something else since".to_owned()
                }
                Some(since) => {
                    let since = since.with_timezone(&self.settings.tz).format("%Y-%m-%d %H:%M");
                    format!("trusted since {since}")
                }
                None => "not yet trusted".to_owned(),
            };
            card.line(format!("{} on {}: {stands} ({})", self.called(&trust.kind), trust.class, trust.why))
        });
        card.line(note)
    }
}

/// A reason as a sentence of its own.
fn sentence(why: &str) -> String {
    let mut chars = why.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}
