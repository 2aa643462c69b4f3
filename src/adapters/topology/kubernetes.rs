//! Kubernetes: which pod runs where, what it is part of, and what its volumes lie on.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;

use super::objects::{List, Object};
use crate::domain::action::Action;
use crate::domain::topology::{Fact, Relation, Source, SourceKind};
use crate::engine::ports::ReadCommand;
use crate::engine::ports::{Survey, TopologySource};

/// What is asked for.
const KINDS: &str = "pods,replicasets,deployments,statefulsets,daemonsets,jobs,nodes,persistentvolumeclaims,persistentvolumes,services";

/// The cluster that `kubectl` is set up for.
pub struct KubernetesTopology {
    prefix: String,
    reader: Arc<dyn ReadCommand>,
}

impl KubernetesTopology {
    /// `prefix` stands before `namespace/name` in the targets; empty for nothing.
    #[must_use]
    pub fn new(prefix: &str, reader: Arc<dyn ReadCommand>) -> Self {
        Self { prefix: prefix.to_owned(), reader }
    }

    /// The command that is run.
    #[must_use]
    pub fn command() -> Vec<String> {
        ["kubectl", "get", KINDS, "-A", "-o", "json"].map(str::to_owned).into()
    }
}

#[async_trait]
impl TopologySource for KubernetesTopology {
    async fn survey(&self) -> Survey {
        let said = self.reader.read(Action::local(Self::command())).await;
        let said = said
            .map_err(|why| {
                format!(
                    "{why}; see that `{}` works for the user that Steward runs as",
                    Self::command().join(" ")
                )
            })
            .and_then(|json| facts(&json, &self.prefix));
        Survey { kind: SourceKind::Kubernetes, found: vec![(Source::Kubernetes, said)] }
    }
}

/// What `kubectl get … -A -o json` tells.
///
/// # Errors
/// Why it is not what `kubectl` prints, for people.
pub fn facts(json: &[u8], prefix: &str) -> Result<Vec<Fact>, String> {
    let list: List = serde_json::from_slice(json)
        .map_err(|error| format!("what kubectl printed is no list of objects: {error}"))?;
    Ok(Cluster::of(&list, prefix).facts())
}

struct Cluster<'a> {
    prefix: &'a str,
    by_kind: BTreeMap<&'a str, Vec<&'a Object>>,
    /// What controls a replica set or a job, by kind, namespace and name.
    owners: HashMap<(&'a str, &'a str, &'a str), (&'a str, &'a str)>,
}

impl<'a> Cluster<'a> {
    fn of(list: &'a List, prefix: &'a str) -> Self {
        let mut by_kind: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
        let mut owners = HashMap::new();
        for object in &list.items {
            by_kind.entry(&object.kind).or_default().push(object);
            if let Some(owner) = object.metadata.controller() {
                let meta = &object.metadata;
                let key = (object.kind.as_str(), meta.namespace.as_str(), meta.name.as_str());
                owners.insert(key, (owner.kind.as_str(), owner.name.as_str()));
            }
        }
        Self { prefix, by_kind, owners }
    }

    fn all(&self, kind: &str) -> impl Iterator<Item = &'a Object> + use<'a> {
        self.by_kind.get(kind).cloned().unwrap_or_default().into_iter()
    }

    /// Those that are not done: what is over breaks nothing.
    fn pods(&self) -> impl Iterator<Item = &'a Object> + use<'a> {
        self.all("Pod").filter(|pod| pod.status.phase.as_deref() != Some("Succeeded"))
    }

