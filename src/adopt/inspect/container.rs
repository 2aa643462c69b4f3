//! One container.

use std::collections::BTreeMap;

use super::super::project::{
    Connection, Dependency, Image, Restart, Service, Until, Value, Volume, dns_label,
};
use super::around::{Around, ImageFacts, Match};
use super::node::{Node, shown};
use super::process::{self, Process, Said};
use super::reference::{self, Reference};
use super::{limits, mounts, networks, ports, rights};

/// A container, before it is known what it belongs to: networks and volumes have their names on the host.
pub(super) struct Found {
    pub(super) id: String,
    /// Its name; its short id where it has none.
    pub(super) name: String,
    /// Where it stands in the input.
    pub(super) path: String,
    pub(super) compose: Option<Compose>,
    pub(super) service: Service,
    pub(super) volumes: BTreeMap<String, Volume>,
    /// Whose network it uses.
    pub(super) joins: Option<String>,
    /// The pod that it is in.
    pub(super) pod: Option<String>,
    /// Whether it only holds a pod's network.
    pub(super) infra: bool,
    /// Further names for other containers.
    pub(super) links: Vec<(String, String)>,
    /// What people should know, without a full stop's need of the service's name.
    pub(super) notes: Vec<String>,
}

/// What compose wrote on a container.
pub(super) struct Compose {
    pub(super) project: String,
    pub(super) service: String,
    pub(super) depends_on: Vec<Dependency>,
    /// Whether it is the rest of a `compose run`.
    pub(super) one_off: bool,
}

impl Compose {
    /// Whether an image is called as compose calls what it builds.
    fn built(&self, image: &str) -> bool {
        ["-", "_"].iter().any(|between| image == format!("{}{between}{}", self.project, self.service))
    }
}

/// Reads a container.
pub(super) fn read(node: &Node<'_>, around: &Around<'_>) -> Found {
    let (host, config) = (node.get("HostConfig"), node.get("Config"));
    let podman = ["OCIRuntime", "ImageName", "ConmonPidFile", "BoundingCaps"].iter().any(|key| node.has(key));
    if config.is_nothing() {
        config.fault("is missing: this is not all that `docker inspect` prints");
    }
    let id = node.get("Id").text().unwrap_or_default();
    let name = name(node, &id);
    let compose = compose(&config.get("Labels"));
    let mut notes = Vec::new();
    let (mut image, found) = image(node, &config, around, &mut notes);
    if compose.as_ref().is_some_and(|compose| compose.built(&image.name)) {
        notes.push("its image was built on this host, and is in no registry".to_owned());
        image.local_id = image.local_id.or(node.get("Image").text());
        image.digest = None;
    }
    let written = Reference { name: image.name.clone(), tag: image.tag.clone(), digest: None };
    let said = match found {
        Some(facts) => Said::Known(facts),
        None if around.differs(&config) => Said::Differing(&written),
        None => Said::Guessed(&written),
    };
    let process = process::read(&config, &said, podman, &mut notes);
    let names = networks::Names {
        id: &id,
        name: &name,
        service: compose.as_ref().map_or(name.as_str(), |compose| &compose.service),
    };
    let wires = networks::read(node, &names, around, &mut notes);
    let mounts = mounts::read(node, around);
    notes.extend(mounts.notes);
    if let Some(note) = left_out(&process, &name, &image, podman) {
        notes.push(note);
    }
    let mut service = Service {
        name: dns_label(names.service),
        container: Some(name.clone()),
        hostname: hostname(&config, &names, &wires.connection),
        image,
        mounts: mounts.mounts,
        ports: ports::read(node, matches!(wires.connection, Connection::Networks(_)), &mut notes),
        network: wires.connection,
        dns: networks::dns(&host),
        extra_hosts: networks::extra_hosts(&host),
        groups: host.get("GroupAdd").texts(),
        health: process::health(&config, &said),
        depends_on: compose.as_ref().map(|compose| compose.depends_on.clone()).unwrap_or_default(),
        ..Service::default()
    };
    settings(&mut service, node, &said, podman, &mut notes);
    service.gpus = rights::gpus(&host, process.visible_cards.as_deref(), &mut notes);
    run(&mut service, process);
    notes.sort();
    notes.dedup();
    Found {
        id,
        name,
        path: node.path().to_owned(),
        compose,
        service,
        volumes: mounts.volumes,
        joins: wires.joins,
        pod: node.get("Pod").text(),
        infra: node.get("IsInfra").flag(),
        links: wires.links,
        notes,
    }
}

