//! What a process on this machine is not given: see [`super::sandbox`] and [`super::user`].

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use rustix::process::Signal;

use crate::domain::action::Command;
use crate::engine::ports::{Exit, Output, RunError};
use crate::policy::Needs;

use super::sandbox::{self, Sandbox, View};
use super::user::Demotion;

/// Signals that end a program which made a mistake or was killed. Bubblewrap tells them as 128 and their number. Others
/// don't count: `git` itself ends with 129 when it is called wrongly.
const DEADLY: [Signal; 11] = [
    Signal::ILL,
    Signal::TRAP,
    Signal::ABORT,
    Signal::BUS,
    Signal::FPE,
    Signal::KILL,
    Signal::SEGV,
    Signal::PIPE,
    Signal::TERM,
    Signal::XCPU,
    Signal::SYS,
];

/// What is withheld from processes that only read.
#[derive(Default)]
pub(super) struct Confinement {
    pub(super) sandbox: Option<Sandbox>,
    pub(super) user: Option<Demotion>,
}

/// What goes before one command.
#[derive(Default)]
pub(super) struct Confined {
    /// The words before its own.
    pub(super) words: Vec<OsString>,
    /// Whether bubblewrap is among them.
    in_sandbox: bool,
    /// Variables of its environment, in the place of the usual ones.
    pub(super) env: BTreeMap<String, String>,
}

impl Confinement {
    /// What goes before a command that needs so much. The error says why it must not run.
    pub(super) async fn of(&self, command: &Command, needs: Needs) -> Result<Confined, String> {
        if needs == Needs::Write {
            return Ok(Confined::default());
        }
        let cwd = command.cwd.as_deref().unwrap_or(Path::new("/"));
        let mut words = match &self.sandbox {
            Some(sandbox) => sandbox.before(View::of(command, needs), cwd, self.user.is_some()).await?,
            None => Vec::new(),
        };
        let in_sandbox = !words.is_empty();
        if let Some(user) = &self.user {
            words.extend(user.before()?);
        }
        let mut env = BTreeMap::new();
        if in_sandbox {
            env.extend(sandbox::scratch().map(|dir| ("TMPDIR".to_owned(), dir.to_owned())));
        }
        if let Some(user) = &self.user {
            env.insert("HOME".to_owned(), user.user().home.to_string_lossy().into_owned());
        }
        Ok(Confined { words, in_sandbox, env })
    }
}

impl Confined {
    /// What the command itself came to, with that of the programs before it taken out.
    pub(super) fn told(&self, program: &str, output: Output) -> Result<Output, RunError> {
        if self.words.is_empty() {
            return Ok(output);
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let is_before = ["bwrap: ", "setpriv: "].iter().any(|name| text.starts_with(name));
        if is_before && output.stdout.is_empty() && matches!(output.exit, Exit::Code(1 | 126 | 127)) {
            let why = text.lines().next().unwrap_or_default().to_owned();
            return Err(RunError::Spawn { program: program.to_owned(), why });
        }
        let exit = if self.in_sandbox { told_by_a_shell(output.exit) } else { output.exit };
        Ok(Output { exit, ..output })
    }
}

/// The end of a process from how a shell tells it.
pub(super) fn told_by_a_shell(exit: Exit) -> Exit {
    let Exit::Code(code) = exit else { return exit };
    let signal = DEADLY.iter().map(|signal| signal.as_raw()).find(|signal| 128 + signal == code);
    signal.map_or(exit, Exit::Signal)
}
