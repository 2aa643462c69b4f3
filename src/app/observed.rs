//! What can be seen of Steward from outside: a task tests the pipeline again and again, and whoever asks is told at
//! once what is known.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use crate::domain::signal::Timestamp;
use crate::engine::activity::told;
use crate::engine::changes::Watcher;
use crate::engine::intake::Gateway;
use crate::engine::message::{Handle, Message};
use crate::engine::ports::{Clock, Observed, PartHealth};
use crate::engine::vitals::health::{Beat, Known, judge};
use crate::engine::vitals::pulse::Pulse;
use crate::engine::vitals::scrape::{Process, Seen, scrape};
use crate::store::Store;
use crate::store::backlog::{Backlog, backlog};

/// Looks at the running parts.
#[derive(Clone)]
pub(super) struct Observer {
    gateway: Gateway,
    engine: Handle,
    clock: Arc<dyn Clock>,
    watcher: Watcher,
    known: Arc<Mutex<Tested>>,
}

/// What the last tests brought.
struct Tested {
    beat: Beat,
    backlog: BTreeMap<String, Backlog>,
}

impl Observer {
    /// What was true at the start is `pulse`.
    pub(super) fn new(
        gateway: Gateway,
        engine: Handle,
        clock: Arc<dyn Clock>,
        watcher: Watcher,
        pulse: Pulse,
    ) -> Self {
        let beat = Beat { started_at: pulse.at, asked_at: None, answered: None, gone: false, pulse };
        let known = Arc::new(Mutex::new(Tested { beat, backlog: BTreeMap::new() }));
        Self { gateway, engine, clock, watcher, known }
    }

    fn tested(&self) -> MutexGuard<'_, Tested> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tests the pipeline, again and again, until Steward ends. While an answer is outstanding nothing more is asked:
    /// that it is can be seen.
    pub(super) async fn test(self, every: Duration, store: Store, mut ending: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = self.clock.sleep(every) => {}
                () = told(&mut ending) => return,
            }
            let (reply, answer) = oneshot::channel();
            let asked = self.clock.now();
            self.tested().beat.asked_at = Some(asked);
            self.engine.send(Message::Pulse { reply });
            let answer = tokio::select! {
                answer = answer => answer,
                () = told(&mut ending) => return,
            };
            let _busy = self.engine.activity().begin();
            let now = self.clock.now();
            let gone = {
                let mut tested = self.tested();
                tested.beat.asked_at = None;
                tested.beat.gone = answer.is_err();
                if let Ok(pulse) = answer {
                    tested.beat.answered = Some((now, (now - asked).to_std().unwrap_or_default()));
                    tested.beat.pulse = pulse;
                }
                tested.beat.gone
            };
            if gone {
                return;
            }
            match store.read(backlog).await {
                Ok(backlog) => self.tested().backlog = backlog,
                Err(error) => tracing::debug!(%error, "what waits for the platforms could not be counted"),
            }
        }
    }

    /// Whether every part does its work.
    pub(super) fn is_well(&self) -> bool {
        self.health().iter().all(|part| part.ok)
    }

    fn judged(&self, beat: &Beat, now: Timestamp) -> Vec<PartHealth> {
        let (unwritten, skills_due) = {
            let counts = self.engine.vitals().counts();
            (counts.unwritten().map(str::to_owned), counts.skills_due())
        };
        let unwritten = unwritten.unwrap_or_else(|| "it is tried again".to_owned());
        let stalled = self.engine.activity().is_stalled().then_some(unwritten);
        judge(beat, &Known { inbox: self.gateway.waiting(), stalled, skills_due }, now)
    }
}

impl Observed for Observer {
    fn health(&self) -> Vec<PartHealth> {
        let beat = self.tested().beat.clone();
        self.judged(&beat, self.clock.now())
    }

    fn metrics(&self) -> String {
        let (beat, backlog) = {
            let tested = self.tested();
            (tested.beat.clone(), tested.backlog.clone())
        };
        let now = self.clock.now();
        let seen = Seen {
            version: env!("CARGO_PKG_VERSION"),
            parts: &self.judged(&beat, now),
            beat: &beat,
            inbox: self.gateway.waiting(),
            backlog: &backlog,
            silent_changes: self.watcher.silent().len(),
            process: process(),
        };
        let counts = self.engine.vitals().counts();
        scrape(&counts, &seen, now)
    }
}

/// What this process takes, where the system tells.
fn process() -> Process {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| {
        let kib: u64 = line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kib.checked_mul(1024)
    });
    let open = std::fs::read_dir("/proc/self/fd").ok().map(Iterator::count);
    // The folder itself is open while it is read.
    let open_files = open.and_then(|count| u64::try_from(count.saturating_sub(1)).ok());
    Process { resident, open_files }
}
