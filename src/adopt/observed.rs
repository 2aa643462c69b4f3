//! What was seen of a project and no compose file has a word for: it goes along under `x-steward`, so that adopting what
//! was adopted comes to the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::project::{Connection, Health, Listening, Network, Note, Port, Project, Seen, Service, Usage};

/// The key of a compose file, at its top and in services, under which this stands.
pub const KEY: &str = "x-steward";

/// What was seen of one service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfService {
    /// See [`Service::container`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// See [`Service::running`]: said of what is stopped alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<bool>,
    /// See [`super::project::Image::digest`], where it was observed and not pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// See [`super::project::Image::local_id`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_id: Option<String>,
    /// See [`super::project::Image::default_user`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_user: Option<String>,
    /// The image's own health check, which compose runs without being told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_health: Option<Health>,
    /// See [`Service::usage`].
    #[serde(skip_serializing_if = "is_default")]
    pub usage: Usage,
    /// See [`Service::listens`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listens: Vec<Listening>,
    /// See [`Service::ports`], where it has another's network: the engine refuses to be told of ports there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
    /// What was seen of its mounts, by the path inside.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub mounts: BTreeMap<String, Seen>,
}

/// What was seen of a whole project.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfProject {
    /// See [`Project::host`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// See [`Project::referrers`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub referrers: Vec<String>,
    /// What was seen of networks that exist independently: a compose file says no more of one than its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub networks: BTreeMap<String, OfNetwork>,
    /// Notes of former versions: what people should know stands beside a file now, not in it.
    #[serde(skip_serializing)]
    pub notes: Vec<Note>,
}

/// What was seen of a network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfNetwork {
    /// See [`Network::driver`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// See [`Network::internal`].
    #[serde(skip_serializing_if = "is_default")]
    pub internal: bool,
    /// See [`Network::subnets`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<String>,
    /// See [`Network::options`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// Whether it is on the network of another container, and so has no ports of its own.
#[must_use]
pub fn shares_network(service: &Service) -> bool {
    matches!(service.network, Connection::Service(_) | Connection::Container(_))
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl OfService {
    /// What was seen of a service.
    #[must_use]
    pub fn of(service: &Service) -> Self {
        let seen = service.mounts.iter().filter(|mount| mount.seen != Seen::default());
        Self {
            container: service.container.clone(),
            running: service.running.filter(|running| !running),
            digest: service.image.digest.clone().filter(|_| !service.image.pinned),
            local_id: service.image.local_id.clone(),
            default_user: service.image.default_user.clone(),
            image_health: service.health.clone().filter(|health| health.from_image),
            usage: service.usage.clone(),
            listens: service.listens.clone(),
            ports: if shares_network(service) { service.ports.clone() } else { Vec::new() },
            mounts: seen.map(|mount| (mount.target.clone(), mount.seen.clone())).collect(),
        }
    }

    /// Gives a service what was seen of it.
    pub fn give(self, service: &mut Service) {
        service.container = self.container.or(service.container.take());
        service.running = self.running;
        if let Some(digest) = self.digest {
            // The file that was written has it in the image's reference, too: there it is no person's.
            service.image.digest = Some(digest);
            service.image.pinned = false;
        }
        service.image.local_id = self.local_id;
        service.image.default_user = self.default_user;
        if service.health.is_none() {
            service.health = self.image_health;
        }
        service.usage = self.usage;
        service.listens = self.listens;
        for port in self.ports {
            if !service.ports.contains(&port) {
                service.ports.push(port);
            }
        }
        for mount in &mut service.mounts {
            if let Some(seen) = self.mounts.get(&mount.target) {
                mount.seen = seen.clone();
            }
        }
    }
}

impl OfProject {
    /// What was seen of a project.
    #[must_use]
    pub fn of(project: &Project) -> Self {
        let is_used = |name: &String| {
            project.services.iter().any(|service| {
                matches!(&service.network, Connection::Networks(list) if list.iter().any(|one| one.network == *name))
            })
        };
        let outside = project.networks.iter().filter(|(name, network)| network.external && is_used(name));
        let seen = outside.map(|(name, network)| (name.clone(), OfNetwork::of(network)));
        Self {
            host: project.host.clone(),
            referrers: project.referrers.clone(),
            networks: seen.filter(|(_, seen)| *seen != OfNetwork::default()).collect(),
            notes: Vec::new(),
        }
    }

    /// Gives a project what was seen of it.
    pub fn give(self, project: &mut Project) {
        project.host = self.host.or(project.host.take());
        project.referrers = self.referrers;
        for (name, seen) in self.networks {
            if let Some(network) = project.networks.get_mut(&name).filter(|network| network.external) {
                seen.give(network);
            }
        }
        for note in self.notes {
            if !project.notes.contains(&note) {
                project.notes.push(note);
            }
        }
    }
}

impl OfNetwork {
    fn of(network: &Network) -> Self {
        Self {
            driver: network.driver.clone(),
            internal: network.internal,
            subnets: network.subnets.clone(),
            options: network.options.clone(),
        }
    }

    /// What a file says of the network itself counts more.
    fn give(self, network: &mut Network) {
        network.driver = network.driver.take().or(self.driver);
        network.internal |= self.internal;
        if network.subnets.is_empty() {
            network.subnets = self.subnets;
        }
        if network.options.is_empty() {
            network.options = self.options;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::project::{Attachment, Protocol};
    use super::*;

    #[test]
    fn what_is_known_of_a_network_outside_of_the_project_goes_along() {
        let lan = Network {
            driver: Some("macvlan".into()),
            subnets: vec!["192.168.1.0/24".into()],
            external: true,
            ..Network::default()
        };
        let on = |name: &str| Attachment { network: name.into(), aliases: BTreeSet::new(), address: None };
        let network = Connection::Networks(vec![on("lan"), on("proxy"), on("own")]);
        let mut project =
            Project { services: vec![Service { network, ..Service::default() }], ..Project::default() };
        project.networks.insert("lan".into(), lan.clone());
        project.networks.insert("unused".into(), lan.clone());
        project.networks.insert("own".into(), Network { external: false, ..lan.clone() });
        project.networks.insert("proxy".into(), Network { external: true, ..Network::default() });
        let seen = OfProject::of(&project);
        assert_eq!(seen.networks.keys().collect::<Vec<_>>(), ["lan"]);
        project.networks.insert("lan".into(), Network { external: true, ..Network::default() });
        seen.give(&mut project);
        assert_eq!(project.networks["lan"], lan);
    }

    #[test]
    fn ports_are_seen_only_where_compose_can_t_say_them_and_running_where_it_doesn_t() {
        let port = Port { container: 80, protocol: Protocol::Tcp, host: None, host_ip: None };
        let mut service = Service { ports: vec![port], running: Some(true), ..Service::default() };
        assert_eq!(OfService::of(&service), OfService::default());
        service.network = Connection::Service("vpn".into());
        service.running = Some(false);
        let seen = OfService::of(&service);
        assert_eq!((seen.ports.len(), seen.running), (1, Some(false)));
        let mut back = Service { network: service.network.clone(), ..Service::default() };
        seen.give(&mut back);
        assert_eq!(back, service);
    }
}
