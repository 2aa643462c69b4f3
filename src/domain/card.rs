//! The card: what chat shows, as structure. Adapters render it; nothing here knows a platform.

use serde::{Deserialize, Serialize};

use super::ids::IncidentId;
use super::signal::Severity;

/// One message, as structure.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Card {
    /// The first line: what this is about.
    pub title: String,
    /// Colours the card; `None` is neutral.
    pub severity: Option<Severity>,
    /// Whether what the card tells of is over (shown as such whatever the severity was).
    pub done: bool,
    /// Paragraphs under the title, plain text. An adapter escapes its own markup.
    pub body: Vec<String>,
    /// Names and values, in order.
    pub fields: Vec<Field>,
    /// What a person can do here, as buttons where there are some.
    pub actions: Vec<CardAction>,
    /// Longer text that belongs to the message: evidence, a diff, a table.
    pub attachments: Vec<Attachment>,
    /// Whom the message calls.
    pub mention: Mention,
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The name, as people read it.
    pub name: String,
    /// The value; may have several lines.
    pub value: String,
}

/// Something a person can do, and the command that does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardAction {
    /// The word on the button.
    pub label: String,
    /// The chat command that the button stands for: `approve 7`.
    pub command: String,
}

/// A longer text with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file's name where the platform has files.
    pub name: String,
    /// The text, capped where it came in.
    pub text: String,
}

/// Whom a message calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mention {
    /// Nobody: quiet.
    #[default]
    Nobody,
    /// Everybody who is on call: `@here`.
    Here,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum Place {
    /// The root message of an incident: created the first time, edited in place after that.
    Root {
        /// The incident.
        incident: IncidentId,
        /// The number that people see.
        number: u64,
    },
    /// The thread of an incident.
    Thread {
        /// The incident.
        incident: IncidentId,
        /// The number that people see.
        number: u64,
    },
    /// The lab's channel itself: notices that belong to no incident.
    Lab,
    /// An answer to what somebody typed.
    Answer {
        /// The adapter's own name for the conversation.
        conversation: String,
    },
}

impl Card {
    /// A card with a title and nothing else yet.
    #[must_use]
    pub fn titled(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn line(mut self, text: impl Into<String>) -> Self {
        self.body.push(text.into());
        self
    }

    /// Adds a field; an empty value adds nothing.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.fields.push(Field { name: name.to_owned(), value });
        }
        self
    }

    /// Adds something a person can do.
    #[must_use]
    pub fn action(mut self, label: &str, command: impl Into<String>) -> Self {
        self.actions.push(CardAction { label: label.to_owned(), command: command.into() });
        self
    }

    /// Colours the card.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }
}
