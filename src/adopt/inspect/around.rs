//! What stands among the containers: images, volumes and networks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::node::{Faults, Node, shown};
use super::reference::{self, Reference};

/// What one value of the input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Container,
    Image,
    Volume,
    Network,
    Pod,
}

/// What a value is, told by its fields.
pub(super) fn shape(node: &Node<'_>) -> Option<Shape> {
    let has = |key: &str| node.has(key);
    if has("InfraContainerID") || (has("SharedNamespaces") && has("NumContainers")) {
        Some(Shape::Pod)
    } else if has("HostConfig") || has("NetworkSettings") || (has("State") && has("Config")) {
        Some(Shape::Container)
    } else if has("RepoTags") || has("RepoDigests") || has("RootFS") {
        Some(Shape::Image)
    } else if has("Mountpoint") {
        Some(Shape::Volume)
    } else if has("IPAM") || has("network_interface") || has("subnets") || (has("Scope") && has("Driver")) {
        Some(Shape::Network)
    } else if has("Config") && has("Name") {
        Some(Shape::Container)
    } else {
        None
    }
}

/// Says what a value is that is of no use here.
pub(super) fn refuse(node: &Node<'_>, faults: &Faults) {
    let Value::Object(_) = node.value() else {
        node.fault("is no object: a container was expected");
        return;
    };
    let (what, fix) = if node.has("services") {
        ("is a compose file", "pass it as such: give it a name that ends with `.yaml`")
    } else if node.has("Spec") {
        ("is a service of a swarm", "inspect its containers instead: `docker ps` on the node shows them")
    } else if node.has("Names") && node.has("Image") {
        ("is what `docker ps` prints", "pass what `docker inspect CONTAINER` prints")
    } else if node.has("apiVersion") {
        ("is an object of Kubernetes", "only what runs in Docker or Podman is adopted")
    } else {
        ("is no container, image, volume or network", "pass what `docker inspect CONTAINER` prints, whole")
    };
    faults.add(node.path(), what, Some(fix));
}

/// The images, volumes and networks of an input.
#[derive(Default)]
pub(super) struct Around<'a> {
    images: Vec<ImageFacts<'a>>,
    pub(super) volumes: BTreeMap<String, Node<'a>>,
    networks: BTreeMap<String, NetworkFacts>,
    /// The entrypoints of the containers, by the image as it is written there.
    entrypoints: BTreeMap<String, BTreeSet<Vec<String>>>,
}

/// One image.
pub(super) struct ImageFacts<'a> {
    id: String,
    /// What it is called: `RepoTags`, or podman's `NamesHistory`.
    pub(super) tags: Vec<Reference>,
    pub(super) digests: Vec<Reference>,
    /// Its `Config`.
    pub(super) config: Node<'a>,
    /// The image itself, for what podman keeps beside `Config`.
    pub(super) node: Node<'a>,
}

/// One network.
#[derive(Clone)]
pub(super) struct NetworkFacts {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) driver: Option<String>,
    pub(super) internal: bool,
    pub(super) subnets: Vec<String>,
    pub(super) options: BTreeMap<String, String>,
    /// Compose's project and its name of the network there.
    pub(super) compose: Option<(String, String)>,
    /// The ids of the containers in it, as far as they ran.
    pub(super) members: Vec<String>,
}

/// Whether an image's object is of what runs.
pub(super) enum Match<'b, 'a> {
    /// It is.
    Exact(&'b ImageFacts<'a>),
    /// It has the same name, but another id: it was pulled since.
    ByName(&'b ImageFacts<'a>),
    /// It is not in the input.
    Unknown,
}

impl<'a> Around<'a> {
    /// Takes in which program a container runs.
    pub(super) fn add_program(&mut self, container: &Node<'_>) {
        let config = container.get("Config");
        if let Some(image) = config.get("Image").text() {
            self.entrypoints.entry(image).or_default().insert(config.get("Entrypoint").words());
        }
    }

