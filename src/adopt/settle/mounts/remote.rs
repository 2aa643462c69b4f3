//! What lies on other machines already.

use crate::adopt::project::{Mount, MountSource, Project};

const NETWORK: &[&str] = &[
    "nfs", "cifs", "smb", "ceph", "gluster", "sshfs", "davfs", "s3fs", "rclone", "9p", "juicefs", "moosefs",
    "beegfs",
];

/// The file system of the network that it is on, as far as that is known: `nfs4`, `cifs`.
pub(in crate::adopt::settle) fn is_on_network(project: &Project, mount: &Mount) -> Option<String> {
    let is_network = |kind: &str| {
        let kind = kind.to_ascii_lowercase();
        NETWORK.iter().any(|known| kind.contains(known))
    };
    if let Some(filesystem) = mount.seen.filesystem.as_deref().filter(|kind| is_network(kind)) {
        return Some(filesystem.to_owned());
    }
    let MountSource::Volume(name) = &mount.source else { return None };
    let volume = project.volumes.get(name)?;
    let kind = volume.options.get("type").filter(|kind| is_network(kind)).cloned();
    kind.or_else(|| volume.driver.clone().filter(|driver| is_network(driver)))
}

/// The NFS share that it is: server and path.
pub(super) fn share(project: &Project, mount: &Mount) -> Option<(String, String)> {
    let is_nfs = is_on_network(project, mount).is_some_and(|kind| kind.to_ascii_lowercase().contains("nfs"));
    if !is_nfs {
        return None;
    }
    of_volume(project, mount).or_else(|| {
        let (server, path) = mount.seen.remote.as_deref()?.rsplit_once(":/")?;
        pair(server, &format!("/{path}"))
    })
}

fn of_volume(project: &Project, mount: &Mount) -> Option<(String, String)> {
    let MountSource::Volume(name) = &mount.source else { return None };
    let options = &project.volumes.get(name)?.options;
    let device = options.get("device")?;
    let (before, path) = device.split_once(":/").unwrap_or(("", device.trim_start_matches([':', '/'])));
    let named =
        options.get("o").and_then(|o| o.split(',').find_map(|option| option.trim().strip_prefix("addr=")));
    pair(named.unwrap_or(before), &format!("/{path}"))
}

fn pair(server: &str, path: &str) -> Option<(String, String)> {
    let server = server.trim_matches(['[', ']']);
    (!server.is_empty()).then(|| (server.to_owned(), path.to_owned()))
}