fn run(service: &mut Service, process: Process) {
    service.entrypoint = process.entrypoint;
    service.command = process.command;
    service.working_dir = process.working_dir;
    service.user = process.user;
    service.env = process.env;
    service.labels = process.labels;
    service.image.default_user = process.default_user;
    if service.gpus.as_ref().is_some_and(|gpus| gpus.driver.as_deref() == Some("nvidia")) {
        // Whoever asks for cards is shown all of them anyway.
        let all = Value::Text("all".to_owned());
        if service.env.get("NVIDIA_VISIBLE_DEVICES") == Some(&all) {
            service.env.remove("NVIDIA_VISIBLE_DEVICES");
        }
    }
}

/// What is set on a container by a word or a number.
fn settings(
    service: &mut Service,
    node: &Node<'_>,
    said: &Said<'_, '_>,
    podman: bool,
    notes: &mut Vec<String>,
) {
    let (host, config, state) = (node.get("HostConfig"), node.get("Config"), node.get("State"));
    service.rights = rights::rights(&host, notes);
    service.devices = rights::devices(&host);
    service.limits = limits::limits(&host, podman);
    service.ulimits = limits::ulimits(&host, podman);
    service.shm_size = limits::shm(&host);
    service.restart = limits::restart(&host);
    let sysctls = host.get("Sysctls").entries().into_iter();
    service.sysctls =
        sysctls.map(|(key, value)| (key.to_owned(), value.text().unwrap_or_default())).collect();
    service.init = host.get("Init").flag();
    service.tty = config.get("Tty").flag();
    service.stdin_open = config.get("OpenStdin").flag();
    let signal = limits::stop_signal(&config.get("StopSignal"));
    service.stop_signal = signal.filter(|signal| match said {
        Said::Known(image) => limits::stop_signal(&image.config.get("StopSignal")).as_ref() != Some(signal),
        Said::Guessed(name) | Said::Differing(name) => !super::image::own_signal(signal, name),
    });
    let grace = config.get("StopTimeout").above_zero();
    service.stop_grace = grace.filter(|seconds| !(podman && *seconds == 10));
    service.platform = node.get("Platform").text().filter(|platform| platform.contains('/'));
    if !state.is_nothing() {
        let status = state.get("Status").text();
        service.running = Some(state.get("Running").flag() || status.as_deref() == Some("running"));
    }
    if let Some(unit) = config.get("Labels").get("PODMAN_SYSTEMD_UNIT").text()
        && service.restart == Restart::No
    {
        notes.push(format!(
            "systemd's unit {} starts it: it is always restarted in the new place",
            shown(&unit)
        ));
        service.restart = Restart::Always;
    }
    limits::others(node, notes);
}

/// What is said of guesses.
fn left_out(process: &Process, name: &str, image: &Image, podman: bool) -> Option<String> {
    if process.left.is_empty() {
        return None;
    }
    let reference = match (&image.tag, image.name.as_str()) {
        (_, "") => "IMAGE".to_owned(),
        (Some(tag), name) => format!("{name}:{tag}"),
        (None, name) => name.to_owned(),
    };
    let (name, reference) = (shown(name), shown(&reference));
    Some(format!(
        "Taken for the image's own, and left out: {}. To know exactly, adopt the output of `{} inspect {} {}`",
        process.left.join("; "),
        if podman { "podman" } else { "docker" },
        shell_words::quote(&name),
        shell_words::quote(&reference),
    ))
}

fn name(node: &Node<'_>, id: &str) -> String {
    let name = node.get("Name").text().unwrap_or_default();
    let name = name.trim_start_matches('/');
    if !name.is_empty() {
        return name.to_owned();
    }
    let short: String = id.chars().take(12).collect();
    if short.is_empty() {
        node.fault("has neither a name nor an id: is it what `docker inspect` printed, in whole?");
    }
    short
}

/// The host name that a person set.
fn hostname(config: &Node<'_>, names: &networks::Names<'_>, connection: &Connection) -> Option<String> {
    if !matches!(connection, Connection::Networks(_) | Connection::Nothing) {
        return None;
    }
    let made_up = |name: &String| name.len() == 12 && name.bytes().all(|b| b.is_ascii_hexdigit());
    let hostname = config.get("Hostname").text().filter(|name| !made_up(name));
    hostname
        .filter(|name| name != names.name && name != names.service && !names.id.starts_with(name.as_str()))
}

