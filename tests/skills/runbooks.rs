//! What the shipped runbooks fit and would run, and what the shipped policy says to it, for each finding that a
//! shipped skill was recorded with.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use steward::config::{LoadOptions, Setup};
use steward::domain::report::{Finding, Status};
use steward::domain::runbook::{Runbook, choose};
use steward::domain::signal::{Origin, Signal, SignalState};
use steward::engine::plan::{Draft, draft};
use steward::policy::{Decision, Facts};

use crate::bench::HOST;
use crate::recorded::findings;

/// Recorded report, target, and the one runbook that fits it. Whatever else was recorded, none fits.
const FITS: &[(&str, &str, &str)] = &[
    ("clock-chrony-lost", "clock", "resync-time-chrony"),
    ("clock-timesyncd-lost", "clock", "resync-time-timesyncd"),
    ("containers-docker-sick", "container/immich_server", "restart-unhealthy-container-docker"),
    ("containers-podman-sick", "container/homeassistant", "restart-unhealthy-container-podman"),
    ("disk-journal-large", "disk/var", "vacuum-journal"),
    ("mounts-stale", "mount/mnt/media", "remount-stale-mount"),
    ("units-failed", "unit/nginx.service", "restart-failed-unit"),
];

/// What each of them runs, in order, and which rule says what to it.
const RUNS: &[&str] = &[
    "remount-stale-mount: Run, allow by unmount: umount -c -l /mnt/media",
    "remount-stale-mount: Verify, allow by look-files: timeout 5 stat -f /mnt/media",
    "remount-stale-mount: Undo, allow by mount-declared: mount /mnt/media",
    "remount-stale-mount: Run, allow by mount-declared: mount /mnt/media",
    "remount-stale-mount: Verify, allow by look-at-a-mount: timeout 5 mountpoint -q /mnt/media",
    "restart-failed-unit: Run, allow by systemd-restart: systemctl restart nginx.service",
    "restart-failed-unit: Verify, allow by systemd-look: systemctl is-active --quiet nginx.service",
    "restart-unhealthy-container-docker: Run, allow by container-restart: docker restart immich_server",
    "restart-unhealthy-container-podman: Run, allow by container-restart: podman restart homeassistant",
    "resync-time-chrony: Run, allow by systemd-restart: systemctl restart chronyd.service",
    "resync-time-chrony: Verify, allow by clock-wait: chronyc waitsync 20 0.5 0 5",
    "resync-time-timesyncd: Run, allow by systemd-restart-of-its-own: systemctl restart systemd-timesyncd.service",
    "resync-time-timesyncd: Verify, allow by clock-wait-systemd: timeout 100 /usr/lib/systemd/systemd-time-wait-sync",
    "vacuum-journal: Run, approve by journal-vacuum: journalctl --vacuum-size=200M",
];

/// The shipped runbooks, rules and settings, and nothing of anybody's own.
fn shipped() -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "").unwrap();
    let env = |_: &str| None;
    let options = LoadOptions { file: Some(file), state_dir: None, host: HOST, timezone: "UTC", env: &env };
    Setup::load_with(&options).unwrap()
}

fn signal(skill: &str, finding: Finding) -> Signal {
    Signal {
        origin: Origin::Skill(skill.to_owned()),
        target: finding.target,
        signature: finding.signature,
        severity: finding.severity,
        state: SignalState::Firing,
        summary: finding.summary,
        impact: finding.impact,
        evidence: finding.evidence,
        labels: finding.labels,
        at: DateTime::<Utc>::UNIX_EPOCH,
        received_at: DateTime::<Utc>::UNIX_EPOCH,
    }
}

/// Every problem that was recorded: the report, the target without the host, the signal.
fn problems() -> Vec<(&'static str, String, Signal)> {
    let wrong = |finding: &Finding| matches!(finding.status, Status::Problem | Status::Action);
    let all = findings().into_iter().filter(|(_, _, finding)| wrong(finding));
    all.map(|(report, skill, finding)| {
        let below = format!("{HOST}/");
        (report, finding.target.as_str().replacen(&below, "", 1), signal(skill, finding))
    })
    .collect()
}

/// The problem that a runbook is for.
fn problem_of(runbook: &str) -> Signal {
    let (report, target, _) = FITS.iter().find(|(_, _, name)| *name == runbook).unwrap();
    let found = problems().into_iter().find(|(r, t, _)| r == report && t == target);
    found.unwrap_or_else(|| panic!("{report} has no {target}")).2
}

