//! One service, in the order in which people write it.

use super::super::super::observed::{KEY, OfService, shares_network};
use super::super::super::project::{
    Connection, Dependency, Health, HealthTest, Limits, Project, Restart, Rights, Service, Until, Value,
};
use super::env;
use super::mounts::Sources;
use super::words;
use super::yaml::{Map, Node};

/// What a service is written from.
pub(super) struct From<'a> {
    pub(super) project: &'a Project,
    pub(super) sources: &'a Sources,
    /// The names of secrets in the `.env`.
    pub(super) secrets: &'a env::Names<'a>,
}

impl From<'_> {
    pub(super) fn service(&self, service: &Service) -> Map {
        let mut out = Map::default();
        self.what(service, &mut out);
        network(service, &mut out);
        self.program(service, &mut out);
        self.sources.write(service, &mut out);
        rights(service, &mut out);
        kernel(service, &mut out);
        if let Some(health) = service.health.as_ref().filter(|health| !health.from_image) {
            out.add("healthcheck", self.health(service, health));
        }
        out.add("deploy", deploy(service));
        out.add_some("memswap_limit", service.limits.memory_swap.map(swap));
        let labels = service.labels.iter().map(|(key, value)| (key.clone(), always_text(value)));
        out.add("labels", Map(labels.collect()));
        let mut seen = OfService::of(service);
        if container_name(self.project, service).is_some() {
            seen.container = None;
        }
        out.add_some(KEY, observed(&seen));
        out
    }

    fn what(&self, service: &Service, out: &mut Map) {
        let image = &service.image;
        let has_image = !image.name.is_empty();
        out.add_some("image", has_image.then(|| image.reference()));
        out.add_some("build", image.build.as_ref());
        out.add_some("platform", service.platform.as_ref());
        out.add("profiles", Node::Flow(service.profiles.iter().map(Node::from).collect()));
        out.add_some("container_name", container_name(self.project, service));
        out.add_some("hostname", service.hostname.as_ref());
        let restart = match &service.restart {
            Restart::No => None,
            Restart::Always => Some("always".to_owned()),
            Restart::UnlessStopped => Some("unless-stopped".to_owned()),
            Restart::OnFailure(None) => Some("on-failure".to_owned()),
            Restart::OnFailure(Some(times)) => Some(format!("on-failure:{times}")),
        };
        out.add_some("restart", restart);
        out.add("depends_on", depends_on(&service.depends_on));
    }

    fn program(&self, service: &Service, out: &mut Map) {
        let list = |words: &Vec<String>| {
            // An empty list says that the image's is not to be used, and so it has to be there.
            let words: Vec<Node> = words.iter().map(|word| env::text(service, self.secrets, word)).collect();
            if words.is_empty() { Node::Bare("[]".to_owned()) } else { self.short_or_lines(words) }
        };
        out.add_some("user", service.user.as_ref().map(|user| Node::Quoted(user.clone())));
        out.add(
            "group_add",
            service.groups.iter().map(|group| Node::Quoted(group.clone())).collect::<Vec<_>>(),
        );
        out.add_some("working_dir", service.working_dir.as_ref());
        out.add_some("entrypoint", service.entrypoint.as_ref().map(list));
        out.add_some("command", service.command.as_ref().map(list));
        let env = service.env.iter().map(|(name, value)| {
            let value = match value {
                Value::Text(text) => always_text(text),
                Value::Unset => Node::Null,
                Value::Secret => {
                    let variable = self.secrets.get(&(service.name.as_str(), name.as_str()));
                    Node::Filled(variable.map(|variable| env::reference(variable)).unwrap_or_default())
                }
            };
            (name.clone(), value)
        });
        out.add("environment", Map(env.collect()));
    }

    /// A few short words on one line, else a line for each.
    #[expect(clippy::unused_self, reason = "stands beside what uses it")]
    fn short_or_lines(&self, words: Vec<Node>) -> Node {
        let length = |word: &Node| match word {
            Node::Text(text) | Node::Quoted(text) | Node::Filled(text) => text.len() + 4,
            _ => 4,
        };
        let has_lines = |word: &Node| matches!(word, Node::Filled(text) if text.contains('\n'));
        let short = words.iter().map(length).sum::<usize>() <= 80 && !words.iter().any(has_lines);
        if short { Node::Flow(words) } else { Node::List(words) }
    }

    fn health(&self, service: &Service, health: &Health) -> Map {
        let text = |text: &str| env::text(service, self.secrets, text);
        let shell = |line: Node| Node::Flow(vec![Node::from("CMD-SHELL"), line]);
        let mut out = Map::default();
        match &health.test {
            HealthTest::Off => {
                out.flag("disable", true);
                return out;
            }
            HealthTest::Exec(words) => {
                let mut list = vec![Node::from("CMD")];
                list.extend(words.iter().map(|word| text(word)));
                out.add("test", self.short_or_lines(list))
            }
            HealthTest::Shell(line) => out.add("test", shell(text(line))),
            HealthTest::Http { port, path, tls } => {
                let url = format!("{}://localhost:{port}{path}", if *tls { "https" } else { "http" });
                let url = shell_words::quote(&url).into_owned();
                let (curl, wget) = if *tls { ("-fsSk", "-q --no-check-certificate") } else { ("-fsS", "-q") };
                let line = format!("curl {curl} -o /dev/null {url} || wget {wget} -O /dev/null {url}");
                out.add("test", shell(Node::Text(line)))
            }
            HealthTest::Tcp(port) => {
                let line = format!("nc -z localhost {port} || bash -c '</dev/tcp/localhost/{port}'");
                out.add("test", shell(Node::Text(line)))
            }
        };
        out.add_some("interval", health.interval.map(words::duration));
        out.add_some("timeout", health.timeout.map(words::duration));
        out.add_some("retries", health.retries.map(i64::from));
        out.add_some("start_period", health.start_period.map(words::duration));
        out
    }
}

