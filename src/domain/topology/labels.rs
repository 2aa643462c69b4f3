//! What the labels of an alert tell of the topology. `docs/topology.md` has the same rules as a table.

use super::{Fact, Relation};
use crate::domain::signal::Signal;

/// Labels that name what owns a pod. Prometheus' own and kube-state-metrics' words.
const WORKLOADS: [&str; 5] = ["deployment", "statefulset", "daemonset", "job_name", "cronjob"];
/// Labels that name the machine that something runs on, the surest first.
const MACHINES: [&str; 4] = ["hypervisor", "host", "hostname", "nodename"];

/// What the labels of a signal tell: pure, cheap, and the same whenever it is asked.
#[must_use]
pub fn from_labels(signal: &Signal) -> Vec<Fact> {
    if signal.labels.is_empty() {
        return Vec::new();
    }
    let of = Labels { signal };
    let facts = of.pod().into_iter().chain(of.machine()).chain(of.container()).chain(of.unit());
    facts.chain(of.mount()).collect()
}

struct Labels<'a> {
    signal: &'a Signal,
}

impl<'a> Labels<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.signal.labels.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The name of something in a namespace, as this alert's own target has it: `media/x`, or `k8s/media/x`.
    fn namespaced(&self, name: &str) -> Option<String> {
        let namespace = self.get("namespace")?;
        let target = self.signal.target.as_str();
        let own = ["pod", "persistentvolumeclaim", "service"].iter().chain(&WORKLOADS);
        let prefix = own.filter_map(|label| self.get(label)).find_map(|own| {
            let before = target.strip_suffix(&format!("{namespace}/{own}"))?;
            before.ends_with('/').then_some(before)
        });
        Some(format!("{}{namespace}/{name}", prefix.unwrap_or_default()))
    }

    /// The host of `instance`, without its port.
    fn instance(&self) -> Option<&'a str> {
        self.get("instance").and_then(host_of)
    }

    fn pod(&self) -> Vec<Fact> {
        let Some(pod) = self.get("pod").and_then(|pod| self.namespaced(pod)) else { return Vec::new() };
        let mut facts = Vec::new();
        if let Some(node) = self.get("node") {
            facts.extend(Fact::of(&pod, Relation::RunsOn, node, &format!("the pod runs on {node}")));
        }
        if let Some(claim) = self.get("persistentvolumeclaim") {
            let volume = self.namespaced(claim);
            let why = format!("the pod uses the volume claim {claim}");
            facts.extend(volume.and_then(|volume| Fact::of(&pod, Relation::Needs, &volume, &why)));
        }
        let workloads = WORKLOADS.iter().filter_map(|label| Some((*label, self.get(label)?)));
        for (label, name) in workloads.chain(self.owner()) {
            let kind = label.trim_end_matches("_name");
            let why = format!("the {kind} {name} is made of this pod");
            facts.extend(
                self.namespaced(name).and_then(|workload| Fact::of(&workload, Relation::MadeOf, &pod, &why)),
            );
        }
        if let Some(("ReplicaSet", set)) = self.owner_as_written() {
            let version = self.namespaced(set);
            facts.extend(version.and_then(|version| {
                let why = format!("the pod was made from the replica set {set}");
                Fact::of(&pod, Relation::MadeFrom, &version, &why)
            }));
        }
        facts
    }

    fn owner_as_written(&self) -> Option<(&'a str, &'a str)> {
        let of = |kind, name| Some((self.get(kind)?, self.get(name)?));
        of("created_by_kind", "created_by_name").or_else(|| of("owner_kind", "owner_name"))
    }

    /// The workload that made the pod. A replica set is named after its deployment and a hash.
    fn owner(&self) -> Option<(&'static str, &'a str)> {
        match self.owner_as_written()? {
            ("ReplicaSet", set) => set.rsplit_once('-').map(|(deployment, _)| ("deployment", deployment)),
            ("StatefulSet", name) => Some(("statefulset", name)),
            ("DaemonSet", name) => Some(("daemonset", name)),
            ("Job", name) => Some(("job", name)),
            _ => None,
        }
    }

    /// An instance on a machine. The instance of an alert about a pod is that of the exporter, and tells nothing.
    fn machine(&self) -> Vec<Fact> {
        if self.get("pod").is_some() {
            return Vec::new();
        }
        let machine = MACHINES.iter().find_map(|label| self.get(label));
        let (Some(machine), Some(instance)) = (machine, self.instance()) else { return Vec::new() };
        Fact::of(instance, Relation::RunsOn, machine, &format!("{instance} runs on {machine}"))
            .into_iter()
            .collect()
    }

    /// A container that cAdvisor tells of on a host without Kubernetes.
    fn container(&self) -> Vec<Fact> {
        let is_container =
            self.get("image").is_some() || self.get("id").is_some_and(|id| id.contains("docker"));
        if self.get("pod").is_some() || !is_container {
            return Vec::new();
        }
        let (Some(name), Some(host)) = (self.get("name"), self.instance()) else { return Vec::new() };
        let container = format!("{host}/{name}");
        Fact::of(&container, Relation::RunsOn, host, &format!("the container {name} runs on {host}"))
            .into_iter()
            .collect()
    }

    /// A systemd unit on a host: `unit`, or node_exporter's `name` with its ending.
    fn unit(&self) -> Vec<Fact> {
        const ENDINGS: [&str; 5] = [".service", ".mount", ".timer", ".socket", ".target"];
        let is_unit = |name: &&str| ENDINGS.iter().any(|ending| name.ends_with(ending));
        let unit = self.get("unit").or_else(|| self.get("name").filter(is_unit));
        let host = self.instance().or_else(|| MACHINES.iter().find_map(|label| self.get(label)));
        let (Some(unit), Some(host)) = (unit, host) else { return Vec::new() };
        let short = unit.strip_suffix(".service").unwrap_or(unit);
        let why = format!("the unit {unit} runs on {host}");
        let of = |name: &str| Fact::of(&format!("{host}/{name}"), Relation::RunsOn, host, &why);
        of(short).into_iter().chain(of(unit).filter(|_| short != unit)).collect()
    }

    /// Something mounted from a server: `device="nas:/media"`, or `//nas/media`.
    fn mount(&self) -> Vec<Fact> {
        if self.get("mountpoint").is_none() {
            return Vec::new();
        }
        let Some((server, device)) = self.get("device").and_then(|device| Some((server_of(device)?, device)))
        else {
            return Vec::new();
        };
        let target = self.signal.target.as_str();
        Fact::of(target, Relation::Needs, server, &format!("it mounts {device}")).into_iter().collect()
    }
}

