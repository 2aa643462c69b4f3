//! What is read of Kubernetes' objects. All else in them, secrets in their environment too, is passed over.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

type Map = BTreeMap<String, String>;

/// `kind: List`.
#[derive(Debug, Deserialize)]
pub(super) struct List {
    pub(super) items: Vec<Object>,
}

/// One object of whatever kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Object {
    pub(super) kind: String,
    pub(super) metadata: Metadata,
    pub(super) spec: Spec,
    pub(super) status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) labels: Option<Map>,
    pub(super) owner_references: Option<Vec<Owner>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Owner {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) controller: Option<bool>,
}

/// The fields of all kinds side by side.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Spec {
    // Pod.
    pub(super) node_name: Option<String>,
    pub(super) volumes: Option<Vec<Volume>>,
    // Service: names and values. (Of workloads it has another shape, and is not needed.)
    pub(super) selector: Option<Value>,
    // PersistentVolumeClaim.
    pub(super) volume_name: Option<String>,
    // PersistentVolume.
    pub(super) claim_ref: Option<Named>,
    pub(super) nfs: Option<Nfs>,
    pub(super) iscsi: Option<Iscsi>,
    pub(super) csi: Option<Csi>,
    pub(super) node_affinity: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) phase: Option<String>,
    pub(super) addresses: Option<Vec<Address>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Address {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) address: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) namespace: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Volume {
    pub(super) persistent_volume_claim: Option<Claim>,
    pub(super) nfs: Option<Nfs>,
    pub(super) iscsi: Option<Iscsi>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Claim {
    pub(super) claim_name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Nfs {
    pub(super) server: String,
    pub(super) path: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Iscsi {
    pub(super) target_portal: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Csi {
    pub(super) driver: String,
    pub(super) volume_attributes: Option<Map>,
}

impl Metadata {
    /// Who controls it.
    pub(super) fn controller(&self) -> Option<&Owner> {
        self.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))
    }
}

impl Nfs {
    /// Where it lies: the server and a text for people.
    pub(super) fn server(&self) -> (String, String) {
        (self.server.clone(), format!("{}:{}", self.server, self.path))
    }
}

impl Iscsi {
    pub(super) fn server(&self) -> (String, String) {
        let server = self.target_portal.rsplit_once(':').map_or(&*self.target_portal, |(host, _)| host);
        (server.to_owned(), format!("iSCSI on {}", self.target_portal))
    }
}

impl Csi {
    /// The server where the driver names one, else the driver: what all its volumes share.
    pub(super) fn server(&self) -> (String, String) {
        let attribute = |name: &str| {
            let value = self.volume_attributes.as_ref()?.get(name)?;
            Some(value.as_str()).filter(|value| !value.is_empty())
        };
        if let Some(server) = attribute("server") {
            return (server.to_owned(), format!("{server}, by {}", self.driver));
        }
        if let Some(portal) = attribute("portal") {
            let server = portal.rsplit_once(':').map_or(portal, |(host, _)| host);
            return (server.to_owned(), format!("iSCSI on {portal}, by {}", self.driver));
        }
        let share = attribute("source").and_then(|source| source.strip_prefix("//"));
        if let Some(server) = share.and_then(|share| share.split('/').next()) {
            return (server.to_owned(), format!("//{server}, by {}", self.driver));
        }
        (self.driver.clone(), format!("the storage of {}", self.driver))
    }
}

impl Spec {
    /// The node that a local volume lies on.
    pub(super) fn local_node(&self) -> Option<&str> {
        let terms = self.node_affinity.as_ref()?.pointer("/required/nodeSelectorTerms")?.as_array()?;
        let expressions = terms.iter().filter_map(|term| term.get("matchExpressions")?.as_array()).flatten();
        let mut hosts = expressions.filter_map(|expression| {
            let is_host = expression.get("key")?.as_str()? == "kubernetes.io/hostname";
            let values = expression.get("values")?.as_array()?;
            // On one of several nodes is on none for sure.
            (is_host && values.len() == 1).then(|| values.first()?.as_str())?
        });
        hosts.next()
    }
}
