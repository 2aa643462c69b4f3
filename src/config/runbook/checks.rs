//! The named checks of a runbook.

use std::collections::BTreeSet;
use std::time::Duration;

use super::names::Captured;
use super::raw::{RawCheck, RawChecks};
use super::{Check, is_line};
use crate::config::document::{Trail, below, keys};
use crate::domain::runbook::{Checks, NamedCheck, RunbookLimits};

/// The least cooldown of a runbook that may find that now is not the time: it tries again after it, for as long as
/// its checks do not hold.
const LEAST_COOLDOWN: Duration = Duration::from_secs(60);

impl Check<'_> {
    pub(super) fn checks(&mut self, raw: RawChecks, limits: &RunbookLimits) -> Checks {
        let mut names = BTreeSet::new();
        let mut read = |list: Vec<RawCheck>, key: &str| {
            let place = keys(["checks", key]);
            let mut checks = Vec::new();
            for (index, check) in list.into_iter().enumerate() {
                let place = self.document.item(&place, index);
                self.check_head(&check, key, &mut names, &place);
                checks.extend(self.named_check(check, &place));
            }
            checks
        };
        let before = read(raw.before, "before");
        let always = read(raw.always, "always");
        let checks = Checks { before, always, after: read(raw.after, "after") };
        if checks.hold_back() && limits.cooldown < LEAST_COOLDOWN {
            self.report(
                &keys(["limits", "cooldown"]),
                "is too short for a runbook with checks: when one does not hold, it tries again after this time",
                "write at least `1m`",
            );
        }
        checks
    }

    fn check_head(&mut self, check: &RawCheck, key: &str, names: &mut BTreeSet<String>, place: &Trail) {
        let at = |key: &str| below(place, key);
        if !is_line(&check.name) {
            let what = format!("{:?} is no name for a check", check.name);
            self.report(&at("name"), what, "write 1 to 120 characters on one line");
        } else if !names.insert(check.name.clone()) {
            let what = format!("two checks are called `{}`", check.name);
            self.report(&at("name"), what, "give each its own name");
        }
        if check.safety.is_some() && key != "before" {
            self.report(
                &at("safety"),
                format!("means nothing under `{key}`: a safety check must hold before anything is destroyed"),
                "move the check to `before`; it is asked again right before each step that can't be taken back",
            );
        }
    }

    fn named_check(&mut self, raw: RawCheck, place: &Trail) -> Option<NamedCheck> {
        let RawCheck { name, mut run, host, timeout, safety } = raw;
        run.host = host.unwrap_or(run.host);
        let place = below(place, "run");
        let run = self.command(run, &place)?;
        self.check_command(&run, &Captured::default(), &place);
        Some(NamedCheck {
            name,
            run,
            timeout: timeout.unwrap_or(NamedCheck::TIMEOUT),
            safety: safety.unwrap_or(false),
        })
    }
}
