//! What is a person's to decide, and what follows from what was decided.

use serde::{Deserialize, Serialize};

use super::project::Project;
use super::{Decision, Fault, Options};

/// A project in which everything is settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The project; no mount's fate is open.
    pub project: Project,
    /// The decisions, in the order in which they are told.
    pub decisions: Vec<Decision>,
    /// Under which names it is reached from outside.
    pub public: Vec<PublicName>,
}

/// A name under which people reach a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PublicName {
    /// The service.
    pub service: String,
    /// The host: `paperless.example.org`.
    pub host: String,
    /// The path in front, where it is not all of it.
    pub path: Option<String>,
    /// The port inside that answers.
    pub port: u16,
    /// How that is known: `label traefik.http.routers.paperless.rule`.
    pub from: String,
}

/// Works out the decisions, and applies the answers or the recommendations.
///
/// # Errors
/// Answers to no decision, choices that there are not, what can't be written at all.
pub fn settle(project: Project, options: &Options) -> Result<Settled, Vec<Fault>> {
    let _ = options;
    Ok(Settled { project, decisions: Vec::new(), public: Vec::new() })
}
