//! The reading end: one line is one thing somebody said.

use std::io::{self, ErrorKind, Read};
use std::thread;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::NAME;
use super::pen::Job;
use crate::domain::card::one_line;
use crate::engine::ports::Inbound;

/// The longest line that is taken, in bytes; a terminal itself takes no longer one.
const LONGEST: usize = 4096;

/// Where somebody types. Tells the screen, so that it knows what stands on it.
#[derive(Debug)]
pub struct Keyboard {
    jobs: mpsc::Sender<Job>,
}

/// What a read came to.
#[derive(Debug)]
enum Typed {
    Line(Vec<u8>),
    TooLong,
    End,
}

impl Keyboard {
    pub(super) fn new(jobs: mpsc::Sender<Job>) -> Self {
        Self { jobs }
    }

    /// Hands each line of `input` to `said`, as typed by `operator`, until the input ends. Empty lines are nothing;
    /// a line above 4096 bytes is refused whole, since half a command may be another command.
    pub async fn read(
        self,
        mut input: impl AsyncBufRead + Unpin + Send,
        operator: String,
        said: impl Fn(Inbound) + Send,
    ) {
        self.tell(Job::Listen).await;
        loop {
            match line(&mut input).await {
                Ok(Typed::Line(bytes)) => {
                    let text = one_line(&String::from_utf8_lossy(&bytes));
                    self.tell(Job::Typed { answered: !text.is_empty() }).await;
                    if !text.is_empty() {
                        said(inbound(operator.clone(), text));
                    }
                }
                Ok(Typed::TooLong) => {
                    self.tell(Job::Typed { answered: true }).await;
                    let refusal = format!("That line is longer than {LONGEST} bytes; nothing was done.\n");
                    self.tell(Job::Aside(refusal)).await;
                }
                Ok(Typed::End) => break,
                Err(error) => {
                    tracing::warn!(%error, "standard input can't be read any more; commands go through `steward` or another chat");
                    break;
                }
            }
        }
        self.tell(Job::Hangup).await;
    }

    async fn tell(&self, job: Job) {
        // Without a screen there is none to know about; what is typed counts all the same.
        let _ = self.jobs.send(job).await;
    }
}

fn inbound(user: String, text: String) -> Inbound {
    let (platform, conversation) = (NAME.to_owned(), NAME.to_owned());
    Inbound {
        platform,
        conversation,
        user_id: user.clone(),
        user,
        operator: true,
        text,
        incident: None,
        addressed: true,
        pressed: false,
        bookmark: None,
    }
}

/// Reads up to the end of the line, keeping no more than [`LONGEST`] bytes of it.
async fn line(input: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Typed> {
    let mut line = Vec::new();
    let mut long = false;
    loop {
        let read = match input.fill_buf().await {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read.is_empty() && line.is_empty() && !long {
            return Ok(Typed::End);
        }
        let end = read.iter().position(|byte| *byte == b'\n');
        let part = &read[..end.unwrap_or(read.len())];
        long |= line.len() + part.len() > LONGEST;
        if !long {
            line.extend_from_slice(part);
        }
        let (ends, taken) = (end.is_some() || read.is_empty(), part.len() + usize::from(end.is_some()));
        input.consume(taken);
        if ends {
            return Ok(if long { Typed::TooLong } else { Typed::Line(line) });
        }
    }
}

/// Standard input, read by a thread of its own. The runtime's own reader would keep the process from ending until
/// somebody presses Enter.
///
/// # Errors
/// The thread can't be started.
pub fn stdin() -> io::Result<impl AsyncBufRead + Unpin + Send> {
    let (reader, mut writer) = tokio::io::duplex(LONGEST);
    let runtime = Handle::current();
    let feed = move || {
        let mut stdin = io::stdin();
        let mut buffer = [0; LONGEST];
        loop {
            match stdin.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    if runtime.block_on(writer.write_all(&buffer[..read])).is_err() {
                        return;
                    }
                }
            }
        }
    };
    thread::Builder::new().name("keyboard".to_owned()).spawn(feed)?;
    Ok(BufReader::new(reader))
}
