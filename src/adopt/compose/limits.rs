//! What a service may take, how it is looked at, and what happens when it ends.

use super::reader::Reader;
use super::tree::{Node, Yaml};
use super::units::bytes;
use super::words::marked;
use crate::adopt::project::{Gpus, Health, HealthTest, Restart, Service};

/// `healthcheck`.
pub(super) fn healthcheck(reader: &mut Reader, service: &mut Service, node: &Node) {
    let mut health = Health {
        test: HealthTest::Off,
        interval: None,
        timeout: None,
        retries: None,
        start_period: None,
        from_image: false,
    };
    let (mut tested, mut disabled) = (false, false);
    for (key, node) in reader.map(node) {
        if node.value == Yaml::Null {
            continue;
        }
        match key.as_str() {
            "test" => {
                let Some(test) = test(reader, service, node) else { continue };
                health.test = test;
                tested = true;
            }
            "interval" => health.interval = reader.seconds(node),
            "timeout" => health.timeout = reader.seconds(node),
            "retries" => health.retries = reader.whole(node),
            "start_period" => health.start_period = reader.seconds(node),
            "start_interval" => reader.note(
                "`start_interval` of its health check is not taken over: it is looked at every `interval`, also at the start",
            ),
            "disable" => disabled = reader.bool(node).unwrap_or_default(),
            key if key.starts_with("x-") => {}
            key => reader.note(format!("its health check has `{key}`, which compose doesn't know")),
        }
    }
    if disabled || (tested && health.test == HealthTest::Off) {
        health = Health {
            test: HealthTest::Off,
            interval: None,
            timeout: None,
            retries: None,
            start_period: None,
            ..health
        };
    }
    if tested || disabled {
        service.health = Some(health);
    } else if health.interval.or(health.timeout).or(health.start_period).is_some() || health.retries.is_some()
    {
        reader.note("its health check says only how often: the test itself is the image's, which a compose file doesn't tell");
    }
}

fn test(reader: &mut Reader, service: &mut Service, node: &Node) -> Option<HealthTest> {
    let Yaml::List(items) = &node.value else {
        let text = marked(reader, service, node)?;
        return Some(if text.is_empty() || text == "NONE" {
            HealthTest::Off
        } else {
            HealthTest::Shell(text)
        });
    };
    let mut words: Vec<String> = Vec::new();
    for item in items {
        words.push(marked(reader, service, item)?);
    }
    let rest = words.get(1..).unwrap_or_default().to_vec();
    match words.first().map(String::as_str) {
        None | Some("NONE") => Some(HealthTest::Off),
        Some("CMD") if !rest.is_empty() => Some(HealthTest::Exec(rest)),
        Some("CMD-SHELL") if !rest.is_empty() => Some(HealthTest::Shell(rest.join(" "))),
        Some("CMD" | "CMD-SHELL") => {
            reader.fault(node.at.fault("has nothing to run").fix("write the command after it"));
            None
        }
        Some(_) => {
            let fault = node.at.fault("has to begin with `CMD`, `CMD-SHELL` or `NONE`");
            reader.fault(fault.fix("write `[\"CMD\", \"curl\", …]`, or the whole as one text"));
            None
        }
    }
}

/// `restart`.
pub(super) fn restart(reader: &mut Reader, service: &mut Service, node: &Node) {
    let Some(text) = reader.text(node) else { return };
    service.restart = match text.split_once(':').unwrap_or((&text, "")) {
        ("no" | "false" | "", _) => Restart::No,
        ("always", _) => Restart::Always,
        ("unless-stopped", _) => Restart::UnlessStopped,
        ("on-failure", "") => Restart::OnFailure(None),
        ("on-failure", times) if times.parse::<u32>().is_ok() => Restart::OnFailure(times.parse().ok()),
        _ => {
            let fault = node.at.fault("is no restart policy");
            return reader.fault(fault.fix("write `unless-stopped`, `always`, `on-failure:3` or `\"no\"`"));
        }
    };
}

/// `deploy`.
pub(super) fn deploy(reader: &mut Reader, service: &mut Service, node: &Node) {
    for (key, node) in reader.map(node) {
        match key.as_str() {
            "replicas" if node.value != Yaml::Null => service.replicas = reader.whole(node),
            "resources" => resources(reader, service, node),
            "restart_policy" => restart_policy(reader, service, node),
            "labels" => reader.note("`deploy.labels` are Swarm's, not the container's: not taken over"),
            "mode" | "endpoint_mode" | "update_config" | "rollback_config" | "placement" => {
                reader.note(format!("`deploy.{key}` is Swarm's: not taken over"));
            }
            _ => {}
        }
    }
}

