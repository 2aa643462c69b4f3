//! Where a command runs.

use super::{Bench, instead};
use crate::domain::action::{Action, Command};
use crate::engine::ports::LOCAL;

/// The most words of a command, and the longest of them in bytes: what is longer is no command that a person would
/// read through.
const MAX_WORDS: usize = 100;
const MAX_WORD: usize = 4_000;

impl Bench {
    /// The machine that a name means, as commands call it: `None` is this one.
    ///
    /// # Errors
    /// There is no such machine.
    pub(super) fn machine(&self, named: Option<&str>) -> Result<Option<String>, String> {
        let Some(named) = named.map(str::trim).filter(|named| !named.is_empty()) else { return Ok(None) };
        if [LOCAL, "localhost", self.deps.host.as_str()].contains(&named) {
            return Ok(None);
        }
        if self.deps.hosts.contains(named) {
            return Ok(Some(named.to_owned()));
        }
        let there = std::iter::once(LOCAL).chain(self.deps.hosts.iter().map(String::as_str));
        Err(format!("commands can't be run on {named:?}{}", instead(named, there)))
    }

    /// A command, as it was given: words are never split, trimmed or mended, for what is judged has to be what runs.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn command(&self, host: Option<&str>, argv: &[String]) -> Result<Action, String> {
        let host = self.machine(host)?.unwrap_or_else(|| LOCAL.to_owned());
        match argv.first() {
            None => return Err("the command is empty: name a program and its arguments".to_owned()),
            Some(program) if program.trim().is_empty() => {
                return Err("the command's first word is empty: it has to be a program".to_owned());
            }
            // "df -h" in one word would be looked for as a program of that name.
            Some(program) if program.contains(char::is_whitespace) => {
                return Err(format!("{program:?} is no program: each word of a command is its own string"));
            }
            Some(_) => {}
        }
        if argv.len() > MAX_WORDS || argv.iter().any(|word| word.len() > MAX_WORD) {
            return Err(format!("the command is too long: {MAX_WORDS} words of {MAX_WORD} bytes at most"));
        }
        if argv.iter().any(|word| word.contains('\0')) {
            return Err("a word of the command has a zero byte in it".to_owned());
        }
        let Action::Command(local) = Action::local(argv.to_vec());
        Ok(Action::Command(Command { host, ..local }))
    }
}
