//! Operations that destroy stored data for good.

use std::path::Path;

use crate::policy::paths;

/// Why this command must never run, if so. `name` is the program's name without its directory.
pub(super) fn forbids(name: &str, argv: &[String], cwd: Option<&Path>) -> Option<String> {
    let words = &argv[1..];
    let what = match name {
        "lvm" => return forbids(words.first()?, words, cwd),
        "rm" => return removes_a_top_level_directory(words, cwd),
        "find" => return finds_and_deletes(words, cwd),
        _ if name == "mkfs" || name.starts_with("mkfs.") => "makes a new file system over what is there",
        "mke2fs" | "mkswap" | "mkntfs" | "mkdosfs" => "makes a new file system over what is there",
        "wipefs" if has(words, &["-a", "--all", "-o", "--offset"]) || short(words, 'a') => {
            "erases signatures"
        }
        "dd" if words.iter().filter_map(|w| w.strip_prefix("of=")).any(is_disk) => "writes over a disk",
        "tee" | "cp" | "install" if words.iter().any(|word| is_disk(word)) => "writes over a disk",
        "zpool" if verb(words, &["destroy", "labelclear"]) => "destroys a pool",
        "zfs" if verb(words, &["destroy"]) => "destroys a dataset or its snapshots",
        "lvremove" | "vgremove" | "pvremove" => "removes a volume",
        "mdadm" if has(words, &["--zero-superblock"]) => "erases the superblock of an array",
        "blkdiscard" => "discards a device's blocks",
        "shred" => "overwrites data",
        "parted" if changes_partitions(words) => "changes a partition table",
        "sgdisk" | "sfdisk" | "cfdisk" | "gdisk" | "fdisk" if !only_lists(name, words) => {
            "changes a partition table"
        }
        "cryptsetup" if has(words, &["luksFormat", "luksErase", "erase", "luksKillSlot"]) => "destroys keys",
        "nvme" if verb(words, &["format", "sanitize"]) => "erases a device",
        "hdparm" if words.iter().any(|word| word.starts_with("--security-erase")) => "erases a device",
        "ceph" if destroys_in_ceph(words) => "destroys data in the cluster",
        "rados" if has(words, &["purge", "rmpool"]) => "destroys data in the cluster",
        _ => return None,
    };
    Some(format!("`{name}` {what}: destroyed storage can't be brought back"))
}

/// Why a shell text must never run, if it redirects onto a disk.
pub(super) fn redirect(text: &str) -> Option<String> {
    let target = |rest: &str| is_disk(rest.trim_start_matches(['|', '>']).trim_start());
    text.match_indices('>')
        .any(|(i, _)| target(&text[i + 1..]))
        .then(|| "it writes over a disk: destroyed storage can't be brought back".to_owned())
}

fn has(words: &[String], wanted: &[&str]) -> bool {
    let is = |word: &str, want: &str| {
        word == want || want.starts_with("--") && word.split_once('=').is_some_and(|(flag, _)| flag == want)
    };
    words.iter().any(|word| wanted.iter().any(|want| is(word, want)))
}

/// Whether a cluster of short flags has this one.
fn short(words: &[String], flag: char) -> bool {
    words.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(flag))
}

/// Whether the first word that is no flag is one of these.
fn verb(words: &[String], verbs: &[&str]) -> bool {
    words.iter().find(|word| !word.starts_with('-')).is_some_and(|word| verbs.contains(&word.as_str()))
}

/// Whether a text begins with a block device's path.
fn is_disk(text: &str) -> bool {
    const DISKS: [&str; 14] = [
        "sd", "hd", "vd", "xvd", "nvme", "mmcblk", "md", "dm-", "mapper/", "disk/", "zvol/", "loop", "zd",
        "rbd",
    ];
    text.strip_prefix("/dev/").is_some_and(|name| DISKS.iter().any(|disk| name.starts_with(disk)))
}

fn changes_partitions(words: &[String]) -> bool {
    const CHANGES: [&str; 11] = [
        "rm",
        "mklabel",
        "mktable",
        "mkpart",
        "resizepart",
        "set",
        "toggle",
        "name",
        "rescue",
        "disk_set",
        "type",
    ];
    words.iter().any(|word| CHANGES.contains(&word.as_str()))
}

/// Whether a partitioner's flags only show what is there. The same letter shows in one and deletes in another.
fn only_lists(name: &str, words: &[String]) -> bool {
    let shows: &[&str] = match name {
        "sgdisk" => &["-p", "--print", "-v", "--verify", "-i", "--info"],
        "sfdisk" => &["-l", "--list", "-d", "--dump", "-J", "--json", "-V", "--verify", "-s", "--show-size"],
        "fdisk" | "gdisk" => &["-l", "--list"],
        _ => &[],
    };
    let (flags, rest): (Vec<_>, Vec<_>) = words.iter().partition(|word| word.starts_with('-'));
    let plain = |word: &&String| shows.contains(&word.split('=').next().unwrap_or(word));
    !flags.is_empty()
        && flags.iter().all(plain)
        && rest.iter().all(|w| w.starts_with('/') || w.parse::<u8>().is_ok())
}

fn destroys_in_ceph(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    words
        .windows(2)
        .any(|pair| matches!(pair, ["osd", "purge" | "destroy"] | ["fs", "rm"] | ["pool", "delete" | "rm"]))
}

/// `rm -r` on the root, on a directory right below it, or with the safety off.
fn removes_a_top_level_directory(words: &[String], cwd: Option<&Path>) -> Option<String> {
    let abbreviates = |word: &str, long: &str| word.len() > 2 && long.starts_with(word);
    if words.iter().any(|word| word.starts_with("--no-") && abbreviates(word, "--no-preserve-root")) {
        return Some("`rm` with the protection of the root switched off".into());
    }
    let recursive = short(words, 'r')
        || short(words, 'R')
        || words.iter().any(|word| word.starts_with("--r") && abbreviates(word, "--recursive"));
    let victim = words.iter().find(|word| !word.starts_with('-') && is_top_level(word, cwd));
    victim.filter(|_| recursive).map(|dir| format!("`rm` of everything below {dir}: that is not coming back"))
}

fn finds_and_deletes(words: &[String], cwd: Option<&Path>) -> Option<String> {
    let starts = || words.iter().take_while(|word| !word.starts_with(['-', '(', '!']));
    let here = starts().next().is_none() && is_top_level(".", cwd);
    (has(words, &["-delete"]) && (here || starts().any(|dir| is_top_level(dir, cwd))))
        .then(|| "`find -delete` on a whole top-level directory: that is not coming back".into())
}

/// Whether a path is the root, one directory below it, a home, or all that is in the root.
fn is_top_level(word: &str, cwd: Option<&Path>) -> bool {
    let homes = ["~", "~/", "~/*", "$HOME", "${HOME}", "$HOME/*", "$HOME/"];
    let path = paths::absolute(word, cwd);
    let path = path.strip_suffix("/*").unwrap_or(&path);
    homes.contains(&word) || path.matches('/').count() <= 1
}
