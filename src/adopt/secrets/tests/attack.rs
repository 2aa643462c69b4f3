//! What an attacker and a worried user try: secrets wherever people keep them, through both readers, for all kinds.

mod cases;
mod random;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value as Json, json};

use crate::adopt::plan::migration;
use crate::adopt::{Fault, Kind, Options, Project, adopt, compose, inspect, report, write};

/// A container as people set it up. What is a secret stands between `«` and `»`.
#[derive(Debug, Clone, Default)]
struct Given {
    env: Vec<(String, String)>,
    command: Vec<String>,
    health: Option<String>,
    labels: Vec<(String, String)>,
    hosts: Vec<String>,
    options: Vec<(String, String)>,
    config: Option<String>,
    build: Option<(String, String)>,
}

fn bare(text: &str) -> String {
    text.replace(['«', '»'], "")
}

/// What stands between the marks.
fn marked(text: &str) -> Vec<String> {
    text.split('«').skip(1).filter_map(|rest| rest.split('»').next()).map(str::to_owned).collect()
}

fn map(pairs: &[(String, String)], change: fn(&str) -> String) -> Json {
    let pairs = pairs.iter().map(|(name, value)| (bare(name), Json::String(change(&bare(value)))));
    Json::Object(pairs.collect::<Map<_, _>>())
}

impl Given {
    fn env(line: &str) -> Self {
        let (name, value) = line.split_once('=').unwrap();
        Self { env: vec![(name.to_owned(), value.to_owned())], ..Self::default() }
    }

    fn command(line: &[&str]) -> Self {
        Self { command: line.iter().map(|word| (*word).to_owned()).collect(), ..Self::default() }
    }

    fn secrets(&self) -> Vec<String> {
        let pairs = self.env.iter().chain(&self.labels).chain(&self.options).chain(&self.build);
        let texts = pairs.map(|(_, value)| value).chain(&self.command).chain(&self.health).chain(&self.hosts);
        texts.chain(&self.config).flat_map(|text| marked(text)).collect()
    }

    fn inspect(&self) -> String {
        let env: Vec<String> =
            self.env.iter().map(|(name, value)| format!("{}={}", bare(name), bare(value))).collect();
        let command: Vec<String> = self.command.iter().map(|word| bare(word)).collect();
        let health = self.health.as_ref().map(|test| json!({"Test": ["CMD-SHELL", bare(test)]}));
        let hosts: Vec<String> = self.hosts.iter().map(|host| bare(host)).collect();
        json!([
            {
                "Id": "1f".repeat(32), "Name": "/paperless", "Image": format!("sha256:{}", "ab".repeat(32)),
                "State": {"Status": "running", "Running": true},
                "Config": {"Image": "paperless:2.1", "Hostname": "paperless", "Env": env, "Cmd": command,
                    "Labels": map(&self.labels, str::to_owned), "Healthcheck": health},
                "HostConfig": {"NetworkMode": "bridge", "RestartPolicy": {"Name": "no"}, "ExtraHosts": hosts},
                "NetworkSettings": {"Networks": {"bridge": {}}},
                "Mounts": [{"Type": "volume", "Name": "data", "Source": "/var/lib/docker/volumes/data/_data",
                    "Destination": "/data", "RW": true, "Driver": "local"}]
            },
            {"Name": "data", "Driver": "local", "Mountpoint": "/var/lib/docker/volumes/data/_data",
                "Scope": "local", "CreatedAt": "2024-01-01T00:00:00Z", "Labels": null,
                "Options": map(&self.options, str::to_owned)}
        ])
        .to_string()
    }

