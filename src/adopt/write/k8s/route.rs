//! What leads requests from outside to a service, where a public name is known.

use std::collections::BTreeMap;

use serde_json::Value;

use super::yaml::Fields;
use super::{Context, add, names, note};
use crate::adopt::project::{Connection, Protocol, Service};
use crate::adopt::settle::PublicName;
use crate::adopt::write::{Phase, Written};
use crate::adopt::{Route, write::k8s::ports};

pub(super) fn write(context: &Context<'_>, written: &mut Written) {
    for service in &context.project.services {
        let mut names: Vec<&PublicName> =
            context.settled.public.iter().filter(|public| public.service == service.name).collect();
        names.retain(|public| {
            let is_name = names::is_host(&public.host);
            if !is_name {
                let text = format!("{} can't be the name of a route: {}.", public.host, public.from);
                written.notes.push(note(service, text));
            }
            is_name
        });
        if is_cut_off(context, service) {
            names.clear();
        }
        names.sort();
        names.dedup_by_key(|public| (public.host.clone(), public.path.clone()));
        if names.is_empty() {
            continue;
        }
        match &context.options.route {
            Route::Ingress { class, issuer } => {
                let object = ingress(context, service, &names, class.as_deref(), issuer.as_deref());
                add(written, Phase::Route, object);
            }
            Route::HttpRoute { gateway, namespace } => {
                for object in routes(context, service, &names, gateway, namespace.as_deref()) {
                    add(written, Phase::Route, object);
                }
            }
        }
    }
}

/// Whether a service has no network, and so no Service.
fn is_cut_off(context: &Context<'_>, service: &Service) -> bool {
    let groups = context.project.groups();
    let group = groups.iter().find(|group| group.iter().any(|member| member.name == service.name));
    group.and_then(|group| group.first()).is_some_and(|head| head.network == Connection::Nothing)
}

/// The Service behind a name: that of the pod that the service is in.
fn backend(context: &Context<'_>, service: &Service) -> String {
    let groups = context.project.groups();
    let group = groups.iter().find(|group| group.iter().any(|member| member.name == service.name));
    names::service(group.and_then(|group| group.first()).map_or(&service.name, |head| &head.name))
}

fn port_name(context: &Context<'_>, service: &Service, number: u16) -> Option<String> {
    let groups = context.project.groups();
    let group = groups.iter().find(|group| group.iter().any(|member| member.name == service.name))?;
    let ports = ports::of_group(context, group);
    ports
        .into_iter()
        .find(|port| port.number == number && port.protocol == Protocol::Tcp)
        .map(|port| port.name)
}

/// Paths by host, in the order of the hosts.
fn by_host<'a>(names: &[&'a PublicName]) -> BTreeMap<&'a str, Vec<&'a PublicName>> {
    let mut hosts: BTreeMap<&str, Vec<&PublicName>> = BTreeMap::new();
    for public in names {
        hosts.entry(&public.host).or_default().push(public);
    }
    hosts
}

fn path(public: &PublicName) -> String {
    match public.path.as_deref() {
        Some(path) if path.starts_with('/') => path.to_owned(),
        Some(path) => format!("/{path}"),
        None => "/".to_owned(),
    }
}

fn ingress(
    context: &Context<'_>,
    service: &Service,
    names: &[&PublicName],
    class: Option<&str>,
    issuer: Option<&str>,
) -> Fields {
    let name = names::workload(&service.name);
    let mut annotations = Fields::new().some("cert-manager.io/cluster-issuer", issuer);
    for (label, value) in &service.labels {
        // The dashboard reads there what it reads from containers' labels.
        if let Some(what) = label.strip_prefix("homepage.").filter(|what| names::label_value(what) == *what) {
            annotations = annotations
                .with("gethomepage.dev/enabled", "true")
                .with(&format!("gethomepage.dev/{what}"), value.as_str());
        }
    }
    let target = |public: &PublicName| {
        let port = match port_name(context, service, public.port) {
            Some(name) => Fields::new().with("name", name),
            None => Fields::new().with("number", public.port),
        };
        let target = Fields::new().with("name", backend(context, service)).with("port", port);
        Fields::new()
            .with("path", path(public))
            .with("pathType", "Prefix")
            .with("backend", Fields::new().with("service", target))
    };
    let hosts = by_host(names);
    let rules: Vec<Fields> = hosts
        .iter()
        .map(|(host, names)| {
            let paths: Vec<Fields> = names.iter().map(|public| target(public)).collect();
            Fields::new().with("host", *host).with("http", Fields::new().with("paths", paths))
        })
        .collect();
    let tls = issuer.map(|_| {
        let hosts: Vec<Value> = hosts.keys().map(|host| Value::from(*host)).collect();
        vec![Fields::new().with("hosts", hosts).with("secretName", format!("{name}-tls"))]
    });
    let spec = Fields::new().some("ingressClassName", class).some("tls", tls).with("rules", rules);
    context
        .object_with("networking.k8s.io/v1", "Ingress", &name, Some(&service.name), annotations)
        .with("spec", spec)
}

/// Paths and the ports behind them.
type Paths = Vec<(String, u16)>;

/// One route for the hosts that have the same paths.
fn routes(
    context: &Context<'_>,
    service: &Service,
    names: &[&PublicName],
    gateway: &str,
    namespace: Option<&str>,
) -> Vec<Fields> {
    let mut alike: Vec<(Paths, Vec<&str>)> = Vec::new();
    for (host, names) in by_host(names) {
        let paths: Paths = names.iter().map(|public| (path(public), public.port)).collect();
        match alike.iter_mut().find(|(known, _)| *known == paths) {
            Some((_, hosts)) => hosts.push(host),
            None => alike.push((paths, vec![host])),
        }
    }
    let object = |(at, (paths, hosts)): (usize, (Paths, Vec<&str>))| {
        let name = names::workload(&service.name);
        let name = if at == 0 { name } else { format!("{name}-{}", at + 1) };
        let rules: Vec<Fields> = paths
            .into_iter()
            .map(|(path, port)| {
                let target = Fields::new().with("name", backend(context, service)).with("port", port);
                let matched = Fields::new()
                    .with("path", Fields::new().with("type", "PathPrefix").with("value", path.as_str()));
                Fields::new()
                    .full("matches", if path == "/" { Vec::new() } else { vec![matched] })
                    .with("backendRefs", vec![target])
            })
            .collect();
        let parent = Fields::new().with("name", gateway).some("namespace", namespace);
        let spec =
            Fields::new().with("parentRefs", vec![parent]).with("hostnames", hosts).with("rules", rules);
        context
            .object("gateway.networking.k8s.io/v1", "HTTPRoute", &name, Some(&service.name))
            .with("spec", spec)
    };
    alike.into_iter().enumerate().map(object).collect()
}
