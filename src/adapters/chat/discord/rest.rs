//! Discord's REST API: one way for every request, with its limits and its time limits. It never waits for a limit to
//! pass; who calls is told, and decides.

mod failure;
mod request;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, USER_AGENT};
use reqwest::multipart::{Form, Part};
use serde_json::Value;

pub(super) use self::failure::{Failure, TOKEN_REFUSED, codes};
pub(super) use self::request::Request;
use super::limits::{LONGEST, Limits, Pause, Said};
use crate::config::Secret;
use crate::engine::ports::Clock;

/// Where Discord is.
const DISCORD: &str = "https://discord.com";
/// Time to connect.
const CONNECT: Duration = Duration::from_secs(5);
/// Time for a request and its answer.
const WHOLE: Duration = Duration::from_secs(15);
/// The pause of a message that was edited too often, where Discord does not say.
const OLD_MESSAGE: Duration = Duration::from_secs(60);
/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 4 << 20;

/// The way to Discord.
pub(super) struct Rest {
    client: reqwest::Client,
    base: String,
    token: Secret,
    limits: Mutex<Limits>,
    clock: Arc<dyn Clock>,
}

impl Rest {
    /// A way to `api`, or to Discord itself.
    ///
    /// # Errors
    /// There can't be a client, for instance because the system has no certificates.
    pub(super) fn new(token: Secret, api: Option<&str>, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let base = api.unwrap_or(DISCORD).trim_end_matches('/').to_owned();
        Ok(Self { client: client()?, base, token, limits: Mutex::default(), clock })
    }

    /// Where Discord's API is, without a path.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The bot's token. For handing over, not for showing.
    pub(super) fn token(&self) -> &str {
        self.token.expose()
    }

    /// Sends a request and returns the answer's body; `Null` if there is none.
    ///
    /// # Errors
    /// See [`Failure`]. None of them shows a token.
    pub(super) async fn send(&self, request: &Request) -> Result<Value, Failure> {
        self.locked().take(&request.counted, self.clock.now()).map_err(Failure::Limited)?;
        let answer = async {
            let response = self.build(request)?.send().await.map_err(unreachable)?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Ok((status, headers, read(response).await?))
        };
        let (status, headers, bytes) = answer.await.inspect_err(|_| self.locked().lost(&request.counted))?;
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        let said = said(status, &headers, body.as_ref());
        if let Some(pause) = old_message(status, body.as_ref(), &headers) {
            self.locked().lost(&request.counted);
            return Err(Failure::Limited(pause));
        }
        if let Some(pause) = self.locked().heard(&request.counted, &said, self.clock.now()) {
            return Err(Failure::Limited(pause));
        }
        match (status, body) {
            (204, _) => Ok(Value::Null),
            (200..300, Some(body)) => Ok(body),
            (200..300, None) if bytes.is_empty() => Ok(Value::Null),
            (200..300, None) => Err(Failure::unreachable("its answer makes no sense")),
            (status, body) => Err(Failure::of(status, body.as_ref())),
        }
    }

    fn build(&self, request: &Request) -> Result<reqwest::RequestBuilder, Failure> {
        let url = format!("{}/api/v10{}", self.base, request.path);
        let builder = self
            .client
            .request(request.method.clone(), url)
            .header(USER_AGENT, serenity::constants::USER_AGENT)
            .header(AUTHORIZATION, format!("Bot {}", self.token()));
        let Some(body) = &request.body else { return Ok(builder) };
        if request.files.is_empty() {
            return Ok(builder.json(body));
        }
        let mut form = Form::new().text("payload_json", body.to_string());
        for (id, file) in request.files.iter().enumerate() {
            let part = Part::bytes(file.text.clone().into_bytes()).file_name(file.name.clone());
            let part = part.mime_str("text/plain; charset=utf-8").map_err(unreachable)?;
            form = form.part(format!("files[{id}]"), part);
        }
        Ok(builder.multipart(form))
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client that waits for nobody longer than it should.
///
/// # Errors
/// The system lets no client be made, for instance because it has no certificates.
pub(super) fn client() -> Result<reqwest::Client, String> {
    reqwest::Client::builder().connect_timeout(CONNECT).timeout(WHOLE).build().map_err(|error| {
        format!("a client for Discord can't be made: {error}; are the system's CA certificates installed?")
    })
}

/// Reads an answer, up to a length that no answer of Discord has.
async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LONGEST_ANSWER {
            return Err(Failure::unreachable("its answer has no end"));
        }
    }
    Ok(bytes)
}

/// A failure on the way. The URL is left out, because there may be a token in it.
fn unreachable(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let mut why = match (error.is_timeout(), error.is_connect()) {
        (true, _) => "it did not answer in time".to_owned(),
        (_, true) => "no connection could be made".to_owned(),
        _ => "the connection broke".to_owned(),
    };
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        if cause.source().is_none() && !error.is_timeout() {
            why.push_str(&format!(" ({cause})"));
        }
        source = cause.source();
    }
    Failure::unreachable(&why)
}

/// The pause for a message that is older than an hour and was edited too often. It says nothing about other messages,
/// so it counts for no bucket.
fn old_message(status: u16, body: Option<&Value>, headers: &HeaderMap) -> Option<Pause> {
    let body = body.filter(|body| status == 429 && body["code"] == codes::OLD_MESSAGE_EDITED_TOO_OFTEN)?;
    let header = || headers.get("retry-after")?.to_str().ok()?.parse::<f64>().ok();
    let after = body["retry_after"].as_f64().or_else(header);
    let said = after.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Some(Pause { pause: said.unwrap_or(OLD_MESSAGE).min(LONGEST), everything: false })
}

fn said(status: u16, headers: &HeaderMap, body: Option<&Value>) -> Said {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let number = |name: &str| text(name).and_then(|value| value.parse::<f64>().ok());
    let refused = (status == 429).then(|| {
        let after = body.and_then(|body| body["retry_after"].as_f64()).or_else(|| number("retry-after"));
        let everything = body.is_some_and(|body| body["global"] == true)
            || text("x-ratelimit-scope") == Some("global")
            || text("x-ratelimit-global").is_some()
            // What stands before Discord answers without JSON, and means everything.
            || body.is_none();
        (after, everything)
    });
    Said {
        bucket: text("x-ratelimit-bucket").map(str::to_owned),
        remaining: text("x-ratelimit-remaining").and_then(|value| value.parse().ok()),
        reset_after: number("x-ratelimit-reset-after"),
        refused,
    }
}

#[cfg(test)]
mod tests;
