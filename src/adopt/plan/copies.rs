//! What is copied: from where on the old host into which volume.

use std::collections::BTreeMap;

use crate::adopt::project::{Claim, Fate, Mount, MountSource, Origin, Project, Service};
use crate::adopt::{Adoption, Fault, Options};

/// One copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copy {
    /// The volume that it goes to.
    pub(super) claim: Claim,
    /// The path on the old host.
    pub(super) from: String,
    /// Whether that goes into the volume as it is called, and not what is in it.
    pub(super) part: bool,
    /// Its size, where known.
    pub(super) bytes: Option<u64>,
}

/// Everything that is copied, each volume once, by its name.
///
/// # Errors
/// Data whose place on the old host is not known.
pub(super) fn copies(adoption: &Adoption, options: &Options) -> Result<Vec<Copy>, Vec<Fault>> {
    let project = &adoption.settled.project;
    let folder = options.folder.as_deref();
    let mut faults = relative(project, folder);
    let mut copies: BTreeMap<String, Copy> = BTreeMap::new();
    for (service, mount) in project.services.iter().flat_map(|s| s.mounts.iter().map(move |m| (s, m))) {
        let claim = match &mount.fate {
            Fate::Claim(claim) => claim.clone(),
            _ => continue,
        };
        let Some(from) = place(mount, project, folder) else {
            if matches!(mount.source, MountSource::Anonymous | MountSource::Volume(_)) {
                let what = format!("where the data of {} lies on the old host is not known", mount.target);
                let id = format!("{}/mount:{}", service.name, mount.target);
                let fix = format!(
                    "adopt the running container, or decide that nothing of it is needed: `--decide {id}=scratch`"
                );
                faults.push(Fault::of(&project.name, what).at(&service.name).fix(fix));
            }
            continue;
        };
        // What is mounted as a part of a volume under its own name goes there under that name: a file, or a folder.
        let part = mount.subpath.as_deref().is_some_and(|part| from.ends_with(&format!("/{part}")));
        let copy = Copy { claim, from, part, bytes: mount.seen.bytes };
        let key = copy.claim.name.clone();
        match copies.get(&key) {
            // Where the whole is copied, its parts come along.
            Some(known) if !known.part || part => {}
            _ => _ = copies.insert(key, copy),
        }
    }
    if faults.is_empty() { Ok(copies.into_values().collect()) } else { Err(faults) }
}

/// Folders that are named as seen from the compose file: where that lies on the old host, it doesn't say.
fn relative(project: &Project, folder: Option<&str>) -> Vec<Fault> {
    let mounts = project.services.iter().flat_map(|s| s.mounts.iter().map(move |m| (s, m)));
    let stays = |mount: &Mount| matches!(mount.fate, Fate::Claim(_) | Fate::HostPath);
    let relative = mounts.filter_map(|(service, mount)| match &mount.source {
        MountSource::Bind(path) if stays(mount) && whole(path, folder).is_none() => Some((service, path)),
        _ => None,
    });
    let fault = |(service, path): (&Service, &String)| {
        let what =
            format!("`{path}` is beside the compose file, and where that lies on the old host is not known");
        let container = service.container.as_deref().unwrap_or(&service.name);
        let fix = format!(
            "name its folder with --folder, or adopt what runs: `steward adopt {container} --host HOST`"
        );
        Fault::of(&project.name, what).at(&service.name).fix(fix)
    };
    relative.map(fault).collect()
}

/// Where the data of a mount lies on the old host.
fn place(mount: &Mount, project: &Project, folder: Option<&str>) -> Option<String> {
    match &mount.source {
        MountSource::Bind(path) => whole(path, folder),
        MountSource::Volume(name) => {
            let known = project.volumes.get(name)?;
            // Compose puts the project's name in front, unless it is told a name.
            let real = match (&known.real_name, project.origin) {
                (Some(real), _) => real.clone(),
                (None, Origin::Compose) if !known.external => format!("{}_{name}", project.name),
                (None, _) => name.clone(),
            };
            // Where the engine keeps its own, unless it was told otherwise.
            let usual = || known.driver.is_none().then(|| format!("/var/lib/docker/volumes/{real}/_data"));
            known.mountpoint.clone().or_else(usual)
        }
        MountSource::Anonymous => mount.seen.place.clone(),
        MountSource::Memory(_) | MountSource::File(_) => None,
    }
}

/// A path as it is on the old host: one that is named as seen from the compose file begins in that one's folder.
fn whole(path: &str, folder: Option<&str>) -> Option<String> {
    if path.starts_with('/') {
        return Some(path.trim_end_matches('/').to_owned());
    }
    // A home is that of whoever started it, whom nobody knows here.
    let folder = folder.filter(|folder| folder.starts_with('/') && !path.starts_with('~'))?;
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}
