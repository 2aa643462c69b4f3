//! The stories of the shipped runbooks (`tests/stories/shipped.rs`) replay reports from `tests/reports`. Here the
//! skills really print each of them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use steward::domain::report::Finding;

use crate::bench::{Bench, manifest, root};
use crate::clock::{chrony, timedatectl};
use crate::containers::{docker, podman};
use crate::disk::with_journal;
use crate::mounts::{STALE, mounts};
use crate::report::Report;
use crate::units;

/// Each recorded report, and the bench on which its skill prints it.
fn benches() -> Vec<(&'static str, Bench)> {
    let scans = mounts("case $* in *scans) echo 'stat: x: Host is down' >&2; exit 1;; esac")
        .fixture("FSTAB_FILE", "mounts/fstab-of-scans.txt");
    let media = |stat: &str| mounts(stat).fixture("MOUNTS_FILE", "mounts/mounts-media.txt");
    vec![
        ("units-failed", units::failing()),
        ("units-restarted", units::failing().set("IGNORE", "nginx.service")),
        ("containers-docker-sick", docker("docker-ps.txt")),
        ("containers-docker-restarted", docker("docker-ps-restarted.txt")),
        ("containers-podman-sick", podman("podman-ps.txt")),
        ("containers-podman-restarted", podman("podman-ps-restarted.txt")),
        ("mounts-stale", media(STALE)),
        ("mounts-stale-not-in-fstab", media(STALE).set("FSTAB_FILE", "/dev/null")),
        ("mounts-stale-server-down", scans),
        ("mounts-well", media("")),
        ("clock-chrony-lost", chrony("tracking-lost.txt")),
        ("clock-chrony-off", chrony("tracking-off.txt")),
        ("clock-chrony-well", chrony("tracking-good.txt")),
        ("clock-timesyncd-lost", timedatectl("NTP=yes\\nNTPSynchronized=no\\n")),
        ("clock-timesyncd-well", timedatectl("NTP=yes\\nNTPSynchronized=yes\\n")),
        ("clock-ntp-switched-off", timedatectl("NTP=no\\nNTPSynchronized=no\\n")),
        ("disk-journal-large", with_journal("df-filling.txt", "4194304")),
        ("disk-journal-small", with_journal("df-filling.txt", "204800")),
        ("disk-vacuumed", with_journal("df-vacuumed.txt", "204800")),
    ]
}

fn file(name: &str) -> PathBuf {
    root().join("tests/reports").join(format!("{name}.txt"))
}

/// Every finding of every recorded report, with the skill that it is of.
pub(crate) fn findings() -> Vec<(&'static str, &'static str, Finding)> {
    let of = |(name, bench): (&'static str, Bench)| {
        let text = std::fs::read_to_string(file(name)).unwrap();
        let report = Report::read(&manifest(bench.skill), &text);
        report.findings.into_iter().map(move |finding| (name, bench.skill, finding.0))
    };
    benches().into_iter().flat_map(of).collect()
}

#[test]
fn what_the_stories_replay_is_what_the_skills_print() {
    for (name, bench) in benches() {
        let printed = bench.run().text;
        let recorded = std::fs::read_to_string(file(name)).unwrap_or_default();
        assert_eq!(
            printed, recorded,
            "{} does not print tests/reports/{name}.txt any more; if it is to be so, put there:\n{printed}",
            bench.skill
        );
    }
}

#[test]
fn every_recorded_report_belongs_to_a_bench() {
    let known: BTreeSet<_> = benches().iter().map(|(name, _)| file(name)).collect();
    let folder = std::fs::read_dir(root().join("tests/reports")).unwrap();
    let there: BTreeSet<_> = folder.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(there, known);
}
