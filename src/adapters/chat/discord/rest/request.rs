//! The requests that Steward makes of Discord.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::limits::Counted;
use super::super::sheet::{File, Posting, Sheet};

/// A request.
#[derive(Debug, Clone)]
pub(in super::super) struct Request {
    pub(super) method: Method,
    /// What follows `/api/v10`.
    pub(super) path: String,
    pub(super) counted: Counted,
    pub(super) body: Option<Value>,
    pub(super) files: Vec<File>,
}

impl Request {
    fn new(method: Method, template: &'static str, major: impl ToString, path: String) -> Self {
        let interaction = path.starts_with("/interactions/") || path.starts_with("/webhooks/");
        let counted = Counted { template, major: major.to_string(), interaction };
        Self { method, path, counted, body: None, files: Vec::new() }
    }

    fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Reads something: `template` is the path without its ids.
    pub(in super::super) fn get(template: &'static str, major: impl ToString, path: String) -> Self {
        Self::new(Method::GET, template, major, path)
    }

    /// Posts a message.
    pub(in super::super) fn post(channel: u64, sheet: &Sheet, posting: Posting<'_>) -> Self {
        let path = format!("/channels/{channel}/messages");
        let request = Self::new(Method::POST, "POST messages", channel, path).with(sheet.create(posting));
        Self { files: sheet.files.clone(), ..request }
    }

    /// Changes a message.
    pub(in super::super) fn edit(channel: u64, message: u64, sheet: &Sheet) -> Self {
        let path = format!("/channels/{channel}/messages/{message}");
        let request = Self::new(Method::PATCH, "PATCH message", channel, path).with(sheet.edit());
        Self { files: sheet.files.clone(), ..request }
    }

    /// Reads a message.
    pub(in super::super) fn message(channel: u64, message: u64) -> Self {
        Self::get("GET message", channel, format!("/channels/{channel}/messages/{message}"))
    }

    /// Makes the thread of a message. After a day of silence Discord archives it.
    pub(in super::super) fn thread(channel: u64, message: u64, name: &str) -> Self {
        let path = format!("/channels/{channel}/messages/{message}/threads");
        let body = json!({ "name": name, "auto_archive_duration": 1440 });
        Self::new(Method::POST, "POST thread", channel, path).with(body)
    }

    /// Archives a thread, or opens it again.
    pub(in super::super) fn archive(thread: u64, archived: bool) -> Self {
        let path = format!("/channels/{thread}");
        Self::new(Method::PATCH, "PATCH channel", thread, path).with(json!({ "archived": archived }))
    }

    /// Opens the conversation with a person alone.
    pub(in super::super) fn private_channel(user: u64) -> Self {
        let body = json!({ "recipient_id": user.to_string() });
        Self::new(Method::POST, "POST private channel", "", "/users/@me/channels".to_owned()).with(body)
    }

    /// Who reacted to a message with an emoji; the first hundred.
    pub(in super::super) fn reactions(channel: u64, message: u64, emoji: &str) -> Self {
        let encoded: String = emoji.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let path = format!("/channels/{channel}/messages/{message}/reactions/{encoded}?limit=100");
        Self::get("GET reactions", channel, path)
    }

    /// Sets the guild's slash commands.
    pub(in super::super) fn commands(application: u64, guild: u64, commands: Value) -> Self {
        let path = format!("/applications/{application}/guilds/{guild}/commands");
        Self::new(Method::PUT, "PUT commands", guild, path).with(commands)
    }

    /// The first answer to an interaction.
    pub(in super::super) fn callback(interaction: u64, token: &str, body: Value) -> Self {
        let path = format!("/interactions/{interaction}/{token}/callback");
        Self::new(Method::POST, "POST callback", interaction, path).with(body)
    }

    /// Fills in the answer to an interaction that was promised.
    pub(in super::super) fn fill_in(application: u64, token: &str, sheet: &Sheet) -> Self {
        let path = format!("/webhooks/{application}/{token}/messages/@original");
        let request = Self::new(Method::PATCH, "PATCH original", token, path).with(sheet.edit());
        Self { files: sheet.files.clone(), ..request }
    }

    /// A further answer to an interaction.
    pub(in super::super) fn follow_up(application: u64, token: &str, sheet: &Sheet, private: bool) -> Self {
        let path = format!("/webhooks/{application}/{token}");
        let body = sheet.create(Posting { private, ..Posting::default() });
        let request = Self::new(Method::POST, "POST follow-up", token, path).with(body);
        Self { files: sheet.files.clone(), ..request }
    }
}
