//! What is a person's to decide, with a recommendation each.

use serde::{Deserialize, Serialize};

/// One decision. Until somebody says otherwise, the recommendation counts, unless it is [`Decision::blocking`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Its name, stable over runs: `webserver/mount:/data`, `webserver/image`, `network`.
    pub id: String,
    /// The service it is about; the project where absent.
    pub service: Option<String>,
    /// What kind of decision it is.
    pub topic: Topic,
    /// The question, in a sentence.
    pub question: String,
    /// What is known about it, a line each.
    pub facts: Vec<String>,
    /// The choices, at least one; the first is the recommendation.
    pub choices: Vec<Choice>,
    /// The key of the choice that counts now.
    pub chosen: String,
    /// Whether a person said so.
    pub answered: bool,
    /// Whether nothing may be migrated before a person has answered.
    pub blocking: bool,
}

/// A choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What is typed for it: a word (`a-z 0-9 -`).
    pub key: String,
    /// What it means, in a sentence.
    pub text: String,
}

/// What a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// An image without a version, with `latest`, that was built on the machine, or that is not known.
    Image,
    /// What is mounted from the host: which data, how large, how to move it.
    Mount,
    /// A volume that several write to.
    SharedVolume,
    /// `SQLite` on network storage.
    Sqlite,
    /// The host's network, and the ports that are really used there.
    HostNetwork,
    /// All rights, or more than the usual ones.
    Privileged,
    /// Devices of the host, graphics cards included.
    Device,
    /// No health check.
    Health,
    /// No limits.
    Limits,
    /// A root file system that can be written.
    WritableRoot,
    /// The time zone.
    TimeZone,
    /// UDP ports.
    Udp,
    /// What else points at the old address.
    OldAddress,
    /// Under which name people reach it.
    PublicName,
    /// What is outside of the project and has to be there: networks, containers, volumes.
    Outside,
    /// A variable without a value.
    Variable,
    /// What has no like in the new place.
    Other,
}

impl Decision {
    /// A decision for which the first of `choices` is recommended, and chosen.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        service: Option<&str>,
        topic: Topic,
        question: impl Into<String>,
        choices: &[(&str, &str)],
    ) -> Self {
        let choices: Vec<Choice> = choices
            .iter()
            .map(|(key, text)| Choice { key: (*key).to_owned(), text: (*text).to_owned() })
            .collect();
        Self {
            id: id.into(),
            service: service.map(str::to_owned),
            topic,
            question: question.into(),
            facts: Vec::new(),
            chosen: choices.first().map(|choice| choice.key.clone()).unwrap_or_default(),
            choices,
            answered: false,
            blocking: false,
        }
    }

    /// Adds what is known.
    #[must_use]
    pub fn fact(mut self, fact: impl Into<String>) -> Self {
        self.facts.push(fact.into());
        self
    }

    /// Makes it one that waits for a person.
    #[must_use]
    pub fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }

    /// Whether nothing may go on before somebody answers.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.blocking && !self.answered
    }
}
