//! A Nomad job: containers that speak to each other in one group, secrets as Nomad variables.

mod groups;
mod hcl;
mod mounts;
mod ports;
mod secrets;
mod task;

use super::super::project::{Connection, Note, Project, Restart, Until};
use super::super::{Options, Settled};
use super::{Object, Phase, SecretNeeded, Written};

use self::groups::{Group, Mode};
use self::hcl::Body;
use self::mounts::Mounts;
use self::ports::Ports;
use self::task::Task;

/// Writes a project as a job.
#[must_use]
pub(super) fn write(settled: &Settled, options: &Options) -> Written {
    let project = &settled.project;
    let (groups, apart) = groups::of(project);
    let mut said = Said::default();
    said.project(apart);
    said.project(between(project, &groups));
    let mut job = Body::default();
    let centers: Vec<&str> = match options.datacenters.as_slice() {
        [] => vec!["*"],
        some => some.iter().map(String::as_str).collect(),
    };
    job.texts("datacenters", &centers);
    if let Some(namespace) = &options.namespace {
        job.text("namespace", namespace);
    }
    job.text("type", "service");
    if let Some(owner) = &options.owner {
        let mut meta = Body::default();
        meta.text("owner", owner);
        job.block("meta", meta);
    }
    for group in &groups {
        let body = said.group(settled, options, group);
        job.block(format!("group {}", hcl::quoted(&group.name)), body);
    }
    let mut file = Body::default();
    if project.services.iter().any(|service| task::cpu(service).is_some()) {
        file.comment(&format!(
            "Nomad counts processors in MHz: {} stand for a whole one.",
            task::MHZ_PER_CPU
        ));
    }
    file.block(format!("job {}", hcl::quoted(&project.name)), job);
    let object = Object {
        phase: Phase::Workload,
        kind: "job".to_owned(),
        name: project.name.clone(),
        text: file.print(),
    };
    Written { objects: vec![object], secrets: said.secrets, notes: said.notes, ..Written::default() }
}

/// What goes along with the job.
#[derive(Default)]
struct Said {
    secrets: Vec<SecretNeeded>,
    notes: Vec<Note>,
}

impl Said {
    fn project(&mut self, texts: Vec<String>) {
        self.notes.extend(texts.into_iter().map(|text| Note { service: None, text }));
    }

