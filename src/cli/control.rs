//! `steward tell` and `steward incident undo`: what changes something goes to the Steward that runs, over its control
//! socket.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::screen::{Screen, Tone};
use super::{Ended, Failure};
use crate::engine::ports::{CONTROL_SOCKET, ControlAnswer, ControlRequest};

/// The longest answer that is read, in bytes.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Has the Steward that runs on this state directory carry a command out. Exit code 0 if it did, 1 if it refused.
pub(super) async fn tell(state_dir: &Path, command: &str, screen: &mut Screen<'_>) -> Ended {
    let path = state_dir.join(CONTROL_SOCKET);
    let stream = UnixStream::connect(&path).await.map_err(|error| unreachable(state_dir, &path, &error))?;
    let ControlAnswer { ok, answer, .. } = converse(stream, command).await?;
    if !ok {
        return Err(Failure { what: answer, means: None, hint: None, usage: false }.into());
    }
    screen.block(Tone::Plain, 0, &answer)?;
    Ok(ExitCode::SUCCESS)
}

async fn converse(stream: UnixStream, command: &str) -> Result<ControlAnswer, Failure> {
    let broken = |why: String| {
        Failure::new(why, "look whether Steward still runs, and at its log").meaning(
            "whether the command was carried out is not known; `steward incident list` shows what is so",
        )
    };
    let mut request = serde_json::to_vec(&ControlRequest::new(command))
        .map_err(|error| broken(format!("the command can't be sent: {error}")))?;
    request.push(b'\n');
    let mut stream = BufReader::new(stream);
    // Whoever is refused is answered before they have spoken, so that a failure to write is no reason not to listen.
    let sent = stream.write_all(&request).await;
    let mut line = Vec::new();
    let heard = stream.take(LONGEST).read_until(b'\n', &mut line).await;
    if line.is_empty() {
        let why = sent.and(heard.map(|_| ())).err().map_or_else(String::new, |error| format!(": {error}"));
        return Err(broken(format!("Steward hung up without an answer{why}")));
    }
    serde_json::from_slice(&line).map_err(|error| broken(format!("Steward's answer can't be read: {error}")))
}

fn unreachable(state_dir: &Path, path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Failure::new(
            format!("no Steward listens in {}", state_dir.display()),
            "is it running? start it with `steward run`, or name its state directory with --state-dir; if it runs, its log says why it does not listen",
        )
        .meaning("nothing was done: what changes something goes to the Steward that runs"),
        io::ErrorKind::PermissionDenied => Failure::new(
            format!("{} is not for this user", path.display()),
            "do it as root, or as the user that runs Steward",
        )
        .meaning("nothing was done"),
        _ => Failure::new(
            format!("{} can't be reached: {error}", path.display()),
            "look at what is there, and at Steward's log",
        )
        .meaning("nothing was done"),
    }
}
