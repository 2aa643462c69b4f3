//! One container of a pod.

use super::ports::{PodPort, protocol};
use super::volumes::{self, Volumes};
use super::yaml::Fields;
use super::{Context, device, env, names, note, probes, quantity, rights, shell};
use crate::adopt::project::{Protocol, Service};
use crate::adopt::write::Written;

/// Writes a container; its volumes go to those of the pod. A job's has no probes: nobody waits for its answer.
pub(super) fn write(
    context: &Context<'_>,
    service: &Service,
    ports: &[PodPort],
    is_job: bool,
    volumes: &mut Volumes,
    written: &mut Written,
) -> Fields {
    let (command, args) = program(service);
    let list: Vec<Fields> = ports
        .iter()
        .filter(|port| port.service == service.name)
        .map(|port| {
            let other = (port.protocol != Protocol::Tcp).then(|| protocol(port.protocol));
            Fields::new()
                .with("name", port.name.as_str())
                .with("containerPort", port.number)
                .some("protocol", other)
        })
        .collect();
    let mut fields = Fields::new()
        .with("name", names::fit(&service.name, names::LABEL))
        .with("image", service.image.reference())
        .full("command", command)
        .full("args", args)
        .some("workingDir", service.working_dir.clone().filter(|path| !path.is_empty()))
        .full("envFrom", env::from_config(service))
        .full("env", env::of_container(service))
        .full("ports", list);
    if !is_job {
        fields = probes::of(service, ports, fields);
    }
    let mut mounts = volumes::mounts(context, service, volumes, written);
    let known: Vec<String> = service.mounts.iter().map(|mount| mount.target.clone()).collect();
    mounts.extend(device::mounts(service, &known, volumes));
    device::notes(service, written);
    notes(service, written);
    fields
        .full("resources", resources(service))
        .full("securityContext", rights::of_container(service, written))
        .only("tty", service.tty)
        .only("stdin", service.stdin_open)
        .full("volumeMounts", mounts)
}

/// `command` and `args`: what a person set.
fn program(service: &Service) -> (Vec<String>, Vec<String>) {
    let words = |words: &Option<Vec<String>>| -> Vec<String> {
        words.iter().flatten().map(|word| shell::argument(service, word)).collect()
    };
    let (program, args) = (words(&service.entrypoint), words(&service.command));
    // An entrypoint that was emptied: the command is the program then.
    if service.entrypoint.as_ref().is_some_and(Vec::is_empty) { (args, program) } else { (program, args) }
}

/// What is asked for and what is the most: what was set, else what was seen.
fn resources(service: &Service) -> Fields {
    let (limits, usage) = (&service.limits, &service.usage);
    let below = |value: Option<u64>, limit: Option<u64>| {
        value.map(|value| limit.map_or(value, |limit| value.min(limit)))
    };
    let cpu = below(limits.cpu_reserved_milli.or(usage.cpu_milli.map(|seen| seen.max(10))), limits.cpu_milli);
    let memory = below(limits.memory_reserved.or(usage.memory.map(quantity::about)), limits.memory);
    let some = |value: Option<u64>| value.filter(|value| *value > 0);
    let requests = Fields::new()
        .some("cpu", some(cpu).map(quantity::cpu))
        .some("memory", some(memory).map(quantity::bytes));
    let card = device::cards(service);
    let mut limits = Fields::new()
        .some("cpu", some(limits.cpu_milli).map(quantity::cpu))
        .some("memory", some(limits.memory).map(quantity::bytes));
    if let Some((resource, count)) = card {
        limits = limits.with(resource, count.to_string());
    }
    Fields::new().full("requests", requests).full("limits", limits)
}

/// What has no like in Kubernetes.
fn notes(service: &Service, written: &mut Written) {
    let mut say = |text: String| written.notes.push(note(service, text));
    if let Some(signal) = &service.stop_signal {
        say(format!(
            "It was stopped by {signal}. Kubernetes sends what the image says (`STOPSIGNAL`), else SIGTERM."
        ));
    }
    if !service.ulimits.is_empty() {
        let names: Vec<&str> = service.ulimits.keys().map(String::as_str).collect();
        say(format!(
            "Limits of {} are the node's container runtime's to set; they are left out.",
            names.join(", ")
        ));
    }
    if let Some(pids) = service.limits.pids.filter(|pids| *pids > 0) {
        say(format!("At most {pids} processes: that is the node's to set (`podPidsLimit`); it is left out."));
    }
    if let Some(userns) = service.rights.userns.as_deref().filter(|mode| *mode != "host") {
        say(format!(
            "Its users are those of the node here: the mapping `userns: {userns}` is left out. Whom its files belong to \
             may have to be changed once they are copied."
        ));
    }
    match service.rights.ipc.as_deref() {
        None | Some("" | "host" | "private" | "shareable" | "none") => {}
        Some(ipc) => say(format!("Shared memory with another container (`ipc: {ipc}`) is left out.")),
    }
}
