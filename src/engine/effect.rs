//! What a turn of the engine wants done once its decisions are written.

use super::reach::Reach;
use super::repairs::Word;
use super::suspects::Inquiry;
use crate::domain::action::Action;
use crate::domain::approval::Approval;
use crate::domain::approval::OfStep;
use crate::domain::ids::RemediationId;
use crate::store::sagas::Unfinished;

/// Something to be done.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Run a skill now.
    RunSkill {
        /// Its name.
        skill: String,
        /// Why, for the log.
        why: String,
    },
    /// Run a repair from its beginning.
    Repair(Box<Unfinished>, Reach),
    /// Find out which programs the commands of a question mean now.
    Fingerprint {
        /// The question.
        approval: u64,
        /// Its commands, in order.
        actions: Vec<Action>,
    },
    /// Call a repair off: the running step finishes, the rest is unwound.
    CallOff {
        /// Which.
        remediation: RemediationId,
        /// Why.
        why: String,
    },
    /// Tell a repair whether its late step may run.
    Answer {
        /// The repair and its step.
        of: OfStep,
        /// It may, or why not.
        word: Box<Word>,
    },
    /// Find out what changed before an incident began.
    FindSuspects(Inquiry),
}

impl Effect {
    /// Find out which programs the commands of this question mean now.
    #[must_use]
    pub fn fingerprint(approval: &Approval) -> Self {
        let actions = approval.actions.iter().map(|shown| shown.action.clone()).collect();
        Self::Fingerprint { approval: approval.number, actions }
    }
}
