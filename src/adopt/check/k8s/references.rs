//! Whether everything that is named is there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Document;
use super::walk::{containers, fields, items, text};
use crate::adopt::{Fault, Written};

/// What there is to be named.
struct There<'a> {
    documents: &'a [Document],
    written: &'a Written,
}

pub(super) fn check(documents: &[Document], written: &Written, faults: &mut Vec<Fault>) {
    let there = There { documents, written };
    let mut seen = BTreeSet::new();
    for document in documents {
        if !seen.insert((&document.kind, &document.name)) {
            faults.push(document.fault("metadata.name", "is there twice"));
        }
    }
    let mut made = BTreeSet::new();
    for secret in &written.secrets {
        if !made.insert(&secret.name) {
            faults.push(Fault::of(&format!("Secret/{}", secret.name), "is created twice"));
        }
    }
    for document in documents {
        match document.kind.as_str() {
            "Service" => there.service(document, faults),
            "Ingress" | "HTTPRoute" => there.route(document, faults),
            // One without a network has none.
            "StatefulSet" => {
                let name = document.text("/spec/serviceName");
                if !name.is_empty() && !there.is("Service", name) {
                    faults.push(document.fault("spec.serviceName", "is no Service"));
                }
            }
            _ => {}
        }
        if let Some(pod) = document.pod() {
            selector(document, faults);
            there.pod(document, pod, faults);
        }
    }
}

/// A workload finds its own pods.
fn selector(document: &Document, faults: &mut Vec<Fault>) {
    let labels = document.value.pointer("/spec/template/metadata/labels");
    for (key, value) in fields(&document.value, "/spec/selector/matchLabels") {
        if labels.and_then(|labels| labels.get(key)) != Some(value) {
            faults.push(document.fault("spec.selector", format!("{key} is not on its pods")));
        }
    }
}

