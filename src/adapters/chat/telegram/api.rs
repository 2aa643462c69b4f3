//! Calls of the Bot API. What is asked are teloxide's payloads; of the answers only what is needed is read, so that
//! a field that Telegram adds or leaves out makes no message go out twice. teloxide's own sender is not used: it waits
//! ten seconds at every 5xx, and drops the error code that tells what is wrong.

use std::time::Duration;

use reqwest::{Client, Response, multipart, redirect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use teloxide::payloads::GetMe;
use teloxide::requests::Payload;

use super::fault::{Fault, Reason, reason};
use crate::config::TelegramSettings;

/// Telegram's own Bot API.
const TELEGRAM: &str = "https://api.telegram.org";
/// The longest time until a connection stands.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest time until a call is answered.
const ANSWER: Duration = Duration::from_secs(15);
/// How long a connection is kept while nothing is said.
const IDLE: Duration = Duration::from_secs(30);
/// The longest time until a file is taken.
const UPLOAD: Duration = Duration::from_secs(60);
/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 16 << 20;
/// The pause when Telegram wants one and doesn't say how long.
const PAUSE: Duration = Duration::from_secs(5);

/// The Bot API, for one bot.
pub(super) struct Api {
    client: Client,
    /// Where the bot's methods are. Holds the token: never shown.
    methods: String,
    token: String,
}

/// What the Bot API answers to every call.
#[derive(Deserialize)]
struct Answer {
    ok: bool,
    result: Option<serde_json::Value>,
    error_code: Option<u16>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

/// Something that was made: a message, a topic. That it was is known as soon as Telegram says yes, whatever else it
/// says: a second try would make it twice.
#[derive(Debug, Deserialize)]
#[serde(from = "serde_json::Value")]
pub(super) struct Made {
    /// Its number, where that can be read.
    pub(super) message: Option<i32>,
    /// The number of its topic, where that can be read.
    pub(super) topic: Option<i32>,
}

impl From<serde_json::Value> for Made {
    fn from(result: serde_json::Value) -> Self {
        let number = |name: &str| result.get(name)?.as_i64().and_then(|number| i32::try_from(number).ok());
        Self { message: number("message_id"), topic: number("message_thread_id") }
    }
}

impl Api {
    /// The API for the bot of these settings.
    ///
    /// # Errors
    /// No HTTP client can be made, for instance because the system has no certificates.
    pub(super) fn new(settings: &TelegramSettings) -> Result<Self, String> {
        let client = Client::builder()
            .use_rustls_tls()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            // A connection that the other side has closed meanwhile would cost a try.
            .pool_idle_timeout(IDLE)
            // A redirect would take the token somewhere else.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| {
                let why = deepest(&error);
                format!("no connection to Telegram can be made ({why}); look whether the system's certificates are installed (package ca-certificates)")
            })?;
        let base = settings.api.as_deref().unwrap_or(TELEGRAM);
        let token = settings.token.expose().to_owned();
        Ok(Self { client, methods: format!("{base}/bot{token}"), token })
    }

    /// Calls a method.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(super) async fn call<P, R>(&self, payload: &P) -> Result<R, Fault>
    where
        P: Payload + Serialize + Sync,
        R: DeserializeOwned,
    {
        self.call_within(payload, ANSWER).await
    }

    /// Asks who the bot is. Here a 404 means the token: no server is without this method.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(super) async fn me<R: DeserializeOwned>(&self) -> Result<R, Fault> {
        self.call(&GetMe::new()).await.map_err(|fault| match fault {
            Fault::Refused(Reason::NotOffered, _) => Fault::Refused(Reason::Token, "Not Found".to_owned()),
            other => other,
        })
    }

    /// Calls a method that may take this long.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(super) async fn call_within<P, R>(&self, payload: &P, longest: Duration) -> Result<R, Fault>
    where
        P: Payload + Serialize + Sync,
        R: DeserializeOwned,
    {
        let request = self.client.post(self.method(P::NAME)).timeout(longest).json(payload);
        self.answer(P::NAME, request.send().await).await
    }

    /// Calls a method and doesn't look at what it returns.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(super) async fn ask<P: Payload + Serialize + Sync>(&self, payload: &P) -> Result<(), Fault> {
        self.call::<P, serde::de::IgnoredAny>(payload).await.map(|_| ())
    }

    /// Sends a form, for what brings a file.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(super) async fn upload<R: DeserializeOwned>(
        &self,
        method: &str,
        form: multipart::Form,
    ) -> Result<R, Fault> {
        let request = self.client.post(self.method(method)).timeout(UPLOAD).multipart(form);
        self.answer(method, request.send().await).await
    }

    fn method(&self, name: &str) -> String {
        format!("{}/{}", self.methods, documented(name))
    }

    async fn answer<R: DeserializeOwned>(
        &self,
        method: &str,
        sent: reqwest::Result<Response>,
    ) -> Result<R, Fault> {
        let response = sent.map_err(|error| self.unreachable(error))?;
        let status = response.status().as_u16();
        let body = self.body(response).await?;
        understand(status, &body).map_err(|fault| match fault {
            Fault::Refused(Reason::NotOffered, _) => Fault::Refused(Reason::NotOffered, documented(method)),
            other => self.hushed(other),
        })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Fault> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                return Err(Fault::Garbled);
            }
        }
        Ok(body)
    }

    fn unreachable(&self, error: reqwest::Error) -> Fault {
        if error.is_timeout() && !error.is_connect() {
            return Fault::Silent;
        }
        self.hushed(Fault::Unreachable(deepest(&error.without_url())))
    }

    /// What the other side says could repeat the address that it was asked at.
    fn hushed(&self, fault: Fault) -> Fault {
        let hush = |text: String| text.replace(&self.token, "<token>");
        match fault {
            Fault::Unreachable(why) => Fault::Unreachable(hush(why)),
            Fault::Refused(reason, why) => Fault::Refused(reason, hush(why)),
            other => other,
        }
    }
}