    /// Whether a container's entrypoint may not be its image's: others of the same image have another. The only one that
    /// is called an entrypoint is the image's.
    pub(super) fn differs(&self, config: &Node<'_>) -> bool {
        let Some(all) = config.get("Image").text().and_then(|image| self.entrypoints.get(&image)) else {
            return false;
        };
        let is_called_so = |words: &&Vec<String>| {
            words
                .iter()
                .any(|word| word.contains("entrypoint") || matches!(word.as_str(), "/init" | "/s6-init"))
        };
        let mut called_so = all.iter().filter(is_called_so);
        let own = called_so.next().filter(|_| called_so.next().is_none());
        all.len() > 1 && own != Some(&config.get("Entrypoint").words())
    }

    /// Takes one value in.
    pub(super) fn add(&mut self, shape: Shape, node: &Node<'a>) {
        match shape {
            Shape::Image => self.images.push(image(node)),
            Shape::Volume => {
                if let Some(name) = node.get("Name").text() {
                    self.volumes.insert(name, node.clone());
                }
            }
            Shape::Network => {
                let facts = network(node);
                self.networks.insert(facts.name.clone(), facts);
            }
            Shape::Container | Shape::Pod => {}
        }
    }

    /// The image that a container was made of.
    pub(super) fn image(&self, id: &str, name: &Reference) -> Match<'_, 'a> {
        let id = id.trim_start_matches("sha256:");
        let named =
            |known: &Reference| known.same_name(name) && known.tag_or_latest() == name.tag_or_latest();
        if let Some(image) = self.images.iter().find(|image| !id.is_empty() && image.id == id) {
            return Match::Exact(image);
        }
        let by_digest = |image: &&ImageFacts<'a>| {
            name.digest.is_some() && image.digests.iter().any(|known| known.digest == name.digest)
        };
        if let Some(image) = self.images.iter().find(by_digest) {
            return Match::Exact(image);
        }
        match self.images.iter().find(|image| image.tags.iter().any(named)) {
            Some(image) if id.is_empty() => Match::Exact(image),
            Some(image) => Match::ByName(image),
            None => Match::Unknown,
        }
    }

    /// The network of that name or id.
    pub(super) fn network(&self, name: &str) -> Option<&NetworkFacts> {
        self.networks
            .get(name)
            .or_else(|| self.networks.values().find(|network| network.id == name && !name.is_empty()))
    }
}

fn image<'a>(node: &Node<'a>) -> ImageFacts<'a> {
    let refs = |key: &str| -> Vec<Reference> {
        node.get(key).texts().iter().map(|text| reference::parse(text)).collect()
    };
    let mut tags = refs("RepoTags");
    if tags.is_empty() {
        tags = refs("NamesHistory");
    }
    ImageFacts {
        id: node.get("Id").text().unwrap_or_default().trim_start_matches("sha256:").to_owned(),
        tags,
        digests: refs("RepoDigests"),
        config: node.get("Config"),
        node: node.clone(),
    }
}

fn network(node: &Node<'_>) -> NetworkFacts {
    let labels = node.get("Labels");
    let label = |key: &str| labels.get(key).text();
    let mut subnets: Vec<String> =
        node.get("IPAM").get("Config").list().iter().filter_map(|part| part.get("Subnet").text()).collect();
    subnets.extend(node.get("subnets").list().iter().filter_map(|part| part.get("subnet").text()));
    let options = node.get("Options").entries().into_iter();
    NetworkFacts {
        name: node.get("Name").text().unwrap_or_default(),
        id: node.get("Id").text().unwrap_or_default(),
        driver: node.get("Driver").text().filter(|driver| driver != "bridge"),
        internal: node.get("Internal").flag(),
        subnets,
        options: options.filter_map(|(key, value)| Some((shown(key), value.text()?))).collect(),
        compose: label("com.docker.compose.project").zip(label("com.docker.compose.network")),
        members: node.get("Containers").entries().into_iter().map(|(id, _)| id.to_owned()).collect(),
    }
}
