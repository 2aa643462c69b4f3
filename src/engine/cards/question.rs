//! The card of a question: exactly what would run, and later who decided and what became of it.

use chrono_tz::Tz;

use super::span;
use crate::domain::action::{Action, BlastRadius, Effect};
use crate::domain::approval::{Approval, ApprovalState, ApprovedAction};
use crate::domain::card::{Attachment, Card};
use crate::domain::remediation::Outcome;
use crate::domain::signal::{Severity, Timestamp};
use crate::engine::respond::first_line;

/// The field that says how many people have to say yes, and who did.
const APPROVERS: &str = "Approvers";
/// The field that says what the answer was.
const ANSWER: &str = "Answer";
/// The field that says what became of it.
const RESULT: &str = "Result";
/// What the policy says of what it counts as irreversible.
const FOR_GOOD: &str = "it can't be taken back";

/// The question as it is asked.
#[must_use]
pub fn question(approval: &Approval, number: u64, title: &str, host: &str, tz: Tz) -> Card {
    let deeds: Vec<&ApprovedAction> = approval.actions.iter().filter(|a| a.purpose.is_none()).collect();
    let effect = deeds.iter().map(|a| a.effect).max().unwrap_or(Effect::Read);
    let radius = deeds.iter().map(|a| a.blast_radius).max().unwrap_or(BlastRadius::Target);
    let runs = approval.actions.iter().map(|shown| would_run(shown, host)).collect::<Vec<_>>();
    let left = span(approval.requested_at, approval.expires_at);
    let until = approval.expires_at.with_timezone(&tz).format("%H:%M:%S");
    let mut card = Card::titled(format!("Approval {}: may I run {}?", approval.number, approval.subject()))
        .severity(if effect == Effect::Irreversible { Severity::Error } else { Severity::Warning })
        .field("Proposed by", approval.proposed_by.as_str())
        .field("Would run", runs.join("\n"))
        .field("Step", step(approval))
        .field("To", aim(approval, number, title))
        .field("Why I ask", reasons(&approval.actions).join("\n"))
        .field("Risk", risk(effect, &ways_back(&approval.actions, &deeds)))
        .field("Blast radius", reach(radius))
        .field("Undo", undo(&ways_back(&approval.actions, &deeds)))
        .field(APPROVERS, approvers(approval))
        .field("Expires", format!("{until}, in {left}; no answer is a no"))
        .action("Approve", format!("approve {}", approval.number))
        .action("Deny", format!("deny {}", approval.number));
    card.attachments.extend(inputs(&approval.actions));
    card
}

/// All that the commands would read which is too long to stand among them.
fn inputs(actions: &[ApprovedAction]) -> Option<Attachment> {
    let mut text = String::new();
    for action in actions {
        let Action::Command(command) = &action.action;
        if let Some(stdin) = command.stdin.as_deref().filter(|stdin| stdin.lines().count() > 3) {
            text.push_str(&format!("# {}\n{}\n\n", action.action, stdin.trim_end()));
        }
    }
    (!text.is_empty()).then(|| Attachment { name: "what-they-read.txt".to_owned(), text })
}

/// The card once somebody said yes, and others have to.
#[must_use]
pub fn counted(mut card: Card, approval: &Approval) -> Card {
    for field in card.fields.iter_mut().filter(|field| field.name == APPROVERS) {
        field.value = approvers(approval);
    }
    card
}

/// The card once the question was answered or came to its end.
#[must_use]
pub fn answered(
    mut card: Card,
    state: ApprovalState,
    by: Option<&str>,
    why: Option<&str>,
    now: Timestamp,
    tz: Tz,
) -> Card {
    let at = now.with_timezone(&tz).format("%H:%M:%S");
    let who = by.unwrap_or("nobody");
    let why = why.map(|why| format!(": {}", why.trim_end_matches('.'))).unwrap_or_default();
    let answer = match state {
        ApprovalState::Pending => return card,
        ApprovalState::Approved => format!("yes, by {who} at {at}{why}"),
        ApprovalState::Denied => format!("no, by {who} at {at}{why}"),
        ApprovalState::Expired => {
            let what = if why.is_empty() { "none" } else { "not enough" };
            format!("{what}{why}; it expired at {at}, and nothing was run")
        }
        ApprovalState::Withdrawn => format!("withdrawn at {at}{why}"),
    };
    card.actions.clear();
    card.fields.retain(|field| field.name != "Expires" && field.name != APPROVERS);
    card.done = state != ApprovalState::Approved;
    if card.done {
        // Over, and nothing was permitted: neither good nor bad.
        card.severity = None;
    }
    let card = card.field(ANSWER, answer);
    if state == ApprovalState::Approved { card.field(RESULT, "it runs now") } else { card }
}