/// The server of an NFS (`nas:/media`) or SMB (`//nas/media`) device.
#[must_use]
pub(super) fn server_of(device: &str) -> Option<&str> {
    if let Some(share) = device.strip_prefix("//") {
        return share.split('/').next().filter(|server| !server.is_empty());
    }
    let (server, path) = device.split_once(":/")?;
    let plain = !server.is_empty() && !server.contains('/') && !server.starts_with('[');
    (plain && !path.starts_with('/')).then_some(server)
}

/// The host of `host:port`, `[v6]:port`, or a URL. An IPv6 address keeps its colons.
fn host_of(instance: &str) -> Option<&str> {
    let rest = instance.split_once("://").map_or(instance, |(_, rest)| rest);
    let rest = rest.split('/').next().unwrap_or_default();
    let host = match rest.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => match rest.split_once(':') {
            Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
            _ => rest,
        },
    };
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::{Origin, Severity, SignalState, Timestamp};
    use crate::domain::target::{Signature, Target};

    fn learned(target: &str, labels: &[(&str, &str)]) -> Vec<String> {
        let signal = Signal {
            origin: Origin::alert("prometheus", "1"),
            target: Target::parse(target).unwrap(),
            signature: Signature::parse("down").unwrap(),
            severity: Severity::Error,
            state: SignalState::Firing,
            summary: String::new(),
            impact: None,
            evidence: String::new(),
            labels: labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            at: Timestamp::UNIX_EPOCH,
            received_at: Timestamp::UNIX_EPOCH,
        };
        let facts = from_labels(&signal);
        facts.iter().map(|f| format!("{} {} {}", f.target, f.relation.as_str(), f.other)).collect()
    }

    #[test]
    fn a_pod_tells_of_its_node_its_volume_and_what_is_made_of_it() {
        let pod =
            [("namespace", "media"), ("pod", "jelly-7d9-x2"), ("node", "n3"), ("instance", "10.42.0.9:8080")];
        assert_eq!(learned("media/jelly-7d9-x2", &pod), ["media/jelly-7d9-x2 runs-on n3"]);
        let more = [
            ("namespace", "media"),
            ("pod", "jelly-7d9-x2"),
            ("persistentvolumeclaim", "config"),
            ("created_by_kind", "ReplicaSet"),
            ("created_by_name", "jelly-7d9"),
        ];
        let expected = [
            "k8s/media/jelly-7d9-x2 needs k8s/media/config",
            "k8s/media/jelly made-of k8s/media/jelly-7d9-x2",
            "k8s/media/jelly-7d9-x2 made-from k8s/media/jelly-7d9",
        ];
        assert_eq!(learned("k8s/media/jelly-7d9-x2", &more), expected, "named as the alert's own target is");
        let set = [("namespace", "db"), ("pod", "pg-0"), ("statefulset", "pg")];
        assert_eq!(learned("db/pg-0", &set), ["db/pg made-of db/pg-0"]);
    }

    #[test]
    fn an_instance_a_container_a_unit_and_a_mount_tell_what_they_lie_on() {
        assert_eq!(learned("vm1", &[("instance", "vm1:9100"), ("hypervisor", "pve4")]), ["vm1 runs-on pve4"]);
        let container = [("instance", "docker1:8080"), ("name", "immich"), ("image", "immich:1")];
        assert_eq!(learned("docker1", &container), ["docker1/immich runs-on docker1"]);
        let unit = [("instance", "[fd00::5]:9100"), ("name", "smbd.service"), ("state", "failed")];
        assert_eq!(
            learned("x", &unit),
            ["fd00::5/smbd runs-on fd00::5", "fd00::5/smbd.service runs-on fd00::5"]
        );
        for device in ["nas:/tank/media", "//nas/media"] {
            let mount = [("instance", "n3:9100"), ("mountpoint", "/mnt/media"), ("device", device)];
            assert_eq!(learned("n3", &mount), ["n3 needs nas"]);
        }
    }

    #[test]
    fn labels_that_tell_nothing_or_nonsense_teach_nothing() {
        for labels in [
            &[][..],
            &[("pod", "x"), ("node", "n3")],
            &[("namespace", "a b"), ("pod", "x"), ("node", "n3")],
            &[("namespace", "media"), ("pod", "x"), ("node", "-rf")],
            &[("instance", "n3:9100"), ("nodename", "n3")],
            &[("instance", "http://[::"), ("host", "")],
            &[("mountpoint", "/"), ("device", "/dev/sda1")],
            &[("mountpoint", "/"), ("device", "http://x/y")],
            &[("instance", "docker1:8080"), ("name", "eth0")],
        ] {
            assert_eq!(learned("x/y", labels), [""; 0], "{labels:?}");
        }
    }
}
