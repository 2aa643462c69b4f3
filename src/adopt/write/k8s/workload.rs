//! What runs a pod.

use serde_json::Value;

use super::pod::{self, Place};
use super::yaml::Fields;
use super::{Context, add, device, names, note, ports, service};
use crate::adopt::project::{Connection, Dependency, Fate, Mount, Note, Project, Restart, Service, Until};
use crate::adopt::write::{Phase, Written};

/// What runs a group's pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adopt) enum Workload {
    /// It keeps data of its own, in claims that one node has at a time.
    StatefulSet,
    /// All else.
    Deployment,
    /// It ends, and others wait for that.
    Job,
}

/// What a group of services becomes. A `StatefulSet` gives pods host names of its own: what has one by a person's wish
/// (as a message broker that keeps its data by it) becomes a `Deployment` nevertheless, and has one pod at a time.
#[must_use]
pub(in crate::adopt) fn kind(project: &Project, group: &[&Service]) -> Workload {
    let own = |fate: &Fate| matches!(fate, Fate::Claim(claim) if !claim.shared);
    let keeps = group.iter().any(|service| service.mounts.iter().any(|mount| own(&mount.fate)));
    let is_job = group.len() == 1 && group.iter().all(|service| ends(project, service));
    let is_named = group.first().is_some_and(|head| head.hostname.is_some());
    match () {
        () if is_job => Workload::Job,
        () if keeps && !is_named => Workload::StatefulSet,
        () => Workload::Deployment,
    }
}

/// The name that the group's workload has.
#[must_use]
pub(in crate::adopt) fn name(group: &[&Service]) -> String {
    names::workload(group.first().map_or("app", |head| &head.name))
}

/// Whether it ends by itself: others wait for that, or it did and nothing starts it again.
fn ends(project: &Project, service: &Service) -> bool {
    let waits = project.services.iter().flat_map(|other| &other.depends_on);
    let is_waited_for =
        waits.into_iter().any(|on| on.service == service.name && on.until == Until::Completed);
    let has_ended = service.running == Some(false) && service.restart == Restart::No;
    has_ended || (is_waited_for && matches!(service.restart, Restart::No | Restart::OnFailure(_)))
}

pub(super) fn write(context: &Context<'_>, group: &[&Service], written: &mut Written) {
    let Some(head) = group.first() else { return };
    let kind = kind(context.project, group);
    let ports = ports::of_group(context, group);
    let place = Place {
        job: match (kind, &head.restart) {
            (Workload::Job, Restart::OnFailure(_)) => Some("OnFailure"),
            (Workload::Job, _) => Some("Never"),
            _ => None,
        },
        keeps_hostname: kind != Workload::StatefulSet,
    };
    let pod = pod::spec(context, group, &ports, place, written);
    let metadata = Fields::new().with("labels", context.labels(Some(&head.name)));
    let template = Fields::new().with("metadata", metadata).with("spec", pod);
    let name = name(group);
    let selector = Fields::new().with("matchLabels", context.selector(head));
    let replicas = head.replicas.unwrap_or(1);
    let object = |version: &str, kind: &str, spec: Fields| {
        context.object_with(version, kind, &name, Some(&head.name), context.origin()).with("spec", spec)
    };
    let object = match kind {
        Workload::StatefulSet => {
            let spec = Fields::new()
                .some("serviceName", (!pod::is_cut_off(head)).then(|| names::service(&head.name)))
                .with("replicas", one(head, replicas, written))
                .with("selector", selector)
                .with("template", template);
            object("apps/v1", "StatefulSet", spec)
        }
        Workload::Deployment => {
            let alone = is_alone(group);
            let replicas = if alone { one(head, replicas, written) } else { replicas };
            let strategy = alone.then(|| Fields::new().with("type", "Recreate"));
            let spec = Fields::new()
                .with("replicas", replicas)
                .some("strategy", strategy)
                .with("selector", selector)
                .with("template", template);
            object("apps/v1", "Deployment", spec)
        }
        Workload::Job => {
            let retries = match head.restart {
                Restart::OnFailure(Some(retries)) => retries.min(1000),
                Restart::OnFailure(None) => 6,
                _ => 0,
            };
            object("batch/v1", "Job", Fields::new().with("backoffLimit", retries).with("template", template))
        }
    };
    add(written, Phase::Workload, object);
    if pod::is_cut_off(head) {
        add(written, Phase::Workload, cut_off(context, head, &name));
    }
    if is_found(context, head, kind, &ports) {
        service::write(context, head, &ports, written);
    }
    notes(context, group, kind, written);
}

