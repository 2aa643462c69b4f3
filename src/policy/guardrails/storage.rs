//! Storage that is destroyed on purpose: pools, volumes, snapshots, disks of machines, backups. It belongs into a runbook
//! that makes sure of a backup right before, and nowhere else.

use super::seen::Seen;

/// What this command destroys, if it does.
pub(super) fn destroys(seen: Seen<'_>) -> Option<&'static str> {
    if seen.name == "lvm" {
        return destroys(seen.inner()?);
    }
    local(seen)
        .or_else(|| ceph(seen))
        .or_else(|| machines(seen))
        .or_else(|| containers(seen))
        .or_else(|| backups(seen))
}

/// Pools, volumes and arrays of one host.
fn local(seen: Seen<'_>) -> Option<&'static str> {
    let (is, what) = match seen.name {
        "zpool" => (
            seen.verb(&["destroy"]) || seen.verb(&["create"]) && !seen.short('n'),
            "destroys a pool, or takes disks for a new one",
        ),
        "zfs" => (zfs(seen), "destroys a dataset, its snapshots or what is newer than one"),
        "lvremove" | "vgremove" | "pvremove" | "lvreduce" => {
            (!seen.rehearses(&["-t", "--test"]), "removes a volume, or a part of it")
        }
        "lvresize" => {
            let grows = |text: &str| {
                text.starts_with('+') || ["L+", "l+", "=+"].iter().any(|mark| text.contains(mark))
            };
            (!seen.texts().any(grows) && !seen.rehearses(&["-t", "--test"]), "may shrink a volume")
        }
        "vgreduce" => (
            seen.long("--removemissing") && (seen.long("--force") || seen.short('f')),
            "drops what is missing",
        ),
        "pvcreate" => (!seen.rehearses(&["-t", "--test"]), "takes a disk for itself"),
        "mdadm" => (
            seen.has(&["--create", "-C"])
                || ["--zero-superblock", "--create", "--kill-subarray"].iter().any(|flag| seen.long(flag)),
            "erases the superblocks of an array",
        ),
        "btrfs" => (btrfs(seen), "deletes a subvolume, or makes a file system smaller"),
        "snapper" => (seen.any(&["delete", "remove", "rm", "delete-config"]), "deletes snapshots"),
        "stratis" => {
            (seen.pair(&["pool", "filesystem", "fs"], &["destroy"]), "destroys a pool or file system")
        }
        "gluster" => (seen.pair(&["volume", "snapshot"], &["delete"]), "deletes a volume or a snapshot"),
        "nvme" => (seen.verb(&["delete-ns", "detach-ns"]), "deletes a namespace of a disk"),
        "vdo" => (seen.verb(&["remove"]), "removes a volume"),
        "drbdadm" => (seen.any(&["wipe-md", "create-md", "invalidate"]), "throws a replica away"),
        "targetcli" => (seen.any(&["delete", "clearconfig"]), "deletes a target"),
        _ => return None,
    };
    is.then_some(what)
}

fn zfs(seen: Seen<'_>) -> bool {
    let rehearses = || seen.plain().next() == Some("destroy") && seen.short('n');
    seen.verb(&["destroy"]) && !rehearses()
        || seen.verb(&["rollback"])
        || seen.verb(&["receive", "recv"]) && seen.short('F') && !seen.short('n')
}

/// `btrfs` takes its words cut short: `btrfs sub del`.
fn btrfs(seen: Seen<'_>) -> bool {
    let words = seen.plain();
    let is = |word: Option<&str>, long: &str, least: usize| {
        word.is_some_and(|word| word.len() >= least && long.starts_with(word))
    };
    let (first, second) = (words.clone().next(), words.clone().nth(1));
    // Its sizes may begin with a minus, too.
    let size = seen.texts().skip_while(|word| !is(Some(word), "resize", 3)).nth(1);
    let grows = size.is_some_and(|size| {
        let size = size.rsplit(':').next().unwrap_or(size);
        size == "max" || size.starts_with('+')
    });
    is(first, "subvolume", 2) && is(second, "delete", 2)
        || is(first, "filesystem", 2) && is(second, "resize", 3) && !grows
}

fn ceph(seen: Seen<'_>) -> Option<&'static str> {
    let is = match seen.name {
        "ceph" => {
            seen.pair(&["osd"], &["purge", "destroy", "rm", "lost", "purge-new"])
                || seen.pair(&["fs"], &["rm"])
                || seen.pair(&["pool"], &["delete", "rm"])
                || seen.pair(&["volume", "subvolume", "subvolumegroup", "snapshot"], &["rm"])
                || seen.pair(&["device"], &["zap"])
                || seen.any(&["osd"]) && seen.any(&["--zap"])
        }
        "ceph-volume" => seen.any(&["zap"]),
        "rados" => seen.any(&["purge", "rmpool", "rm", "cleanup"]),
        "rbd" => {
            let verb = |verbs: &[&str]| seen.verb(verbs);
            verb(&["rm", "remove"])
                || seen.pair(&["snap", "image", "group", "trash", "namespace"], &["rm", "remove", "purge"])
        }
        "radosgw-admin" => seen.has(&["--purge-objects", "--purge-data"]),
        _ => false,
    };
    is.then_some("destroys data in the cluster")
}

/// Machines and containers that go with their disks.
fn machines(seen: Seen<'_>) -> Option<&'static str> {
    let is = match seen.name {
        "qm" | "pct" => {
            seen.verb(&["destroy", "rollback", "unlink"])
                || seen.pair(&["disk"], &["unlink"])
                || seen.verb(&["set"]) && deletes_a_disk(seen)
        }
        "pvesm" => seen.verb(&["free", "remove", "prune-backups"]),
        "pvesh" => {
            seen.verb(&["create", "set"]) && seen.plain().any(|path| path.contains("/disks/"))
                || seen.verb(&["delete"])
                    && seen.plain().any(|path| {
                        path.split('/').any(|part| {
                            ["qemu", "lxc", "storage", "disks", "ceph", "content"].contains(&part)
                        })
                    })
        }
        "pveceph" => seen.pair(&["pool", "osd", "fs"], &["destroy"]) || seen.any(&["purge"]),
        "virsh" => {
            seen.any(&[
                "vol-delete",
                "vol-wipe",
                "pool-delete",
                "snapshot-delete",
                "snapshot-revert",
                "blockcommit",
            ]) || seen.any(&["undefine"])
                && seen.has(&[
                    "--remove-all-storage",
                    "--storage",
                    "--wipe-storage",
                    "--delete-storage-volume-snapshots",
                ])
        }
        "lxc" | "incus" => {
            seen.verb(&["delete", "rm"]) || seen.pair(&["volume", "storage", "bucket"], &["delete", "rm"])
        }
        "lxc-destroy" => true,
        "talosctl" => seen.any(&["reset", "wipe"]),
        "kubeadm" | "microk8s" | "k0s" => seen.verb(&["reset"]),
        "k3s-uninstall.sh" | "k3s-agent-uninstall.sh" | "rke2-uninstall.sh" => true,
        "terraform" | "tofu" | "pulumi" | "terragrunt" => {
            seen.any(&["destroy"]) || seen.has(&["-destroy", "--destroy"])
        }
        "minikube" | "kind" | "k3d" => seen.verb(&["delete"]) || seen.pair(&["cluster"], &["delete"]),
        "vagrant" => seen.verb(&["destroy"]),
        _ => false,
    };
    is.then_some("destroys machines or their disks")
}

/// Whether the setting that is deleted is a disk: `--delete scsi0,net1`.
fn deletes_a_disk(seen: Seen<'_>) -> bool {
    const DISKS: [&str; 8] = ["scsi", "virtio", "sata", "ide", "efidisk", "tpmstate", "unused", "mp"];
    let named = |text: &str| {
        text.split([',', ';', ' ']).any(|name| {
            DISKS.iter().any(|disk| {
                name.strip_prefix(disk).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
            })
        })
    };
    let after = seen.texts().zip(seen.texts().skip(1));
    let apart =
        after.into_iter().any(|(flag, value)| ["--delete", "-delete"].contains(&flag) && named(value));
    apart || seen.texts().filter_map(|text| text.split_once("delete=")).any(|(_, value)| named(value))
}

/// Volumes of containers and claims of a cluster.
fn containers(seen: Seen<'_>) -> Option<&'static str> {
    let is = match seen.name {
        "docker" | "podman" | "nerdctl" => {
            let removes = ["rm", "remove", "prune"];
            seen.pair(&["volume"], &removes)
                || seen.pair(&["system"], &["prune"]) && seen.has(&["--volumes"])
                || seen.pair(&["system"], &["reset"])
                || seen.verb(&["compose"]) && compose(seen)
                || (seen.verb(&["rm"]) || seen.pair(&["container"], &["rm", "remove"]))
                    && (seen.short('v') || seen.has(&["--volumes"]))
        }
        "docker-compose" | "podman-compose" => compose(seen),
        "kubectl" | "oc" => claims(seen),
        "nomad" => seen.pair(&["volume", "snapshot"], &["delete"]),
        _ => false,
    };
    is.then_some("removes volumes with all that is in them")
}

fn compose(seen: Seen<'_>) -> bool {
    let volumes = seen.short('v') || seen.has(&["--volumes"]);
    volumes && seen.any(&["down", "rm"])
}

/// `kubectl delete` of a volume, or of the claim that keeps one.
fn claims(seen: Seen<'_>) -> bool {
    const KINDS: [&str; 6] = [
        "pv",
        "pvc",
        "persistentvolume",
        "persistentvolumes",
        "persistentvolumeclaim",
        "persistentvolumeclaims",
    ];
    super::cluster::deleted_kinds(seen).iter().any(|kind| KINDS.contains(&kind.as_str()))
}

fn backups(seen: Seen<'_>) -> Option<&'static str> {
    let rehearses = seen.rehearses(&["-n", "--dry-run", "--dryrun"]);
    let is = match seen.name {
        "restic" | "rustic" => seen.any(&["forget", "prune"]) || seen.has(&["--forget", "--remove-all"]),
        "borg" | "borgmatic" => seen.any(&["delete", "prune", "repo-delete"]),
        "kopia" => seen.pair(&["snapshot", "repository"], &["delete"]),
        "duplicity" => seen.any(&["remove-older-than", "remove-all-but-n-full", "cleanup"]),
        "proxmox-backup-client" => seen.pair(&["snapshot", "group"], &["forget"]) || seen.verb(&["prune"]),
        "proxmox-backup-manager" => seen.pair(&["datastore"], &["remove"]),
        "velero" => seen.verb(&["delete"]) || seen.pair(&["backup"], &["delete"]),
        "rclone" => seen.any(&["purge", "delete", "deletefile", "rmdirs", "dedupe", "sync", "cleanup"]),
        "timeshift" => seen.has(&["--delete-all", "--delete"]),
        "sanoid" => seen.has(&["--prune-snapshots", "--force-prune"]),
        "aws" => seen.any(&["s3"]) && (seen.any(&["rb"]) || seen.any(&["rm"]) && seen.has(&["--recursive"])),
        "mc" => seen.verb(&["rb"]) || seen.verb(&["rm"]) && (seen.short('r') || seen.has(&["--recursive"])),
        "gsutil" => seen.any(&["rb"]) || seen.any(&["rm"]) && seen.short('r'),
        "s3cmd" => {
            seen.verb(&["rb", "expunge"])
                || seen.verb(&["del", "rm"]) && (seen.short('r') || seen.has(&["--recursive"]))
        }
        "vault" => seen.pair(&["secrets"], &["disable"]),
        "consul" => seen.pair(&["kv"], &["delete"]) && seen.has(&["-recurse", "--recurse"]),
        "etcdctl" => seen.any(&["del"]) && seen.has(&["--prefix", "--from-key"]),
        _ => false,
    };
    (is && !rehearses).then_some("deletes what can't be brought back without a backup")
}
