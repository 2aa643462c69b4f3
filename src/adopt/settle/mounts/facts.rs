//! What people are told about a mount.

use super::Data;
use super::remote;
use crate::adopt::known;
use crate::adopt::project::{Mount, MountSource, Project, Service};
use crate::adopt::settle::natures::Nature;
use crate::adopt::settle::{sizes, sqlite};
use crate::adopt::{Kind, Options};

/// What is asked.
pub(super) fn question(service: &Service, mount: &Mount, nature: Nature) -> String {
    let (name, target) = (&service.name, &mount.target);
    match nature {
        Nature::Socket => {
            format!("{name} uses the Docker socket, which gives it all rights over the host. What now?")
        }
        Nature::Config => format!("Where does the file `{target}` of {name} go?"),
        Nature::SecretFile => format!("`{target}` of {name} looks like a secret. Where does it go?"),
        Nature::Scratch => format!("`{target}` of {name} looks like a cache. May it start empty?"),
        Nature::Host | Nature::Clock | Nature::Own | Nature::Memory => {
            format!("{name} uses `{target}` of its host. Is that needed?")
        }
        Nature::Media => format!("Where does the library at `{target}` of {name} go?"),
        Nature::DataFile | Nature::Data => format!("Where does the data at `{target}` of {name} go?"),
    }
}

/// What a choice means.
pub(super) fn meaning(key: &str, nature: Nature) -> &'static str {
    match (key, nature) {
        ("leave", Nature::Socket) => "leave it out: a cluster has no Docker to talk to",
        ("host-path", Nature::Socket) => "mount the node's, if it has one: whoever gets in owns the node",
        ("host-path", Nature::Host) => "mount the same path of the node that it runs on",
        ("host-path", _) => {
            "keep it on one node, at the same path: nothing else can take over when that node fails"
        }
        ("share", _) => "mount it from the same server: nothing is copied",
        ("config", _) => "it goes along as configuration, that can't be written",
        ("secret-file", _) => "it becomes a secret of the cluster, that can't be written",
        ("scratch", _) => "an empty folder at each start: nothing is copied",
        ("leave", _) => "leave it out",
        _ => "a volume of the cluster: the data is copied there",
    }
}

/// Why it is left out.
pub(super) fn left(nature: Nature) -> &'static str {
    match nature {
        Nature::Socket => "a cluster has no Docker to talk to",
        _ => "a person decided so",
    }
}

/// What is known.
pub(super) fn all(
    project: &Project,
    data: &Data,
    nature: Nature,
    guess: Option<u64>,
    options: &Options,
) -> Vec<String> {
    let Some((service, mount)) = data.mount(project) else { return Vec::new() };
    let mut facts = vec![source(project, mount)];
    let is_data =
        !matches!(nature, Nature::Socket | Nature::Host | Nature::Clock | Nature::Own | Nature::Memory);
    if is_data {
        facts.push(size(project, mount, guess));
    }
    if let Some(bytes) = mount.seen.bytes.filter(|bytes| is_data && *bytes > sizes::GIB) {
        facts.push(format!("Copying it takes {} at 100 MB/s.", sizes::time_to_copy(bytes)));
    }
    if let Some(filesystem) = remote::is_on_network(project, mount) {
        let from = mount.seen.remote.as_deref().map_or_else(String::new, |remote| format!(", from {remote}"));
        facts.push(format!("It is on network storage now: {filesystem}{from}."));
        if remote::share(project, mount).is_none() {
            facts.push(
                "A cluster mounts this kind by a CSI driver only, which has to be set up first.".to_owned(),
            );
        }
    }
    let mut others: Vec<&str> = data.all(project).skip(1).map(|(service, _)| service.name.as_str()).collect();
    others.retain(|other| *other != service.name);
    others.dedup();
    if !others.is_empty() {
        let use_it = if others.len() == 1 { "uses" } else { "use" };
        facts.push(format!("{} {use_it} it, too.", others.join(", ")));
    }
    if mount.read_only && is_data {
        facts.push(format!("{} only reads it.", service.name));
    } else if matches!(nature, Nature::Config | Nature::SecretFile) {
        facts.push("It can be written now; if the service does so, a volume is needed (`claim`).".to_owned());
    }
    let known = known::of(&service.image.name);
    match nature {
        Nature::Socket => facts.push(match known.and_then(|known| known.without_socket) {
            Some(what) => format!("In Kubernetes, {what}."),
            None => "What starts or watches containers by it has to be replaced by something that knows the cluster.".to_owned(),
        }),
        Nature::Host => facts.push("Each node has its own: it isn't copied.".to_owned()),
        Nature::Scratch => facts.push("It is filled again while it runs; the first hours may be slower.".to_owned()),
        _ => {}
    }
    let is_settings = mount.read_only || matches!(nature, Nature::Config | Nature::SecretFile);
    if known.is_some_and(|known| known.database) && is_data && !is_settings {
        facts.push(
            "It is a database: it is stopped before its files are copied, and never put on network storage."
                .to_owned(),
        );
    } else if let Some(why) = sqlite::why(service, mount).filter(|_| is_data) {
        facts.push(format!("It keeps SQLite ({why}), which breaks on network storage."));
        if options.to == Kind::K8s && options.network_storage.is_none() {
            facts.push("Whether the cluster's storage is on the network is not known: the volume has to be a block device or local.".to_owned());
        }
    }
    facts
}

fn source(project: &Project, mount: &Mount) -> String {
    let on = project.old_host().map_or_else(String::new, |host| format!(" on {host}"));
    match &mount.source {
        MountSource::Bind(path) => format!("It is `{path}`{on}."),
        MountSource::Volume(name) => match project.volumes.get(name) {
            Some(volume) if volume.external => {
                format!("It is the volume `{}`{on}, which exists by itself.", on_host(project, name))
            }
            _ => format!("It is the volume `{}`{on}.", on_host(project, name)),
        },
        MountSource::Anonymous => {
            "It is a volume without a name: it goes when the container goes.".to_owned()
        }
        MountSource::Memory(_) | MountSource::File(_) => String::new(),
    }
}

fn size(project: &Project, mount: &Mount, guess: Option<u64>) -> String {
    let unknown = unknown_size(project, mount);
    match (mount.seen.bytes, guess) {
        (Some(bytes), _) => format!("There are {} in it now.", sizes::human(bytes)),
        (None, Some(guess)) => format!(
            "{unknown} It gets {} GiB: answer with a size such as `20Gi` for another.",
            guess / sizes::GIB
        ),
        (None, None) => unknown,
    }
}

/// What a volume is called on the host.
fn on_host<'a>(project: &'a Project, name: &'a str) -> &'a str {
    project.volumes.get(name).and_then(|volume| volume.real_name.as_deref()).unwrap_or(name)
}

fn unknown_size(project: &Project, mount: &Mount) -> String {
    match &mount.source {
        MountSource::Bind(path) => {
            format!("Its size is not known; `du -sh {}` tells.", shell_words::quote(path))
        }
        MountSource::Volume(name) => {
            format!("The size of `{}` is not known; `docker system df -v` tells.", on_host(project, name))
        }
        _ => "Its size is not known; `docker system df -v` tells.".to_owned(),
    }
}
