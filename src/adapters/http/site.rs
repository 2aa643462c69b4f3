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

use super::answer::{Refusal, Taken, json};
use super::gate::{Gate, Outcome, Tally};
use super::proof::Token;
use super::{Limits, body};
use crate::config::AlertSource;
use crate::domain::alert::Faults;
use crate::domain::signal::Timestamp;
use crate::engine::ports::{Clock, Delivery, Intake, Observed, Rejected};

/// The source that Prometheus itself sends to, which knows no other path.
const PROMETHEUS: &str = "prometheus";
/// The longest name of a source that is repeated to whoever asked for it, in characters.
const NAME: usize = 64;
/// Bytes kept of a body that was not understood.
const KEPT: usize = 16 * 1024;
/// For so many bytes of a body there is time anew.
const MIB: usize = 1024 * 1024;

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

    /// The gate of whoever knows only Alertmanager's path: the source that is told so and whose token it shows, else
    /// `prometheus`.
    fn gate_of_api(&self, token: Option<&Token>) -> Result<&Gate, Refusal> {
        let shown = token
            .and_then(|token| self.gates.values().find(|gate| gate.speaks_api() && gate.has_token(token)));
        shown.map_or_else(|| self.gate(PROMETHEUS, token), Ok)
    }

    /// The way of one request.
    async fn take(&self, gate: &Gate, token: Option<&Token>, request: Request) -> Result<Taken, Refusal> {
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
        let Limits { body: per_mib, request: most, .. } = self.limits;
        let patience = per_mib * u32::try_from(gate.max_body.div_ceil(MIB)).unwrap_or(u32::MAX).max(1);
        let read = tokio::time::timeout(patience, body::read(body, gate.max_body, &self.room));
        let read = read.await.map_err(|_| Refusal::TooSlow(patience))??;
        if !gate.key.fits_body(headers, &read.bytes) {
            return Err(unproven());
        }
        let now = self.clock.now();
        gate.take_turn(now)?;
        let (delivery, faults) = self.understand(gate, &read.bytes, now)?;
        let accepted = delivery.signals.len() + delivery.changes.len();
        match tokio::time::timeout(most, self.intake.accept(delivery)).await {
            Ok(accepted) => accepted.map_err(Refusal::NotAccepted)?,
            Err(_) => return Err(Refusal::NoAnswer),
        }
        // Not before the rest is kept: refused, it would be sent again with its faults.
        Ok(match faults {
            None => Taken { accepted, rejected: None, error: None },
            Some(faults) => {
                let (source, Faults { count, first, why, body }) = (gate.name.clone(), faults);
                self.intake.reject(Rejected { source, at: now, why, body });
                Taken { accepted, rejected: Some(count), error: Some(first) }
            }
        })
    }

    /// Reads a body as its source writes them; one of which nothing is understood is kept for a look.
    fn understand(
        &self,
        gate: &Gate,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<(Delivery, Option<Faults>), Refusal> {
        match gate.reading.read(bytes, now) {
            Ok(notice) => {
                let faults = notice.faults_told();
                Ok((Delivery::of(&gate.name, notice, now), faults))
            }
            Err(why) => {
                let body = String::from_utf8_lossy(bytes.get(..KEPT).unwrap_or(bytes)).into_owned();
                let (source, why) = (gate.name.clone(), why.to_string());
                self.intake.reject(Rejected { source, at: now, why: why.clone(), body });
                Err(Refusal::Malformed(why))
            }
        }
    }

    /// Counts how a request went, and tells of a refusal, though never often.
    fn note(&self, gate: Option<&Gate>, peer: SocketAddr, outcome: Result<&Taken, &Refusal>) {
        let tally = gate.map_or(&self.nowhere, |gate| &gate.tally);
        let counted = outcome.map_or_else(Refusal::outcome, Taken::outcome);
        tally.count(counted);
        if counted == Outcome::Accepted || !tally.worth_telling(counted, self.clock.now()) {
            return;
        }
        let source = gate.map_or("unknown", |gate| gate.name.as_str());
        match outcome {
            Ok(Taken { rejected, error, .. }) => {
                tracing::warn!(source, %peer, rejected, error, "not all of a body was understood");
            }
            Err(refusal) => {
                let (status, (what, _)) = (refusal.status().as_u16(), refusal.words());
                tracing::warn!(source, %peer, status, what, "a request was refused");
            }
        }
    }

    async fn attend(
        &self,
        gate: Result<&Gate, Refusal>,
        token: Option<&Token>,
        peer: Peer,
        request: Request,
    ) -> Result<Taken, Refusal> {
        let known = gate.as_ref().ok().copied();
        let outcome = match gate {
            Ok(gate) => self.take(gate, token, request).await,
            Err(refusal) => Err(refusal),
        };
        self.note(known, peer.0, outcome.as_ref());
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
        Ok(taken) => json(StatusCode::OK, &taken),
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

async fn to_source(site: &Shared, peer: Peer, name: &str, request: Request) -> Result<Taken, Refusal> {
    let token = Token::in_head(request.headers());
    let gate = site.gate(name, token.as_ref());
    site.attend(gate, token.as_ref(), peer, request).await
}

/// As Alertmanager answers, which has no word for what is not understood.
fn as_alertmanager_answers(outcome: Result<Taken, Refusal>) -> Response {
    match outcome {
        Ok(Taken { rejected: None, .. }) => StatusCode::OK.into_response(),
        Ok(taken) => json(StatusCode::OK, &taken),
        Err(refusal) => refusal.into_response(),
    }
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