/// The name of a method as the documentation writes it: not every server takes another.
fn documented(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// Reads an answer.
fn understand<R: DeserializeOwned>(status: u16, body: &[u8]) -> Result<R, Fault> {
    if status >= 500 {
        return Err(Fault::Failing(status));
    }
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
        return Err(match status {
            429 => Fault::Slow(PAUSE),
            400..500 => {
                let description = format!("HTTP {status}");
                Fault::Refused(reason(status, &description), description)
            }
            _ => Fault::Garbled,
        });
    };
    if answer.ok {
        return serde_json::from_value(answer.result.unwrap_or_default()).map_err(|_| Fault::Garbled);
    }
    let code = answer.error_code.unwrap_or(status);
    let parameters = answer.parameters.unwrap_or(Parameters { retry_after: None, migrate_to_chat_id: None });
    Err(match (code, parameters.retry_after, parameters.migrate_to_chat_id) {
        (_, Some(seconds), _) => Fault::Slow(Duration::from_secs(seconds)),
        (429, ..) => Fault::Slow(PAUSE),
        (_, _, Some(id)) => Fault::Moved(id),
        (500.., ..) => Fault::Failing(code),
        _ => {
            let description = answer.description.unwrap_or_else(|| format!("HTTP {code}"));
            Fault::Refused(reason(code, &description), description)
        }
    })
}

/// What an error comes down to: the outer ones only say where.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn fault(status: u16, body: &str) -> Fault {
        understand::<BTreeMap<String, i32>>(status, body.as_bytes()).unwrap_err()
    }

    #[test]
    fn an_answer_is_read_for_what_is_needed_and_nothing_else() {
        let sent: Made = understand(200, br#"{"ok":true,"result":{"message_id":7,"novelty":[{}]}}"#).unwrap();
        assert_eq!(sent.message, Some(7));
    }

    #[test]
    fn what_was_made_is_made_also_if_its_number_can_not_be_read() {
        for result in
            ["{}", "true", "null", "[7]", r#"{"message_id":"x"}"#, r#"{"message_id":1099511627776}"#]
        {
            let made: Made =
                understand(200, format!(r#"{{"ok":true,"result":{result}}}"#).as_bytes()).unwrap();
            assert_eq!((made.message, made.topic), (None, None), "{result}");
        }
    }

    #[test]
    fn methods_are_named_as_the_documentation_writes_them() {
        assert_eq!(documented("SendMessage"), "sendMessage");
        assert_eq!(documented("getMe"), "getMe");
        assert_eq!(documented(""), "");
    }

    #[test]
    fn a_failure_is_told_from_a_refusal_and_from_nonsense() {
        assert_eq!(fault(502, "<html>Bad Gateway</html>"), Fault::Failing(502));
        assert_eq!(
            fault(200, r#"{"ok":false,"error_code":500,"description":"Internal"}"#),
            Fault::Failing(500)
        );
        for nonsense in ["", "{", "[]", r#"{"ok":true}"#, r#"{"ok":true,"result":{"message_id":"x"}}"#] {
            assert_eq!(fault(200, nonsense), Fault::Garbled, "{nonsense}");
        }
        assert!(fault(404, "nothing here").is(Reason::NotOffered));
        assert!(
            fault(401, r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#).is(Reason::Token)
        );
    }

    #[test]
    fn a_pause_and_a_move_are_read_from_the_parameters() {
        let slow = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 9","parameters":{"retry_after":9}}"#;
        assert_eq!(fault(429, slow), Fault::Slow(Duration::from_secs(9)));
        assert_eq!(fault(429, "slow down"), Fault::Slow(PAUSE));
        let moved = r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1001}}"#;
        assert_eq!(fault(400, moved), Fault::Moved(-1001));
    }
}