/// The image of a container, and the image's own object.
fn image<'b, 'a>(
    node: &Node<'_>,
    config: &Node<'_>,
    around: &'b Around<'a>,
    notes: &mut Vec<String>,
) -> (Image, Option<&'b ImageFacts<'a>>) {
    let id = node.get("Image").text().unwrap_or_default();
    let written = config.get("Image").text().or_else(|| node.get("ImageName").text()).unwrap_or_default();
    let mut reference = reference::parse(&written);
    let found = around.image(&id, &reference);
    let (facts, exact) = match found {
        Match::Exact(image) => (Some(image), true),
        Match::ByName(image) => {
            notes.push("the image in the input has its name, but was pulled after it was started".to_owned());
            (Some(image), false)
        }
        Match::Unknown => (None, false),
    };
    if reference.name.is_empty() {
        // It was started by an id, or its tag went to another image since.
        let known = facts.and_then(|image| image.tags.first().or(image.digests.first())).cloned();
        let named = node.get("ImageName").text().map(|name| reference::parse(&name));
        reference = known.or(named).map_or(reference, |known| Reference { digest: None, ..known });
        if reference.name.is_empty() {
            notes.push("its image has no name here, only an id: which one it is can't be told".to_owned());
        }
    }
    let observed = facts.filter(|_| exact).and_then(|image| {
        image.digests.iter().find(|known| known.same_name(&reference)).and_then(|known| known.digest.clone())
    });
    let podmans = node.get("ImageDigest").text().filter(|_| !reference.name.starts_with("localhost/"));
    let pinned = reference.digest.is_some();
    // Since Docker 28: what was pulled, for this platform.
    let pulled = node.get("ImageManifestDescriptor").get("digest").text().filter(|_| facts.is_none());
    let digest = reference.digest.or(observed).or(podmans).or(pulled);
    // The id alone says nothing of where an image is from; the image itself does, when no registry knows it.
    let nowhere_else =
        reference.name.is_empty() || exact && facts.is_some_and(|image| image.digests.is_empty());
    let local_id = Some(id).filter(|id| digest.is_none() && !id.is_empty() && nowhere_else);
    let image = Image {
        name: reference.name,
        tag: reference.tag,
        pinned,
        local_id: local_id.map(|id| if id.contains(':') { id } else { format!("sha256:{id}") }),
        digest,
        ..Image::default()
    };
    (image, facts)
}

/// What compose wrote on a container.
fn compose(labels: &Node<'_>) -> Option<Compose> {
    let label = |key: &str| {
        let docker = labels.get(&format!("com.docker.compose.{key}")).text();
        docker.or_else(|| labels.get(&format!("io.podman.compose.{key}")).text())
    };
    let (project, service) = label("project").zip(label("service")).or_else(|| of_stack(labels))?;
    Some(Compose {
        project,
        service,
        depends_on: depends_on(&label("depends_on").unwrap_or_default()),
        one_off: label("oneoff").is_some_and(|value| value.eq_ignore_ascii_case("true")),
    })
}

/// The stack of a swarm, and the service in it.
fn of_stack(labels: &Node<'_>) -> Option<(String, String)> {
    let stack = labels.get("com.docker.stack.namespace").text()?;
    let name = labels.get("com.docker.swarm.service.name").text()?;
    let service = name.strip_prefix(&format!("{stack}_")).unwrap_or(&name).to_owned();
    Some((stack, service))
}

/// `db:service_healthy:false,broker:service_started:true`.
fn depends_on(text: &str) -> Vec<Dependency> {
    let mut all: Vec<Dependency> = text
        .split(',')
        .filter(|part| !part.trim().is_empty())
        .map(|part| {
            let mut parts = part.trim().split(':');
            let service = dns_label(parts.next().unwrap_or_default());
            let until = match parts.next() {
                Some("service_healthy") => Until::Healthy,
                Some("service_completed_successfully") => Until::Completed,
                _ => Until::Started,
            };
            Dependency { service, until }
        })
        .collect();
    all.sort();
    all.dedup_by(|a, b| a.service == b.service);
    all
}
