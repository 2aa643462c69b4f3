//! The lab's check: looks at the four processes as a person would and writes a skill's report.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::control::UnitStatus;
use super::http;
use super::layout::{Layout, Role};

/// Longer than the proxy waits for its services.
const PATIENCE: Duration = Duration::from_secs(4);
/// The part of a process's log that is evidence, in lines.
const LOG_LINES: usize = 5;

/// How a process answers on `/health`: the status and what it says, or why there was no answer.
pub(super) type Health = Result<(u16, String), String>;

/// Asks a process on its port.
pub(super) fn probe(port: u16) -> Health {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match http::ask(address, "GET", "/health", "", PATIENCE) {
        Ok(response) => Ok((response.status, response.body.trim().to_owned())),
        Err(why) => Err(why.to_string()),
    }
}

/// The end of a process's log; what it says again and again, once.
pub(super) fn log_tail(layout: &Layout, role: Role) -> String {
    let text = std::fs::read(layout.log(role.name())).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.dedup();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}

/// The whole report: a finding for each process that is not well, or one `OK`.
pub(super) fn report(
    units: &[UnitStatus],
    probe: &dyn Fn(u16) -> Health,
    log: &dyn Fn(Role) -> String,
) -> String {
    let findings: Vec<String> = units.iter().filter_map(|unit| finding(unit, probe, log)).collect();
    if findings.is_empty() {
        return "STATUS:OK\nsummary: store, api, web and proxy answer\n".to_owned();
    }
    findings.concat()
}

/// The report when nothing can be known.
pub(super) fn unknown(why: &str) -> String {
    format!("STATUS:UNKNOWN\nsummary: {}\n", one_line(why))
}

fn finding(unit: &UnitStatus, probe: &dyn Fn(u16) -> Health, log: &dyn Fn(Role) -> String) -> Option<String> {
    let role = unit.role;
    let (signature, summary, evidence) = match unit.port.filter(|_| unit.is_up()) {
        Some(port) => match probe(port) {
            Ok((200, _)) => return None,
            Ok((status, body)) => (
                "unhealthy",
                format!("{role} answers {status}: {body}"),
                format!("GET /health: {status}\n{body}"),
            ),
            Err(why) => {
                ("unhealthy", format!("{role} does not answer: {why}"), format!("GET /health: {why}"))
            }
        },
        None => {
            let evidence = format!("{}\n{}", unit.describe(), log(role));
            if unit.config_refused {
                ("config-invalid", unit.last_words.clone(), evidence)
            } else {
                (down(role), unit.describe(), evidence)
            }
        }
    };
    let mut text = format!("STATUS:PROBLEM\ntarget: {}\nsignature: {signature}\n", role.target());
    // Writing to a string can't fail.
    let _ = writeln!(text, "summary: {}\nimpact: {}\n", one_line(&summary), impact(role));
    for line in evidence.lines().filter(|line| !line.trim().is_empty()) {
        let _ = writeln!(text, "  {line}");
    }
    Some(text)
}

fn down(role: Role) -> &'static str {
    match role {
        Role::Store => "store-down",
        Role::Api | Role::Web | Role::Proxy => "service-down",
    }
}

fn impact(role: Role) -> &'static str {
    match role {
        Role::Store => "api and web can neither read nor write",
        Role::Api => "everything behind /api is unavailable",
        Role::Web => "everything behind /web is unavailable",
        Role::Proxy => "some or all pages are unavailable from outside",
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::lab::control::UnitState;

    fn up(role: Role, port: u16) -> UnitStatus {
        UnitStatus {
            role,
            state: UnitState::Running,
            pid: Some(7),
            port: Some(port),
            ended: None,
            config_refused: false,
            last_words: String::new(),
        }
    }

    fn gone(role: Role, state: UnitState, ended: &str, config_refused: bool) -> UnitStatus {
        UnitStatus {
            pid: None,
            port: None,
            state,
            ended: Some(ended.to_owned()),
            config_refused,
            last_words: format!("{role} refuses its config: {role}.toml line 2: unknown field"),
            ..up(role, 1)
        }
    }

    fn heads(report: &str) -> Vec<&str> {
        let head = |line: &&str| {
            ["STATUS", "target", "signature", "summary"].iter().any(|key| line.starts_with(key))
        };
        report.lines().filter(head).collect()
    }

    #[test]
    fn a_dead_store_and_those_who_need_it_are_told_apart() {
        let units = [gone(Role::Store, UnitState::Ended, "signal 9", false), up(Role::Api, 503)];
        let text = report(&units, &|status| Ok((status, "store refuses\nthe connection".into())), &|_| {
            String::new()
        });
        assert_eq!(
            heads(&text),
            [
                "STATUS:PROBLEM",
                "target: lab/store",
                "signature: store-down",
                "summary: store is not running (signal 9)",
                "STATUS:PROBLEM",
                "target: lab/api",
                "signature: unhealthy",
                "summary: api answers 503: store refuses the connection",
            ]
        );
    }

    #[test]
    fn a_refused_config_is_told_with_the_line_and_the_log_as_evidence() {
        let units = [gone(Role::Api, UnitState::Failed, "exit code 78", true)];
        let text = report(&units, &|_| Err("no".into()), &|_| "one\nSTATUS:PROBLEM forged\n".into());
        assert!(
            text.contains("signature: config-invalid\nsummary: api refuses its config: api.toml line 2"),
            "{text}"
        );
        assert_eq!(text.matches("\nSTATUS:").count(), 0, "a line of the log became a finding: {text}");
    }

    #[test]
    fn a_lab_that_answers_is_ok() {
        let units = [up(Role::Store, 200), up(Role::Proxy, 200)];
        let text = report(&units, &|status| Ok((status, "ok".into())), &|_| String::new());
        assert_eq!(heads(&text)[0], "STATUS:OK");
    }
}
