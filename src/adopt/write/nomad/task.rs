//! One task: the container, what it is given, and what it may take.

use std::collections::BTreeSet;

use super::super::super::project::{Connection, Limits, Project, Restart, Service, Until, Value};
use super::groups::{Group, Mode};
use super::hcl::{Body, list, quoted};
use super::mounts::Mounts;
use super::secrets;

/// Nomad counts processors in MHz: what a thousandth of one comes to. A usual core has 2 GHz; with more the container
/// gets a smaller share of it than before, never less work done.
pub(super) const MHZ_PER_CPU: u64 = 2000;
/// Mebibytes for a container of which nothing is known; Nomad's own 300 end many.
const USUAL_MEMORY: u64 = 512;

/// A task of a group.
pub(super) struct Task<'a> {
    pub(super) project: &'a Project,
    pub(super) group: &'a Group<'a>,
    pub(super) service: &'a Service,
    /// Where its secrets are.
    pub(super) path: String,
}

impl Task<'_> {
    /// The task's block; what can't be said goes to `notes`.
    pub(super) fn body(&self, mounts: &Mounts, notes: &mut Vec<String>) -> Body {
        let service = self.service;
        let mut body = Body::default();
        body.text("driver", "docker");
        if let Some(user) = &service.user {
            body.text("user", user);
        }
        if let Some(signal) = &service.stop_signal {
            body.text("kill_signal", signal);
        }
        if let Some(seconds) = service.stop_grace {
            body.text("kill_timeout", &format!("{seconds}s"));
        }
        body.block("lifecycle", self.lifecycle());
        body.block("config", self.config(mounts, notes));
        self.env(&mut body, notes);
        body.block("template", secrets::template(service, &self.path));
        for template in &mounts.templates {
            body.block("template", template.clone());
        }
        for claim in &mounts.claims {
            body.block("volume_mount", claim.clone());
        }
        if service.restart == Restart::No {
            let mut restart = Body::default();
            restart.raw("attempts", "0").text("mode", "fail");
            body.block("restart", restart);
        }
        body.block("resources", self.resources(notes));
        body
    }

    /// What others wait for until it has ended runs before them; what that needs itself is there even earlier, and stays.
    fn lifecycle(&self) -> Body {
        let ends = ending(self.project);
        let early = early(self.project, &ends);
        let mut body = Body::default();
        let name = self.service.name.as_str();
        if ends.contains(name) {
            body.text("hook", "prestart").raw("sidecar", "false");
        } else if early.contains(name) {
            body.text("hook", "prestart").raw("sidecar", "true");
        }
        body
    }

    fn config(&self, mounts: &Mounts, notes: &mut Vec<String>) -> Body {
        let service = self.service;
        let words = |words: &[String]| -> Vec<String> {
            words.iter().map(|word| secrets::text(service, word)).collect()
        };
        let mut body = Body::default();
        body.text("image", &service.image.reference());
        if let Some(entrypoint) = service.entrypoint.as_ref().filter(|words| !words.is_empty()) {
            body.raw("entrypoint", list(&words(entrypoint)));
        }
        if let Some(command) = service.command.as_ref().filter(|words| !words.is_empty()) {
            body.raw("args", list(&words(command)));
        }
        if let Some(folder) = &service.working_dir {
            body.text("work_dir", folder);
        }
        match (&service.network, self.group.mode) {
            (_, Mode::Host) => drop(body.text("network_mode", "host")),
            (Connection::Nothing, _) => drop(body.text("network_mode", "none")),
            (Connection::Container(other), _) => {
                body.text("network_mode", &format!("container:{other}"));
            }
            _ => {}
        }
        if let Some(hostname) = service.hostname.as_ref().filter(|_| self.group.mode == Mode::Own) {
            body.text("hostname", hostname);
        }
        self.hosts(&mut body, notes);
        body.texts("volumes", &mounts.paths);
        self.rights(&mut body, notes);
        self.kernel(&mut body, notes);
        let labels = service.labels.iter().filter(|(key, _)| !key.starts_with("traefik."));
        body.map("labels", labels.map(|(key, value)| (key.as_str(), quoted(value))));
        for mount in &mounts.blocks {
            body.block("mount", mount.clone());
        }
        body
    }

    fn hosts(&self, body: &mut Body, notes: &mut Vec<String>) {
        let mut entries: Vec<String> = Vec::new();
        // All tasks of a group share one file: it is the same in each of them.
        for service in &self.group.services {
            for (name, address) in &service.extra_hosts {
                if address == "host-gateway" && self.group.mode != Mode::Own {
                    let note = format!(
                        "`{name}` is the host's own address now, which Nomad can't say: use `${{attr.unique.network.ip-address}}` in `env`."
                    );
                    if service.name == self.service.name {
                        notes.push(note);
                    }
                    continue;
                }
                entries.push(format!("{name}:{address}"));
            }
        }
        entries.extend(self.group.names().iter().map(|name| format!("{name}:127.0.0.1")));
        let mut seen = BTreeSet::new();
        entries.retain(|entry| seen.insert(entry.clone()));
        if self.group.mode == Mode::Own && self.service.network == Connection::Nothing {
            entries.clear();
        }
        body.texts("extra_hosts", &entries);
    }

    fn rights(&self, body: &mut Body, notes: &mut Vec<String>) {
        let (service, rights) = (self.service, &self.service.rights);
        body.flag("privileged", rights.privileged);
        body.texts("cap_add", &rights.add.iter().map(|cap| cap.to_lowercase()).collect::<Vec<_>>());
        body.texts("cap_drop", &rights.drop.iter().map(|cap| cap.to_lowercase()).collect::<Vec<_>>());
        body.texts("group_add", &service.groups);
        let devices: Vec<String> = service
            .devices
            .iter()
            .map(|device| {
                let mut pairs = vec![
                    format!("host_path = {}", quoted(&device.host)),
                    format!("container_path = {}", quoted(&device.container)),
                ];
                if !device.permissions.is_empty() && device.permissions != "rwm" {
                    pairs.push(format!("cgroup_permissions = {}", quoted(&device.permissions)));
                }
                format!("{{ {} }}", pairs.join(", "))
            })
            .collect();
        if !devices.is_empty() {
            body.raw("devices", list(&devices));
        }
        let mut options: Vec<String> = Vec::new();
        if rights.no_new_privileges {
            options.push("no-new-privileges".to_owned());
        }
        options.extend(rights.options.iter().cloned());
        body.texts("security_opt", &options);
        body.flag("readonly_rootfs", rights.read_only);
        if rights.host_pid {
            body.text("pid_mode", "host");
        }
        match rights.ipc.as_deref() {
            Some("host") => drop(body.text("ipc_mode", "host")),
            Some(other) => notes
                .push(format!("Its inter-process communication is `{other}` now, which Nomad can't say.")),
            None => {}
        }
        if let Some(userns) = &rights.userns {
            body.text("userns_mode", userns);
        }
        if !rights.device_rules.is_empty() {
            notes.push(format!(
                "Nomad has no device rules ({}): give the devices by their paths.",
                rights.device_rules.join(", ")
            ));
        }
        if !rights.add.is_empty() {
            notes.push(format!(
                "The client has to allow {}: `allow_caps` of the docker plugin.",
                rights.add.iter().cloned().collect::<Vec<_>>().join(", ")
            ));
        }
        if rights.privileged {
            notes.push(
                "The client has to allow privileged containers: `allow_privileged` of the docker plugin."
                    .to_owned(),
            );
        }
    }

    fn kernel(&self, body: &mut Body, notes: &mut Vec<String>) {
        let service = self.service;
        let shared = self.group.mode == Mode::Bridge;
        let net = |name: &str| shared && name.starts_with("net.");
        let own = service.sysctls.iter().filter(|(name, _)| !net(name));
        body.map("sysctl", own.map(|(name, value)| (name.as_str(), quoted(value))));
        for name in service.sysctls.keys().filter(|name| net(name)) {
            notes.push(format!("`{name}` belongs to the group's network, where a task can't set it: set it on the client if it is needed."));
        }
        if let Some(bytes) = service.shm_size {
            body.raw("shm_size", bytes.to_string());
        }
        if let Some(pids) = service.limits.pids.filter(|pids| *pids > 0) {
            body.raw("pids_limit", pids.to_string());
        }
        body.flag("init", service.init).flag("tty", service.tty).flag("interactive", service.stdin_open);
        let mut ulimits = Body::default();
        for (name, (soft, hard)) in &service.ulimits {
            ulimits.text(name, &if soft == hard { soft.to_string() } else { format!("{soft}:{hard}") });
        }
        body.block("ulimit", ulimits);
    }

    fn env(&self, body: &mut Body, notes: &mut Vec<String>) {
        let texts: Vec<(&str, String)> = self
            .service
            .env
            .iter()
            .filter_map(|(name, value)| match value {
                Value::Text(text) => Some((name.as_str(), quoted(text))),
                Value::Secret | Value::Unset => None,
            })
            .collect();
        let unset = self.service.env.iter().filter(|(_, value)| **value == Value::Unset);
        for (name, _) in unset {
            notes.push(format!(
                "`{name}` comes from where it is started now: give it a value in `env`, or leave it out."
            ));
        }
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if texts.iter().all(|(name, _)| is_name(name)) {
            let mut env = Body::default();
            for (name, value) in texts {
                env.raw(name, value);
            }
            body.block("env", env);
        } else {
            body.map("env", texts.into_iter());
        }
    }

    fn resources(&self, notes: &mut Vec<String>) -> Body {
        let (limits, usage): (&Limits, _) = (&self.service.limits, &self.service.usage);
        let mut body = Body::default();
        if let Some(milli) = cpu(self.service) {
            body.raw("cpu", (milli.saturating_mul(MHZ_PER_CPU) / 1000).max(50).to_string());
        }
        let mib = |bytes: u64| bytes.div_ceil(1 << 20).max(16);
        // What it takes now and half of that again, in steps of 64.
        let seen = usage.memory.map(|bytes| mib(bytes.saturating_add(bytes / 2)).next_multiple_of(64));
        let most = limits.memory.map(mib);
        let kept = limits.memory_reserved.map(mib).or(most).or(seen);
        if kept.is_none() {
            notes.push(format!("How much memory it takes is not known: {USUAL_MEMORY} MiB are a guess, and Nomad ends it when it takes more."));
        }
        let kept = kept.unwrap_or(USUAL_MEMORY);
        body.raw("memory", kept.to_string());
        if let Some(most) = most.filter(|most| *most > kept) {
            body.raw("memory_max", most.to_string());
        }
        if let Some(gpus) = &self.service.gpus {
            let mut device = Body::default();
            device.raw(
                "count",
                gpus.count.unwrap_or(u32::try_from(gpus.ids.len().max(1)).unwrap_or(1)).to_string(),
            );
            let vendor = gpus.driver.as_deref().filter(|driver| !driver.is_empty()).unwrap_or("nvidia");
            body.block(format!("device {}", quoted(&format!("{vendor}/gpu"))), device);
            if gpus.count.is_none() && gpus.ids.is_empty() {
                notes.push("It has all graphics cards of its host now; here it asks for one.".to_owned());
            }
        }
        body
    }
}

/// Thousandths of a processor that are kept for a service.
pub(super) fn cpu(service: &Service) -> Option<u64> {
    let limits = &service.limits;
    limits.cpu_reserved_milli.or(limits.cpu_milli).or(service.usage.cpu_milli)
}

/// The services that others wait for until they have ended.
fn ending(project: &Project) -> BTreeSet<&str> {
    let all = project.services.iter().flat_map(|service| &service.depends_on);
    all.filter(|dependency| dependency.until == Until::Completed)
        .map(|dependency| dependency.service.as_str())
        .collect()
}

/// What those need, and what that needs.
fn early<'a>(project: &'a Project, ending: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let mut early = BTreeSet::new();
    let mut left: Vec<&str> = ending.iter().copied().collect();
    while let Some(name) = left.pop() {
        for dependency in project.service(name).into_iter().flat_map(|service| &service.depends_on) {
            if early.insert(dependency.service.as_str()) {
                left.push(&dependency.service);
            }
        }
    }
    early
}
