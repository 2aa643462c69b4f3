//! The shipped runbooks on what the shipped skills print (`tests/skills/recorded.rs` holds the reports to the skills):
//! what runs by itself, what is asked for, what is left alone, and how it ends when it does not help.

use super::support::{Bot, Lab, min, secs};

macro_rules! report {
    ($name:literal) => {
        include_str!(concat!("../reports/", $name, ".txt"))
    };
}

/// A machine on which all is well, with everything that is shipped and nothing of its own.
fn lab() -> Lab {
    let lab = Lab::new("");
    lab.write("config.toml", "host = \"pve1\"\ntimezone = \"UTC\"\n[skills]\njitter = \"0s\"\n");
    let skills = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/skills")).unwrap();
    skills.for_each(|skill| lab.host.watch(&skill.unwrap().file_name().to_string_lossy(), &[]));
    lab
}

/// A command does not do what it should.
fn fails(lab: &Lab, line: &str, exit: i32, complaint: &str) {
    lab.host.command(line, &[], exit);
    lab.host.complains(line, complaint);
}

impl Bot<'_> {
    /// A skill has this to report, and what happens then of itself has happened.
    async fn learns(&self, skill: &str, report: &str) {
        self.lab.host.skill_says(skill, 0, report);
        self.says(&format!("run {skill}")).await;
        self.pass(secs(11)).await;
    }

    fn state(&self, number: u64) -> String {
        self.lab.chat.field(number, "State")
    }

    /// The thread has all these words in it, in that order.
    fn tells(&self, number: u64, words: &[&str]) {
        let thread = self.lab.chat.thread(number);
        let mut rest = thread.as_str();
        for word in words {
            let at = rest.find(word).unwrap_or_else(|| panic!("no {word:?} at its place in\n{thread}"));
            rest = &rest[at + word.len()..];
        }
    }

    /// Nothing was done about an incident: it waits for a person.
    fn left_to_a_person(&self, number: u64, target: &str) {
        assert!(self.lab.chat.root(number).contains(target), "{}", self.lab.chat.root(number));
        assert_eq!(self.state(number), "open");
        self.tells(number, &["no runbook fits", "This one is yours"]);
    }

    /// The repair held: the incident is resolved, nothing else ran, and nobody was called.
    async fn holds(&self, number: u64, runbook: &str) {
        assert_eq!(self.state(number), "mitigated");
        self.pass(min(5)).await;
        assert_eq!(self.state(number), "resolved");
        assert_eq!(self.lab.chat.field(number, "Tried"), format!("{runbook}: worked"));
        self.tells(number, &[runbook, "safe to do without asking", "worked", "Resolved"]);
        assert_eq!((self.lab.host.ran().len(), self.lab.chat.calls()), (0, 0));
    }

    /// The limit is reached: people were called once, and nothing runs any more.
    async fn gives_up(&self, number: u64, words: &[&str]) {
        assert_eq!(self.lab.chat.calls(), 1);
        self.tells(number, words);
        assert_eq!(self.state(number), "open, people called");
        self.lab.host.ran();
        self.pass(min(90)).await;
        assert!(self.lab.host.ran().is_empty(), "it went on");
        assert_eq!(self.lab.chat.calls(), 1);
        self.tells(number, &[]);
    }
}

#[tokio::test]
async fn a_failed_daemon_is_restarted_and_a_failed_job_or_mount_is_left_to_a_person() {
    let lab = lab();
    let bot = lab.start().await;
    lab.host.turns("systemctl restart nginx.service", "systemd-units", report!("units-restarted"));
    bot.learns("systemd-units", report!("units-failed")).await;
    assert_eq!(
        lab.host.ran(),
        ["systemctl restart nginx.service", "systemctl is-active --quiet nginx.service"]
    );
    bot.holds(3, "restart-failed-unit").await;
    bot.left_to_a_person(1, "pve1/unit/backup.service");
    bot.left_to_a_person(2, "pve1/unit/mnt-my_x2ddisk.mount");
    bot.left_to_a_person(4, "pve1/unit/_.mount");
    bot.end().await;
}

