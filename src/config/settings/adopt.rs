//! `[adopt]`: where "the cluster" is, for what is brought there.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::hosts::HostSettings;
use crate::adopt::options::{COPY_IMAGE, KEEP_DAYS};
use crate::adopt::{Kind, Options, Route};
use crate::domain::target::Target;

/// `[adopt]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdoptSettings {
    /// What the cluster is.
    pub to: Kind,
    /// The namespace; the project's name on Kubernetes, Nomad's default, where absent.
    pub namespace: Option<String>,
    /// The storage class of volumes; the cluster's default where absent.
    pub storage_class: Option<String>,
    /// Whether that storage is files on the network; unknown where absent.
    pub network_storage: Option<bool>,
    /// The class of Ingresses; the cluster's default where absent.
    pub ingress_class: Option<String>,
    /// The cert-manager cluster issuer; no TLS where absent.
    pub issuer: Option<String>,
    /// `NAME` or `NAMESPACE/NAME` of a gateway: then an `HTTPRoute` is written and no Ingress.
    pub gateway: Option<String>,
    /// Who is asked about what was brought.
    pub owner: Option<String>,
    /// The image of the pod that copies data.
    pub copy_image: String,
    /// Where data is copied to, for Nomad: `[USER@]HOST:FOLDER`, with the host volumes in it.
    pub copy_to: Option<String>,
    /// Days for which the old containers are kept, stopped.
    pub keep_days: u32,
    /// Nomad's datacenters.
    pub datacenters: Vec<String>,
}

impl Default for AdoptSettings {
    fn default() -> Self {
        Self {
            to: Kind::K8s,
            namespace: None,
            storage_class: None,
            network_storage: None,
            ingress_class: None,
            issuer: None,
            gateway: None,
            owner: None,
            copy_image: COPY_IMAGE.to_owned(),
            copy_to: None,
            keep_days: KEEP_DAYS,
            datacenters: vec!["dc1".to_owned()],
        }
    }
}

/// How a host is reached over ssh from elsewhere: as the configuration has it, and this machine by its own name.
#[must_use]
pub fn ssh_address(host: &str, hosts: &BTreeMap<String, HostSettings>, own: &Target) -> String {
    match hosts.get(host) {
        Some(known) => known.address.clone(),
        None if host == "local" => format!("root@{own}"),
        None => host.to_owned(),
    }
}

impl AdoptSettings {
    /// What shapes the output, short of answers. `time_zone` is the lab's, an IANA name.
    #[must_use]
    pub fn options(&self, time_zone: Option<String>) -> Options {
        let route = match self.gateway.as_deref() {
            Some(gateway) => {
                let (namespace, name) = match gateway.split_once('/') {
                    Some((namespace, name)) => (Some(namespace.to_owned()), name),
                    None => (None, gateway),
                };
                Route::HttpRoute { gateway: name.to_owned(), namespace }
            }
            None => Route::Ingress { class: self.ingress_class.clone(), issuer: self.issuer.clone() },
        };
        Options {
            to: self.to,
            namespace: self.namespace.clone(),
            storage_class: self.storage_class.clone(),
            network_storage: self.network_storage,
            route,
            owner: self.owner.clone(),
            time_zone,
            copy_image: self.copy_image.clone(),
            copy_to: self.copy_to.clone(),
            keep_days: self.keep_days,
            datacenters: self.datacenters.clone(),
            ..Options::default()
        }
    }
}
