//! What becomes of what is mounted.

mod facts;
mod nested;
mod remote;

use std::collections::BTreeSet;

use super::desk::Desk;
use super::natures::{self, Nature};
use super::{names, shared, sizes, sqlite, stays};
use crate::adopt::known;
use crate::adopt::project::{Claim, Fate, Mount, MountSource, Project, Service};
use crate::adopt::{Decision, Options, Topic};

pub(super) use remote::is_on_network;

/// The same data, wherever it is mounted: by the places of the services and of their mounts.
pub(super) struct Data {
    pub(super) users: Vec<(usize, usize)>,
}

impl Data {
    pub(super) fn mount<'a>(&self, project: &'a Project) -> Option<(&'a Service, &'a Mount)> {
        let (service, mount) = self.users.first()?;
        let service = project.services.get(*service)?;
        Some((service, service.mounts.get(*mount)?))
    }

    /// Whether several services use it.
    fn is_shared(&self) -> bool {
        self.users.iter().any(|(service, _)| self.users.first().is_some_and(|(first, _)| first != service))
    }

    pub(super) fn all<'a>(
        &'a self,
        project: &'a Project,
    ) -> impl Iterator<Item = (&'a Service, &'a Mount)> + 'a {
        self.users.iter().filter_map(|(service, mount)| {
            let service = project.services.get(*service)?;
            Some((service, service.mounts.get(*mount)?))
        })
    }
}

/// Decides on all mounts: none is open afterwards.
pub(super) fn settle(project: &mut Project, desk: &mut Desk<'_>) {
    let mut taken = BTreeSet::new();
    for data in nested::parents_first(project, gathered(project)) {
        let Some((service, mount)) = data.mount(project) else { continue };
        let fate = match plain(project, service, mount, desk.options) {
            Some(fate) => named(fate, project, &data, &mut taken),
            None => asked(project, &data, &mut taken, desk),
        };
        give(project, &data, &fate);
        sqlite::settle(project, &data, &mut taken, desk);
    }
    for data in nested::by_claim(project) {
        shared::settle(project, &data, desk);
    }
}

/// The mounts by what is mounted, in the order in which it comes first.
fn gathered(project: &Project) -> Vec<Data> {
    let mut all: Vec<(MountSource, Data)> = Vec::new();
    for (service_at, service) in project.services.iter().enumerate() {
        for (mount_at, mount) in service.mounts.iter().enumerate() {
            let can_be_same = matches!(mount.source, MountSource::Bind(_) | MountSource::Volume(_));
            match all.iter_mut().find(|(source, _)| can_be_same && *source == mount.source) {
                Some((_, data)) => data.users.push((service_at, mount_at)),
                None => all.push((mount.source.clone(), Data { users: vec![(service_at, mount_at)] })),
            }
        }
    }
    all.into_iter().map(|(_, data)| data).collect()
}

/// What becomes of it where nobody needs to be asked. A claim has no name yet.
fn plain(project: &Project, service: &Service, mount: &Mount, options: &Options) -> Option<Fate> {
    let nature = natures::of(mount);
    match &mount.source {
        MountSource::Memory(bytes) => return Some(Fate::Scratch { bytes: *bytes, memory: true }),
        MountSource::File(name) => {
            let is_secret = project.files.get(name).is_some_and(|file| file.secret);
            return Some(if is_secret { Fate::SecretFile } else { Fate::Config });
        }
        _ => {}
    }
    if stays(project, options) {
        return Some(match &mount.source {
            MountSource::Bind(_) => Fate::HostPath,
            _ => Fate::Claim(unnamed(mount, service, nature)),
        });
    }
    if let Some(bytes) = memory(project, mount) {
        return Some(Fate::Scratch { bytes, memory: true });
    }
    match nature {
        Nature::Clock => Some(Fate::Left("the time zone is given as `TZ` instead".to_owned())),
        Nature::Memory => Some(Fate::Scratch { bytes: service.shm_size, memory: true }),
        Nature::Own => Some(Fate::Left(format!("the cluster makes `{}` itself", mount.target))),
        _ => None,
    }
}

