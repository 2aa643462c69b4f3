//! A request as it came, and what is answered to it.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde_json::{Value, json};

/// A request to the REST API.
pub(super) struct Request {
    pub(super) method: String,
    /// What follows `/api/v10`, decoded, in segments.
    pub(super) path: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
    pub(super) files: Vec<Upload>,
}

/// A part `files[n]`.
pub(super) struct Upload {
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// What the API answers; no body is a 204.
pub(super) type Outcome = Result<Option<Value>, Refusal>;

/// A request that is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: u32,
    pub(super) message: String,
    pub(super) errors: Option<Value>,
    /// What the documentation says against the request.
    pub(super) breach: Option<String>,
}

/// The JSON error codes of the documentation that the fake uses.
const CODES: &[(u32, u16, &str)] = &[
    (0, 404, "404: Not Found"),
    (10_002, 404, "Unknown Application"),
    (10_003, 404, "Unknown Channel"),
    (10_004, 404, "Unknown Guild"),
    (10_007, 404, "Unknown Member"),
    (10_008, 404, "Unknown Message"),
    (10_013, 404, "Unknown User"),
    (10_014, 400, "Unknown Emoji"),
    (10_015, 404, "Unknown Webhook"),
    (10_062, 404, "Unknown interaction"),
    (30_010, 400, "Maximum number of reactions reached (20)"),
    (30_032, 400, "Maximum number of application commands reached (100)"),
    (40_005, 413, "Request entity too large"),
    (40_060, 400, "Interaction has already been acknowledged."),
    (50_001, 403, "Missing Access"),
    (50_005, 403, "Cannot edit a message authored by another user"),
    (50_006, 400, "Cannot send an empty message"),
    (50_007, 403, "Cannot send messages to this user"),
    (50_013, 403, "Missing Permissions"),
    (50_024, 400, "Cannot execute action on this channel type"),
    (50_027, 401, "Invalid Webhook Token"),
    (50_035, 400, "Invalid Form Body"),
    (50_083, 400, "Thread is archived"),
    (50_109, 400, "The request body contains invalid JSON."),
    (160_004, 400, "A thread has already been created for this message"),
];

/// The documented refusal with this code.
pub(super) fn refuse(code: u32) -> Refusal {
    let known = CODES.iter().find(|(known, ..)| *known == code);
    let (_, status, message) = known.unwrap_or_else(|| panic!("no such code: {code}"));
    Refusal { status: *status, code, message: (*message).into(), errors: None, breach: None }
}

impl Refusal {
    /// 401, as for a wrong token.
    pub(super) fn unauthorized() -> Self {
        let message = "401: Unauthorized".into();
        Self { status: 401, code: 0, message, errors: None, breach: None }
    }

    /// The request is against the documentation.
    pub(super) fn breach(mut self, why: impl Into<String>) -> Self {
        self.breach = Some(why.into());
        self
    }

    pub(super) fn body(&self) -> Value {
        let mut body = json!({"code": self.code, "message": self.message});
        if let Some(errors) = &self.errors {
            body["errors"] = errors.clone();
        }
        body
    }
}

impl Request {
    /// A field of the body that is a text.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field)?.as_str()
    }

    /// Refuses parameters that are not documented.
    pub(super) fn only_parameters(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.query.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(refuse(50_035).breach(format!("unknown query parameter {key:?}"))),
            None => Ok(()),
        }
    }

    /// A parameter that is a number.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let parse = |text: &String| id(text);
        self.query.get(name).map(parse).transpose()
    }

    /// The path without the tokens in it.
    pub(super) fn shown_path(&self) -> String {
        let mut path = self.path.clone();
        if let ["webhooks" | "interactions", _, _, ..] =
            path.iter().map(String::as_str).collect::<Vec<_>>().as_slice()
        {
            path[2] = "…".into();
        }
        format!("/{}", path.join("/"))
    }
}

/// A snowflake, or another number.
pub(super) fn id(text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| refuse(50_035).breach(format!("{text:?} is not a number")))
}

/// A snowflake in JSON: a text of digits, or a number.
pub(super) fn json_id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
