//! One message in Discord's own terms: an embed, buttons and files, and the JSON that is sent of it.

use serde_json::{Value, json};

/// Limits of Discord's documentation, in UTF-16 code units or in pieces.
pub(super) const TITLE: usize = 256;
/// See [`TITLE`].
pub(super) const DESCRIPTION: usize = 4096;
/// See [`TITLE`].
pub(super) const FIELDS: usize = 25;
/// See [`TITLE`].
pub(super) const FIELD_NAME: usize = 256;
/// See [`TITLE`].
pub(super) const FIELD_VALUE: usize = 1024;
/// All texts of an embed together.
pub(super) const EMBED: usize = 6000;
/// Files of one message.
pub(super) const FILES: usize = 10;
const BUTTONS_IN_A_ROW: usize = 5;
/// Rows of buttons times buttons in a row.
pub(super) const BUTTONS: usize = 25;
/// A button's label.
pub(super) const LABEL: usize = 80;
/// A button's command.
pub(super) const CUSTOM_ID: usize = 100;

/// The message shows up without a sound or a badge.
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
/// Only the person who asked sees it.
const EPHEMERAL: u64 = 1 << 6;

/// Characters of no width.
const INVISIBLE: [char; 5] = ['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}'];

/// One message. Its texts are escaped, and fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sheet {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) fields: Vec<ShownField>,
    pub(super) footer: Option<&'static str>,
    pub(super) colour: u32,
    pub(super) buttons: Vec<Button>,
    pub(super) files: Vec<File>,
    /// Whether it calls everybody who is there.
    pub(super) here: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownField {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) inline: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Button {
    pub(super) label: String,
    pub(super) command: String,
}

/// A file that goes with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) text: String,
}

/// How a message is sent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Posting<'a> {
    /// What Discord tells doubles by.
    pub(super) nonce: Option<&'a str>,
    /// The message that it replies to.
    pub(super) reply_to: Option<u64>,
    /// Whether only the person who asked sees it; for follow-ups of interactions.
    pub(super) private: bool,
}

impl Sheet {
    /// The embed.
    pub(super) fn embed(&self) -> Value {
        let mut embed = json!({ "color": self.colour });
        if !self.title.is_empty() {
            embed["title"] = self.title.as_str().into();
        }
        if !self.description.is_empty() {
            embed["description"] = self.description.as_str().into();
        }
        if !self.fields.is_empty() {
            let shown = |f: &ShownField| json!({ "name": f.name, "value": f.value, "inline": f.inline });
            embed["fields"] = self.fields.iter().map(shown).collect();
        }
        if let Some(footer) = self.footer {
            embed["footer"] = json!({ "text": footer });
        }
        embed
    }

    /// What makes a new message. `content` is never anything but our own call, because it is the only text in which
    /// a mention could reach anybody.
    pub(super) fn create(&self, posting: Posting<'_>) -> Value {
        let called: &[&str] = if self.here { &["everyone"] } else { &[] };
        let mut body = json!({
            "embeds": [self.embed()],
            "allowed_mentions": { "parse": called, "replied_user": false },
        });
        if self.here {
            body["content"] = "@here".into();
        }
        if posting.private {
            body["flags"] = EPHEMERAL.into();
        } else if !self.here {
            body["flags"] = SUPPRESS_NOTIFICATIONS.into();
        }
        if !self.buttons.is_empty() {
            body["components"] = self.components();
        }
        if !self.files.is_empty() {
            body["attachments"] = self.attachments();
        }
        if let Some(nonce) = posting.nonce {
            body["nonce"] = nonce.into();
            body["enforce_nonce"] = true.into();
        }
        if let Some(message) = posting.reply_to {
            body["message_reference"] =
                json!({ "message_id": message.to_string(), "fail_if_not_exists": false });
        }
        body
    }

    /// What turns a message that is there into this one; buttons and files that it no longer has go.
    pub(super) fn edit(&self) -> Value {
        json!({
            "embeds": [self.embed()],
            "components": self.components(),
            "attachments": self.attachments(),
            "allowed_mentions": { "parse": [] },
        })
    }

