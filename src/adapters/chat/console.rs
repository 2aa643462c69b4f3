//! The console: Steward's chat on a terminal, or in a pipe.
//!
//! An incident is a block that stands for the present, and rows behind its number that tell the story. On a terminal
//! a block is redrawn as long as it is the last thing on the screen; otherwise only what changed is told.
//!
//! The terminal stays in its usual line mode, so nobody but the terminal knows a half-typed line: what is told
//! meanwhile takes it off the screen, and Enter still sends it (Ctrl-R shows it again).

mod difference;
mod keyboard;
mod pen;
mod screen;
mod shape;
mod sheet;
mod style;
mod text;

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

pub use self::keyboard::{Keyboard, stdin};
use self::pen::{Job, Pen};
pub use self::style::{Room, Size, Style};
use crate::domain::card::Place;
use crate::engine::ports::{Capabilities, Chat, Delivered, DeliveryError, Outbound, Platform, Threads};

/// The platform's name, which is that of its only conversation too.
pub const NAME: &str = "console";

/// How much may wait to be written. A terminal that stands still (Ctrl-S) holds up its own messages and nobody else.
const WAITING: usize = 64;

/// The chat platform on standard output.
#[derive(Debug, Clone)]
pub struct Console {
    jobs: mpsc::Sender<Job>,
}

impl Console {
    /// A console that writes to `out`, in a thread of its own: a slow terminal blocks nothing else.
    ///
    /// # Errors
    /// The thread can't be started.
    pub fn new(out: Box<dyn Write + Send>, style: Style) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let pen = Pen::new(out, style);
        thread::Builder::new().name("console".to_owned()).spawn(move || pen.serve(waiting))?;
        Ok(Self { jobs })
    }

    /// The side where somebody types.
    #[must_use]
    pub fn keyboard(&self) -> Keyboard {
        Keyboard::new(self.jobs.clone())
    }

    /// A way to write something else to the same screen, such as logs, without spoiling it.
    #[must_use]
    pub fn aside(&self) -> Aside {
        Aside { jobs: self.jobs.clone() }
    }

    /// Takes the prompt off the screen for good. What is delivered after that is still written.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(done)).await.is_ok() {
            // Whoever closes the console is about to end; if the writer has ended first, there is no prompt.
            let _ = closed.await;
        }
    }
}

#[async_trait]
impl Chat for Console {
    fn platform(&self) -> Platform {
        NAME.to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            threads: Threads::Inline,
            edits: false,
            buttons: false,
            reactions: None,
            files: false,
            private_answers: false,
            drops_doubles: true,
            longest_text: None,
            edit_every: Duration::ZERO,
            at_once: 1,
        }
    }

    async fn deliver(&self, message: &Outbound) -> Result<Delivered, DeliveryError> {
        let (told, outcome) = oneshot::channel();
        let ended = || DeliveryError::Permanent { why: "the console's writer has ended".to_owned() };
        self.jobs.send(Job::Tell(Box::new(message.clone()), told)).await.map_err(|_| ended())?;
        outcome.await.map_err(|_| ended())??;
        let own = match message.place {
            Place::Root { number, .. } => Some(format!("{NAME}:{number}")),
            Place::Question { approval, .. } => Some(format!("{NAME}:question:{approval}")),
            Place::Thread { .. } | Place::Lab | Place::Answer { .. } => None,
        };
        Ok(Delivered { own: own.filter(|_| message.refs.own.is_none()), ..Delivered::default() })
    }
}

/// Writes something else to the console's screen, whole lines at a time, never waiting. What the console can't take
/// goes to standard error.
#[derive(Debug, Clone)]
pub struct Aside {
    jobs: mpsc::Sender<Job>,
}

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        match self.jobs.try_send(Job::Aside(text)) {
            Ok(()) => Ok(bytes.len()),
            Err(_) => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