/// A volume that is memory (`type: tmpfs`), and how much of it in bytes, where that is said.
fn memory(project: &Project, mount: &Mount) -> Option<Option<u64>> {
    let MountSource::Volume(name) = &mount.source else { return None };
    let options = &project.volumes.get(name)?.options;
    options.get("type").filter(|kind| *kind == "tmpfs")?;
    let size =
        options.get("o").and_then(|o| o.split(',').find_map(|option| option.trim().strip_prefix("size=")));
    Some(size.and_then(|size| sizes::read(size).or_else(|| size.parse().ok())))
}

/// What is asked for where nobody knows how much there is.
fn guessed(service: &Service, mount: &Mount, nature: Nature) -> u64 {
    let is_database = known::of(&service.image.name).is_some_and(|known| known.database);
    let gibibytes = match nature {
        Nature::Media => 100,
        _ if natures::is_one_file(mount) => 1,
        // Settings, by the place where they are.
        _ if mount.target.starts_with("/etc/") && sqlite::why(service, mount).is_none() => 1,
        _ if is_database && !mount.read_only => 10,
        _ => 5,
    };
    gibibytes * sizes::GIB
}

/// A claim that has to get its name yet.
pub(super) fn unnamed(mount: &Mount, service: &Service, nature: Nature) -> Claim {
    let is_database = known::of(&service.image.name).is_some_and(|known| known.database);
    let is_database = is_database && !mount.read_only;
    let bytes = mount.seen.bytes.map_or_else(|| guessed(service, mount, nature), sizes::asked);
    let local_only = is_database || sqlite::why(service, mount).is_some();
    Claim { name: String::new(), bytes, shared: false, local_only }
}

/// Gives a claim its name: that of the volume where several use one, else by service and path.
pub(super) fn named(fate: Fate, project: &Project, data: &Data, taken: &mut BTreeSet<String>) -> Fate {
    let Fate::Claim(mut claim) = fate else { return fate };
    let Some((service, mount)) = data.mount(project) else { return Fate::Claim(claim) };
    claim.name = match &mount.source {
        MountSource::Volume(name) if data.users.len() > 1 => {
            names::free([name.clone(), format!("{name}-volume")], taken)
        }
        MountSource::Bind(path) if data.is_shared() => names::shared(&project.name, path, taken)
            .unwrap_or_else(|| names::volume(&service.name, &mount.target, taken)),
        _ => names::volume(&service.name, &mount.target, taken),
    };
    claim.local_only |= data.all(project).any(|(service, mount)| sqlite::why(service, mount).is_some());
    taken.insert(claim.name.clone());
    Fate::Claim(claim)
}

pub(super) fn give(project: &mut Project, data: &Data, fate: &Fate) {
    for (service, mount) in &data.users {
        let Some(mount) =
            project.services.get_mut(*service).and_then(|service| service.mounts.get_mut(*mount))
        else {
            continue;
        };
        mount.fate = fate.clone();
        // A file in a volume of its own is mounted as this file, and not as a folder.
        if let (Fate::Claim(_), MountSource::Bind(path), None) = (fate, &mount.source, &mount.subpath)
            && natures::is_one_file(mount)
        {
            mount.subpath = path.rsplit('/').next().map(str::to_owned);
        }
    }
}

pub(super) fn id(kind: &str, service: &Service, mount: &Mount) -> String {
    format!("{}/{kind}:{}", service.name, mount.target)
}

