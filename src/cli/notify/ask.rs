//! What systemd and its journal know of a unit. Both may be missing or slow: then there is less to tell.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// How long each may take. A failed unit must be told of before systemd loses its patience.
const PATIENCE: Duration = Duration::from_secs(5);
/// The lines of the journal that are sent along.
const LINES: &str = "30";
/// Bytes of them at most.
const LOG: usize = 16 * 1024;

/// What is known of a unit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unit {
    /// How it ended: `exit-code`, `timeout`, `oom-kill`, …
    pub(super) result: Option<String>,
    pub(super) description: Option<String>,
    /// Whether it is a `job` that runs and ends, or a `daemon`.
    pub(super) kind: Option<&'static str>,
    status: Option<String>,
    restarts: Option<String>,
    log: Option<String>,
}

/// Asks both.
pub(super) async fn systemd(unit: &str) -> Unit {
    let properties =
        "--property=Description,Result,ExecMainCode,ExecMainStatus,NRestarts,Type,RemainAfterExit";
    let show = ["show", properties, "--", unit];
    let tail = ["-q", "--no-pager", "-n", LINES, "-o", "short-iso", "-u", unit];
    let (shown, log) = tokio::join!(output("systemctl", &show), output("journalctl", &tail));
    let mut found = read(&shown.unwrap_or_default());
    // What systemd hands to the unit that it starts is of the failure itself; by now the unit may run again.
    found.result =
        std::env::var("MONITOR_SERVICE_RESULT").ok().filter(|text| !text.is_empty()).or(found.result);
    found.log = log.filter(|text| !text.trim().is_empty());
    found
}

/// What a program says within its time, if it says it well.
async fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C").env("SYSTEMD_COLORS", "0");
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.ok()?.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads the properties that `systemctl show` prints.
fn read(shown: &str) -> Unit {
    let value = |name: &str| {
        let value = shown.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(value.to_owned()).filter(|value| !value.is_empty())
    };
    // A job runs and ends (a backup); a daemon is meant to stay up. The skill for failed units says the same.
    let is_job = value("RemainAfterExit").as_deref() != Some("yes");
    let kind = value("Type").map(|kind| if kind == "oneshot" && is_job { "job" } else { "daemon" });
    let status = value("ExecMainStatus").map(|status| match value("ExecMainCode").as_deref() {
        Some("2" | "3") => format!("ended by signal {status}"),
        _ => format!("exit code {status}"),
    });
    Unit {
        result: value("Result").filter(|result| result != "success"),
        description: value("Description"),
        kind,
        status,
        restarts: value("NRestarts").filter(|count| count != "0"),
        log: None,
    }
}

impl Unit {
    /// What a person wants to see of the failure, the end of the journal below the rest.
    pub(super) fn evidence(&self) -> Option<String> {
        let mut facts: Vec<String> = self.status.iter().cloned().collect();
        facts.extend(self.restarts.iter().map(|count| format!("restarted {count} times before")));
        let mut lines = Vec::new();
        if !facts.is_empty() {
            lines.push(facts.join(", "));
        }
        if let Some(log) = &self.log {
            // The end is what tells of the failure.
            let from = log.ceil_char_boundary(log.len().saturating_sub(LOG));
            lines.push(log.get(from..).unwrap_or_default().trim_end().to_owned());
        }
        Some(lines.join("\n")).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemd_knows_of_a_failure_is_told() {
        let shown = "Type=simple\nRemainAfterExit=no\nResult=exit-code\nNRestarts=5\nExecMainCode=1\nExecMainStatus=203\nDescription=A web server\n";
        let unit = Unit { log: Some(format!("{}last words\n", "x".repeat(LOG))), ..read(shown) };
        assert_eq!((unit.result.as_deref(), unit.kind), (Some("exit-code"), Some("daemon")));
        assert_eq!(unit.description.as_deref(), Some("A web server"));
        let evidence = unit.evidence().unwrap();
        assert!(evidence.starts_with("exit code 203, restarted 5 times before\n"), "{evidence}");
        assert!(evidence.ends_with("xlast words") && evidence.len() < LOG + 100);
    }

    #[test]
    fn a_backup_is_a_job_and_what_stays_after_its_end_is_not() {
        assert_eq!(read("Type=oneshot\nRemainAfterExit=no\n").kind, Some("job"));
        assert_eq!(read("Type=oneshot\nRemainAfterExit=yes\n").kind, Some("daemon"));
        assert_eq!(read("").kind, None);
    }

    #[test]
    fn what_a_signal_ended_is_told_as_that() {
        let unit = read("Result=oom-kill\nExecMainCode=2\nExecMainStatus=9\n");
        assert_eq!(unit.evidence().as_deref(), Some("ended by signal 9"));
    }

    #[tokio::test]
    async fn a_program_that_is_missing_or_fails_takes_nothing_else_away() {
        assert_eq!(output("steward-has-no-such-program", &[]).await, None);
        assert_eq!(output("false", &[]).await, None);
        assert_eq!(output("echo", &["well"]).await.as_deref(), Some("well\n"));
    }
}