fn resources(reader: &mut Reader, service: &mut Service, node: &Node) {
    for (section, node) in reader.map(node) {
        let reserved = section == "reservations";
        for (key, node) in reader.map(node) {
            match (key.as_str(), reserved) {
                ("cpus", false) => {
                    service.limits.cpu_milli = reader.milli_cpus(node).filter(|milli| *milli > 0)
                }
                ("cpus", true) => {
                    service.limits.cpu_reserved_milli = reader.milli_cpus(node).filter(|milli| *milli > 0)
                }
                ("memory", false) => service.limits.memory = reader.bytes(node).filter(|bytes| *bytes > 0),
                ("memory", true) => {
                    service.limits.memory_reserved = reader.bytes(node).filter(|bytes| *bytes > 0)
                }
                ("pids", false) => service.limits.pids = reader.int(node).filter(|pids| *pids > 0),
                ("devices", true) => device_requests(reader, service, node),
                (other, _) => reader.note(format!("`deploy.resources.{section}.{other}` is not taken over")),
            }
        }
    }
}

fn restart_policy(reader: &mut Reader, service: &mut Service, node: &Node) {
    let times = node.get("max_attempts").and_then(|node| reader.whole(node));
    match node.get("condition").and_then(|node| reader.text(node)).as_deref() {
        Some("none") => service.restart = Restart::No,
        Some("on-failure") => service.restart = Restart::OnFailure(times),
        Some("any") | None => service.restart = Restart::Always,
        Some(_) => {
            let fault = node.at.key("condition").fault("is no condition");
            reader.fault(fault.fix("write `any`, `on-failure` or `none`"));
        }
    }
}

/// `gpus: all`, or a list of requests.
pub(super) fn gpus(reader: &mut Reader, service: &mut Service, node: &Node) {
    match &node.value {
        Yaml::List(_) => device_requests(reader, service, node),
        _ => match reader.text(node) {
            Some(text) if text == "all" => service.gpus = Some(Gpus::default()),
            Some(_) => reader.fault(node.at.fault("has to be `all` or a list").fix("write `gpus: all`")),
            None => {}
        },
    }
}

/// Requests for devices: those for graphics cards.
fn device_requests(reader: &mut Reader, service: &mut Service, node: &Node) {
    for item in reader.list(node) {
        let mut gpus = Gpus::default();
        let mut graphics = false;
        for (key, node) in reader.map(item) {
            match key.as_str() {
                "driver" => gpus.driver = reader.text(node),
                "count" if node.scalar().as_deref() == Some("all") => {}
                "count" => gpus.count = reader.int(node).and_then(|count| u32::try_from(count).ok()),
                "device_ids" => gpus.ids = reader.texts(node),
                "capabilities" => {
                    let named = reader.texts(node);
                    graphics = named
                        .iter()
                        .any(|name| matches!(name.as_str(), "gpu" | "nvidia" | "compute" | "video"));
                }
                _ => {}
            }
        }
        // In `gpus` the capability goes without saying.
        if graphics || node.at.name() == "gpus" {
            service.gpus = Some(gpus);
        } else {
            reader.note("it asks for devices other than graphics cards, which is not taken over");
        }
    }
}

/// `ulimits`.
pub(super) fn ulimits(reader: &mut Reader, service: &mut Service, node: &Node) {
    for (name, value) in reader.map(node) {
        let pair = match &value.value {
            Yaml::Map(_) => {
                let soft = value.get("soft").and_then(|node| reader.int(node));
                let hard = value.get("hard").and_then(|node| reader.int(node));
                soft.or(hard).zip(hard.or(soft))
            }
            _ => reader.int(value).map(|both| (both, both)),
        };
        if let Some(pair) = pair {
            service.ulimits.insert(name.clone(), pair);
        }
    }
}

/// `memswap_limit`: bytes, or -1.
pub(super) fn memory_swap(reader: &mut Reader, service: &mut Service, node: &Node) {
    let Some(text) = reader.text(node) else { return };
    service.limits.memory_swap =
        if text.trim() == "-1" { Some(-1) } else { bytes(&text).and_then(|b| b.try_into().ok()) };
    if service.limits.memory_swap.is_none() {
        reader.fault(node.at.fault("is no size").fix("write it as `2g`, or -1 for no limit"));
    }
}

/// `cpu_quota`, with `cpu_period` beside it.
pub(super) fn cpu_quota(reader: &mut Reader, service: &mut Service, node: &Node, period: Option<&Node>) {
    let quota: Option<u64> = reader.whole(node);
    let period: u64 =
        period.and_then(|node| reader.whole(node)).filter(|period| *period > 0).unwrap_or(100_000);
    if let Some(quota) = quota.filter(|quota| *quota > 0 && service.limits.cpu_milli.is_none()) {
        service.limits.cpu_milli = Some(quota.saturating_mul(1000) / period);
    }
}