#[tokio::test]
async fn a_daemon_that_does_not_come_up_is_restarted_as_often_as_it_may_and_then_people_are_called() {
    let lab = lab();
    let bot = lab.start().await;
    fails(&lab, "systemctl restart nginx.service", 1, "Job for nginx.service failed.");
    fails(&lab, "systemctl is-active --quiet nginx.service", 3, "");
    bot.learns("systemd-units", report!("units-failed")).await;
    bot.pass(secs(20)).await;
    let twice = ["systemctl restart nginx.service", "systemctl is-active --quiet nginx.service"].repeat(2);
    assert_eq!(lab.host.ran(), twice, "two tries, 15 s apart");
    bot.tells(
        3,
        &["exit code 1: Job for nginx.service failed.", "did not help", "may run again at 08:10:10"],
    );
    bot.pass(min(9)).await;
    assert!(lab.host.ran().is_empty(), "not before its cooldown is over");
    bot.pass(min(2)).await;
    assert_eq!(lab.host.ran(), twice);
    bot.gives_up(3, &["@here", "restart-failed-unit did not fix it", "needs a person"]).await;
    [1, 2, 4].map(|other| bot.tells(other, &[]));
    bot.end().await;
}

#[tokio::test]
async fn an_unhealthy_docker_container_is_restarted_and_one_that_crashes_or_was_stopped_is_not() {
    let lab = lab();
    let bot = lab.start().await;
    let well_again = report!("containers-docker-restarted");
    lab.host.turns("docker restart immich_server", "container-health", well_again);
    bot.learns("container-health", report!("containers-docker-sick")).await;
    assert_eq!(lab.host.ran(), ["docker restart immich_server"]);
    bot.holds(1, "restart-unhealthy-container-docker").await;
    bot.left_to_a_person(2, "pve1/container/paperless");
    bot.left_to_a_person(3, "pve1/container/traefik");
    bot.left_to_a_person(4, "pve1/container/vaultwarden");
    bot.end().await;
}

#[tokio::test]
async fn an_unhealthy_podman_container_is_restarted_with_podman() {
    let lab = lab();
    let bot = lab.start().await;
    let well_again = report!("containers-podman-restarted");
    lab.host.turns("podman restart homeassistant", "container-health", well_again);
    bot.learns("container-health", report!("containers-podman-sick")).await;
    assert_eq!(lab.host.ran(), ["podman restart homeassistant"]);
    bot.holds(1, "restart-unhealthy-container-podman").await;
    bot.left_to_a_person(2, "pve1/container/mosquitto");
    bot.end().await;
}

#[tokio::test]
async fn a_container_that_stays_unhealthy_is_restarted_twice_and_then_people_are_called() {
    let lab = lab();
    let bot = lab.start().await;
    bot.learns("container-health", report!("containers-docker-sick")).await;
    assert_eq!(lab.host.ran(), ["docker restart immich_server"]);
    bot.tells(1, &["did not help", "its health check fails", "may run again at 08:10:10"]);
    bot.pass(min(11)).await;
    assert_eq!(lab.host.ran(), ["docker restart immich_server"]);
    bot.gives_up(1, &["@here", "restart-unhealthy-container-docker did not fix it", "needs a person"]).await;
    [2, 3, 4].map(|other| bot.tells(other, &[]));
    bot.end().await;
}

#[tokio::test]
async fn a_container_that_falls_sick_again_within_the_watch_time_is_not_restarted_again() {
    let lab = lab();
    let bot = lab.start().await;
    let well_again = report!("containers-podman-restarted");
    lab.host.turns("podman restart homeassistant", "container-health", well_again);
    bot.learns("container-health", report!("containers-podman-sick")).await;
    assert_eq!(lab.host.ran(), ["podman restart homeassistant"]);
    bot.pass(min(20)).await;
    assert_eq!(bot.state(1), "resolved");
    bot.learns("container-health", report!("containers-podman-sick")).await;
    assert!(lab.host.ran().is_empty());
    assert_eq!(lab.chat.field(1, "Tried"), "restart-unhealthy-container-podman: worked, but did not last");
    assert_eq!(lab.chat.calls(), 1);
    bot.tells(1, &["@here", "Came back", "needs a person"]);
    bot.tells(2, &[]);
    bot.end().await;
}

const REMOUNT: [&str; 4] = [
    "umount -c -l /mnt/media",
    "timeout 5 stat -f /mnt/media",
    "mount /mnt/media",
    "timeout 5 mountpoint -q /mnt/media",
];