fn asked(project: &mut Project, data: &Data, taken: &mut BTreeSet<String>, desk: &mut Desk<'_>) -> Fate {
    let Some((service, mount)) = data.mount(project) else { return Fate::Open };
    let nature = natures::of(mount);
    let share = remote::share(project, mount);
    let parent = nested::parent(project, mount).filter(|_| matches!(nature, Nature::Data | Nature::Media));
    let keys = keys(service, mount, nature, share.is_some());
    let mut choices: Vec<(&str, &str)> = keys.iter().map(|key| (*key, facts::meaning(key, nature))).collect();
    let within = parent.as_ref().map(|(claim, folder)| {
        format!("the folder `{folder}` of the volume `{}`, in which it is copied along", claim.name)
    });
    if let Some(within) = &within {
        choices.insert(0, ("within", within));
    }
    let mut decision = Decision::new(
        id("mount", service, mount),
        Some(&service.name),
        Topic::Mount,
        facts::question(service, mount, nature),
        &choices,
    );
    let guess = (choices_first(&choices) == Some("claim")).then(|| guessed(service, mount, nature));
    if nature == Nature::Socket {
        // Without it, what it was there for is gone: nobody but a person knows what takes its place.
        decision = decision.blocking();
    }
    decision.facts = facts::all(project, data, nature, guess, desk.options);
    let others: Vec<String> =
        data.all(project).skip(1).map(|(service, mount)| id("mount", service, mount)).collect();
    let can_claim = keys.contains(&"claim");
    let chosen = desk.ask_or(decision, &others, |answer| can_claim && sizes::read(answer).is_some());
    if let Some(bytes) = sizes::read(&chosen) {
        let claim = Claim { bytes: bytes.div_ceil(1 << 20) << 20, ..unnamed(mount, service, nature) };
        return named(Fate::Claim(claim), project, data, taken);
    }
    if let ("within", Some((claim, folder))) = (chosen.as_str(), parent) {
        nested::put(project, data, &folder);
        return Fate::Claim(claim);
    }
    match (chosen.as_str(), share) {
        ("share", Some((server, path))) => Fate::Share { server, path },
        ("host-path", _) => Fate::HostPath,
        ("config", _) => Fate::Config,
        ("secret-file", _) => Fate::SecretFile,
        ("scratch", _) => Fate::Scratch { bytes: None, memory: false },
        ("leave", _) => Fate::Left(facts::left(nature).to_owned()),
        _ => named(Fate::Claim(unnamed(mount, service, nature)), project, data, taken),
    }
}

fn choices_first<'a>(choices: &[(&'a str, &str)]) -> Option<&'a str> {
    choices.first().map(|(key, _)| *key)
}

/// The choices that there are, the best first.
fn keys(service: &Service, mount: &Mount, nature: Nature, can_share: bool) -> Vec<&'static str> {
    let is_bind = matches!(mount.source, MountSource::Bind(_));
    let is_empty = mount.seen.bytes == Some(0);
    let mut keys = match nature {
        Nature::Socket => vec!["leave", "host-path"],
        Nature::Clock | Nature::Own | Nature::Memory | Nature::Host => vec!["host-path", "leave"],
        Nature::Config => vec!["config", "secret-file", "claim", "host-path", "leave"],
        Nature::SecretFile => vec!["secret-file", "config", "claim", "host-path", "leave"],
        Nature::Scratch => vec!["scratch", "claim", "host-path"],
        Nature::DataFile | Nature::Data if mount.source == MountSource::Anonymous && is_empty => {
            vec!["scratch", "claim"]
        }
        Nature::DataFile | Nature::Media | Nature::Data => vec!["claim", "host-path", "scratch", "leave"],
    };
    if !is_bind {
        keys.retain(|key| *key != "host-path");
    }
    if can_share {
        let is_database = known::of(&service.image.name).is_some_and(|known| known.database);
        let is_data = matches!(nature, Nature::Data | Nature::Media | Nature::Scratch | Nature::DataFile);
        let first = is_data && !is_database && sqlite::why(service, mount).is_none();
        keys.insert(usize::from(!first), "share");
    }
    keys
}
