//! What became of a command on another machine, from what ssh and the script said.

use crate::domain::action::{Command, Executable};
use crate::engine::ports::{Exit, Limits, Output, RunError};

use super::super::check_executable;
use super::super::confine::told_by_a_shell;
use super::fault;
use super::script::SAYS;

/// How ssh itself ends when something is wrong with the connection. A command may end so, too.
const OF_SSH: Exit = Exit::Code(255);

/// How `timeout` ends when it ended its program: by asking it to end, and by killing it.
const OF_TIMEOUT: [i32; 2] = [124, 137];

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

/// What is known of a command when its connection has ended.
pub(super) enum Told {
    /// It has ended so.
    Ended(Output),
    /// It, or something of it, may still be running.
    Open {
        /// What there is of its output, and how the connection ended.
        output: Output,
        /// Whether it was seen to begin.
        began: bool,
    },
}

/// What a command came to.
pub(super) fn told(
    host: &str,
    command: &Command,
    authorized: &Executable,
    output: Output,
    limits: Limits,
) -> Result<Told, RunError> {
    let program = &command.argv[0];
    let is_cut = output.stderr.len() >= limits.max_output;
    let said = Said::of(&output.stderr);
    let began = said.began;
    if let Some(code) = said.ended {
        let output = Output { stderr: said.stderr, ..output };
        let in_time = output.duration < limits.timeout;
        return Ok(match output.exit {
            Exit::Code(_) if in_time || !OF_TIMEOUT.contains(&code) => {
                Told::Ended(Output { exit: told_by_a_shell(Exit::Code(code)), ..output })
            }
            // Ended by `timeout` over there, which waits for nobody but the program itself.
            Exit::Code(_) => Told::Open { output: Output { exit: Exit::TimedOut, ..output }, began },
            _ => Told::Open { output, began },
        });
    }
    if let Some(instead) = said.instead {
        return Err(
            differs(program, authorized, &instead).unwrap_or_else(|| not_begun(host, program, &instead))
        );
    }
    match output.exit {
        Exit::Code(code) if !began && !is_cut => {
            if OF_SSH == Exit::Code(code) && !fault::is_before_login(&said.stderr) {
                return Ok(Told::Open { output: Output { stderr: said.stderr, ..output }, began });
            }
            let why = fault::sentence(host, &said.stderr);
            Err(RunError::Spawn { program: program.clone(), why })
        }
        // Its end was cut off with the rest of what it said.
        Exit::Code(code) if OF_SSH != Exit::Code(code) => {
            let exit = told_by_a_shell(output.exit);
            Ok(Told::Ended(Output { exit, stderr: said.stderr, ..output }))
        }
        _ => Ok(Told::Open { output: Output { stderr: said.stderr, ..output }, began }),
    }
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
