//! The socket: takes requests, lets faults and limits strike, and hands the rest to the API.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::connect_info::Connected;
use axum::extract::{
    ConnectInfo, DefaultBodyLimit, FromRequest, FromRequestParts, Multipart, State, WebSocketUpgrade,
};
use axum::http::header::{CONTENT_TYPE, UPGRADE};
use axum::http::{Request as HttpRequest, Response};
use axum::response::IntoResponse;
use axum::serve::{IncomingStream, Listener};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::faults::Fault;
use super::limits::{Verdict, too_many};
use super::wire::{Refusal, Request, Upload, refuse};
use super::{Inner, gateway, rest};

/// The most a request may weigh.
const MAX_BODY: usize = 32 << 20;

/// Runs until it is aborted.
pub(super) async fn serve(listener: TcpListener, inner: Arc<Inner>) {
    let app = Router::new().fallback(take).layer(DefaultBodyLimit::disable()).with_state(inner.clone());
    let app = app.into_make_service_with_connect_info::<Switch>();
    // It ends only with its task.
    let _ = axum::serve(Door { listener, inner }, app).await;
}

/// Cuts a connection before anything more is written to it.
#[derive(Clone, Default)]
pub(super) struct Switch(Arc<AtomicBool>);

impl Switch {
    fn cut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Lets connections in while Discord is up.
struct Door {
    listener: TcpListener,
    inner: Arc<Inner>,
}

struct Wire {
    stream: TcpStream,
    switch: Switch,
}

impl Listener for Door {
    type Io = Wire;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Wire, Self::Addr) {
        loop {
            let (stream, from) = Listener::accept(&mut self.listener).await;
            if !self.inner.look(|world| world.faults.down) {
                let _ = stream.set_nodelay(true);
                return (Wire { stream, switch: Switch::default() }, from);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Listener::local_addr(&self.listener)
    }
}

impl Connected<IncomingStream<'_, Door>> for Switch {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().switch.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.switch.0.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

async fn take(
    State(inner): State<Arc<Inner>>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    request: HttpRequest<Body>,
) -> Response<Body> {
    if inner.look(|world| world.faults.down) {
        switch.cut();
        return Response::new(Body::empty());
    }
    if request.headers().contains_key(UPGRADE) {
        return upgrade(inner, request).await;
    }
    let parsed = parse(request).await;
    let (request, problem) = match parsed {
        Ok(request) => (request, None),
        Err((request, refusal)) => (request, Some(refusal)),
    };
    let (reply, note) = answer(&inner, &switch, &request, problem).await;
    inner.change(|world| world.log.push(format!("{} {} → {note}", request.method, request.shown_path())));
    reply
}

async fn upgrade(inner: Arc<Inner>, request: HttpRequest<Body>) -> Response<Body> {
    let (mut parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.on_upgrade(move |socket| gateway::talk(socket, query, inner)),
        Err(error) => error.into_response(),
    }
}

/// Faults come first, then the limits, then the API.
async fn answer(
    inner: &Inner,
    switch: &Switch,
    request: &Request,
    problem: Option<Refusal>,
) -> (Response<Body>, String) {
    let fault = inner.change(|world| world.faults.strike(&request.method, &request.path));
    match &fault {
        Some(Fault::Status(status)) => {
            return (reply(*status, Some("<html>upstream</html>".into()), &[]), format!("{status} (fault)"));
        }
        Some(Fault::Refused(status, code)) => {
            let body = serde_json::json!({"message": "refused on demand", "code": code});
            return (reply(*status, Some(body.to_string()), &[]), format!("{status} {code} (fault)"));
        }
        Some(Fault::RateLimited { after, global }) => {
            let scope = if *global { "global" } else { "user" };
            let Verdict { headers, refused } = too_many(after.as_secs_f64(), *global, scope);
            return (reply(429, refused.map(|body| body.to_string()), &headers), "429 (fault)".into());
        }
        Some(Fault::Garbage) => return (reply(200, Some("{\"id\": \"12".into()), &[]), "garbage".into()),
        Some(Fault::Close) => {
            switch.cut();
            return (Response::new(Body::empty()), "closed".into());
        }
        Some(Fault::Hang) => inner.hang().await,
        Some(Fault::DoThenClose) | None => {}
    }
    let verdict = inner.change(|world| world.count(&request.method, &request.path));
    let headers = verdict.as_ref().map_or(&[][..], |verdict| &verdict.headers);
    if let Some(body) = verdict.as_ref().and_then(|verdict| verdict.refused.as_ref()) {
        return (reply(429, Some(body.to_string()), headers), "429".into());
    }
    let outcome = match problem {
        Some(refusal) => inner.change(|world| world.refused(request, refusal)),
        None => inner.change(|world| rest::handle(world, request, inner.port)),
    };
    if matches!(fault, Some(Fault::DoThenClose)) {
        switch.cut();
    }
    let (status, body) = outcome;
    let note = match (&body, status) {
        (Some(body), 400..) => format!("{status} {} {}", body["code"], body["message"]),
        _ => status.to_string(),
    };
    (reply(status, body.map(|body| body.to_string()), headers), note)
}

fn reply(status: u16, body: Option<String>, headers: &[(&'static str, String)]) -> Response<Body> {
    let html = body.as_deref().is_some_and(|body| body.starts_with('<'));
    let mut response = Response::builder().status(status);
    if body.is_some() {
        response = response.header(CONTENT_TYPE, if html { "text/html" } else { "application/json" });
    }
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(body.map_or_else(Body::empty, Body::from)).unwrap()
}

/// Takes a request apart; one whose body makes no sense comes with its refusal.
async fn parse(http: HttpRequest<Body>) -> Result<Request, (Request, Refusal)> {
    let uri = http.uri().clone();
    let decode = |text: &str| percent_decoded(text);
    let query = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let query = query.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let path = uri.path().strip_prefix("/api/v10/");
    let mut request = Request {
        method: http.method().to_string(),
        // A path outside of the API keeps its first slash, and is no route.
        path: path.map_or_else(|| vec![uri.path().into()], |path| path.split('/').map(decode).collect()),
        query: query.map(|(key, value)| (decode(key), decode(value))).collect(),
        headers: http.headers().clone(),
        body: Value::Null,
        files: Vec::new(),
    };
    let kind =
        http.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let read = if kind.starts_with("multipart/form-data") {
        multipart(&mut request, http).await
    } else {
        json(&mut request, http, &kind).await
    };
    match read {
        Ok(()) => Ok(request),
        Err(refusal) => Err((request, refusal)),
    }
}

async fn json(request: &mut Request, http: HttpRequest<Body>, kind: &str) -> Result<(), Refusal> {
    let bytes = to_bytes(http.into_body(), MAX_BODY).await.map_err(|_| refuse(40_005).breach("too large"))?;
    if bytes.is_empty() {
        return Ok(());
    }
    if !kind.starts_with("application/json") {
        return Err(refuse(50_035).breach(format!("a body of the content type {kind:?}")));
    }
    request.body = serde_json::from_slice(&bytes).map_err(|_| refuse(50_109).breach("no JSON"))?;
    Ok(())
}

async fn multipart(request: &mut Request, http: HttpRequest<Body>) -> Result<(), Refusal> {
    let broken = |why: &dyn std::fmt::Display| refuse(50_035).breach(format!("multipart: {why}"));
    let mut form = Multipart::from_request(http, &()).await.map_err(|error| broken(&error))?;
    request.body = Value::Object(serde_json::Map::new());
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        let bytes = field.bytes().await.map_err(|error| broken(&error))?;
        let number = name.strip_prefix("files[").and_then(|rest| rest.strip_suffix(']')?.parse().ok());
        match (number, file) {
            (Some(number), Some(file)) if bytes.len() <= 10 << 20 => {
                request.files.push(Upload { number, name: file, bytes: bytes.to_vec() });
            }
            (Some(_), Some(_)) => return Err(refuse(40_005).breach("a file of more than 10 MiB")),
            (None, None) if name == "payload_json" => {
                request.body =
                    serde_json::from_slice(&bytes).map_err(|_| refuse(50_109).breach("payload_json"))?;
            }
            _ => return Err(broken(&format!("part {name:?} is neither files[n] nor payload_json"))),
        }
    }
    Ok(())
}

fn percent_decoded(text: &str) -> String {
    let (mut bytes, raw) = (Vec::new(), text.as_bytes());
    let mut at = 0;
    while at < raw.len() {
        let escaped = (raw[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                at += 3;
            }
            None => {
                bytes.push(raw[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
