//! Places in a file system that are more than any file in them: the directories a machine stands on, and disks.

use std::path::Path;

use crate::policy::{paths, wildcard};

/// Directories that a machine, or what it serves, does not come back without.
const SYSTEM: [&str; 29] = [
    "/usr/*",
    "/boot/*",
    "/lib/modules",
    "/var/lib",
    "/var/log",
    "/var/spool",
    "/var/backups",
    "/var/mail",
    "/var/db",
    "/etc/systemd",
    "/etc/ssh",
    "/etc/pam.d",
    "/etc/network",
    "/etc/netplan",
    "/etc/kubernetes",
    "/etc/pve",
    "/etc/ssl",
    "/etc/rancher",
    "/var/lib/dpkg",
    "/var/lib/rpm",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/kubelet",
    "/var/lib/rancher",
    "/var/lib/etcd",
    "/var/lib/ceph",
    "/var/lib/mysql",
    "/var/lib/postgresql",
    "/var/lib/libvirt",
];

/// Directories below which everything is data that nothing else has: of databases, volumes, machines, a cluster's
/// configuration.
const KEPT: [&str; 10] = [
    "/var/lib/docker/volumes",
    "/var/lib/docker/volumes/*",
    "/var/lib/pgsql/**",
    "/var/lib/postgresql/**",
    "/var/lib/mysql/**",
    "/var/lib/mariadb/**",
    "/var/lib/vz/**",
    "/etc/pve/**",
    "/mnt/*",
    "/media/*",
];

/// Top-level directories of every system. Another one is a pool or a disk, by custom.
const USUAL: [&str; 26] = [
    "app", "apps", "bin", "boot", "cache", "config", "data", "dev", "etc", "home", "lib", "lib32", "lib64",
    "media", "mnt", "nix", "opt", "proc", "root", "run", "sbin", "snap", "srv", "sys", "tmp", "usr",
];

/// Homes of accounts that every Debian has.
const HOMES: [(&str, &str); 8] = [
    ("sys", "/dev"),
    ("bin", "/bin"),
    ("daemon", "/usr/sbin"),
    ("mail", "/var/mail"),
    ("backup", "/var/backups"),
    ("www-data", "/var/www"),
    ("postgres", "/var/lib/postgresql"),
    ("mysql", "/var/lib/mysql"),
];

/// Top-level directories that belong to whoever keeps data there, not to the system.
const DATA: [&str; 6] = ["/srv", "/mnt", "/media", "/data", "/opt", "/tmp"];

/// What a disk's name in `/dev` begins with.
const DISKS: [&str; 23] = [
    "sg", "sd", "hd", "vd", "xvd", "nvme", "mmcblk", "md", "dm-", "mapper/", "disk/", "zvol/", "loop", "zd",
    "rbd", "nbd", "drbd", "bcache", "dasd", "pmem", "mem", "kmem", "nst",
];

/// Folders in `/dev` that hold no volumes.
const NO_VOLUMES: [&str; 17] = [
    "pts",
    "shm",
    "fd",
    "net",
    "input",
    "snd",
    "bus",
    "char",
    "cpu",
    "dri",
    "hugepages",
    "mqueue",
    "vfio",
    "tcp",
    "udp",
    "usb",
    "serial",
];

/// Where a word leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// To an absolute path; it may still be a pattern.
    At(String),
    /// To a path below a directory that nobody knows.
    Somewhere(String),
}

impl Place {
    /// The path or pattern that a word means. Homes are taken for root's.
    pub(super) fn of(word: &str, cwd: Option<&Path>) -> Self {
        let word = by_default(word).unwrap_or(word);
        if let Some(path) = at_home(word) {
            return Self::At(paths::absolute(&path, None));
        }
        if cwd.is_none() && !word.starts_with('/') {
            return Self::Somewhere(word.to_owned());
        }
        Self::At(paths::absolute(word, cwd))
    }
}

/// What a variable that nobody knows stands for when it isn't set: `${x:-/}`.
fn by_default(word: &str) -> Option<&str> {
    let inner = word.strip_prefix("${")?.strip_suffix('}')?;
    let (_, default) = inner.split_once([':', '-', '='])?;
    Some(default.trim_start_matches(['-', '=']))
}

fn at_home(word: &str) -> Option<String> {
    for home in ["$HOME", "${HOME}"] {
        if let Some(rest) = word.strip_prefix(home).filter(|rest| rest.is_empty() || rest.starts_with('/')) {
            return Some(format!("/root{rest}"));
        }
    }
    let (user, rest) = word.strip_prefix('~').map(|rest| rest.split_once('/').unwrap_or((rest, "")))?;
    let plain = user.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    match user {
        _ if !plain => None,
        "" | "root" => Some(format!("/root/{rest}")),
        user if HOMES.iter().any(|(name, _)| *name == user) => {
            HOMES.iter().find(|(name, _)| *name == user).map(|(_, home)| format!("{home}/{rest}"))
        }
        user => Some(format!("/home/{user}/{rest}")),
    }
}

/// The directory that a word means as a whole, if it means one: `/etc`, `/etc/`, `/etc/*`, `/etc/.*`.
/// The second part says whether only its content is meant.
fn whole(path: &str) -> (&str, bool) {
    for all in ["/**", "/*", "/.*", "/.[!.]*", "/?*"] {
        if let Some(dir) = path.strip_suffix(all) {
            return (if dir.is_empty() { "/" } else { dir }, true);
        }
    }
    (path, false)
}

