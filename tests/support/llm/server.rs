//! What both fakes share: the listener, and acts that become answers.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Response, StatusCode, header};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::{Act, Said, Script};

/// What is different between providers.
pub(super) trait Provider: Send + Sync + 'static {
    /// The path of dialogues.
    fn path(&self) -> &'static str;
    /// The list of models: its path and what it says.
    fn list(&self) -> (&'static str, Value);
    /// Whoever may not ask gets this.
    fn door(&self, headers: &HeaderMap) -> Option<(u16, String)>;
    /// What is wrong with a dialogue that is asked to be continued.
    fn check(&self, request: &Value) -> Vec<String>;
    /// The models that it has, and how it says that it lacks one.
    fn lacks(&self, model: &str) -> Option<String>;
    /// How it says that a model has no tools.
    fn no_tools(&self, model: &str) -> String;
    /// An answer.
    fn say(&self, request: &Value, said: &Said, cached: u64) -> Value;
    /// An error.
    fn error(&self, status: u16, words: &str) -> Value;
}

/// Serves on loopback; returns the address, `http://127.0.0.1:PORT`.
pub(super) async fn serve(script: Arc<Script>, provider: impl Provider) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let provider = Arc::new(provider);
    let router = Router::new().fallback(move |request: Request| {
        let (script, provider) = (script.clone(), provider.clone());
        async move { answer(&script, &*provider, request).await }
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

async fn answer(script: &Script, provider: &impl Provider, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 16 * 1024 * 1024).await.unwrap();
    if let Some((status, words)) = provider.door(&parts.headers) {
        return reply(status, &provider.error(status, &words));
    }
    let (list, listed) = provider.list();
    let path = parts.uri.path();
    if parts.method == Method::GET && path == list {
        return reply(200, &listed);
    }
    if parts.method != Method::POST || path != provider.path() {
        script.fault(format!("nothing is at {} {}", parts.method, parts.uri));
        return reply(404, &json!("404 page not found"));
    }
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind != Some("application/json") {
        script.fault(format!("the body's type is {kind:?}"));
    }
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        script.fault("the body is no JSON".to_owned());
        return reply(400, &provider.error(400, "invalid JSON"));
    };
    let model = request["model"].as_str().unwrap_or_default();
    if let Some(words) = provider.lacks(model) {
        return reply(404, &provider.error(404, &words));
    }
    for fault in provider.check(&request) {
        script.fault(fault);
    }
    let tools = script.state.lock().unwrap().tools;
    if !tools && request.get("tools").is_some() {
        return reply(400, &provider.error(400, &provider.no_tools(model)));
    }
    perform(script, provider, &request, script.next(&request)).await
}

async fn perform(script: &Script, provider: &impl Provider, request: &Value, act: Act) -> Response<Body> {
    let cached = script.state.lock().unwrap().cached;
    let say = |said: &Said| provider.say(request, said, cached);
    match act {
        Act::Say(said) => reply(200, &say(&said)),
        Act::Raw(body) => page(200, body),
        Act::BreakOff(said) => break_off(&say(&said).to_string()),
        Act::Hang => {
            let _ = script.released.subscribe().wait_for(|released| *released).await;
            reply(500, &provider.error(500, "released"))
        }
        Act::Refuse(status, words, pause) => {
            let mut reply = reply(status, &provider.error(status, &words));
            if let Some(seconds) = pause {
                reply.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            reply
        }
        Act::Page(status, body) => page(status, body),
        Act::Look(look) => Box::pin(perform(script, provider, request, look(request))).await,
    }
}

fn reply(status: u16, body: &Value) -> Response<Body> {
    let mut reply = page(status, body.to_string());
    reply.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    reply
}

fn page(status: u16, body: String) -> Response<Body> {
    let mut reply = Response::new(Body::from(body));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap();
    reply
}

/// Half of it, and then the connection ends.
fn break_off(whole: &str) -> Response<Body> {
    let half = whole.get(..whole.len() / 2).unwrap_or_default().to_owned();
    let sent = futures_util::stream::once(async { Ok(half) });
    let broken = futures_util::stream::once(async {
        // The half has to be on its way before: the server sends what it has when it has to wait.
        tokio::task::yield_now().await;
        Err(std::io::Error::other("broken off"))
    });
    let mut reply = Response::new(Body::from_stream(sent.chain(broken)));
    reply.headers_mut().insert(header::CONTENT_LENGTH, whole.len().into());
    reply
}
