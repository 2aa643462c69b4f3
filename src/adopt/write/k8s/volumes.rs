//! The volumes of a pod, and how its containers mount them.

use serde_json::Value;

use super::yaml::Fields;
use super::{Context, names, note, quantity};
use crate::adopt::project::{Fate, Mount, MountSource, Service};
use crate::adopt::write::Written;

/// What every node has.
const EVERYWHERE: &[&str] = &[
    "/dev",
    "/proc",
    "/sys",
    "/run",
    "/var/run",
    "/var/log",
    "/lib/modules",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/machine-id",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/group",
];

/// The volumes of a pod.
#[derive(Default)]
pub(super) struct Volumes(Vec<(String, Value)>);

impl Volumes {
    /// The name of a volume that all who mount the same share.
    pub(super) fn shared(&mut self, wanted: &str, source: Fields) -> String {
        let source = Value::from(source);
        match self.0.iter().find(|(_, known)| *known == source) {
            Some((name, _)) => name.clone(),
            None => self.add(wanted, source),
        }
    }

    /// The name of a volume that is nobody else's.
    pub(super) fn own(&mut self, wanted: &str, source: Fields) -> String {
        self.add(wanted, source.into())
    }

    fn add(&mut self, wanted: &str, source: Value) -> String {
        let name = names::unique(wanted, names::LABEL, |name| self.0.iter().any(|(known, _)| known == name));
        self.0.push((name.clone(), source));
        name
    }

    pub(super) fn into_value(self) -> Value {
        let volume = |(name, source): (String, Value)| {
            let mut fields = Fields::new().with("name", name);
            if let Value::Object(source) = source {
                for (key, value) in source {
                    fields = fields.with(&key, value);
                }
            }
            Value::from(fields)
        };
        self.0.into_iter().map(volume).collect::<Vec<_>>().into()
    }
}

/// The mounts of a service.
pub(super) fn mounts(
    context: &Context<'_>,
    service: &Service,
    volumes: &mut Volumes,
    written: &mut Written,
) -> Vec<Fields> {
    let mut mounts = Vec::new();
    let mut targets: Vec<&str> = Vec::new();
    for mount in &service.mounts {
        let target = mount.target.trim_end_matches('/');
        if target.is_empty() || targets.contains(&target) {
            continue;
        }
        if target.contains(':') {
            written.notes.push(note(
                service,
                format!("{target} can't be mounted: Kubernetes allows no colon in a path."),
            ));
            continue;
        }
        if let Some((name, subpath)) = volume(context, service, mount, volumes, written) {
            targets.push(target);
            let goes_along = matches!(mount.fate, Fate::Config | Fate::SecretFile);
            let fields = Fields::new()
                .with("name", name)
                .with("mountPath", target)
                .some("subPath", subpath)
                .only("readOnly", mount.read_only || goes_along)
                .some("mountPropagation", propagation(service, mount));
            mounts.push(fields);
        }
    }
    if let Some(bytes) = service.shm_size.filter(|_| !targets.contains(&"/dev/shm")) {
        let name = volumes.own(&prefixed(service, "shm"), memory(true, Some(bytes)));
        mounts.push(Fields::new().with("name", name).with("mountPath", "/dev/shm"));
    }
    mounts
}

/// A name that tells whose it is where several are in one pod: the short one, unless it is taken.
fn prefixed(service: &Service, name: &str) -> String {
    if matches!(service.network, crate::adopt::project::Connection::Service(_)) {
        format!("{}-{name}", service.name)
    } else {
        name.to_owned()
    }
}

