//! What is copied: from where on the old host into which volume.

use std::collections::BTreeMap;

use crate::adopt::project::{Claim, Fate, Mount, MountSource};
use crate::adopt::{Adoption, Fault, Kind, Options};

/// One copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copy {
    /// The volume that it goes to.
    pub(super) claim: Claim,
    /// The path on the old host.
    pub(super) from: String,
    /// Whether that is one file.
    pub(super) is_file: bool,
    /// Its size, where known.
    pub(super) bytes: Option<u64>,
}

/// Everything that is copied, each volume once, by its name.
///
/// # Errors
/// Data whose place on the old host is not known.
pub(super) fn copies(adoption: &Adoption, options: &Options) -> Result<Vec<Copy>, Vec<Fault>> {
    let project = &adoption.settled.project;
    // On the same host, data stays where it is.
    if options.to == Kind::Compose && options.copy_to.is_none() && options.compose_host.is_none() {
        return Ok(Vec::new());
    }
    let mut copies: BTreeMap<String, Copy> = BTreeMap::new();
    let mut faults = Vec::new();
    for (service, mount) in project.services.iter().flat_map(|s| s.mounts.iter().map(move |m| (s, m))) {
        let claim = match &mount.fate {
            Fate::Claim(claim) => claim.clone(),
            // A folder of the old host, that is to be one of the new.
            Fate::HostPath if options.to == Kind::Compose => match &mount.source {
                MountSource::Bind(path) if is_data(path) => {
                    Claim { name: path.clone(), bytes: 0, shared: false, local_only: false }
                }
                _ => continue,
            },
            _ => continue,
        };
        let Some(from) = place(mount, |volume| project.volumes.get(volume)) else {
            if matches!(mount.source, MountSource::Anonymous | MountSource::Volume(_)) {
                let what = format!("where the data of {} lies on the old host is not known", mount.target);
                let fix = "give `docker inspect` of its volumes together with that of the containers";
                faults.push(Fault::of(&project.name, what).at(&service.name).fix(fix));
            }
            continue;
        };
        let is_file = mount.seen.is_file == Some(true);
        let bytes = mount.seen.bytes;
        copies.entry(claim.name.clone()).or_insert(Copy { claim, from, is_file, bytes });
    }
    if faults.is_empty() { Ok(copies.into_values().collect()) } else { Err(faults) }
}

/// Whether a path holds data, and is no part of the system.
fn is_data(path: &str) -> bool {
    let system = ["/dev", "/proc", "/sys", "/run", "/var/run", "/etc", "/lib", "/usr", "/boot"];
    let below =
        |root: &str| path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    path.starts_with('/') && path != "/" && !system.iter().any(|root| below(root))
}

/// Where the data of a mount lies on the old host.
fn place<'a>(
    mount: &Mount,
    volume: impl Fn(&str) -> Option<&'a crate::adopt::project::Volume>,
) -> Option<String> {
    match &mount.source {
        MountSource::Bind(path) if path.starts_with('/') => Some(path.trim_end_matches('/').to_owned()),
        MountSource::Volume(name) => {
            let known = volume(name)?;
            let usual = || {
                // Where the engine keeps its own, unless it was told otherwise.
                let real = known.real_name.as_deref().unwrap_or(name);
                known.driver.is_none().then(|| format!("/var/lib/docker/volumes/{real}/_data"))
            };
            known.mountpoint.clone().or_else(usual)
        }
        MountSource::Bind(_) | MountSource::Anonymous | MountSource::Memory(_) | MountSource::File(_) => None,
    }
}
