//! What a message may be: the limits of the documentation.

use serde_json::Value;

use super::component_rules;
use super::schema::{Field, Kind, Problems, length, may, must, null};
use super::wire::{Refusal, Upload};
use super::world::{EPHEMERAL, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS};

/// The requests that carry a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Create,
    Edit,
    /// The `data` of an interaction's callback.
    Answer,
    FollowUp,
    EditAnswer,
}

const CONTENT: Kind = Kind::Text(0, 2000);
const EMBEDS: Kind = Kind::List(10, &Kind::Object(EMBED));
const FILES: Kind = Kind::List(10, &Kind::Object(ATTACHMENT));
const COMPONENTS: Kind = Kind::List(5, &Kind::Free);
const FLAGS: Kind = Kind::Int(0, i64::MAX);
const MENTIONS: Kind = Kind::Object(ALLOWED_MENTIONS);

const CREATE: &[Field] = &[
    may("content", CONTENT),
    may("nonce", Kind::Nonce(25)),
    may("enforce_nonce", Kind::Bool),
    may("tts", Kind::Bool),
    may("embeds", EMBEDS),
    may("allowed_mentions", MENTIONS),
    may("message_reference", Kind::Object(REFERENCE)),
    may("components", COMPONENTS),
    may("sticker_ids", Kind::List(3, &Kind::Snowflake)),
    may("attachments", FILES),
    may("flags", FLAGS),
    may("poll", Kind::Free),
];

const ANSWER: &[Field] = &[
    may("tts", Kind::Bool),
    may("content", CONTENT),
    may("embeds", EMBEDS),
    may("allowed_mentions", MENTIONS),
    may("flags", FLAGS),
    may("components", COMPONENTS),
    may("attachments", FILES),
    may("poll", Kind::Free),
];

const EDIT: &[Field] = &[
    null("content", CONTENT),
    null("embeds", EMBEDS),
    null("flags", FLAGS),
    null("allowed_mentions", MENTIONS),
    null("components", COMPONENTS),
    null("attachments", FILES),
];

const EMBED: &[Field] = &[
    may("title", Kind::Text(0, 256)),
    may("type", Kind::Word(&["rich"])),
    may("description", Kind::Text(0, 4096)),
    may("url", Kind::Url),
    may("timestamp", Kind::Time),
    may("color", Kind::Int(0, 0xFF_FFFF)),
    may("footer", Kind::Object(&[must("text", Kind::Text(1, 2048)), may("icon_url", Kind::Url)])),
    may("image", Kind::Object(&[must("url", Kind::Url)])),
    may("thumbnail", Kind::Object(&[must("url", Kind::Url)])),
    may(
        "author",
        Kind::Object(&[must("name", Kind::Text(1, 256)), may("url", Kind::Url), may("icon_url", Kind::Url)]),
    ),
    may(
        "fields",
        Kind::List(
            25,
            &Kind::Object(&[
                must("name", Kind::Text(1, 256)),
                must("value", Kind::Text(1, 1024)),
                may("inline", Kind::Bool),
            ]),
        ),
    ),
];

const ATTACHMENT: &[Field] = &[
    must("id", Kind::Snowflake),
    may("filename", Kind::Text(1, 1024)),
    null("description", Kind::Text(0, 1024)),
    may("title", Kind::Text(0, 1024)),
];

const REFERENCE: &[Field] = &[
    may("type", Kind::Choice(&[0])),
    must("message_id", Kind::Snowflake),
    may("channel_id", Kind::Snowflake),
    may("guild_id", Kind::Snowflake),
    may("fail_if_not_exists", Kind::Bool),
];

const ALLOWED_MENTIONS: &[Field] = &[
    may("parse", Kind::List(3, &Kind::Word(&["roles", "users", "everyone"]))),
    may("roles", Kind::List(100, &Kind::Snowflake)),
    may("users", Kind::List(100, &Kind::Snowflake)),
    may("replied_user", Kind::Bool),
];

