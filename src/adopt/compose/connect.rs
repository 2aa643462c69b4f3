//! How a service is connected: networks, names, and what has to be up before it.

use std::collections::BTreeSet;

use super::reader::{Reader, Wish};
use super::tree::{Node, Yaml};
use crate::adopt::project::{Attachment, Connection, Dependency, Service, Until};

/// The network of services that name none.
pub(super) const DEFAULT: &str = "default";

/// `networks`.
pub(super) fn networks(reader: &mut Reader, service: &mut Service, node: &Node) {
    let mut attachments = Vec::new();
    if let Yaml::List(items) = &node.value {
        for item in items {
            if let Some(name) = reader.text(item) {
                attachments.extend(attachment(reader, item, &name, None));
            }
        }
    } else {
        for (name, options) in reader.map(node) {
            attachments.extend(attachment(reader, options, name, Some(options)));
        }
    }
    service.network = Connection::Networks(attachments);
}

fn attachment(reader: &mut Reader, at: &Node, name: &str, options: Option<&Node>) -> Option<Attachment> {
    if name != DEFAULT && !reader.declared.networks.contains(name) {
        let fault = at.at.fault(format!("names the network `{name}`, which isn't declared"));
        reader.fault(fault.fix(format!("add `{name}:` under `networks:` at the top of the file")));
        return None;
    }
    let mut attachment = Attachment { network: name.to_owned(), aliases: BTreeSet::new(), address: None };
    for (key, node) in options.map(|node| reader.map(node)).unwrap_or_default() {
        match key.as_str() {
            "aliases" => attachment.aliases = reader.texts(node).into_iter().collect(),
            "ipv4_address" => attachment.address = reader.text(node),
            "ipv6_address" if options.is_none_or(|options| options.get("ipv4_address").is_none()) => {
                attachment.address = reader.text(node);
            }
            "priority" | "gw_priority" => {}
            key => reader.note(format!("`{key}` on the network `{name}` is not taken over")),
        }
    }
    Some(attachment)
}

/// `network_mode`.
pub(super) fn network_mode(reader: &mut Reader, service: &mut Service, node: &Node) {
    let Some(mode) = reader.text(node) else { return };
    service.network = match mode.split_once(':') {
        Some(("service", name)) => match reader.service_named(node, name) {
            Some(label) if label == service.name => {
                reader.fault(node.at.fault("is the network of the service itself").fix("remove it"));
                return;
            }
            Some(label) => Connection::Service(label),
            None => return,
        },
        Some(("container", name)) => match reader.declared.containers.get(name) {
            Some(label) if *label != service.name => Connection::Service(label.clone()),
            _ => Connection::Container(name.to_owned()),
        },
        _ => match mode.as_str() {
            "host" => Connection::Host,
            "none" => Connection::Nothing,
            "bridge" => Connection::Networks(Vec::new()),
            "default" | "" => return,
            name if reader.declared.networks.contains(name) => {
                let attachment = attachment(reader, node, name, None);
                Connection::Networks(attachment.into_iter().collect())
            }
            other => {
                let fault = node.at.fault(format!("`{other}` is no network"));
                reader.fault(fault.fix("write `host`, `none`, `bridge`, `service:NAME` or `container:NAME`"));
                return;
            }
        },
    };
}

/// `depends_on`.
pub(super) fn depends_on(reader: &mut Reader, service: &mut Service, node: &Node) {
    if let Yaml::List(items) = &node.value {
        for item in items {
            if let Some(name) = reader.text(item) {
                depend(reader, service, item, &name, Until::Started);
            }
        }
        return;
    }
    for (name, options) in reader.map(node) {
        let required = options.get("required").and_then(|node| reader.bool(node)).unwrap_or(true);
        if !required && !reader.declared.services.contains_key(name) {
            continue;
        }
        let until = match options.get("condition").and_then(|node| reader.text(node)).as_deref() {
            None | Some("service_started") => Until::Started,
            Some("service_healthy") => Until::Healthy,
            Some("service_completed_successfully") => Until::Completed,
            Some(_) => {
                let fault = options.at.key("condition").fault("is no condition");
                let fix = "write `service_started`, `service_healthy` or `service_completed_successfully`";
                reader.fault(fault.fix(fix));
                continue;
            }
        };
        depend(reader, service, options, name, until);
    }
}

fn depend(reader: &mut Reader, service: &mut Service, node: &Node, name: &str, until: Until) {
    let Some(other) = reader.service_named(node, name) else { return };
    match service.depends_on.iter_mut().find(|known| known.service == other) {
        Some(known) => known.until = known.until.max(until),
        None => service.depends_on.push(Dependency { service: other, until }),
    }
}

/// `links`: the other is found by a further name, and is started before.
pub(super) fn links(reader: &mut Reader, service: &mut Service, node: &Node) {
    for item in reader.list(node) {
        let Some(text) = reader.text(item) else { continue };
        let (name, alias) = text.split_once(':').unwrap_or((&text, &text));
        depend(reader, service, item, name, Until::Started);
        if let Some(other) = reader.declared.services.get(name).cloned().filter(|other| other != alias) {
            reader.wishes.push(Wish::Alias { other, alias: alias.to_owned() });
        }
    }
}

/// `extra_hosts`: a map, or `NAME:IP` or `NAME=IP` in a list.
pub(super) fn extra_hosts(reader: &mut Reader, service: &mut Service, node: &Node) {
    let bare = |address: &str| address.trim().trim_start_matches('[').trim_end_matches(']').to_owned();
    if let Yaml::List(items) = &node.value {
        for item in items {
            let Some(text) = reader.text(item) else { continue };
            match text.split_once('=').or_else(|| text.split_once(':')) {
                Some((name, address)) => service.extra_hosts.push((name.trim().to_owned(), bare(address))),
                None => reader.fault(item.at.fault("is no `NAME=ADDRESS`").fix("write `nas=192.168.1.5`")),
            }
        }
        return;
    }
    for (name, value) in reader.map(node) {
        for address in reader.texts(value) {
            service.extra_hosts.push((name.clone(), bare(&address)));
        }
    }
}
