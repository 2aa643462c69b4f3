//! The real listener on a loopback port, spoken to in bytes.

mod faults;
mod proofs;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::*;
use crate::config::{AlertSource, Proof, Secret};
use crate::domain::alert::{Format, Reading};
use crate::domain::signal::Timestamp;
use crate::engine::ports::{Clock, Delivery, Intake, NotAccepted, Observed, PartHealth, Rejected};

/// A body with one alert, as Prometheus sends it.
const ALERT: &str = r#"[{"labels":{"alertname":"DiskFull","instance":"nas:9100"}}]"#;

/// Takes in what comes, or says what it is told to say.
#[derive(Default)]
struct Recorder {
    accepted: Mutex<Vec<Delivery>>,
    rejected: Mutex<Vec<Rejected>>,
    refuses: Mutex<Option<NotAccepted>>,
}

#[async_trait]
impl Intake for Recorder {
    async fn accept(&self, delivery: Delivery) -> Result<(), NotAccepted> {
        if let Some(refusal) = self.refuses.lock().unwrap().clone() {
            return Err(refusal);
        }
        self.accepted.lock().unwrap().push(delivery);
        Ok(())
    }

    fn reject(&self, rejected: Rejected) {
        self.rejected.lock().unwrap().push(rejected);
    }
}

/// A clock that stands still until it is moved.
struct Still(Mutex<Timestamp>);

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep_until(&self, _at: Timestamp) {
        std::future::pending().await
    }

    async fn sleep(&self, _duration: Duration) {
        std::future::pending().await
    }
}

struct Parts(Mutex<Vec<PartHealth>>);

impl Observed for Parts {
    fn health(&self) -> Vec<PartHealth> {
        self.0.lock().unwrap().clone()
    }

    fn metrics(&self) -> String {
        "steward_up 1\n".to_owned()
    }
}

/// A listener that runs.
struct House {
    at: SocketAddr,
    intake: Arc<Recorder>,
    clock: Arc<Still>,
    parts: Arc<Parts>,
    ending: watch::Sender<bool>,
    running: JoinHandle<()>,
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }
}

fn source(name: &str, proof: Proof) -> (String, AlertSource) {
    let source = AlertSource {
        reading: Reading::new(name, Format::AlertmanagerApi),
        proof,
        max_body: 64 * 1024,
        rate: 6000,
        heartbeat: None,
    };
    (name.to_owned(), source)
}

fn token(text: &str) -> Proof {
    Proof::Token(Secret::known("env:TOKEN", text))
}

impl House {
    async fn open<const N: usize>(sources: [(String, AlertSource); N]) -> Self {
        Self::with(sources, Limits::default()).await
    }

    async fn with<const N: usize>(sources: [(String, AlertSource); N], limits: Limits) -> Self {
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), limits).await.unwrap();
        let at = server.address();
        let intake = Arc::new(Recorder::default());
        let clock = Arc::new(Still(Mutex::new("2026-11-21T08:00:00Z".parse().unwrap())));
        let parts = Arc::new(Parts(Mutex::default()));
        let site = Site {
            sources: BTreeMap::from(sources),
            intake: intake.clone(),
            observed: parts.clone(),
            clock: clock.clone(),
        };
        let (ending, told) = watch::channel(false);
        let running = tokio::spawn(server.run(site, told));
        Self { at, intake, clock, parts, ending, running }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.at).await.unwrap()
    }

    /// Sends bytes and reads until the other side closes.
    async fn say(&self, text: &str) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        Answer::of(&rest(&mut stream).await)
    }

    async fn post(&self, path: &str, headers: &str, body: &str) -> Answer {
        self.say(&posting(path, headers, body)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.say(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await
    }

    fn taken(&self) -> Vec<String> {
        self.intake.accepted.lock().unwrap().iter().map(|delivery| delivery.source.clone()).collect()
    }

    fn rejected(&self) -> Vec<Rejected> {
        self.intake.rejected.lock().unwrap().clone()
    }

    fn pass(&self, seconds: i64) {
        *self.clock.0.lock().unwrap() += chrono::TimeDelta::seconds(seconds);
    }
}

fn posting(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

/// All that still comes, as text. A connection that is reset has said nothing more.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn an_alert_is_taken_in_and_only_then_acknowledged() {
    let house = House::open([source("cluster", Proof::None)]).await;
    let two = format!("[{0},{0}]", ALERT.trim_matches(['[', ']']));
    let answer = house.post("/alerts/cluster", "", &two).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"accepted\":2}\n"));
    let accepted = house.intake.accepted.lock().unwrap();
    let [delivery] = accepted.as_slice() else { panic!("{accepted:?}") };
    assert_eq!((delivery.source.as_str(), delivery.signals.len()), ("cluster", 2));
    assert_eq!(delivery.received_at, house.clock.now());
}

