//! The shipped runbooks on what the shipped skills report, from the finding to the end of the incident.

use super::support::{Bot, Lab, min, secs};

macro_rules! report {
    ($name:literal) => {
        include_str!(concat!("../reports/", $name, ".txt"))
    };
}

const SKILLS: [&str; 10] = [
    "container-health", "disk-inodes", "disk-space", "http-endpoints", "kernel-log",
    "memory-pressure", "stale-mounts", "systemd-units", "time-sync", "tls-expiry",
];

fn lab() -> Lab {
    let lab = Lab::new("");
    lab.write("config.toml", "host = \"pve1\"\ntimezone = \"UTC\"\n[skills]\njitter = \"0s\"\n");
    for skill in SKILLS {
        lab.host.watch(skill, &[]);
    }
    lab
}

fn show(lab: &Lab) {
    for (n, _) in lab.chat.threads() {
        println!("=== root {n}\n{}\n--- thread\n{}\n", lab.chat.root(n), lab.chat.thread(n));
    }
}

async fn play(skill: &str, report: &str, set: &[(&str, &str)], cmds: &[(&str, i32, &str)]) {
    let lab = lab();
    let bot = lab.start().await;
    bot.pass(secs(30)).await;
    lab.host.skill_says(skill, 0, report);
    for (line, out) in set { lab.host.turns(line, skill, out); }
    for (line, exit, err) in cmds { lab.host.command(line, &[], *exit); lab.host.complains(line, err); }
    bot.pass(min(40)).await;
    println!("{:#?}", lab.host.ran());
    show(&lab);
    bot.end().await;
}

#[tokio::test]
async fn a_units() { play("systemd-units", report!("units-failed"), &[("systemctl restart nginx.service", report!("units-well"))], &[]).await }
#[tokio::test]
async fn a_units_bad() { play("systemd-units", report!("units-failed"), &[], &[("systemctl restart nginx.service", 1, "Job for nginx.service failed"), ("systemctl is-active --quiet nginx.service", 3, "")]).await }
#[tokio::test]
async fn b_docker() { play("container-health", report!("containers-docker-sick"), &[("docker restart immich_server", report!("containers-docker-restarted"))], &[]).await }
#[tokio::test]
async fn c_mount() { play("stale-mounts", report!("mounts-stale"), &[("mount /mnt/media", report!("mounts-well"))], &[]).await }
#[tokio::test]
async fn c_mount_bad() { play("stale-mounts", report!("mounts-stale"), &[], &[("mount /mnt/media", 32, "mount.nfs: Connection refused"), ("timeout 5 mountpoint -q /mnt/media", 1, "")]).await }
#[tokio::test]
async fn d_chrony_bad() { play("time-sync", report!("clock-chrony-lost"), &[], &[("chronyc waitsync 20 0.5 0 5", 1, "")]).await }
#[tokio::test]
async fn e_disk() { play("disk-space", report!("disk-journal-large"), &[("journalctl --vacuum-size=200M", report!("disk-vacuumed"))], &[]).await }
