//! `steward notify-failure`: a systemd unit has failed, or works again. Leaves a file in the spool, so that it is told
//! also when Steward does not run, whatever is wrong with its configuration.

mod ask;
mod leave;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::args::{Globals, NotifyArgs};
use super::screen::Screen;
use super::{Ended, Failure};
use crate::domain::signal::Timestamp;
use ask::Unit;

/// The unit that systemd starts when another one fails, as it is shipped.
const UNIT: &str = include_str!("../../docs/systemd/steward-failure@.service");
/// The program and its arguments there.
const PROGRAM: &str = "/usr/local/bin/steward notify-failure";
/// The folder of the spool that the notices go to: the source that reads them.
const FOLDER: &str = "systemd";

/// A notice, as the format `systemd` reads it.
#[derive(Debug, Serialize)]
struct Notice<'a> {
    unit: &'a str,
    host: &'a str,
    state: &'static str,
    result: Option<&'a str>,
    description: Option<&'a str>,
    kind: Option<&'a str>,
    at: String,
    log: Option<String>,
}

/// Where the notice goes, and whose it is.
struct Address {
    spool: PathBuf,
    host: String,
}

/// Tells of a unit, or prints the unit that does.
pub(super) async fn notify(
    globals: &Globals,
    args: &NotifyArgs,
    now: Timestamp,
    screen: &mut Screen<'_>,
) -> Ended {
    let address = address(globals, args)?;
    let Some(unit) = &args.unit else {
        screen.block(super::screen::Tone::Plain, 0, &unit_file(&address)?)?;
        return Ok(ExitCode::SUCCESS);
    };
    let found = if args.recovered { Unit::default() } else { ask::systemd(unit).await };
    let notice = Notice {
        unit,
        host: &address.host,
        state: if args.recovered { "active" } else { "failed" },
        result: found.result.as_deref(),
        description: found.description.as_deref(),
        kind: found.kind,
        at: now.to_rfc3339(),
        log: found.evidence(),
    };
    let text = serde_json::to_vec_pretty(&notice).map_err(|error| {
        Failure::new(format!("the notice of {unit} can't be written: {error}"), "please report this")
    })?;
    let left = leave::leave(&address.spool, FOLDER, &text, now.timestamp_millis());
    left.map_err(|error| unwritten(&address.spool, unit, &error))?;
    Ok(ExitCode::SUCCESS)
}

/// The flags say it all, so that nothing else has to be readable; what they leave out is read.
fn address(globals: &Globals, args: &NotifyArgs) -> Result<Address, Failure> {
    if let (Some(spool), Some(host)) = (&args.spool, &args.host) {
        return Ok(Address { spool: spool.clone(), host: host.clone() });
    }
    let read = globals.request().spool_and_host().map_err(|problem| Failure {
        hint: Some("mend it, or name both --spool and --host".to_owned()),
        ..Failure::of_problems(&[problem])
    })?;
    Ok(Address { spool: args.spool.clone().unwrap_or(read.0), host: args.host.clone().unwrap_or(read.1) })
}

fn unwritten(spool: &Path, unit: &str, error: &std::io::Error) -> Failure {
    let hint = match error.kind() {
        std::io::ErrorKind::NotFound => {
            "Steward makes that folder at its first start; start it once, or name its spool with --spool"
        }
        std::io::ErrorKind::PermissionDenied => "do it as root, or as a user that may write there",
        _ => "look whether that disk is full or read-only",
    };
    Failure::new(format!("the notice of {unit} can't be left in {}: {error}", spool.display()), hint)
        .meaning("Steward was not told; it still finds a failed unit at its next look, if it watches units")
}

