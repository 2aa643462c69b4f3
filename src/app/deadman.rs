//! Pings the dead man's switch, and only while Steward is well: that it is no longer pinged is what it is for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::observed::Observer;
use crate::adapters::deadman::Switch;
use crate::domain::card::Card;
use crate::domain::signal::Timestamp;
use crate::engine::activity::told;
use crate::engine::cards::span;
use crate::engine::message::{Handle, Message};
use crate::engine::ports::Clock;

/// How long pings fail before people are told: the other side is about to tell them that Steward is dead.
const PATIENCE: Duration = Duration::from_secs(600);

/// The dead man's switch and what it hangs on.
pub(super) struct DeadMan {
    pub(super) switch: Switch,
    pub(super) every: Duration,
    pub(super) observer: Observer,
    pub(super) engine: Handle,
    pub(super) clock: Arc<dyn Clock>,
}

/// Pings that fail.
struct Failing {
    since: Timestamp,
    told: bool,
}

impl DeadMan {
    /// Pings until Steward ends.
    pub(super) async fn run(self, mut ending: watch::Receiver<bool>) {
        let mut failing: Option<Failing> = None;
        loop {
            if self.observer.is_well() {
                let busy = self.engine.activity().begin();
                let answer = tokio::select! {
                    answer = self.switch.ping() => answer,
                    () = told(&mut ending) => return,
                };
                self.take(answer, &mut failing);
                drop(busy);
            } else {
                self.engine.vitals().pinged("withheld", self.clock.now());
            }
            tokio::select! {
                () = self.clock.sleep(self.every) => {}
                () = told(&mut ending) => return,
            }
        }
    }

    /// Notes what came of a ping; tells people once if it keeps failing, and once when it works again.
    fn take(&self, answer: Result<(), String>, failing: &mut Option<Failing>) {
        let now = self.clock.now();
        match answer {
            Ok(()) => {
                self.engine.vitals().pinged("answered", now);
                if let Some(Failing { since, told }) = failing.take() {
                    tracing::info!("the dead man's switch answers again");
                    if told {
                        let title = format!("The dead man's switch answers again after {}", span(since, now));
                        self.engine.send(Message::Notice(Card::titled(title)));
                    }
                }
            }
            Err(why) => {
                self.engine.vitals().pinged("failed", now);
                if failing.is_none() {
                    tracing::warn!(why, "the dead man's switch could not be pinged; it is tried again");
                }
                let failing = failing.get_or_insert(Failing { since: now, told: false });
                if !failing.told && (now - failing.since).to_std().unwrap_or_default() >= PATIENCE {
                    failing.told = true;
                    let title =
                        format!("The dead man's switch has not answered for {}", span(failing.since, now));
                    let card = Card::titled(title).line(format!(
                        "I am well, but {why}. Whoever it alarms will soon hear that I am dead."
                    ));
                    self.engine.send(Message::Notice(card));
                }
            }
        }
    }
}
