//! An update of a thread: what happened since it was last told anything, without saying a thing twice.

use std::collections::BTreeSet;

use chrono_tz::Tz;

use crate::domain::approval::ApprovalState;
use crate::domain::card::{Attachment, Card, Entry, Mention};
use crate::domain::escalation::Cause;
use crate::domain::incident::{Event, Incident, Mitigation, Record, State};
use crate::domain::remediation::Outcome;

/// Most lines of one kind in one update; the rest is counted.
const LINES: usize = 5;
/// What stands before a line that goes on.
const MARGIN: &str = "                ";

/// An update for the thread; `None` if there is nothing to say.
#[must_use]
pub fn update(incident: &Incident, untold: &[Record], tz: Tz) -> Option<Card> {
    let mut card = Card::titled(format!("#{}", incident.number)).severity(incident.severity);
    card.done = matches!(incident.state, State::Resolved | State::Closed | State::Merged);
    // In a storm what comes and goes is counted with all the rest.
    let counted = |record: &&Record| matches!(record.event, Event::Recovered { .. } | Event::Returned { .. });
    let said: Vec<Record> =
        untold.iter().filter(|record| !(incident.is_storming() && counted(record))).cloned().collect();
    let mut card = tell(card, incident, &said, tz, LINES);
    let happened = |what: fn(&Event) -> bool| untold.iter().any(|record| what(&record.event));
    if happened(|event| matches!(event, Event::SilenceEnded | Event::InhibitionEnded)) {
        let broken = matches!(incident.state, State::Open | State::Remediating | State::Stuck);
        card.body.push(format!(
            "{MARGIN}{}",
            if broken { "It is still broken." } else { "It got well meanwhile." }
        ));
    }
    if happened(|event| matches!(event, Event::Escalated { .. })) {
        card.mention = Mention::Here;
    }
    (!card.body.is_empty()).then_some(card)
}

/// Adds the story of an incident to a card. Of many that joined, recovered or came back, `most` are named and the rest
/// is counted.
#[must_use]
pub fn tell(mut card: Card, incident: &Incident, records: &[Record], tz: Tz, most: usize) -> Card {
    let mut reasons: BTreeSet<&str> = BTreeSet::new();
    let mut last_said = None;
    let mut crowds =
        ["joined", "recovered", "came back", "taken in"].map(|what| Crowd { what, most, seen: 0 });
    for (index, record) in records.iter().enumerate() {
        let crowd = match &record.event {
            Event::Joined { .. } => Some(&mut crowds[0]),
            Event::Recovered { .. } => Some(&mut crowds[1]),
            Event::Returned { .. } => Some(&mut crowds[2]),
            Event::Absorbed { .. } => Some(&mut crowds[3]),
            _ => None,
        };
        if is_said_elsewhere(records, index) || crowd.is_some_and(|crowd| crowd.is_full()) {
            continue;
        }
        let Some(said) = incident.in_words(&record.event) else { continue };
        let repeated = record.event.why().is_some_and(|why| !reasons.insert(why));
        let text = said.brief.filter(|_| repeated).unwrap_or(said.text);
        let text = match (&record.event, records.get(index + 1).map(|next| &next.event)) {
            (Event::Joined { problem, .. }, Some(Event::Worsened { problem: worse, severity, .. }))
                if problem == worse =>
            {
                format!("{} (now {severity}).", text.trim_end_matches('.'))
            }
            (Event::Worsened { problem, .. }, _) if last_said == Some((index, problem)) => continue,
            _ => text,
        };
        if let Event::Joined { problem, .. } = &record.event {
            last_said = Some((index + 1, problem));
        }
        let at = record.at.with_timezone(&tz).format("%H:%M:%S");
        card.body.push(Entry { time: &at.to_string(), sign: said.sign, text: &text }.to_string());
        card = adorn(card, record);
    }
    card.body.extend(crowds.iter().filter_map(Crowd::rest));
    card
}

/// Many of one kind: the first few are named, the rest is counted.
struct Crowd {
    what: &'static str,
    most: usize,
    seen: usize,
}

impl Crowd {
    /// Counts one more; whether there are too many to name it.
    fn is_full(&mut self) -> bool {
        self.seen += 1;
        self.seen > self.most
    }

    fn rest(&self) -> Option<String> {
        let more = self.seen.checked_sub(self.most).filter(|more| *more > 0)?;
        Some(format!("{MARGIN}and {more} more {}.", self.what))
    }
}

/// Whether what a line says is also said by another one of the same update.
fn is_said_elsewhere(untold: &[Record], at: usize) -> bool {
    let later = |says: &dyn Fn(&Event) -> bool| untold[at + 1..].iter().any(|record| says(&record.event));
    match &untold[at].event {
        Event::Raised { problem, .. } => matches!(
            untold.get(at + 1).map(|next| &next.event),
            Some(Event::Worsened { problem: worse, .. }) if worse == problem
        ),
        Event::Recovered { .. } if matches!(untold.get(at + 1), Some(next) if is_success(&next.event)) => {
            true
        }
        // That everything is gone says that this is, unless it came back in between.
        Event::Recovered { .. } => {
            let next = untold[at + 1..].iter().map(|record| &record.event);
            let mut turns = next.filter(|e| {
                matches!(e, Event::Mitigated { .. } | Event::Returned { .. } | Event::Reopened { .. })
            });
            matches!(turns.next(), Some(Event::Mitigated { .. }))
        }
        Event::RepairEnded { outcome: Outcome::Succeeded, .. } => {
            later(&|e| matches!(e, Event::Mitigated { by: Mitigation::Repair { .. } }))
        }
        Event::RepairEnded { outcome: Outcome::Stuck { .. }, .. } => {
            later(&|e| matches!(e, Event::Escalated { cause: Cause::Stuck, .. }))
        }
        Event::ApprovalEnded { state: ApprovalState::Approved, .. } => {
            later(&|e| matches!(e, Event::RepairStarted { .. }))
        }
        Event::Mitigated { by: Mitigation::Recovery } => {
            at > 0 && matches!(untold[at - 1].event, Event::Unwatched { .. })
        }
        Event::Mitigated { by: Mitigation::Repair { .. } } => {
            at > 0 && matches!(untold[at - 1].event, Event::RepairEnded { outcome: Outcome::Deferred, .. })
        }
        Event::Absorbed { .. } => untold[..at].iter().any(|r| matches!(r.event, Event::StormBegan { .. })),
        Event::Suspects { .. } => later(&|e| matches!(e, Event::Suspects { .. })),
        Event::NextStep { .. } => later(&|e| {
            matches!(e, Event::NextStep { .. } | Event::Mitigated { .. } | Event::RepairStarted { .. })
        }),
        _ => false,
    }
}

/// Whether a repair tells that its problem is gone.
fn is_success(event: &Event) -> bool {
    matches!(event, Event::RepairEnded { outcome: Outcome::Succeeded, .. })
}

/// What belongs to a line besides its words.
fn adorn(mut card: Card, record: &Record) -> Card {
    if let Event::Opened { problem, evidence, .. } | Event::Joined { problem, evidence, .. } = &record.event
        && !evidence.trim().is_empty()
    {
        card.attachments.push(Attachment { name: format!("{problem}.txt"), text: evidence.clone() });
    }
    card
}
