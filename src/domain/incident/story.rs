//! The timeline in words: one sentence per event, the same everywhere.

use super::{Event, Mitigation, SuspectNote};
use super::{reasoning, storm};
use crate::domain::agent::{ADOPT_PREFIX, PLAN_PREFIX};
use crate::domain::approval::ApprovalState;
use crate::domain::change::reference;
use crate::domain::remediation::Outcome;
use crate::domain::signal::{Origin, Problem, Severity};

/// An event as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// A sign that says at a glance what kind of thing this is.
    pub sign: &'static str,
    /// The sentence, plain text.
    pub text: String,
    /// The same without [`Event::why`], for where that was said just before.
    pub brief: Option<String>,
    /// Whether it waits for no cooldown (a recovery, an escalation, a question).
    pub urgent: bool,
}

impl Sentence {
    /// One that waits for the next update.
    pub(super) fn calm(sign: &'static str, text: impl Into<String>) -> Self {
        Self { sign, text: text.into(), brief: None, urgent: false }
    }

    /// One that is told at once.
    pub(super) fn urgent(sign: &'static str, text: impl Into<String>) -> Self {
        Self { urgent: true, ..Self::calm(sign, text) }
    }

    /// Adds the reason.
    fn because(self, why: &str) -> Self {
        let brief = self.text.trim_end_matches(':').to_owned();
        let brief = if brief.ends_with('.') { brief } else { format!("{brief}.") };
        Self { text: format!("{} {why}", self.text), brief: Some(brief), ..self }
    }
}

/// Says an event in words; `None` for what the thread need not hear.
#[must_use]
pub fn sentence(event: &Event) -> Option<Sentence> {
    let said = match event {
        Event::Opened { request: Some(request), .. } => reasoning::opened(request),
        Event::Opened { problem, summary, origin, impact, why, .. } => {
            let impact = impact.as_ref().map(|i| format!(" Impact: {}.", i.trim_end_matches('.')));
            let text = format!(
                "{} ({problem}, found by {}).{}",
                summary.trim_end_matches('.'),
                finder(origin),
                impact.unwrap_or_default()
            );
            let said = Sentence::urgent("seen", text);
            if why.is_empty() { said } else { said.because(why) }
        }
        Event::Joined { problem, summary, why, .. } => {
            Sentence::calm("seen", format!("Also {} ({problem}):", summary.trim_end_matches('.')))
                .because(why)
        }
        Event::StormBegan { targets, within_secs, .. } => Sentence::urgent(
            "why",
            format!(
                "This is a storm: {targets} things began to fail within {within_secs} s, and nothing that I know of explains it. What else fails is counted here, and nothing is repaired by itself."
            ),
        ),
        Event::StormCounted { told, .. } => Sentence::calm("seen", storm::counted((*told)?)),
        Event::StormEnded { count, broken, .. } => Sentence::urgent("calm", storm::ended(count, broken)),
        Event::Truncated { source, hidden: 0 } => {
            Sentence::calm("seen", format!("{source} sends all alerts of this group again."))
        }
        Event::Truncated { source, hidden } => Sentence::calm(
            "seen",
            format!(
                "{source} cut its notice short: it has {hidden} more alerts of this group that it did not send."
            ),
        ),
        Event::Raised { problem, severity } => {
            Sentence::calm("seen", format!("{problem} is now {severity}."))
        }
        Event::Worsened { problem, severity, whole, summary } => {
            worse(problem, *severity, *whole, summary.as_deref())
        }
        Event::Bouncing { problem, .. } => {
            let text = format!("{} comes and goes; its single bounces are no longer told.", problem.target);
            Sentence::calm("bad", text)
        }
        Event::Recovered { problem } => Sentence::calm("calm", format!("{problem} has recovered.")),
        Event::Unwatched { problem, skill } => Sentence::calm(
            "calm",
            format!("Nobody looks at {problem} any more: the skill {skill} is gone. It counts as over."),
        ),
        Event::Returned { problem, summary } => {
            Sentence::calm("seen", format!("{problem} is back: {}.", summary.trim_end_matches('.')))
        }
        Event::Reopened { problem, summary, occurrence } => {
            let what = if *occurrence { "Came back" } else { "Bounced back" };
            let text = format!("{what}: {} ({problem}).", summary.trim_end_matches('.'));
            Sentence { urgent: *occurrence, ..Sentence::calm("seen", text) }
        }
        Event::RootMoved { root, why } => {
            Sentence::calm("why", format!("The suspected root is {root}:")).because(why)
        }
        Event::Absorbed { number, why, .. } => {
            Sentence::calm("why", format!("Took in incident #{number}:")).because(why)
        }
        Event::MergedInto { number, why, .. } => {
            Sentence::urgent("why", format!("Went on as part of incident #{number}:")).because(why)
        }
        Event::Split { problems, into, by, .. } => {
            let names = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Sentence::calm("person", format!("{by} took out {names}: now incident #{into}."))
        }
        Event::Suspects { suspects } => suspect(suspects)?,
        Event::RepairStarted { .. }
        | Event::RepairStep { .. }
        | Event::RepairEnded { .. }
        | Event::RepairIneffective { .. }
        | Event::UndoStarted { .. }
        | Event::UndoEnded { .. } => repair(event)?,
        Event::ApprovalRequested { .. } | Event::ApprovalEnded { .. } => approval(event)?,
        Event::NextStep { text } => Sentence::calm("next", text.clone()),
        Event::Mitigated { by: Mitigation::Repair { runbook, .. } } => {
            Sentence::urgent("good", format!("{runbook} worked: the problem is gone. {WATCHING}"))
        }
        Event::Mitigated { by: Mitigation::Recovery } => {
            Sentence::urgent("calm", format!("It went away by itself. {WATCHING}"))
        }
        Event::Resolved { verified, why } => Sentence::urgent(
            "good",
            if *verified { format!("Resolved: {why}") } else { format!("Resolved, unverified: {why}") },
        ),
        Event::Acknowledged { by } => {
            Sentence::calm("person", format!("{by} is on it. Reminders are off; repairs go on."))
        }
        Event::Flapping { .. } => {
            Sentence::calm("bad", "Flapping: single bounces are no longer told, and nothing is repaired.")
        }
        Event::Calmed => Sentence::calm("calm", "It no longer comes and goes."),
        Event::Escalated { text, .. } => Sentence::urgent("call", text.clone()),
        Event::Silenced { by, .. } => Sentence::urgent(
            "person",
            format!("Silenced by {by}: no messages, no calls and no repairs until that ends."),
        ),
        Event::SilenceEnded => Sentence::urgent("person", "The silence is over."),
        Event::Uncovered { problem, came, silences } => {
            Sentence::urgent("seen", uncovered(problem, *came, silences))
        }
        Event::Inhibited { by } => Sentence::urgent(
            "calm",
            format!("Inhibited while {by} fires: no messages, no calls and no repairs until that ends."),
        ),
        Event::InhibitionEnded => Sentence::urgent("calm", "What inhibited it is over."),
        Event::Reminded { text } => Sentence::urgent("next", text.clone()),
        Event::TakenForOver { by } => Sentence::urgent("person", format!("{by} says that it is over.")),
        Event::Cleared { by } => {
            Sentence::urgent("person", format!("{by} says that the stuck repair is taken care of."))
        }
        Event::Asked { .. }
        | Event::InvestigationStarted { .. }
        | Event::InvestigationEnded { .. }
        | Event::Recalled { .. }
        | Event::Offered { .. }
        | Event::OfferEnded { .. }
        | Event::Adopting { .. } => reasoning::sentence(event)?,
        Event::Closed => return None,
    };
    Some(said)
}

