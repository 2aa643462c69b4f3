//! Folders within folders that are mounted, too: one copy of them is enough, and hard links between them keep working.

use super::Data;
use crate::adopt::project::{Claim, Fate, Mount, MountSource, Project};

/// Those that lie within others come after them; else the order stays.
pub(super) fn parents_first(project: &Project, mut all: Vec<Data>) -> Vec<Data> {
    let path_of = |data: &Data| match data.mount(project).map(|(_, mount)| &mount.source) {
        Some(MountSource::Bind(path)) => Some(path.clone()),
        _ => None,
    };
    let paths: Vec<String> = all.iter().filter_map(path_of).collect();
    all.sort_by_cached_key(|data| {
        path_of(data).map_or(0, |path| paths.iter().filter(|parent| within(parent, &path).is_some()).count())
    });
    all
}

/// The volume that holds the folder in which this one lies, and where it lies there.
pub(super) fn parent(project: &Project, mount: &Mount) -> Option<(Claim, String)> {
    let MountSource::Bind(path) = &mount.source else { return None };
    let all = project.services.iter().flat_map(|service| &service.mounts);
    let parents = all.filter_map(|other| match (&other.source, &other.fate, &other.subpath) {
        (MountSource::Bind(parent), Fate::Claim(claim), None) => Some((claim.clone(), within(parent, path)?)),
        _ => None,
    });
    // The folder that lies deepest leaves the least to be said.
    parents.min_by_key(|(_, folder)| folder.len())
}

/// Where a path lies in another: not the same.
fn within(parent: &str, path: &str) -> Option<String> {
    let rest = path.strip_prefix(parent.trim_end_matches('/'))?.strip_prefix('/')?.trim_matches('/');
    (!rest.is_empty() && parent.len() > 1).then(|| rest.to_owned())
}

/// Says where they lie in the volume.
pub(super) fn put(project: &mut Project, data: &Data, folder: &str) {
    for (service, mount) in &data.users {
        if let Some(mount) =
            project.services.get_mut(*service).and_then(|service| service.mounts.get_mut(*mount))
        {
            mount.subpath = Some(folder.to_owned());
        }
    }
}

/// What is in one claim, together; a claim that may not be on network storage for one of them may not for any.
pub(super) fn by_claim(project: &mut Project) -> Vec<Data> {
    let mut claims: Vec<(String, bool, Data)> = Vec::new();
    for (service_at, service) in project.services.iter().enumerate() {
        for (mount_at, mount) in service.mounts.iter().enumerate() {
            let Fate::Claim(claim) = &mount.fate else { continue };
            match claims.iter_mut().find(|(name, ..)| *name == claim.name) {
                Some((_, local_only, data)) => {
                    *local_only |= claim.local_only;
                    data.users.push((service_at, mount_at));
                }
                None => claims.push((
                    claim.name.clone(),
                    claim.local_only,
                    Data { users: vec![(service_at, mount_at)] },
                )),
            }
        }
    }
    for claim in project.services.iter_mut().flat_map(|service| &mut service.mounts).filter_map(|mount| {
        match &mut mount.fate {
            Fate::Claim(claim) => Some(claim),
            _ => None,
        }
    }) {
        if let Some((_, local_only, _)) = claims.iter().find(|(name, ..)| *name == claim.name) {
            claim.local_only = *local_only;
        }
    }
    claims.into_iter().map(|(.., data)| data).collect()
}
