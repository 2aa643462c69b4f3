use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::*;
use crate::domain::signal::Timestamp;

/// A clock that stands still.
struct Still;

#[async_trait::async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn sleep_until(&self, _: Timestamp) {}

    async fn sleep(&self, _: Duration) {}
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    pairs.iter().map(pair).collect()
}

#[tokio::test]
async fn no_failure_shows_a_token_wherever_it_was_sent() {
    // Nobody listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let api = format!("http://127.0.0.1:{port}");
    let token = Secret::known("env:DISCORD_TOKEN", "bot-secret");
    let rest = Rest::new(token, Some(&api), Arc::new(Still)).unwrap();
    let failure = rest.send(&Request::callback(1, "interaction-secret", json!({}))).await.unwrap_err();
    let told = format!("{failure} {failure:?}");
    assert!(told.contains("no connection could be made"), "{told}");
    assert!(!told.contains("secret"), "{told}");
}

#[test]
fn the_limits_are_read_from_the_headers_and_a_refusal_from_the_body() {
    let within = headers(&[
        ("x-ratelimit-bucket", "abc"),
        ("x-ratelimit-remaining", "4"),
        ("x-ratelimit-reset-after", "0.25"),
    ]);
    let expected =
        Said { bucket: Some("abc".into()), remaining: Some(4), reset_after: Some(0.25), refused: None };
    assert_eq!(said(200, &within, Some(&json!({}))), expected);
    let body = json!({ "retry_after": 1.337, "global": false });
    let refused = said(429, &headers(&[("retry-after", "2"), ("x-ratelimit-scope", "shared")]), Some(&body));
    assert_eq!(refused.refused, Some((Some(1.337), false)));
    let global =
        said(429, &headers(&[("retry-after", "2"), ("x-ratelimit-scope", "global")]), Some(&json!({})));
    assert_eq!(global.refused, Some((Some(2.0), true)));
    let proxy = said(429, &headers(&[("retry-after", "60")]), None);
    assert_eq!(proxy.refused, Some((Some(60.0), true)), "what stands before Discord means everything");
}