#[tokio::test]
async fn a_stale_mount_of_a_living_server_is_detached_and_mounted_again() {
    let lab = lab();
    let bot = lab.start().await;
    lab.host.turns("mount /mnt/media", "stale-mounts", report!("mounts-well"));
    bot.learns("stale-mounts", report!("mounts-stale")).await;
    assert_eq!(lab.host.ran(), REMOUNT);
    bot.holds(1, "remount-stale-mount").await;
    bot.end().await;
}

#[tokio::test]
async fn a_mount_whose_server_is_down_or_that_nobody_declared_is_left_to_a_person() {
    let lab = lab();
    let bot = lab.start().await;
    bot.learns("stale-mounts", report!("mounts-stale-not-in-fstab")).await;
    bot.left_to_a_person(1, "pve1/mount/mnt/media");
    bot.learns("stale-mounts", report!("mounts-stale-server-down")).await;
    bot.left_to_a_person(2, "pve1/mount/mnt/my_scans");
    assert!(lab.host.ran().is_empty());
    bot.tells(1, &[]);
    bot.end().await;
}

#[tokio::test]
async fn a_mount_that_can_be_had_back_neither_way_is_stuck_until_a_person_has_seen_to_it() {
    let lab = lab();
    let bot = lab.start().await;
    fails(&lab, "mount /mnt/media", 32, "mount.nfs: Connection refused");
    fails(&lab, "timeout 5 mountpoint -q /mnt/media", 32, "");
    bot.learns("stale-mounts", report!("mounts-stale")).await;
    bot.pass(min(1)).await;
    let tries = [&REMOUNT[..], &REMOUNT[2..], &REMOUNT[2..]].concat();
    assert_eq!(lab.host.ran(), [&tries[..], &["mount /mnt/media"]].concat(), "three tries, then the undo");
    assert_eq!(bot.state(1), "stuck, people called");
    assert_eq!(lab.chat.calls(), 1);
    bot.tells(
        1,
        &["exit code 32: mount.nfs: Connection refused", "took back with `mount /mnt/media`", "is stuck"],
    );
    bot.pass(min(120)).await;
    assert!(lab.host.ran().is_empty(), "nothing is tried behind people's backs");
    bot.tells(1, &[]);
    lab.host.skill_says("stale-mounts", 0, report!("mounts-well"));
    bot.pass(min(5)).await;
    assert_eq!(bot.state(1), "resolved, people called");
    bot.tells(1, &["Resolved"]);
    bot.end().await;
}

#[tokio::test]
async fn a_detach_that_is_not_verified_is_taken_back_and_people_are_called_when_it_fails_again() {
    let lab = lab();
    let bot = lab.start().await;
    fails(&lab, "umount -c -l /mnt/media", 32, "umount: /mnt/media: must be superuser to unmount.");
    fails(&lab, "timeout 5 stat -f /mnt/media", 1, "");
    bot.learns("stale-mounts", report!("mounts-stale")).await;
    let taken_back = ["umount -c -l /mnt/media", "timeout 5 stat -f /mnt/media", "mount /mnt/media"];
    assert_eq!(lab.host.ran(), taken_back);
    assert_eq!(bot.state(1), "open");
    bot.tells(1, &["must be superuser", "took back with `mount /mnt/media`", "may run again at 08:15:10"]);
    bot.pass(min(16)).await;
    assert_eq!(lab.host.ran(), taken_back);
    bot.gives_up(1, &["@here", "remount-stale-mount did not fix it", "needs a person"]).await;
    bot.end().await;
}

#[tokio::test]
async fn a_chrony_that_lost_its_sources_is_restarted_and_awaited() {
    let lab = lab();
    let bot = lab.start().await;
    lab.host.turns("chronyc waitsync 20 0.5 0 5", "time-sync", report!("clock-chrony-well"));
    bot.learns("time-sync", report!("clock-chrony-lost")).await;
    assert_eq!(lab.host.ran(), ["systemctl restart chronyd.service", "chronyc waitsync 20 0.5 0 5"]);
    bot.holds(1, "resync-time-chrony").await;
    bot.end().await;
}