/// The shipped unit with this program, this spool and this host in it: it needs no configuration to be readable.
fn unit_file(address: &Address) -> Result<String, Failure> {
    let hint = "write the unit by hand, as docs/alerts.md shows it";
    let unknown = |what: String| Failure::new(what, hint);
    let program = std::env::current_exe()
        .map_err(|error| unknown(format!("Steward can't find its own program: {error}")))?;
    let spool = std::path::absolute(&address.spool)
        .map_err(|error| unknown(format!("the spool can't be found: {error}")))?;
    let words = [
        &program.to_string_lossy(),
        "notify-failure",
        "--spool",
        &spool.to_string_lossy(),
        "--host",
        &address.host,
    ];
    let line: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    Ok(UNIT.replace(PROGRAM, &line.join(" ")))
}

/// A word as systemd reads it back.
fn quoted(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    if word.contains([' ', '\t', '\'', '"', ';']) { format!("\"{escaped}\"") } else { escaped }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::{Format, Reading};
    use crate::domain::signal::{Origin, SignalState};

    fn args(dir: &Path, unit: &str, recovered: bool) -> NotifyArgs {
        NotifyArgs {
            unit: Some(unit.to_owned()),
            recovered,
            spool: Some(dir.to_owned()),
            host: Some("vm".to_owned()),
            unit_template: false,
        }
    }

    async fn told(unit: &str, recovered: bool) -> crate::domain::signal::Signal {
        let dir = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let mut out = Vec::new();
        let mut screen = Screen::plain(&mut out);
        let ended = notify(&Globals::default(), &args(dir.path(), unit, recovered), now, &mut screen).await;
        assert!(ended.is_ok());
        let files: Vec<_> =
            std::fs::read_dir(dir.path().join(FOLDER)).unwrap().map(|e| e.unwrap().path()).collect();
        let [file] = files.as_slice() else { panic!("{files:?}") };
        assert!(file.extension().is_some_and(|extension| extension == "json"));
        let reading = Reading::new(FOLDER, Format::Systemd);
        reading.read(&std::fs::read(file).unwrap(), now).unwrap().signals.remove(0)
    }

    #[tokio::test]
    async fn a_notice_is_the_same_problem_that_the_skill_reports_also_where_there_is_no_systemd() {
        let signal = told("foo\\x2dbar@a/b.service", false).await;
        assert_eq!(signal.target.as_str(), "vm/unit/foo_x2dbar@a_b.service");
        assert_eq!(signal.signature.as_str(), "unit-failed");
        assert_eq!(signal.state, SignalState::Firing);
        assert_eq!(signal.origin, Origin::alert(FOLDER, "vm/foo\\x2dbar@a/b.service"));
        assert_eq!(signal.labels["unit"], "foo\\x2dbar@a/b.service");
    }

    #[tokio::test]
    async fn a_unit_that_works_again_ends_what_was_told_of_it() {
        let (failed, works) = (told("nginx.service", false).await, told("nginx.service", true).await);
        assert_eq!(works.state, SignalState::Resolved);
        assert_eq!((works.origin, works.target), (failed.origin, failed.target));
    }

    #[test]
    fn the_unit_file_names_this_program_and_all_that_it_needs() {
        let address = Address { spool: "/srv/my spool/100%".into(), host: "vm".to_owned() };
        let text = unit_file(&address).unwrap();
        let line = text.lines().find(|line| line.starts_with("ExecStart=")).unwrap();
        assert!(line.contains(" notify-failure --spool \"/srv/my spool/100%%\" --host vm "), "{line}");
        assert!(line.ends_with(" %i"), "{line}");
        assert!(!text.contains("/usr/local/bin"), "{text}");
    }

    #[tokio::test]
    async fn a_spool_that_is_not_there_is_told_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let args = args(&dir.path().join("nowhere"), "nginx.service", true);
        let mut out = Vec::new();
        let ended =
            notify(&Globals::default(), &args, Timestamp::UNIX_EPOCH, &mut Screen::plain(&mut out)).await;
        let Err(super::super::failure::Stop::Failed(failure)) = ended else { panic!("it is told") };
        assert!(failure.hint.unwrap().contains("first start"));
    }
}