    fn service(&mut self, service: &str, texts: impl IntoIterator<Item = String>) {
        for text in texts {
            let note = Note { service: Some(service.to_owned()), text };
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    fn group(&mut self, settled: &Settled, options: &Options, group: &Group<'_>) -> Body {
        let project = &settled.project;
        let mut body = Body::default();
        let count = group.services.iter().filter_map(|service| service.replicas).max().unwrap_or(1);
        if count != 1 {
            body.raw("count", count.to_string());
        }
        let mut notes = Vec::new();
        let fixed =
            group.services.iter().find(|service| service.ports.iter().any(|port| port.host.is_some()));
        if let (true, Some(service)) = (count > 1, fixed) {
            let text =
                format!("{count} of it can't have the same port of one client: {count} clients are needed.");
            notes.push((service.name.clone(), text));
        }
        let ports = Ports::of(group, &settled.public, &mut notes);
        body.block("network", network(group, &ports));
        mounts::volumes(project, group, &mut body);
        body.block("restart", restart(group));
        for service in &group.services {
            for block in ports.services(group, service, &settled.public, &mut notes) {
                body.block("service", block);
            }
        }
        for (service, text) in notes {
            self.service(&service, [text]);
        }
        for (claim, _) in mounts::claims(group) {
            let source = mounts::source(project, claim);
            self.project(vec![format!(
                "The client that runs `{}` needs the host volume `{source}`: `host_volume` in its configuration, or `nomad volume create`.",
                group.name
            )]);
        }
        for service in &group.services {
            let path = secrets::path(&project.name, &group.name, &service.name);
            let mounts = Mounts::of(project, service, &path);
            let mut notes = mounts.notes.clone();
            if mounts.paths.iter().any(|path| path.starts_with('/')) {
                notes.push("It uses paths of its client: docker's `volumes { enabled = true }` has to be set there, and the job has to run on the client that has them.".to_owned());
            }
            let task = Task { project, group, service, path: path.clone() };
            body.block(format!("task {}", hcl::quoted(&service.name)), task.body(&mounts, &mut notes));
            notes.extend(general(service, group));
            self.service(&service.name, notes);
            self.secrets.extend(secrets::needed(project, service, &path, options, &mounts.secret_files));
        }
        body
    }
}

fn network(group: &Group<'_>, ports: &Ports) -> Body {
    let mut body = Body::default();
    match group.mode {
        Mode::Bridge => drop(body.text("mode", "bridge")),
        Mode::Host => drop(body.text("mode", "host")),
        Mode::Own => return body,
    }
    let mut dns = Body::default();
    if let [service] = group.services.as_slice()
        && let Some(hostname) = service.hostname.as_ref().filter(|_| group.mode == Mode::Bridge)
    {
        body.text("hostname", hostname);
    }
    if let Some(own) =
        group.services.iter().map(|service| &service.dns).find(|dns| **dns != Default::default())
    {
        dns.texts("servers", &own.servers).texts("searches", &own.search).texts("options", &own.options);
    }
    body.block("dns", dns);
    body.extend(ports.blocks());
    body
}

/// Seconds between the end of a task and its next start.
const DELAY: u32 = 15;

/// What people start with `restart: always` is tried again and again, not given up; what they start again so often at
/// most is given up then.
fn restart(group: &Group<'_>) -> Body {
    let mut body = Body::default();
    let always = |restart: &Restart| {
        matches!(restart, Restart::Always | Restart::UnlessStopped | Restart::OnFailure(None))
    };
    let often = group.services.iter().filter_map(|service| match service.restart {
        Restart::OnFailure(often) => often,
        _ => None,
    });
    if group.services.iter().any(|service| always(&service.restart)) {
        body.raw("attempts", "3").text("interval", "5m").text("delay", "15s").text("mode", "delay");
    } else if let Some(often) = often.max() {
        // Nomad refuses an interval that so many starts don't fit into.
        let minutes = often.saturating_mul(DELAY).div_ceil(60).max(30);
        body.raw("attempts", often.to_string()).text("interval", &format!("{minutes}m"));
        body.text("delay", &format!("{DELAY}s")).text("mode", "fail");
    }
    body
}

/// What Nomad has no word for.
fn general(service: &super::super::project::Service, group: &Group<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let waits: Vec<String> = service
        .depends_on
        .iter()
        .filter(|dependency| dependency.until == Until::Healthy)
        .map(|dependency| format!("`{}`", dependency.service))
        .collect();
    if !waits.is_empty() {
        notes.push(format!("It waits until {} is healthy now. Nomad starts all tasks at once, and starts again what ends: it has to bear that.", waits.join(" and ")));
    }
    if service.hostname.is_some() && group.mode == Mode::Bridge && group.services.len() > 1 {
        notes.push("Its host name is not set: containers of one group share theirs.".to_owned());
    }
    if let Connection::Container(other) = &service.network {
        notes.push(format!(
            "It uses the network of `{other}`, which is not part of this: that has to run on the same client."
        ));
    }
    if let Connection::Networks(list) = &service.network
        && list.iter().any(|one| one.address.is_some())
    {
        notes.push("It has a fixed address now, which Nomad can't say.".to_owned());
    }
    if let Some(platform) = &service.platform {
        notes.push(format!(
            "It runs as {platform} now: add a constraint on `${{attr.cpu.arch}}` if clients differ."
        ));
    }
    if service.image.build.is_some() {
        notes.push("Its image is built from a folder: build it and push it to a registry first.".to_owned());
    }
    notes
}

/// Who won't find whom by name any more.
fn between(project: &Project, groups: &[Group<'_>]) -> Vec<String> {
    let mut notes = Vec::new();
    for group in groups {
        let mine: Vec<&str> = group.services.iter().map(|service| service.name.as_str()).collect();
        for service in &group.services {
            let others = project.services.iter().filter(|other| !mine.contains(&other.name.as_str()));
            for other in others.filter(|other| names(service, &other.name)) {
                notes.push(format!(
                    "`{}` speaks to `{}` by its name now, and they run in groups of their own. Its address comes from `nomadService \"{}\"` in a template, or from the client's name and the published port.",
                    service.name, other.name, other.name
                ));
            }
        }
    }
    notes
}

/// Whether a service names another one: it waits for it, or has it as a host in its settings.
fn names(service: &super::super::project::Service, other: &str) -> bool {
    use super::super::project::Value;
    let is_host = |text: &str| {
        text.match_indices(other).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + other.len()..].chars().next();
            let starts = before.is_none_or(|c| "/@,; =".contains(c));
            starts && after.is_none_or(|c| ":/,; ".contains(c))
        })
    };
    let says = |text: &str| text == other || (text.contains([':', '@', ',']) && is_host(text));
    let hosts = service.env.iter().filter(|(name, value)| match value {
        Value::Text(text) if text == other => name.to_uppercase().contains("HOST"),
        Value::Text(text) => says(text),
        Value::Secret | Value::Unset => false,
    });
    let words = service.command.iter().flatten();
    service.depends_on.iter().any(|dependency| dependency.service == other)
        || hosts.count() > 0
        || words.filter(|word| is_host(word) && word.contains(':')).count() > 0
}

#[cfg(test)]
mod tests;
