//! The writing end: one thread that owns the output, and what it is asked to write.

use std::io::{self, ErrorKind, Write};

use rustix::io::Errno;
use tokio::sync::{mpsc, oneshot};

use super::screen::Screen;
use super::style::Style;
use crate::engine::ports::{DeliveryError, Outbound};

/// How long to leave a console alone that nobody reads.
const GONE_FOR: std::time::Duration = std::time::Duration::from_secs(600);

/// What stands before the cursor while somebody may type.
const PROMPT: &str = "steward> ";
/// Takes back the row with the prompt.
const CLEAR: &str = "\r\x1b[K";

/// Something to write, or to know before writing.
#[derive(Debug)]
pub(super) enum Job {
    /// A message.
    Tell(Box<Outbound>, oneshot::Sender<Result<(), DeliveryError>>),
    /// Whole lines that are no message.
    Aside(String),
    /// Somebody may type from now on.
    Listen,
    /// Somebody typed a line; `answered` says that something will be told in return.
    Typed {
        /// Whether an answer follows.
        answered: bool,
    },
    /// Nobody types any more.
    Hangup,
    /// The end.
    Close(oneshot::Sender<()>),
}

/// The output and what stands on it.
pub(super) struct Pen {
    out: Box<dyn Write + Send>,
    style: Style,
    screen: Screen,
    /// Whether somebody may type.
    listening: bool,
    /// Whether the cursor stands behind a prompt.
    prompted: bool,
    /// Why nothing can be written any more.
    gone: Option<String>,
}

impl Pen {
    pub(super) fn new(out: Box<dyn Write + Send>, style: Style) -> Self {
        Self { out, style, screen: Screen::default(), listening: false, prompted: false, gone: None }
    }

    /// Works until nobody is left to ask for anything.
    pub(super) fn serve(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.blocking_recv() {
            match job {
                // Whoever no longer waits for the outcome is ending; nothing else depends on it.
                Job::Tell(message, told) => {
                    let _ = told.send(self.tell(&message));
                }
                Job::Close(done) => {
                    self.listening = false;
                    self.aside("");
                    let _ = done.send(());
                }
                Job::Aside(text) => self.aside(&text),
                Job::Listen => {
                    self.listening = true;
                    self.aside("");
                }
                Job::Typed { answered } => self.typed(answered),
                Job::Hangup => self.hangup(),
            }
        }
    }

    fn tell(&mut self, message: &Outbound) -> Result<(), DeliveryError> {
        let drawing = self.screen.draw(message, self.style, self.style.room.measure());
        if !drawing.text.is_empty() {
            self.write(&drawing.text)?;
        }
        self.screen.keep(drawing);
        Ok(())
    }

    fn aside(&mut self, text: &str) {
        if !text.is_empty() {
            self.screen.disturbed();
        }
        if self.write(text).is_err() {
            // The last resort; the next message says why.
            let _ = io::stderr().write_all(text.as_bytes());
        }
    }

    fn typed(&mut self, answered: bool) {
        self.screen.disturbed();
        self.prompted = false;
        if !answered {
            self.aside("");
        }
    }

    fn hangup(&mut self) {
        self.listening = false;
        let farewell = if self.style.prompt { "console closed; Ctrl-C ends Steward\n" } else { "" };
        self.aside(farewell);
    }

    /// Writes before the prompt, in one go.
    fn write(&mut self, text: &str) -> Result<(), DeliveryError> {
        if let Some(why) = &self.gone {
            return Err(gone(why));
        }
        let prompts = self.style.prompt && self.listening;
        let clear = if self.prompted { CLEAR } else { "" };
        let prompt = if prompts { PROMPT } else { "" };
        let bytes = format!("{clear}{text}{prompt}");
        if bytes.is_empty() {
            return Ok(());
        }
        let written = self.out.write_all(bytes.as_bytes()).and_then(|()| self.out.flush());
        match written {
            Ok(()) => {
                self.prompted = prompts;
                Ok(())
            }
            Err(error) => {
                // Part of it may stand there.
                self.screen.disturbed();
                Err(self.failed(&error))
            }
        }
    }

    fn failed(&mut self, error: &io::Error) -> DeliveryError {
        let hung_up = error.raw_os_error() == Some(Errno::IO.raw_os_error());
        if error.kind() != ErrorKind::BrokenPipe && !hung_up {
            let why = format!("the console can't be written to: {error}");
            return DeliveryError::Transient { why, hold: None };
        }
        let why = format!(
            "whoever read the console is gone ({error}); it shows nothing more until Steward is started again"
        );
        let error = gone(&why);
        self.gone = Some(why);
        error
    }
}

/// Nobody reads any more. What was to be told waits for the next start: it may be what a person has to hear.
fn gone(why: &str) -> DeliveryError {
    DeliveryError::Transient { why: why.to_owned(), hold: Some(GONE_FOR) }
}