/// A runbook by its name; a plan of the agent has none that would say anything.
fn named(runbook: &str) -> String {
    if runbook.starts_with(PLAN_PREFIX) { format!("the agent's plan {runbook}") } else { runbook.to_owned() }
}

/// What is done while a calm has to last.
const WATCHING: &str = "Watching whether it stays away.";

/// What became worse. If it makes the whole incident worse, that waits for nothing.
fn worse(problem: &Problem, severity: Severity, whole: bool, summary: Option<&str>) -> Sentence {
    let says = summary.map(|said| format!(": {}", said.trim_end_matches('.'))).unwrap_or_default();
    Sentence { urgent: whole, ..Sentence::calm("seen", format!("{problem} is now {severity}{says}.")) }
}

/// Why an incident is told again although what hid it goes on.
fn uncovered(problem: &Problem, came: bool, silences: &[i64]) -> String {
    let numbers = silences.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (silences, came) {
        ([], true) => format!("No longer inhibited: {problem} joined, which nothing inhibits."),
        ([], false) => format!("No longer inhibited: nothing inhibits {problem}."),
        ([_], true) => {
            format!("No longer silenced: {problem} joined, which silence {numbers} does not cover.")
        }
        ([_], false) => format!("No longer silenced: silence {numbers} does not cover {problem}."),
        (_, true) => format!("No longer silenced: {problem} joined, which silences {numbers} do not cover."),
        (_, false) => format!("No longer silenced: silences {numbers} do not cover {problem}."),
    }
}

