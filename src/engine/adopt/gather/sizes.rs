//! How large the data of a project is, what kind of storage it lies on, and whether it is `SQLite`'s.

use std::collections::BTreeMap;

use super::Host;
use crate::adopt::Project;
use crate::adopt::project::{Fate, MountSource, Seen};

/// Files of `SQLite` that are named, at most.
const NAMED: usize = 3;

/// Looks at the source of each mount that holds data.
pub(super) async fn look(host: &Host<'_>, project: &mut Project) {
    let mut known: BTreeMap<String, Seen> = BTreeMap::new();
    let volumes = project.volumes.clone();
    for mount in project.services.iter_mut().flat_map(|service| &mut service.mounts) {
        let path = match &mount.source {
            MountSource::Bind(path) => Some(path.clone()),
            MountSource::Volume(name) => volumes.get(name).and_then(|volume| volume.mountpoint.clone()),
            MountSource::Anonymous => mount.seen.place.clone(),
            MountSource::Memory(_) | MountSource::File(_) => None,
        };
        let left = matches!(mount.fate, Fate::Left(_));
        let Some(path) = path.filter(|path| is_data(path) && !left) else { continue };
        if !known.contains_key(&path) {
            known.insert(path.clone(), seen(host, &path).await);
        }
        if let Some(seen) = known.get(&path) {
            mount.seen = Seen { place: mount.seen.place.take(), ..seen.clone() };
        }
    }
}

/// Whether it is worth a look: a whole path, and none of the system's.
fn is_data(path: &str) -> bool {
    let system = ["/dev", "/proc", "/sys", "/run", "/var/run", "/lib/modules", "/boot"];
    let below =
        |root: &str| path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    path.starts_with('/')
        && path != "/"
        && !path.chars().any(char::is_control)
        && !path.split('/').any(|part| part == "..")
        && !system.iter().any(|root| below(root))
}

async fn seen(host: &Host<'_>, path: &str) -> Seen {
    let mut seen = Seen::default();
    if let Ok(text) = host.ask(&["stat", "-L", "-c", "%F", path]).await {
        seen.is_file = Some(text.trim().starts_with("regular"));
    }
    if let Ok(text) = host.ask(&["du", "-s", "-B1", path]).await {
        seen.bytes = text.split_whitespace().next().and_then(|bytes| bytes.parse().ok());
    }
    if let Ok(text) = host.ask(&["df", "--output=fstype,source", path]).await {
        let mut words = text.lines().nth(1).unwrap_or_default().split_whitespace();
        seen.filesystem = words.next().map(str::to_owned);
        let from = words.next().filter(|from| from.contains(":/") || from.starts_with("//"));
        seen.remote = from.map(str::to_owned);
    }
    // Where the file system is one of the network, the path below what is mounted belongs to its address.
    if let (Some(remote), Ok(text)) = (&seen.remote, host.ask(&["df", "--output=target", path]).await) {
        let mounted = text.lines().nth(1).unwrap_or_default().trim();
        let below = path.strip_prefix(mounted.trim_end_matches('/')).unwrap_or_default();
        seen.remote = Some(format!("{}{below}", remote.trim_end_matches('/')));
    }
    let find = [
        "find",
        path,
        "-maxdepth",
        "3",
        "-type",
        "f",
        "(",
        "-name",
        "*.db",
        "-o",
        "-name",
        "*.sqlite",
        "-o",
        "-name",
        "*.sqlite3",
        ")",
    ];
    if let Ok(text) = host.ask(&find).await {
        seen.sqlite = text.lines().take(NAMED).map(|file| file.trim().to_owned()).collect();
    }
    seen
}