/// A text that stays one, quoted where YAML could take it for something else; several lines on one where they are few.
fn always_text(text: &str) -> Node {
    Node::Text(text.to_owned())
}

/// The container's name where people chose it: not the one that compose gives by itself.
pub(super) fn container_name<'a>(project: &Project, service: &'a Service) -> Option<&'a String> {
    let name = service.container.as_ref()?;
    let own = |separator: char| {
        let start = format!("{}{separator}{}{separator}", project.name, service.name);
        name.strip_prefix(&start).is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()))
    };
    let one = service.replicas.is_none_or(|count| count == 1);
    (one && !own('-') && !own('_')).then_some(name)
}

fn depends_on(dependencies: &[Dependency]) -> Node {
    if dependencies.iter().all(|dependency| dependency.until == Until::Started) {
        return dependencies.iter().map(|dependency| &dependency.service).collect::<Vec<_>>().into();
    }
    let entries = dependencies.iter().map(|dependency| {
        let condition = match dependency.until {
            Until::Started => "service_started",
            Until::Healthy => "service_healthy",
            Until::Completed => "service_completed_successfully",
        };
        let mut entry = Map::default();
        entry.add("condition", condition);
        (dependency.service.clone(), Node::Map(entry))
    });
    Map(entries.collect()).into()
}

fn network(service: &Service, out: &mut Map) {
    let mut published = false;
    match &service.network {
        Connection::Host => drop(out.add("network_mode", "host")),
        Connection::Nothing => drop(out.add("network_mode", "none")),
        Connection::Service(other) => drop(out.add("network_mode", format!("service:{other}"))),
        Connection::Container(other) => drop(out.add("network_mode", format!("container:{other}"))),
        Connection::Networks(_) => {
            published = true;
            out.add("networks", super::networks::of(service));
        }
    }
    // The engine refuses ports beside the network of another container; what was seen of them stands under `x-steward`.
    if !shares_network(service) {
        let (open, inner) = words::ports(service, published);
        out.add("ports", open.into_iter().map(Node::Quoted).collect::<Vec<_>>());
        out.add("expose", inner.into_iter().map(Node::Quoted).collect::<Vec<_>>());
    }
    out.add("dns", service.dns.servers.iter().collect::<Vec<_>>());
    out.add("dns_search", service.dns.search.iter().collect::<Vec<_>>());
    out.add("dns_opt", service.dns.options.iter().collect::<Vec<_>>());
    let hosts = service.extra_hosts.iter().map(|(name, address)| Node::Quoted(format!("{name}:{address}")));
    out.add("extra_hosts", hosts.collect::<Vec<_>>());
}

