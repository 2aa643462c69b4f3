//! The key to the runner, and how one is minted.

mod own_commit;

use std::fmt;
use std::path::{Path, PathBuf};

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::domain::action::{Action, Executable};
use crate::domain::ids::ApprovalId;
use crate::domain::signal::Timestamp;

use super::decision::{Decision, Evaluation, Facts, Needs};
use super::digest::ActionDigest;
use super::segment::{Line, Segment};
use super::{Policy, aliases, guardrails, paths, segments};

pub use own_commit::{CommitStep, OwnCommit};

/// How long an authorization is good for.
const VALID_FOR: Duration = Duration::seconds(60);

/// The only key to the runner: permission to run exactly one action with exactly one executable, once, within
/// 60 seconds. Only [`Policy`] mints it; it can't be copied, stored or sent.
pub struct Authorized {
    action: Action,
    executable: Executable,
    digest: ActionDigest,
    needs: Needs,
    why: String,
    minted_at: Timestamp,
}

/// What an approval hands out for one action of its plan. That each is used once is for whoever keeps approvals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The approval that it comes from.
    pub approval: ApprovalId,
    /// The action that was approved.
    pub digest: ActionDigest,
    /// From then on it is void.
    pub expires_at: Timestamp,
}

/// A file that was loaded and validated: a skill, or a reader of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadedFile {
    /// The absolute, canonical path.
    pub path: PathBuf,
    /// SHA-256 of the content that was validated, lower-case hex.
    pub sha256: String,
}

/// Why there is no authorization.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The policy asks for an approval, or forbids the action altogether.
    #[error("{}: {}", if .0.decision == Decision::Forbid { "forbidden" } else { "needs an approval" }, .0.reasons.join("; "))]
    Policy(Box<Evaluation>),
    /// The approval is for another action.
    #[error("approval {0} is for another action: what was approved is no longer what would run; ask again")]
    OtherAction(ApprovalId),
    /// The approval is void.
    #[error("approval {approval} expired at {at}; ask again")]
    Expired {
        /// The approval.
        approval: ApprovalId,
        /// When it expired.
        at: Timestamp,
    },
    /// The executable is not the file that was loaded and validated.
    #[error("{path} is not the file that was loaded: {why}; reload it to have it checked again", path = .path.display())]
    NotLoaded {
        /// The file that was loaded.
        path: PathBuf,
        /// What differs.
        why: String,
    },
    /// A guardrail, which no rule and no approval opens.
    #[error("forbidden: {0}")]
    Guardrail(String),
}

impl Authorized {
    /// What may run.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The executable that the action's first word must still mean.
    #[must_use]
    pub fn executable(&self) -> &Executable {
        &self.executable
    }

    /// The digest of the action.
    #[must_use]
    pub fn digest(&self) -> &ActionDigest {
        &self.digest
    }

    /// What it needs of the machine; whatever it doesn't need is withheld where that can be done.
    #[must_use]
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// Why it may run, as a sentence for the audit trail.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    /// From then on it is void.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.minted_at + VALID_FOR
    }

    /// Whether it is good at `now`. Before it was minted it isn't either: the clock jumped, and nobody knows
    /// how old it is.
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        (self.minted_at..self.expires_at()).contains(&now)
    }
}

