//! The card: what chat shows, as structure. Adapters render it; nothing here knows a platform.

mod clean;
mod entry;
mod plain;
mod split;

use serde::{Deserialize, Serialize};

pub use clean::{clean_lines, one_line};
pub use entry::{Entry, is_row};
pub use plain::plain;
pub use split::split;

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
    /// The card of a question, in the thread of its incident: posted once, edited in place when it was answered and
    /// when what was permitted has come to its end.
    Question {
        /// The incident.
        incident: IncidentId,
        /// The number that people see.
        number: u64,
        /// The question's number.
        approval: u64,
    },
    /// The lab's channel itself: notices that belong to no incident.
    Lab,
    /// An answer to what somebody typed.
    Answer {
        /// The adapter's own name for the conversation.
        conversation: String,
    },
}

impl Place {
    /// The incident that a message belongs to, and its number.
    #[must_use]
    pub fn incident(&self) -> Option<(IncidentId, u64)> {
        match self {
            Self::Root { incident, number }
            | Self::Thread { incident, number }
            | Self::Question { incident, number, .. } => Some((*incident, *number)),
            Self::Lab | Self::Answer { .. } => None,
        }
    }
}

/// What a platform calls an incident's messages, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refs {
    /// The root message.
    pub root: Option<String>,
    /// The thread.
    pub thread: Option<String>,
    /// The message itself that goes to a thread: an update or a question.
    pub own: Option<String>,
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

    /// The card with every text of it cleaned: nothing in it moves a cursor, changes colours or reorders text,
    /// wherever it came from. Titles, names and labels are single lines.
    #[must_use]
    pub fn cleaned(&self) -> Self {
        self.map(one_line, clean_lines)
    }

    /// The card with `one` done to everything that is a single line, and `many` to everything that may be several.
    #[must_use]
    pub fn map(&self, one: impl Fn(&str) -> String, many: impl Fn(&str) -> String) -> Self {
        let field = |field: &Field| Field { name: one(&field.name), value: many(&field.value) };
        let action =
            |action: &CardAction| CardAction { label: one(&action.label), command: one(&action.command) };
        let attachment = |attachment: &Attachment| Attachment {
            name: one(&attachment.name),
            text: many(&attachment.text),
        };
        Self {
            title: one(&self.title),
            severity: self.severity,
            done: self.done,
            body: self.body.iter().map(|text| many(text)).collect(),
            fields: self.fields.iter().map(field).collect(),
            actions: self.actions.iter().map(action).collect(),
            attachments: self.attachments.iter().map(attachment).collect(),
            mention: self.mention,
        }
    }
}