fn rights(service: &Service, out: &mut Map) {
    let rights: &Rights = &service.rights;
    let devices = service.devices.iter().map(|device| {
        let mode = if device.permissions == "rwm" || device.permissions.is_empty() {
            String::new()
        } else {
            format!(":{}", device.permissions)
        };
        format!("{}:{}{mode}", device.host, device.container)
    });
    out.add("devices", devices.collect::<Vec<_>>());
    let rules = rights.device_rules.iter().map(|rule| Node::Quoted(rule.clone()));
    out.add("device_cgroup_rules", rules.collect::<Vec<_>>());
    out.flag("privileged", rights.privileged);
    out.add("cap_add", rights.add.iter().collect::<Vec<_>>());
    out.add("cap_drop", rights.drop.iter().collect::<Vec<_>>());
    let mut options: Vec<String> = Vec::new();
    if rights.no_new_privileges {
        options.push("no-new-privileges:true".to_owned());
    }
    options.extend(rights.options.iter().cloned());
    out.add("security_opt", options);
    out.flag("read_only", rights.read_only);
    out.add_some("pid", rights.host_pid.then_some("host"));
    out.add_some("ipc", rights.ipc.as_ref());
    out.add_some("userns_mode", rights.userns.as_ref());
}

fn kernel(service: &Service, out: &mut Map) {
    out.add_some("shm_size", service.shm_size.map(words::size));
    let sysctls = service.sysctls.iter().map(|(name, value)| (name.clone(), always_text(value)));
    out.add("sysctls", Map(sysctls.collect()));
    let ulimits = service.ulimits.iter().map(|(name, (soft, hard))| {
        let mut both = Map::default();
        both.add("soft", *soft).add("hard", *hard);
        (name.clone(), if soft == hard { Node::from(*soft) } else { both.into() })
    });
    out.add("ulimits", Map(ulimits.collect()));
    out.flag("init", service.init);
    out.flag("tty", service.tty);
    out.flag("stdin_open", service.stdin_open);
    out.add_some("stop_signal", service.stop_signal.as_ref());
    out.add_some("stop_grace_period", service.stop_grace.map(words::duration));
}

/// What it may take: the form of the specification, which plain `docker compose` honours.
fn deploy(service: &Service) -> Map {
    let limits: &Limits = &service.limits;
    let cpus = |milli: Option<u64>| milli.map(|milli| Node::Quoted(words::cpus(milli)));
    let mut most = Map::default();
    most.add_some("cpus", cpus(limits.cpu_milli));
    most.add_some("memory", limits.memory.map(words::size));
    most.add_some("pids", limits.pids);
    let mut kept = Map::default();
    kept.add_some("cpus", cpus(limits.cpu_reserved_milli));
    kept.add_some("memory", limits.memory_reserved.map(words::size));
    if let Some(gpus) = &service.gpus {
        let mut device = Map::default();
        device.add_some("driver", gpus.driver.as_ref());
        if gpus.ids.is_empty() {
            let count = gpus.count.map_or(Node::from("all"), |count| Node::from(i64::from(count)));
            device.add("count", count);
        } else {
            device.add("device_ids", Node::Flow(gpus.ids.iter().map(Node::from).collect()));
        }
        device.add("capabilities", Node::Flow(vec![Node::from("gpu")]));
        kept.add("devices", vec![device]);
    }
    let mut resources = Map::default();
    resources.add("limits", most).add("reservations", kept);
    let mut deploy = Map::default();
    deploy.add_some("replicas", service.replicas.filter(|count| *count != 1).map(i64::from));
    deploy.add("resources", resources);
    deploy
}

fn swap(bytes: i64) -> Node {
    u64::try_from(bytes).map_or_else(|_| Node::from(bytes), |bytes| Node::from(words::size(bytes)))
}

/// What no word of compose's says; nothing where there is nothing.
pub(super) fn observed(seen: &impl serde::Serialize) -> Option<Node> {
    let value = serde_json::to_value(seen).ok().map(without_nothing)?;
    let empty = value.as_object().is_none_or(serde_json::Map::is_empty);
    (!empty).then(|| Node::from(&value))
}

/// Without what is not known: reading takes what is absent for that.
fn without_nothing(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            let known = map.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(known.map(|(key, value)| (key, without_nothing(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(without_nothing).collect()),
        other => other,
    }
}
