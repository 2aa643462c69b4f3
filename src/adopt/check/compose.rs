//! Proof of a compose file: it parses back, and whatever a service names is declared.

use serde_yaml::Value;

use super::super::{Fault, Options, Settled, Written};

/// What is wrong with it.
pub(super) fn check(settled: &Settled, written: &Written, _options: &Options) -> Vec<Fault> {
    let mut faults = Vec::new();
    for object in &written.objects {
        match serde_yaml::from_str::<Value>(&object.text) {
            Ok(file) => Check { file: &file, faults: &mut faults }.all(settled),
            Err(error) => faults.push(Fault::of(FILE, format!("is no YAML: {error}"))),
        }
    }
    if written.objects.is_empty() {
        faults.push(Fault::of(FILE, "was not written"));
    }
    faults
}

const FILE: &str = "compose.yaml";

struct Check<'a> {
    file: &'a Value,
    faults: &'a mut Vec<Fault>,
}

impl Check<'_> {
    fn all(&mut self, settled: &Settled) {
        let file = self.file;
        for service in &settled.project.services {
            if file["services"].get(service.name.as_str()).is_none() {
                self.fault(&format!("services.{}", service.name), "is missing");
            }
        }
        let Some(services) = file["services"].as_mapping() else {
            return self.fault("services", "are missing");
        };
        for (name, service) in services {
            let at = format!("services.{}", name.as_str().unwrap_or_default());
            self.service(&at, service);
        }
    }

    fn fault(&mut self, field: &str, what: impl Into<String>) {
        self.faults.push(Fault::of(FILE, what).at(field));
    }

    fn declared(&mut self, at: &str, section: &str, name: &str) {
        let is_default = section == "networks" && name == "default";
        if !is_default && self.file[section].get(name).is_none() {
            self.fault(at, format!("names `{name}`, which is not among the {section}"));
        }
    }

    fn service(&mut self, at: &str, service: &Value) {
        let has = |key: &str| service[key].as_str().is_some_and(|text| !text.trim().is_empty());
        if !has("image") && !has("build") {
            self.fault(at, "has no image");
        }
        for (key, section) in [("networks", "networks"), ("depends_on", "services")] {
            for name in names(&service[key]) {
                self.declared(&format!("{at}.{key}"), section, name);
            }
        }
        for key in ["configs", "secrets"] {
            for entry in service[key].as_sequence().into_iter().flatten() {
                let name = entry.as_str().or_else(|| entry["source"].as_str()).unwrap_or_default();
                self.declared(&format!("{at}.{key}"), key, name);
            }
        }
        if let Some(other) = service["network_mode"].as_str().and_then(|mode| mode.strip_prefix("service:")) {
            self.declared(&format!("{at}.network_mode"), "services", other);
        }
        if !service["network_mode"].is_null()
            && (!service["networks"].is_null() || !service["ports"].is_null())
        {
            self.fault(&format!("{at}.network_mode"), "can't be together with networks or ports");
        }
        let mode = service["network_mode"].as_str().unwrap_or_default();
        if (mode.starts_with("service:") || mode.starts_with("container:")) && !service["expose"].is_null() {
            self.fault(&format!("{at}.expose"), "can't be together with the network of another container");
        }
        self.volumes(at, service);
        self.ports(at, service);
        for (name, value) in service["environment"].as_mapping().into_iter().flatten() {
            if !(value.is_string() || value.is_null()) {
                let name = name.as_str().unwrap_or_default();
                self.fault(&format!("{at}.environment.{name}"), "is not a text");
            }
        }
    }

    fn volumes(&mut self, at: &str, service: &Value) {
        let mut targets: Vec<String> = Vec::new();
        for entry in service["volumes"].as_sequence().into_iter().flatten() {
            let (source, target) = match entry.as_str() {
                Some(text) => {
                    let mut parts = text.split(':');
                    let first = parts.next();
                    match parts.next() {
                        Some(target) => (first.map(str::to_owned), target.to_owned()),
                        None => (None, text.to_owned()),
                    }
                }
                None => (
                    entry["source"].as_str().filter(|_| entry["type"] == "volume").map(str::to_owned),
                    entry["target"].as_str().unwrap_or_default().to_owned(),
                ),
            };
            let is_name = |source: &String| !source.starts_with(['/', '.', '~', '$']);
            if let Some(source) = source.filter(is_name) {
                self.declared(&format!("{at}.volumes"), "volumes", &source);
            }
            if !target.starts_with('/') {
                self.fault(&format!("{at}.volumes"), format!("`{target}` is no path in a container"));
            }
            if targets.contains(&target) {
                self.fault(&format!("{at}.volumes"), format!("`{target}` is mounted twice"));
            }
            targets.push(target);
        }
    }

    fn ports(&mut self, at: &str, service: &Value) {
        for key in ["ports", "expose"] {
            for entry in service[key].as_sequence().into_iter().flatten() {
                let text = entry.as_str().unwrap_or_default();
                if !is_port(text) {
                    self.fault(&format!("{at}.{key}"), format!("`{text}` is no port"));
                }
            }
        }
    }
}