impl fmt::Debug for Authorized {
    /// Without the environment and the input, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorized")
            .field("action", &self.action.to_string())
            .field("executable", &self.executable.path)
            .field("why", &self.why)
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

impl Policy {
    /// Authorizes what the policy allows by itself.
    ///
    /// # Errors
    /// [`Denied::Policy`] when it doesn't.
    pub fn authorize(
        &self,
        action: Action,
        executable: Executable,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Authorized, Denied> {
        let evaluation = self.evaluate_with(&action, &executable, facts);
        if evaluation.decision != Decision::Allow {
            return Err(Denied::Policy(Box::new(evaluation)));
        }
        let why = format!("allowed: {}", evaluation.reasons.join("; "));
        Ok(self.mint(action, executable, evaluation.needs, why, now))
    }

    /// Authorizes what a person approved, or the policy allows by now. What is forbidden stays forbidden.
    ///
    /// # Errors
    /// [`Denied::Policy`] when it is forbidden, [`Denied::OtherAction`] and [`Denied::Expired`] when the grant
    /// doesn't fit.
    pub fn authorize_approved(
        &self,
        action: Action,
        executable: Executable,
        facts: &Facts,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<Authorized, Denied> {
        let evaluation = self.evaluate_with(&action, &executable, facts);
        if evaluation.decision == Decision::Forbid {
            return Err(Denied::Policy(Box::new(evaluation)));
        }
        if self.digest(&action) != grant.digest {
            return Err(Denied::OtherAction(grant.approval));
        }
        if now >= grant.expires_at {
            return Err(Denied::Expired { approval: grant.approval, at: grant.expires_at });
        }
        let why = format!("approved: approval {}", grant.approval);
        Ok(self.mint(action, executable, evaluation.needs, why, now))
    }

    /// Authorizes a run of a file that was loaded and validated (a skill, a reader of changes), and of nothing
    /// else: no interpreter in between, no variable that would load other code into it.
    ///
    /// # Errors
    /// [`Denied::NotLoaded`] and [`Denied::Guardrail`].
    pub fn authorize_loaded(
        &self,
        action: Action,
        executable: Executable,
        loaded: &LoadedFile,
        now: Timestamp,
    ) -> Result<Authorized, Denied> {
        let not_loaded = |why: String| Err(Denied::NotLoaded { path: loaded.path.clone(), why });
        if executable.path != loaded.path {
            return not_loaded(format!("{} would run", executable.path.display()));
        }
        if executable.sha256 != loaded.sha256 {
            return not_loaded("its content has changed".into());
        }
        let Action::Command(command) = &action;
        if is_interpreter(&loaded.path)
            || command.argv.first().is_none_or(|program| is_interpreter(Path::new(program)))
        {
            return not_loaded("an interpreter would run what its arguments say".into());
        }
        if let Some(variable) = command.env.keys().find(|name| loads_code(name)) {
            return not_loaded(format!("the variable {variable} would load other code into it"));
        }
        let as_given = Line { segments: vec![Segment::plain(&command.argv)], ..Line::default() };
        if let Some(guardrail) = guardrails::destructive(&as_given) {
            return Err(Denied::Guardrail(guardrail.why));
        }
        let why = format!("loaded and validated: {}", loaded.path.display());
        // A check looks at its lab over the network, and has nothing to write: a repair is a runbook's business.
        Ok(self.mint(action, executable, Needs::Network, why, now))
    }

    /// As [`Policy::evaluate`], with the executable known: Steward's own is forbidden by whatever name, and what
    /// bears another program's name is judged under its own, too.
    fn evaluate_with(&self, action: &Action, executable: &Executable, facts: &Facts) -> Evaluation {
        let mut evaluation = self.evaluate(action, facts);
        let path = executable.path.to_string_lossy();
        if let Some(really) = aliases::really(action, executable) {
            let knows = |name: &str| {
                segments::is_interpreter(name)
                    || guardrails::knows(name)
                    || self.rules.iter().any(|rule| rule.speaks_of(name))
            };
            if really.name.as_deref().is_some_and(knows) {
                let why = format!("it is really {path}, and judged as that, too");
                evaluation = stricter(evaluation, self.evaluate(&really.action, facts), why);
            }
            if really.anybodys && evaluation.decision == Decision::Allow {
                evaluation.decision = Decision::Approve;
                evaluation.reasons.insert(0, format!("it is really {path}, where anybody can put a program"));
            }
        }
        let own = |own: &PathBuf| own.to_str().is_some_and(|own| paths::within(&path, own));
        if self.protected.iter().any(own) {
            evaluation.decision = Decision::Forbid;
            evaluation.reasons.insert(
                0,
                format!("{path} is Steward's own; it changes itself only through its own commands"),
            );
        }
        evaluation
    }

    fn mint(
        &self,
        action: Action,
        executable: Executable,
        needs: Needs,
        why: String,
        now: Timestamp,
    ) -> Authorized {
        Authorized { digest: self.digest(&action), action, executable, needs, why, minted_at: now }
    }
}

/// The stricter of two judgements of one action; what either needs or does, it needs and does.
fn stricter(given: Evaluation, really: Evaluation, why: String) -> Evaluation {
    let (effect, needs) = (given.effect.max(really.effect), given.needs.max(really.needs));
    let blast_radius = given.blast_radius.max(really.blast_radius);
    let mut evaluation = if really.decision > given.decision {
        let reasons = std::iter::once(why).chain(really.reasons).collect();
        Evaluation { reasons, ..really }
    } else {
        given
    };
    evaluation.effect = effect;
    evaluation.needs = needs;
    evaluation.blast_radius = blast_radius;
    evaluation
}

/// Whether a program, bare or from a directory of programs, runs whatever its arguments say. A skill may well
/// be called `time`.
fn is_interpreter(program: &Path) -> bool {
    let dir = program.parent().and_then(Path::file_name);
    let of_programs = dir.is_none_or(|dir| dir == "bin" || dir == "sbin");
    of_programs && program.file_name().is_some_and(|name| segments::is_interpreter(&name.to_string_lossy()))
}

/// Whether a variable makes the loader or a shell run other code first.
fn loads_code(name: &str) -> bool {
    name.starts_with("LD_")
        || name.starts_with("BASH_FUNC_")
        || ["BASH_ENV", "ENV", "GCONV_PATH", "SHELLOPTS", "BASHOPTS"].contains(&name)
}
