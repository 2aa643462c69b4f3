//! The agent, as the engine knows it: it is given cases, and answers with messages.

use std::sync::Arc;

use crate::domain::agent::{Lesson, Said, Spending, Subject};
use crate::domain::ids::{IncidentId, RemediationId, RunId};
use crate::engine::world::Knowledge;

/// A case for the agent.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The run.
    pub run: RunId,
    /// The number that people use for it.
    pub number: u64,
    /// The case: an incident, or what somebody wants.
    pub incident: IncidentId,
    /// What it is about.
    pub subject: Subject,
    /// What was said to the agent before, the newest last.
    pub said: Vec<Said>,
    /// What was spent on this incident before.
    pub spent: Spending,
}

/// Looks into cases. It answers with [`Message::Progress`](crate::engine::message::Message::Progress),
/// [`Message::Proposed`](crate::engine::message::Message::Proposed) and, always and once,
/// [`Message::Investigated`](crate::engine::message::Message::Investigated).
pub trait Investigator: Send + Sync {
    /// Begins a run; returns at once.
    fn begin(&self, assignment: Assignment, knowledge: Knowledge);

    /// Has a lesson put into better words; returns at once, and answers with
    /// [`Message::Narrated`](crate::engine::message::Message::Narrated), always and once, within a minute or so.
    fn narrate(&self, assignment: Assignment, draft: Lesson, knowledge: Knowledge);

    /// Stops a run, soon. It concludes with what it has.
    fn stop(&self, run: RunId, by: &str);

    /// Tells that a repair has ended which a run proposed, and how.
    fn repair_over(&self, remediation: RemediationId, how: &str);
}

/// The agent, where there is one.
pub type SomeInvestigator = Option<Arc<dyn Investigator>>;
