//! What is told without being asked.

use super::stays;
use crate::adopt::known;
use crate::adopt::project::{Connection, Note, Project, Restart, Service, Until, Value};
use crate::adopt::{Kind, Options};

/// Names by which a container speaks to its host.
const HOSTS: &[&str] = &[
    "host.docker.internal",
    "gateway.docker.internal",
    "host.containers.internal",
    "host.lima.internal",
    "172.17.0.1",
];

/// Adds notes about what works otherwise in the new place.
pub(super) fn tell(project: &mut Project, options: &Options) {
    if stays(project, options) {
        return;
    }
    let mut notes = Vec::new();
    for service in &project.services {
        let mut say = |text: String| notes.push(Note { service: Some(service.name.clone()), text });
        if options.to == Kind::K8s {
            waits(service, &mut say);
            watches(service, &mut say);
            fences(service, &mut say);
        }
        if options.to != Kind::Compose {
            hosts(service, &mut say);
        }
        let is_awaited = project
            .services
            .iter()
            .flat_map(|other| &other.depends_on)
            .any(|on| on.service == service.name && on.until == Until::Completed);
        if service.running == Some(false) && service.restart != Restart::No && !is_awaited {
            say("It doesn't run now; here, it is started.".to_owned());
        }
    }
    for note in notes {
        if !project.notes.contains(&note) {
            project.notes.push(note);
        }
    }
}

fn waits(service: &Service, say: &mut impl FnMut(String)) {
    let head = match &service.network {
        Connection::Service(head) => Some(head),
        _ => None,
    };
    if let Some(head) = head {
        say(format!(
            "It starts at the same time as {head}, in one pod with it: until {head} is ready, its traffic may leave by \
             the cluster's own network."
        ));
    }
    let waits =
        service.depends_on.iter().filter(|on| on.until != Until::Started && Some(&on.service) != head);
    let waits: Vec<&str> = waits.map(|on| on.service.as_str()).collect();
    if !waits.is_empty() {
        let they_are = if waits.len() == 1 { "it is" } else { "they are" };
        say(format!(
            "It waits for {} now. Kubernetes starts all at once: until {they_are} there, it fails and is started again.",
            waits.join(", ")
        ));
    }
}

/// What looks at its host looks at one node.
fn watches(service: &Service, say: &mut impl FnMut(String)) {
    let Some(known) = known::of(&service.image.name) else { return };
    if known.host_network == Some(known::METRICS) || known.privileged == Some(known::METRICS) {
        say("It sees the node that it runs on, and no other: a DaemonSet has one on each.".to_owned());
    }
}

/// What lets in only its own network lets in a bridge of Docker's, and neither a cluster's probes nor its pods.
fn fences(service: &Service, say: &mut impl FnMut(String)) {
    let name = "FIREWALL_INPUT_PORTS";
    let says = |value: &Value| *value != Value::Text(String::new()) && *value != Value::Unset;
    let is_gluetun = service.image.name.to_ascii_lowercase().ends_with("qmcgaw/gluetun");
    if is_gluetun && !service.env.get(name).is_some_and(says) {
        say(format!(
            "Its firewall keeps the cluster out: what is asked there, by probes too, has to be in `{name}`. To reach \
             other pods from there, `FIREWALL_OUTBOUND_SUBNETS` needs the networks of pods and services."
        ));
    }
}

/// Variables that name the host: that is another one here.
fn hosts(service: &Service, say: &mut impl FnMut(String)) {
    for (name, value) in &service.env {
        let Value::Text(text) = value else { continue };
        if let Some(host) = HOSTS.iter().find(|host| text.contains(**host)) {
            say(format!("{name} names the old host ({host}), which is not there: give it another address."));
        }
    }
}
