//! Everything that the engine is told goes through the redactor first: what it never heard it can't repeat.

use std::sync::Arc;

use super::Message;
use crate::domain::agent::{Conclusion, Lesson, Proposal};
use crate::domain::redact::Redactor;

impl Message {
    /// Takes secrets out of the texts of others in it.
    pub(super) fn clean(&mut self, redactor: &Redactor) {
        match self {
            Self::Signals(signals) => signals.iter_mut().for_each(|signal| redactor.signal(signal)),
            Self::Reported { report, .. } => redactor.report(Arc::make_mut(report)),
            Self::Delivered(deliveries) => {
                for (_, delivery) in deliveries {
                    delivery.signals.iter_mut().for_each(|signal| redactor.signal(signal));
                    delivery.changes.iter_mut().for_each(|change| redactor.change(change));
                }
            }
            Self::SkillFailed { why, .. } | Self::Refused { why, .. } => redactor.clean(why),
            Self::Said(inbound) | Self::Asked { inbound, .. } => redactor.clean(&mut inbound.text),
            Self::Answered { card, .. } | Self::Notice(card) => *card = redactor.card(card),
            Self::Step { text, change, .. } => {
                redactor.clean(text);
                change.iter_mut().for_each(|change| redactor.change(change));
            }
            Self::RepairEnded { outcome, .. } => redactor.outcome(outcome),
            Self::Suspects { suspects, .. } => {
                for suspect in suspects {
                    [&mut suspect.author, &mut suspect.summary, &mut suspect.why]
                        .into_iter()
                        .chain(&mut suspect.files)
                        .for_each(|text| redactor.clean(text));
                }
            }
            Self::Learned { changes, .. } | Self::Changed(changes) => {
                changes.iter_mut().for_each(|change| redactor.change(change));
            }
            Self::Surveyed(surveys) => {
                let said = surveys.iter_mut().flat_map(|survey| &mut survey.found).map(|(_, said)| said);
                said.for_each(|said| match said {
                    Ok(facts) => facts.iter_mut().for_each(|fact| redactor.clean(&mut fact.why)),
                    Err(why) => redactor.clean(why),
                });
            }
            Self::Line { state: Err(why), .. } => redactor.clean(why),
            Self::Progress { text, .. } => redactor.clean(text),
            Self::Investigated { conclusion, .. } => {
                let Conclusion { diagnosis, evidence, notes, actions, verification, rollback, .. } = &mut **conclusion;
                [diagnosis, verification, rollback]
                    .into_iter()
                    .chain(evidence)
                    .chain(notes)
                    .chain(actions)
                    .for_each(|text| redactor.clean(text));
                for option in &mut conclusion.options {
                    redactor.clean(&mut option.title);
                    redactor.clean(&mut option.why);
                }
                for step in conclusion.options.iter_mut().flat_map(|option| &mut option.steps) {
                    // It is only shown: what is to run is a proposal.
                    let command = step.command.iter_mut().flatten();
                    [&mut step.what, &mut step.risk, &mut step.undo]
                        .into_iter()
                        .chain(command)
                        .for_each(|text| redactor.clean(text));
                }
            }
            // It may end up in a file of the operator's.
            Self::Proposed { proposal, .. } => {
                if let Proposal::Lesson(Lesson { title, why, fix, rule, .. }) = &mut **proposal {
                    [title, why, fix].into_iter().chain(rule).for_each(|text| redactor.clean(text));
                }
            }
            Self::Understood { card, .. } => *card = redactor.card(card),
            Self::Narrated { words, .. } => {
                let texts = words.iter_mut().flat_map(|words| [&mut words.title, &mut words.why, &mut words.fix]);
                texts.for_each(|text| redactor.clean(text));
            }
            // The project itself is kept to the letter: who read it left all secrets out, and what is shown of it goes
            // through the outbox's redactor.
            Self::Gathered { project, .. } => {
                if let Err(faults) = &mut **project {
                    let texts = faults.iter_mut().flat_map(|fault| std::iter::once(&mut fault.what).chain(&mut fault.fix));
                    texts.for_each(|text| redactor.clean(text));
                }
            }
            Self::Kept { result, .. } => match result {
                Ok(text) | Err(text) => redactor.clean(text),
            },
            // No texts of others.
            Self::Line { state: Ok(()), .. }
            | Self::Fingerprinted { .. }
            | Self::Turn { .. }
            // Its commands have to stay as they are; what is shown of them goes through the outbox's redactor.
            | Self::TakeBack { .. }
            | Self::LateStep(_)
            | Self::Bookmark { .. }
            | Self::Complete { .. }
            | Self::Remade { .. }
            // What it would run has to stay as it is, and what is shown of it goes through the outbox's redactor.
            | Self::Goal { .. }
            | Self::Pulse { .. }
            | Self::Standing { .. }
            // It comes from the store, where nothing gets past the redactor.
            | Self::Digest(_)
            | Self::Wake => {}
        }
    }
}