fn fitting<'a>(setup: &'a Setup, signal: &Signal) -> Vec<&'a str> {
    choose(setup.loaded.runbooks.values(), signal).into_iter().map(|book| book.name.as_str()).collect()
}

fn plan(setup: &Setup, runbook: &Runbook, signal: &Signal) -> Draft {
    let facts = Facts { autonomy: setup.loaded.config.autonomy, ..Facts::plain() };
    draft(runbook, signal, &setup.loaded.config.host, &setup.policy, &facts).unwrap()
}

#[test]
fn each_runbook_fits_what_it_is_for_and_nothing_else() {
    let setup = shipped();
    let mut fits = BTreeSet::new();
    for (report, target, signal) in problems() {
        fits.extend(fitting(&setup, &signal).into_iter().map(|book| (report, target.clone(), book)));
    }
    let expected: BTreeSet<_> = FITS.iter().map(|(r, t, book)| (*r, (*t).to_owned(), *book)).collect();
    assert_eq!(fits, expected);
    let shipped: BTreeSet<&str> = setup.loaded.runbooks.keys().map(String::as_str).collect();
    assert_eq!(shipped, FITS.iter().map(|(_, _, book)| *book).collect(), "not every runbook is tried");
}

#[test]
fn each_label_that_a_runbook_asks_for_keeps_it_from_what_it_is_not_for() {
    let setup = shipped();
    for (runbook, label, other) in [
        ("restart-failed-unit", "kind", "job"),
        ("restart-failed-unit", "unit", "mnt-media.mount"),
        ("restart-unhealthy-container-docker", "runtime", "nerdctl"),
        ("restart-unhealthy-container-podman", "runtime", "nerdctl"),
        ("remount-stale-mount", "server", "down"),
        ("remount-stale-mount", "server", "unknown"),
        ("remount-stale-mount", "fstab", "no"),
        ("remount-stale-mount", "mount", "media"),
        ("resync-time-chrony", "service", "ntpd.service"),
        ("resync-time-timesyncd", "service", "ntpd.service"),
        ("vacuum-journal", "journal", "small"),
    ] {
        let mut signal = problem_of(runbook);
        assert_eq!(fitting(&setup, &signal), [runbook]);
        signal.labels.insert(label.to_owned(), other.to_owned());
        assert!(fitting(&setup, &signal).is_empty(), "{runbook} fits {label}: {other}");
        signal.labels.remove(label);
        assert!(fitting(&setup, &signal).is_empty(), "{runbook} fits without {label}");
    }
}

#[test]
fn a_shipped_rule_knows_every_command_and_all_run_by_themselves_but_the_vacuum() {
    let setup = shipped();
    let mut runs = Vec::new();
    for book in setup.loaded.runbooks.values() {
        let draft = plan(&setup, book, &problem_of(&book.name));
        let asks = draft.decision != Decision::Allow;
        assert_eq!(asks, book.name == "vacuum-journal", "{}", book.name);
        runs.extend(draft.judged.iter().map(|judged| {
            let rule = judged.evaluation.rule.as_deref().unwrap_or("NO RULE");
            let (part, decision) = (format!("{:?}", judged.part), judged.evaluation.decision);
            format!("{}: {part}, {decision} by {rule}: {}", book.name, judged.action)
        }));
    }
    assert_eq!(runs, RUNS);
}

#[test]
fn a_service_that_people_come_in_by_is_not_restarted_without_a_yes() {
    let setup = shipped();
    let book = &setup.loaded.runbooks["restart-failed-unit"];
    for unit in ["ssh.service", "NetworkManager.service", "systemd-networkd.service", "dbus.service"] {
        let mut signal = problem_of(&book.name);
        signal.labels.insert("unit".to_owned(), unit.to_owned());
        assert_eq!(plan(&setup, book, &signal).decision, Decision::Approve, "{unit}");
    }
}

#[test]
fn every_template_is_filled_from_a_label_that_the_match_asks_for() {
    for (name, book) in shipped().loaded.runbooks {
        let commands = book.steps.iter().flat_map(|step| step.commands());
        let templates = commands.flat_map(|(_, command)| command.templates());
        for used in templates.flat_map(|template| template.names()) {
            let label = used.strip_prefix("labels.");
            let asked_for = label.is_some_and(|label| book.fits.labels.contains_key(label));
            assert!(asked_for, "{name} uses {used}, which its match does not ask for");
        }
    }
}
