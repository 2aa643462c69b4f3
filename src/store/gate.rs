//! The last gate before the disk: what is written as text for people has no secrets in it.
//!
//! Texts are freed of secrets where they come in; whatever slipped through stops here. What has to stay exact because
//! it is executed passes by: plans, the actions of approvals, what was captured for an undo.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::domain::redact::Redactor;

/// A value as the JSON that is stored.
pub(super) fn json<T: Serialize + DeserializeOwned>(
    redactor: &Redactor,
    value: &T,
) -> Result<String, StoreError> {
    let text = serde_json::to_string(value).map_err(unwritable)?;
    if !redactor.holds_secret(&text) {
        return Ok(text);
    }
    let mut clean = serde_json::to_value(value).map_err(unwritable)?;
    redactor.json(&mut clean);
    let clean = clean.to_string();
    if serde_json::from_str::<T>(&clean).is_err() {
        // A name (of a target, say) that looks like a secret: without it nothing could be read back at the next start.
        tracing::error!("what looks like a secret is part of a name, and is stored with it");
        return Ok(text);
    }
    Ok(clean)
}

/// A text as it is stored.
pub(super) fn text<'a>(redactor: &Redactor, text: &'a str) -> Cow<'a, str> {
    redactor.redact(text)
}

fn unwritable(error: serde_json::Error) -> StoreError {
    rusqlite::Error::ToSqlConversionFailure(error.into()).into()
}
