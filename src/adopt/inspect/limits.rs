//! What a container may take, how it is stopped, and what else is set on it.

use std::collections::BTreeMap;

use super::super::project::{Limits, Restart};
use super::node::{Node, shown};

/// Docker's, and podman's, if nobody says otherwise: bytes of `/dev/shm`.
const SHM_DEFAULTS: [u64; 2] = [67_108_864, 65_536_000];
/// Podman's processes at most, if nobody says otherwise.
const PODMAN_PIDS: i64 = 2048;
/// Microseconds in which a CPU quota is counted, if nobody says otherwise.
const CPU_PERIOD: u64 = 100_000;

/// Reads what a container may take.
pub(super) fn limits(host: &Node<'_>, podman: bool) -> Limits {
    let by_quota = || {
        let period = host.get("CpuPeriod").above_zero().unwrap_or(CPU_PERIOD);
        let quota = host.get("CpuQuota").above_zero()?;
        quota.checked_mul(1000).map(|milli| milli / period)
    };
    let memory = bytes(&host.get("Memory"));
    let swap = host.get("MemorySwap").number().filter(|swap| *swap != 0);
    // Docker and podman take twice the memory if nobody says otherwise.
    let usual = memory.and_then(|memory| memory.checked_mul(2)).and_then(|twice| i64::try_from(twice).ok());
    let pids = host.get("PidsLimit").number();
    Limits {
        cpu_milli: host
            .get("NanoCpus")
            .above_zero()
            .map(|nano| nano / 1_000_000)
            .or_else(by_quota)
            .filter(|milli| *milli > 0),
        memory,
        cpu_reserved_milli: None,
        memory_reserved: bytes(&host.get("MemoryReservation")),
        pids: pids.filter(|pids| *pids > 0 && !(podman && *pids == PODMAN_PIDS)),
        memory_swap: swap.filter(|swap| memory.is_some() && Some(*swap) != usual),
    }
}

fn bytes(node: &Node<'_>) -> Option<u64> {
    if node.number().is_some_and(|number| number < 0) {
        node.fault("is negative: bytes belong here, or 0 for no limit");
    }
    node.above_zero()
}

/// Bytes of `/dev/shm`, where somebody set them.
pub(super) fn shm(host: &Node<'_>) -> Option<u64> {
    host.get("ShmSize").above_zero().filter(|size| !SHM_DEFAULTS.contains(size))
}

/// Resource limits of the shell's kind.
pub(super) fn ulimits(host: &Node<'_>, podman: bool) -> BTreeMap<String, (i64, i64)> {
    let mut ulimits = BTreeMap::new();
    for node in host.get("Ulimits").list() {
        let Some(name) = node.get("Name").text() else { continue };
        let name = name.to_ascii_lowercase();
        let name = name.strip_prefix("rlimit_").unwrap_or(&name).to_owned();
        let soft = node.get("Soft").number().unwrap_or_default();
        let hard = node.get("Hard").number().unwrap_or(soft);
        // Podman writes down what it sets by itself.
        let podmans = podman && (name == "nproc" || (name == "nofile" && hard >= 524_288));
        if !podmans {
            ulimits.insert(name, (soft, hard));
        }
    }
    ulimits
}

/// What happens when it ends.
pub(super) fn restart(host: &Node<'_>) -> Restart {
    let policy = host.get("RestartPolicy");
    let name = policy.get("Name");
    let times = policy.get("MaximumRetryCount").above_zero().and_then(|times| u32::try_from(times).ok());
    match name.text().as_deref() {
        None | Some("no") => Restart::No,
        Some("always") => Restart::Always,
        Some("unless-stopped") => Restart::UnlessStopped,
        Some("on-failure") => Restart::OnFailure(times),
        Some(other) => {
            name.fault(format!(
                "is \"{}\": no, always, unless-stopped and on-failure are known",
                shown(other)
            ));
            Restart::No
        }
    }
}

/// The signal that stops it, as a name; `None` for SIGTERM.
pub(super) fn stop_signal(node: &Node<'_>) -> Option<String> {
    let text = node.text()?.to_ascii_uppercase();
    let name = match text.as_str() {
        "1" => "SIGHUP",
        "2" => "SIGINT",
        "3" => "SIGQUIT",
        "9" => "SIGKILL",
        "10" => "SIGUSR1",
        "12" => "SIGUSR2",
        "15" | "0" => "SIGTERM",
        "28" => "SIGWINCH",
        "37" => "SIGRTMIN+3",
        other => other,
    };
    let name = if name.starts_with("SIG") { name.to_owned() } else { format!("SIG{name}") };
    Some(name).filter(|name| name != "SIGTERM")
}

/// What is set on a container and has no word here: told, and left out.
pub(super) fn others(container: &Node<'_>, notes: &mut Vec<String>) {
    let host = container.get("HostConfig");
    let log = host.get("LogConfig").get("Type").text();
    let usual = ["json-file", "local", "journald", "k8s-file", "default", "passthrough", "db"];
    if let Some(driver) = log.filter(|driver| !usual.contains(&driver.as_str())) {
        notes.push(format!("its log goes to the driver {}: that is not taken over", shown(&driver)));
    }
    let set = |what: &str, is: bool, notes: &mut Vec<String>| {
        if is {
            notes.push(format!("{what}: that is not taken over"));
        }
    };
    let number = |key: &str| host.get(key).number().filter(|number| *number != 0);
    let text = |key: &str| host.get(key).text();
    set("it runs on certain CPUs only", text("CpusetCpus").is_some(), notes);
    set("it has a weight of its own for CPU time", number("CpuShares").is_some_and(|n| n != 1024), notes);
    set("it has a weight of its own for disks", number("BlkioWeight").is_some(), notes);
    set(
        "it is killed earlier or later than others when memory is short",
        number("OomScoreAdj").is_some(),
        notes,
    );
    set("it is never killed when memory is short", host.get("OomKillDisable").flag(), notes);
    set("it shares the host's name (`--uts host`)", text("UTSMode").as_deref() == Some("host"), notes);
    set("it has a domain name of its own", container.get("Config").get("Domainname").text().is_some(), notes);
    let capped = ["BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"];
    set("its disks are throttled", capped.iter().any(|key| !host.get(key).list().is_empty()), notes);
    set("its root file system has a size limit", !host.get("StorageOpt").entries().is_empty(), notes);
}
