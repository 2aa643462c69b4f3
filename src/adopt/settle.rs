//! What is a person's to decide, and what follows from what was decided.

mod clock;
mod desk;
mod devices;
mod ends;
mod health;
mod images;
mod mounts;
mod names;
mod natures;
mod network;
mod notes;
mod ports;
mod reach;
mod rights;
mod running;
mod shared;
pub mod sizes;
mod sqlite;
mod variables;

use serde::{Deserialize, Serialize};

use self::desk::Desk;
use super::project::{Fate, Project};
use super::{Decision, Fault, Kind, Options};

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

/// Works out the decisions, and applies the answers or the recommendations. What was settled once comes out the same.
///
/// # Errors
/// Answers to no decision, choices that there are not, what can't be written at all.
pub fn settle(mut project: Project, options: &Options) -> Result<Settled, Vec<Fault>> {
    let mut desk = Desk::new(options);
    for mount in project.services.iter_mut().flat_map(|service| &mut service.mounts) {
        mount.fate = Fate::Open;
    }
    variables::settle(&mut project, &mut desk);
    ends::settle(&mut project, &mut desk);
    images::settle(&mut project, &mut desk);
    // A compose file tells what was seen: what its own variables say is no news.
    if options.to != Kind::Compose {
        natures::see_files(&mut project);
    }
    mounts::settle(&mut project, &mut desk);
    network::settle(&mut project, &mut desk);
    if options.to != Kind::Compose {
        ports::fill(&mut project);
    }
    // Some devices need all rights: those are asked about once it is known which stay.
    devices::settle(&mut project, &mut desk);
    rights::settle(&mut project, &mut desk);
    health::settle(&mut project, &mut desk);
    running::settle(&mut project, &mut desk);
    clock::settle(&mut project, &mut desk);
    let public = reach::settle(&mut project, &mut desk);
    notes::tell(&mut project, options);
    let decisions = desk.done(&project)?;
    Ok(Settled { project, decisions, public })
}

/// Whether it stays where it is: a compose project whose host doesn't change.
fn stays(project: &Project, options: &Options) -> bool {
    let moves = options.compose_host.as_ref().is_some_and(|host| project.host.as_ref() != Some(host));
    options.to == Kind::Compose && !moves
}

#[cfg(test)]
mod tests;
