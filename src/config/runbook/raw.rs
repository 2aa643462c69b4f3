//! A runbook as it is written.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::config::values::{some_count, some_duration, some_positive_duration};
use crate::domain::template::Template;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRunbook {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) description: Option<String>,
    #[serde(rename = "match")]
    pub(super) fits: Option<RawMatch>,
    pub(super) steps: Option<Vec<RawStep>>,
    pub(super) playbook: Option<RawPlaybook>,
    #[serde(default)]
    pub(super) checks: RawChecks,
    #[serde(default)]
    pub(super) limits: RawLimits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawChecks {
    pub(super) before: Vec<RawCheck>,
    pub(super) after: Vec<RawCheck>,
    pub(super) always: Vec<RawCheck>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCheck {
    pub(super) name: String,
    pub(super) run: RawCommand,
    pub(super) host: Option<String>,
    #[serde(default, deserialize_with = "some_positive_duration")]
    pub(super) timeout: Option<Duration>,
    pub(super) safety: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawMatch {
    pub(super) skill: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) target: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) pattern: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPlaybook {
    pub(super) skill: String,
    pub(super) pattern: String,
    pub(super) signature: Option<String>,
    pub(super) target: Option<String>,
    pub(super) run: RawCommand,
    #[serde(default, deserialize_with = "some_positive_duration")]
    pub(super) timeout: Option<Duration>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    pub(super) name: String,
    pub(super) run: RawCommand,
    pub(super) verify: Option<RawVerify>,
    pub(super) undo: Option<RawCommand>,
    #[serde(default)]
    pub(super) capture: Captures,
    #[serde(default, deserialize_with = "some_positive_duration")]
    pub(super) timeout: Option<Duration>,
    #[serde(default)]
    pub(super) retry: RawRetry,
    #[serde(default)]
    pub(super) idempotent: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRetry {
    #[serde(deserialize_with = "some_count")]
    pub(super) attempts: Option<u32>,
    #[serde(deserialize_with = "some_duration")]
    pub(super) backoff: Option<Duration>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLimits {
    #[serde(deserialize_with = "some_duration")]
    pub(super) cooldown: Option<Duration>,
    #[serde(deserialize_with = "some_count")]
    pub(super) max_attempts: Option<u32>,
    #[serde(deserialize_with = "some_duration")]
    pub(super) watch: Option<Duration>,
}

/// A command: a list of words, or a table with `argv` and more.
#[derive(Debug)]
pub(super) struct RawCommand {
    pub(super) host: String,
    pub(super) argv: Vec<Template>,
    pub(super) cwd: Option<Template>,
    pub(super) env: BTreeMap<String, Template>,
    pub(super) stdin: Option<Template>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandTable {
    #[serde(default = "local")]
    host: String,
    argv: Vec<Template>,
    cwd: Option<Template>,
    #[serde(default)]
    env: BTreeMap<String, Template>,
    stdin: Option<Template>,
}

fn local() -> String {
    "local".to_owned()
}

/// `check`, or a command.
#[derive(Debug)]
pub(super) enum RawVerify {
    Check,
    Command(RawCommand),
}

/// Commands by name, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Captures(pub(super) Vec<(String, RawCommand)>);

// Serde's own `untagged` would lose the place of a fault within the command.

impl<'de> Deserialize<'de> for RawCommand {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(CommandVisitor::<Self>(PhantomData))
    }
}

impl<'de> Deserialize<'de> for RawVerify {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(CommandVisitor::<Self>(PhantomData))
    }
}

struct CommandVisitor<T>(PhantomData<T>);

/// What may stand where a command may.
trait CommandLike: From<RawCommand> {
    const EXPECTING: &'static str;
    fn of_word(word: &str) -> Result<Self, String>;
}

impl CommandLike for RawCommand {
    const EXPECTING: &'static str = "a command: a list of words, such as `[systemctl, restart, x]`";
    fn of_word(word: &str) -> Result<Self, String> {
        Err(format!(
            "{word:?} is one text, not a command; write a list of words, such as `[systemctl, restart, x]`"
        ))
    }
}

impl CommandLike for RawVerify {
    const EXPECTING: &'static str = "`check`, or a command: a list of words";
    fn of_word(word: &str) -> Result<Self, String> {
        match word {
            "check" => Ok(Self::Check),
            _ => Err(format!(
                "{word:?} is no way to verify; write `check` for the skill that found the problem, or a command as a list of words"
            )),
        }
    }
}

impl From<RawCommand> for RawVerify {
    fn from(command: RawCommand) -> Self {
        Self::Command(command)
    }
}

impl<'de, T: CommandLike> Visitor<'de> for CommandVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTING)
    }
    fn visit_str<E: Error>(self, word: &str) -> Result<T, E> {
        T::of_word(word).map_err(E::custom)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        let argv = Vec::deserialize(SeqAccessDeserializer::new(items))?;
        Ok(RawCommand { host: local(), argv, cwd: None, env: BTreeMap::new(), stdin: None }.into())
    }
    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<T, A::Error> {
        let table = CommandTable::deserialize(MapAccessDeserializer::new(entries))?;
        let CommandTable { host, argv, cwd, env, stdin } = table;
        Ok(RawCommand { host, argv, cwd, env, stdin }.into())
    }
}

impl<'de> Deserialize<'de> for Captures {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct CapturesVisitor;
        impl<'de> Visitor<'de> for CapturesVisitor {
            type Value = Captures;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of commands by name")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Captures, A::Error> {
                let mut captures = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    captures.push(entry);
                }
                Ok(Captures(captures))
            }
        }
        from.deserialize_map(CapturesVisitor)
    }
}
