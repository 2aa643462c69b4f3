//! Repairs of storage that may cost all of it: there is no way back from them but a backup. (What else is risky, rules
//! say.)

use super::seen::Seen;

/// What this command risks, if it does.
pub(super) fn may_cost_all(seen: Seen<'_>) -> Option<&'static str> {
    let is = match seen.name {
        "btrfs" => {
            seen.pair(&["check"], &["repair"])
                || seen.verb(&["check"]) && seen.has(&["--repair", "--init-csum-tree", "--init-extent-tree"])
                || seen.pair(&["rescue"], &["zero-log", "chunk-recover", "clear-uuid-tree"])
        }
        "btrfsck" => seen.has(&["--repair"]),
        "xfs_repair" => seen.short('L') && !seen.short('n'),
        "zpool" => seen.verb(&["import"]) && (seen.short('F') || seen.short('X')) && !seen.short('n'),
        "reiserfsck" => seen.has(&["--rebuild-tree", "--rebuild-sb"]),
        "resize2fs" => seen.short('M'),
        "ceph-objectstore-tool" => seen.any(&["remove", "set-osdmap", "mark-complete"]),
        "ceph-monstore-tool" => seen.any(&["rebuild", "rewrite-crush"]),
        "etcdctl" | "etcdutl" => {
            seen.pair(&["snapshot"], &["restore"]) || seen.pair(&["member"], &["remove"])
        }
        "consul" | "nomad" => {
            seen.pair(&["snapshot"], &["restore"]) || seen.pair(&["raft"], &["remove-peer"])
        }
        "vault" => seen.pair(&["operator"], &["migrate"]) || seen.pair(&["snapshot"], &["restore"]),
        "pg_resetwal" | "pg_resetxlog" => true,
        _ => false,
    };
    is.then_some("is a repair or a change that only a backup takes back")
}