    fn compose(&self) -> String {
        let literal = |text: &str| text.replace('$', "$$");
        let command: Vec<String> = self.command.iter().map(|word| literal(&bare(word))).collect();
        let hosts: Vec<String> = self.hosts.iter().map(|host| literal(&bare(host))).collect();
        let mut service = json!({
            "image": "paperless:2.1", "hostname": "paperless", "environment": map(&self.env, |text| text.replace('$', "$$")),
            "labels": map(&self.labels, |text| text.replace('$', "$$")), "extra_hosts": hosts, "volumes": ["data:/data"],
        });
        if !command.is_empty() {
            service["command"] = json!(command);
        }
        if let Some(health) = &self.health {
            service["healthcheck"] = json!({"test": ["CMD-SHELL", literal(&bare(health))]});
        }
        if let Some((name, value)) = &self.build {
            service["build"] = json!({"context": ".", "args": {name: literal(&bare(value))}});
        }
        let mut file = json!({
            "name": "paperless", "services": {"paperless": service},
            "volumes": {"data": {"driver_opts": map(&self.options, |text| text.replace('$', "$$"))}},
        });
        if let Some(config) = &self.config {
            file["configs"] = json!({"conf": {"content": literal(&bare(config))}});
            file["services"]["paperless"]["configs"] = json!([{"source": "conf", "target": "/etc/app.conf"}]);
        }
        file.to_string()
    }

    /// As both readers read it.
    fn read(&self) -> Vec<Project> {
        let mut projects = inspect::read("in.json", &self.inspect(), Some("vm3"))
            .unwrap_or_else(|faults| panic!("{faults:?}"));
        let beside: BTreeMap<String, String> = BTreeMap::new();
        let mut project = compose::read("compose.yaml", &self.compose(), "paperless", &beside)
            .unwrap_or_else(|faults| panic!("{faults:?}"));
        project.host = Some("vm3".into());
        projects.push(project);
        projects
    }
}

const KINDS: [Kind; 3] = [Kind::K8s, Kind::Nomad, Kind::Compose];

/// All that anybody could see of it, for these kinds.
fn outputs(project: &Project, kinds: &[Kind]) -> Result<String, Vec<Fault>> {
    let mut text = serde_json::to_string(project).unwrap();
    for to in kinds.iter().copied() {
        let options = Options { to, time_zone: Some("Europe/Berlin".into()), ..Options::default() };
        let done = adopt(project.clone(), &options)?;
        let plan = migration(&done, &options);
        text += &report::markdown(&done, plan.as_ref().ok(), &options);
        text += &report::comments(&done, &options);
        text += &write::file(&done.settled, &done.written, &options).1;
        text += &serde_json::to_string(&done.settled.project).unwrap();
        text += &serde_json::to_string(&done.settled.decisions).unwrap();
        text += &serde_json::to_string(&done.written).unwrap();
        match plan {
            Ok(plan) => {
                text += &plan.runbook("adopt-paperless");
                text += &plan.decommission("adopt-paperless").unwrap_or_default();
                text += &serde_json::to_string(&plan).unwrap();
            }
            Err(faults) => text.extend(faults.iter().map(ToString::to_string)),
        }
    }
    Ok(text)
}

/// What is wrong with how this is handled: each secret that is seen somewhere, and each reason for not going on.
fn leaks(given: &Given) -> Vec<String> {
    let mut wrong = Vec::new();
    let secrets = given.secrets();
    // One kind each: the next case takes the next one.
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    for project in given.read() {
        let kind = KINDS[NEXT.fetch_add(1, Ordering::Relaxed) % KINDS.len()];
        match outputs(&project, &[kind]) {
            Ok(text) => {
                let seen = secrets.iter().filter(|secret| holds(&text, secret));
                wrong.extend(seen.map(|secret| {
                    format!("{:?} shows {secret:?}: {}", project.origin, around(&text, secret))
                }));
            }
            Err(faults) => wrong.push(format!("{:?} fails: {faults:?}", project.origin)),
        }
    }
    wrong
}

/// Whether a secret stands in a text: as it is, or as JSON writes it.
fn holds(text: &str, secret: &str) -> bool {
    let json = json!(secret).to_string();
    text.contains(secret) || text.contains(json.trim_matches('"'))
}

fn around(text: &str, secret: &str) -> String {
    let at = text.find(secret).unwrap_or_default();
    let from = text[..at].char_indices().rev().nth(60).map_or(0, |(at, _)| at);
    text[from..].chars().take(120 + secret.len()).collect()
}
