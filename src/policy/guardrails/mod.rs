//! What never runs, whatever a file, a model or a person says: in code, so that no file can switch it off.
//!
//! A guardrail would rather see too much than too little: it goes by the program's name in any directory, and
//! looks into what can't be seen through as far as words go. What it refuses, a person can still do by hand.

mod cluster;
mod own_state;
mod storage;

use std::path::PathBuf;

use crate::domain::action::{Command, Effect};

use super::paths::base_name;
use super::segments::Segments;

/// Why this command must never run, if so.
pub(super) fn forbids(command: &Command, segments: &Segments, protected: &[PathBuf]) -> Option<String> {
    destructive(command, segments).or_else(|| own_state::forbids(command, protected))
}

/// Why a repair beyond its limit stops here, if it changes anything.
pub(super) fn repetition(limit_exceeded: bool, effect: Effect) -> Option<String> {
    (limit_exceeded && effect != Effect::Read).then(|| {
        "this repair was tried as often as its limit allows and did not help; a person has to look".to_owned()
    })
}

/// The part that needs no knowledge of this installation: destroyed storage, deleted namespaces.
pub(super) fn destructive(command: &Command, segments: &Segments) -> Option<String> {
    let cwd = command.cwd.as_deref();
    let judge = |argv: &[String]| {
        let name = base_name(argv.first()?);
        storage::forbids(name, argv, cwd).or_else(|| cluster::forbids(name, argv))
    };
    match segments {
        Segments::Argv(commands) => commands.iter().find_map(|argv| judge(argv)),
        Segments::Opaque(_) => {
            let input = command.stdin.iter();
            command.argv.iter().chain(input).find_map(|text| storage::redirect(text)).or_else(|| {
                candidates(command).iter().find_map(|words| (0..words.len()).find_map(|i| judge(&words[i..])))
            })
        }
    }
}

/// The word lists of an opaque command in which another command may begin anywhere: its own arguments as
/// they are (`sudo zpool …`), and each argument and the input cut up as a shell would, roughly.
fn candidates(command: &Command) -> Vec<Vec<String>> {
    let mut lists = vec![command.argv.clone()];
    for text in command.argv.iter().chain(&command.stdin) {
        let unquoted: String = text.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
        for line in unquoted.split([';', '|', '&', '\n', '(', ')', '{', '}', '`']) {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            if words.len() > 1 {
                lists.push(words);
            }
        }
    }
    lists
}

#[cfg(test)]
mod tests {
    use crate::domain::action::Action;

    use super::super::segments::segments;
    use super::*;

    fn forbidden(line: &str) -> bool {
        forbidden_argv(line.split_whitespace().map(str::to_owned).collect())
    }

    fn forbidden_argv(argv: Vec<String>) -> bool {
        let action = Action::local(argv);
        let Action::Command(command) = &action;
        destructive(command, &segments(&action)).is_some()
    }

    #[test]
    fn destroying_storage_is_forbidden_in_every_dress() {
        for line in [
            "mkfs.ext4 /dev/sda1",
            "/sbin/mkfs -t xfs /dev/sdb",
            "wipefs -a /dev/sda",
            "wipefs --all /dev/sda",
            "dd if=/dev/zero of=/dev/sda bs=1M",
            "zpool destroy tank",
            "zpool labelclear -f /dev/sda",
            "zfs destroy -r tank/media",
            "lvremove -y vg/lv",
            "lvm vgremove vg",
            "mdadm --zero-superblock /dev/sda1",
            "blkdiscard /dev/nvme0n1",
            "parted -s /dev/sda mklabel gpt",
            "parted /dev/sda rm 1",
            "sgdisk --zap-all /dev/sda",
            "sgdisk -Z /dev/sda",
            "sgdisk -d 1 /dev/sda",
            "cryptsetup luksErase /dev/sda2",
            "nvme format /dev/nvme0n1",
            "ceph osd purge 3 --yes-i-really-mean-it",
            "ceph osd pool delete a a --yes-i-really-really-mean-it",
            "shred -u /srv/file",
            "rm -rf /",
            "rm -r /etc/",
            "rm --recursive --force /home",
            "rm -fr -- /*",
            "rm -rf --no-preserve-root /srv/x",
            "rm -Rf /srv/../etc",
            "find / -xdev -delete",
            "tee /dev/sda",
            "sudo -n zpool destroy tank",
            "timeout 5 rm -rf /var",
            "ssh nas zpool destroy tank",
            "xargs rm -rf /",
            "busybox rm -rf /usr",
        ] {
            assert!(forbidden(line), "{line:?} passed");
        }
        for script in
            ["cd /; rm -rf *", "true && mkfs.ext4 /dev/sda", "\"mk\"fs /dev/sda", "echo x > /dev/sda"]
        {
            let argv = ["bash", "-c", script].map(str::to_owned).to_vec();
            assert!(forbidden_argv(argv), "{script:?} passed");
        }
    }

    #[test]
    fn a_script_on_standard_input_is_looked_into() {
        let command = |stdin: &str| Command {
            host: "local".into(),
            cwd: None,
            argv: vec!["sh".into()],
            stdin: Some(stdin.into()),
            env: std::collections::BTreeMap::new(),
        };
        let judge = |stdin| destructive(&command(stdin), &Segments::Opaque(String::new()));
        assert!(judge("set -e\nzfs destroy tank\n").is_some());
        assert!(judge("set -e\nzfs list tank\n").is_none());
    }

    #[test]
    fn what_only_looks_at_storage_or_removes_a_file_is_no_business_of_a_guardrail() {
        for line in [
            "wipefs /dev/sda",
            "dd if=/dev/sda of=/srv/backup.img",
            "dd if=/dev/zero of=/dev/null count=1",
            "zpool status",
            "zfs list",
            "parted -l",
            "parted -s /dev/sda print",
            "sgdisk -p /dev/sda",
            "sfdisk --dump /dev/sda",
            "ceph osd tree",
            "rm -rf /srv/cache/x",
            "rm /etc",
            "find /srv/cache -delete",
            "sudo systemctl restart nginx",
        ] {
            assert!(!forbidden(line), "{line:?} refused");
        }
    }

    #[test]
    fn blanket_deletion_in_a_cluster_is_forbidden_and_one_pod_is_not() {
        for line in [
            "kubectl delete ns media",
            "kubectl delete namespace/media",
            "kubectl --context home delete namespaces media",
            "kubectl delete pods,ns x",
            "kubectl -n media delete pods --all",
            "kubectl delete pods --all=true",
            "kubectl delete pods -A -l app=x",
            "k3s kubectl delete ns media",
            "sh -c kubectl\tdelete\tns\tmedia",
        ] {
            assert!(forbidden(line), "{line:?} passed");
        }
        for line in ["kubectl -n media delete pod jellyfin-0", "kubectl get ns", "kubectl get pods -A"] {
            assert!(!forbidden(line), "{line:?} refused");
        }
    }
}
