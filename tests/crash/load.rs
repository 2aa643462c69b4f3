//! Senders of alerts who note what was acknowledged, and send again whatever was not.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use super::dice::Dice;
use super::site::WEBHOOK_TOKEN;
use super::wire::{self, Wire};

/// The pause after something was not acknowledged.
const AGAIN: Duration = Duration::from_millis(3);
/// The pause between two deliveries: kills are to fall into every part of their way, not only into a crowd.
const PAUSE: Duration = Duration::from_millis(4);
/// Alerts of one sender that are not at their end yet, about.
const AT_ONCE: u64 = 6;

/// What one sender was told: how often each alert changed its state, all of it acknowledged.
pub(crate) type Acknowledged = BTreeMap<String, u64>;

/// What all of them count.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) acknowledged: AtomicU64,
    /// Answered with 503.
    pub(crate) refused: AtomicU64,
    /// Never answered: the connection broke, or there was none.
    pub(crate) unanswered: AtomicU64,
}

/// A sender.
pub(crate) struct Sender<'a> {
    pub(crate) name: u64,
    pub(crate) to: SocketAddr,
    pub(crate) enough: &'a AtomicBool,
    pub(crate) counts: &'a Counts,
}

/// Whether an alert fires after it changed its state so often: it begins with firing.
pub(crate) fn is_firing(changes: u64) -> bool {
    changes % 2 == 1
}

impl Sender<'_> {
    /// Sends until it is enough, and returns only once all that it sent was acknowledged.
    pub(crate) fn run(&self) -> Acknowledged {
        let mut dice = Dice::new(self.name + 77);
        let mut wire = None;
        let mut acknowledged = Acknowledged::new();
        let mut newest = 0;
        while !self.enough.load(Ordering::SeqCst) {
            newest += 1;
            let chosen = 1 + dice.between(0, 1);
            let mut batch = BTreeMap::new();
            for _ in 0..chosen {
                let number = newest.max(AT_ONCE) - dice.between(0, AT_ONCE - 1);
                let fingerprint = format!("s{}n{number}", self.name);
                let changes = acknowledged.get(&fingerprint).copied().unwrap_or(0) + 1;
                batch.insert(fingerprint, changes);
            }
            self.until_acknowledged(&mut wire, &batch);
            acknowledged.extend(batch);
            std::thread::sleep(PAUSE);
        }
        acknowledged
    }

    fn until_acknowledged(&self, wire: &mut Option<Wire>, batch: &BTreeMap<String, u64>) {
        let request = wire::post("/alerts/alertmanager", Some(WEBHOOK_TOKEN), &webhook(batch));
        loop {
            *wire = wire.take().or_else(|| Wire::connect(self.to).ok());
            match wire.as_mut().map(|wire| wire.ask(&request)) {
                Some(Ok((200, _))) => {
                    self.counts.acknowledged.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                Some(Ok((503, _))) => self.counts.refused.fetch_add(1, Ordering::SeqCst),
                Some(Ok((status, answer))) => {
                    panic!("{status}: {}", String::from_utf8_lossy(&answer))
                }
                Some(Err(_)) | None => {
                    *wire = None;
                    self.counts.unanswered.fetch_add(1, Ordering::SeqCst)
                }
            };
            std::thread::sleep(AGAIN);
        }
    }
}

/// A webhook of Alertmanager, version 4, with these alerts.
pub(crate) fn webhook(alerts: &BTreeMap<String, u64>) -> String {
    let alerts: Vec<_> = alerts.iter().map(|(fingerprint, changes)| alert(fingerprint, *changes)).collect();
    json!({
        "version": "4", "groupKey": "{}", "status": "firing", "receiver": "steward", "truncatedAlerts": 0,
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://vm:9093",
        "alerts": alerts,
    })
    .to_string()
}

fn alert(fingerprint: &str, changes: u64) -> serde_json::Value {
    let status = if is_firing(changes) { "firing" } else { "resolved" };
    json!({
        "status": status, "fingerprint": fingerprint, "startsAt": "2026-11-21T07:07:35Z",
        "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "",
        "labels": { "alertname": "ThingDown", "instance": format!("{fingerprint}:9100"), "severity": "error" },
        "annotations": { "summary": format!("{fingerprint} is down, for time {changes}") },
    })
}