/// The root, a directory right below it, a home, or another that the machine stands on; and all that is in one.
pub(super) fn is_vital(word: &str, cwd: Option<&Path>) -> bool {
    let Place::At(path) = Place::of(word, cwd) else { return is_all_of_somewhere(word) };
    let (dir, content) = whole(&path);
    let depth = dir.matches('/').count();
    if content && dir == "/tmp" {
        return false;
    }
    depth <= 1 || is_home(dir) || SYSTEM.iter().any(|system| wildcard::paths_meet(dir, system))
}

/// As [`is_vital`], and whatever holds data as a whole: a mount, a dataset of a pool, a database's files.
pub(super) fn is_kept(word: &str, cwd: Option<&Path>) -> bool {
    let Place::At(path) = Place::of(word, cwd) else { return is_vital(word, cwd) };
    let (dir, _) = whole(&path);
    let mut parts = dir.split('/').skip(1);
    let top = parts.next().unwrap_or_default();
    let of_a_pool = parts.count() == 1 && top != "var" && !wildcard::is_wild(top) && !USUAL.contains(&top);
    is_vital(word, cwd) || of_a_pool || KEPT.iter().any(|kept| wildcard::paths_meet(dir, kept))
}

/// A folder, or all that is in it, below which secrets lie for certain.
pub(super) fn is_above_secrets(word: &str, cwd: Option<&Path>) -> bool {
    const FOLDERS: [&str; 5] = ["/etc", "/root", "/home", "/var", "/var/lib"];
    let Place::At(path) = Place::of(word, cwd) else { return false };
    let (dir, _) = whole(&path);
    dir == "/" || is_home(dir) || FOLDERS.iter().any(|folder| wildcard::paths_meet(dir, folder))
}

/// As [`is_vital`], but what belongs to data or to people isn't: for what changes no content.
pub(super) fn is_of_the_system(word: &str, cwd: Option<&Path>) -> bool {
    let Place::At(path) = Place::of(word, cwd) else { return false };
    let (dir, _) = whole(&path);
    is_vital(word, cwd) && !DATA.contains(&dir) && (!is_home(dir) || dir == "/root") && dir != "/home"
}

/// Everything in a directory that nobody knows.
fn is_all_of_somewhere(word: &str) -> bool {
    let word = word.trim_start_matches("./").trim_end_matches('/');
    ["", ".", "..", "*", ".*", "**"].contains(&word) || word.starts_with("../..")
}

fn is_home(dir: &str) -> bool {
    wildcard::paths_meet(dir, "/home/*") || wildcard::paths_meet(dir, "/Users/*")
}

/// Whether a text is a block device's path, or begins with one; also by a pattern (`/de[v]/sda`) or a home (`~sys/sda`).
pub(super) fn is_disk(text: &str) -> bool {
    if !text.starts_with(['/', '~']) {
        return false;
    }
    let Place::At(path) = Place::of(text, None) else { return false };
    let Some((top, name)) = path.trim_start_matches('/').split_once('/') else { return false };
    if !wildcard::meet(top, "dev") {
        return false;
    }
    let volume = name.split_once('/').is_some_and(|(folder, _)| !NO_VOLUMES.contains(&folder));
    let begins = |disk: &&str| name.starts_with(*disk);
    let may_begin = || DISKS.iter().any(|disk| wildcard::meet(name, &format!("{disk}*")));
    volume || DISKS.iter().any(begins) || (wildcard::is_wild(name) && may_begin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_machine_stands_on_is_known_in_every_spelling() {
        let cwd = Some(Path::new("/"));
        for vital in [
            "/",
            "/*",
            "/etc",
            "/etc/",
            "//etc/.",
            "/e*",
            "/???",
            "/home/ann",
            "~",
            "~/",
            "~ann",
            "$HOME/*",
            "/usr/lib",
            "/u*/b*",
            "/var/lib",
            "/var/lib/*",
            "etc",
            "*",
            "/boot/efi",
            "/var/lib/docker",
        ] {
            assert!(is_vital(vital, cwd), "{vital}");
        }
        for plain in
            ["/srv/cache/x", "/tmp/x", "/tmp/*", "/var/cache/apt", "/home/ann/x", "/etc/nginx/a.conf"]
        {
            assert!(!is_vital(plain, cwd), "{plain}");
        }
        assert!(is_vital("*", None) && is_vital("./*", None) && !is_vital("cache", None));
        assert!(is_of_the_system("/etc", cwd) && !is_of_the_system("/home/ann", cwd));
        assert!(!is_of_the_system("/srv", cwd) && !is_of_the_system("/mnt", cwd));
    }

    #[test]
    fn a_disk_is_known_by_whatever_name() {
        for disk in [
            "/de[v]/sda",
            "/d?v/sda",
            "~sys/sda",
            "/dev/sda",
            "//dev/../dev/sda1",
            "/dev/mapper/x",
            "/dev/pve/root",
            "/dev/s*",
            "/dev/nvme0n1",
        ] {
            assert!(is_disk(disk), "{disk}");
        }
        for other in
            ["/dev/null", "/dev/stdout", "/dev/shm/x", "/dev/tcp/h/1", "/dev/pts/0", "/srv/sda", "sda"]
        {
            assert!(!is_disk(other), "{other}");
        }
    }
}
