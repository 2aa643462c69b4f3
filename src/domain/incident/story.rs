//! The timeline in words: one sentence per event, the same everywhere.

use super::{Event, Mitigation};
use crate::domain::approval::ApprovalState;
use crate::domain::remediation::Outcome;

/// An event as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// A sign that says at a glance what kind of thing this is.
    pub sign: &'static str,
    /// The sentence, plain text.
    pub text: String,
    /// Whether it waits for no cooldown (a recovery, an escalation, a question).
    pub urgent: bool,
}

/// Says an event in words; `None` for what the thread need not hear.
#[must_use]
pub fn sentence(event: &Event) -> Option<Sentence> {
    let (sign, text, urgent) = match event {
        Event::Opened { problem, summary, origin, impact, .. } => {
            let impact = impact.as_ref().map(|i| format!(" Impact: {i}.")).unwrap_or_default();
            ("seen", format!("{summary} ({problem}, reported by {origin}).{impact}"), true)
        }
        Event::Joined { problem, summary, why, .. } => {
            ("seen", format!("Also: {summary} ({problem}). {why}"), false)
        }
        Event::Raised { problem, severity } => ("seen", format!("{problem} is now {severity}."), false),
        Event::Recovered { problem } => ("calm", format!("{problem} has recovered."), false),
        Event::Returned { problem, summary } => ("seen", format!("{problem} is back: {summary}"), false),
        Event::Reopened { problem, summary, occurrence } => {
            let what = if *occurrence { "Came back" } else { "Bounced back" };
            ("seen", format!("{what}: {summary} ({problem})."), *occurrence)
        }
        Event::RootMoved { root, why } => ("why", format!("Suspected root is now {root}: {why}"), false),
        Event::Absorbed { number, why, .. } => ("why", format!("Took in incident #{number}: {why}"), false),
        Event::MergedInto { number, why, .. } => {
            ("why", format!("Went on as part of incident #{number}: {why}"), true)
        }
        Event::Split { problems, into, by, .. } => {
            let names = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            ("person", format!("{by} took out {names}: now incident #{into}."), false)
        }
        Event::Suspects { suspects } => match suspects.first() {
            None => return None,
            Some(first) => {
                let more = match suspects.len() - 1 {
                    0 => String::new(),
                    n => format!(" ({n} more: ask `what changed?`)"),
                };
                let text = format!(
                    "Suspect change: \"{}\" by {} ({} {}): {}{more}",
                    first.summary,
                    first.author,
                    first.source,
                    short(&first.id),
                    first.why
                );
                ("change", text, false)
            }
        },
        Event::RepairStarted { runbook, title, why, .. } => {
            ("repair", format!("Repairing: {title} (runbook {runbook}; {why})."), false)
        }
        Event::RepairStep { text, .. } => ("repair", text.clone(), false),
        Event::RepairEnded { runbook, outcome, .. } => match outcome {
            Outcome::Succeeded => {
                ("good", format!("{runbook} worked: the check that found it passes again."), true)
            }
            Outcome::Deferred => (
                "good",
                format!("{runbook} is done and verified; the alert's source has yet to confirm."),
                true,
            ),
            Outcome::Unwound { why } => {
                ("bad", format!("{runbook} did not help, and left nothing behind: {why}"), true)
            }
            Outcome::Stuck { why } => ("bad", format!("{runbook} is stuck: {why}"), true),
            Outcome::Cancelled { why } => ("bad", format!("{runbook} was called off: {why}"), true),
        },
        Event::RepairIneffective { runbook, .. } => {
            ("bad", format!("{runbook} did not last: the problem came back within the watch time."), false)
        }
        Event::ApprovalRequested { number, commands, reasons, runbook, .. } => {
            let what = commands.join("; ");
            let why = reasons.join("; ");
            (
                "ask",
                format!(
                    "Waiting for you: may I run {runbook}? It would run: {what}. Why I ask: {why}. Type `approve {number}` or `deny {number}`."
                ),
                true,
            )
        }
        Event::ApprovalEnded { number, state, by, why, .. } => {
            let who = by.as_deref().unwrap_or("nobody");
            let why = why.as_ref().map(|w| format!(": {w}")).unwrap_or_default();
            let text = match state {
                ApprovalState::Approved => format!("Approval {number}: {who} said yes{why}."),
                ApprovalState::Denied => format!("Approval {number}: {who} said no{why}."),
                ApprovalState::Expired => {
                    format!("Approval {number} expired without an answer: nothing was run.")
                }
                ApprovalState::Withdrawn => format!("Approval {number} is withdrawn{why}."),
                ApprovalState::Pending => return None,
            };
            ("ask", text, true)
        }
        Event::NextStep { text } => ("next", text.clone(), false),
        Event::Mitigated { by } => match by {
            Mitigation::Repair { runbook, .. } => {
                ("good", format!("Mitigated by {runbook}. Watching whether it stays away."), true)
            }
            Mitigation::Recovery => (
                "calm",
                "Mitigated: it went away by itself. Watching whether it stays away.".to_owned(),
                true,
            ),
        },
        Event::Resolved { verified, why } => {
            let text =
                if *verified { format!("Resolved: {why}") } else { format!("Resolved, unverified: {why}") };
            ("good", text, true)
        }
        Event::Acknowledged { by } => {
            ("person", format!("{by} is on it. Reminders are off; repairs go on."), false)
        }
        Event::Flapping { bounces, window_secs } => (
            "bad",
            format!(
                "Flapping: {bounces} bounces within {} minutes. Single bounces are no longer told.",
                window_secs / 60
            ),
            true,
        ),
        Event::Calmed => ("calm", "No longer flapping.".to_owned(), false),
        Event::Escalated { text, .. } => ("call", text.clone(), true),
        Event::Silenced { by, .. } => {
            ("person", format!("Silenced by {by}: no messages and no repairs until it ends."), true)
        }
        Event::SilenceEnded => ("person", "The silence is over.".to_owned(), true),
        Event::Reminded { text } => ("next", text.clone(), true),
        Event::Cleared { by } => {
            ("person", format!("{by} says that the stuck repair is taken care of."), true)
        }
        Event::Closed => return None,
    };
    Some(Sentence { sign, text, urgent })
}

/// The first twelve characters of an id: enough to find a commit by.
fn short(id: &str) -> String {
    id.chars().take(12).collect()
}