/// The volume of a mount, and the folder or file in it; none where it is left out.
fn volume(
    context: &Context<'_>,
    service: &Service,
    mount: &Mount,
    volumes: &mut Volumes,
    written: &mut Written,
) -> Option<(String, Option<String>)> {
    let subpath = mount.subpath.as_deref().map(|path| path.trim_matches('/').to_owned());
    let subpath = subpath.filter(|path| !path.is_empty() && !path.split('/').any(|part| part == ".."));
    let base = names::base(&mount.target);
    match &mount.fate {
        Fate::Claim(claim) => {
            let name = names::fit(&claim.name, names::LABEL);
            let source = Fields::new().with("claimName", name.as_str());
            let volume = Fields::new().with("persistentVolumeClaim", source);
            Some((volumes.shared(&name, volume), subpath))
        }
        Fate::Share { server, path } => {
            note_options(context, service, mount, written);
            let source = if is_smb(context, mount) {
                smb(context, server, path, written)
            } else {
                Fields::new()
                    .with("nfs", Fields::new().with("server", server.as_str()).with("path", path.as_str()))
            };
            Some((volumes.shared(base, source), subpath))
        }
        Fate::HostPath => {
            let Some(path) = host_path(context, mount) else {
                written
                    .notes
                    .push(note(service, format!("Where {} lies on the host is not known.", mount.target)));
                return None;
            };
            let kind = match mount.seen.is_file {
                _ if path.ends_with(".sock") => Some("Socket"),
                Some(true) => Some("File"),
                Some(false) => Some("Directory"),
                None => None,
            };
            let has_rest = |start: &str| {
                path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            if path != "/" && !EVERYWHERE.iter().any(|start| has_rest(start)) {
                let text = format!(
                    "{path} has to be on the node that it runs on: with several, bind it to that one."
                );
                written.notes.push(note(service, text));
            }
            let source = Fields::new().with("path", path.as_str()).some("type", kind);
            Some((volumes.shared(names::base(&path), Fields::new().with("hostPath", source)), subpath))
        }
        Fate::Config | Fate::SecretFile => {
            let file = context.files.get(mount)?;
            let source = if file.secret {
                Fields::new().with("secret", Fields::new().with("secretName", file.name.as_str()))
            } else {
                Fields::new().with("configMap", Fields::new().with("name", file.name.as_str()))
            };
            Some((volumes.shared(&file.name, source), file.key.clone().or(subpath)))
        }
        Fate::Scratch { bytes, memory: is_memory } => {
            Some((volumes.own(&prefixed(service, base), memory(*is_memory, *bytes)), subpath))
        }
        Fate::Left(why) => {
            written.notes.push(note(
                service,
                format!("{} is not mounted: {}.", mount.target, why.trim_end_matches('.')),
            ));
            None
        }
        Fate::Open => None,
    }
}

fn memory(is_memory: bool, bytes: Option<u64>) -> Fields {
    let source = Fields::new()
        .some("medium", is_memory.then_some("Memory"))
        .some("sizeLimit", bytes.filter(|bytes| *bytes > 0).map(quantity::bytes));
    Fields::new().with("emptyDir", source)
}

fn host_path(context: &Context<'_>, mount: &Mount) -> Option<String> {
    match &mount.source {
        MountSource::Bind(path) => Some(path.clone()),
        MountSource::Volume(name) => context.project.volumes.get(name)?.mountpoint.clone(),
        _ => None,
    }
}

/// A share that a pod mounts by itself has no options: those of the old volume are told.
fn note_options(context: &Context<'_>, service: &Service, mount: &Mount, written: &mut Written) {
    let MountSource::Volume(name) = &mount.source else { return };
    let options = context.project.volumes.get(name).and_then(|volume| volume.options.get("o"));
    let is_telling = |option: &&str| {
        let name = option.split('=').next().unwrap_or_default();
        !matches!(name, "" | "addr" | "rw" | "ro" | "username" | "user" | "password" | "credentials")
    };
    let told: Vec<&str> =
        options.iter().flat_map(|all| all.split(',')).map(str::trim).filter(is_telling).collect();
    if !told.is_empty() {
        let text = format!(
            "The options of the share at {} ({}) are left out: they need a PersistentVolume of its own (`mountOptions`).",
            mount.target,
            told.join(", ")
        );
        written.notes.push(note(service, text));
    }
}

fn is_smb(context: &Context<'_>, mount: &Mount) -> bool {
    let is =
        |kind: Option<&str>| kind.is_some_and(|kind| kind.starts_with("cifs") || kind.starts_with("smb"));
    let volume = match &mount.source {
        MountSource::Volume(name) => context.project.volumes.get(name),
        _ => None,
    };
    let option = volume.and_then(|volume| volume.options.get("type")).map(String::as_str);
    is(mount.seen.filesystem.as_deref()) || is(option)
}

/// A Windows share, by the usual driver. Its account is a Secret.
fn smb(context: &Context<'_>, server: &str, path: &str, written: &mut Written) -> Fields {
    let name = names::fit(&format!("smb-{server}"), names::LABEL);
    if !written.secrets.iter().any(|secret| secret.name == name) {
        written.secrets.push(crate::adopt::write::SecretNeeded {
            name: name.clone(),
            keys: vec!["username".to_owned(), "password".to_owned()],
            command: format!(
                "{{ read -rp 'User? ' value </dev/tty && printf 'username=%s\\n' \"$value\"; \
                 read -rsp 'Password? ' value </dev/tty && printf 'password=%s\\n' \"$value\"; }} | \
                 kubectl -n {} create secret generic {name} --from-env-file=/dev/stdin",
                context.namespace
            ),
            run_on: None,
        });
        let text = format!("The share on {server} needs the driver smb.csi.k8s.io in the cluster.");
        written.notes.push(crate::adopt::project::Note { service: None, text });
    }
    let attributes = Fields::new()
        .with("source", format!("//{server}/{}", path.trim_start_matches('/')))
        .with("secretName", name);
    Fields::new()
        .with("csi", Fields::new().with("driver", "smb.csi.k8s.io").with("volumeAttributes", attributes))
}

/// How mounts go through: only where it is the node's own folder, in which something may be mounted later.
fn propagation(service: &Service, mount: &Mount) -> Option<&'static str> {
    if mount.fate != Fate::HostPath {
        return None;
    }
    match mount.propagation.as_deref() {
        // Only with all rights may a container pass mounts on to its host.
        Some("shared" | "rshared") if service.rights.privileged => Some("Bidirectional"),
        Some("shared" | "rshared" | "slave" | "rslave") => Some("HostToContainer"),
        _ => None,
    }
}
