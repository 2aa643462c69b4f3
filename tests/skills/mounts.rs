//! `stale-mounts`.

use std::io;
use std::net::TcpListener;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::report::Finding;

/// Something listens on the NFS port of this machine for as long as tests run: this, or a real server.
static NFS_SERVER: LazyLock<io::Result<TcpListener>> = LazyLock::new(|| TcpListener::bind("127.0.0.1:2049"));

/// A stat that finds every mount stale.
pub(crate) const STALE: &str = "echo 'stat: x: Stale file handle' >&2; exit 1";

pub(crate) fn mounts(stat: &str) -> Bench {
    LazyLock::force(&NFS_SERVER);
    Bench::new("stale-mounts")
        .stub("stat", stat)
        .fixture("MOUNTS_FILE", "mounts/mounts.txt")
        .fixture("FSTAB_FILE", "mounts/fstab.txt")
        .set("TIMEOUT_SECONDS", "0.3")
}

#[test]
fn network_mounts_that_answer_are_ok_and_all_others_are_left_alone() {
    let report = mounts("").run();
    assert_eq!(report.targets(), ["mount/mnt/media", "mount/mnt/my_scans", "mount/mnt/backup"]);
    assert!(report.findings.iter().all(Finding::is_ok));
    assert_eq!(report.about("mount/mnt/my_scans").label("mount"), "/mnt/my scans");
}

#[test]
fn a_mount_that_hangs_is_a_problem_and_holds_up_neither_the_skill_nor_the_others() {
    let report = mounts("case $* in *media) exec sleep 20;; esac").run();
    let media =
        report.about("mount/mnt/media").says("PROBLEM", "mount-stale", "no answer within 0.3 seconds");
    assert_eq!((media.label("mount"), media.label("source")), ("/mnt/media", "127.0.0.1:/export/media"));
    assert!(report.about("mount/mnt/backup").is_ok());
}

#[test]
fn a_stat_that_cant_even_be_killed_is_left_behind() {
    // The kernel's uninterruptible sleep, as far as a test can have it: timeout itself does not come back.
    let started = Instant::now();
    let report = mounts("").stub("timeout", "case $* in *stat*media) exec sleep 20;; esac").run();
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "the skill waited for it, or left it our output to hold"
    );
    report.about("mount/mnt/media").says("PROBLEM", "mount-stale", "no answer");
    assert!(report.about("mount/mnt/my_scans").is_ok());
}

#[test]
fn an_error_of_the_mount_is_a_problem_in_its_own_words() {
    let stale = "echo \"stat: cannot read file system information for '/mnt/my scans': Stale file handle\" >&2; exit 1";
    let report = mounts(stale).run();
    report.about("mount/mnt/my_scans").says("PROBLEM", "mount-stale", "(Stale file handle)");
}

#[test]
fn labels_tell_a_runbook_whether_a_remount_can_work() {
    let report = mounts(STALE).run();
    let media = report.about("mount/mnt/media");
    assert_eq!((media.label("server"), media.label("fstab")), ("up", "yes"));
    // No such server, and fstab has it in a comment only.
    let scans = report.about("mount/mnt/my_scans");
    assert_eq!((scans.label("server"), scans.label("fstab")), ("down", "no"));
}

#[test]
fn no_network_mounts_is_ok_and_an_unreadable_table_is_unknown() {
    let none = mounts("").fixture("MOUNTS_FILE", "mounts/fstab.txt").set("IGNORE", "/mnt/media/");
    none.run().only().says("OK", "", "no network mounts");
    mounts("").set("MOUNTS_FILE", "/no/such/table").run().only().says("UNKNOWN", "", "can't be read");
}

#[test]
fn a_missing_tool_or_right_is_unknown() {
    let denied =
        "echo \"stat: cannot read file system information for '/mnt/media': Permission denied\" >&2; exit 1";
    mounts(denied).run().about("mount/mnt/media").says("UNKNOWN", "", "run Steward as root");
    let report = mounts("").without("stat").run();
    report.about("mount/mnt/media").says("UNKNOWN", "", "install coreutils");
}
