//! Rights, devices and graphics cards.

use std::collections::BTreeSet;

use super::super::project::{Device, Gpus, Rights};
use super::node::{Node, shown};

/// Reads what a container may do.
pub(super) fn rights(host: &Node<'_>, notes: &mut Vec<String>) -> Rights {
    let mut rights = Rights {
        privileged: host.get("Privileged").flag(),
        add: capabilities(&host.get("CapAdd")),
        drop: capabilities(&host.get("CapDrop")),
        read_only: host.get("ReadonlyRootfs").flag(),
        userns: host.get("UsernsMode").text().filter(|mode| mode != "private" && mode != "default"),
        device_rules: host.get("DeviceCgroupRules").texts(),
        ..Rights::default()
    };
    for option in host.get("SecurityOpt").texts() {
        security_option(&mut rights, &option, notes);
    }
    match host.get("PidMode").text() {
        Some(mode) if mode == "host" => rights.host_pid = true,
        Some(mode) if mode != "private" => {
            notes.push(format!("it shares the processes of {}: that is not taken over", shown(&mode)));
        }
        _ => {}
    }
    let own = ["private", "shareable", "none", "default"];
    rights.ipc = host.get("IpcMode").text().filter(|mode| !own.contains(&mode.as_str()));
    rights
}

fn security_option(rights: &mut Rights, option: &str, notes: &mut Vec<String>) {
    let (key, value) = option.split_once(['=', ':']).unwrap_or((option, ""));
    match (key, value) {
        ("no-new-privileges", "false") => {}
        ("no-new-privileges", _) => rights.no_new_privileges = true,
        // What the engine sets by itself.
        ("apparmor", "docker-default" | "containers-default") | ("seccomp", "builtin") => {}
        ("label", "disable") if rights.privileged => {}
        ("seccomp", profile) if profile.trim_start().starts_with('{') => notes
            .push("a seccomp profile of its own was given to it: give it to the new one by hand".to_owned()),
        (key, "") => rights.options.push(key.to_owned()),
        (key, value) => rights.options.push(format!("{key}={value}")),
    }
}

fn capabilities(node: &Node<'_>) -> BTreeSet<String> {
    let plain = |text: String| {
        let upper = text.trim().to_ascii_uppercase();
        upper.strip_prefix("CAP_").map(str::to_owned).unwrap_or(upper)
    };
    node.texts().into_iter().map(plain).filter(|name| !name.is_empty()).collect()
}

/// Reads the devices of a container.
pub(super) fn devices(host: &Node<'_>) -> Vec<Device> {
    let mut devices = BTreeSet::new();
    for node in host.get("Devices").list() {
        let Some(path) = node.get("PathOnHost").text() else {
            node.get("PathOnHost").fault("is missing: a device has a path on the host");
            continue;
        };
        devices.insert(Device {
            container: node.get("PathInContainer").text().unwrap_or_else(|| path.clone()),
            host: path,
            permissions: node.get("CgroupPermissions").text().unwrap_or_else(|| "rwm".to_owned()),
        });
    }
    devices.into_iter().collect()
}

/// Reads the graphics cards that a container asks for: by request, or by nvidia's runtime and its variable.
pub(super) fn gpus(host: &Node<'_>, visible: Option<&str>, notes: &mut Vec<String>) -> Option<Gpus> {
    let mut gpus: Option<Gpus> = None;
    for request in host.get("DeviceRequests").list() {
        let driver = request.get("Driver").text();
        let ids: Vec<String> = request.get("DeviceIDs").texts();
        let capabilities: Vec<String> =
            request.get("Capabilities").list().iter().flat_map(Node::texts).collect();
        let cdi = driver.as_deref() == Some("cdi");
        let graphics = ids.iter().any(|id| id.contains("gpu"))
            || capabilities.iter().any(|name| name == "gpu" || name == "nvidia")
            || driver.as_deref() == Some("nvidia");
        if !graphics {
            notes.push("it asks for a device that is no graphics card: that is not taken over".to_owned());
            continue;
        }
        let wanted = gpus.get_or_insert_default();
        wanted.count = request.get("Count").above_zero().and_then(|count| u32::try_from(count).ok());
        wanted.driver = if cdi { maker(&ids) } else { driver };
        let named = ids.into_iter().map(|id| id.rsplit('=').next().unwrap_or_default().to_owned());
        wanted.ids.extend(named.filter(|id| id != "all"));
    }
    match host.get("Runtime").text().as_deref() {
        Some("nvidia") if gpus.is_none() => gpus = by_runtime(visible),
        None | Some("nvidia" | "runc" | "crun" | "oci" | "io.containerd.runc.v2" | "youki") => {}
        Some(other) => {
            notes.push(format!("it runs in the runtime {}: that is not taken over", shown(other)));
        }
    }
    gpus
}

/// `nvidia` of `nvidia.com/gpu=all`.
fn maker(ids: &[String]) -> Option<String> {
    ids.first().and_then(|id| id.split_once('.')).map(|(maker, _)| maker.to_owned())
}

fn by_runtime(visible: Option<&str>) -> Option<Gpus> {
    let all = Gpus { count: None, driver: Some("nvidia".to_owned()), ids: Vec::new() };
    match visible.map(str::trim) {
        Some("none" | "void") => None,
        None | Some("" | "all") => Some(all),
        Some(ids) => {
            let ids = ids.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect();
            Some(Gpus { ids, ..all })
        }
    }
}
