//! All rights, and more than the usual ones.

use super::desk::Desk;
use super::devices::needs_all_rights;
use super::stays;
use crate::adopt::known;
use crate::adopt::project::{MountSource, Project, Service};
use crate::adopt::{Decision, Kind, Topic};

/// Capabilities that are worth a thought, and what they allow.
const TELLING: &[(&str, &str)] = &[
    ("ALL", "everything"),
    ("NET_ADMIN", "changes of the network: interfaces, routes, firewall"),
    ("SYS_ADMIN", "nearly everything: mounts, namespaces"),
    ("SYS_MODULE", "loading kernel modules"),
    ("SYS_RAWIO", "direct access to disks and ports"),
    ("SYS_PTRACE", "looking into other processes"),
    ("DAC_READ_SEARCH", "reading every file"),
    ("SYS_TIME", "setting the clock"),
    ("BPF", "programs within the kernel"),
    ("SYS_BOOT", "restarting the machine"),
];
/// Kernel parameters that Kubernetes allows without being told.
const SAFE: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

pub(super) fn settle(project: &mut Project, desk: &mut Desk<'_>) {
    if stays(project, desk.options) {
        return;
    }
    for service in &mut project.services {
        if service.rights.privileged {
            privileged(service, desk);
        }
        capabilities(service, desk);
        processes(service, desk);
        parameters(service, desk);
    }
}

fn privileged(service: &mut Service, desk: &mut Desk<'_>) {
    let needs = needed(service);
    let why = known::of(&service.image.name).and_then(|known| known.privileged);
    let drop = ("drop", "without: it gets what it seems to need instead");
    let keep = ("keep", "all rights over the node, as now");
    // A pod uses them with all rights or not at all: to drop these would change nothing.
    let by_devices = desk.options.to == Kind::K8s && service.devices.iter().any(needs_all_rights);
    let choices: &[(&str, &str)] = match (by_devices, why) {
        (true, _) => &[keep],
        (false, Some(_)) => &[keep, drop],
        (false, None) => &[drop, keep],
    };
    let mut decision = Decision::new(
        format!("{}/privileged", service.name),
        Some(&service.name),
        Topic::Privileged,
        format!("{} has all rights over its host. Does it need them?", service.name),
        choices,
    );
    if let Some(why) = why {
        decision = decision.fact(format!("It does: {why}."));
    }
    if !service.devices.is_empty() {
        let devices: Vec<&str> = service.devices.iter().map(|device| device.host.as_str()).collect();
        decision = decision.fact(format!("It uses devices: {}.", devices.join(", ")));
    }
    decision = if by_devices {
        decision.fact(format!(
            "In Kubernetes its devices need them, unless a device plugin offers those or `{}/devices` is `leave`.",
            service.name
        ))
    } else if needs.is_empty() && why.is_some() {
        decision
    } else if needs.is_empty() {
        if service.devices.is_empty() {
            decision = decision.fact(
                "With all rights it sees every device of its host: if it uses one, `drop` takes that away.",
            );
        }
        decision.fact("Nothing that is known of it needs more than the usual rights; if it fails, `keep` brings them back.")
    } else {
        decision.fact(format!("It seems to need {}.", needs.join(", ")))
    };
    if desk.ask(decision) == "drop" {
        service.rights.privileged = false;
        service.rights.add.extend(needs.iter().map(|need| (*need).to_owned()));
    }
}

/// Capabilities that it seems to need, by what is mounted and known.
fn needed(service: &Service) -> Vec<&'static str> {
    let has_source = |start: &str| {
        let is_it =
            |source: &MountSource| matches!(source, MountSource::Bind(path) if path.starts_with(start));
        service.mounts.iter().any(|mount| is_it(&mount.source))
    };
    let has_device = |start: &str| service.devices.iter().any(|device| device.host.starts_with(start));
    let image = &service.image.name;
    let is_vpn =
        ["wireguard", "gluetun", "openvpn", "tailscale", "wg-easy"].iter().any(|vpn| image.contains(vpn));
    let mut needs = Vec::new();
    if is_vpn || has_device("/dev/net/tun") {
        needs.push("NET_ADMIN");
    }
    if has_source("/lib/modules") {
        needs.push("SYS_MODULE");
    }
    if has_device("/dev/sd") || has_device("/dev/nvme") {
        needs.push("SYS_RAWIO");
    }
    if has_device("/dev/fuse") {
        needs.push("SYS_ADMIN");
    }
    needs
}

fn capabilities(service: &mut Service, desk: &mut Desk<'_>) {
    let told: Vec<&(&str, &str)> =
        TELLING.iter().filter(|(name, _)| service.rights.add.contains(*name)).collect();
    if told.is_empty() || service.rights.privileged {
        return;
    }
    let names: Vec<&str> = told.iter().map(|(name, _)| *name).collect();
    let mut decision = Decision::new(
        format!("{}/capabilities", service.name),
        Some(&service.name),
        Topic::Privileged,
        format!("{} has the rights {}. Does it keep them?", service.name, names.join(", ")),
        &[("keep", "as now"), ("drop", "without them")],
    );
    for (name, what) in &told {
        decision = decision.fact(format!("{name} allows {what}."));
    }
    if desk.options.to == Kind::K8s {
        decision =
            decision.fact("A namespace with the pod security level `baseline` or `restricted` refuses it.");
    }
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    if desk.ask(decision) == "drop" {
        service.rights.add.retain(|name| !names.contains(name));
    }
}

fn processes(service: &mut Service, desk: &mut Desk<'_>) {
    if !service.rights.host_pid {
        return;
    }
    let decision = Decision::new(
        format!("{}/processes", service.name),
        Some(&service.name),
        Topic::Privileged,
        format!("{} sees the processes of its host. Does it keep that?", service.name),
        &[("keep", "those of the node that it runs on, as now"), ("drop", "only its own")],
    );
    if desk.ask(decision) == "drop" {
        service.rights.host_pid = false;
    }
}

fn parameters(service: &mut Service, desk: &mut Desk<'_>) {
    let unsafe_ones: Vec<String> =
        service.sysctls.keys().filter(|name| !SAFE.contains(&name.as_str())).cloned().collect();
    if unsafe_ones.is_empty() || desk.options.to != Kind::K8s {
        return;
    }
    let decision = Decision::new(
        format!("{}/sysctls", service.name),
        Some(&service.name),
        Topic::Other,
        format!(
            "{} sets kernel parameters that Kubernetes refuses by itself. Does it keep them?",
            service.name
        ),
        &[("keep", "the kubelets are told to allow them"), ("drop", "without them")],
    );
    let decision = decision
        .fact(format!("They are {}.", unsafe_ones.join(", ")))
        .fact("The kubelet's `allowedUnsafeSysctls` has to name them, else the pod doesn't start.");
    if desk.ask(decision) == "drop" {
        service.sysctls.retain(|name, _| !unsafe_ones.contains(name));
    }
}