/// Whether it needs a name: nobody calls what has no port, unless something in the project may know better.
fn is_found(context: &Context<'_>, head: &Service, kind: Workload, ports: &[ports::PodPort]) -> bool {
    // On the host's network it had no name that others could call.
    let others = context.project.groups().len() > 1 && !ports::is_on_host(head);
    !ports.is_empty() || kind == Workload::StatefulSet || (kind == Workload::Deployment && others)
}

/// Whether there may be but one pod at a time: what it keeps or holds is not made for two.
fn is_alone(group: &[&Service]) -> bool {
    group.iter().any(|service| {
        let holds = |fate: &Fate| matches!(fate, Fate::Claim(_) | Fate::Share { .. } | Fate::HostPath);
        service.mounts.iter().any(|mount| holds(&mount.fate) && !mount.read_only)
            || service.network == Connection::Host
            || !service.devices.is_empty()
            || device::cards(service).is_some()
    })
}

/// One pod, whatever was asked for: its data is not made for more.
fn one(head: &Service, replicas: u32, written: &mut Written) -> u32 {
    if replicas > 1 {
        let text = format!(
            "There were {replicas} of it: one is written, since they would share its data or its node."
        );
        written.notes.push(note(head, text));
    }
    replicas.min(1)
}

/// No network at all.
fn cut_off(context: &Context<'_>, head: &Service, name: &str) -> Fields {
    let selector = Fields::new().with("matchLabels", context.selector(head));
    let spec = Fields::new()
        .with("podSelector", selector)
        .with("policyTypes", vec![Value::from("Ingress"), Value::from("Egress")]);
    context.object("networking.k8s.io/v1", "NetworkPolicy", name, Some(&head.name)).with("spec", spec)
}

fn notes(context: &Context<'_>, group: &[&Service], kind: Workload, written: &mut Written) {
    for service in group {
        let within = |name: &str| group.iter().any(|other| other.name == name);
        match &service.network {
            Connection::Container(other) => {
                let text =
                    format!("It used the network of {other}, which is not in this project: it gets its own.");
                written.notes.push(note(service, text));
            }
            Connection::Service(other) if !within(other) => {
                let text = format!("It used the network of {other}, which there is not: it gets its own.");
                written.notes.push(note(service, text));
            }
            _ => {}
        }
        if service.network == Connection::Nothing {
            let text = "It has no network now: a NetworkPolicy keeps it from all traffic, where the cluster's network \
                        obeys such.";
            written.notes.push(note(service, text));
        }
        if kind != Workload::Job && matches!(service.restart, Restart::OnFailure(_)) {
            let text = "It is started again whenever it ends: `on-failure` is only for jobs in Kubernetes.";
            written.notes.push(note(service, text));
        }
    }
    // What waits for more than a start is told one by one.
    let only_starts = |service: &Service| {
        let known = |on: &&Dependency| context.project.service(&on.service).is_some();
        service.depends_on.iter().any(|on| known(&on))
            && service.depends_on.iter().filter(known).all(|on| on.until == Until::Started)
    };
    if context.project.services.iter().any(only_starts) {
        let text = "Kubernetes starts everything at once: what depends on something else may restart a few times until \
                    that answers.";
        written.notes.push(Note { service: None, text: text.to_owned() });
    }
    if context.options.network_storage.is_none() {
        let is_local = |mount: &Mount| matches!(&mount.fate, Fate::Claim(claim) if claim.local_only);
        for service in group.iter().filter(|service| service.mounts.iter().any(is_local)) {
            let text =
                "Its volume may not lie on network storage (NFS, SMB): its database would break there.";
            written.notes.push(note(service, text));
        }
    }
}
