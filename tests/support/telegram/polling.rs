//! `getUpdates` as long polling, and the webhook that excludes it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::Shared;
use super::call::{Answer, Call, Fail};
use super::world::World;

/// The longest a poll waits in real time, so that stories end fast.
const LONGEST: Duration = Duration::from_secs(1);

/// The kinds of update there are.
const KINDS: &[&str] = &[
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
];

pub(super) async fn get_updates(shared: &Shared, call: &Call) -> Answer {
    let mine = shared.act(|world| begin(world, call))?;
    let limit = usize::try_from(call.int("limit").unwrap_or(100)).unwrap_or(100);
    let seconds = u64::try_from(call.int("timeout").unwrap_or_default()).unwrap_or_default();
    let end = Instant::now() + Duration::from_secs(seconds).min(LONGEST);
    let look = |world: &mut World| {
        if world.polls != mine {
            let why = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
            return Some(Err(Fail::new(409, why)));
        }
        let updates: Vec<_> = world.updates.iter().take(limit).map(|update| update.body.clone()).collect();
        (!updates.is_empty()).then_some(Ok(Value::Array(updates)))
    };
    shared.wait(Some(end), look).await.unwrap_or_else(|| Ok(json!([])))
}

/// Takes over from an older poll and confirms what the bot has seen; the number of this poll.
fn begin(world: &mut World, call: &Call) -> Result<u64, Fail> {
    if world.webhook.is_some() {
        let why = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
        return Err(Fail::new(409, why));
    }
    if let Some(kinds) = call.list("allowed_updates") {
        let kinds: Vec<_> = kinds.iter().filter_map(|kind| kind.as_str().map(str::to_owned)).collect();
        if let Some(strange) = kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
            world.violation(format!("getUpdates: there are no updates of the kind `{strange}`"));
        }
        world.allowed_updates = (!kinds.is_empty()).then_some(kinds);
    }
    if call.int("limit").is_some_and(|limit| !(1..=100).contains(&limit)) {
        world.violation("getUpdates: limit is 1-100");
    }
    if call.int("timeout").is_some_and(|timeout| timeout < 0) {
        world.violation("getUpdates: timeout should be positive");
    }
    world.forget_old_updates();
    let offset = call.int("offset").unwrap_or_default();
    if offset < 0 {
        let keep = usize::try_from(-offset).unwrap_or(usize::MAX);
        while world.updates.len() > keep {
            world.updates.pop_front();
        }
    } else {
        world.updates.retain(|update| update.id >= offset);
    }
    world.polls += 1;
    Ok(world.polls)
}

pub(super) fn get_webhook_info(world: &World) -> Answer {
    let url = world.webhook.clone().unwrap_or_default();
    let mut info = json!({
        "url": url, "has_custom_certificate": false, "pending_update_count": world.updates.len()
    });
    if let Some(kinds) = &world.allowed_updates {
        info["allowed_updates"] = json!(kinds);
    }
    Ok(info)
}

pub(super) fn delete_webhook(world: &mut World, call: &Call) -> Answer {
    world.webhook = None;
    if call.flag("drop_pending_updates") {
        world.updates.clear();
    }
    Ok(json!(true))
}
