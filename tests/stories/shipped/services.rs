//! Units and containers are restarted.

use super::{Machine, fails, lab};
use crate::support::{min, secs};

#[tokio::test]
async fn a_failed_daemon_is_restarted_and_a_failed_job_or_mount_is_left_to_a_person() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    lab.host.turns("systemctl restart nginx.service", "systemd-units", report!("units-restarted"));
    machine.learns("systemd-units", report!("units-failed")).await;
    assert_eq!(
        lab.host.ran(),
        ["systemctl restart nginx.service", "systemctl is-active --quiet nginx.service"]
    );
    machine.holds(3, "restart-failed-unit").await;
    machine.left_to_a_person(1, "pve1/unit/backup.service");
    machine.left_to_a_person(2, "pve1/unit/mnt-my_x2ddisk.mount");
    machine.left_to_a_person(4, "pve1/unit/_.mount");
    machine.end().await;
}

#[tokio::test]
async fn a_daemon_that_does_not_come_up_is_restarted_as_often_as_it_may_and_then_people_are_called() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    fails(&lab, "systemctl restart nginx.service", 1, "Job for nginx.service failed.");
    fails(&lab, "systemctl is-active --quiet nginx.service", 3, "");
    machine.learns("systemd-units", report!("units-failed")).await;
    machine.pass(secs(20)).await;
    let twice = ["systemctl restart nginx.service", "systemctl is-active --quiet nginx.service"].repeat(2);
    assert_eq!(lab.host.ran(), twice, "two tries, 15 s apart");
    machine.tells(
        3,
        &["exit code 1: Job for nginx.service failed.", "did not help", "may run again at 08:10:10"],
    );
    machine.pass(min(9)).await;
    assert!(lab.host.ran().is_empty(), "not before its cooldown is over");
    machine.pass(min(2)).await;
    assert_eq!(lab.host.ran(), twice);
    machine.gives_up(3, &["@here", "restart-failed-unit did not fix it", "needs a person"]).await;
    machine.heard(&[1, 2, 4]);
    machine.end().await;
}

#[tokio::test]
async fn an_unhealthy_docker_container_is_restarted_and_one_that_crashes_or_was_stopped_is_not() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    let well_again = report!("containers-docker-restarted");
    lab.host.turns("docker restart immich_server", "container-health", well_again);
    machine.learns("container-health", report!("containers-docker-sick")).await;
    assert_eq!(lab.host.ran(), ["docker restart immich_server"]);
    machine.holds(1, "restart-unhealthy-container-docker").await;
    machine.left_to_a_person(2, "pve1/container/paperless");
    machine.left_to_a_person(3, "pve1/container/traefik");
    machine.left_to_a_person(4, "pve1/container/vaultwarden");
    machine.end().await;
}

#[tokio::test]
async fn an_unhealthy_podman_container_is_restarted_with_podman() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    let well_again = report!("containers-podman-restarted");
    lab.host.turns("podman restart homeassistant", "container-health", well_again);
    machine.learns("container-health", report!("containers-podman-sick")).await;
    assert_eq!(lab.host.ran(), ["podman restart homeassistant"]);
    machine.holds(1, "restart-unhealthy-container-podman").await;
    machine.left_to_a_person(2, "pve1/container/mosquitto");
    machine.end().await;
}

#[tokio::test]
async fn a_container_that_stays_unhealthy_is_restarted_twice_and_then_people_are_called() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    machine.learns("container-health", report!("containers-docker-sick")).await;
    assert_eq!(lab.host.ran(), ["docker restart immich_server"]);
    machine.tells(1, &["did not help", "its health check fails", "may run again at 08:10:10"]);
    machine.pass(min(11)).await;
    assert_eq!(lab.host.ran(), ["docker restart immich_server"]);
    machine
        .gives_up(1, &["@here", "restart-unhealthy-container-docker did not fix it", "needs a person"])
        .await;
    machine.heard(&[2, 3, 4]);
    machine.end().await;
}

#[tokio::test]
async fn a_container_that_falls_sick_again_within_the_watch_time_is_not_restarted_again() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    let well_again = report!("containers-podman-restarted");
    lab.host.turns("podman restart homeassistant", "container-health", well_again);
    machine.learns("container-health", report!("containers-podman-sick")).await;
    assert_eq!(lab.host.ran(), ["podman restart homeassistant"]);
    machine.pass(min(20)).await;
    assert_eq!(machine.state(1), "resolved");
    machine.learns("container-health", report!("containers-podman-sick")).await;
    assert!(lab.host.ran().is_empty());
    assert_eq!(lab.chat.field(1, "Tried"), "restart-unhealthy-container-podman: worked, but did not last");
    assert_eq!(lab.chat.calls(), 1);
    machine.tells(1, &["@here", "Came back", "needs a person"]);
    machine.heard(&[2]);
    machine.end().await;
}
