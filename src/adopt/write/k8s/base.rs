//! What is there before data is copied: the namespace, the claims, the configuration.

use std::collections::BTreeMap;

use super::yaml::Fields;
use super::{Context, add, env, names, quantity};
use crate::adopt::project::{Claim, Connection, Fate, Service};
use crate::adopt::write::{Phase, Written};

pub(super) fn write(context: &Context<'_>, written: &mut Written) {
    // The namespaces that are always there are nobody's to write.
    if !matches!(context.namespace.as_str(), "default" | "kube-system" | "kube-public") {
        add(written, Phase::Base, namespace(context));
    }
    for (name, (claim, service)) in claims(context) {
        add(written, Phase::Base, volume(context, &name, claim, service));
    }
    env::write(context, written);
    context.files.write(context, written);
}

fn namespace(context: &Context<'_>) -> Fields {
    let name = &context.namespace;
    let mut labels = Fields::new();
    if options_alone(context) {
        labels = labels
            .with("app.kubernetes.io/part-of", names::label_value(&context.project.name))
            .with("app.kubernetes.io/managed-by", "steward");
    }
    // Clusters that enforce the baseline would refuse the pods without it.
    if context.project.services.iter().any(needs_host) {
        labels = labels.with("pod-security.kubernetes.io/enforce", "privileged");
    }
    let metadata = Fields::new().with("name", name.as_str()).full("labels", labels);
    Fields::new().with("apiVersion", "v1").with("kind", "Namespace").with("metadata", metadata)
}

/// Whether the namespace is the project's own.
fn options_alone(context: &Context<'_>) -> bool {
    context.options.namespace.as_deref().is_none_or(|name| name == context.project.name)
}

/// Capabilities that the baseline of pod security lets through.
const BASELINE: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Whether a service reaches into its host, which a cluster may refuse.
fn needs_host(service: &Service) -> bool {
    let rights = &service.rights;
    let adds = rights.add.iter().any(|name| !BASELINE.contains(&name.as_str()));
    rights.privileged
        || rights.host_pid
        || rights.ipc.as_deref() == Some("host")
        || adds
        || rights.options.iter().any(|option| option != "label=disable")
        || !service.sysctls.is_empty()
        || !service.devices.is_empty()
        || service.network == Connection::Host
        || service.mounts.iter().any(|mount| mount.fate == Fate::HostPath)
}

/// The claims by their name, with the service whose it is; none where several share it.
fn claims<'a>(context: &Context<'a>) -> BTreeMap<String, (&'a Claim, Option<&'a Service>)> {
    let mut claims: BTreeMap<String, (&Claim, Option<&Service>)> = BTreeMap::new();
    for service in &context.project.services {
        for mount in &service.mounts {
            if let Fate::Claim(claim) = &mount.fate {
                let first =
                    claims.entry(names::fit(&claim.name, names::LABEL)).or_insert((claim, Some(service)));
                first.1 = first.1.filter(|first| first.name == service.name);
            }
        }
    }
    claims
}

fn volume(context: &Context<'_>, name: &str, claim: &Claim, service: Option<&Service>) -> Fields {
    let service = service.map(|service| service.name.as_str());
    let mode = if claim.shared { "ReadWriteMany" } else { "ReadWriteOnce" };
    let storage = Fields::new().with("storage", quantity::bytes(claim.bytes.max(1)));
    let spec = Fields::new()
        .with("accessModes", vec![mode])
        .some("storageClassName", context.options.storage_class.clone())
        .with("resources", Fields::new().with("requests", storage));
    context.object("v1", "PersistentVolumeClaim", name, service).with("spec", spec)
}
