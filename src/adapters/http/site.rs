//! What is served, and the way of one request: who sends it, how much, what it says, and only then "taken".

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::Semaphore;

use super::answer::{Refusal, json};
use super::gate::{Gate, Tally};
use super::proof::Token;
use super::{Limits, body};
use crate::config::AlertSource;
use crate::domain::signal::Timestamp;
use crate::engine::ports::{Clock, Delivery, Intake, Observed, Rejected};

/// The source that Prometheus itself sends to, which knows no other path.
const PROMETHEUS: &str = "prometheus";
/// The longest name of a source that is repeated to whoever asked for it, in characters.
const NAME: usize = 64;
/// Bytes kept of a body that was not understood.
const KEPT: usize = 16 * 1024;

/// What the listener serves.
pub struct Site {
    /// The sources that may send, by name.
    pub sources: BTreeMap<String, AlertSource>,
    /// Takes in what they send.
    pub intake: Arc<dyn Intake>,
    /// What `/healthz` and `/metrics` show.
    pub observed: Arc<dyn Observed>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Who is connected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

pub(super) struct Shared {
    gates: BTreeMap<String, Gate>,
    /// Requests to no source at all.
    nowhere: Tally,
    intake: Arc<dyn Intake>,
    observed: Arc<dyn Observed>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    room: Arc<Semaphore>,
}

impl Shared {
    pub(super) fn new(site: Site, limits: Limits) -> Self {
        let gates = site.sources.iter().map(|(name, source)| (name.clone(), Gate::new(name, source)));
        Self {
            gates: gates.collect(),
            nowhere: Tally::default(),
            intake: site.intake,
            observed: site.observed,
            clock: site.clock,
            limits,
            room: Arc::new(Semaphore::new(limits.bodies.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// The gate of that name. Whoever has no token of any source is not told which names there are.
    fn gate(&self, name: &str, token: Option<&Token>) -> Result<&Gate, Refusal> {
        if let Some(gate) = self.gates.get(name) {
            return Ok(gate);
        }
        let known = token.is_some_and(|token| self.gates.values().any(|gate| gate.has_token(token)));
        let name = name.chars().take(NAME).collect();
        let nothing_to_hide = self.gates.values().all(Gate::is_open);
        Err(if known || nothing_to_hide { Refusal::NoSuchSource(name) } else { Refusal::Unproven(name) })
    }

    /// The gate of whoever knows only Alertmanager's path: the source whose token it shows, else `prometheus`.
    fn gate_of_api(&self, token: Option<&Token>) -> Result<&Gate, Refusal> {
        let shown = token.and_then(|token| self.gates.values().find(|gate| gate.has_token(token)));
        shown.map_or_else(|| self.gate(PROMETHEUS, token), Ok)
    }

    /// The way of one request. Returns how many alerts and deployments were taken.
    async fn take(&self, gate: &Gate, token: Option<&Token>, request: Request) -> Result<usize, Refusal> {
        let (head, body) = request.into_parts();
        let headers = &head.headers;
        let unproven = || Refusal::Unproven(gate.name.clone());
        if !gate.key.fits_head(headers, token) {
            return Err(unproven());
        }
        if gate.is_open() && headers.contains_key(header::ORIGIN) {
            return Err(Refusal::Browser);
        }
        body::check_head(headers, gate.max_body)?;
        let most = self.limits.request;
        let read = tokio::time::timeout(most, body::read(body, gate.max_body, &self.room));
        let read = read.await.map_err(|_| Refusal::TooSlow(most))??;
        if !gate.key.fits_body(headers, &read.bytes) {
            return Err(unproven());
        }
        let now = self.clock.now();
        gate.take_turn(now)?;
        let delivery = self.understand(gate, &read.bytes, now)?;
        let count = delivery.signals.len() + delivery.changes.len();
        match tokio::time::timeout(most, self.intake.accept(delivery)).await {
            Ok(accepted) => accepted.map_err(Refusal::NotAccepted)?,
            Err(_) => return Err(Refusal::NoAnswer),
        }
        Ok(count)
    }

    /// Reads a body as its source writes them; what is not understood is kept for a look.
    fn understand(&self, gate: &Gate, bytes: &[u8], now: Timestamp) -> Result<Delivery, Refusal> {
        match gate.reading.read(bytes, now) {
            Ok(notice) => Ok(Delivery {
                source: gate.name.clone(),
                received_at: now,
                signals: notice.signals,
                changes: notice.changes,
                hidden: notice.hidden,
            }),
            Err(why) => {
                let body = String::from_utf8_lossy(bytes.get(..KEPT).unwrap_or(bytes)).into_owned();
                let (source, why) = (gate.name.clone(), why.to_string());
                self.intake.reject(Rejected { source, at: now, why: why.clone(), body });
                Err(Refusal::Malformed(why))
            }
        }
    }

    /// Counts how a request went, and tells of a refusal, though never often.
    fn note(&self, gate: Option<&Gate>, peer: SocketAddr, outcome: Result<(), &Refusal>) {
        let tally = gate.map_or(&self.nowhere, |gate| &gate.tally);
        let status = outcome.map_or_else(Refusal::status, |()| StatusCode::OK);
        tally.count(status);
        let Err(refusal) = outcome else { return };
        if tally.worth_telling(status, self.clock.now()) {
            let source = gate.map_or("unknown", |gate| gate.name.as_str());
            let (what, _) = refusal.words();
            tracing::warn!(source, %peer, status = status.as_u16(), what, "a request was refused");
        }
    }

    async fn attend(
        &self,
        gate: Result<&Gate, Refusal>,
        token: Option<&Token>,
        peer: Peer,
        request: Request,
    ) -> Result<usize, Refusal> {
        let known = gate.as_ref().ok().copied();
        let outcome = match gate {
            Ok(gate) => self.take(gate, token, request).await,
            Err(refusal) => Err(refusal),
        };
        self.note(known, peer.0, outcome.as_ref().map(|_| ()));
        outcome
    }
}

/// All that can be asked.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let posted = |method: axum::routing::MethodRouter<Arc<Shared>>| {
        method.fallback(|| async { Refusal::WrongMethod("POST") })
    };
    let shown = |method: axum::routing::MethodRouter<Arc<Shared>>| {
        method.fallback(|| async { Refusal::WrongMethod("GET") })
    };
    Router::new()
        .route("/alerts/{source}", posted(post(alerts)))
        .route("/alerts/{source}/api/v2/alerts", posted(post(api_of_source)))
        .route("/api/v2/alerts", posted(post(api)))
        .route("/healthz", shown(get(healthz)))
        .route("/metrics", shown(get(metrics)))
        .fallback(|| async { Refusal::NoSuchPage })
        .with_state(shared)
}

type Served = State<Arc<Shared>>;

async fn alerts(
    State(site): Served,
    Extension(peer): Extension<Peer>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    match to_source(&site, peer, &name, request).await {
        Ok(accepted) => json(StatusCode::OK, &serde_json::json!({ "accepted": accepted })),
        Err(refusal) => refusal.into_response(),
    }
}

async fn api_of_source(
    State(site): Served,
    Extension(peer): Extension<Peer>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    as_alertmanager_answers(to_source(&site, peer, &name, request).await)
}

async fn api(State(site): Served, Extension(peer): Extension<Peer>, request: Request) -> Response {
    let token = Token::in_head(request.headers());
    let gate = site.gate_of_api(token.as_ref());
    as_alertmanager_answers(site.attend(gate, token.as_ref(), peer, request).await)
}

async fn to_source(site: &Shared, peer: Peer, name: &str, request: Request) -> Result<usize, Refusal> {
    let token = Token::in_head(request.headers());
    let gate = site.gate(name, token.as_ref());
    site.attend(gate, token.as_ref(), peer, request).await
}

fn as_alertmanager_answers(outcome: Result<usize, Refusal>) -> Response {
    outcome.map_or_else(Refusal::into_response, |_| StatusCode::OK.into_response())
}

async fn healthz(State(site): Served) -> Response {
    let parts = site.observed.health();
    let status =
        if parts.iter().all(|part| part.ok) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut text = String::new();
    for part in parts {
        // Writing into a text can't fail.
        let _ = writeln!(text, "{} {}: {}", if part.ok { "ok  " } else { "FAIL" }, part.part, part.detail);
    }
    if text.is_empty() {
        text.push_str("ok\n");
    }
    (status, plain("text/plain; charset=utf-8"), text).into_response()
}

async fn metrics(State(site): Served) -> Response {
    let mut text = site.observed.metrics();
    text.push_str(
        "# HELP steward_http_requests_total Requests to the alert listener by what became of them.\n",
    );
    text.push_str("# TYPE steward_http_requests_total counter\n");
    for (name, gate) in &site.gates {
        gate.tally.write(name, &mut text);
    }
    site.nowhere.write("", &mut text);
    (plain("text/plain; version=0.0.4; charset=utf-8"), text).into_response()
}

fn plain(kind: &'static str) -> HeaderMap {
    let value = axum::http::HeaderValue::from_static(kind);
    HeaderMap::from_iter([(header::CONTENT_TYPE, value)])
}
