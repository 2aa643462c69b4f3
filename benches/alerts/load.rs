//! What comes in: alerts as Prometheus sends them, rendered beforehand, over connections that stay open.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use chrono::{SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::book::unit_name;
use crate::wire::{self, Wire};

/// The path that both take alerts on.
const PATH: &str = "/api/v2/alerts";
/// What Steward's source proves itself with; an Alertmanager does not look at it.
pub(crate) const TOKEN: &str = "the-token-of-the-benchmark";
/// The pause of a sender that was told that there is no room.
const AGAIN: Duration = Duration::from_millis(5);

/// How a load went.
pub(crate) struct Sent {
    pub(crate) took: Duration,
    /// How often there was no room, and it was sent again.
    pub(crate) refused: usize,
}

/// Requests with so many alerts each, of units from `first` on.
pub(crate) fn requests(first: usize, alerts: usize, each: usize) -> Vec<Vec<u8>> {
    let units: Vec<usize> = (first..first + alerts).collect();
    let bodies = units.chunks(each).map(|units| Value::from_iter(units.iter().map(|unit| alert(*unit))));
    bodies.map(|body| wire::post(PATH, Some(TOKEN), &body.to_string())).collect()
}

fn alert(unit: usize) -> Value {
    let instance = unit_name(unit);
    let time =
        |minutes| (Utc::now() + TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({
        "labels": {
            "alertname": "ThingDown", "instance": format!("{instance}:9100"), "job": "node", "severity": "error",
            "cluster": "home",
        },
        "annotations": {
            "summary": format!("{instance} answers 503 where 200 is expected"),
            "description": "upstream connect error or disconnect/reset before headers: connection refused",
        },
        "startsAt": time(0), "endsAt": time(60),
        "generatorURL": "http://prom.lan:9090/graph?g0.expr=thing_up+%3D%3D+0&g0.tab=1",
    })
}

/// Sends all of it over so many connections, and returns once every request was acknowledged.
pub(crate) fn send(to: SocketAddr, requests: &[Vec<u8>], connections: usize) -> Result<Sent> {
    let (next, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let wires: Vec<Wire> = (0..connections).map(|_| Wire::connect(to)).collect::<Result<_, _>>()?;
    let work = |mut wire: Wire| -> Result<()> {
        while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
            while !one(&mut wire, request)? {
                refused.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(AGAIN);
            }
        }
        Ok(())
    };
    let began = Instant::now();
    std::thread::scope(|scope| {
        let work = &work;
        let senders: Vec<_> = wires.into_iter().map(|wire| scope.spawn(move || work(wire))).collect();
        senders.into_iter().try_for_each(|sender| sender.join().map_err(|_| anyhow!("a sender panicked"))?)
    })?;
    let took = began.elapsed();
    Ok(Sent { took, refused: refused.into_inner() })
}

/// Sends one request; false if there was no room for it.
pub(crate) fn one(wire: &mut Wire, request: &[u8]) -> Result<bool> {
    let (status, answer) = wire.ask(request)?;
    ensure!(matches!(status, 200 | 503), "{status}: {}", String::from_utf8_lossy(&answer));
    Ok(status == 200)
}
