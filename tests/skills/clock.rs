//! `time-sync`.

use crate::bench::Bench;

pub(crate) fn chrony(tracking: &str) -> Bench {
    Bench::new("time-sync")
        .stub("chronyc", &format!("cat $F/clock/{tracking}"))
        .stub("systemctl", "case $* in *' chronyd.service') exit 0;; *) exit 1;; esac")
}

pub(crate) fn timedatectl(output: &str) -> Bench {
    Bench::new("time-sync")
        .stub("timedatectl", &format!("printf '{output}'"))
        .stub("systemctl", "case $* in *' systemd-timesyncd.service') exit 0;; *) exit 1;; esac")
}

#[test]
fn a_clock_that_is_right_is_ok() {
    let chrony = chrony("tracking-good.txt").run();
    let clock = chrony.only().says("OK", "", "right to 0 ms");
    assert_eq!(clock.target(), "clock");
    chrony.measures("clock_synchronised 1").measures("clock_offset_seconds 0");
    timedatectl("NTP=yes\\nNTPSynchronized=yes\\n").run().only().says("OK", "", "is synchronised");
}

#[test]
fn a_clock_that_is_off_is_action() {
    let report = chrony("tracking-off.txt").run();
    report.only().says("ACTION", "clock-unsynced", "2812 ms fast");
    chrony("tracking-off.txt").set("WARN_OFFSET_MS", "3000").run().only().says("OK", "", "2812 ms");
}

#[test]
fn a_clock_without_a_source_is_a_problem_and_names_the_service_to_restart() {
    let lost = chrony("tracking-lost.txt").run();
    let clock = lost.only().says("PROBLEM", "clock-unsynced", "not synchronised");
    assert_eq!(clock.label("service"), "chronyd.service");
    clock.shows("Leap status");
    lost.measures("clock_synchronised 0");
    let timesyncd = timedatectl("NTP=yes\\nNTPSynchronized=no\\n").run();
    let clock =
        timesyncd.only().says("PROBLEM", "clock-unsynced", "not synchronised, though NTP is switched on");
    assert_eq!(clock.label("service"), "systemd-timesyncd.service");
}

#[test]
fn ntp_that_a_person_switched_off_names_no_service_to_restart() {
    let report = timedatectl("NTP=no\\nNTPSynchronized=no\\n").run();
    let clock = report.only().says("PROBLEM", "clock-unsynced", "NTP is switched off");
    assert_eq!(clock.label("service"), "");
}

#[test]
fn a_chrony_that_does_not_run_leaves_the_question_to_timedatectl() {
    let dead = timedatectl("NTP=yes\\nNTPSynchronized=yes\\n")
        .stub("chronyc", "echo '506 Cannot talk to daemon'; exit 1");
    dead.run().only().says("OK", "", "is synchronised");
}

#[test]
fn nobody_to_ask_is_unknown() {
    Bench::new("time-sync").run().only().says("UNKNOWN", "", "install chrony");
    let no_systemd = "cat $F/clock/timedatectl-no-systemd.txt >&2; exit 1";
    Bench::new("time-sync").stub("timedatectl", no_systemd).run().only().says(
        "UNKNOWN",
        "",
        "neither chrony nor systemd runs here",
    );
    Bench::new("time-sync").stub("chronyc", "echo garbage").run().only().says("UNKNOWN", "", "leap status");
}
