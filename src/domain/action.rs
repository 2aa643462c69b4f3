//! What Steward may do: the action that the policy judges, its effect and how far it reaches.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What the policy judges and the runner carries out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// A process on a host.
    Command(Command),
}

/// One process: an argument vector, never a shell line. Its `Debug` names variables without their values.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Where it runs. `local` is the machine that Steward runs on.
    pub host: String,
    /// The working directory; the runner's own when absent.
    pub cwd: Option<PathBuf>,
    /// The program and its arguments. Never empty.
    pub argv: Vec<String>,
    /// What the process reads from standard input; nothing when absent.
    pub stdin: Option<String>,
    /// Environment variables added to the scrubbed environment.
    pub env: BTreeMap<String, String>,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, cwd, argv, stdin, env } = self;
        f.debug_struct("Command")
            .field("host", host)
            .field("cwd", cwd)
            .field("argv", argv)
            .field("stdin", &stdin.as_ref().map(|_| "…"))
            .field("env", &env.keys().collect::<Vec<_>>())
            .finish()
    }
}

impl Action {
    /// A command on this machine with nothing but its arguments.
    #[must_use]
    pub fn local(argv: Vec<String>) -> Self {
        Self::Command(Command { host: "local".into(), cwd: None, argv, stdin: None, env: BTreeMap::new() })
    }
}

impl Action {
    /// A line of shell on this machine.
    #[must_use]
    pub fn script(line: &str) -> Self {
        Self::local(vec!["/bin/bash".into(), "-c".into(), line.to_owned()])
    }
}

impl Action {
    /// What a command is given besides its words, for people: where it runs, which variables are set (without their
    /// values, which may be secrets), and what it reads. `None` when there is nothing to say.
    #[must_use]
    pub fn surroundings(&self) -> Option<String> {
        /// Characters of the input that are shown.
        const SHOWN: usize = 400;
        let Self::Command(Command { cwd, env, stdin, .. }) = self;
        let cwd = cwd.iter().map(|cwd| format!("in {}", cwd.display()));
        let names: Vec<&str> = env.keys().map(String::as_str).collect();
        let env = (!names.is_empty()).then(|| format!("with {} set", names.join(", ")));
        let stdin = stdin.iter().map(|text| {
            let lines = text.lines().count();
            if text.chars().count() > SHOWN && lines > 3 {
                // A file: which one is told by its first lines, and all of it by an attachment.
                let first: Vec<&str> = text.lines().take(4).map(str::trim).collect();
                return format!("reading {lines} lines: {}, …", first.join(", "));
            }
            let shown: String = text.chars().take(SHOWN).collect();
            let more = if shown.len() < text.len() { "…" } else { "" };
            format!("reading {shown:?}{more}")
        });
        let all: Vec<String> = cwd.chain(env).chain(stdin).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

impl fmt::Display for Action {
    /// The command as people read it: arguments with white space or odd characters in single quotes, and the
    /// host in front where it is not this one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Command(command) = self;
        if command.host != "local" {
            write!(f, "{}: ", command.host)?;
        }
        for (i, word) in command.argv.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            write_quoted(f, word)?;
        }
        Ok(())
    }
}

/// Writes a word as a shell would have to be given it: in single quotes if it has white space or odd characters.
///
/// # Errors
/// Those of the formatter.
pub fn write_quoted(f: &mut fmt::Formatter<'_>, word: &str) -> fmt::Result {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:@+-/=,%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return f.write_str(word);
    }
    write!(f, "'{}'", word.replace('\'', r"'\''").escape_debug().to_string().replace("\\'", "'"))
}

/// What an action does to the world, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Restores the declared state; there is nothing to undo (restart, remount, resync).
    Restorative,
    /// Changes something, and the undo is captured beforehand.
    Reversible,
    /// Can't be taken back.
    Irreversible,
}

/// What else an action touches, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlastRadius {
    /// The target alone.
    Target,
    /// A service and those who use it.
    Service,
    /// A whole host.
    Host,
    /// More than one host.
    Cluster,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Restorative => "restorative",
            Self::Reversible => "reversible",
            Self::Irreversible => "irreversible",
        })
    }
}

impl fmt::Display for BlastRadius {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Target => "target",
            Self::Service => "service",
            Self::Host => "host",
            Self::Cluster => "cluster",
        })
    }
}

/// The executable that an action's first word means on its host, resolved just before it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executable {
    /// The absolute, canonical path.
    pub path: PathBuf,
    /// SHA-256 of the file's content, lower-case hex.
    pub sha256: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_is_given_besides_its_words_is_told_without_the_values_of_variables() {
        let Action::Command(plain) = Action::local(vec!["sh".into()]);
        assert_eq!(Action::Command(plain.clone()).surroundings(), None);
        let command = Command {
            cwd: Some("/srv".into()),
            env: BTreeMap::from([("TOKEN".to_owned(), "hunter2".to_owned())]),
            stdin: Some("rm -rf x\n".into()),
            ..plain
        };
        let told = Action::Command(command).surroundings().unwrap();
        assert_eq!(told, r#"in /srv, with TOKEN set, reading "rm -rf x\n""#);
    }
}
