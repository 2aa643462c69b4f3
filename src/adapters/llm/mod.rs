//! Language models behind the agent's port: any OpenAI-compatible API, and Ollama.
//!
//! Requests have the shapes of `async-openai` and `ollama-rs`. They are sent from here and not by the clients of these
//! libraries, because those read answers of any size, repeat by themselves what we fall back from, keep neither the
//! status nor `Retry-After` of a refusal, and log whole answers.

pub mod ollama;
pub mod openai;

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, StatusCode, redirect};
use serde::Serialize;
use serde_json::Value;

use crate::agent::model::ModelError;
use crate::config::{ModelSettings, Secret};

/// The longest time until a connection stands.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest time for a look at which models there are.
const LOOK: Duration = Duration::from_secs(10);
/// The most that is read of an answer, in bytes: a model's words are a thousandth of that.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// The most that is repeated of a server's own words, in characters.
const MAX_WORDS: usize = 200;
/// How much chance there is in an answer: little, because the same fault should get the same diagnosis.
const TEMPERATURE: f32 = 0.2;

/// The way to one model's server.
struct Wire {
    client: Client,
    /// The model's name in the configuration.
    name: String,
    url: String,
    key: Option<Secret>,
    /// What the provider calls the model.
    model: String,
}

/// What a server answered with a success.
struct Body(Vec<u8>);

