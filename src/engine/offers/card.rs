//! The card of an offer: exactly what would be kept, and later who decided and what became of it.

use chrono_tz::Tz;

use crate::domain::agent::{Keepsake, Lesson, Offer, memory};
use crate::domain::approval::ApprovalState;
use crate::domain::card::{Attachment, Card};
use crate::domain::signal::Timestamp;

/// The field that says what the answer was.
const ANSWER: &str = "Answer";
/// The field that says what became of it.
const RESULT: &str = "Result";
/// The field that says until when it waits.
const WAITS: &str = "Waits until";

/// The offer as it is made.
pub(super) fn offer(offer: &Offer, tz: Tz) -> Card {
    let until = offer.expires_at.with_timezone(&tz).format("%Y-%m-%d %H:%M");
    let card = match &offer.keepsake {
        Keepsake::Lesson(lesson) => of_lesson(offer, lesson),
        Keepsake::Runbook { name, yaml } => of_runbook(offer, name, yaml),
    };
    card.field(WAITS, format!("{until}; no answer is a no"))
        .action("Keep", format!("approve {}", offer.number))
        .action("Don't", format!("deny {}", offer.number))
}

fn of_lesson(offer: &Offer, lesson: &Lesson) -> Card {
    let card = Card::titled(format!("Offer {}: shall I remember this?", offer.number))
        .field("Lesson", lesson.title.trim())
        .field("Seen", memory::seen(lesson))
        .field("Why", lesson.why.trim())
        .field("Fix", lesson.fix.trim())
        .field("Goes to", "memory/MEMORY.md");
    let Some(rule) = &lesson.rule else { return card };
    let mut card = card.field("Rule", "attached; it goes to memory/SOUL.md, and the policy enforces it");
    card.attachments.push(Attachment { name: "rule.yaml".to_owned(), text: rule.trim_end().to_owned() });
    card
}

fn of_runbook(offer: &Offer, name: &str, yaml: &str) -> Card {
    let mut card = Card::titled(format!("Offer {}: shall this become a runbook?", offer.number))
        .line(format!("{}. It was checked like any runbook, and passes the policy like any.", offer.title))
        .field("Runbook", name)
        .field("Goes to", format!("runbooks/{name}.yaml; from then on no model is asked for this"));
    card.attachments.push(Attachment { name: format!("{name}.yaml"), text: yaml.trim_end().to_owned() });
    card
}

/// The card while it is being kept.
pub(super) fn kept_now(card: Card, by: &str) -> Card {
    closed(card).field(ANSWER, format!("yes, by {by}")).field(RESULT, "it is being kept")
}

/// The card of what could not be kept: it waits again.
pub(super) fn not_kept(card: Card, why: &str) -> Card {
    card.field(RESULT, format!("it could not be kept: {}", why.trim_end_matches('.')))
}

/// The card once the offer has come to its end.
pub(super) fn ended(
    card: Card,
    (state, by, why): (ApprovalState, Option<&str>, Option<&str>),
    now: Timestamp,
    tz: Tz,
) -> Card {
    let at = now.with_timezone(&tz).format("%Y-%m-%d %H:%M");
    let who = by.unwrap_or("nobody");
    let because = why.map(|why| format!(": {}", why.trim_end_matches('.'))).unwrap_or_default();
    let mut card = closed(card);
    card.done = true;
    match state {
        ApprovalState::Approved => {
            card.field(ANSWER, format!("yes, by {who}")).field(RESULT, why.unwrap_or("kept"))
        }
        ApprovalState::Denied => card.field(ANSWER, format!("no, by {who} at {at}{because}")),
        ApprovalState::Expired => card.field(ANSWER, format!("none until {at}, so nothing was kept")),
        ApprovalState::Withdrawn | ApprovalState::Pending => {
            card.field(ANSWER, format!("withdrawn at {at}{because}"))
        }
    }
}

fn closed(mut card: Card) -> Card {
    card.actions.clear();
    card.fields.retain(|field| field.name != WAITS);
    card
}