impl There<'_> {
    fn is(&self, kind: &str, name: &str) -> bool {
        self.documents.iter().any(|document| document.kind == kind && document.name == name)
    }

    /// Whether there is a Secret with that key; with any where none is asked for.
    fn secret(&self, name: &str, key: Option<&str>) -> bool {
        let has = |keys: &[String]| key.is_none_or(|key| keys.iter().any(|known| known == key));
        self.written.secrets.iter().any(|secret| secret.name == name && has(&secret.keys))
    }

    /// Whether there is a `ConfigMap` with that key, or one will be created.
    fn config(&self, name: &str, key: Option<&str>) -> bool {
        let written =
            self.documents.iter().find(|document| document.kind == "ConfigMap" && document.name == name);
        match written {
            Some(map) => {
                key.is_none_or(|key| map.value.pointer("/data").is_some_and(|data| data.get(key).is_some()))
            }
            None => self.written.configs.iter().any(|config| {
                config.name == name && (key.is_none() || config.key.is_none() || config.key.as_deref() == key)
            }),
        }
    }

    fn pod(&self, document: &Document, pod: &Value, faults: &mut Vec<Fault>) {
        let mut used = BTreeSet::new();
        for container in containers(pod) {
            let name = text(container, "name");
            let mut paths = BTreeSet::new();
            for mount in items(container, "volumeMounts") {
                let field = format!("containers.{name}.volumeMounts");
                used.insert(text(mount, "name"));
                if !paths.insert(text(mount, "mountPath")) {
                    faults
                        .push(document.fault(field, format!("{} is there twice", text(mount, "mountPath"))));
                } else if !self.mount(pod, mount) {
                    faults.push(
                        document.fault(field, format!("{} is not in a volume", text(mount, "mountPath"))),
                    );
                }
            }
            self.variables(document, container, faults);
            self.probes(document, container, faults);
            arguments(document, container, faults);
        }
        for volume in items(pod, "volumes") {
            let name = text(volume, "name");
            if !used.contains(name) {
                faults.push(document.fault("volumes", format!("nothing mounts {name}")));
            }
            if !self.volume(volume) {
                faults.push(document.fault("volumes", format!("what {name} names is not there")));
            }
        }
    }

    /// Whether a mount has a volume, and the file in it.
    fn mount(&self, pod: &Value, mount: &Value) -> bool {
        let Some(volume) = items(pod, "volumes").find(|volume| text(volume, "name") == text(mount, "name"))
        else {
            return false;
        };
        let subpath = mount.get("subPath").and_then(Value::as_str);
        if subpath.is_some_and(|path| path.starts_with('/') || path.split('/').any(|part| part == "..")) {
            return false;
        }
        match (volume.pointer("/configMap/name"), volume.pointer("/secret/secretName")) {
            (Some(name), _) => self.config(name.as_str().unwrap_or_default(), subpath),
            (_, Some(name)) => self.secret(name.as_str().unwrap_or_default(), subpath),
            _ => true,
        }
    }

    fn volume(&self, volume: &Value) -> bool {
        let at = |pointer: &str| volume.pointer(pointer).and_then(Value::as_str);
        at("/persistentVolumeClaim/claimName").is_none_or(|name| self.is("PersistentVolumeClaim", name))
            && at("/configMap/name").is_none_or(|name| self.config(name, None))
            && at("/secret/secretName").is_none_or(|name| self.secret(name, None))
            && at("/csi/volumeAttributes/secretName").is_none_or(|name| self.secret(name, None))
    }

    fn variables(&self, document: &Document, container: &Value, faults: &mut Vec<Fault>) {
        let name = text(container, "name");
        for from in items(container, "envFrom") {
            let config = from.pointer("/configMapRef/name").and_then(Value::as_str);
            let secret = from.pointer("/secretRef/name").and_then(Value::as_str);
            let good = config.is_none_or(|name| self.config(name, None))
                && secret.is_none_or(|name| self.secret(name, None))
                && (config.is_some() || secret.is_some());
            if !good {
                faults.push(document.fault(format!("containers.{name}.envFrom"), "names what is not there"));
            }
        }
        for variable in items(container, "env") {
            let Some(reference) = variable.pointer("/valueFrom/secretKeyRef") else { continue };
            if !self.secret(text(reference, "name"), Some(text(reference, "key"))) {
                let field = format!("containers.{name}.env.{}", text(variable, "name"));
                faults.push(document.fault(field, "is of no Secret"));
            }
        }
    }

    fn probes(&self, document: &Document, container: &Value, faults: &mut Vec<Fault>) {
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
            for kind in ["httpGet", "tcpSocket"] {
                let Some(port) = container.pointer(&format!("/{probe}/{kind}/port")) else { continue };
                let there = match port {
                    Value::String(name) => items(container, "ports").any(|port| text(port, "name") == name),
                    // A number needs no declaration.
                    port => port.as_u64().is_some_and(|port| (1..=65535).contains(&port)),
                };
                if !there {
                    let field = format!("containers.{}.{probe}", text(container, "name"));
                    faults.push(document.fault(field, "asks a port that there is not"));
                }
            }
        }
    }

    /// The workloads that a selector finds.
    fn selected(&self, selector: &Value) -> Vec<&Document> {
        let finds = |document: &&Document| {
            let labels = document.value.pointer("/spec/template/metadata/labels");
            let mut wanted = selector.as_object().into_iter().flatten();
            document.pod().is_some()
                && wanted.all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
        };
        self.documents.iter().filter(finds).collect()
    }

    fn service(&self, document: &Document, faults: &mut Vec<Fault>) {
        let spec = document.value.get("spec").unwrap_or(&Value::Null);
        let found = self.selected(spec.get("selector").unwrap_or(&Value::Null));
        let [workload] = found.as_slice() else {
            let what = format!("finds {} workloads, where it should find one", found.len());
            faults.push(document.fault("spec.selector", what));
            return;
        };
        let ports: Vec<&Value> = workload
            .pod()
            .into_iter()
            .flat_map(containers)
            .flat_map(|container| items(container, "ports"))
            .collect();
        for port in items(spec, "ports") {
            let protocol = |port: &Value| port.get("protocol").cloned().unwrap_or_else(|| "TCP".into());
            let target = port.get("targetPort").or(port.get("port")).unwrap_or(&Value::Null);
            let fits = |known: &&&Value| {
                let is = known.get("name") == Some(target) || known.get("containerPort") == Some(target);
                is && protocol(known) == protocol(port)
            };
            if ports.iter().find(fits).is_none() {
                let what = format!("{} leads to no port of {}", text(port, "name"), workload.name);
                faults.push(document.fault("spec.ports", what));
            }
        }
    }

    fn route(&self, document: &Document, faults: &mut Vec<Fault>) {
        let spec = document.value.get("spec").unwrap_or(&Value::Null);
        let rules = || items(spec, "rules");
        let paths = rules().flat_map(|rule| items(rule.get("http").unwrap_or(&Value::Null), "paths"));
        let ingress = paths.filter_map(|path| path.pointer("/backend/service")).map(|service| {
            let port = service.pointer("/port/name").or(service.pointer("/port/number"));
            (text(service, "name"), port)
        });
        let routes = rules()
            .flat_map(|rule| items(rule, "backendRefs"))
            .map(|backend| (text(backend, "name"), backend.get("port")));
        let mut some = false;
        for (name, port) in ingress.chain(routes) {
            some = true;
            let service = self.documents.iter().find(|other| other.kind == "Service" && other.name == name);
            let mut ports = service
                .into_iter()
                .flat_map(|service| items(service.value.get("spec").unwrap_or(&Value::Null), "ports"));
            if !ports.any(|known| known.get("name") == port || known.get("port") == port) {
                faults.push(document.fault("spec.rules", format!("{name} is no Service with that port")));
            }
        }
        if !some {
            faults.push(document.fault("spec.rules", "lead nowhere"));
        }
    }
}

/// `$(NAME)` in what is run is a variable of the container.
fn arguments(document: &Document, container: &Value, faults: &mut Vec<Fault>) {
    let known: BTreeSet<&str> = items(container, "env").map(|variable| text(variable, "name")).collect();
    for field in ["command", "args"] {
        for word in items(container, field).filter_map(Value::as_str) {
            for name in expanded(word).into_iter().filter(|name| !known.contains(name)) {
                let field = format!("containers.{}.{field}", text(container, "name"));
                faults.push(document.fault(field, format!("$({name}) is no variable of it")));
            }
        }
    }
}

/// The names that Kubernetes expands in a word: two dollars are one.
fn expanded(word: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = word;
    while let Some(at) = rest.find('$') {
        let after = rest.get(at + 1..).unwrap_or_default();
        rest = match (after.strip_prefix('$'), after.strip_prefix('(')) {
            (Some(rest), _) => rest,
            (_, Some(inner)) => match inner.split_once(')') {
                Some((name, rest)) => {
                    names.push(name);
                    rest
                }
                None => inner,
            },
            _ => after,
        };
    }
    names
}