    fn name(&self, namespace: &str, name: &str) -> String {
        if self.prefix.is_empty() {
            format!("{namespace}/{name}")
        } else {
            format!("{}/{namespace}/{name}", self.prefix)
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let nodes = self.all("Node").flat_map(addresses);
        let pods = self.pods().flat_map(|pod| self.pod(pod));
        let volumes = self.all("PersistentVolume").filter_map(|volume| self.volume(volume));
        nodes.chain(pods).chain(volumes).chain(self.services()).collect()
    }

    fn pod(&self, pod: &Object) -> Vec<Fact> {
        let meta = &pod.metadata;
        let target = self.name(&meta.namespace, &meta.name);
        let mut facts = Vec::new();
        if let Some(node) = pod.spec.node_name.as_deref() {
            facts.extend(Fact::of(&target, Relation::RunsOn, node, &format!("the pod runs on {node}")));
        }
        for volume in pod.spec.volumes.iter().flatten() {
            if let Some(claim) = &volume.persistent_volume_claim {
                let other = self.name(&meta.namespace, &claim.claim_name);
                let why = format!("the pod uses the volume claim {}", claim.claim_name);
                facts.extend(Fact::of(&target, Relation::Needs, &other, &why));
            }
            let nfs = volume.nfs.as_ref().map(super::objects::Nfs::server);
            let server = nfs.or_else(|| volume.iscsi.as_ref().map(super::objects::Iscsi::server));
            if let Some((server, place)) = server {
                facts.extend(Fact::of(&target, Relation::Needs, &server, &format!("the pod mounts {place}")));
            }
        }
        facts.extend(self.owned(pod, &target));
        facts
    }

    /// What a pod is part of: the version that it was made from, and the workload that is made of it.
    fn owned(&self, pod: &Object, target: &str) -> Vec<Fact> {
        let meta = &pod.metadata;
        let Some(owner) = meta.controller() else { return Vec::new() };
        let (kind, name) = (owner.kind.as_str(), owner.name.as_str());
        let above = self.owners.get(&(kind, meta.namespace.as_str(), name)).copied();
        let label = |label: &str| meta.labels.as_ref().and_then(|labels| labels.get(label));
        let (workload, version) = match kind {
            "ReplicaSet" => (above.unwrap_or((kind, name)), above.map(|_| name.to_owned())),
            "StatefulSet" => ((kind, name), label("controller-revision-hash").cloned()),
            "DaemonSet" => {
                ((kind, name), label("controller-revision-hash").map(|hash| format!("{name}-{hash}")))
            }
            "Job" => (above.unwrap_or((kind, name)), None),
            // A static pod belongs to its node, and what other controllers mean is not known.
            _ => return Vec::new(),
        };
        let what = match workload.0 {
            "ReplicaSet" => "replica set",
            "StatefulSet" => "stateful set",
            "DaemonSet" => "daemon set",
            "CronJob" => "cron job",
            "Job" => "job",
            _ => "deployment",
        };
        let why = format!("the {what} {} is made of this pod", workload.1);
        let made_of = Fact::of(&self.name(&meta.namespace, workload.1), Relation::MadeOf, target, &why);
        let made_from = version.and_then(|version| {
            let why = format!("the pod was made from the version {version} of the {what} {}", workload.1);
            Fact::of(target, Relation::MadeFrom, &self.name(&meta.namespace, &version), &why)
        });
        made_of.into_iter().chain(made_from).collect()
    }

    /// What the claim on a volume needs.
    fn volume(&self, volume: &Object) -> Option<Fact> {
        let spec = &volume.spec;
        let claim = spec.claim_ref.as_ref()?;
        let nfs = spec.nfs.as_ref().map(super::objects::Nfs::server);
        let iscsi = || spec.iscsi.as_ref().map(super::objects::Iscsi::server);
        let csi = || spec.csi.as_ref().map(super::objects::Csi::server);
        let local = || spec.local_node().map(|node| (node.to_owned(), format!("a disk of {node}")));
        let (server, place) = nfs.or_else(iscsi).or_else(csi).or_else(local)?;
        let why = format!("its volume {} lies on {place}", volume.metadata.name);
        Fact::of(&self.name(&claim.namespace, &claim.name), Relation::Needs, &server, &why)
    }

    /// A service is made of the pods that it selects.
    fn services(&self) -> Vec<Fact> {
        let mut pods: HashMap<&str, Vec<&Object>> = HashMap::new();
        for pod in self.pods() {
            pods.entry(&pod.metadata.namespace).or_default().push(pod);
        }
        let mut facts = Vec::new();
        for service in self.all("Service") {
            let Some(selector) = service.spec.selector.as_ref().and_then(|selector| selector.as_object())
            else {
                continue;
            };
            let meta = &service.metadata;
            let (name, why) = (
                self.name(&meta.namespace, &meta.name),
                format!("the service {} selects this pod", meta.name),
            );
            for pod in pods.get(meta.namespace.as_str()).into_iter().flatten() {
                let fits = |(key, value): (&String, &serde_json::Value)| {
                    let labels = pod.metadata.labels.as_ref();
                    labels.and_then(|labels| labels.get(key)).map(String::as_str) == value.as_str()
                };
                if !selector.is_empty() && selector.iter().all(fits) {
                    let pod = self.name(&meta.namespace, &pod.metadata.name);
                    facts.extend(Fact::of(&name, Relation::MadeOf, &pod, &why));
                }
            }
        }
        facts
    }
}

/// The addresses of a node are its other names: alerts often know nothing else.
fn addresses(node: &Object) -> Vec<Fact> {
    let name = &node.metadata.name;
    let addresses = node.status.addresses.iter().flatten();
    let of = |address: &super::objects::Address| {
        let why = format!("it is the {} of the node {name}", words(&address.kind));
        Fact::of(&address.address, Relation::Is, name, &why)
    };
    addresses.filter_map(of).collect()
}

fn words(kind: &str) -> &'static str {
    match kind {
        "InternalIP" => "address",
        "ExternalIP" => "outer address",
        _ => "host name",
    }
}

#[cfg(test)]
#[path = "kubernetes/tests.rs"]
mod tests;
