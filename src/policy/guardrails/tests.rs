//! Guardrails, held against what must not pass and what must.

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
    for script in ["cd /; rm -rf *", "true && mkfs.ext4 /dev/sda", "\"mk\"fs /dev/sda", "echo x > /dev/sda"] {
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
