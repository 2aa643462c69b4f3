//! What somebody runs, whatever it was read from: the containers of one project, as the person set them up.
//!
//! What only an image says (its user, command, environment) is not in here, and neither is any secret's value:
//! the readers leave both out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod health;
mod image;
mod limits;
mod mount;
mod network;
mod rights;
mod service;

pub use health::{Health, HealthTest};
pub use image::Image;
pub use limits::{Limits, Usage};
pub use mount::{Claim, Fate, GivenFile, Mount, MountSource, Seen, Volume};
pub use network::{Attachment, Connection, Dns, Listening, Network, Port, Protocol};
pub use rights::{Device, Gpus, Rights};
pub use service::{Dependency, Piece, Restart, Service, Until, Value};

/// Containers that belong together: one compose project, or what shares a network, or a container by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Project {
    /// Its name: a DNS label (`a-z 0-9 -`, 63 characters at most).
    pub name: String,
    /// The containers, in the order in which they should start where that is known, else by name.
    pub services: Vec<Service>,
    /// Named volumes, by the name that the services use.
    pub volumes: BTreeMap<String, Volume>,
    /// Networks of its own, by the name that the services use.
    pub networks: BTreeMap<String, Network>,
    /// Files that are given to containers (compose `configs` and `secrets`), by name.
    pub files: BTreeMap<String, GivenFile>,
    /// The host that it runs on now, where that is known.
    pub host: Option<String>,
    /// What it was read from.
    pub origin: Origin,
    /// What was read and is not taken over, or could not be told, and why: for people.
    pub notes: Vec<Note>,
    /// Who or what else speaks to it by its old address, as far as that was seen: `grafana on vm3: env LOKI_URL`.
    pub referrers: Vec<String>,
}

/// What a project was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// `docker inspect`.
    #[default]
    Inspect,
    /// A compose file.
    Compose,
}

/// Something that people should know of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// The service that it is about; the project where absent.
    pub service: Option<String>,
    /// In a sentence.
    pub text: String,
}

/// A host as people call it: `local` is this machine.
#[must_use]
pub fn called(host: &str) -> &str {
    if host == "local" { "this machine" } else { host }
}

impl Project {
    /// The host that it runs on now, as people call it.
    #[must_use]
    pub fn old_host(&self) -> Option<&str> {
        self.host.as_deref().map(called)
    }

    /// The service of that name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// The services that have to run together in one place, because some use another's network: the one whose network
    /// it is first, then its side-cars. A service by itself is a group of one. In the order of the services.
    #[must_use]
    pub fn groups(&self) -> Vec<Vec<&Service>> {
        let head_of = |service: &Service| {
            let mut name = service.name.clone();
            // As many steps as there are services: a circle ends somewhere, too.
            for _ in &self.services {
                match self.service(&name).map(|service| &service.network) {
                    Some(Connection::Service(other)) if self.service(other).is_some() => {
                        name.clone_from(other)
                    }
                    _ => break,
                }
            }
            name
        };
        let mut groups: Vec<(String, Vec<&Service>)> = Vec::new();
        for service in &self.services {
            let head = head_of(service);
            match groups.iter_mut().find(|(known, _)| *known == head) {
                Some((_, group)) if service.name == head => group.insert(0, service),
                Some((_, group)) => group.push(service),
                None => groups.push((head, vec![service])),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }
}

/// A DNS label made of any name: lower case, `a-z 0-9 -`, at most 63 characters, never empty.
#[must_use]
pub fn dns_label(name: &str) -> String {
    let mut label = String::new();
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => label.push(c),
            _ if label.ends_with('-') || label.is_empty() => {}
            _ => label.push('-'),
        }
    }
    label.truncate(63);
    let label = label.trim_end_matches('-');
    if label.is_empty() { "app".to_owned() } else { label.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_apart_at_the_secrets_of_its_service_alone() {
        let mut service = Service::default();
        service.env.insert("TOKEN".into(), Value::Secret);
        service.env.insert("MODE".into(), Value::Text("x".into()));
        let pieces = service.pieces("a $(MODE) --token=$(TOKEN)$(TOKEN) $(");
        let expected = [
            Piece::Text("a $(MODE) --token="),
            Piece::Secret("TOKEN"),
            Piece::Secret("TOKEN"),
            Piece::Text(" $("),
        ];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn a_label_is_made_of_any_name() {
        for (name, label) in
            [("/Paperless_NGX.web", "paperless-ngx-web"), ("ÄÖ", "app"), ("--a--", "a"), ("", "app")]
        {
            assert_eq!(dns_label(name), label, "{name}");
        }
        assert_eq!(dns_label(&"x".repeat(80)).len(), 63);
    }
}