fn finder(origin: &Origin) -> String {
    match origin {
        Origin::Skill(name) => format!("the skill {name}"),
        Origin::Alert { source, .. } => source.clone(),
        Origin::Steward => "me".to_owned(),
    }
}

fn suspect(suspects: &[SuspectNote]) -> Option<Sentence> {
    let first = suspects.first()?;
    let more = match suspects.len() - 1 {
        0 => String::new(),
        n => format!(" ({n} more: ask `what changed?`)"),
    };
    let by = if first.author.is_empty() { String::new() } else { format!(" by {}", first.author) };
    let gist =
        if first.gist.is_empty() { String::new() } else { format!(". It says: {}", first.gist.join("; ")) };
    let url = first.url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
    Some(Sentence::calm(
        "change",
        format!(
            "Suspect change: \"{}\"{by} ({}): {}{gist}{url}{more}",
            first.summary,
            reference(&first.source, &first.id),
            first.why
        ),
    ))
}

fn repair(event: &Event) -> Option<Sentence> {
    match event {
        Event::RepairStarted { runbook, title, why, .. } => {
            let of = if runbook.starts_with(PLAN_PREFIX) {
                "a plan of the agent".to_owned()
            } else if runbook.starts_with(ADOPT_PREFIX) {
                "as planned here".to_owned()
            } else {
                format!("runbook {runbook}")
            };
            let why = why.strip_prefix("the agent: ").unwrap_or(why).trim_end_matches('.');
            Some(Sentence::calm("repair", format!("{title} ({of}, {why}).")))
        }
        Event::RepairStep { text, .. } => Some(Sentence::calm("repair", text.clone())),
        Event::RepairEnded { runbook, outcome, .. } => Some(match outcome {
            Outcome::Succeeded => Sentence::urgent("good", format!("{runbook} worked: its problem is gone.")),
            Outcome::Deferred => Sentence::urgent(
                "good",
                format!("{runbook} is done and verified; the alert's source has yet to confirm."),
            ),
            Outcome::Unwound { why } => Sentence::urgent("bad", format!("{runbook} did not help: {why}")),
            Outcome::Stuck { why } => Sentence::urgent("bad", format!("{runbook} is stuck: {why}")),
            Outcome::Cancelled { why } => Sentence::urgent("bad", format!("{runbook} was called off: {why}")),
        }),
        Event::RepairIneffective { runbook, .. } => {
            Some(Sentence::calm("bad", format!("{runbook} did not fix it for good.")))
        }
        Event::UndoStarted { runbook, by, .. } => {
            let text = format!("{by} has what {} did taken back.", undone(runbook));
            Some(Sentence::urgent("person", text))
        }
        Event::UndoEnded { runbook, outcome, .. } => {
            let did = format!("hat {} did", undone(runbook));
            Some(match outcome {
                Outcome::Succeeded | Outcome::Deferred => {
                    Sentence::urgent("good", format!("W{did} is taken back."))
                }
                Outcome::Unwound { why } | Outcome::Cancelled { why } => {
                    Sentence::urgent("bad", format!("W{did} could not be taken back: {why}"))
                }
                Outcome::Stuck { why } => {
                    Sentence::urgent("bad", format!("Taking back w{did} is stuck half way: {why}"))
                }
            })
        }
        _ => None,
    }
}

/// The runbook whose run is taken back by what is called `undo of RUNBOOK`.
fn undone(undo: &str) -> &str {
    undo.strip_prefix("undo of ").unwrap_or(undo)
}

fn approval(event: &Event) -> Option<Sentence> {
    match event {
        Event::ApprovalRequested { number, reasons, runbook, .. } => {
            let what = named(runbook);
            let text = format!("May I run {what}? Approval {number} waits for you: {}.", reasons.join("; "));
            Some(Sentence::urgent("ask", text))
        }
        Event::ApprovalEnded { number, state, by, why, .. } => {
            let who = by.as_deref().unwrap_or("nobody");
            let why = why.as_ref().map(|w| format!(": {}", w.trim_end_matches('.'))).unwrap_or_default();
            let text = match state {
                ApprovalState::Approved => format!("Approval {number}: {who} said yes{why}."),
                ApprovalState::Denied => format!("Approval {number}: {who} said no{why}."),
                ApprovalState::Expired if why.is_empty() => {
                    format!("Approval {number} expired without an answer: nothing was run.")
                }
                ApprovalState::Expired => format!("Approval {number} expired{why}. Nothing was run."),
                ApprovalState::Withdrawn => format!("Approval {number} is withdrawn{why}."),
                ApprovalState::Pending => return None,
            };
            Some(Sentence::urgent("ask", text))
        }
        _ => None,
    }
}
