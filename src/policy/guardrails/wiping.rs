//! Wiping and formatting: what is overwritten is gone, and no check beforehand brings it back.

use super::places::{is_disk, is_kept};
use super::seen::Seen;

const FORMATS: &str = "makes a new file system over what is there";
const ERASES: &str = "erases a device";
const PARTITIONS: &str = "changes a partition table";
const OVERWRITES: &str = "writes over a disk";

/// Why this command must never run, if so.
pub(super) fn forbids(seen: Seen<'_>) -> Option<String> {
    let what =
        formats(seen).or_else(|| partitions(seen)).or_else(|| erases(seen)).or_else(|| onto_disk(seen));
    let Some(what) = what else { return halts(seen) };
    Some(format!("`{}` {what}: destroyed storage can't be brought back", seen.name))
}

/// Why a shell text must never run, if it redirects onto a disk.
pub(super) fn redirect(text: &str) -> Option<String> {
    let target = |rest: &str| {
        let word = rest.trim_start_matches(['|', '>', '&']).trim_start();
        is_disk(word.split(char::is_whitespace).next().unwrap_or(word))
    };
    text.match_indices('>')
        .any(|(i, _)| target(&text[i + 1..]))
        .then(|| format!("it {OVERWRITES}: destroyed storage can't be brought back"))
}

/// The kernel's own emergency keys: nothing is written out, nothing is asked.
fn halts(seen: Seen<'_>) -> Option<String> {
    const WRITERS: [&str; 6] = ["tee", "dd", "cp", "sponge", "install", "truncate"];
    let key = |text: &str| {
        let text = text.strip_prefix("of=").unwrap_or(text);
        text.starts_with('/') && crate::policy::wildcard::paths_meet(text, "/proc/sysrq-trigger")
    };
    (WRITERS.contains(&seen.name) && seen.texts().any(key)).then(|| {
        "it presses an emergency key of the kernel: the machine stops without writing anything out".into()
    })
}

/// Why a program in another language must never run, if it names a disk, or removes a whole tree.
pub(super) fn in_code(text: &str) -> Option<String> {
    const REMOVES: [&str; 8] =
        ["rmtree", "rm_rf", "rm_r", "remove_tree", "remove_entry", "rmSync", "rmdirSync", "remove_dir_all"];
    if !text.contains(|c: char| c.is_whitespace() || "(\"'".contains(c)) {
        return None;
    }
    let mut pieces = text.split(|c: char| c.is_whitespace() || "\"'`(),;[]{}<>=|".contains(c));
    let removes = REMOVES.iter().any(|call| text.contains(call));
    let grave =
        |piece: &str| is_disk(piece) || removes && piece.starts_with(['/', '~']) && is_kept(piece, None);
    pieces
        .any(grave)
        .then(|| "it names a disk, or removes a whole tree, in code that nobody can look through".into())
}

