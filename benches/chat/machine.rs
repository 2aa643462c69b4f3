//! The machine: what its figures can be compared by, and what this process holds of its memory.

use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

/// The version, the build and the machine, in two lines.
pub(crate) fn described(folder: &Path) -> Result<String> {
    let build = if cfg!(debug_assertions) { "UNOPTIMISED: these figures mean nothing" } else { "optimised" };
    let cores = std::thread::available_parallelism()?;
    let version = env!("CARGO_PKG_VERSION");
    let mut file = std::fs::File::create(folder.join("probe"))?;
    let rounds = 200;
    let began = Instant::now();
    for _ in 0..rounds {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
    }
    let synced = (began.elapsed() / rounds).as_secs_f64() * 1e3;
    Ok(format!(
        "steward {version}, {cores} cores, {build}\none 4 KiB write on this disk, synced: {synced:.2} ms"
    ))
}

/// Resident memory of this process.
pub(crate) struct Memory {
    now_kib: u64,
    most_kib: u64,
}

impl Memory {
    pub(crate) fn now() -> Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
        let read = |name: &str| -> Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).context("not there")?;
            Ok(line.split_whitespace().next().context("no number")?.parse()?)
        };
        Ok(Self { now_kib: read("VmRSS:")?, most_kib: read("VmHWM:")? })
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |kib: u64| kib as f64 / 1024.0;
        write!(f, "{:.1} MiB (at most {:.1})", mib(self.now_kib), mib(self.most_kib))
    }
}
