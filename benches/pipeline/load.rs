//! What comes in: signals of three shapes, from 64 senders who each wait until theirs are on the disk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::Utc;
use steward::app::App;
use steward::domain::signal::{Origin, Severity, Signal, SignalState};
use steward::domain::target::{Signature, Target};

/// How many send at once.
pub(crate) const SENDERS: usize = 64;

/// The shape of what comes in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Each signal is another target's: each opens an incident.
    Distinct,
    /// One target fires and resolves, over and over.
    Flapping,
    /// One target fires, over and over.
    Repeating,
}

/// Sends `count` signals, `batch` at a time from each sender; says how long it took until all were committed.
pub(crate) async fn send(app: &App, shape: Shape, count: usize, batch: usize) -> Result<Duration> {
    let make = Arc::new(Maker::new(shape)?);
    let began = Instant::now();
    let mut senders = Vec::new();
    for sender in 0..SENDERS {
        let (handle, make) = (app.handle().clone(), make.clone());
        senders.push(tokio::spawn(async move {
            let mut next = sender * batch;
            while next < count {
                let signals = (next..next + batch).map(|n| make.signal(n)).collect::<Result<_>>()?;
                handle.signals(signals).await?;
                next += SENDERS * batch;
            }
            anyhow::Ok(())
        }));
    }
    for sender in senders {
        sender.await.context("a sender")??;
    }
    Ok(began.elapsed())
}

struct Maker {
    shape: Shape,
    signature: Signature,
    run: i64,
}

impl Maker {
    fn new(shape: Shape) -> Result<Self> {
        Ok(Self { shape, signature: Signature::parse("http-down")?, run: Utc::now().timestamp_millis() })
    }

    fn signal(&self, n: usize) -> Result<Signal> {
        let at = Utc::now();
        let target = match self.shape {
            Shape::Distinct => format!("rack{}/host{}/svc-{}-{n}", n % 7, n % 211, self.run),
            Shape::Flapping => "web/flapping".to_owned(),
            Shape::Repeating => "web/repeating".to_owned(),
        };
        let resolved = self.shape == Shape::Flapping && n % 2 == 1;
        let labels = [("url", format!("https://{target}.lan/health")), ("code", "503".to_owned())];
        Ok(Signal {
            origin: Origin::alert("bench", &target),
            summary: format!("{target} answers 503 where 200 is expected"),
            target: Target::parse(&target)?,
            signature: self.signature.clone(),
            severity: Severity::Error,
            state: if resolved { SignalState::Resolved } else { SignalState::Firing },
            impact: Some("nobody can log in".to_owned()),
            evidence: "HTTP/1.1 503 Service Unavailable\nretry-after: 120\nupstream connect error or disconnect/reset \
                       before headers. reset reason: connection failure, transport failure reason: refused\n"
                .to_owned(),
            labels: labels.map(|(name, value)| (name.to_owned(), value)).into(),
            at,
            received_at: at,
        })
    }
}
