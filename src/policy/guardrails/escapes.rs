//! Containers that are given the whole machine.

use super::seen::Seen;

/// Why this command must never run, if so.
pub(super) fn forbids(seen: Seen<'_>) -> Option<String> {
    let starts = ["docker", "podman", "nerdctl"].contains(&seen.name) && seen.any(&["run", "create"]);
    let after = seen.texts().zip(seen.texts().skip(1));
    let apart = after.into_iter().any(|(flag, value)| match flag {
        "-v" | "--volume" => is_root(value),
        "--mount" => binds_root(value),
        _ => false,
    });
    let joined = seen.texts().any(|text| {
        text.strip_prefix("--volume=").or_else(|| text.strip_prefix("-v")).is_some_and(is_root)
            || text.strip_prefix("--mount=").is_some_and(binds_root)
    });
    (starts && (apart || joined)).then(|| {
        "it gives a container the whole file system of the machine; name the one folder it needs".into()
    })
}

/// `/:/host`, also with dots and doubled slashes.
fn is_root(volume: &str) -> bool {
    let Some((source, _)) = volume.split_once(':') else { return false };
    source.starts_with('/') && crate::policy::paths::absolute(source, None) == "/"
}

/// `type=bind,source=/,target=/host`.
fn binds_root(mount: &str) -> bool {
    mount.split(',').filter_map(|field| field.split_once('=')).any(|(name, value)| {
        ["source", "src"].contains(&name)
            && value.starts_with('/')
            && crate::policy::paths::absolute(value, None) == "/"
    })
}