#[tokio::test]
async fn what_could_not_be_kept_is_never_acknowledged_and_says_when_to_come_again() {
    let house = House::open([source("cluster", Proof::None)]).await;
    let full = NotAccepted::Full { retry_after: Duration::from_millis(6500) };
    for (refusal, wait) in
        [(full, "7"), (NotAccepted::NotStored("disk full".into()), "5"), (NotAccepted::Ending, "5")]
    {
        *house.intake.refuses.lock().unwrap() = Some(refusal.clone());
        for path in ["/alerts/cluster", "/alerts/cluster/api/v2/alerts"] {
            let answer = house.post(path, "", ALERT).await;
            assert_eq!(answer.status, 503, "{refusal}");
            assert!(answer.head.contains(&format!("retry-after: {wait}")), "{answer:?}");
            assert!(answer.body.contains(&refusal.to_string()), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn what_is_not_understood_is_answered_with_what_is_wrong_and_kept_for_a_look() {
    let house = House::open([source("cluster", Proof::None)]).await;
    let answer = house.post("/alerts/cluster", "", "[{\"labels\":").await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.body.contains("ends in the middle") && answer.body.contains("steward alerts rejected"),
        "{answer:?}"
    );
    let long = format!("nonsense {}", "x".repeat(40_000));
    assert_eq!(house.post("/alerts/cluster", "", &long).await.status, 400);
    assert!(house.taken().is_empty());
    let kept = house.rejected();
    assert_eq!((kept[0].source.as_str(), kept[0].body.as_str()), ("cluster", "[{\"labels\":"));
    assert_eq!(kept[0].at, house.clock.now());
    assert_eq!(kept[1].body.len(), 16 * 1024);
}

#[tokio::test]
async fn one_bad_alert_costs_no_other_and_is_kept_for_a_look() {
    let house = House::open([source("cluster", Proof::None)]).await;
    let body = format!("[{},{{\"labels\":{{}}}},7]", ALERT.trim_matches(['[', ']']));
    let answer = house.post("/alerts/cluster", "", &body).await;
    assert_eq!(answer.status, 200, "a sender would not send a 400 again: {answer:?}");
    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((&told["accepted"], &told["rejected"]), (&1.into(), &2.into()));
    let error = told["error"].as_str().unwrap();
    assert!(error.starts_with("alert 2: it has no labels"), "{error}");
    let kept = house.rejected();
    let [one] = kept.as_slice() else { panic!("one record of one body: {kept:?}") };
    assert!(one.why.starts_with("2 of 3 alerts were not understood"), "{one:?}");
    assert_eq!(one.body, "{\"labels\":{}}\n7");
    // As Prometheus sends it.
    assert_eq!(house.post("/alerts/cluster/api/v2/alerts", "", &body).await.status, 200);
    assert_eq!(house.taken(), ["cluster", "cluster"]);
    let text = house.get("/metrics").await.body;
    assert!(text.contains("{source=\"cluster\",outcome=\"partly\"} 2\n"), "{text}");
    // What could not be kept is sent again, with its faults.
    *house.intake.refuses.lock().unwrap() = Some(NotAccepted::Ending);
    assert_eq!(house.post("/alerts/cluster", "", &body).await.status, 503);
    assert_eq!(house.rejected().len(), 2);
}

#[tokio::test]
async fn prometheus_sends_straight_to_steward_as_it_would_to_an_alertmanager() {
    let house = House::open([
        source("prometheus", Proof::None),
        source("edge", token("edge-token")),
        source("attic", token("attic-token")),
    ])
    .await;
    let answer = house.post("/api/v2/alerts", "", ALERT).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(
        house.post("/api/v2/alerts", "Authorization: Bearer attic-token\r\n", ALERT).await.status,
        200
    );
    // As with `path_prefix: /alerts/edge`.
    let answer =
        house.post("/alerts/edge/api/v2/alerts", "Authorization: Bearer edge-token\r\n", ALERT).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(house.taken(), ["prometheus", "attic", "edge"]);
}

#[tokio::test]
async fn a_connection_carries_one_request_after_the_other() {
    let house = House::open([source("cluster", Proof::None)]).await;
    let first = posting("/alerts/cluster", "", ALERT).replace("Connection: close\r\n", "");
    let both = format!("{first}{}", posting("/alerts/cluster", "", ALERT));
    let mut stream = house.connect().await;
    stream.write_all(both.as_bytes()).await.unwrap();
    assert_eq!(rest(&mut stream).await.matches("HTTP/1.1 200 OK").count(), 2);
    assert_eq!(house.taken().len(), 2);
}

#[tokio::test]
async fn health_is_green_only_when_every_part_is() {
    let house = House::open([]).await;
    let part = |name: &str, ok, detail: &str| PartHealth { part: name.into(), ok, detail: detail.into() };
    *house.parts.0.lock().unwrap() = vec![part("store", true, "writes take 2 ms")];
    let answer = house.get("/healthz").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok   store: writes take 2 ms\n"));
    house.parts.0.lock().unwrap().push(part("discord", false, "not connected for 5 minutes"));
    let answer = house.get("/healthz").await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("FAIL discord: not connected for 5 minutes\n"), "{answer:?}");
}

#[tokio::test]
async fn measurements_tell_of_each_source_what_was_taken_and_what_was_refused() {
    let house = House::open([source("cluster", token("right"))]).await;
    house.post("/alerts/cluster", "Authorization: Bearer right\r\n", ALERT).await;
    house.post("/alerts/cluster", "Authorization: Bearer wrong\r\n", ALERT).await;
    house.post("/alerts/other", "Authorization: Bearer wrong\r\n", ALERT).await;
    let text = house.get("/metrics").await.body;
    for line in [
        "steward_up 1\n",
        "steward_http_requests_total{source=\"cluster\",outcome=\"accepted\"} 1\n",
        "steward_http_requests_total{source=\"cluster\",outcome=\"unproven\"} 1\n",
        "steward_http_requests_total{source=\"\",outcome=\"unproven\"} 1\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[tokio::test]
async fn a_wrong_path_or_method_is_told_what_there_is() {
    let house = House::open([source("cluster", Proof::None)]).await;
    let answer = house.post("/webhook", "", ALERT).await;
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("/alerts/SOURCE"), "{answer:?}");
    let answer = house.get("/alerts/cluster").await;
    assert_eq!(answer.status, 405);
    assert!(answer.head.contains("allow: post"), "{answer:?}");
    assert_eq!(house.post("/healthz", "", "").await.status, 405);
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_with_what_to_do() {
    let house = House::open([]).await;
    let error = Server::bind(house.at, Limits::default()).await.unwrap_err().to_string();
    assert!(error.contains(&house.at.to_string()), "{error}");
    assert!(error.contains("run --listen") && error.contains("nothing was started"), "{error}");
}

#[tokio::test]
async fn what_is_under_way_at_the_end_is_finished_and_nobody_else_is_let_in() {
    let house = House::open([source("cluster", Proof::None)]).await;
    let whole = posting("/alerts/cluster", "Expect: 100-continue\r\n", ALERT);
    let (head, body) = whole.split_at(whole.len() - ALERT.len());
    let mut stream = house.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    // The listener waits for the body.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    house.ending.send(true).unwrap();
    while TcpStream::connect(house.at).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(body.as_bytes()).await.unwrap();
    assert_eq!(Answer::of(&rest(&mut stream).await).status, 200);
    house.running.await.unwrap();
    assert_eq!(house.intake.accepted.lock().unwrap().len(), 1);
}
