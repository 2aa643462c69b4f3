//! What is mounted: volumes of the group, paths of the client, templates.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::project::{Claim, Fate, Mount, MountSource, Project, Service, dns_label};
use super::groups::Group;
use super::hcl::{Body, heredoc, quoted};
use super::secrets;

/// What the mounts of one task come to.
#[derive(Default)]
pub(super) struct Mounts {
    /// `volume_mount` blocks.
    pub(super) claims: Vec<Body>,
    /// Entries of `volumes` in the driver's configuration.
    pub(super) paths: Vec<String>,
    /// `mount` blocks there.
    pub(super) blocks: Vec<Body>,
    /// `template` blocks.
    pub(super) templates: Vec<Body>,
    /// Files that are secrets: the key of the variable, and where the file is now.
    pub(super) secret_files: Vec<(String, secrets::Kept)>,
    /// What can't be said.
    pub(super) notes: Vec<String>,
}

/// The claims of a group: by their names, once each.
pub(super) fn claims<'a>(group: &Group<'a>) -> BTreeMap<&'a str, (&'a Claim, bool)> {
    let mut claims: BTreeMap<&str, (&Claim, bool)> = BTreeMap::new();
    for mount in group.services.iter().flat_map(|service| &service.mounts) {
        if let Fate::Claim(claim) = &mount.fate {
            let entry = claims.entry(claim.name.as_str()).or_insert((claim, true));
            entry.1 &= mount.read_only;
        }
    }
    claims
}

/// What a volume is called among those of the client: with the job's name, because they are everybody's.
pub(super) fn source(project: &Project, claim: &str) -> String {
    let own = claim == project.name || claim.starts_with(&format!("{}-", project.name));
    if own { claim.to_owned() } else { format!("{}-{claim}", project.name) }
}

/// The `volume` blocks of a group.
pub(super) fn volumes(project: &Project, group: &Group<'_>, out: &mut Body) {
    for (name, (_, read_only)) in claims(group) {
        let mut body = Body::default();
        body.text("type", "host").text("source", &source(project, name)).flag("read_only", read_only);
        out.block(format!("volume {}", quoted(name)), body);
    }
}

impl Mounts {
    /// Of a task whose secrets are at `path`.
    pub(super) fn of(project: &Project, service: &Service, path: &str) -> Self {
        let mut mounts = Self::default();
        let mut names = BTreeSet::new();
        for mount in &service.mounts {
            let wanted = dns_label(mount.target.rsplit('/').next().unwrap_or_default());
            let numbered = (2..).map(|number| format!("{wanted}-{number}"));
            let all = std::iter::once(wanted.clone()).chain(numbered);
            let name = all.into_iter().find(|name| names.insert(name.clone())).unwrap_or(wanted);
            mounts.add(project, mount, &name, path);
        }
        mounts
    }

    fn add(&mut self, project: &Project, mount: &Mount, name: &str, path: &str) {
        let mode = |ro: bool| if ro { ":ro" } else { "" };
        match (&mount.fate, &mount.source) {
            (Fate::Left(_), _) => {}
            (Fate::Claim(claim), _) => {
                let mut body = Body::default();
                body.text("volume", &claim.name).text("destination", &mount.target);
                body.flag("read_only", mount.read_only);
                if let Some(propagation) = &mount.propagation {
                    body.text("propagation_mode", nomad_propagation(propagation));
                }
                self.claims.push(body);
                if let MountSource::Bind(path) = &mount.source
                    && is_file(mount, path)
                {
                    self.notes.push(format!("{} is a single file now, and Nomad mounts a volume as a folder: mount it at a folder, and tell the program where its file is then.", mount.target));
                }
                if let Some(subpath) = &mount.subpath {
                    self.notes.push(format!("{} is the folder {subpath} of its volume now, which Nomad can't say: it is the whole volume.", mount.target));
                }
            }
            (Fate::Share { server, path }, _) => self.blocks.push(share(server, path, name, mount)),
            (Fate::SecretFile, source) => {
                let key = name.replace('-', "_");
                let given = match source {
                    MountSource::File(file) => project.files.get(file),
                    _ => None,
                };
                let now = match (source, given.and_then(|file| file.path.as_ref())) {
                    (MountSource::Bind(path), _) | (_, Some(path)) => secrets::Kept::File(path.clone()),
                    _ => match given.and_then(|file| file.environment.clone()) {
                        Some(variable) => secrets::Kept::Variable(variable),
                        None => secrets::Kept::Inside(mount.target.clone()),
                    },
                };
                let destination = format!("secrets/{name}");
                self.templates.push(secrets::file(path, &key, &destination));
                self.paths.push(format!("{destination}:{}:ro", mount.target));
                self.secret_files.push((key, now));
            }
            (_, MountSource::Memory(bytes)) => self.memory(mount, *bytes),
            (Fate::Scratch { bytes, memory: true }, _) => self.memory(mount, *bytes),
            (Fate::Scratch { .. }, _) | (_, MountSource::Anonymous) => {
                self.paths.push(format!("local/{name}:{}", mount.target));
            }
            (_, MountSource::File(file)) => self.file(project, mount, file, name),
            (Fate::Config, MountSource::Bind(path)) if is_beside(mount, path) => {
                self.beside(mount, path, name);
            }
            (_, MountSource::Bind(path)) => {
                if !path.starts_with('/') {
                    self.notes.push(format!("{path} is relative to where the compose file is now: give the whole path on the client."));
                }
                let mode = match (&mount.propagation, mount.read_only) {
                    (Some(propagation), true) => format!(":ro,{propagation}"),
                    (Some(propagation), false) => format!(":{propagation}"),
                    (None, read_only) => mode(read_only).to_owned(),
                };
                self.paths.push(format!("{path}:{}{mode}", mount.target));
            }
            (_, MountSource::Volume(volume)) => {
                let real = project.volumes.get(volume).and_then(|known| known.real_name.as_ref());
                self.paths.push(format!(
                    "{}:{}{}",
                    real.unwrap_or(volume),
                    mount.target,
                    mode(mount.read_only)
                ));
            }
        }
    }

