//! What comes in: signals of distinct targets at a steady rate, whatever becomes of those before.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Result;
use chrono::Utc;
use steward::domain::signal::{Origin, Severity, Signal, SignalState};
use steward::domain::target::{Signature, Target};
use steward::engine::message::Handle;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::book::{now, unit_name};

/// How often something breaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) a_minute: usize,
    /// The mean time between two.
    pub(crate) every: Duration,
    pub(crate) incidents: usize,
    /// How long the platforms take to answer.
    pub(crate) away: Duration,
}

impl Rate {
    /// The same, not for as long.
    pub(crate) fn quick(self) -> Self {
        Self {
            every: self.every.min(Duration::from_secs(1)),
            incidents: self.incidents.min(300) / 5 + 5,
            ..self
        }
    }
}

/// Sends a signal for each incident; says when, in nanoseconds since 1970.
pub(crate) async fn send(handle: &Handle, rate: &Rate, first: usize) -> Result<HashMap<usize, u64>> {
    let began = Instant::now();
    let mut dice = Dice(rate.a_minute as u64);
    let mut sending = JoinSet::new();
    for n in 0..rate.incidents {
        // Somewhere in its own stretch of time, so that some come close together.
        let at = rate.every.mul_f64(n as f64 + dice.roll());
        sleep_until(began + at).await;
        let (handle, unit) = (handle.clone(), first + n);
        let signal = signal(unit)?;
        sending.spawn(async move {
            let at = now();
            handle.signals(vec![signal]).await.map(|()| (unit, at))
        });
    }
    let mut sent = HashMap::new();
    while let Some(outcome) = sending.join_next().await {
        let (unit, at) = outcome??;
        sent.insert(unit, at);
    }
    Ok(sent)
}

fn signal(unit: usize) -> Result<Signal> {
    let at = Utc::now();
    let target = format!("rack{}/host{}/{}", unit % 7, unit % 211, unit_name(unit));
    Ok(Signal {
        origin: Origin::alert("bench", &target),
        summary: format!("{target} answers 503 where 200 is expected"),
        target: Target::parse(&target)?,
        signature: Signature::parse("http-down")?,
        severity: Severity::Error,
        state: SignalState::Firing,
        impact: Some("nobody can log in".to_owned()),
        evidence:
            "HTTP/1.1 503 Service Unavailable\nretry-after: 120\nupstream connect error or disconnect/reset \
                   before headers. reset reason: connection failure, transport failure reason: refused\n"
                .to_owned(),
        labels: [("code".to_owned(), "503".to_owned())].into(),
        at,
        received_at: at,
    })
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    /// From 0 up to, but not, 1 (SplitMix64).
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
