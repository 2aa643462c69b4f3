//! How it runs: limits, what it may write, how many there are.

use super::desk::Desk;
use super::{sizes, stays};
use crate::adopt::project::{Project, Service};
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
    let decision = decision.fact("Answer with an amount of memory such as `512Mi` for another.");
    let chosen = desk.ask_or(decision, &[], |answer| sizes::read(answer).is_some());
    if let Some(bytes) = sizes::read(&chosen) {
        service.limits.memory = Some(bytes);
    }
    if chosen == "observed" {
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
