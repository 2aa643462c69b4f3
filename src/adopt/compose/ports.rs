//! `ports` and `expose`, in all their forms.

use super::reader::Reader;
use super::tree::{Node, Yaml};
use super::units::range;
use crate::adopt::project::{Port, Protocol, Service};

/// Ports that one entry may mean.
const MAX_RANGE: u16 = 2000;
const SHORT: &str = "write it as `8080:80`, `127.0.0.1:8080:80` or `53:53/udp`, in quotes";

/// `ports`.
pub(super) fn ports(reader: &mut Reader, service: &mut Service, node: &Node) {
    for item in reader.list(node) {
        let ports = match &item.value {
            Yaml::Map(_) => long(reader, item),
            _ => reader.text(item).and_then(|text| {
                let ports = short(&text);
                if ports.is_none() {
                    let what =
                        if text.is_empty() { "is empty".to_owned() } else { format!("`{text}` is no port") };
                    reader.fault(item.at.fault(what).fix(SHORT));
                }
                ports
            }),
        };
        for port in ports.unwrap_or_default() {
            if !service.ports.contains(&port) {
                service.ports.push(port);
            }
        }
    }
}

/// `expose`: ports that only the project's others reach.
pub(super) fn expose(reader: &mut Reader, service: &mut Service, node: &Node) {
    for item in reader.list(node) {
        let Some(text) = reader.text(item) else { continue };
        let Some(ports) = short(&text).filter(|_| !text.contains(':')) else {
            reader.fault(item.at.fault(format!("`{text}` is no port")).fix("write it as `80` or `53/udp`"));
            continue;
        };
        for port in ports {
            let known = |other: &Port| (other.container, other.protocol) == (port.container, port.protocol);
            if !service.ports.iter().any(known) {
                service.ports.push(port);
            }
        }
    }
}

fn protocol(text: &str) -> Option<Protocol> {
    match text.to_ascii_lowercase().as_str() {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        "sctp" => Some(Protocol::Sctp),
        _ => None,
    }
}

/// `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, with ranges.
fn short(text: &str) -> Option<Vec<Port>> {
    let text = text.trim();
    let (text, protocol) = match text.split_once('/') {
        Some((text, name)) => (text, protocol(name)?),
        None => (text, Protocol::Tcp),
    };
    let (before, inside) =
        text.rsplit_once(':').map_or((None, text), |(before, inside)| (Some(before), inside));
    let inside = range(inside)?;
    let (ip, outside) = match before {
        None => (None, None),
        Some(before) if before.starts_with('[') => {
            let (ip, host) = before[1..].split_once(']')?;
            ip.parse::<std::net::Ipv6Addr>().ok()?;
            (Some(ip), host.strip_prefix(':').filter(|host| !host.is_empty()))
        }
        Some(before) => match before.rsplit_once(':') {
            Some((ip, host)) => (Some(ip), Some(host).filter(|host| !host.is_empty())),
            None if before.parse::<std::net::Ipv4Addr>().is_ok() => (Some(before), None),
            None => (None, Some(before)),
        },
    };
    if ip.is_some_and(|ip| ip.parse::<std::net::IpAddr>().is_err()) {
        return None;
    }
    let outside = match outside {
        Some(host) => Some(range(host)?),
        None => None,
    };
    spread(inside, outside, protocol, ip)
}

/// One port for each of a range.
fn spread(
    inside: (u16, u16),
    outside: Option<(u16, u16)>,
    protocol: Protocol,
    ip: Option<&str>,
) -> Option<Vec<Port>> {
    let count = inside.1 - inside.0;
    let fits = outside.is_none_or(|(from, to)| to - from == count || count == 0);
    if !fits || count > MAX_RANGE {
        return None;
    }
    let host_ip = ip.filter(|ip| !matches!(*ip, "0.0.0.0" | "::")).map(str::to_owned);
    let port = |step: u16| Port {
        container: inside.0 + step,
        protocol,
        host: outside.map(|(from, _)| from + step),
        host_ip: host_ip.clone(),
    };
    Some((0..=count).map(port).collect())
}

fn long(reader: &mut Reader, node: &Node) -> Option<Vec<Port>> {
    let mut texts = [None, None, None, None];
    for (key, value) in node.entries() {
        let place = match key.as_str() {
            "target" => 0,
            "published" => 1,
            "protocol" => 2,
            "host_ip" => 3,
            "mode" | "name" | "app_protocol" => continue,
            key if key.starts_with("x-") => continue,
            key => {
                reader.note(format!("{} has `{key}`, which is not taken over", node.at.field()));
                continue;
            }
        };
        texts[place] = Some(reader.text(value)?).filter(|text| !text.is_empty());
    }
    let [target, published, named, ip] = texts;
    let Some(inside) = target.as_deref().and_then(range) else {
        reader.fault(node.at.fault("has no `target` that is a port").fix("write `target: 80`"));
        return None;
    };
    let outside = match published.as_deref().map(range) {
        Some(None) => {
            reader.fault(node.at.key("published").fault("is no port").fix("write `published: \"8080\"`"));
            return None;
        }
        other => other.flatten(),
    };
    let Some(protocol) = protocol(named.as_deref().unwrap_or("tcp")) else {
        reader.fault(node.at.key("protocol").fault("is no protocol").fix("write `tcp` or `udp`"));
        return None;
    };
    let ports = spread(inside, outside, protocol, ip.as_deref());
    if ports.is_none() {
        reader.fault(
            node.at.fault("has ranges of different lengths").fix("make `target` and `published` as long"),
        );
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<Vec<String>> {
        let show = |port: Port| {
            let host = port.host.map_or("-".to_owned(), |host| host.to_string());
            format!("{}:{host}:{}/{:?}", port.host_ip.unwrap_or_default(), port.container, port.protocol)
        };
        short(text).map(|ports| ports.into_iter().map(show).collect())
    }

    #[test]
    fn every_short_form_of_a_port_is_read() {
        for (text, is) in [
            ("8080", vec![":-:8080/Tcp"]),
            ("8080:80", vec![":8080:80/Tcp"]),
            ("127.0.0.1:8080:80/udp", vec!["127.0.0.1:8080:80/Udp"]),
            ("0.0.0.0:53:53/UDP", vec![":53:53/Udp"]),
            ("[::1]:80:80", vec!["::1:80:80/Tcp"]),
            ("::1:80:80", vec!["::1:80:80/Tcp"]),
            ("127.0.0.1::80", vec!["127.0.0.1:-:80/Tcp"]),
            ("127.0.0.1:80", vec!["127.0.0.1:-:80/Tcp"]),
            ("3000-3001:4000-4001", vec![":3000:4000/Tcp", ":3001:4001/Tcp"]),
            ("8000-9000:80", vec![":8000:80/Tcp"]),
            ("3000-3001", vec![":-:3000/Tcp", ":-:3001/Tcp"]),
        ] {
            assert_eq!(shown(text).unwrap(), is, "{text}");
        }
        for text in
            ["", "x", "80:x", "99999", "1.2.3:80:80", "80-81:80-83", "80/foo", "0:80", "80-81:80-81-82", ":"]
        {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
