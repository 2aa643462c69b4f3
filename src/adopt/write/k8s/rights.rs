//! Rights: the security contexts of a pod and of its containers.

use super::yaml::Fields;
use super::{device, note};
use crate::adopt::project::{Connection, Fate, Service};
use crate::adopt::write::Written;

/// A user or group as a number; `root` is known everywhere.
fn number(name: &str) -> Option<i64> {
    if name == "root" {
        Some(0)
    } else {
        name.parse().ok().filter(|id| (0..=i64::from(i32::MAX)).contains(id))
    }
}

/// `USER[:GROUP]` in its parts.
fn parts(user: &str) -> (&str, Option<&str>) {
    match user.split_once(':') {
        Some((user, group)) => (user, Some(group).filter(|group| !group.is_empty())),
        None => (user, None),
    }
}

/// The security context of a container.
pub(super) fn of_container(service: &Service, written: &mut Written) -> Fields {
    let rights = &service.rights;
    let (user, group) = service.user.as_deref().map_or(("", None), parts);
    let named = [Some(user).filter(|user| !user.is_empty()), group].into_iter().flatten();
    let named: Vec<&str> = named.filter(|name| number(name).is_none()).collect();
    if !named.is_empty() {
        let container = service.container.as_deref().unwrap_or(&service.name);
        let (number, it_is) =
            if named.len() == 1 { ("the number", "it is") } else { ("the numbers", "they are") };
        let text = format!(
            "Kubernetes needs {number} of {}, and {it_is} left out: `docker exec {container} id` tells. Without, the \
             image's own user counts.",
            named.join(" and ")
        );
        written.notes.push(note(service, text));
    }
    let privileged = rights.privileged || device::needs_privileged(service);
    let list = |names: &std::collections::BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>();
    let capabilities = Fields::new().full("add", list(&rights.add)).full("drop", list(&rights.drop));
    let admin = rights.add.iter().any(|name| name == "SYS_ADMIN" || name == "ALL");
    let gains_nothing = rights.no_new_privileges && !privileged && !admin;
    if rights.no_new_privileges && !gains_nothing {
        let text =
            "`no-new-privileges` is left out: Kubernetes doesn't take it together with that many rights.";
        written.notes.push(note(service, text));
    }
    let context = Fields::new()
        .only("privileged", privileged)
        .some("runAsUser", number(user))
        .some("runAsGroup", group.and_then(number))
        .some("allowPrivilegeEscalation", gains_nothing.then_some(false))
        .only("readOnlyRootFilesystem", rights.read_only)
        .full("capabilities", capabilities);
    options(service, context, written)
}

fn has_files_of_node(service: &Service) -> bool {
    !service.devices.is_empty() || service.mounts.iter().any(|mount| mount.fate == Fate::HostPath)
}

/// Security options: `apparmor=unconfined`, `seccomp=…`, `label=…`.
fn options(service: &Service, mut context: Fields, written: &mut Written) -> Fields {
    let mut linux = Fields::new();
    for option in &service.rights.options {
        let (name, value) = option.split_once(['=', ':']).unwrap_or((option, ""));
        let (label, text) = value.split_once(':').unwrap_or((value, ""));
        match (name, label) {
            ("apparmor", "unconfined") => {
                context = context.with("appArmorProfile", Fields::new().with("type", "Unconfined"));
            }
            ("apparmor", profile) if !profile.is_empty() => {
                let profile = Fields::new().with("type", "Localhost").with("localhostProfile", value);
                context = context.with("appArmorProfile", profile);
            }
            ("seccomp", "unconfined") => {
                context = context.with("seccompProfile", Fields::new().with("type", "Unconfined"));
            }
            // The type that is kept from nothing.
            ("label", "disable") if has_files_of_node(service) => linux = linux.with("type", "spc_t"),
            ("label", "disable") => {
                let text =
                    "`label=disable` is left out: none of the node's files are in it, which that was for.";
                written.notes.push(note(service, text));
            }
            ("label", "user" | "role" | "type" | "level") if !text.is_empty() => {
                linux = linux.with(label, text)
            }
            ("no-new-privileges", _) => {}
            _ => {
                let text = format!("The security option {option} has no like in Kubernetes and is left out.");
                written.notes.push(note(service, text));
            }
        }
    }
    context.full("seLinuxOptions", linux)
}

