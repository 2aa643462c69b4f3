//! "Bring this into the cluster": from what runs somewhere to what the cluster needs. Pure: text in, text out.
//!
//! A [`Project`] is read from `docker inspect` or from a compose file, without secrets and without what only the image
//! says ([`inspect`], [`compose`], [`secrets`]). [`settle`] works out what is a person's to decide and applies what was
//! decided or is recommended. [`mod@write`] makes the files, [`check`] proves them, and [`plan`] makes the migration.

pub mod check;
pub mod compose;
pub mod decision;
pub mod fault;
pub mod inspect;
pub mod known;
pub mod observed;
pub mod options;
pub mod plan;
pub mod probe;
pub mod project;
pub mod report;
pub mod secrets;
pub mod settle;
pub mod write;

pub use decision::{Choice, Decision, Topic};
pub use fault::Fault;
pub use options::{Kind, Options, Route};
pub use project::Project;
pub use settle::{PublicName, Settled};
pub use write::{Object, Phase, Written};

/// The bytes of one input at most.
pub const MAX_INPUT: usize = 16 * 1024 * 1024;

/// All that there is to say about bringing a project into a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// The project with everything settled, and the decisions.
    pub settled: Settled,
    /// What the cluster needs.
    pub written: Written,
}

/// Works out what a project needs in the cluster.
///
/// # Errors
/// What keeps it from being written, all of it; or a fault of this program that the checks found in what it wrote.
pub fn adopt(mut project: Project, options: &Options) -> Result<Adoption, Vec<Fault>> {
    // Who asks for it, and what was seen on the host, came to the project after it was read.
    secrets::hide(&mut project);
    let settled = settle::settle(project, options)?;
    let written = write::write(&settled, options);
    let wrong = check::check(&settled, &written, options);
    if wrong.is_empty() { Ok(Adoption { settled, written }) } else { Err(wrong) }
}

#[cfg(test)]
pub(crate) mod tests;
