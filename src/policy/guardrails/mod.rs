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
use super::segment::{Line, Opaque};

/// Why an action must never run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guardrail {
    /// As a sentence for people.
    pub(super) why: String,
    /// Whether it may be asked for all the same when a named safety check is part of the plan and passes right
    /// before.
    pub(super) unless_checked: bool,
}

impl Guardrail {
    /// One that nothing opens.
    fn never(why: impl Into<String>) -> Self {
        Self { why: why.into(), unless_checked: false }
    }
}

/// Why this action must never run, if so.
pub(super) fn forbids(command: &Command, line: &Line, protected: &[PathBuf]) -> Option<Guardrail> {
    destructive(line).or_else(|| own_state::forbids(command, protected).map(Guardrail::never))
}

/// Why a repair beyond its limit stops here, if it changes anything.
pub(super) fn repetition(limit_exceeded: bool, effect: Effect) -> Option<Guardrail> {
    (limit_exceeded && effect != Effect::Read).then(|| {
        Guardrail::never(
            "this repair was tried as often as its limit allows and did not help; a person has to look",
        )
    })
}

/// The part that needs no knowledge of this installation: destroyed storage, deleted namespaces.
pub(super) fn destructive(line: &Line) -> Option<Guardrail> {
    let menace = line.menaces.first().map(|why| Guardrail::never(why.as_str()));
    let seen = || line.segments.iter().find_map(|segment| judge(&segment.texts(), segment.cwd.as_deref()));
    menace.or_else(seen).or_else(|| line.opaque.iter().find_map(in_opaque))
}

fn judge(words: &[String], cwd: Option<&std::path::Path>) -> Option<Guardrail> {
    let name = base_name(words.first()?);
    let why = storage::forbids(name, words, cwd).or_else(|| cluster::forbids(name, words));
    why.map(Guardrail::never)
}

/// Looks for words that must not be there in what can't be seen through.
fn in_opaque(opaque: &Opaque) -> Option<Guardrail> {
    let redirect = opaque.texts.iter().find_map(|text| storage::redirect(text)).map(Guardrail::never);
    redirect.or_else(|| {
        candidates(opaque).iter().find_map(|words| (0..words.len()).find_map(|i| judge(&words[i..], None)))
    })
}

/// The word lists of an opaque command in which another command may begin anywhere: its own arguments as
/// they are (`sudo zpool …`), and each argument and the input cut up as a shell would, roughly.
fn candidates(opaque: &Opaque) -> Vec<Vec<String>> {
    let mut lists = vec![opaque.texts.clone()];
    for text in &opaque.texts {
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

    use super::super::segments::of_action;
    use super::*;

    fn forbidden(line: &str) -> bool {
        forbidden_argv(line.split_whitespace().map(str::to_owned).collect())
    }

    fn forbidden_argv(argv: Vec<String>) -> bool {
        destructive(&of_action(&Action::local(argv))).is_some()
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
        let judge = |stdin| destructive(&of_action(&Action::Command(command(stdin))));
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
