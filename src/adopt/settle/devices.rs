//! Devices of the host, graphics cards included.

use super::desk::Desk;
use super::stays;
use crate::adopt::project::{Device, Gpus, Project, Service};
use crate::adopt::{Decision, Kind, Topic};

/// Devices that every node has.
const EVERYWHERE: &[&str] =
    &["/dev/net/tun", "/dev/fuse", "/dev/null", "/dev/kmsg", "/dev/random", "/dev/urandom", "/dev/rtc"];

pub(super) fn settle(project: &mut Project, desk: &mut Desk<'_>) {
    if stays(project, desk.options) {
        return;
    }
    let host = project.old_host().map(str::to_owned);
    for service in &mut project.services {
        let is_asked = |device: &Device| is_asked(device, desk.options.to);
        let had_cards = service.gpus.is_some();
        if service.devices.iter().any(is_asked) {
            of_host(service, host.as_deref(), desk);
        }
        // Those that come by a plugin since just now were asked about.
        if had_cards {
            cards(service, desk);
        }
    }
}

/// Whether somebody has to say how it gets there: not every node has it, or it needs all rights.
fn is_asked(device: &Device, to: Kind) -> bool {
    !EVERYWHERE.contains(&device.host.as_str()) || (to == Kind::K8s && needs_all_rights(device))
}

/// Whether a pod can only use it with all rights, as long as no device plugin offers it.
pub(super) fn needs_all_rights(device: &Device) -> bool {
    let open =
        ["/dev/net/tun", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];
    !open.contains(&device.host.as_str())
}

fn is_card(device: &Device) -> bool {
    device.host.starts_with("/dev/dri")
}

fn of_host(service: &mut Service, host: Option<&str>, desk: &mut Desk<'_>) {
    let has_card = service.devices.iter().any(is_card);
    let node = ("host-path", "the device of the node, to which it is bound");
    let plugin = ("device-plugin", "by a device plugin, which finds a node that has one free");
    let leave = ("leave", "without");
    let choices: &[(&str, &str)] =
        if has_card && desk.options.to == Kind::K8s { &[node, plugin, leave] } else { &[node, leave] };
    let mut decision = Decision::new(
        format!("{}/devices", service.name),
        Some(&service.name),
        Topic::Device,
        format!("{} uses devices of its host. How does it get them?", service.name),
        choices,
    );
    let to = desk.options.to;
    for device in service.devices.iter().filter(|device| is_asked(device, to)) {
        decision = decision.fact(format!("{}.", told(device)));
    }
    let is_rare = service.devices.iter().any(|device| !EVERYWHERE.contains(&device.host.as_str()));
    decision = decision.fact(match host {
        _ if !is_rare => "Every node has such.".to_owned(),
        Some(host) => format!("They are in {host} now: they move to a node, or {host} becomes one."),
        None => "The node that it runs on has to have them.".to_owned(),
    });
    if desk.options.to == Kind::K8s {
        decision = decision.fact(
            "Without a device plugin, a pod uses a device of its node only with all rights (`privileged`).",
        );
    }
    // The cards may have gone to the plugin already, and the rest still asks.
    let is_done = service.gpus.is_some();
    match desk.ask_or(decision, &[], |answer| is_done && answer == plugin.0).as_str() {
        "leave" => service.devices.retain(|device| !is_asked(device, to)),
        "device-plugin" => {
            service.devices.retain(|device| !is_card(device));
            service.gpus.get_or_insert(Gpus {
                count: Some(1),
                driver: Some("intel".to_owned()),
                ids: Vec::new(),
            });
        }
        _ => {}
    }
}

fn told(device: &Device) -> String {
    let path = &device.host;
    let what = match path.as_str() {
        path if path.starts_with("/dev/dri") => "a graphics card",
        path if path.starts_with("/dev/serial/by-id") => "a USB device, by a name that stays",
        path if path.starts_with("/dev/ttyUSB") || path.starts_with("/dev/ttyACM") => {
            "a USB device, by a number that changes when it is plugged in again: /dev/serial/by-id has a name that stays"
        }
        path if path.starts_with("/dev/apex") => "a Coral accelerator",
        "/dev/bus/usb" => "the folder of all USB devices",
        path if path.starts_with("/dev/bus/usb") => {
            "a USB device, by a number that changes when it is plugged in again"
        }
        path if path.starts_with("/dev/video") => "a camera or an encoder",
        path if path.starts_with("/dev/nvidia") => "a graphics card of NVIDIA",
        path if path.starts_with("/dev/kfd") => "a graphics card of AMD",
        path if path.starts_with("/dev/sd") || path.starts_with("/dev/nvme") => "a disk",
        path if path.starts_with("/dev/snd") => "sound",
        path if path.starts_with("/dev/kvm") => "virtualisation",
        path if path.starts_with("/dev/fuse") => "for file systems of its own",
        path if path.starts_with("/dev/kmsg") => "what the kernel logs",
        _ => return format!("`{path}` is a device of the host"),
    };
    format!("`{path}` is {what}")
}

fn cards(service: &mut Service, desk: &mut Desk<'_>) {
    let Some(gpus) = &service.gpus else { return };
    let driver = gpus.driver.clone().unwrap_or_else(|| "nvidia".to_owned());
    let wanted = match (gpus.ids.as_slice(), gpus.count) {
        ([], Some(count)) => format!("It asks for {count}."),
        ([], None) => "It is given all that there are now; in the cluster, one.".to_owned(),
        (ids, _) => {
            format!("It asks for {} by name; in the cluster, it gets those that are free.", ids.join(", "))
        }
    };
    let decision = Decision::new(
        format!("{}/gpu", service.name),
        Some(&service.name),
        Topic::Device,
        format!("{} uses graphics cards ({driver}). How does it get them?", service.name),
        &[("device-plugin", "by the device plugin of their maker"), ("leave", "without")],
    );
    let decision =
        decision.fact(wanted).fact("The nodes with such a card need its driver and its device plugin.");
    if desk.ask(decision) == "leave" {
        service.gpus = None;
    }
    // The plugin sets it; another value would get around the plugin.
    if desk.options.to == Kind::K8s {
        service.env.remove("NVIDIA_VISIBLE_DEVICES");
    }
}
