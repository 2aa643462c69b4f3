//! Kubernetes: what an experienced person would have written by hand.
//!
//! - A group of services ([`crate::adopt::Project::groups`]) is one workload, named as the service whose network it is:
//!   a `StatefulSet` where it keeps data in claims of its own, else a `Deployment` ([`workload::kind`]).
//! - Claims are objects of their own, so that data can be copied before anything runs.
//! - A service's plain variables are the `ConfigMap` of its name, its secret ones the Secret of its name.
//! - A `Service` has the service's name, so that others find it as before; what people reach by a port of the host is
//!   a load balancer, `NAME-lan`.

mod aliases;
mod base;
mod container;
mod device;
mod env;
mod files;
mod hosts;
mod names;
mod pod;
mod ports;
mod probes;
mod quantity;
mod rights;
mod route;
mod secrets;
mod service;
mod shell;
mod volumes;
pub(in crate::adopt) mod workload;
mod yaml;

use serde_json::Value;

use self::files::Files;
use self::yaml::Fields;
use super::{Object, Phase, Written};
use crate::adopt::project::{Note, Origin, Project, Service};
use crate::adopt::{Options, Settled};

/// The label that says who is asked about it.
pub(in crate::adopt) const OWNER: &str = "steward.dev/owner";
/// The annotation that says where it ran before.
pub(in crate::adopt) const FROM: &str = "steward.dev/adopted-from";

/// Writes a project for Kubernetes.
pub(super) fn write(settled: &Settled, options: &Options) -> Written {
    let mut written = Written::default();
    let mut settled = settled.clone();
    hosts::rename(&mut settled.project, &mut written);
    let context = Context::of(&settled, options);
    base::write(&context, &mut written);
    secrets::write(&context, &mut written);
    for group in context.project.groups() {
        workload::write(&context, &group, &mut written);
    }
    route::write(&context, &mut written);
    env::note_labels(&context, &mut written);
    // Claims and configuration of all services first, then what runs, then what leads to it.
    written.objects.sort_by_key(|object| object.phase);
    let mut told = Vec::new();
    written.notes.retain(|note| {
        let is_new = !told.contains(note);
        told.push(note.clone());
        is_new
    });
    written
}

/// What everything that is written needs to know.
struct Context<'a> {
    settled: &'a Settled,
    project: &'a Project,
    options: &'a Options,
    namespace: String,
    files: Files,
}

impl<'a> Context<'a> {
    fn of(settled: &'a Settled, options: &'a Options) -> Self {
        let project = &settled.project;
        let namespace = names::fit(options.namespace.as_deref().unwrap_or(&project.name), names::LABEL);
        Self { settled, project, options, namespace, files: Files::of(project) }
    }

    /// An object's beginning: what it is, its name, namespace and labels. `service` is whose it is; the project's where
    /// absent.
    fn object(&self, version: &str, kind: &str, name: &str, service: Option<&str>) -> Fields {
        self.object_with(version, kind, name, service, Fields::new())
    }

    /// The same with annotations of its own.
    fn object_with(
        &self,
        version: &str,
        kind: &str,
        name: &str,
        service: Option<&str>,
        annotations: Fields,
    ) -> Fields {
        let metadata = Fields::new()
            .with("name", name)
            .some("namespace", (kind != "Namespace").then(|| self.namespace.clone()))
            .with("labels", self.labels(service))
            .full("annotations", annotations);
        Fields::new().with("apiVersion", version).with("kind", kind).with("metadata", metadata)
    }

    fn labels(&self, service: Option<&str>) -> Fields {
        let project = names::label_value(&self.project.name);
        let owner = self.options.owner.as_deref().map(names::label_value).filter(|owner| !owner.is_empty());
        Fields::new()
            .with("app.kubernetes.io/name", service.map_or_else(|| project.clone(), names::workload))
            .with("app.kubernetes.io/instance", project.clone())
            .with("app.kubernetes.io/part-of", project)
            .with("app.kubernetes.io/managed-by", "steward")
            .some(OWNER, owner)
    }

    /// What tells the pods of a group from all others.
    fn selector(&self, head: &Service) -> Fields {
        Fields::new()
            .with("app.kubernetes.io/name", names::workload(&head.name))
            .with("app.kubernetes.io/instance", names::label_value(&self.project.name))
    }

    /// Where it came from, as an annotation.
    fn origin(&self) -> Fields {
        let what = match self.project.origin {
            Origin::Inspect => "docker",
            Origin::Compose => "compose",
        };
        let host = self.project.old_host().map(|host| format!(" on {host}")).unwrap_or_default();
        Fields::new().with(FROM, format!("{what}{host}"))
    }
}

/// Adds an object.
fn add(written: &mut Written, phase: Phase, fields: Fields) {
    let value = Value::from(fields);
    let text_of = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    written.objects.push(Object {
        phase,
        kind: text_of(value.get("kind")),
        name: text_of(value.pointer("/metadata/name")),
        text: yaml::text(&value),
    });
}

/// A note about a service.
fn note(service: &Service, text: impl Into<String>) -> Note {
    Note { service: Some(service.name.clone()), text: text.into() }
}

#[cfg(test)]
pub(in crate::adopt) mod tests;
