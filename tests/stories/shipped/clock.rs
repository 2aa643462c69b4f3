//! The clock is brought back in step.

use super::{Machine, fails, lab};
use crate::support::min;

#[tokio::test]
async fn a_chrony_that_lost_its_sources_is_restarted_and_awaited() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    lab.host.turns("chronyc waitsync 20 0.5 0 5", "time-sync", report!("clock-chrony-well"));
    machine.learns("time-sync", report!("clock-chrony-lost")).await;
    assert_eq!(lab.host.ran(), ["systemctl restart chronyd.service", "chronyc waitsync 20 0.5 0 5"]);
    machine.holds(1, "resync-time-chrony").await;
    machine.end().await;
}

#[tokio::test]
async fn a_timesyncd_without_an_answer_is_restarted_and_awaited() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    let wait = "timeout 100 /usr/lib/systemd/systemd-time-wait-sync";
    lab.host.turns(wait, "time-sync", report!("clock-timesyncd-well"));
    machine.learns("time-sync", report!("clock-timesyncd-lost")).await;
    assert_eq!(lab.host.ran(), ["systemctl restart systemd-timesyncd.service", wait]);
    machine.holds(1, "resync-time-timesyncd").await;
    machine.end().await;
}

#[tokio::test]
async fn a_clock_that_finds_no_time_server_is_resynced_twice_and_then_people_are_called() {
    for (report, restart, wait, exit) in [
        (report!("clock-chrony-lost"), "systemctl restart chronyd.service", "chronyc waitsync 20 0.5 0 5", 1),
        (
            report!("clock-timesyncd-lost"),
            "systemctl restart systemd-timesyncd.service",
            "timeout 100 /usr/lib/systemd/systemd-time-wait-sync",
            124,
        ),
    ] {
        let lab = lab();
        let machine = Machine::start(&lab).await;
        fails(&lab, wait, exit, "");
        machine.learns("time-sync", report).await;
        assert_eq!(lab.host.ran(), [restart, wait]);
        machine.tells(1, &["did not help", "may run again at 08:30:10"]);
        machine.pass(min(31)).await;
        assert_eq!(lab.host.ran(), [restart, wait]);
        machine.gives_up(1, &["@here", "did not fix it", "needs a person"]).await;
        machine.end().await;
    }
}

#[tokio::test]
async fn a_clock_that_is_only_off_or_that_a_person_switched_off_is_left_alone() {
    for report in [report!("clock-chrony-off"), report!("clock-ntp-switched-off")] {
        let lab = lab();
        let machine = Machine::start(&lab).await;
        machine.learns("time-sync", report).await;
        machine.left_to_a_person(1, "pve1/clock");
        assert!(lab.host.ran().is_empty());
        machine.end().await;
    }
}
