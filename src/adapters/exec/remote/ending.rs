//! What became of a command on another machine, from what ssh and the script said.

use crate::domain::action::{Command, Executable};
use crate::engine::ports::{Exit, Output, RunError};

use super::super::check_executable;
use super::super::confine::told_by_a_shell;
use super::fault;
use super::script::SAYS;

/// How ssh itself ends when something is wrong with the connection. A command may end so, too.
const OF_SSH: Exit = Exit::Code(255);

/// What standard error says, without the script's own lines.
struct Said {
    stderr: Vec<u8>,
    /// Whether the command began.
    began: bool,
    /// The code that it ended with.
    ended: Option<i32>,
    /// Why the script didn't begin it.
    instead: Option<String>,
}

impl Said {
    fn of(stderr: &[u8]) -> Self {
        let begins = format!("{SAYS} begins\n");
        let Some(at) = find(stderr, begins.as_bytes()) else {
            let text = String::from_utf8_lossy(stderr);
            let instead = text.lines().rev().find_map(|line| line.strip_prefix(SAYS));
            let instead = instead.map(|line| line.trim().to_owned());
            return Self { stderr: stderr.to_vec(), began: false, ended: None, instead };
        };
        // What a login shell says before is none of the command's.
        let own = &stderr[at + begins.len()..];
        let ends = format!("\n{SAYS} ended ");
        let last = rfind(own, ends.as_bytes());
        let code = last.and_then(|at| std::str::from_utf8(&own[at + ends.len()..]).ok()?.trim().parse().ok());
        let end = last.filter(|_| code.is_some()).unwrap_or(own.len());
        Self { stderr: own[..end].to_vec(), began: true, ended: code, instead: None }
    }
}

/// The program that was found.
pub(super) fn found(host: &str, program: &str, output: &Output) -> Result<Executable, RunError> {
    let text = String::from_utf8_lossy(&output.stdout);
    let says = text.lines().rev().find_map(|line| line.strip_prefix(SAYS)?.trim().strip_prefix("found "));
    let parsed = says.and_then(|found| found.split_once(' ')).filter(|(hash, path)| {
        hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit()) && path.starts_with('/')
    });
    if let (Exit::Code(0), Some((hash, path))) = (output.exit, parsed) {
        return Ok(Executable { path: path.into(), sha256: hash.to_ascii_lowercase() });
    }
    let said = Said::of(&output.stderr);
    let spawn = |why| RunError::Spawn { program: program.to_owned(), why };
    match (said.instead, output.exit) {
        (Some(instead), _) => Err(not_begun(host, program, &instead)),
        (None, Exit::TimedOut) => Err(spawn(format!("{host} took too long to answer; look how it is"))),
        (None, _) => Err(spawn(fault::sentence(host, &said.stderr))),
    }
}

/// What a command came to.
pub(super) fn told(
    host: &str,
    command: &Command,
    authorized: &Executable,
    output: Output,
    max_output: usize,
) -> Result<Output, RunError> {
    let program = &command.argv[0];
    let is_cut = output.stderr.len() >= max_output;
    let said = Said::of(&output.stderr);
    if let Some(code) = said.ended {
        let exit = match output.exit {
            Exit::Code(_) => told_by_a_shell(Exit::Code(code)),
            ended_from_here => ended_from_here,
        };
        return Ok(Output { exit, stderr: said.stderr, ..output });
    }
    if let Some(instead) = said.instead {
        return Err(
            differs(program, authorized, &instead).unwrap_or_else(|| not_begun(host, program, &instead))
        );
    }
    match output.exit {
        OF_SSH if said.began || !fault::is_before_login(&said.stderr) => Ok(lost(host, said, output)),
        Exit::Code(_) if !said.began && !is_cut => {
            let why = fault::sentence(host, &said.stderr);
            Err(RunError::Spawn { program: program.clone(), why })
        }
        _ => Ok(Output { stderr: said.stderr, ..output }),
    }
}

/// Nobody knows what became of it: no success, and said so.
fn lost(host: &str, said: Said, output: Output) -> Output {
    let state = if said.began { "began, and may still be running" } else { "may have begun" };
    let note = format!(
        "\nthe connection to {host} was lost: the command {state} there; look at {host} before it is repeated\n"
    );
    Output { stderr: [said.stderr, note.into_bytes()].concat(), ..output }
}

/// The program is another by now.
fn differs(program: &str, authorized: &Executable, instead: &str) -> Option<RunError> {
    let (word, is) = instead.split_once(' ')?;
    let now = match word {
        "moved" => Executable { path: is.into(), ..authorized.clone() },
        "changed" => Executable { sha256: is.into(), ..authorized.clone() },
        _ => return None,
    };
    check_executable(program, &now, authorized).err()
}

/// The script said why it didn't begin.
fn not_begun(host: &str, program: &str, instead: &str) -> RunError {
    let spawn = |why: String| RunError::Spawn { program: program.to_owned(), why };
    match instead {
        "missing" => RunError::NotFound { program: program.to_owned(), host: host.to_owned() },
        "no directory" => spawn(format!("its working directory does not exist on {host}")),
        "unreadable" => spawn(format!(
            "{program} on {host} can't be read for its hash: that takes the right to read it, `readlink` and `sha256sum`"
        )),
        other => spawn(format!("{host} says: {other}")),
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn rfind(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).rposition(|window| window == what)
}