/// Refuses a message that the documentation does not allow; whether it is empty is another question.
pub(super) fn check(form: Form, body: &Value, files: &[Upload], kept: &[u64]) -> Result<(), Refusal> {
    let fields = match form {
        Form::Create => CREATE,
        Form::Answer | Form::FollowUp => ANSWER,
        Form::Edit | Form::EditAnswer => EDIT,
    };
    let mut problems = Problems::default();
    problems.object("", fields, body);
    embed_sizes(&mut problems, body);
    mentions(&mut problems, body);
    flags(&mut problems, form, body);
    attachments(&mut problems, body, files, kept);
    if body["enforce_nonce"] == true && body.get("nonce").is_none_or(Value::is_null) {
        problems.add("enforce_nonce", "BASE_TYPE_REQUIRED", "enforce_nonce needs a nonce");
    }
    for unsupported in ["poll", "sticker_ids"] {
        if body[unsupported].as_array().is_none_or(|list| !list.is_empty()) && !body[unsupported].is_null() {
            problems.add(unsupported, "NOT_IN_THE_FAKE", "the fake does not know these");
        }
    }
    component_rules::check(&mut problems, &body["components"]);
    problems.refuse()
}

/// The texts of an embed that count towards the 6000 of a message.
fn embed_size(embed: &Value) -> usize {
    let fields = embed["fields"].as_array().map_or(&[][..], Vec::as_slice).iter();
    [&embed["title"], &embed["description"], &embed["footer"]["text"], &embed["author"]["name"]]
        .into_iter()
        .chain(fields.flat_map(|field| [&field["name"], &field["value"]]))
        .filter_map(Value::as_str)
        .map(length)
        .sum()
}

fn embed_sizes(problems: &mut Problems, body: &Value) {
    let embeds = body["embeds"].as_array().map_or(&[][..], Vec::as_slice);
    if embeds.iter().map(embed_size).sum::<usize>() > 6000 {
        problems.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000");
    }
    for (number, embed) in embeds.iter().enumerate() {
        let picture = embed.get("image").is_some() || embed.get("thumbnail").is_some();
        if embed_size(embed) == 0 && !picture {
            problems.add(format!("embeds.{number}"), "EMBED_EMPTY", "an embed that shows nothing");
        }
    }
}

/// "parse" and a list of the same kind exclude each other.
fn mentions(problems: &mut Problems, body: &Value) {
    let allowed = &body["allowed_mentions"];
    let parse = allowed["parse"].as_array().map_or(&[][..], Vec::as_slice);
    for kind in ["users", "roles"] {
        let listed = allowed[kind].as_array().is_some_and(|list| !list.is_empty());
        if listed && parse.iter().any(|parsed| parsed == kind) {
            let why = format!("parse:[\"{kind}\"] and {kind}: [ids...] are mutually exclusive.");
            problems.add("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", why);
        }
    }
}

fn flags(problems: &mut Problems, form: Form, body: &Value) {
    let settable = match form {
        Form::Create => SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS,
        Form::Answer | Form::FollowUp => SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | EPHEMERAL,
        Form::Edit | Form::EditAnswer => SUPPRESS_EMBEDS,
    };
    let set = body["flags"].as_u64().unwrap_or(0);
    if set & !settable != 0 {
        let why = format!("flags {:#x} cannot be set here (or the fake does not know them)", set & !settable);
        problems.add("flags", "MESSAGE_FLAGS_INVALID", why);
    }
}

/// Every described attachment is uploaded with this request, or was there before.
fn attachments(problems: &mut Problems, body: &Value, files: &[Upload], kept: &[u64]) {
    if files.len() > 10 {
        problems.add("files", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.");
    }
    for (number, described) in body["attachments"].as_array().into_iter().flatten().enumerate() {
        let id = super::wire::json_id(&described["id"]);
        let known = id.is_some_and(|id| files.iter().any(|file| file.number == id) || kept.contains(&id));
        if !known {
            let why = "neither uploaded nor there before";
            problems.add(format!("attachments.{number}.id"), "ATTACHMENT_NOT_FOUND", why);
        }
    }
}
