//! Rights, devices, graphics cards, kernel parameters, and how many there are.

use super::*;
use crate::adopt::project::{Gpus, Restart};

fn device(path: &str) -> Device {
    Device { host: path.into(), container: path.into(), permissions: "rwm".into() }
}

fn ids(settled: &Settled) -> Vec<&str> {
    settled.decisions.iter().map(|decision| decision.id.as_str()).collect()
}

#[test]
fn what_needs_its_devices_keeps_all_rights_and_is_not_asked_to_drop_them() {
    let mut frigate = service("frigate", "me/nvr");
    frigate.rights.privileged = true;
    frigate.devices = vec![device("/dev/apex_0")];
    let kept = settled(vec![frigate.clone()], &[]);
    let asked = decision(&kept, "frigate/privileged");
    assert_eq!((asked.chosen.as_str(), asked.choices.len()), ("keep", 1));
    assert!(kept.project.services[0].rights.privileged);
    // Once the devices are left, the rights can go.
    let left = settled(vec![frigate], &[("frigate/devices", "leave")]);
    assert_eq!(decision(&left, "frigate/privileged").chosen, "drop");
    assert!(!left.project.services[0].rights.privileged);
}

#[test]
fn a_device_that_needs_all_rights_is_asked_about_though_every_node_has_it() {
    let mut app = service("app", "me/app");
    app.devices = vec![device("/dev/fuse"), device("/dev/net/tun")];
    let settled = settled(vec![app.clone()], &[("app/devices", "leave")]);
    let facts = decision(&settled, "app/devices").facts.join(" ");
    assert!(facts.contains("/dev/fuse") && !facts.contains("/dev/net/tun"), "{facts}");
    assert_eq!(settled.project.services[0].devices, [device("/dev/net/tun")]);
    app.devices = vec![device("/dev/net/tun")];
    assert!(!ids(&super::settled(vec![app], &[])).contains(&"app/devices"));
}

#[test]
fn a_card_can_come_by_a_device_plugin() {
    let mut app = service("jellyfin", "me/jf");
    app.devices = vec![device("/dev/dri/renderD128"), device("/dev/ttyUSB0")];
    let settled = settled(vec![app], &[("jellyfin/devices", "device-plugin")]);
    let jellyfin = &settled.project.services[0];
    assert_eq!(jellyfin.devices, [device("/dev/ttyUSB0")]);
    assert_eq!(jellyfin.gpus.as_ref().and_then(|gpus| gpus.driver.as_deref()), Some("intel"));
}

#[test]
fn a_card_by_request_is_the_plugins_to_choose() {
    let mut app = service("plex", "me/plex");
    app.gpus = Some(Gpus { count: None, driver: Some("nvidia".into()), ids: vec!["GPU-1".into()] });
    app.env.insert("NVIDIA_VISIBLE_DEVICES".into(), Value::Text("GPU-1".into()));
    let kept = settled(vec![app.clone()], &[]);
    assert_eq!(decision(&kept, "plex/gpu").chosen, "device-plugin");
    assert!(decision(&kept, "plex/gpu").facts[0].contains("GPU-1"));
    assert!(kept.project.services[0].gpus.is_some() && kept.project.services[0].env.is_empty());
    let left = settled(vec![app], &[("plex/gpu", "leave")]);
    assert_eq!(left.project.services[0].gpus, None);
}

#[test]
fn rights_that_are_worth_a_thought_can_be_dropped_and_others_stay() {
    let mut app = service("app", "me/app");
    app.rights.add = ["NET_ADMIN", "CHOWN"].map(str::to_owned).into();
    app.rights.host_pid = true;
    let sysctls = [("net.ipv4.ip_forward", "1"), ("net.ipv4.tcp_syncookies", "1")];
    app.sysctls = sysctls.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let kept = settled(vec![app.clone()], &[]);
    for id in ["app/capabilities", "app/processes", "app/sysctls"] {
        assert_eq!(decision(&kept, id).chosen, "keep", "{id}");
    }
    let asked = decision(&kept, "app/sysctls").facts[0].clone();
    assert!(asked.contains("ip_forward") && !asked.contains("syncookies"), "{asked}");
    let kept = &kept.project.services[0];
    assert!(kept.rights.host_pid && kept.rights.add.len() == 2 && kept.sysctls.len() == 2);
    let answers = [("app/capabilities", "drop"), ("app/processes", "drop"), ("app/sysctls", "drop")];
    let dropped = settled(vec![app], &answers);
    let dropped = &dropped.project.services[0];
    assert_eq!(dropped.rights.add.iter().collect::<Vec<_>>(), ["CHOWN"]);
    assert!(!dropped.rights.host_pid);
    assert_eq!(dropped.sysctls.keys().collect::<Vec<_>>(), ["net.ipv4.tcp_syncookies"]);
}

#[test]
fn several_on_the_same_data_are_one_unless_somebody_says_otherwise() {
    let mut runner = service("runner", "me/runner");
    runner.replicas = Some(3);
    runner.mounts = vec![mount(MountSource::Volume("cache-volume".into()), "/data")];
    let one = settled(vec![runner.clone()], &[]);
    assert_eq!(decision(&one, "runner/replicas").chosen, "one");
    assert!(!ids(&one).contains(&"runner/shared:/data"), "one shares with nobody");
    assert_eq!(one.project.services[0].replicas, None);
    assert!(!claim(&one.project.services[0].mounts[0].fate).shared);
    let all = settled(vec![runner], &[("runner/replicas", "all")]);
    assert_eq!(decision(&all, "runner/shared:/data").chosen, "shared");
    assert_eq!(all.project.services[0].replicas, Some(3));
}

#[test]
fn what_has_ended_is_a_job_unless_it_is_to_run_all_the_time() {
    let mut backup = service("backup", "restic/restic");
    backup.running = Some(false);
    let once = settled(vec![backup.clone()], &[]);
    assert_eq!(decision(&once, "backup/runs").chosen, "once");
    assert!(!ids(&once).contains(&"backup/health"), "what ends is not asked whether it is well");
    let always = settled(vec![backup.clone()], &[("backup/runs", "always")]);
    assert_eq!(always.project.services[0].restart, Restart::UnlessStopped);
    assert!(ids(&always).contains(&"backup/health"));
    backup.running = Some(true);
    assert!(!ids(&settled(vec![backup.clone()], &[])).contains(&"backup/runs"));
    backup.running = Some(false);
    backup.restart = Restart::Always;
    let stopped = settled(vec![backup], &[]);
    assert!(!ids(&stopped).contains(&"backup/runs"));
    assert!(stopped.project.notes.iter().any(|note| note.text.contains("doesn't run now")));
}
