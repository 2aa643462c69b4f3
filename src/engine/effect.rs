//! What a turn of the engine wants done once its decisions are written.

use super::ports::Assignment;
use super::reach::Reach;
use super::repairs::Word;
use super::suspects::Inquiry;
use crate::domain::action::Action;
use crate::domain::agent::{Keepsake, Lesson};
use crate::domain::approval::Approval;
use crate::domain::approval::OfStep;
use crate::domain::ids::{IncidentId, RemediationId, RunId};
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
    /// Have the agent look into a case.
    Investigate(Box<Assignment>),
    /// Have the agent put a lesson into better words.
    Narrate(Box<Assignment>, Box<Lesson>),
    /// Have the agent stop a run.
    StopRun {
        /// Which.
        run: RunId,
        /// Who wants that.
        by: String,
    },
    /// Tell the agent that a repair has ended, in case it waits for it.
    RepairOver {
        /// Which.
        remediation: RemediationId,
        /// How, in words.
        how: String,
    },
    /// Change something of Steward's own that a person said yes to; answered with
    /// [`Message::Kept`](super::message::Message::Kept).
    Keep {
        /// The offer's number.
        offer: u64,
        /// What.
        keepsake: Box<Keepsake>,
        /// Who said yes.
        by: String,
    },
    /// Look at a container and what belongs to it; answered with
    /// [`Message::Gathered`](super::message::Message::Gathered).
    Gather {
        /// The case in which its adoption began.
        adoption: IncidentId,
        /// The container.
        container: String,
        /// Where it runs: a host of the configuration, or [`LOCAL`](super::ports::LOCAL).
        host: String,
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
