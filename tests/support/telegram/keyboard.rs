//! Inline keyboards.

use serde_json::{Map, Value};

use super::call::{Call, Fail};
use super::world::{Key, World};

/// What a button can do; it does exactly one of these.
const ACTIONS: &[&str] = &[
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
];

/// What else a button has.
const LOOKS: &[&str] = &["text", "icon_custom_emoji_id", "style"];

/// The inline keyboard of a call; `None` when it has none.
pub(super) fn read(world: &mut World, call: &Call) -> Result<Option<Vec<Vec<Key>>>, Fail> {
    let Some(markup) = call.object("reply_markup") else { return Ok(None) };
    let Some(rows) = markup.get("inline_keyboard") else {
        if call.method.starts_with("edit") {
            return Err(Fail::wrong("only an inline keyboard can be edited"));
        }
        let other =
            ["keyboard", "remove_keyboard", "force_reply"].iter().any(|kind| markup.contains_key(*kind));
        return if other { Ok(None) } else { Err(Fail::wrong("object expected as reply markup")) };
    };
    if let Some(strange) = markup.keys().find(|key| *key != "inline_keyboard") {
        world.violation(format!("{}: an InlineKeyboardMarkup has no `{strange}`", call.method));
    }
    let rows = rows.as_array().ok_or(Fail::wrong("field \"inline_keyboard\" must be of type Array"))?;
    let mut keys = Vec::new();
    for row in rows {
        let row =
            row.as_array().ok_or(Fail::wrong("field \"inline_keyboard\" must be an Array of Arrays"))?;
        let row: Vec<_> = row.iter().map(|button| key(world, call, button)).collect::<Result<_, _>>()?;
        if !row.is_empty() {
            keys.push(row);
        }
    }
    if keys.iter().map(Vec::len).sum::<usize>() > 100 {
        return Err(Fail::wrong("reply markup is too long"));
    }
    Ok(Some(keys))
}

fn key(world: &mut World, call: &Call, button: &Value) -> Result<Key, Fail> {
    let fail = |why: &str| Fail::wrong(&format!("can't parse inline keyboard button: {why}"));
    let fields: &Map<_, _> =
        button.as_object().ok_or_else(|| fail("InlineKeyboardButton must be an Object"))?;
    let strange =
        fields.keys().find(|key| !ACTIONS.contains(&key.as_str()) && !LOOKS.contains(&key.as_str()));
    if let Some(strange) = strange {
        world.violation(format!("{}: an InlineKeyboardButton has no `{strange}`", call.method));
    }
    if fields.get("text").and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
        return Err(fail("field \"text\" must be a non-empty String"));
    }
    match fields.keys().filter(|key| ACTIONS.contains(&key.as_str())).count() {
        1 => {}
        0 => return Err(fail("text buttons are unallowed in the inline keyboard")),
        _ => return Err(fail("exactly one of the optional fields must be used")),
    }
    if let Some(data) = fields.get("callback_data") {
        let bytes = data.as_str().map(str::len).unwrap_or_default();
        if !(1..=64).contains(&bytes) {
            return Err(Fail::wrong("BUTTON_DATA_INVALID"));
        }
    }
    if let Some(url) = fields.get("url") {
        let url = url.as_str().unwrap_or_default();
        if !reachable(url) {
            let why = format!("inline keyboard button URL '{url}' is invalid: Wrong HTTP URL");
            return Err(Fail::wrong(&why));
        }
    }
    if let Some(copy) = fields.get("copy_text") {
        let length = copy["text"].as_str().map(|text| text.chars().count()).unwrap_or_default();
        if !(1..=256).contains(&length) {
            return Err(Fail::wrong("COPY_TEXT_INVALID"));
        }
    }
    Ok(Key(button.clone()))
}

/// Whether Telegram takes a link: a host without a dot, like `localhost`, is none.
pub(super) fn reachable(url: &str) -> bool {
    if url.starts_with("tg://") {
        return true;
    }
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.and_then(|rest| rest.split(['/', '?', '#', ':']).next())
        .is_some_and(|host| host.contains('.') && !host.starts_with('.') && !host.ends_with('.'))
}
