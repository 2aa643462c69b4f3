//! The tour's own lines, between the messages of the bot.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// Where the tour's own lines go.
pub(super) struct Script(Mutex<Box<dyn Write + Send + Sync>>);

impl Script {
    pub(super) fn new(out: Box<dyn Write + Send + Sync>) -> Self {
        Self(Mutex::new(out))
    }

    /// Says what happens next.
    pub(super) fn say(&self, text: &str) -> std::io::Result<()> {
        self.line(&format!("\n▶ {text}"))
    }

    /// Writes one line.
    pub(super) fn line(&self, text: &str) -> std::io::Result<()> {
        // In one piece: whatever shares the screen writes whole lines too.
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(format!("{text}\n").as_bytes())?;
        out.flush()
    }
}
