//! `kernel-log`.

use crate::bench::Bench;
use crate::report::{Finding, Report};

fn journal(file: &str) -> Report {
    Bench::new("kernel-log").stub("journalctl", &format!("cat $F/kernel/{file}")).run()
}

fn by<'a>(report: &'a Report, signature: &str) -> &'a Finding {
    let found = report.findings.iter().find(|f| f.signature() == signature);
    found.unwrap_or_else(|| panic!("no {signature} in\n{}", report.text))
}

#[test]
fn a_quiet_log_is_ok_with_an_empty_drive_and_a_usb_stick_that_lies() {
    journal("quiet.txt").only().says("OK", "", "no trouble in the kernel log of the last 15 minutes");
    journal("no-entries.txt").only().says("OK", "", "no trouble");
}

#[test]
fn a_hanging_network_card_is_named() {
    let report = journal("e1000e.txt");
    let nic =
        report.only().says("PROBLEM", "nic-hang", "the network card hangs: eno1, 4 times in 15 minutes");
    assert_eq!((nic.target(), nic.label("interface")), ("kernel", "eno1"));
    nic.shows("Detected Hardware Unit Hang");
    assert_eq!(journal("nic-new.txt").only().says("PROBLEM", "nic-hang", "").label("interface"), "enp2s0");
}

#[test]
fn memory_that_ran_out_is_a_problem_and_a_limit_that_was_hit_is_action() {
    let report = journal("oom.txt");
    let oom = report.only().says("PROBLEM", "oom-kill", "memory ran out and the kernel killed java, once");
    assert_eq!(oom.label("process"), "java");
    journal("oom-cgroup.txt").only().says(
        "ACTION",
        "oom-kill",
        "hit its memory limit, the kernel killed python3",
    );
}

#[test]
fn a_dying_disk_is_an_io_error_and_a_file_system_error_each_with_its_device() {
    let report = journal("disk-dying.txt");
    assert_eq!(report.findings.len(), 2);
    assert_eq!(
        by(&report, "io-error").says("PROBLEM", "io-error", "I/O errors on sdb").label("device"),
        "sdb"
    );
    let fs = by(&report, "fs-error").says("PROBLEM", "fs-error", "file system errors on sdb1");
    fs.shows("comm STATUS:OK");
    let other = journal("btrfs-zfs.txt");
    by(&other, "fs-error").says("PROBLEM", "fs-error", "on tank, 2 times");
}

#[test]
fn without_a_journal_the_kernels_buffer_is_read_but_not_what_is_old() {
    // Seconds since boot, as dmesg prints them: one hang is two minutes old, one OOM kill an hour.
    let dmesg = r#"read up _ </proc/uptime; up=${up%.*}
printf '[%5d.123456] Out of memory: Killed process 1 (old) total-vm:1kB\n' $((up - 3600))
printf '[%5d.123456] e1000e 0000:00:1f.6 eno1: Detected Hardware Unit Hang:\n' $((up - 120))"#;
    let missing = Bench::new("kernel-log").stub("dmesg", dmesg).run();
    missing.only().says("PROBLEM", "nic-hang", "eno1, once");
    let hint =
        Bench::new("kernel-log").stub("journalctl", "cat $F/kernel/hint.txt").stub("dmesg", dmesg).run();
    hint.only().says("PROBLEM", "nic-hang", "eno1, once");
    let container = Bench::new("kernel-log")
        .stub("systemd-detect-virt", "")
        .stub("journalctl", "")
        .stub("dmesg", dmesg)
        .run();
    container.only().says("PROBLEM", "nic-hang", "eno1, once");
}

#[test]
fn a_log_that_may_not_be_read_is_unknown() {
    let denied = "echo 'dmesg: read kernel buffer failed: Operation not permitted' >&2; exit 1";
    let both =
        Bench::new("kernel-log").stub("journalctl", "cat $F/kernel/hint.txt").stub("dmesg", denied).run();
    both.only().says("UNKNOWN", "", "systemd-journal (dmesg: read kernel buffer failed");
    Bench::new("kernel-log").run().only().says("UNKNOWN", "", "can't be read");
}
