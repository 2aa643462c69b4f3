//! Stale mounts are mounted again.

use super::{Machine, fails, lab};
use crate::support::min;

const REMOUNT: [&str; 4] = [
    "umount -c -l /mnt/media",
    "timeout 5 stat -f /mnt/media",
    "mount /mnt/media",
    "timeout 5 mountpoint -q /mnt/media",
];

#[tokio::test]
async fn a_stale_mount_of_a_living_server_is_detached_and_mounted_again() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    lab.host.turns("mount /mnt/media", "stale-mounts", report!("mounts-well"));
    machine.learns("stale-mounts", report!("mounts-stale")).await;
    assert_eq!(lab.host.ran(), REMOUNT);
    machine.holds(1, "remount-stale-mount").await;
    machine.end().await;
}

#[tokio::test]
async fn a_mount_whose_server_is_down_or_that_nobody_declared_is_left_to_a_person() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    machine.learns("stale-mounts", report!("mounts-stale-not-in-fstab")).await;
    machine.left_to_a_person(1, "pve1/mount/mnt/media");
    machine.learns("stale-mounts", report!("mounts-stale-server-down")).await;
    machine.left_to_a_person(2, "pve1/mount/mnt/my_scans");
    assert!(lab.host.ran().is_empty());
    machine.heard(&[1]);
    machine.end().await;
}

#[tokio::test]
async fn a_mount_that_can_be_had_back_neither_way_is_stuck_until_a_person_has_seen_to_it() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    fails(&lab, "mount /mnt/media", 32, "mount.nfs: Connection refused");
    fails(&lab, "timeout 5 mountpoint -q /mnt/media", 32, "");
    machine.learns("stale-mounts", report!("mounts-stale")).await;
    machine.pass(min(1)).await;
    let tries = [&REMOUNT[..], &REMOUNT[2..], &REMOUNT[2..]].concat();
    assert_eq!(lab.host.ran(), [&tries[..], &["mount /mnt/media"]].concat(), "three tries, then the undo");
    assert_eq!(machine.state(1), "stuck, people called");
    assert_eq!(lab.chat.calls(), 1);
    machine.tells(
        1,
        &["exit code 32: mount.nfs: Connection refused", "took back with `mount /mnt/media`", "is stuck"],
    );
    machine.pass(min(120)).await;
    assert!(lab.host.ran().is_empty(), "nothing is tried behind people's backs");
    machine.heard(&[1]);
    lab.host.skill_says("stale-mounts", 0, report!("mounts-well"));
    machine.pass(min(5)).await;
    assert_eq!(machine.state(1), "resolved, people called");
    machine.tells(1, &["Resolved"]);
    machine.end().await;
}

#[tokio::test]
async fn a_detach_that_is_not_verified_is_taken_back_and_people_are_called_when_it_fails_again() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    fails(&lab, "umount -c -l /mnt/media", 32, "umount: /mnt/media: must be superuser to unmount.");
    fails(&lab, "timeout 5 stat -f /mnt/media", 1, "");
    machine.learns("stale-mounts", report!("mounts-stale")).await;
    let taken_back = ["umount -c -l /mnt/media", "timeout 5 stat -f /mnt/media", "mount /mnt/media"];
    assert_eq!(lab.host.ran(), taken_back);
    assert_eq!(machine.state(1), "open");
    machine
        .tells(1, &["must be superuser", "took back with `mount /mnt/media`", "may run again at 08:15:10"]);
    machine.pass(min(16)).await;
    assert_eq!(lab.host.ran(), taken_back);
    machine.gives_up(1, &["@here", "remount-stale-mount did not fix it", "needs a person"]).await;
    machine.end().await;
}
