//! What became of a command whose end nobody saw: its host is asked, and what still runs there is ended.
//!
//! A command is found by its mark. The shell that runs it carries it from its start: the name of this run, and the
//! number of that shell. To it belong those who are marked so, are in that shell's session (sshd opens one for each
//! command) or descend from one of these. A daemon has a session of its own, and is left alone as on this machine.

use std::time::Duration;

use crate::engine::ports::{Child, Exit, Output};

use super::super::MARKER;
use super::script::{SAYS, quote};

/// How long to wait before a host that could not be asked is asked again.
pub(super) const AGAIN: Duration = Duration::from_secs(10);

/// For how long at least a host is asked.
const AT_LEAST: Duration = Duration::from_secs(60);

/// Ends a run by its name, here called `NAME`. Asked to end, who stays is killed after three seconds.
const END: &str = r#"
steward_sessions=' '
if ! [ -r /proc/self/environ ] || ! [ -r /proc/self/stat ]; then echo 'SAYS blind'; exit 1; fi
for steward_dir in /proc/[0-9]*; do
  steward_mark=$({ tr -d '\000' <"$steward_dir/environ"; } 2>/dev/null)
  case $steward_mark in *MARK=NAME.*)
    steward_mark=${steward_mark##*MARK=NAME.}
    steward_sessions="$steward_sessions${steward_mark%%.*} " ;;
  esac
done
steward_all=' '
look() {
  steward_found=' '
  steward_more=1
  while [ -n "$steward_more" ]; do
    steward_more=
    for steward_dir in /proc/[0-9]*; do
      steward_pid=${steward_dir#/proc/}
      case $steward_found in *" $steward_pid "*) continue ;; esac
      { IFS= read -r steward_stat <"$steward_dir/stat"; } 2>/dev/null || continue
      set -f; set -- ${steward_stat##*) }; set +f
      case $1 in Z | X) continue ;; esac
      case $steward_sessions in *" $4 "* | *" $steward_pid "*) ;; *)
        case $steward_found in *" $2 "*) ;; *)
          case $steward_all in *" $steward_pid "*) ;; *) continue ;; esac ;;
        esac ;;
      esac
      steward_found="$steward_found$steward_pid "
      steward_more=1
    done
  done
  steward_all=$steward_found
}
look
if [ "$steward_found" = ' ' ]; then echo 'SAYS gone'; exit 0; fi
for steward_signal in TERM 0 0 KILL 0 0 0 0; do
  [ "$steward_signal" = 0 ] || kill -s "$steward_signal" $steward_found 2>/dev/null
  look
  [ "$steward_found" = ' ' ] || { sleep 1; look; }
  if [ "$steward_found" = ' ' ]; then echo 'SAYS stopped'; exit 0; fi
done
echo 'SAYS remains'
exit 1
"#;

/// What a host says of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum There {
    /// Nothing of it runs.
    Gone,
    /// It was running, and has been ended.
    Stopped,
    /// It may still be running: the host does not answer, can't tell, or can't end it.
    Unknown,
}

/// The name of a run: that of the ssh which it began with, so that a later Steward has it from the record.
pub(super) fn name(ssh: &Child) -> String {
    let boot: String = ssh.boot_id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    format!("{boot}-{}-{}", ssh.pid, ssh.start_ticks)
}

/// What reads the run's name from its input, marks itself and becomes a shell with `script`.
pub(super) fn marked(script: &str) -> String {
    let mark = MARKER.0;
    let script = quote(script);
    format!(
        "IFS= read -r {mark} && [ -n \"${mark}\" ] || exit 125\n{mark}=${mark}.$$.\nexport {mark}\nexec /bin/sh -c {script}"
    )
}

/// Ends a run, and says how it is.
pub(super) fn end(name: &str) -> String {
    END.replace("NAME", name).replace("MARK", MARKER.0).replace("SAYS", SAYS)
}

/// What the host said.
pub(super) fn there(output: &Output) -> There {
    let text = String::from_utf8_lossy(&output.stdout);
    let says = text.lines().rev().find_map(|line| line.strip_prefix(SAYS)).map(str::trim);
    match (output.exit, says) {
        (Exit::Code(0), Some("gone")) => There::Gone,
        (Exit::Code(0), Some("stopped")) => There::Stopped,
        _ => There::Unknown,
    }
}

/// How often a host is asked about a run that had so much time: until that would be over.
pub(super) fn tries(timeout: Duration) -> u64 {
    timeout.max(AT_LEAST).as_secs() / AGAIN.as_secs()
}

/// What a run came to whose end nobody saw, by what its host says of it.
pub(super) fn settled(host: &str, output: Output, began: bool, only_reads: bool, there: There) -> Output {
    let ended = match there {
        There::Stopped => true,
        // One that was not seen to begin may still be on its way.
        There::Gone => began,
        There::Unknown => false,
    };
    let how = if began { "began there" } else { "may have begun there" };
    let (exit, note) = match (output.exit, ended || only_reads) {
        (exit @ (Exit::TimedOut | Exit::Cancelled), true) => return Output { exit, ..output },
        (_, true) if there == There::Stopped => {
            (Exit::Unknown, format!("the command {how}, and has been ended"))
        }
        (_, true) => (Exit::Unknown, format!("the command {how}; how it ended, nobody saw")),
        (_, false) => (Exit::Lost, format!("the command {how}, and may still be running; look at {host}")),
    };
    let why = match output.exit {
        Exit::TimedOut => "the time was up".to_owned(),
        Exit::Cancelled => "it was called off".to_owned(),
        _ => format!("the connection to {host} was lost"),
    };
    let note = format!("\n{why}: {note}\n");
    Output { exit, stderr: [output.stderr, note.into_bytes()].concat(), ..output }
}
