//! What is answered: why a request was refused and what to do about it, in words.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::gate::Outcome;
use crate::engine::ports::NotAccepted;

/// Why a request was refused. None of them holds a secret, and none says whether a source of that name exists to
/// whoever has no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    NoSuchPage,
    WrongMethod(&'static str),
    NoSuchSource(String),
    Unproven(String),
    Browser,
    Encoded(String),
    TooLarge { most: usize },
    TooOften { wait: Duration },
    TooSlow(Duration),
    Broken,
    Malformed(String),
    NoRoom,
    NotAccepted(NotAccepted),
    NoAnswer,
}

/// What was taken of a body.
#[derive(Debug, Serialize)]
pub(super) struct Taken {
    /// How many alerts and deployments.
    pub(super) accepted: usize,
    /// How many were not understood, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rejected: Option<usize>,
    /// What is wrong with the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

impl Taken {
    /// As what it is counted.
    pub(super) fn outcome(&self) -> Outcome {
        if self.rejected.is_some() { Outcome::Partly } else { Outcome::Accepted }
    }
}

#[derive(Serialize)]
struct Told<'a> {
    error: &'a str,
    what_to_do: &'a str,
}

impl Refusal {
    /// Whatever would be taken another time is a 503: Alertmanager's webhook sends again only after a 5xx, and what it
    /// does not send again is lost.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPage | Self::NoSuchSource(_) => StatusCode::NOT_FOUND,
            Self::WrongMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unproven(_) => StatusCode::UNAUTHORIZED,
            Self::Browser => StatusCode::FORBIDDEN,
            Self::Encoded(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::TooOften { .. }
            | Self::TooSlow(_)
            | Self::NoRoom
            | Self::NotAccepted(_)
            | Self::NoAnswer => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// As what it is counted.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Unproven(_) => Outcome::Unproven,
            Self::TooLarge { .. } => Outcome::TooLarge,
            Self::TooOften { .. } => Outcome::TooOften,
            Self::TooSlow(_) => Outcome::TooSlow,
            Self::NoRoom | Self::NotAccepted(_) | Self::NoAnswer => Outcome::Unavailable,
            Self::NoSuchPage
            | Self::WrongMethod(_)
            | Self::NoSuchSource(_)
            | Self::Browser
            | Self::Encoded(_)
            | Self::Broken
            | Self::Malformed(_) => Outcome::Malformed,
        }
    }

    /// When it is worth trying again.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften { wait } => Some(*wait),
            Self::NotAccepted(NotAccepted::Full { retry_after }) => Some(*retry_after),
            Self::NotAccepted(_) | Self::NoAnswer => Some(Duration::from_secs(5)),
            Self::NoRoom | Self::TooSlow(_) => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// What happened, and what to do about it.
    pub(super) fn words(&self) -> (String, String) {
        let again = || "send it again later; nothing of it was kept".to_owned();
        let (error, todo) = match self {
            Self::NoSuchPage => (
                "there is nothing here".to_owned(),
                "alerts are posted to /alerts/SOURCE, or to /api/v2/alerts as Alertmanager takes them; /healthz and /metrics can be read".to_owned(),
            ),
            Self::WrongMethod(right) => (format!("this takes only {right}"), format!("send it with {right}")),
            Self::NoSuchSource(name) => (
                format!("there is no source `{name}`"),
                "name one of those under [alerts.sources] in Steward's configuration, or add it there".to_owned(),
            ),
            Self::Unproven(name) => (
                format!("this is not proven to come from the source `{name}`"),
                "send the source's own token as `Authorization: Bearer TOKEN`, or as the password of basic authentication; or, where the configuration names a key, the body's HMAC-SHA256 in the header that it names".to_owned(),
            ),
            Self::Browser => (
                "pages of a browser may not send alerts to a source without a token".to_owned(),
                "send it from a program, or give the source a token in Steward's configuration".to_owned(),
            ),
            Self::Encoded(how) => {
                (format!("the body is encoded ({how})"), "send it as it is, without Content-Encoding".to_owned())
            }
            Self::TooLarge { most } => (
                format!("the body has more than the {most} bytes that this source may send at once"),
                "send fewer alerts at once, or raise the source's max_body in Steward's configuration".to_owned(),
            ),
            Self::TooOften { wait } => (
                "this source has sent more requests than it may in a minute".to_owned(),
                format!("wait {} s, or raise the source's rate in Steward's configuration", seconds(*wait)),
            ),
            Self::TooSlow(most) => (format!("the body did not come within {} s", seconds(*most)), again()),
            Self::Broken => ("the body broke off".to_owned(), again()),
            Self::Malformed(why) => (
                why.clone(),
                "mend what is sent; `steward alerts rejected` shows what came".to_owned(),
            ),
            Self::NoRoom => ("too many large bodies are coming in at once".to_owned(), again()),
            Self::NotAccepted(why) => (why.to_string(), again()),
            Self::NoAnswer => (
                "it could not be stored in time".to_owned(),
                "send it again; what arrives twice counts once".to_owned(),
            ),
        };
        (error, todo)
    }
}

/// Whole seconds, at least one.
pub(super) fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0 || duration.is_zero())
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (error, what_to_do) = self.words();
        let mut response = json(self.status(), &Told { error: &error, what_to_do: &what_to_do });
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, seconds(wait).into());
        }
        match self {
            Self::Unproven(_) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::WrongMethod(right) => {
                headers.insert(header::ALLOW, HeaderValue::from_static(right));
            }
            _ => {}
        }
        response
    }
}

/// A JSON document, ended with a line end for those who look at it on a terminal.
pub(super) fn json(status: StatusCode, document: &impl Serialize) -> Response {
    let mut text = serde_json::to_string(document).unwrap_or_default();
    text.push('\n');
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}
