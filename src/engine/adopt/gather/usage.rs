//! What the containers of a project take, and on which ports they really listen where they are on the host's network.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Host;
use crate::adopt::Project;
use crate::adopt::project::{Connection, Listening, Note, Protocol, Usage};

/// Looks once.
pub(super) async fn look(host: &Host<'_>, project: &mut Project) {
    let running: Vec<String> = project
        .services
        .iter()
        .filter(|service| service.running != Some(false))
        .filter_map(|service| service.container.clone())
        .collect();
    if running.is_empty() {
        return;
    }
    let words = ["docker", "stats", "--no-stream", "--format", "{{json .}}"];
    let words: Vec<&str> = words.into_iter().chain(running.iter().map(String::as_str)).collect();
    let usage = host.ask(&words).await.map(|text| stats(&text)).unwrap_or_default();
    let on_host = project.services.iter().any(|service| service.network == Connection::Host);
    let sockets =
        if on_host { host.ask(&["ss", "-H", "-l", "-n", "-t", "-u", "-p"]).await.ok() } else { None };
    for service in &mut project.services {
        let Some(container) = service.container.clone() else { continue };
        if let Some(usage) = usage.get(&container) {
            service.usage = usage.clone();
        }
        if service.network != Connection::Host {
            continue;
        }
        let processes = host.ask(&["docker", "container", "top", &container, "-o", "pid"]).await;
        let pids: BTreeSet<u32> = processes
            .iter()
            .flat_map(|text| text.lines().skip(1))
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        match &sockets {
            Some(text) if !pids.is_empty() => service.listens = listening(text, &pids),
            _ => {
                let text = "which ports it really uses on the host could not be seen".to_owned();
                project.notes.push(Note { service: Some(service.name.clone()), text });
            }
        }
    }
}

/// What `docker stats` says, by the container's name.
fn stats(text: &str) -> BTreeMap<String, Usage> {
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let read = |line: Value| {
        let of = |key: &str| line.get(key).and_then(Value::as_str).map(str::to_owned);
        let percent = of("CPUPerc").and_then(|text| text.trim_end_matches('%').trim().parse::<f64>().ok());
        let memory = of("MemUsage").and_then(|text| bytes(text.split('/').next()?.trim()));
        // A percent is ten thousandths of a CPU.
        let cpu_milli =
            percent.filter(|percent| percent.is_finite()).map(|percent| (percent * 10.0).ceil() as u64);
        Some((of("Name")?, Usage { cpu_milli, memory }))
    };
    lines.filter_map(read).collect()
}

/// `123.4MiB` in bytes.
fn bytes(text: &str) -> Option<u64> {
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let number: f64 = text[..at].trim().parse().ok()?;
    let unit = match &text[at..] {
        "B" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        "TiB" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        _ => return None,
    };
    Some((number * unit) as u64)
}

/// The sockets that these processes hold, as `ss -Hlntup` prints them.
fn listening(text: &str, pids: &BTreeSet<u32>) -> Vec<Listening> {
    let socket = |line: &str| {
        let mut words = line.split_whitespace();
        let protocol = match words.next()? {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return None,
        };
        let local = words.nth(3)?;
        let port = local.rsplit(':').next()?.parse().ok()?;
        // What only this machine reaches is nobody's port.
        if local.starts_with("127.") || local.starts_with("[::1]") {
            return None;
        }
        let holder = |pid: &u32| line.contains(&format!("pid={pid},"));
        pids.iter().any(holder).then_some(Listening { port, protocol })
    };
    text.lines().filter_map(socket).collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_prints_of_use_is_read_in_its_own_units() {
        let text = concat!(
            r#"{"CPUPerc":"12.34%","MemUsage":"183.5MiB / 7.6GiB","Name":"web"}"#,
            "\nnot json\n",
            r#"{"CPUPerc":"--","MemUsage":"-- / --","Name":"stopped"}"#
        );
        let read = stats(text);
        assert_eq!(read["web"], Usage { cpu_milli: Some(124), memory: Some(192_413_696) });
        assert_eq!(read["stopped"], Usage::default());
    }

    #[test]
    fn only_sockets_of_its_own_processes_that_others_can_reach_are_its_ports() {
        let text = concat!(
            "udp   UNCONN 0 0 0.0.0.0:5353 0.0.0.0:* users:((\"hass\",pid=412,fd=30))\n",
            "tcp   LISTEN 0 128 127.0.0.1:40001 0.0.0.0:* users:((\"hass\",pid=412,fd=31))\n",
            "tcp   LISTEN 0 128 *:8123 *:* users:((\"hass\",pid=412,fd=9))\n",
            "tcp   LISTEN 0 128 [::]:8123 [::]:* users:((\"hass\",pid=412,fd=10))\n",
            "tcp   LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=41,fd=3))\n",
        );
        let ports = listening(text, &BTreeSet::from([412]));
        let expected = [
            Listening { port: 5353, protocol: Protocol::Udp },
            Listening { port: 8123, protocol: Protocol::Tcp },
        ];
        let found: BTreeSet<_> = ports.into_iter().collect();
        assert_eq!(found, expected.into_iter().collect());
    }
}
