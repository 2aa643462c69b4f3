//! The control socket: how the command line reaches the Steward that runs.
//!
//! It lies in the state directory, answers root and Steward's own user alone, one request on each connection. What
//! they ask for is a command in the chat's grammar; what they are told is told after it is durable.

mod caller;
mod place;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use self::caller::Caller;
pub use self::place::ControlError;
use crate::domain::card::{one_line, plain};
use crate::engine::activity::told;
use crate::engine::message::Handle;
use crate::engine::ports::{ControlAnswer, ControlRequest, Inbound};

/// The platform's name on the audit trail.
const NAME: &str = "command line";
/// How long those who are being answered at the end are waited for.
const PARTING: Duration = Duration::from_secs(1);
/// The pause after the system gave no connection, which it will not do at once again.
const BREATH: Duration = Duration::from_millis(100);

/// How much one connection, and all of them, may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlLimits {
    /// The longest request, in bytes.
    pub request: usize,
    /// How long a request may take to come in, and its answer to be taken. What lies between takes as long as the
    /// command does.
    pub patience: Duration,
    /// The most connections at once.
    pub connections: usize,
}

impl Default for ControlLimits {
    fn default() -> Self {
        Self { request: 64 * 1024, patience: Duration::from_secs(30), connections: 8 }
    }
}

/// The open socket.
#[derive(Debug)]
pub struct Control {
    ending: watch::Sender<bool>,
    door: JoinHandle<JoinSet<()>>,
}

/// Those who were still on the line when the socket was closed.
#[derive(Debug)]
pub struct Remaining(JoinSet<()>);

impl Control {
    /// Opens the socket in a state directory whose lock this process holds: what is left there of a Steward that died
    /// is taken away.
    ///
    /// # Errors
    /// See [`ControlError`]. Steward works without, and only the command line can't reach it.
    pub fn open(state_dir: &Path, engine: Handle, limits: ControlLimits) -> Result<Self, ControlError> {
        let (listener, path) = place::listen(state_dir)?;
        tracing::info!(socket = %path.display(), "commands from the command line are heard");
        let (ending, ended) = watch::channel(false);
        let door = tokio::spawn(Door { listener, path, engine, limits }.keep(ended));
        Ok(Self { ending, door })
    }

    /// Takes the socket away: call it before the state lock is given back. Those who are on the line stay there.
    pub async fn close(self) -> Remaining {
        let _ = self.ending.send(true);
        match self.door.await {
            Ok(remaining) => Remaining(remaining),
            Err(error) => {
                tracing::warn!(%error, "the control socket ended badly");
                Remaining(JoinSet::new())
            }
        }
    }
}

impl Remaining {
    /// Waits, not for long, until they have their answers: call it when the engine has ended, and has answered or
    /// will never.
    pub async fn leave(mut self) {
        let all = async { while self.0.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(PARTING, all).await;
    }
}

/// Where connections come in.
struct Door {
    listener: UnixListener,
    path: PathBuf,
    engine: Handle,
    limits: ControlLimits,
}

impl Door {
    async fn keep(self, mut ending: watch::Receiver<bool>) -> JoinSet<()> {
        let mut guests = JoinSet::new();
        loop {
            tokio::select! {
                () = told(&mut ending) => break,
                Some(_) = guests.join_next() => {}
                came = self.listener.accept() => match came {
                    Ok((stream, _)) => self.receive(stream, &mut guests).await,
                    Err(error) => {
                        tracing::warn!(%error, "a connection to the control socket failed");
                        tokio::time::sleep(BREATH).await;
                    }
                },
            }
        }
        drop(self.listener);
        // Whoever just goes, as after a fault, may have given the lock back already.
        let holds_the_lock = *ending.borrow();
        if holds_the_lock && let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "the control socket was not removed; the next start does that");
        }
        guests
    }

    async fn receive(&self, stream: UnixStream, guests: &mut JoinSet<()>) {
        let ControlLimits { connections, patience, .. } = self.limits;
        let refusal = match Caller::of(&stream) {
            Err(why) => why,
            Ok(_) if guests.len() >= connections => {
                format!(
                    "Steward is answering {connections} others on the command line. Try again in a moment."
                )
            }
            Ok(caller) => {
                guests.spawn(attend(stream, caller, self.engine.clone(), self.limits));
                return;
            }
        };
        tracing::warn!(why = refusal, "a request on the control socket was refused");
        // It fits into the socket's buffer: nobody holds up the door.
        send(stream, &ControlAnswer::no(refusal), patience.min(PARTING)).await;
    }
}

/// One request and its answer.
async fn attend(stream: UnixStream, caller: Caller, engine: Handle, limits: ControlLimits) {
    let mut stream = BufReader::new(stream);
    let answer = match tokio::time::timeout(limits.patience, read(&mut stream, limits.request)).await {
        Ok(Ok(None)) => return,
        Ok(Ok(Some(request))) => carry_out(request, &caller, &engine).await,
        Ok(Err(why)) => ControlAnswer::no(why),
        Err(_) => ControlAnswer::no(format!("No whole request came within {:?}.", limits.patience)),
    };
    send(stream.into_inner(), &answer, limits.patience).await;
}

/// Reads a request; `None` if nothing was said.
async fn read(stream: &mut BufReader<UnixStream>, most: usize) -> Result<Option<ControlRequest>, String> {
    let mut line = Vec::new();
    let taken = stream.take(most as u64 + 1).read_until(b'\n', &mut line).await;
    taken.map_err(|error| format!("The request can't be read: {error}."))?;
    let line = line.trim_ascii_end();
    if line.len() > most {
        return Err(format!("The request is longer than {most} bytes; nothing was done."));
    }
    if line.is_empty() { Ok(None) } else { ControlRequest::parse(line).map(Some) }
}

async fn carry_out(request: ControlRequest, caller: &Caller, engine: &Handle) -> ControlAnswer {
    let text = one_line(&request.command);
    if text.is_empty() {
        return ControlAnswer::no("The command is empty. `help` tells what can be said.");
    }
    let inbound = Inbound {
        platform: NAME.to_owned(),
        conversation: NAME.to_owned(),
        user: format!("{} ({NAME})", caller.name),
        user_id: caller.uid.to_string(),
        // Whoever may read and write the state needs no list to be one.
        operator: true,
        text,
        incident: None,
        addressed: true,
        pressed: false,
        bookmark: None,
    };
    match engine.ask(inbound).await {
        Ok(told) if told.ok => ControlAnswer::yes(plain(&told.card)),
        Ok(told) => ControlAnswer::no(plain(&told.card)),
        Err(_) => ControlAnswer::no(
            "Steward is ending. Whether this was still done is not known; `steward incident list` shows what is so.",
        ),
    }
}

/// Sends an answer to whoever may have gone.
async fn send(mut stream: UnixStream, answer: &ControlAnswer, patience: Duration) {
    let Ok(mut line) = serde_json::to_vec(answer) else { return };
    line.push(b'\n');
    let sending = async {
        stream.write_all(&line).await?;
        stream.shutdown().await
    };
    if let Ok(Err(error)) = tokio::time::timeout(patience, sending).await {
        tracing::debug!(%error, "an answer on the control socket was not taken");
    }
}

#[cfg(test)]
mod tests;
