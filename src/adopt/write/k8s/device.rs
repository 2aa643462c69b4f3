//! Devices of the host.

use super::volumes::Volumes;
use super::yaml::Fields;
use super::{names, note};
use crate::adopt::project::{Device, Service};
use crate::adopt::write::Written;

/// Devices that a container may use by itself once it sees them.
const OPEN: &[&str] =
    &["/dev/net/tun", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];
/// Devices that are folders.
const FOLDERS: &[&str] =
    &["/dev/dri", "/dev/snd", "/dev/bus/usb", "/dev/serial", "/dev/serial/by-id", "/dev/input"];

/// Whether its devices are only used with all rights: Kubernetes has no other way to give one that no plugin offers.
pub(super) fn needs_privileged(service: &Service) -> bool {
    service.devices.iter().any(|device| !OPEN.contains(&device.host.as_str()))
}

/// The mounts of a service's devices, those apart that lie in what is mounted.
pub(super) fn mounts(service: &Service, mounted: &[String], volumes: &mut Volumes) -> Vec<Fields> {
    let mut mounts = Vec::new();
    let mut targets: Vec<&str> = mounted.iter().map(|target| target.trim_end_matches('/')).collect();
    for device in &service.devices {
        let target = if device.container.starts_with('/') { &device.container } else { &device.host };
        let target = target.trim_end_matches('/');
        if targets.contains(&target) {
            continue;
        }
        targets.push(target);
        let path = Fields::new().with("path", device.host.as_str()).some("type", kind(device));
        let name = volumes.shared(names::base(&device.host), Fields::new().with("hostPath", path));
        mounts.push(Fields::new().with("name", name).with("mountPath", target));
    }
    mounts
}

fn kind(device: &Device) -> Option<&'static str> {
    let path = device.host.trim_end_matches('/');
    let is_disk = ["/dev/sd", "/dev/nvme", "/dev/mapper", "/dev/disk", "/dev/md", "/dev/vd"];
    match () {
        () if FOLDERS.contains(&path) => Some("Directory"),
        () if is_disk.iter().any(|start| path.starts_with(start)) => Some("BlockDevice"),
        () if path.starts_with("/dev/") => Some("CharDevice"),
        () => None,
    }
}

/// The graphics cards of a service as a resource and how many.
pub(super) fn cards(service: &Service) -> Option<(&'static str, u32)> {
    let gpus = service.gpus.as_ref()?;
    let count = u32::try_from(gpus.ids.len()).unwrap_or(1).max(gpus.count.unwrap_or(1)).max(1);
    match gpus.driver.as_deref() {
        Some("amd" | "amd.com/gpu") => Some(("amd.com/gpu", count)),
        Some("intel") => Some(("gpu.intel.com/i915", count)),
        _ => Some(("nvidia.com/gpu", count)),
    }
}

/// What a person has to know of its devices.
pub(super) fn notes(service: &Service, written: &mut Written) {
    let devices: Vec<&str> = service.devices.iter().map(|device| device.host.as_str()).collect();
    let bound: Vec<&str> = devices.iter().filter(|device| !OPEN.contains(device)).copied().collect();
    if !bound.is_empty() {
        let text = format!(
            "It uses {} of its node, for which it is privileged: Kubernetes gives devices that no device plugin offers \
             in no other way. With several nodes, bind it to the one that has them (`nodeSelector`).",
            bound.join(", ")
        );
        written.notes.push(note(service, text));
    }
    if let Some((resource, _)) = cards(service) {
        let runtime = if resource.starts_with("nvidia") {
            " Where NVIDIA's runtime is not the default, add `runtimeClassName: nvidia`."
        } else {
            ""
        };
        written
            .notes
            .push(note(service, format!("{resource} needs its device plugin in the cluster.{runtime}")));
    }
    if !service.rights.device_rules.is_empty() {
        let text = "Rules for devices (`device_cgroup_rules`) have no like in Kubernetes and are left out.";
        written.notes.push(note(service, text));
    }
}
