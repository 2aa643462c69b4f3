//! Answers to presses of buttons.

use chrono::TimeDelta;
use serde_json::json;

use super::call::{Answer, Call, Fail};
use super::view::Popup;
use super::world::World;

/// How long a press can be answered. The documentation names no time; in life it is around this.
const PATIENCE: TimeDelta = TimeDelta::minutes(1);

pub(super) fn answer(world: &mut World, call: &Call) -> Answer {
    let text = call.text("text").unwrap_or_default().to_owned();
    if text.chars().count() > 200 {
        return Err(Fail::wrong("MESSAGE_TOO_LONG"));
    }
    if call.text("url").is_some() {
        return Err(Fail::wrong("URL_INVALID"));
    }
    let now = world.now();
    let id = call.text("callback_query_id").unwrap_or_default();
    let too_late = "query is too old and response timeout expired or query ID is invalid";
    let press = world.presses.get_mut(id).ok_or(Fail::wrong(too_late))?;
    if press.answered {
        return Err(Fail { violation: true, ..Fail::bad(&format!("{too_late} (it was answered before)")) });
    }
    if press.expired || now - press.at > PATIENCE {
        return Err(Fail::bad(too_late));
    }
    press.answered = true;
    let (user, chat, message) = (press.user, press.chat, press.message);
    let alert = call.flag("show_alert");
    world.popups.push(Popup { user, chat, message, text, alert });
    Ok(json!(true))
}