    /// The first embed and the buttons of a message that Discord has. What is read is escaped already.
    pub(super) fn read(message: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let embed = &message["embeds"][0];
        let field = |field: &Value| ShownField {
            name: text(&field["name"]),
            value: text(&field["value"]),
            inline: field["inline"] == true,
        };
        let button =
            |button: Value| Button { label: text(&button["label"]), command: text(&button["custom_id"]) };
        let rows = list(&message["components"]).into_iter().flat_map(|row| list(&row["components"]));
        Self {
            title: text(&embed["title"]),
            description: text(&embed["description"]),
            fields: list(&embed["fields"]).iter().map(field).collect(),
            colour: embed["color"].as_u64().and_then(|colour| u32::try_from(colour).ok()).unwrap_or_default(),
            buttons: rows.map(button).collect(),
            ..Self::default()
        }
    }

    fn components(&self) -> Value {
        let button = |button: &Button| json!({ "type": 2, "style": style(&button.command), "label": button.label, "custom_id": button.command });
        let row = |row: &[Button]| {
            let buttons: Vec<Value> = row.iter().map(button).collect();
            json!({ "type": 1, "components": buttons })
        };
        self.buttons.chunks(BUTTONS_IN_A_ROW).map(row).collect()
    }

    fn attachments(&self) -> Value {
        let file = |(id, file): (usize, &File)| json!({ "id": id, "filename": file.name });
        self.files.iter().enumerate().map(file).collect()
    }
}

/// Green for yes, red for no, grey for the rest.
fn style(command: &str) -> u8 {
    match command.split(' ').next() {
        Some("approve") => 3,
        Some("deny") => 4,
        _ => 2,
    }
}

/// Whether a message that Discord has shows what was sent, as far as its words go: servers trim texts, drop what can't
/// be seen, leave out what is empty, and add fields of their own.
pub(super) fn shows(message: &Value, sent: &Value) -> bool {
    fn words(embed: &Value) -> String {
        let fields = embed["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
        let fields = fields.iter().flat_map(|field| [&field["name"], &field["value"]]);
        let texts = [&embed["title"], &embed["description"]].into_iter().chain(fields);
        let seen = |text: &Value| text.as_str().unwrap_or_default().replace(INVISIBLE, "");
        let all = texts.map(seen).collect::<Vec<_>>().join("\n");
        all.split_whitespace().collect::<Vec<_>>().join(" ")
    }
    // A server that does not say what it took is believed to have taken what was sent.
    let shown = message["embeds"].as_array().and_then(|embeds| embeds.first());
    shown.is_none_or(|shown| words(shown) == words(&sent["embeds"][0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(title: &str) -> Sheet {
        let field = ShownField { name: "State".to_owned(), value: "open".to_owned(), inline: true };
        let description = "one line \n\nanother".to_owned();
        Sheet { title: title.to_owned(), description, fields: vec![field], ..Sheet::default() }
    }

    fn shown(embeds: &Value) -> bool {
        shows(
            &json!({ "id": "1", "embeds": embeds }),
            &sheet("#1 it is stale\u{200b}").create(Posting::default()),
        )
    }

    #[test]
    fn an_answer_that_only_puts_texts_in_order_or_leaves_them_out_is_no_other_message() {
        assert!(shown(&json!([])));
        assert!(shown(&Value::Null));
        assert!(shown(&json!([{
            "type": "rich",
            "title": "#1 it is stale",
            "description": "one line\n\nanother",
            "color": 5,
            "content_scan_version": 0,
            "fields": [{ "name": "State", "value": "open", "inline": false }],
        }])));
    }

    #[test]
    fn an_answer_with_other_words_is_another_message() {
        let other = sheet("#1 it was stale").create(Posting::default());
        assert!(!shown(&other["embeds"]));
        let mut other = sheet("#1 it is stale").create(Posting::default());
        other["embeds"][0]["fields"][0]["value"] = "stuck".into();
        assert!(!shown(&other["embeds"]));
    }
}