fn formats(seen: Seen<'_>) -> Option<&'static str> {
    const MAKERS: [&str; 10] = [
        "mke2fs",
        "mkswap",
        "mkntfs",
        "mkdosfs",
        "mkexfatfs",
        "mkudffs",
        "mkreiserfs",
        "newfs",
        "make-bcache",
        "zfs-format",
    ];
    let name = seen.name;
    let makes = name == "mkfs"
        || name.starts_with("mkfs.")
        || name.starts_with("mkfs_")
        || MAKERS.contains(&name)
        || name == "bcachefs" && seen.verb(&["format"])
        || matches!(name, "integritysetup" | "veritysetup") && seen.verb(&["format"])
        || name == "zpool" && seen.verb(&["create", "add", "attach", "replace"]) && seen.has(&["-f"]);
    makes.then_some(FORMATS)
}

fn erases(seen: Seen<'_>) -> Option<&'static str> {
    const ERASERS: [&str; 16] = [
        "blkdiscard",
        "shred",
        "scrub",
        "nwipe",
        "wipe",
        "srm",
        "sfill",
        "sg_format",
        "sg_sanitize",
        "sg_write_same",
        "sg_unmap",
        "scsi_unmap",
        "sg_raw",
        "sg_write_buffer",
        "sg_write_long",
        "sg_reset_wp",
    ];
    let starts = |flags: &[&str]| seen.texts().any(|text| flags.iter().any(|flag| text.starts_with(flag)));
    let is = match seen.name {
        "wipefs" => {
            (seen.long("--all") || seen.long("--offset") || seen.short('a') || seen.short('o'))
                && !seen.rehearses(&["-n", "--no-act"])
        }
        "zpool" => seen.verb(&["labelclear"]),
        "cryptsetup" => seen.any(&[
            "luksFormat",
            "luksErase",
            "erase",
            "luksKillSlot",
            "luksRemoveKey",
            "luksHeaderRestore",
        ]),
        "nvme" => {
            seen.verb(&[
                "format",
                "sanitize",
                "write",
                "write-zeroes",
                "write-uncor",
                "io-passthru",
                "admin-passthru",
            ]) || seen.pair(
                &["zns"],
                &["reset-zone", "finish-zone", "zone-mgmt-send", "zone-append", "offline-zone"],
            )
        }
        "debugfs" => seen.short('w') || seen.long("--write"),
        "pvesh" => {
            seen.verb(&["create", "set"])
                && seen.plain().any(|path| path.ends_with("/wipedisk") || path.ends_with("/initgpt"))
        }
        "hdparm" => starts(&[
            "--security-erase",
            "--security-set-pass",
            "--trim-sector",
            "--write-sector",
            "--make-bad-sector",
            "--repair-sector",
            "--dco-restore",
            "--drq-hsm-error",
            "--sanitize",
        ]),
        "sedutil-cli" => {
            starts(&["--revert", "--PSIDrevert", "--yesIreallywanttoERASE", "--PSIDrevertAdminSP"])
        }
        "badblocks" => seen.short('w'),
        "mmc" => seen.any(&["erase", "sanitize"]),
        name => ERASERS.contains(&name),
    };
    is.then_some(ERASES)
}

fn partitions(seen: Seen<'_>) -> Option<&'static str> {
    const CHANGES: [&str; 13] = [
        "rm",
        "mklabel",
        "mktable",
        "mkpart",
        "mkpartfs",
        "resizepart",
        "resize",
        "set",
        "toggle",
        "name",
        "rescue",
        "disk_set",
        "type",
    ];
    let is = match seen.name {
        "parted" => seen.any(&CHANGES),
        "sgdisk" | "sfdisk" | "cfdisk" | "cgdisk" | "gdisk" | "fdisk" => !only_lists(seen),
        _ => false,
    };
    is.then_some(PARTITIONS)
}

/// Whether a partitioner's flags only show what is there. The same letter shows in one and deletes in another.
fn only_lists(seen: Seen<'_>) -> bool {
    let shows: &[&str] = match seen.name {
        "sgdisk" => &["-p", "--print", "-v", "--verify", "-i", "--info"],
        "sfdisk" => &[
            "-l",
            "--list",
            "-d",
            "--dump",
            "-J",
            "--json",
            "-V",
            "--verify",
            "-s",
            "--show-size",
            "-v",
            "--version",
            "-F",
            "--list-free",
            "-q",
            "--quiet",
            "-h",
            "--help",
        ],
        "fdisk" | "gdisk" => {
            &["-l", "--list", "-x", "--list-details", "-v", "--version", "-V", "-h", "--help"]
        }
        _ => &[],
    };
    let (flags, rest): (Vec<&str>, Vec<&str>) = seen.texts().partition(|text| text.starts_with('-'));
    let plain = |word: &&str| shows.contains(&word.split('=').next().unwrap_or(word));
    !flags.is_empty()
        && flags.iter().all(plain)
        && rest.iter().all(|w| w.starts_with('/') || w.parse::<u8>().is_ok())
}

/// Whether what the command writes is a disk.
fn onto_disk(seen: Seen<'_>) -> Option<&'static str> {
    let last = || seen.plain().last().is_some_and(is_disk);
    let any = || seen.texts().any(is_disk);
    let value = |flags: &[&str]| {
        let mut before = "";
        seen.texts().any(|text| {
            let own = flags.iter().any(|flag| text.strip_prefix(flag).is_some_and(is_disk));
            let apart =
                flags.contains(&before) || flags.iter().any(|flag| flag.strip_suffix('=') == Some(before));
            before = text;
            own || apart && is_disk(text)
        })
    };
    let is = match seen.name {
        "dd" | "dcfldd" | "dc3dd" | "sg_dd" | "sgp_dd" | "sgm_dd" => value(&["of=", "hof=", "ofs="]),
        "tee" | "sponge" | "truncate" | "fallocate" | "mv" => any(),
        "cp" | "install" | "rsync" | "scp" | "xxd" | "ddrescue" | "ln" => {
            last() || value(&["-t", "--target-directory="])
        }
        "qemu-img" => seen.verb(&["convert", "create", "dd", "resize"]) && (last() || value(&["of="])),
        "curl" => value(&["-o", "--output="]),
        "wget" => value(&["-O", "--output-document="]),
        "sort" | "openssl" => value(&["-o", "--output=", "-out"]),
        "partclone" | "e2image" | "pv" | "sed" | "perl" => value(&["-o", "--output=", "-i"]),
        _ => false,
    };
    is.then_some(OVERWRITES)
}