impl Wire {
    /// # Errors
    /// Nothing can be asked from this machine, or with this key, and why.
    fn new(name: &str, settings: &ModelSettings) -> Result<Self, String> {
        let mut headers = HeaderMap::new();
        if let Some(key) = &settings.key {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose())).map_err(|_| {
                format!(
                    "the key of the model `{name}` ({key}) has a character that can't be sent; look for a stray line end or quotation mark in it"
                )
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        // A redirect would tell the dialogue, and the key, to somebody else.
        let client = Client::builder()
            .use_rustls_tls()
            .connect_timeout(CONNECT)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("steward/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .build()
            .map_err(|error| format!("no connection to the model `{name}` can be made ({}); look whether the system's certificates are installed (package ca-certificates)", error.without_url()))?;
        Ok(Self {
            client,
            name: name.to_owned(),
            url: settings.url.clone(),
            key: settings.key.clone(),
            model: settings.model.clone(),
        })
    }

    /// Asks for an answer to this. `with_tools`: whether the request brings tools, which it may be refused for.
    async fn post(
        &self,
        path: &str,
        request: &impl Serialize,
        timeout: Duration,
        with_tools: bool,
    ) -> Result<Body, ModelError> {
        let body = serde_json::to_vec(request).map_err(|error| self.malformed(&error.to_string()))?;
        let request = self.client.post(format!("{}{path}", self.url));
        let request = request.header(reqwest::header::CONTENT_TYPE, "application/json").body(body);
        self.send(request, timeout, with_tools).await
    }

    /// Asks for what is there.
    async fn get(&self, path: &str) -> Result<Body, ModelError> {
        self.send(self.client.get(format!("{}{path}", self.url)), LOOK, false).await
    }

    async fn send(
        &self,
        request: reqwest::RequestBuilder,
        timeout: Duration,
        with_tools: bool,
    ) -> Result<Body, ModelError> {
        let answer = request.timeout(timeout).send().await.map_err(|error| self.lost(&error, timeout))?;
        let status = answer.status();
        let pause = answer.headers().get(RETRY_AFTER).and_then(seconds);
        let body = self.read(answer, timeout).await;
        if status.is_success() {
            return body.map(Body);
        }
        // What it says of its refusal is a help, and the refusal stands without.
        Err(self.refusal(status, &body.unwrap_or_default(), pause, with_tools))
    }

    async fn read(&self, mut answer: reqwest::Response, timeout: Duration) -> Result<Vec<u8>, ModelError> {
        let mut body = Vec::new();
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > MAX_BODY => {
                    return Err(self.malformed("the answer is larger than 4 MiB"));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(error) if error.is_timeout() => return Err(self.timed_out(timeout)),
                Err(_) => {
                    return Err(self.malformed(&format!("the answer breaks off after {} bytes", body.len())));
                }
            }
        }
    }

    /// Why nothing came back.
    fn lost(&self, error: &reqwest::Error, timeout: Duration) -> ModelError {
        if error.is_timeout() && !error.is_connect() {
            return self.timed_out(timeout);
        }
        // The innermost reason is the one that helps: "connection refused", "failed to look up address".
        let mut reason: &dyn std::error::Error = error;
        while let Some(below) = reason.source() {
            reason = below;
        }
        let why =
            if error.source().is_some() { self.clean(&reason.to_string()) } else { "no answer".to_owned() };
        self.unreachable(&format!("{why}; see that it runs at {} and can be reached from here", self.place()))
    }

    /// Where the server is, without what could be a password.
    fn place(&self) -> String {
        reqwest::Url::parse(&self.url).map_or_else(
            |_| "its url".to_owned(),
            |url| {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
            },
        )
    }

    /// What a status and the words with it mean.
    fn refusal(
        &self,
        status: StatusCode,
        body: &[u8],
        pause: Option<Duration>,
        with_tools: bool,
    ) -> ModelError {
        let words = self.clean(&words_of(body));
        let lower = words.to_lowercase();
        let model = self.name.clone();
        let said = if words.is_empty() {
            status.as_u16().to_string()
        } else {
            format!("{}: {words}", status.as_u16())
        };
        let refused = |why: String| ModelError::Refused { model: model.clone(), why };
        match status.as_u16() {
            401 if self.key.is_none() => {
                refused(format!("it wants a key ({said}); set `key` under [agent.models.{}]", self.name))
            }
            401 => refused(format!(
                "it does not accept the key ({said}); look at `key` under [agent.models.{}]",
                self.name
            )),
            402 | 429 => ModelError::Limited { model: model.clone(), pause },
            _ if TOO_LONG.iter().any(|sign| lower.contains(sign)) => {
                ModelError::TooLong { model: model.clone() }
            }
            _ if with_tools && NO_TOOLS.iter().any(|sign| lower.contains(sign)) => {
                ModelError::NoTools { model: model.clone() }
            }
            403 => refused(format!("the key may not do this ({said}); look at what its owner allows")),
            404 => refused(format!(
                "it has no model `{}`, or nothing is there ({said}); look at `model` and `url` under [agent.models.{}]",
                self.model, self.name
            )),
            408 | 504 => self.unreachable(&format!("it gave up waiting ({said})")),
            503 | 529 if pause.is_some() => ModelError::Limited { model: model.clone(), pause },
            300..=399 => refused(format!(
                "it sends elsewhere ({said}); write where it really is as `url` under [agent.models.{}]",
                self.name
            )),
            500..=599 => self.unreachable(&format!("it failed ({said})")),
            _ => refused(said),
        }
    }

    fn timed_out(&self, after: Duration) -> ModelError {
        ModelError::TimedOut { model: self.name.clone(), after }
    }

    fn unreachable(&self, why: &str) -> ModelError {
        ModelError::Unreachable { model: self.name.clone(), why: why.to_owned() }
    }

    fn malformed(&self, why: &str) -> ModelError {
        ModelError::Malformed { model: self.name.clone(), why: why.to_owned() }
    }

    /// Words of a server as they may be shown: one line, not long, without the key.
    fn clean(&self, words: &str) -> String {
        let whole = match &self.key {
            Some(key) => words.replace(key.expose(), "[key]"),
            None => words.to_owned(),
        };
        let line = whole.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        let line = line.collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(MAX_WORDS) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }

    /// Reads an answer as JSON.
    fn json<T: serde::de::DeserializeOwned>(&self, body: &Body) -> Result<T, ModelError> {
        serde_json::from_slice(&body.0).map_err(|error| {
            // Where it is wrong, and never what it says: that can be anything.
            let kind = match error.classify() {
                serde_json::error::Category::Eof => "JSON that breaks off",
                serde_json::error::Category::Syntax => "no JSON",
                _ => "JSON of another shape",
            };
            self.malformed(&format!("{kind} (line {}, column {})", error.line(), error.column()))
        })
    }
}

/// How servers say that a dialogue is too long.
const TOO_LONG: &[&str] = &[
    "context length",
    "context_length",
    "context window",
    "context size",
    "maximum context",
    "prompt is too long",
    "too many tokens",
    "input length",
    "exceeds the limit of tokens",
];

/// How servers say that a model, or its template, knows no tools.
const NO_TOOLS: &[&str] = &[
    "does not support tool",
    "not support tools",
    "not support function",
    "tools is not supported",
    "tools are not supported",
    "tool calling is not supported",
    "function calling is not supported",
    "enable-auto-tool-choice",
    "requires --jinja",
];

/// `Retry-After` in seconds; a date, which few send, is not understood.
fn seconds(value: &HeaderValue) -> Option<Duration> {
    let seconds: f64 = value.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// What a server says of its refusal: `error` as text or as an object with a `message`, in its several spellings.
fn words_of(body: &[u8]) -> String {
    let text = || String::from_utf8_lossy(body.get(..4 * MAX_WORDS).unwrap_or(body)).into_owned();
    let Ok(json) = serde_json::from_slice::<Value>(body) else { return text() };
    let error = json.get("error").unwrap_or(&json);
    let message = error.as_str().or_else(|| error.get("message").or_else(|| error.get("detail"))?.as_str());
    let Some(message) = message else { return text() };
    match error.get("code").and_then(Value::as_str) {
        Some(code) => format!("{message} ({code})"),
        None => message.to_owned(),
    }
}

/// What a model said without what it thought aloud before.
fn without_thoughts(text: &str) -> String {
    let mut rest = text;
    let mut said = String::new();
    while let Some((before, after)) = rest.split_once("<think>") {
        said.push_str(before);
        // A thought without an end was cut off: nothing after it was said.
        rest = after.split_once("</think>").map_or("", |(_, after)| after);
    }
    said.push_str(rest);
    // Some templates open the thought themselves, so that only its end is in the answer.
    let said = said.rsplit_once("</think>").map_or(said.as_str(), |(_, after)| after);
    said.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_thinks_aloud_is_not_what_it_says() {
        for (text, said) in [
            ("<think>hm\nhm</think>\n\nThe disk is full.", "The disk is full."),
            ("hm</think>yes", "yes"),
            ("a <think>b</think> c <think>d</think>e", "a  c e"),
            ("<think>never ends", ""),
            (" plain ", "plain"),
        ] {
            assert_eq!(without_thoughts(text), said);
        }
    }

    #[test]
    fn the_words_of_a_refusal_are_found_in_every_spelling() {
        for body in [
            r#"{"error":"no"}"#,
            r#"{"error":{"message":"no"}}"#,
            r#"{"message":"no"}"#,
            r#"{"detail":"no"}"#,
            "no",
        ] {
            assert_eq!(words_of(body.as_bytes()), "no", "{body}");
        }
        assert_eq!(words_of(br#"{"error":{"message":"no","code":"quota"}}"#), "no (quota)");
    }
}
