//! Reading a body: no more of it, and of all of them together, than may be in memory.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::Refusal;

/// A body that was read, and its share of the memory for all of them.
pub(super) struct Read {
    pub(super) bytes: Vec<u8>,
    _share: Option<OwnedSemaphorePermit>,
}

/// Refuses by the head alone what could not be read anyway.
pub(super) fn check_head(headers: &HeaderMap, most: usize) -> Result<(), Refusal> {
    for encoding in headers.get_all(header::CONTENT_ENCODING) {
        let how = encoding.to_str().unwrap_or("unreadable").trim();
        if !how.is_empty() && !how.eq_ignore_ascii_case("identity") {
            return Err(Refusal::Encoded(how.chars().take(40).collect()));
        }
    }
    let declared =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > most as u64) {
        return Err(Refusal::TooLarge { most });
    }
    Ok(())
}

/// Reads a body. What has come of it counts against `room`, so that many who send slowly hold no more than they sent.
pub(super) async fn read(body: Body, most: usize, room: &Arc<Semaphore>) -> Result<Read, Refusal> {
    let mut chunks = body.into_data_stream();
    let mut read = Read { bytes: Vec::new(), _share: None };
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::Broken)?;
        if read.bytes.len() + chunk.len() > most {
            return Err(Refusal::TooLarge { most });
        }
        let size = u32::try_from(chunk.len()).map_err(|_| Refusal::NoRoom)?;
        let share = room.clone().try_acquire_many_owned(size).map_err(|_| Refusal::NoRoom)?;
        match &mut read._share {
            Some(before) => before.merge(share),
            none => *none = Some(share),
        }
        read.bytes.extend_from_slice(&chunk);
    }
    Ok(read)
}
