//! `disk-space` and `disk-inodes`.

use crate::bench::Bench;
use crate::report::Finding;

fn space(df: &str) -> Bench {
    Bench::new("disk-space").stub("df", &format!("case $* in -PTkl) cat $F/disk/{df};; *) exit 1;; esac"))
}

/// A machine with a system journal of so many KB on `/var`.
pub(crate) fn with_journal(df: &str, kb: &str) -> Bench {
    let df =
        format!("case $* in -PTkl) cat $F/disk/{df};; *journal) cat $F/disk/df-journal-on-var.txt;; esac");
    let du = format!("printf '{kb}\\t/var/log/journal\\n'");
    Bench::new("disk-space").stub("df", &df).stub("du", &du)
}

fn inodes(df: &str) -> Bench {
    Bench::new("disk-inodes").stub("df", &format!("cat $F/disk/{df}"))
}

#[test]
fn a_healthy_disk_is_ok_and_what_is_no_disk_is_left_out() {
    let report = space("df-proxmox.txt").run();
    let mut targets = report.targets();
    targets.sort_unstable();
    assert_eq!(targets, ["disk/boot/efi", "disk/rootfs", "disk/run", "disk/tank/media"]);
    assert!(report.findings.iter().all(Finding::is_ok));
    report.about("disk/rootfs").says("OK", "", "/ is 25% full, 67.0 GB left");
    report
        .measures(r#"disk_used_percent{mount="/"} 25"#)
        .measures(r#"disk_free_bytes{mount="/"} 72008507392"#);
}

#[test]
fn a_disk_that_fills_up_is_action_and_a_full_one_is_a_problem() {
    let report = space("df-filling.txt").run();
    report.about("disk/rootfs").says("ACTION", "disk-fill", "/ is 93% full, 2.6 GB left");
    let var = report.about("disk/var").says("PROBLEM", "disk-fill", "/var is 97% full, 1.1 GB left");
    assert_eq!(var.label("mount"), "/var");
    var.shows("/dev/sda3 (ext4) on /var: 97% used");
    // 97% of a 16 TB disk leave 596 GB, which is nobody's emergency …
    report.about("disk/srv/media").says("OK", "", "97% full");
    // … unless the operator says so.
    let strict = space("df-filling.txt").set("PLENTY_GB", "1000").run();
    strict.about("disk/srv/media").says("PROBLEM", "disk-fill", "97% full");
}

#[test]
fn the_thresholds_and_the_ignored_mounts_are_the_operators() {
    let report = space("df-filling.txt")
        .set("WARN_PERCENT", "95")
        .set("FULL_PERCENT", "99")
        .set("IGNORE", "/srv/media")
        .run();
    report.about("disk/rootfs").says("OK", "", "93%");
    report.about("disk/var").says("ACTION", "disk-fill", "97%");
    assert!(!report.targets().contains(&"disk/srv/media"));
}

#[test]
fn one_disk_mounted_twice_is_one_problem() {
    let report = space("df-btrfs.txt").run();
    let trouble: Vec<_> = report.findings.iter().filter(|f| !f.is_ok()).map(|f| f.target()).collect();
    assert_eq!(trouble, ["disk/rootfs"]);
}

#[test]
fn a_mount_with_odd_characters_stays_one_header_and_becomes_a_clean_target() {
    let report = space("df-filling.txt").run();
    // The source has a space as well, so df's columns can't be told apart: nothing is made up from them.
    assert!(!report.findings.iter().any(|f| f.0.summary.contains("my disk")));
    let odd = Bench::new("disk-space")
        .stub("df", r#"cat "$F/disk/df-btrfs.txt"; printf '%s\n' '/dev/sdd1 ext4 1000000 990000 10000 99% /mnt/my "disk" \o/ -x/-y'"#)
        .run();
    let finding = odd.about("disk/mnt/my__disk___o/_-x/_y").says("PROBLEM", "disk-fill", "9 MB left");
    assert_eq!(finding.label("mount"), r#"/mnt/my "disk" \o/ -x/-y"#);
    odd.measures(r#"disk_used_percent{mount="/mnt/my \"disk\" \\o/ -x/-y"} 99"#);
}

#[test]
fn control_characters_in_a_mount_reach_no_terminal() {
    let df = r#"cat "$F/disk/df-btrfs.txt"; printf '/dev/sde1 ext4 1000000 990000 10000 99%% /mnt/\033[31mred\r\n'"#;
    let report = Bench::new("disk-space").stub("df", df).run();
    report.about("disk/mnt/__31mred_").says("PROBLEM", "disk-fill", "/mnt/ [31mred");
}

#[test]
fn a_large_journal_is_labelled_on_the_mount_that_holds_it_and_nowhere_else() {
    let large = with_journal("df-filling.txt", "4194304").run();
    assert_eq!(large.about("disk/var").label("journal"), "large");
    assert_eq!(large.about("disk/var").label("journal_bytes"), "4294967296");
    assert_eq!(large.about("disk/rootfs").label("journal"), "");
    let small = with_journal("df-filling.txt", "81920").run();
    assert_eq!(small.about("disk/var").label("journal"), "");
    assert_eq!(small.about("disk/var").label("journal_bytes"), "83886080");
}

#[test]
fn a_missing_or_different_df_is_unknown() {
    Bench::new("disk-space").run().only().says("UNKNOWN", "", "install coreutils");
    Bench::new("disk-space").without("timeout").run().only().says("UNKNOWN", "", "install coreutils");
    let busybox = "cat $F/disk/df-busybox.txt >&2; exit 1";
    Bench::new("disk-space").stub("df", busybox).run().only().says("UNKNOWN", "", "install GNU coreutils");
    Bench::new("disk-inodes").stub("df", busybox).run().only().says("UNKNOWN", "", "install GNU coreutils");
    Bench::new("disk-inodes").run().only().says("UNKNOWN", "", "install coreutils");
}

#[test]
fn a_df_that_hangs_is_unknown() {
    let hung = Bench::new("disk-space").stub("timeout", "exit 124");
    hung.run().only().says("UNKNOWN", "", "did not answer within 10 seconds");
}

#[test]
fn a_disk_that_cant_be_read_is_unknown_and_the_others_are_still_told() {
    let report = Bench::new("disk-space").stub("df", "cat $F/disk/df-broken-disk.txt; exit 1").run();
    report.about("disk/rootfs").says("PROBLEM", "disk-fill", "98% full, 205 MB left");
    report.about("disk").says("UNKNOWN", "", "/srv/usb: Input/output error");
}

#[test]
fn a_container_that_sees_no_disk_is_unknown() {
    space("df-container.txt").run().only().says("UNKNOWN", "", "run this skill on its host");
}

#[test]
fn inodes_that_run_out_are_told_and_file_systems_without_a_limit_are_left_out() {
    let report = inodes("df-inodes.txt").run();
    assert_eq!(report.targets(), ["inodes/rootfs", "inodes/srv/mail", "inodes/srv/photos"]);
    report.about("inodes/rootfs").says("OK", "", "2% of its inodes");
    report.measures(r#"disk_inodes_used_percent{mount="/"} 2"#);
    report.about("inodes/srv/photos").says("ACTION", "inode-fill", "89%");
    let mail =
        report.about("inodes/srv/mail").says("PROBLEM", "inode-fill", "100% of its inodes, 0 more files fit");
    assert_eq!(mail.label("mount"), "/srv/mail");
}

#[test]
fn disks_without_a_fixed_number_of_inodes_are_ok() {
    let btrfs_only = "head -n 1 $F/disk/df-inodes.txt; grep btrfs $F/disk/df-inodes.txt";
    Bench::new("disk-inodes").stub("df", btrfs_only).run().only().says(
        "OK",
        "",
        "no local disk here has a fixed number",
    );
}