/// The names of a list or of a map's keys.
fn names(value: &Value) -> Vec<&str> {
    let of_list = value.as_sequence().into_iter().flatten().filter_map(Value::as_str);
    let of_map = value.as_mapping().into_iter().flatten().filter_map(|(key, _)| key.as_str());
    of_list.chain(of_map).collect()
}

/// `[ADDRESS:][HOST:]CONTAINER[/PROTOCOL]`, where both may be ranges of the same length.
fn is_port(text: &str) -> bool {
    let (numbers, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let mut parts = numbers.rsplitn(3, ':');
    let length = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
        (first > 0).then(|| last.checked_sub(first)).flatten()
    };
    let Some(inside) = parts.next().and_then(length) else { return false };
    let outside = parts.next().is_none_or(|part| length(part) == Some(inside));
    let address = parts.next().is_none_or(|part| {
        part.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>().is_ok()
    });
    outside && address && ["tcp", "udp", "sctp"].contains(&protocol)
}

#[cfg(test)]
mod tests {
    use super::super::super::project::{Image, Project, Service};
    use super::super::super::write::{Object, Phase};
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let image = Image { name: "a".into(), ..Image::default() };
        let service = Service { name: "web".into(), image, ..Service::default() };
        let project = Project { name: "x".into(), services: vec![service], ..Project::default() };
        let settled = Settled { project, decisions: Vec::new(), public: Vec::new() };
        let object = Object {
            phase: Phase::Workload,
            kind: "compose".into(),
            name: "x".into(),
            text: text.to_owned(),
        };
        let written = Written { objects: vec![object], ..Written::default() };
        check(&settled, &written, &Options::default()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_in_which_all_is_declared_is_right() {
        let text = "services:\n  web:\n    image: a:1\n    networks: [front]\n    depends_on: [db]\n    \
                    ports: [\"127.0.0.1:80:80\", \"[::1]:53:53/udp\", \"10-12:20-22\"]\n    volumes: [\"data:/data:ro\", /tmp/x:/y]\n  \
                    db:\n    image: b\n    network_mode: service:web\nvolumes:\n  data:\nnetworks:\n  front:\n";
        assert_eq!(faults(text), Vec::<String>::new());
    }

    #[test]
    fn every_damage_is_found() {
        let cases = [
            ("a: [", "is no YAML"),
            ("services:\n  db:\n    image: a\n", "services.web: is missing"),
            ("services:\n  web:\n    user: a\n", "has no image"),
            ("services:\n  web:\n    image: a\n    networks: [n]\n", "names `n`"),
            (
                "services:\n  web:\n    image: a\n    depends_on:\n      db:\n        condition: x\n",
                "names `db`",
            ),
            ("services:\n  web:\n    image: a\n    volumes: ['v:/v']\n", "names `v`"),
            ("services:\n  web:\n    image: a\n    volumes: ['/a:b']\n", "`b` is no path"),
            ("services:\n  web:\n    image: a\n    volumes: ['/a:/v', '/b:/v']\n", "mounted twice"),
            ("services:\n  web:\n    image: a\n    secrets: [s]\n", "names `s`"),
            ("services:\n  web:\n    image: a\n    configs: [{source: c, target: /c}]\n", "names `c`"),
            ("services:\n  web:\n    image: a\n    network_mode: service:db\n", "names `db`"),
            (
                "services:\n  web:\n    image: a\n    network_mode: host\n    ports: ['80:80']\n",
                "can't be together",
            ),
            (
                "services:\n  web:\n    image: a\n    network_mode: container:x\n    expose: ['80']\n",
                "can't be together with the network of another",
            ),
            ("services:\n  web:\n    image: a\n    ports: ['80:70000']\n", "is no port"),
            ("services:\n  web:\n    image: a\n    ports: ['1-2:80']\n", "is no port"),
            (
                "services:\n  web:\n    image: a\n    environment:\n      A: on\n      B: 1\n",
                "B: is not a text",
            ),
        ];
        for (text, expected) in cases {
            let faults = faults(text);
            assert!(faults.iter().any(|fault| fault.contains(expected)), "{text}\n{faults:?}");
        }
    }
}
