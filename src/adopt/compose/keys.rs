//! The keys of a service: what is taken over, in the order in which that has to happen, and what is not, and why.

use super::reader::Reader;
use super::tree::{Node, Yaml};
use super::{connect, limits, mounts, ports, rights, words};
use crate::adopt::project::Service;
use crate::domain::command::suggest;

/// Takes what a key says into the service.
type Take = fn(&mut Reader<'_>, &mut Service, &Node);

/// What is taken over. The order matters where keys speak of the same: what comes later wins.
const TAKEN: &[(&str, Take)] = &[
    ("build", words::build),
    ("image", words::image),
    ("container_name", |r, s, n| s.container = r.text(n)),
    ("env_file", words::env_file),
    ("environment", words::environment),
    ("command", words::command),
    ("entrypoint", words::entrypoint),
    ("working_dir", |r, s, n| s.working_dir = r.text(n)),
    ("user", |r, s, n| s.user = r.text(n)),
    ("group_add", |r, s, n| s.groups = r.texts(n)),
    ("volumes", mounts::volumes),
    ("tmpfs", mounts::tmpfs),
    ("secrets", mounts::secrets),
    ("configs", mounts::configs),
    ("volumes_from", mounts::volumes_from),
    ("ports", ports::ports),
    ("expose", ports::expose),
    ("networks", connect::networks),
    ("network_mode", connect::network_mode),
    ("depends_on", connect::depends_on),
    ("links", connect::links),
    ("hostname", |r, s, n| s.hostname = r.text(n)),
    ("domainname", rights::domainname),
    ("dns", |r, s, n| s.dns.servers = r.texts(n)),
    ("dns_search", |r, s, n| s.dns.search = r.texts(n)),
    ("dns_opt", |r, s, n| s.dns.options = r.texts(n)),
    ("extra_hosts", connect::extra_hosts),
    ("privileged", |r, s, n| s.rights.privileged = r.bool(n).unwrap_or_default()),
    ("cap_add", rights::cap_add),
    ("cap_drop", rights::cap_drop),
    ("security_opt", rights::security_opt),
    ("read_only", |r, s, n| s.rights.read_only = r.bool(n).unwrap_or_default()),
    ("pid", rights::pid),
    ("ipc", rights::ipc),
    ("userns_mode", |r, s, n| s.rights.userns = r.text(n).filter(|mode| !mode.is_empty())),
    ("device_cgroup_rules", |r, s, n| s.rights.device_rules = r.texts(n)),
    ("devices", rights::devices),
    ("gpus", limits::gpus),
    ("healthcheck", limits::healthcheck),
    ("cpus", |r, s, n| s.limits.cpu_milli = r.milli_cpus(n).filter(|milli| *milli > 0)),
    ("mem_limit", |r, s, n| s.limits.memory = r.bytes(n).filter(|bytes| *bytes > 0)),
    ("mem_reservation", |r, s, n| s.limits.memory_reserved = r.bytes(n).filter(|bytes| *bytes > 0)),
    ("memswap_limit", limits::memory_swap),
    ("pids_limit", |r, s, n| s.limits.pids = r.int(n).filter(|pids| *pids > 0)),
    ("scale", |r, s, n| s.replicas = r.whole(n)),
    ("restart", limits::restart),
    ("deploy", limits::deploy),
    ("runtime", rights::runtime),
    ("stop_signal", |r, s, n| s.stop_signal = r.text(n).filter(|signal| signal != "SIGTERM")),
    ("stop_grace_period", |r, s, n| s.stop_grace = r.seconds(n)),
    ("labels", labels),
    ("sysctls", sysctls),
    ("ulimits", limits::ulimits),
    ("shm_size", |r, s, n| s.shm_size = r.bytes(n).filter(|bytes| *bytes > 0)),
    ("init", |r, s, n| s.init = r.bool(n).unwrap_or_default()),
    ("tty", |r, s, n| s.tty = r.bool(n).unwrap_or_default()),
    ("stdin_open", |r, s, n| s.stdin_open = r.bool(n).unwrap_or_default()),
    ("platform", |r, s, n| s.platform = r.text(n)),
    ("profiles", profiles),
    ("logging", logging),
];

/// What says nothing about the place it goes to.
const SILENT: &[&str] = &[
    "attach",
    "cpu_period",
    "cpu_quota",
    "develop",
    "extends",
    "label_file",
    "mem_swappiness",
    "pull_policy",
    "pull_refresh_after",
    "isolation",
];

/// What is not taken over, and what that means.
const LEFT: &[(&str, &str)] = &[
    ("annotations", "they are the container's, and mean nothing in a cluster"),
    ("blkio_config", "limits on disk access have no like in a cluster"),
    ("cgroup", "the cluster manages cgroups by itself"),
    ("cgroup_parent", "the cluster manages cgroups by itself"),
    ("cpu_count", "that is for Windows containers"),
    ("cpu_percent", "that is for Windows containers"),
    ("cpu_rt_period", "real-time scheduling has to be set up on the node"),
    ("cpu_rt_runtime", "real-time scheduling has to be set up on the node"),
    ("cpu_shares", "a share says nothing on another machine: set a limit or a reservation instead"),
    ("cpuset", "which CPUs it gets is up to the node"),
    ("credential_spec", "Windows credentials have to be set up on the node"),
    ("external_links", "containers outside of the file have to be reached by a name that the cluster knows"),
    (
        "mac_address",
        "the cluster gives addresses by itself; what is bound to this one has to be told the new one",
    ),
    ("models", "the model runner is Docker's own"),
    ("oom_kill_disable", "the cluster ends what takes more memory than its limit"),
    ("oom_score_adj", "the cluster sets it by the reservations"),
    ("post_start", "what it runs after the start has to be run otherwise"),
    ("pre_start", "what it runs before the start has to be run otherwise"),
    ("pre_stop", "what it runs before the stop has to be run otherwise"),
    ("provider", "it is no container: what provides it has to be set up by itself"),
    ("storage_opt", "the size of the root file system is up to the node"),
    ("use_api_socket", "it speaks to the Docker engine, which a cluster node may not have"),
    ("uts", "its host name would be the node's"),
    ("volume_driver", "the cluster's storage class decides"),
];

/// Reads all keys of a service.
pub(super) fn take_all(reader: &mut Reader, service: &mut Service, node: &Node) {
    for (key, take) in TAKEN {
        if let Some(value) = node.get(key) {
            take(reader, service, value);
        }
    }
    if let Some(quota) = node.get("cpu_quota") {
        limits::cpu_quota(reader, service, quota, node.get("cpu_period"));
    }
    if let (Some(both), Some(_)) = (node.get("network_mode"), node.get("networks")) {
        reader.fault(both.at.fault("stands beside `networks`").fix("keep one of them: compose refuses both"));
    }
    for (key, value) in node.entries() {
        let known = TAKEN.iter().any(|(name, _)| name == key) || SILENT.contains(&key.as_str());
        if known || key.starts_with("x-") || value.value == Yaml::Null {
            continue;
        }
        match LEFT.iter().find(|(name, _)| name == key) {
            Some((_, meaning)) => reader.note(format!("`{key}` is not taken over: {meaning}")),
            None => unknown(reader, value, key),
        }
    }
    if node.get("label_file").is_some() {
        reader.note("`label_file` is not taken over: its labels are missing here");
    }
}

fn unknown(reader: &mut Reader, node: &Node, key: &str) {
    let line = node.at.fault("").line.map(|line| format!(" (line {line})")).unwrap_or_default();
    let shown: String = key.chars().take(60).collect();
    reader.note(match suggest(key, known()) {
        Some(near) => {
            format!("`{shown}`{line} is no key that compose knows, so it was skipped: did you mean `{near}`?")
        }
        None => format!("`{shown}`{line} is no key that is known here, so it was skipped"),
    });
}

fn labels(reader: &mut Reader, service: &mut Service, node: &Node) {
    let pairs = reader.pairs(node);
    service.labels = pairs.into_iter().map(|(name, value)| (name, value.unwrap_or_default())).collect();
}

fn sysctls(reader: &mut Reader, service: &mut Service, node: &Node) {
    let pairs = reader.pairs(node);
    service.sysctls = pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
}

fn profiles(reader: &mut Reader, service: &mut Service, node: &Node) {
    let profiles = reader.texts(node);
    let used = reader.vars.values.get("COMPOSE_PROFILES").cloned().unwrap_or_default();
    let is_used =
        |profile: &String| used.split(',').any(|used| used.trim() == *profile || used.trim() == "*");
    if !profiles.is_empty() && !profiles.iter().any(is_used) {
        reader.note(format!(
            "it runs only with the profile {}: leave it out if you don't use it",
            profiles.join(" or ")
        ));
    }
    service.profiles = profiles;
}

fn logging(reader: &mut Reader, _: &mut Service, node: &Node) {
    let driver = node.get("driver").and_then(Node::scalar).unwrap_or_default();
    if !matches!(driver.as_str(), "" | "json-file" | "local" | "journald") {
        reader.note(format!(
            "it logs by the driver `{driver}`, which is not taken over: the cluster collects logs its own way"
        ));
        return;
    }
    let options = node.get("options").map(|node| reader.pairs(node)).unwrap_or_default();
    let options: Vec<String> = options.into_iter().map(|(name, _)| format!("`{name}`")).collect();
    if !options.is_empty() {
        // It is much the same for all services.
        let service = reader.service.take();
        reader.note(format!(
            "how logs are kept ({}) is not taken over: set it where it runs then, or logs may fill the disk",
            options.join(", ")
        ));
        reader.service = service;
    }
}

/// All keys that are known.
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    TAKEN
        .iter()
        .map(|(name, _)| *name)
        .chain(LEFT.iter().map(|(name, _)| *name))
        .chain(SILENT.iter().copied())
}