/// The card of what was permitted, once it has come to its end.
#[must_use]
pub fn concluded(mut card: Card, outcome: &Outcome) -> Card {
    let (done, result) = match outcome {
        Outcome::Succeeded => (true, "it worked".to_owned()),
        Outcome::Deferred => (true, "done and verified; the alert's source has yet to confirm".to_owned()),
        Outcome::Unwound { why } => (true, format!("it did not help: {why}")),
        Outcome::Cancelled { why } => (true, format!("it was called off: {why}")),
        Outcome::Stuck { why } => (false, format!("it is stuck half way: {why}")),
    };
    card.done = done;
    card.fields.retain(|field| field.name != RESULT);
    card.field(RESULT, result)
}

/// The card of what was permitted and has to wait for its turn.
#[must_use]
pub fn waits(mut card: Card, text: &str) -> Card {
    card.fields.retain(|field| field.name != RESULT);
    card.field(RESULT, text)
}

/// The card of what was permitted and could not begin.
#[must_use]
pub fn not_begun(mut card: Card, why: &str) -> Card {
    card.done = true;
    card.fields.retain(|field| field.name != RESULT);
    card.field(RESULT, why)
}

/// What it is good for.
fn aim(approval: &Approval, number: u64, title: &str) -> String {
    if approval.is_for_undo() {
        return format!("take back what was done about {} (#{number})", approval.problem);
    }
    if approval.problem.target.is_wish() {
        return format!("{title}, as wished for in #{number}");
    }
    format!("{title}, because of {} (#{number})", approval.problem)
}

/// Why a step of a repair that runs already is asked for.
fn step(approval: &Approval) -> String {
    let Some(of) = approval.of_step else { return String::new() };
    format!("{}; the steps before it ran, and with what they found this is what it would run", of.step + 1)
}

/// How many have to say yes and who did, where one is not enough.
fn approvers(approval: &Approval) -> String {
    let left = match approval.left() {
        1 => "one more is needed".to_owned(),
        left => format!("{left} more are needed"),
    };
    match approval.tally() {
        Some(tally) => format!("{tally}; {left}"),
        None if approval.needed > 1 => format!("{} people have to say yes", approval.needed),
        None => String::new(),
    }
}

/// A command with its host, and what it is for unless it does a step.
fn would_run(shown: &ApprovedAction, host: &str) -> String {
    let Action::Command(command) = &shown.action;
    let host = if command.host == "local" { format!("{host}: ") } else { String::new() };
    format!("{host}{shown}")
}

/// Why commands need a person, each reason once.
#[must_use]
pub fn reasons(actions: &[ApprovedAction]) -> Vec<String> {
    let has_undo = actions.iter().any(is_undo);
    let mut reasons: Vec<String> = Vec::new();
    for action in actions.iter().filter(|action| !action.late) {
        // The first line says why; what follows tells the author of a rule what to write.
        let reason = match first_line(action.reasons.first()) {
            for_good if for_good != FOR_GOOD => for_good,
            _ if is_undo(action) => "what takes it back is itself for good".to_owned(),
            _ if has_undo => "the policy counts it as for good, although it has an undo".to_owned(),
            for_good => for_good,
        };
        if !reason.is_empty() && !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}

fn risk(effect: Effect, ways_back: &[String]) -> &'static str {
    match effect {
        Effect::Read => "none: it only looks",
        Effect::Restorative => "restores the declared state; there is nothing to take back",
        Effect::Reversible => "can be taken back; what that needs is noted beforehand",
        Effect::Irreversible if !ways_back.is_empty() => {
            "counts as for good, although the step says how to take it back"
        }
        Effect::Irreversible => "can't be taken back",
    }
}

fn reach(radius: BlastRadius) -> &'static str {
    match radius {
        BlastRadius::Target => "the target alone",
        BlastRadius::Service => "the service and those who use it",
        BlastRadius::Host => "the whole host",
        BlastRadius::Cluster => "more than one host",
    }
}

fn is_undo(action: &ApprovedAction) -> bool {
    action.purpose.as_deref().is_some_and(|purpose| purpose.contains("take it back"))
}

/// How it would be taken back, each way once.
fn ways_back(all: &[ApprovedAction], deeds: &[&ApprovedAction]) -> Vec<String> {
    let undos = all.iter().filter(|action| is_undo(action)).map(|action| format!("`{}`", action.action));
    let mut ways: Vec<String> = Vec::new();
    for way in undos.chain(deeds.iter().filter_map(|deed| deed.undo.clone())) {
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways
}

fn undo(ways: &[String]) -> String {
    if ways.is_empty() { "none".to_owned() } else { ways.join("\n") }
}
