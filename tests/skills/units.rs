//! `systemd-units`.

use crate::bench::Bench;

const JOURNAL: &str = "case $* in *nginx*) cat $F/units/journal-nginx.txt;; esac";
const SYSTEMCTL: &str = r#"case $* in
  is-system-running) echo degraded; exit 1;;
  list-units*--failed*) cat $F/units/failed.txt;;
  show*nginx.service) cat $F/units/show-nginx.txt;;
  show*backup.service) cat $F/units/show-backup.txt;;
  show*) cat $F/units/show-mount.txt;;
esac"#;

/// A machine with a failed daemon, a failed job and two failed mounts.
pub(crate) fn failing() -> Bench {
    Bench::new("systemd-units").stub("systemctl", SYSTEMCTL).stub("journalctl", JOURNAL)
}

#[test]
fn no_failed_unit_is_ok() {
    let running = "case $1 in is-system-running) echo running;; esac";
    let report = Bench::new("systemd-units").stub("systemctl", running).run();
    let units = report.only().says("OK", "", "no unit has failed");
    assert_eq!(units.target(), "unit");
    report.measures("systemd_failed_units 0");
}

#[test]
fn each_failed_unit_is_a_problem_with_its_raw_name_for_runbooks() {
    let report = failing().run();
    assert_eq!(report.findings.len(), 4);
    let nginx = report.about("unit/nginx.service");
    nginx.says(
        "PROBLEM",
        "unit-failed",
        "nginx.service has failed (exit-code): A high performance web server",
    );
    assert_eq!((nginx.label("unit"), nginx.label("kind")), ("nginx.service", "daemon"));
    assert_eq!(report.about("unit/mnt-my_x2ddisk.mount").label("unit"), r"mnt-my\x2ddisk.mount");
    assert_eq!(report.about("unit/_.mount").label("unit"), "-.mount");
    report.measures("systemd_failed_units 4");
}

#[test]
fn a_job_is_told_from_a_daemon_because_running_it_again_is_a_decision() {
    let report = failing().run();
    let backup = report.about("unit/backup.service").says("PROBLEM", "unit-failed", "(timeout)");
    assert_eq!(backup.label("kind"), "job");
}

#[test]
fn log_lines_are_evidence_and_can_forge_nothing() {
    let report = failing().run();
    report.about("unit/nginx.service").shows("STATUS:OK\n").shows("Address already in use");
    assert!(!report.text.contains("[31;1m"), "colour codes survived: {}", report.text);
    assert!(!report.targets().contains(&"disk/rootfs"));
}

#[test]
fn ignored_units_are_left_out() {
    let report = failing().set("IGNORE", r"mnt-my\x2ddisk.mount -.mount backup.service").run();
    assert_eq!(report.only().target(), "unit/nginx.service");
}

#[test]
fn a_machine_without_systemd_is_unknown() {
    Bench::new("systemd-units").run().only().says("UNKNOWN", "", "systemctl is missing");
    let offline = Bench::new("systemd-units").stub("systemctl", "echo offline; exit 1");
    offline.run().only().says("UNKNOWN", "", "systemd doesn't run this machine");
}

#[test]
fn a_systemd_that_may_not_be_asked_is_unknown() {
    let denied = "echo 'Failed to connect to bus: Permission denied' >&2; exit 1";
    Bench::new("systemd-units").stub("systemctl", denied).run().only().says(
        "UNKNOWN",
        "",
        "Permission denied",
    );
    let half = "case $1 in is-system-running) echo running;; *) echo 'Failed to list units: Access denied' >&2; exit 1;; esac";
    Bench::new("systemd-units").stub("systemctl", half).run().only().says("UNKNOWN", "", "Access denied");
}

#[test]
fn a_journal_that_may_not_be_read_does_not_spoil_the_finding() {
    let report = Bench::new("systemd-units").stub("systemctl", SYSTEMCTL).run();
    report.about("unit/nginx.service").says("PROBLEM", "unit-failed", "has failed");
}