    /// A file beside the job's own.
    fn beside(&mut self, mount: &Mount, path: &str, name: &str) {
        let destination = format!("local/{name}");
        let mut body = Body::default();
        body.raw("data", format!("file({})", quoted(path)));
        body.text("destination", &destination);
        // Nothing in the file is to be filled in, whatever it holds.
        body.text("left_delimiter", "<<%").text("right_delimiter", "%>>");
        self.templates.push(body);
        self.paths.push(format!("{destination}:{}:ro", mount.target));
        self.notes.push(format!(
            "{path} is read when the job is run: keep the job's file beside the compose file."
        ));
    }

    fn memory(&mut self, mount: &Mount, bytes: Option<u64>) {
        let mut body = Body::default();
        body.text("type", "tmpfs").text("target", &mount.target);
        let mut options = Body::default();
        if let Some(bytes) = bytes {
            options.raw("size", bytes.to_string());
        }
        body.block("tmpfs_options", options);
        self.blocks.push(body);
    }

    fn file(&mut self, project: &Project, mount: &Mount, file: &str, name: &str) {
        let destination = format!("local/{name}");
        let given = project.files.get(file);
        let Some(text) = given.and_then(|file| file.text.as_ref()) else {
            if let Some(path) = given.and_then(|file| file.path.as_ref()) {
                return self.beside(mount, path, name);
            }
            self.notes.push(format!(
                "The text of {} is not known: put it into the `template` with the destination {destination}.",
                mount.target
            ));
            self.templates.push(config("\n", &destination));
            self.paths.push(format!("{destination}:{}:ro", mount.target));
            return;
        };
        self.templates.push(config(text, &destination));
        self.paths.push(format!("{destination}:{}:ro", mount.target));
    }
}

/// A template with a text in which nothing is filled in.
fn config(text: &str, destination: &str) -> Body {
    let mut body = Body::default();
    body.raw("data", heredoc(text)).text("destination", destination);
    if text.contains("{{") {
        let marks = ("[[", "]]");
        let marks = if text.contains(marks.0) { ("<<%", "%>>") } else { marks };
        body.text("left_delimiter", marks.0).text("right_delimiter", marks.1);
    }
    body
}

/// Whether it is a single file beside the compose file, as far as that can be told.
fn is_beside(mount: &Mount, path: &str) -> bool {
    path.starts_with("./") && is_file(mount, path)
}

/// Whether it is a single file, by what was seen of it or by its name.
fn is_file(mount: &Mount, path: &str) -> bool {
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let ending = |name: String| name.rsplit_once('.').map(|(_, ending)| ending.to_owned());
    let same = ending(last(path)).filter(|ending| !matches!(ending.as_str(), "" | "d"));
    let looks = same.is_some() && same == ending(last(&mount.target));
    mount.seen.is_file.unwrap_or(looks)
}

fn share(server: &str, path: &str, name: &str, mount: &Mount) -> Body {
    let mut options = Body::default();
    options.text("type", "nfs").text("o", &format!("addr={server},rw")).text("device", &format!(":{path}"));
    let mut driver = Body::default();
    driver.text("name", "local").block("options", options);
    let mut volume = Body::default();
    volume.block("driver_config", driver);
    let mut body = Body::default();
    // Docker keeps a volume's options under its name: it has to be another one for another share.
    let source = format!("nfs-{}", dns_label(&format!("{server}-{path}")));
    body.text("type", "volume").text("source", if path.is_empty() { name } else { &source });
    body.text("target", &mount.target).flag("readonly", mount.read_only).block("volume_options", volume);
    body
}

fn nomad_propagation(propagation: &str) -> &'static str {
    match propagation {
        "rshared" | "shared" => "bidirectional",
        "rslave" | "slave" => "host-to-task",
        _ => "private",
    }
}
