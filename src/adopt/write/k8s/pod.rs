//! The pod of a group of services.

use serde_json::Value;

use super::ports::{PodPort, is_on_host};
use super::volumes::Volumes;
use super::yaml::Fields;
use super::{Context, container, names, note, rights};
use crate::adopt::project::{Connection, Dns, Service, dns_label};
use crate::adopt::write::Written;

/// What kind of thing the pod is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The job's restart policy.
    pub(super) job: Option<&'static str>,
    /// Whether a host name counts: a `StatefulSet` gives its own.
    pub(super) keeps_hostname: bool,
}

/// The spec of a pod.
pub(super) fn spec(
    context: &Context<'_>,
    group: &[&Service],
    ports: &[PodPort],
    place: Place,
    written: &mut Written,
) -> Fields {
    let Some(head) = group.first() else { return Fields::new() };
    let mut volumes = Volumes::default();
    let is_job = place.job.is_some();
    let containers: Vec<Fields> = group
        .iter()
        .map(|service| container::write(context, service, ports, is_job, &mut volumes, written))
        .collect();
    let on_host = is_on_host(head);
    let any = |is: fn(&Service) -> bool| group.iter().any(|service| is(service));
    // Without it, what looks like `NAME_PORT` in the environment breaks programs that read such variables themselves.
    let mut pod = Fields::new()
        .with("enableServiceLinks", false)
        .with("automountServiceAccountToken", false)
        .some("restartPolicy", place.job)
        .only("hostNetwork", on_host)
        .some("dnsPolicy", on_host.then_some("ClusterFirstWithHostNet"))
        .only("hostPID", any(|service| service.rights.host_pid))
        .only("hostIPC", any(|service| service.rights.ipc.as_deref() == Some("host")))
        // The pause container reaps what an init would have reaped.
        .only("shareProcessNamespace", group.len() == 1 && head.init && !head.rights.host_pid);
    if place.keeps_hostname && !on_host {
        pod = hostname(head, pod, written);
    }
    pod.full("hostAliases", aliases(group, written))
        .full("dnsConfig", dns(head, written))
        .full("nodeSelector", architecture(group))
        .full("securityContext", rights::of_pod(group, written))
        .some("terminationGracePeriodSeconds", grace(group))
        .with("containers", containers)
        .full("volumes", volumes.into_value())
}

/// How long it gets to end, in seconds, where that is not Kubernetes' own 30.
fn grace(group: &[&Service]) -> Option<u64> {
    group.iter().filter_map(|service| service.stop_grace).max().filter(|seconds| *seconds != 30)
}

fn hostname(head: &Service, pod: Fields, written: &mut Written) -> Fields {
    let Some(wanted) = head.hostname.as_deref() else { return pod };
    let first = wanted.split('.').next().unwrap_or_default();
    let name = dns_label(first);
    if name != wanted {
        written
            .notes
            .push(note(head, format!("Its host name {wanted} is {name} here: a pod's is one word.")));
    }
    pod.with("hostname", name)
}

/// Entries of `/etc/hosts`, by address.
fn aliases(group: &[&Service], written: &mut Written) -> Vec<Fields> {
    let mut hosts: Vec<(&str, Vec<Value>)> = Vec::new();
    for service in group {
        for (name, address) in &service.extra_hosts {
            let bare = address.trim_matches(['[', ']']);
            if bare.parse::<std::net::IpAddr>().is_err() {
                let text = format!(
                    "{name} ({address}) can't be told to a pod: the old host is no part of the cluster."
                );
                written.notes.push(note(service, text));
                continue;
            }
            let lower = name.to_ascii_lowercase();
            if !names::is_host(&lower) || lower.starts_with('*') {
                written
                    .notes
                    .push(note(service, format!("{name} can't be told to a pod: it is no host name.")));
                continue;
            }
            let name = Value::from(lower);
            match hosts.iter_mut().find(|(known, _)| *known == bare) {
                Some((_, names)) if names.contains(&name) => {}
                Some((_, names)) => names.push(name),
                None => hosts.push((bare, vec![name])),
            }
        }
    }
    hosts.into_iter().map(|(ip, names)| Fields::new().with("ip", ip).with("hostnames", names)).collect()
}

fn dns(head: &Service, written: &mut Written) -> Fields {
    let Dns { servers, search, options } = &head.dns;
    if !servers.is_empty() {
        let text = format!("The cluster's name server is asked before {}.", servers.join(", "));
        written.notes.push(note(head, text));
    }
    let options: Vec<Fields> = options
        .iter()
        .map(|option| match option.split_once(':') {
            Some((name, value)) => Fields::new().with("name", name).with("value", value),
            None => Fields::new().with("name", option.as_str()),
        })
        .collect();
    // A pod takes three, the cluster's among them.
    let servers: Vec<String> = servers.iter().take(2).cloned().collect();
    Fields::new().full("nameservers", servers).full("searches", search.clone()).full("options", options)
}

/// The node's architecture, where a person set a platform.
fn architecture(group: &[&Service]) -> Fields {
    let platform = group.iter().find_map(|service| service.platform.as_deref());
    let arch = platform.and_then(|platform| platform.split('/').nth(1)).map(|arch| match arch {
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        arch => arch,
    });
    Fields::new().some("kubernetes.io/arch", arch.filter(|arch| names::label_value(arch) == *arch))
}

/// Whether a group is cut off from all networks.
pub(super) fn is_cut_off(head: &Service) -> bool {
    head.network == Connection::Nothing
}
