//! A process of its own, started anew: how long until it is ready, and how much memory it then holds.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::lab;

/// The argument that makes this program the measured process.
pub(crate) const ARGUMENT: &str = "--idle";

/// What the measured process says of itself.
pub(crate) struct Idle {
    /// From the call of `App::start` until it returned.
    pub(crate) ready: Duration,
    /// Resident memory two seconds later.
    pub(crate) rss_kib: u64,
}

/// Starts Steward on the state in `dir` in a process of its own. The second of two runs counts: the first one reads
/// a disk that nobody has read for a while.
pub(crate) fn measure(dir: &Path) -> Result<Idle> {
    once(dir)?;
    once(dir)
}

fn once(dir: &Path) -> Result<Idle> {
    let program = std::env::current_exe().context("finding this program")?;
    let output = Command::new(program).arg(ARGUMENT).arg(dir).output().context("starting a process")?;
    if !output.status.success() {
        bail!("the measured process failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let mut next = || numbers.next().context("no number")?.context("not a number");
    Ok(Idle { ready: Duration::from_micros(next()?), rss_kib: next()? })
}

/// The measured process: microseconds until ready, and resident memory in KiB.
pub(crate) async fn be(dir: &Path) -> Result<String> {
    let began = Instant::now();
    let app = lab::start(dir, "").await?;
    let ready = began.elapsed();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let rss = rss_kib()?;
    app.stop().await?;
    Ok(format!("{} {rss}", ready.as_micros()))
}

fn rss_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    line.split_whitespace().next().context("no number")?.parse().context("VmRSS is no number")
}

/// The CPU time that this process has used so far, all its threads together. Resolution: 10 ms.
pub(crate) fn cpu_time() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("reading /proc/self/stat")?;
    // The second field is the program's name in parentheses, and may have spaces.
    let (_, fields) = stat.rsplit_once(") ").context("no name")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}