#[tokio::test]
async fn a_timesyncd_without_an_answer_is_restarted_and_awaited() {
    let lab = lab();
    let bot = lab.start().await;
    let wait = "timeout 100 /usr/lib/systemd/systemd-time-wait-sync";
    lab.host.turns(wait, "time-sync", report!("clock-timesyncd-well"));
    bot.learns("time-sync", report!("clock-timesyncd-lost")).await;
    assert_eq!(lab.host.ran(), ["systemctl restart systemd-timesyncd.service", wait]);
    bot.holds(1, "resync-time-timesyncd").await;
    bot.end().await;
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
        let bot = lab.start().await;
        fails(&lab, wait, exit, "");
        bot.learns("time-sync", report).await;
        assert_eq!(lab.host.ran(), [restart, wait]);
        bot.tells(1, &["did not help", "may run again at 08:30:10"]);
        bot.pass(min(31)).await;
        assert_eq!(lab.host.ran(), [restart, wait]);
        bot.gives_up(1, &["@here", "did not fix it", "needs a person"]).await;
        bot.end().await;
    }
}

#[tokio::test]
async fn a_clock_that_is_only_off_or_that_a_person_switched_off_is_left_alone() {
    for report in [report!("clock-chrony-off"), report!("clock-ntp-switched-off")] {
        let lab = lab();
        let bot = lab.start().await;
        bot.learns("time-sync", report).await;
        bot.left_to_a_person(1, "pve1/clock");
        assert!(lab.host.ran().is_empty());
        bot.end().await;
    }
}

const VACUUM: &str = "journalctl --vacuum-size=200M";

#[tokio::test]
async fn a_large_journal_on_a_full_disk_is_vacuumed_after_a_yes_and_not_before() {
    let lab = lab();
    let bot = lab.start().await;
    lab.host.turns(VACUUM, "disk-space", report!("disk-vacuumed"));
    bot.learns("disk-space", report!("disk-journal-large")).await;
    bot.pass(min(20)).await;
    assert!(lab.host.ran().is_empty(), "it did not wait for an answer");
    bot.tells(1, &["may I run vacuum-journal?", VACUUM, "it can't be taken back", "`approve 1`"]);
    bot.says("approve 1").await;
    assert_eq!(lab.host.ran(), [VACUUM]);
    assert_eq!(bot.state(1), "mitigated");
    bot.pass(min(5)).await;
    assert_eq!(bot.state(1), "resolved");
    bot.tells(1, &["approved by alex", "vacuum-journal worked", "Resolved"]);
    bot.left_to_a_person(2, "pve1/disk/rootfs");
    bot.end().await;
}

#[tokio::test]
async fn after_a_no_and_without_an_answer_the_journal_stays_as_it_is() {
    for answer in [Some("deny 1"), None] {
        let lab = lab();
        let bot = lab.start().await;
        bot.learns("disk-space", report!("disk-journal-large")).await;
        if let Some(answer) = answer {
            bot.says(answer).await;
        }
        bot.pass(min(180)).await;
        assert!(lab.host.ran().is_empty());
        assert_eq!((bot.state(1), lab.chat.calls()), ("open".to_owned(), 0));
        let ended = if answer.is_some() { "alex said no" } else { "expired" };
        bot.tells(1, &["may I run vacuum-journal?", ended, "vacuum-journal fits"]);
        bot.tells(2, &[]);
        bot.end().await;
    }
}

#[tokio::test]
async fn a_vacuum_that_makes_no_room_is_stuck_because_what_is_deleted_is_gone() {
    let lab = lab();
    let bot = lab.start().await;
    lab.host.turns(VACUUM, "disk-space", report!("disk-journal-small"));
    bot.learns("disk-space", report!("disk-journal-large")).await;
    bot.says("approve 1").await;
    bot.pass(min(60)).await;
    assert_eq!(lab.host.ran(), [VACUUM]);
    assert_eq!((bot.state(1), lab.chat.calls()), ("stuck, people called".to_owned(), 1));
    bot.tells(1, &["@here", "vacuum-journal is stuck", "/var is 97% full, 1.1 GB left. Type `clear 1`"]);
    bot.says("clear 1").await;
    assert_eq!(bot.state(1), "open, people called");
    bot.tells(1, &["alex says", "no runbook fits"]);
    assert!(lab.host.ran().is_empty());
    bot.tells(2, &[]);
    bot.end().await;
}

#[tokio::test]
async fn a_disk_that_a_small_journal_fills_is_left_to_a_person() {
    let lab = lab();
    let bot = lab.start().await;
    bot.learns("disk-space", report!("disk-journal-small")).await;
    bot.left_to_a_person(1, "pve1/disk/var");
    bot.left_to_a_person(2, "pve1/disk/rootfs");
    assert!(lab.host.ran().is_empty());
    bot.end().await;
}
