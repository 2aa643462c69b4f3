//! Commands as forms, for platforms where people fill in fields instead of typing words.

use crate::domain::card::one_line;

/// What a field stands for, so that a platform can complete what is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A command's name.
    Command,
    /// The number of an incident that is not over.
    Incident,
    /// A target.
    Target,
    /// A skill's name.
    Skill,
    /// A runbook's name.
    Runbook,
    /// A goal's name.
    Goal,
    /// The number of a question that waits for an answer.
    Approval,
    /// The number of a silence in force.
    Silence,
    /// How long: `2h`.
    Duration,
    /// A moment that is past: `yesterday`.
    Time,
    /// A moment that is to come: `22:00`.
    Soon,
    /// The name of a machine that commands may run on.
    Host,
    /// A kind of cluster.
    Cluster,
    /// The number of a decision about what is brought into the cluster.
    Decision,
    /// A name of which there is no list.
    Name,
    /// A person's own words.
    Text,
    /// Yes or no.
    Flag,
}

impl Kind {
    /// Whether there is a list of what may stand there.
    #[must_use]
    pub fn can_be_completed(self) -> bool {
        !matches!(self, Self::Time | Self::Soon | Self::Decision | Self::Name | Self::Text | Self::Flag)
    }
}

/// One possible value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is typed.
    pub value: String,
    /// What people see: the value, and what it is.
    pub label: String,
}

/// A field of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Its name: lower-case letters.
    pub name: &'static str,
    /// The word before the value, where the command is typed; for a flag, the word itself.
    pub lead: &'static str,
    /// What it stands for.
    pub kind: Kind,
    /// Whether the command makes no sense without it.
    pub required: bool,
    /// What to fill in, in a few words.
    pub what: &'static str,
}

impl Slot {
    /// A field that may stay empty.
    #[must_use]
    pub const fn new(name: &'static str, lead: &'static str, kind: Kind, what: &'static str) -> Self {
        Self { name, lead, kind, required: false, what }
    }

    /// The same as one that has to be filled in.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// A command as it would have been typed, from what was filled in. A flag is on when it is `true`.
pub(super) fn typed(name: &str, slots: &[Slot], filled_in: impl Fn(&str) -> Option<String>) -> String {
    let mut text = name.to_owned();
    for slot in slots {
        let Some(value) = filled_in(slot.name).map(|value| one_line(&value)).filter(|v| !v.is_empty()) else {
            continue;
        };
        let words = match slot.kind {
            Kind::Flag if value == "true" => [slot.lead, ""],
            Kind::Flag => continue,
            _ => [slot.lead, &value],
        };
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            text.push(' ');
            text.push_str(word);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::domain::command::{COMMANDS, parse};

    fn sample(kind: Kind) -> &'static str {
        match kind {
            Kind::Command => "silence",
            Kind::Incident => "3",
            Kind::Target => "nas/media",
            Kind::Skill => "disk-space",
            Kind::Runbook => "restart-unit",
            Kind::Goal => "health-check",
            Kind::Approval | Kind::Silence => "7",
            Kind::Duration => "2h",
            Kind::Time => "yesterday",
            Kind::Soon => "22:00",
            Kind::Host => "vm3",
            Kind::Cluster => "nomad",
            Kind::Decision => "5",
            Kind::Name => "paperless",
            Kind::Text => "too risky for 2h",
            Kind::Flag => "true",
        }
    }

    #[test]
    fn every_form_filled_in_is_a_command_that_is_understood_as_itself() {
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        for help in COMMANDS {
            for only_required in [true, false] {
                let given = |name: &str| {
                    let slot = help.slots.iter().find(|slot| slot.name == name).unwrap();
                    // Two numbers of one command name two things.
                    let value = if name == "into" { "4" } else { sample(slot.kind) };
                    (slot.required || !only_required).then(|| value.to_owned())
                };
                let typed = help.typed(given);
                let command = parse(&typed, now, Tz::UTC).unwrap_or_else(|wrong| panic!("{typed}: {wrong}"));
                assert_eq!(command.name(), help.name, "{typed}");
            }
        }
    }

    #[test]
    fn names_and_descriptions_fit_what_platforms_register() {
        for help in COMMANDS {
            assert!(
                help.name.len() <= 32 && help.name.chars().all(|c| c.is_ascii_lowercase()),
                "{}",
                help.name
            );
            assert!(help.slots.len() <= 25, "{}", help.name);
            for slot in help.slots {
                assert!(slot.name.chars().all(|c| c.is_ascii_lowercase()), "{} {}", help.name, slot.name);
                assert!((1..=100).contains(&slot.what.chars().count()), "{} {}", help.name, slot.name);
            }
        }
    }

    #[test]
    fn a_value_of_several_lines_is_still_one_command() {
        let deny = COMMANDS.iter().find(|help| help.name == "deny").unwrap();
        let typed =
            deny.typed(|name| Some(if name == "approval" { "7" } else { "no\napprove 8" }.to_owned()));
        assert_eq!(typed, "deny 7 because no approve 8");
    }
}
