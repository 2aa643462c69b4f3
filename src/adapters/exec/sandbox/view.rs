//! What a command that only reads is given to see: as little as lets it tell the truth.

use std::path::Path;

use crate::domain::action::Command;
use crate::policy::Needs;

/// What a command is given to see of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum View {
    /// Everything, as Steward itself.
    AsItIs,
    /// The file system read-only, without devices.
    ReadOnly {
        /// Whether the network is there.
        network: bool,
    },
}

/// Programs that can't read behind a read-only view: they take a lock in a file first, or ask a device, which needs
/// the right to change it.
const NEED_MORE: [&str; 55] = [
    "blkid",
    "borg",
    "btrfs",
    "cryptsetup",
    "dmidecode",
    "dmsetup",
    "drbdadm",
    "dumpe2fs",
    "fdisk",
    "gdisk",
    "ha-manager",
    "hdparm",
    "hwclock",
    "ip6tables",
    "ip6tables-save",
    "ipmitool",
    "iptables",
    "iptables-save",
    "lvdisplay",
    "lvm",
    "lvs",
    "lvscan",
    "mdadm",
    "multipath",
    "nvidia-smi",
    "nvme",
    "parted",
    "pct",
    "pveceph",
    "pvecm",
    "pvdisplay",
    "pvesh",
    "pvesm",
    "pveversion",
    "pvs",
    "pvscan",
    "qm",
    "rbd",
    "restic",
    "rocm-smi",
    "sdparm",
    "sfdisk",
    "sg_inq",
    "sg_ses",
    "sgdisk",
    "smartctl",
    "tune2fs",
    "vcgencmd",
    "vgdisplay",
    "vgs",
    "vgscan",
    "wdctl",
    "xfs_info",
    "zfs",
    "zpool",
];

/// Programs that tell of mounts: behind a view of their own they would tell of that one, in which everything is
/// read-only.
const TELL_OF_MOUNTS: [&str; 4] = ["findmnt", "mount", "nfsstat", "mountstats"];

/// Programs that look into processes (who holds which file or port open, how much of memory is whose), which takes the
/// right to change them. Without it they would say that there is nothing.
const LOOK_INTO_PROCESSES: [&str; 12] = [
    "fuser", "gstack", "iotop", "lsns", "lsof", "nethogs", "pidstat", "pmap", "pstack", "pwdx", "smem",
    "strace",
];

/// Programs that do so only when they are asked for the processes, by this letter among their flags.
const ASKED_FOR_PROCESSES: (&[&str], char) = (&["netstat", "ss"], 'p');

/// Programs that become another user, which nobody can in a sandbox.
const BECOME_ANOTHER: [&str; 5] = ["doas", "pkexec", "runuser", "su", "sudo"];

/// Programs that run what their arguments say: whom to look for is looked for in those.
const RUN_OTHERS: [&str; 17] = [
    "ash", "bash", "busybox", "chrt", "dash", "env", "find", "ionice", "nice", "nohup", "nsenter", "sh",
    "stdbuf", "taskset", "time", "timeout", "xargs",
];

/// Files in which a process finds its own mounts rather than the machine's.
const OF_MOUNTS: [&str; 4] = ["/mounts", "/mountinfo", "/mountstats", "/mtab"];

impl View {
    /// What a command is given.
    pub(in super::super) fn of(command: &Command, needs: Needs) -> Self {
        if needs == Needs::Write || needs_more(&command.argv) {
            return Self::AsItIs;
        }
        // Without the network, its state in /proc is that of no network.
        let in_proc = |word: &str| word.contains("/proc") && word.contains("net");
        let cwd = command.cwd.as_deref().is_some_and(|cwd| cwd.starts_with("/proc"));
        let network = needs == Needs::Network || cwd || command.argv.iter().any(|word| in_proc(word));
        Self::ReadOnly { network }
    }
}

fn needs_more(argv: &[String]) -> bool {
    let Some((program, arguments)) = argv.split_first() else { return false };
    let of_mounts = |word: &String| OF_MOUNTS.iter().any(|file| word.contains(file));
    let is_listed = |name: &str| {
        [&NEED_MORE[..], &TELL_OF_MOUNTS, &LOOK_INTO_PROCESSES, &BECOME_ANOTHER]
            .iter()
            .any(|list| list.contains(&name))
    };
    if arguments.iter().any(of_mounts) || is_listed(name_of(program)) {
        return true;
    }
    let names_processes = |word: &str| {
        let long = ["--processes", "--program", "--programs"].contains(&word);
        let short = word.starts_with('-') && !word.starts_with("--") && word.contains(ASKED_FOR_PROCESSES.1);
        long || short
    };
    let can_name_them = |name: &str| ASKED_FOR_PROCESSES.0.contains(&name);
    if RUN_OTHERS.contains(&name_of(program)) {
        let inner = || arguments.iter().flat_map(|word| words(word));
        return inner().any(|word| is_listed(name_of(word)))
            || (inner().any(|word| can_name_them(name_of(word))) && inner().any(names_processes));
    }
    can_name_them(name_of(program)) && arguments.iter().any(|word| names_processes(word))
}

/// The words of what may be a line of shell.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "._/-".contains(c)))
}

fn name_of(program: &str) -> &str {
    Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or(program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::Action;

    fn view(line: &[&str], needs: Needs) -> View {
        let Action::Command(command) = Action::local(line.iter().map(|word| (*word).to_owned()).collect());
        View::of(&command, needs)
    }

    #[test]
    fn what_only_reads_sees_a_read_only_machine_and_the_network_only_if_it_needs_it() {
        assert_eq!(view(&["df", "-h"], Needs::Local), View::ReadOnly { network: false });
        assert_eq!(view(&["ss", "-tln"], Needs::Network), View::ReadOnly { network: true });
        assert_eq!(view(&["df", "-h"], Needs::Write), View::AsItIs);
        for line in [&["cat", "/proc/net/dev"][..], &["sh", "-c", "wc -l </proc/self/net/tcp"]] {
            assert_eq!(view(line, Needs::Local), View::ReadOnly { network: true }, "{line:?}");
        }
    }

    #[test]
    fn who_would_tell_something_wrong_behind_a_view_of_its_own_sees_the_machine() {
        let lines: [&[&str]; 12] = [
            &["smartctl", "-a", "/dev/sda"],
            &["/usr/sbin/zpool", "status"],
            &["findmnt", "/"],
            &["grep", "nas", "/proc/mounts"],
            &["sudo", "-n", "df"],
            &["timeout", "5", "lvs"],
            &["sh", "-c", "mount|grep nas"],
            &["xargs", "-a", "/etc/disks", "smartctl", "-H"],
            &["lsof", "-i", ":443"],
            &["ss", "-tlnp"],
            &["netstat", "--tcp", "--program"],
            &["sh", "-c", "ss -tlnp | grep 443"],
        ];
        for line in lines {
            assert_eq!(view(line, Needs::Local), View::AsItIs, "{line:?}");
        }
        // Their names alone, as what is looked for, change nothing.
        for line in [
            &["grep", "sudo", "/var/log/auth.log"][..],
            &["ls", "/mnt/zfs"],
            &["systemctl", "status", "mount"],
        ] {
            assert_eq!(view(line, Needs::Local), View::ReadOnly { network: false }, "{line:?}");
        }
    }
}
