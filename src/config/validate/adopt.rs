//! `[adopt]`: names that the cluster takes.

use super::Check;
use crate::adopt::Kind;
use crate::adopt::project::dns_label;
use crate::config::document::keys;
use crate::config::settings::AdoptSettings;

impl Check<'_> {
    pub(super) fn adopt(&mut self, adopt: AdoptSettings) -> AdoptSettings {
        let is_subdomain =
            |name: &str| !name.is_empty() && name.split('.').all(|part| dns_label(part) == part);
        let is_label = |name: &str| !name.is_empty() && dns_label(name) == name;
        let path_of = |name: &str| name.split('/').all(is_subdomain) && name.split('/').count() <= 2;
        let named = [
            ("namespace", &adopt.namespace, "a namespace", &is_label as &dyn Fn(&str) -> bool),
            ("storage_class", &adopt.storage_class, "a storage class", &is_subdomain),
            ("ingress_class", &adopt.ingress_class, "an ingress class", &is_subdomain),
            ("issuer", &adopt.issuer, "an issuer", &is_subdomain),
            ("gateway", &adopt.gateway, "a gateway", &path_of),
        ];
        for (key, value, what, good) in named {
            if let Some(value) = value.as_deref().filter(|value| !good(value)) {
                let hint = "write lower-case letters, digits and dashes, as the cluster does".to_owned();
                self.report(&keys(["adopt", key]), format!("`{value}` is no name of {what}"), Some(hint));
            }
        }
        if adopt.copy_image.trim().is_empty() || adopt.copy_image.contains(char::is_whitespace) {
            let hint = "write an image with rsync and ssh in it, or leave the line out".to_owned();
            self.report(&keys(["adopt", "copy_image"]), "is no image", Some(hint));
        }
        if adopt.datacenters.is_empty() {
            let hint = "name at least one, or leave the line out".to_owned();
            self.report(&keys(["adopt", "datacenters"]), "is empty", Some(hint));
        }
        if adopt.gateway.is_some() && (adopt.ingress_class.is_some() || adopt.issuer.is_some()) {
            let hint = "leave out `gateway`, or `ingress_class` and `issuer`".to_owned();
            self.report(&keys(["adopt", "gateway"]), "stands beside what is for an Ingress", Some(hint));
        }
        let folder = adopt.copy_to.as_deref().and_then(|to| to.split_once(':')).map(|(_, folder)| folder);
        match (adopt.to, &adopt.copy_to, folder) {
            (Kind::Nomad, Some(_), folder) if folder.is_none_or(|folder| !folder.starts_with('/')) => {
                let hint =
                    "write [USER@]HOST:/FOLDER, where the folders of Nomad's host volumes lie".to_owned();
                self.report(&keys(["adopt", "copy_to"]), "names no folder", Some(hint));
            }
            _ => {}
        }
        adopt
    }
}
