//! What a service may do: capabilities, devices, security options.

use super::reader::Reader;
use super::tree::{Node, Yaml};
use crate::adopt::project::{Device, Gpus, Service};

/// A capability without its prefix.
fn capability(text: &str) -> String {
    let text = text.trim().to_ascii_uppercase();
    text.strip_prefix("CAP_").unwrap_or(&text).to_owned()
}

/// `cap_add`.
pub(super) fn cap_add(reader: &mut Reader, service: &mut Service, node: &Node) {
    service.rights.add = reader.texts(node).iter().map(|text| capability(text)).collect();
}

/// `cap_drop`.
pub(super) fn cap_drop(reader: &mut Reader, service: &mut Service, node: &Node) {
    service.rights.drop = reader.texts(node).iter().map(|text| capability(text)).collect();
}

/// `security_opt`.
pub(super) fn security_opt(reader: &mut Reader, service: &mut Service, node: &Node) {
    for text in reader.texts(node) {
        // The old form has a colon.
        let (name, value) = text.split_once(['=', ':']).unwrap_or((&text, ""));
        match (name, value) {
            ("no-new-privileges", "" | "true") => service.rights.no_new_privileges = true,
            ("no-new-privileges", _) => {}
            (name, "") => service.rights.options.push(name.to_owned()),
            (name, value) => service.rights.options.push(format!("{name}={value}")),
        }
    }
}

/// `pid`.
pub(super) fn pid(reader: &mut Reader, service: &mut Service, node: &Node) {
    match reader.text(node).as_deref() {
        Some("host") => service.rights.host_pid = true,
        Some("") | None => {}
        Some(other) => {
            reader.note(format!(
                "it sees the processes of another container (`pid: {other}`), which is not taken over"
            ));
        }
    }
}

/// `ipc`.
pub(super) fn ipc(reader: &mut Reader, service: &mut Service, node: &Node) {
    let mode = reader.text(node).filter(|mode| !matches!(mode.as_str(), "" | "private" | "none"));
    service.rights.ipc = mode.map(|mode| match mode.split_once(':') {
        Some(("service", name)) => {
            let label = reader.service_named(node, name).unwrap_or_default();
            format!("container:{label}")
        }
        _ => mode,
    });
}

/// `devices`.
pub(super) fn devices(reader: &mut Reader, service: &mut Service, node: &Node) {
    for item in reader.list(node) {
        let (host, container, permissions) = match &item.value {
            Yaml::Map(_) => {
                let mut get = |key: &str| item.get(key).and_then(|node| reader.text(node));
                (get("source"), get("target"), get("permissions"))
            }
            _ => {
                let Some(text) = reader.text(item) else { continue };
                let mut parts = text.splitn(3, ':').map(str::to_owned);
                (parts.next(), parts.next(), parts.next())
            }
        };
        let host = host.filter(|host| !host.is_empty());
        let Some(host) = host else {
            reader.fault(item.at.fault("names no device").fix("write `/dev/ttyUSB0:/dev/ttyUSB0`"));
            continue;
        };
        if let Some((kind, name)) = host.split_once('=').filter(|_| !host.starts_with('/')) {
            cdi(reader, service, kind, name);
            continue;
        }
        if !host.starts_with('/') {
            reader.fault(
                item.at.fault(format!("`{host}` is no device")).fix("write `/dev/ttyUSB0:/dev/ttyUSB0`"),
            );
            continue;
        }
        // `/dev/x:rw` has its rights where the path inside would be.
        let (container, permissions) = match container {
            Some(rights) if !rights.starts_with('/') && permissions.is_none() => (None, Some(rights)),
            container => (container, permissions),
        };
        service.devices.push(Device {
            container: container.filter(|path| !path.is_empty()).unwrap_or_else(|| host.clone()),
            host,
            permissions: permissions.filter(|rights| !rights.is_empty()).unwrap_or_else(|| "rwm".to_owned()),
        });
    }
}

/// A device by its CDI name: `nvidia.com/gpu=all`.
fn cdi(reader: &mut Reader, service: &mut Service, kind: &str, name: &str) {
    let Some(vendor) = kind.strip_suffix("/gpu").and_then(|vendor| vendor.strip_suffix(".com")) else {
        return reader.note(format!("the device `{kind}={name}` is not taken over: only graphics cards are"));
    };
    let gpus =
        service.gpus.get_or_insert_with(|| Gpus { driver: Some(vendor.to_owned()), ..Gpus::default() });
    if name != "all" {
        gpus.ids.push(name.to_owned());
    }
}

/// `runtime`.
pub(super) fn runtime(reader: &mut Reader, service: &mut Service, node: &Node) {
    match reader.text(node).as_deref() {
        Some("nvidia") if service.gpus.is_none() => {
            service.gpus = Some(Gpus { driver: Some("nvidia".to_owned()), ..Gpus::default() });
        }
        Some("nvidia" | "runc" | "") | None => {}
        Some(other) => {
            reader.note(format!("its runtime `{other}` is not taken over: the cluster's usual one is used"))
        }
    }
}

/// `hostname`, with `domainname` in it.
pub(super) fn domainname(reader: &mut Reader, service: &mut Service, node: &Node) {
    if let (Some(domain), Some(host)) = (reader.text(node), &mut service.hostname) {
        *host = format!("{host}.{domain}");
    }
}
