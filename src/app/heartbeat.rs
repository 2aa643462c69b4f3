//! Writes `HEARTBEAT.md`: every few minutes, and when an incident opens or is over.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use tokio::sync::{Notify, oneshot, watch};

use crate::domain::change::RESTORED_BY_STEWARD;
use crate::engine::activity::told;
use crate::engine::digest::Standing;
use crate::engine::heartbeat::{CHANGES, FILE, Snapshot, text};
use crate::engine::message::{Handle, Message};
use crate::engine::ports::Clock;
use crate::store::{Store, StoreError, agent, changes};

/// How far back changes are told.
const LOOKS_BACK: TimeDelta = TimeDelta::days(7);
/// Changes that are read, to find those that are told.
const READ: usize = 50;

/// Writes it.
pub(super) struct Heartbeat {
    pub(super) state_dir: PathBuf,
    pub(super) every: Duration,
    pub(super) tz: Tz,
    pub(super) store: Store,
    pub(super) engine: Handle,
    pub(super) clock: Arc<dyn Clock>,
    /// Rung when an incident opened or is over.
    pub(super) bell: Arc<Notify>,
}

impl Heartbeat {
    /// Writes until Steward ends. A file that can't be written costs nothing else.
    pub(super) async fn run(self, mut ending: watch::Receiver<bool>) {
        loop {
            let (reply, answer) = oneshot::channel();
            self.engine.send(Message::Standing { reply });
            let standing = tokio::select! {
                standing = answer => standing,
                () = told(&mut ending) => return,
            };
            let busy = self.engine.activity().begin();
            if let Ok(standing) = standing
                && let Err(why) = self.write(&standing).await
            {
                tracing::warn!(why, "HEARTBEAT.md could not be written; it is tried again");
            }
            drop(busy);
            tokio::select! {
                () = self.clock.sleep(self.every) => {}
                () = self.bell.notified() => {}
                () = told(&mut ending) => return,
            }
        }
    }

    async fn write(&self, standing: &Standing) -> Result<(), String> {
        let now = self.clock.now();
        let read = move |conn: &rusqlite::Connection| {
            let changes = changes::recent(conn, now - LOOKS_BACK, now, READ)?;
            Ok::<_, StoreError>((agent::waiting_offers(conn)?, changes))
        };
        let (offers, mut changes) = self.store.read(read).await.map_err(|error| error.to_string())?;
        changes.retain(|change| change.source != RESTORED_BY_STEWARD);
        changes.truncate(CHANGES);
        let text = text(&Snapshot { standing, offers: &offers, changes: &changes, tz: self.tz, now });
        let text = self.store.redaction().redact(&text).into_owned();
        replace(&self.state_dir, &text).map_err(|error| error.to_string())
    }
}

/// Puts the file in place in one step; readable for its owner alone, like all other state.
fn replace(state_dir: &Path, text: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(state_dir)?;
    file.write_all(text.as_bytes())?;
    file.persist(state_dir.join(FILE))?;
    Ok(())
}