/// The security context of a pod.
pub(super) fn of_pod(group: &[&Service], written: &mut Written) -> Fields {
    let mut supplemental: Vec<i64> = Vec::new();
    let mut sysctls: Vec<Fields> = Vec::new();
    for service in group {
        for name in &service.groups {
            match number(name) {
                Some(id) if supplemental.contains(&id) => {}
                Some(id) => supplemental.push(id),
                None => {
                    // Docker looks it up in the image, not on its host.
                    let container = service.container.as_deref().unwrap_or(&service.name);
                    let text = format!(
                        "Kubernetes needs the number of the group {name}, and it is left out: \
                         `docker exec {container} getent group {name}` tells it."
                    );
                    written.notes.push(note(service, text));
                }
            }
        }
        let mut unsafe_ones = Vec::new();
        for (name, value) in &service.sysctls {
            let on_host = service.network == Connection::Host && name.starts_with("net.");
            let is_hosts_ipc = service.rights.ipc.as_deref() == Some("host") && is_of_ipc(name);
            if is_hosts_ipc {
                let text = format!("{name} is left out: with the host's IPC it is the node's to set.");
                written.notes.push(note(service, text));
                continue;
            }
            if on_host {
                let text = format!("{name} is left out: on the host's network it is the node's to set.");
                written.notes.push(note(service, text));
                continue;
            }
            sysctls.push(Fields::new().with("name", name.as_str()).with("value", value.as_str()));
            if !is_safe(name) {
                unsafe_ones.push(name.as_str());
            }
        }
        if !unsafe_ones.is_empty() {
            let names = unsafe_ones.join(",");
            let text = format!(
                "The node has to allow its kernel parameters: `--allowed-unsafe-sysctls={names}` of its kubelet."
            );
            written.notes.push(note(service, text));
        }
    }
    let fs_group = group.iter().find_map(|service| fs_group(service));
    Fields::new()
        .some("fsGroup", fs_group)
        .some("fsGroupChangePolicy", fs_group.map(|_| "OnRootMismatch"))
        .full("supplementalGroups", supplemental)
        .full("sysctls", sysctls)
}

/// The group that the files of claims belong to: that which it runs as.
fn fs_group(service: &Service) -> Option<i64> {
    let has_claims = service.mounts.iter().any(|mount| matches!(mount.fate, Fate::Claim(_)));
    let user = service.user.as_deref().or(service.image.default_user.as_deref()).filter(|_| has_claims)?;
    let (user, group) = parts(user);
    group.and_then(number).or_else(|| number(user)).filter(|id| *id > 0)
}

/// Kernel parameters of shared memory and of messages between processes.
fn is_of_ipc(name: &str) -> bool {
    ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."].iter().any(|start| name.starts_with(start))
}

/// Kernel parameters that Kubernetes lets everybody set.
fn is_safe(name: &str) -> bool {
    matches!(
        name,
        "kernel.shm_rmid_forced"
            | "net.ipv4.ip_local_port_range"
            | "net.ipv4.tcp_syncookies"
            | "net.ipv4.ping_group_range"
            | "net.ipv4.ip_unprivileged_port_start"
            | "net.ipv4.ip_local_reserved_ports"
            | "net.ipv4.tcp_keepalive_time"
            | "net.ipv4.tcp_fin_timeout"
            | "net.ipv4.tcp_keepalive_intvl"
            | "net.ipv4.tcp_keepalive_probes"
    )
}
