//! Posting what belongs to one message of the outbox: no part of it twice, and the newest version of each.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::reference::MessageRef;
use super::rest::{Failure, Request, Rest};
use super::sheet::{Posting, Sheet, shows};
use crate::engine::ports::Outbound;

/// Parts that are remembered. Those of a message that was delivered are not needed any longer, so this is about
/// messages that came to a halt half way.
const REMEMBERED: usize = 256;

/// Which parts of unfinished messages are there already. Discord tells doubles for a few minutes only; this tells
/// them for as long as Steward runs.
#[derive(Debug, Default)]
pub(super) struct Progress {
    parts: Mutex<Parts>,
}

#[derive(Debug, Default)]
struct Parts {
    there: HashMap<String, (MessageRef, Sheet)>,
    order: VecDeque<String>,
}

impl Progress {
    /// What was noted under a name.
    pub(super) fn get(&self, nonce: &str) -> Option<(MessageRef, Sheet)> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).there.get(nonce).cloned()
    }

    /// Notes that a part is there.
    pub(super) fn put(&self, nonce: &str, message: MessageRef, sheet: &Sheet) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if parts.there.insert(nonce.to_owned(), (message, sheet.clone())).is_none() {
            parts.order.push_back(nonce.to_owned());
        }
        if parts.order.len() > REMEMBERED
            && let Some(oldest) = parts.order.pop_front()
        {
            parts.there.remove(&oldest);
        }
    }
}

/// The nonce of a part: the same in every try, and no other message's, also after the outbox was begun anew. Discord
/// takes 25 characters at most.
pub(super) fn nonce(outbound: &Outbound, part: &str) -> String {
    let written = outbound.written_at.timestamp_millis();
    let digest = Sha256::digest(format!("{}/{written}/{part}", outbound.id));
    digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// Posts a part of a message, unless it is there already. `part` tells it from the message's other parts in the same
/// channel.
///
/// # Errors
/// Discord's.
pub(super) async fn post(
    rest: &Rest,
    progress: &Progress,
    outbound: &Outbound,
    channel: u64,
    part: &str,
    sheet: &Sheet,
    reply_to: Option<u64>,
) -> Result<MessageRef, Failure> {
    let nonce = nonce(outbound, &format!("{channel}/{part}"));
    if let Some((message, shown)) = progress.get(&nonce) {
        if shown == *sheet {
            return Ok(message);
        }
        match rest.send(&Request::edit(message.channel, message.message, sheet)).await {
            // Somebody deleted it meanwhile: that is their decision.
            Err(failure) if !failure.is_unknown_message() => return Err(failure),
            _ => progress.put(&nonce, message, sheet),
        }
        return Ok(message);
    }
    let posting = Posting { nonce: Some(&nonce), reply_to, private: false };
    let request = Request::post(channel, sheet, posting);
    let there = rest.send(&request).await?;
    let message = MessageRef { channel, message: id(&there)? };
    if !shows(&there, &sheet.create(posting)) {
        // An earlier version got there before Steward ended, and Discord gave it back instead of posting a double.
        rest.send(&Request::edit(channel, message.message, sheet)).await?;
    }
    progress.put(&nonce, message, sheet);
    Ok(message)
}

/// The id of what Discord answers with.
///
/// # Errors
/// There is none.
pub(super) fn id(answer: &Value) -> Result<u64, Failure> {
    snowflake(&answer["id"]).ok_or_else(|| Failure::unreachable("its answer has no id"))
}

/// An id, however it is written.
pub(super) fn snowflake(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
