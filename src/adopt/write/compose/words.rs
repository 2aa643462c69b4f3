//! How compose says times, sizes and ports.

use std::collections::BTreeMap;

use super::super::super::project::{Port, Protocol, Service};

/// `90s`, `2m`, `1h`.
pub(super) fn duration(seconds: u64) -> String {
    match seconds {
        seconds if seconds > 0 && seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        seconds if seconds > 60 && seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

/// `512m`, `2g`; bytes where it is no whole number of kibibytes.
pub(super) fn size(bytes: u64) -> String {
    for (shift, unit) in [(30, "g"), (20, "m"), (10, "k")] {
        if bytes > 0 && bytes.trailing_zeros() >= shift {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    format!("{bytes}b")
}

/// `0.5`, `2`, `1.25`.
pub(super) fn cpus(milli: u64) -> String {
    let text = format!("{}.{:03}", milli / 1000, milli % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The ports that the host has, in the short form, and those that only other containers see. Many in a row are a range.
pub(super) fn ports(service: &Service, published: bool) -> (Vec<String>, Vec<String>) {
    let mut by_kind: BTreeMap<(bool, Option<&str>, Protocol, i32), Vec<&Port>> = BTreeMap::new();
    let mut order = Vec::new();
    for port in &service.ports {
        let host = port.host.filter(|_| published);
        let offset = host.map_or(0, |host| i32::from(host) - i32::from(port.container));
        let kind =
            (host.is_some(), port.host_ip.as_deref().filter(|_| host.is_some()), port.protocol, offset);
        if !by_kind.contains_key(&kind) {
            order.push(kind);
        }
        by_kind.entry(kind).or_default().push(port);
    }
    let mut open: Vec<(usize, String)> = Vec::new();
    let mut inner: Vec<(usize, String)> = Vec::new();
    let place = |port: &Port| service.ports.iter().position(|other| other == port).unwrap_or(0);
    for kind in order {
        let mut list = by_kind.remove(&kind).unwrap_or_default();
        list.sort_by_key(|port| port.container);
        list.dedup_by_key(|port| port.container);
        for run in runs(&list) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let (is_open, ip, protocol, offset) = kind;
            let inside = range(i32::from(first.container), i32::from(last.container));
            let suffix = match protocol {
                Protocol::Tcp => "",
                Protocol::Udp => "/udp",
                Protocol::Sctp => "/sctp",
            };
            if is_open {
                let outside = range(i32::from(first.container) + offset, i32::from(last.container) + offset);
                let ip = match ip {
                    Some(ip) if ip.contains(':') && !ip.starts_with('[') => format!("[{ip}]:"),
                    Some(ip) => format!("{ip}:"),
                    None => String::new(),
                };
                open.push((place(first), format!("{ip}{outside}:{inside}{suffix}")));
            } else {
                inner.push((place(first), format!("{inside}{suffix}")));
            }
        }
    }
    let sorted = |mut list: Vec<(usize, String)>| {
        list.sort_by_key(|(place, _)| *place);
        list.into_iter().map(|(_, text)| text).collect()
    };
    (sorted(open), sorted(inner))
}

fn range(first: i32, last: i32) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// Ports in a row as a whole where there are more than two, else each by itself.
fn runs<'a>(ports: &[&'a Port]) -> Vec<Vec<&'a Port>> {
    let mut runs: Vec<Vec<&Port>> = Vec::new();
    for port in ports {
        match runs.last_mut() {
            Some(run)
                if run.last().is_some_and(|last| last.container.checked_add(1) == Some(port.container)) =>
            {
                run.push(port);
            }
            _ => runs.push(vec![port]),
        }
    }
    runs.into_iter()
        .flat_map(
            |run| if run.len() > 2 { vec![run] } else { run.into_iter().map(|port| vec![port]).collect() },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_short() {
        let times = [0, 30, 60, 90, 120, 3600, 5400].map(duration);
        assert_eq!(times, ["0s", "30s", "60s", "90s", "2m", "1h", "90m"]);
        let sizes = [0, 100, 1024, 512 << 20, 2 << 30, 1_500_000_000].map(size);
        assert_eq!(sizes, ["0b", "100b", "1k", "512m", "2g", "1500000000b"]);
        assert_eq!([500, 2000, 1250, 50].map(cpus), ["0.5", "2", "1.25", "0.05"]);
    }

    #[test]
    fn ports_in_a_row_are_a_range_and_others_stand_alone() {
        let port = |container, host: Option<u16>, protocol, ip: Option<&str>| Port {
            container,
            protocol,
            host,
            host_ip: ip.map(str::to_owned),
        };
        let first =
            vec![port(53, Some(53), Protocol::Udp, Some("::1")), port(80, Some(8080), Protocol::Tcp, None)];
        let mut service = Service { ports: first, ..Service::default() };
        service.ports.extend((100..=103).map(|number| port(number, Some(number + 1), Protocol::Udp, None)));
        service.ports.push(port(9000, None, Protocol::Tcp, None));
        let (open, inner) = ports(&service, true);
        assert_eq!(open, ["[::1]:53:53/udp", "8080:80", "101-104:100-103/udp"]);
        assert_eq!(inner, ["9000"]);
    }
}
