//! A plan as people read it.

use std::collections::BTreeSet;

use super::{Planned, part_name};
use crate::cli::Stop;
use crate::cli::screen::{Screen, Tone};
use crate::domain::remediation::{PlannedStep, PlannedVerify};
use crate::domain::runbook::When;
use crate::domain::signal::Timestamp;
use crate::engine::cards::span;
use crate::engine::plan::{Judged, Part};
use crate::policy::Decision;

impl Planned<'_> {
    pub(super) fn tell(&self, now: Timestamp, screen: &mut Screen<'_>) -> Result<(), Stop> {
        let Self { runbook, signal, .. } = self;
        screen.toned(&[(Tone::Strong, &runbook.name), (Tone::Plain, &format!(": {}", runbook.title))])?;
        screen.line(&format!("for {} {}, {}", signal.target, signal.signature, self.source(now)))?;
        let labels: Vec<String> =
            signal.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !labels.is_empty() {
            screen.line(&format!("with {}", labels.join(", ")))?;
        }
        self.tell_steps(screen)?;
        screen.gap()?;
        self.verdict(screen)?;
        screen.say(Tone::Dim, "Nothing was run.")
    }

    /// The checks and the steps, in their order.
    pub(super) fn tell_steps(&self, screen: &mut Screen<'_>) -> Result<(), Stop> {
        self.tell_checks(When::Before, "Before anything begins, these must hold:", screen)?;
        self.tell_checks(When::Always, "Before and after each step, these must hold:", screen)?;
        for (index, step) in self.draft.plan.steps.iter().enumerate() {
            screen.gap()?;
            screen.say(Tone::Strong, &format!("{}. {}", index + 1, step.name))?;
            let run = self.commands(step).find(|judged| judged.part == Part::Run);
            let reach = run.map(|judged| format!("reaches {}; ", judged.evaluation.blast_radius));
            screen.say(Tone::Dim, &format!("   {}{}", reach.unwrap_or_default(), manner(step)))?;
            if step.late {
                screen.line(
                    "   It is judged when its values are known, and asked for again if it has to be.",
                )?;
            }
            self.commands(step).try_for_each(|judged| tell_command(judged, screen))?;
            if step.verify == PlannedVerify::Check {
                screen.line("   verify   by the check that found it, run again")?;
            }
        }
        self.tell_checks(When::After, "After the last step, these must hold:", screen)
    }

    fn tell_checks(&self, when: When, head: &str, screen: &mut Screen<'_>) -> Result<(), Stop> {
        let mut checks = self.checks(when).peekable();
        if checks.peek().is_some() {
            screen.gap()?;
            screen.say(Tone::Strong, head)?;
        }
        checks.try_for_each(|judged| tell_command(judged, screen))
    }

    fn source(&self, now: Timestamp) -> String {
        match self.seen {
            Some(seen) => format!("as {} reported it {} ago", self.signal.origin, span(seen, now)),
            None => "with values from the command line".to_owned(),
        }
    }

    pub(super) fn verdict(&self, screen: &mut Screen<'_>) -> Result<(), Stop> {
        match self.draft.decision {
            Decision::Allow => {
                screen.say(Tone::Good, "Altogether: it would run by itself, without a question.")?
            }
            Decision::Forbid => screen.say(
                Tone::Bad,
                "Altogether: it would never run. What is forbidden stays so, whoever approves.",
            )?,
            Decision::Approve => {
                screen
                    .say(Tone::Warn, "Altogether: it would ask first, for exactly these commands, because")?;
                let asking = self.draft.judged.iter().filter(|judged| judged.decision() == Decision::Approve);
                let mut told = BTreeSet::new();
                for Judged { action, evaluation, .. } in asking {
                    let reason = evaluation.reasons.first().map_or("", String::as_str);
                    let reason = reason.split([';', '\n']).next().unwrap_or_default();
                    if told.insert((action.to_string(), reason)) {
                        screen.line(&format!("  - {action}: {reason}"))?;
                    }
                }
            }
        }
        if let Some(by) = &self.paused_by {
            screen.say(Tone::Warn, &format!("Changes are paused by {by}."))?;
        }
        if self.seen.is_none() && self.runbook.fits.pattern.is_some() {
            screen
                .line("It is chosen only for a report that its pattern fits; that was not looked at here.")?;
        } else if !self.fits() {
            screen.say(
                Tone::Warn,
                "For this target and signature it would not be chosen: its `match` does not fit.",
            )?;
        }
        Ok(())
    }
}

/// How a step goes about it: `restorative; 90s each command; 2 tries, 15s apart`.
fn manner(step: &PlannedStep) -> String {
    let timeout = humantime::format_duration(step.timeout);
    let tries = match step.tries() {
        1 => "one try".to_owned(),
        tries => format!("{tries} tries, {} apart", humantime::format_duration(step.backoff)),
    };
    format!("{}; at most {timeout} for each command; {tries}", step.effect)
}

fn tell_command(judged: &Judged, screen: &mut Screen<'_>) -> Result<(), Stop> {
    let Judged { part, action, evaluation, .. } = judged;
    let tone = match evaluation.decision {
        Decision::Allow => Tone::Good,
        Decision::Approve => Tone::Warn,
        Decision::Forbid => Tone::Bad,
    };
    let name = match part {
        Part::Check { name, safety: true, .. } => {
            format!("   {:<8} {name} (asked again right before what destroys) = ", "safety")
        }
        Part::Check { name, .. } => format!("   {:<8} {name} = ", "check"),
        Part::Capture(name) => format!("   {:<8} {name} = ", "capture"),
        other => format!("   {:<8} ", part_name(other)),
    };
    screen.toned(&[(Tone::Dim, &name), (Tone::Strong, &action.to_string())])?;
    let mut reasons = evaluation.reasons.iter().flat_map(|reason| reason.lines());
    let first = reasons.next().unwrap_or_default();
    screen.toned(&[
        (Tone::Plain, "            "),
        (tone, &evaluation.decision.to_string()),
        (Tone::Plain, &format!(": {first}")),
    ])?;
    reasons.try_for_each(|line| screen.line(&format!("              {line}")))
}
