//! How it runs: limits, what it may write, the time zone, how many there are.

use super::desk::Desk;
use super::natures::{self, Nature};
use super::{sizes, stays};
use crate::adopt::known;
use crate::adopt::project::{Fate, Project, Service, Value};
use crate::adopt::{Decision, Kind, Topic};

const MIB: u64 = 1 << 20;

pub(super) fn settle(project: &mut Project, desk: &mut Desk<'_>) {
    let stays = stays(project, desk.options);
    for service in &mut project.services {
        if service.limits.memory.is_none() && service.limits.cpu_milli.is_none() {
            limits(service, desk);
        }
        if stays {
            continue;
        }
        if !service.rights.read_only {
            root(service, desk);
        }
        if service.replicas.is_some_and(|replicas| replicas > 1) && service.keeps_data() {
            replicas(service, desk);
        }
    }
    if !stays {
        time_zone(project, desk);
    }
}

fn limits(service: &mut Service, desk: &mut Desk<'_>) {
    let memory =
        service.usage.memory.map(|bytes| bytes.saturating_mul(2).div_ceil(64 * MIB).max(1) * (64 * MIB));
    let text = memory
        .map(|memory| format!("{} of memory at most: twice of what it takes now", sizes::human(memory)));
    let observed = text.as_deref().map(|text| ("observed", text));
    let none = ("none", "it may take all that there is");
    let mut choices: Vec<(&str, &str)> = vec![none];
    if let Some(observed) = observed {
        // Where it stays, what works without a limit is left alone.
        choices.insert(usize::from(desk.options.to == Kind::Compose), observed);
    }
    let decision = Decision::new(
        format!("{}/limits", service.name),
        Some(&service.name),
        Topic::Limits,
        format!("{} has no limits. What may it take?", service.name),
        &choices,
    );
    let decision = match (service.usage.memory, &service.container) {
        (Some(bytes), _) => decision.fact(format!("It takes {} of memory now.", sizes::human(bytes))),
        (None, Some(container)) => decision
            .fact(format!("What it takes is not known; `docker stats --no-stream {container}` tells.")),
        (None, None) => decision.fact("What it takes is not known; `docker stats --no-stream` tells."),
    };
    let decision = match service.usage.cpu_milli {
        Some(cpu) => decision.fact(format!(
            "It takes {}.{:02} CPUs now; that much is kept for it, and it may take more.",
            cpu / 1000,
            cpu % 1000 / 10
        )),
        None => decision,
    };
    if desk.ask(decision) == "observed" {
        service.limits.memory = memory;
        let kept = service.usage.memory.map(|bytes| bytes.div_ceil(16 * MIB).max(1) * (16 * MIB));
        service.limits.memory_reserved = service.limits.memory_reserved.or(kept);
        let cpu = service.usage.cpu_milli.map(|cpu| cpu.div_ceil(10).max(1) * 10);
        service.limits.cpu_reserved_milli = service.limits.cpu_reserved_milli.or(cpu);
    }
}

fn root(service: &mut Service, desk: &mut Desk<'_>) {
    let decision = Decision::new(
        format!("{}/root", service.name),
        Some(&service.name),
        Topic::WritableRoot,
        format!("{} may write to its root file system. Does it have to?", service.name),
        &[("writable", "as now"), ("read-only", "only its volumes can be written: safer, where it works")],
    );
    let decision = decision.fact("What it writes outside of its volumes is lost with each new container.");
    if desk.ask(decision) == "read-only" {
        service.rights.read_only = true;
    }
}

fn replicas(service: &mut Service, desk: &mut Desk<'_>) {
    let count = service.replicas.unwrap_or(1);
    let several = format!("{count}, on the same data");
    let decision = Decision::new(
        format!("{}/replicas", service.name),
        Some(&service.name),
        Topic::Other,
        format!("{count} of {} use the same data. How many are there to be?", service.name),
        &[("one", "one"), ("all", &several)],
    );
    let decision = decision.fact("Only what is made for it lets several write to the same files.");
    if desk.ask(decision) == "one" {
        service.replicas = None;
    }
}

/// One zone for all of them that have none; databases keep theirs, since what they stored may depend on it.
fn time_zone(project: &mut Project, desk: &mut Desk<'_>) {
    let zone_of = |service: &Service| match service.env.get("TZ") {
        Some(Value::Text(zone)) if !zone.is_empty() => Some(zone.clone()),
        _ => None,
    };
    let is_database = |service: &Service| known::of(&service.image.name).is_some_and(|known| known.database);
    let has_clock = |service: &Service| {
        service
            .mounts
            .iter()
            .any(|mount| matches!(mount.fate, Fate::Left(_)) && natures::of(mount) == Nature::Clock)
    };
    let lacks =
        |service: &Service| !service.env.contains_key("TZ") && (has_clock(service) || !is_database(service));
    let missing: Vec<&str> = project
        .services
        .iter()
        .filter(|service| lacks(service))
        .map(|service| service.name.as_str())
        .collect();
    if missing.is_empty() {
        return;
    }
    let zone = project.services.iter().find_map(zone_of).or_else(|| desk.options.time_zone.clone());
    let set = zone.as_ref().map(|zone| format!("`{zone}` for all of them"));
    let mut choices: Vec<(&str, &str)> = Vec::new();
    choices.extend(set.as_deref().map(|text| ("set", text)));
    choices.push(("leave", "as now: most images take UTC then"));
    let mut decision =
        Decision::new("time-zone", None, Topic::TimeZone, "Which time zone do they have?", &choices)
            .fact(format!("Without one: {}.", missing.join(", ")));
    let clocks: Vec<&str> = project
        .services
        .iter()
        .filter(|service| lacks(service) && has_clock(service))
        .map(|service| service.name.as_str())
        .collect();
    if !clocks.is_empty() {
        decision = decision.fact(format!("{} took that of the host by `/etc/localtime`.", clocks.join(", ")));
    }
    decision = decision.fact("Answer with a name such as `Europe/Berlin` for another.");
    let chosen = desk.ask_or(decision, &[], is_zone);
    let zone = match chosen.as_str() {
        "leave" => return,
        "set" => zone,
        given => Some(given.to_owned()),
    };
    let Some(zone) = zone else { return };
    for service in project.services.iter_mut().filter(|service| lacks(service)) {
        service.env.insert("TZ".to_owned(), Value::Text(zone.clone()));
    }
}

/// `Region/City`, `UTC`, `Etc/GMT+1`.
fn is_zone(answer: &str) -> bool {
    let plain = answer.chars().all(|c| c.is_ascii_alphanumeric() || "_+-/".contains(c));
    let begins = answer.starts_with(|c: char| c.is_ascii_uppercase());
    plain && begins && (answer.contains('/') || answer == "UTC")
}
