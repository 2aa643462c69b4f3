//! The machine: what its disk did while Steward was measured, and what Steward held of its memory.

use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::figures::Spread;

/// How often the disk is tried.
const TRY_DISK: Duration = Duration::from_millis(50);

/// The version, the build and the machine.
pub(crate) fn described() -> Result<String> {
    let build = if cfg!(debug_assertions) { "UNOPTIMISED: these figures mean nothing" } else { "optimised" };
    let cores = std::thread::available_parallelism()?;
    let version = env!("CARGO_PKG_VERSION");
    Ok(format!("steward {version}, {cores} cores, {build}"))
}

/// Writes a little now and then, and syncs it: no message leaves before its incident is on the disk, so a disk that is
/// held up by others shows in every figure.
pub(crate) struct Disk {
    end: Sender<()>,
    trying: JoinHandle<Result<Vec<f64>>>,
}

impl Disk {
    /// Begins to try the disk that this folder is on.
    pub(crate) fn watch(folder: &Path) -> Result<Self> {
        let mut file = File::create(folder.join("probe"))?;
        let (end, told) = channel();
        let trying = std::thread::spawn(move || {
            let mut took = Vec::new();
            while told.recv_timeout(TRY_DISK) == Err(RecvTimeoutError::Timeout) {
                let began = Instant::now();
                file.write_all(&[7; 4096])?;
                file.sync_data()?;
                took.push(began.elapsed().as_secs_f64() * 1e3);
            }
            Ok(took)
        });
        Ok(Self { end, trying })
    }

    /// How long one write took until it was synced.
    pub(crate) fn done(self) -> Result<Spread> {
        drop(self.end);
        Spread::over(self.trying.join().map_err(|_| anyhow!("the disk could not be tried"))??)
    }
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
