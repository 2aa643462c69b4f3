//! Programs that go by another name: which of two names decides what runs.

use std::path::Path;

use crate::domain::action::{Action, Command, Executable};

use super::paths;

/// Programs that are many in one, and look at the name by which they are called.
const MULTI_CALL: [&str; 37] = [
    "busybox",
    "toybox",
    "sbase-box",
    "ubase-box",
    "coreutils",
    "uutils",
    "util-linux",
    "systemctl",
    "kmod",
    "lvm",
    "xtables-nft-multi",
    "xtables-legacy-multi",
    "xtables-multi",
    "ebtables-nft",
    "mdev",
    "killall5",
    "pgrep",
    "pkill",
    "pidof",
    "hostname",
    "resolvectl",
    "snap",
    "k3s",
    "rke2",
    "xz",
    "gzip",
    "bzip2",
    "zstd",
    "e2fsck",
    "mke2fs",
    "tune2fs",
    "btrfs",
    "mount.nfs",
    "exim4",
    "unzip",
    "git",
    "multipathd",
];

/// Names for one command.
const FAMILIES: [&[&str]; 6] = [
    &["sh", "dash", "bash", "ash", "rbash", "ksh", "ksh93", "mksh", "lksh", "zsh", "posh", "yash"],
    &["awk", "mawk", "gawk", "nawk", "original-awk"],
    &["vi", "vim", "nvim", "nvi", "elvis", "view", "ex", "editor", "rvim"],
    &["nc", "ncat", "netcat"],
    &["node", "nodejs"],
    &["pager", "less", "more"],
];

/// Where anybody may put a program.
const ANYBODYS: [&str; 4] = ["/tmp", "/var/tmp", "/dev/shm", "/run/user"];

/// What an action is besides what it says.
pub(super) struct Really {
    /// The name of the program behind the name, if it is another command.
    pub(super) name: Option<String>,
    /// The action, with that name.
    pub(super) action: Action,
    /// Whether the program lies where anybody could have put it, and goes by a name of the system's.
    pub(super) anybodys: bool,
}

/// What the executable makes of the action, if that is more than its first word says.
pub(super) fn really(action: &Action, executable: &Executable) -> Option<Really> {
    let Action::Command(command) = action;
    let called = command.argv.first()?;
    let path = executable.path.to_str()?;
    let (given, real) = (paths::base_name(called), paths::base_name(path));
    let of_the_system = paths::known_name(called).is_some();
    let anybodys = of_the_system && ANYBODYS.iter().any(|dir| paths::within(path, dir));
    let other = !is_same(given, real) && !is_multi_call(&executable.path);
    if !other && !anybodys {
        return None;
    }
    let mut argv = command.argv.clone();
    real.clone_into(argv.first_mut()?);
    let action = Action::Command(Command { argv, ..command.clone() });
    Some(Really { name: other.then(|| unversioned(real).to_owned()), action, anybodys })
}

/// Whether the program looks at the name by which it is called. A folder of them counts (`/usr/lib/cargo/bin/coreutils`).
fn is_multi_call(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    MULTI_CALL.iter().any(|multi| name == *multi || unversioned(&name) == *multi)
}

/// Whether two names mean one command: `python3` and `python3.12`, `awk` and `mawk`, `nc` and `nc.openbsd`.
fn is_same(given: &str, real: &str) -> bool {
    let goes_on = |short: &str, long: &str| {
        long.strip_prefix(short).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    goes_on(given, real)
        || goes_on(real, given)
        || unversioned(given) == unversioned(real)
        || FAMILIES
            .iter()
            .any(|names| names.contains(&unversioned(given)) && names.contains(&unversioned(real)))
        || real.strip_prefix("gnu").or(real.strip_prefix('g')) == Some(given)
}

/// A name without the version behind it.
fn unversioned(name: &str) -> &str {
    let bare = name.split('.').next().unwrap_or(name);
    let short = bare.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
    if short.is_empty() { name } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_alternatives_and_applets_are_the_same_command() {
        for (given, real) in [
            ("python3", "python3.12"),
            ("awk", "mawk"),
            ("sh", "dash"),
            ("nc", "nc.openbsd"),
            ("vi", "vim.basic"),
            ("ping6", "ping"),
            ("df", "gdf"),
            ("df", "df"),
        ] {
            assert!(is_same(given, real), "{given} and {real}");
        }
        for (given, real) in [("df", "bash"), ("ls", "rm"), ("su", "sudo"), ("ps", "pstree"), ("df", "env")] {
            assert!(!is_same(given, real), "{given} and {real}");
        }
        for multi in ["/bin/busybox", "/usr/bin/systemctl", "/sbin/lvm", "/usr/sbin/xtables-nft-multi"] {
            assert!(is_multi_call(Path::new(multi)), "{multi}");
        }
        assert!(!is_multi_call(Path::new("/usr/bin/bash")));
    }
}
