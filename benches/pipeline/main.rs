//! Signals per second through the whole pipeline into SQLite, every one of them on the disk before its sender goes
//! on (group commit, `synchronous = FULL`): at no history, at 10,000 and at 100,000 stored incidents. Then, in a
//! process of its own, how long Steward takes to be ready with that history, and how much memory it holds at rest.
//!
//! `cargo bench` measures all of it in about five minutes; `cargo bench -- --quick` gives an idea in one.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

mod history;
mod lab;
mod load;
mod process;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use load::{SENDERS, Shape};

/// Each target is a fault of its own, however many there are.
const EACH_ITS_OWN: &str = "[incidents]\nstorm = 0\nneighbours = 0\n";
/// Tells each incident at once, so that messages are written and delivered within the measured time too.
const AT_ONCE: &str = "[incidents]\nstorm = 0\nneighbours = 0\nsettle = \"0s\"\n";

struct Scenario {
    name: &'static str,
    shape: Shape,
    batch: usize,
    settings: &'static str,
    signals: usize,
}

const SCENARIOS: [Scenario; 7] = [
    Scenario {
        name: "distinct targets",
        shape: Shape::Distinct,
        batch: 1,
        settings: EACH_ITS_OWN,
        signals: 40_000,
    },
    Scenario {
        name: "distinct targets",
        shape: Shape::Distinct,
        batch: 64,
        settings: EACH_ITS_OWN,
        signals: 60_000,
    },
    Scenario {
        name: "distinct targets, told",
        shape: Shape::Distinct,
        batch: 64,
        settings: AT_ONCE,
        signals: 20_000,
    },
    Scenario {
        name: "one flapping target",
        shape: Shape::Flapping,
        batch: 1,
        settings: EACH_ITS_OWN,
        signals: 80_000,
    },
    Scenario {
        name: "one flapping target",
        shape: Shape::Flapping,
        batch: 64,
        settings: EACH_ITS_OWN,
        signals: 400_000,
    },
    Scenario {
        name: "one repeating target",
        shape: Shape::Repeating,
        batch: 1,
        settings: EACH_ITS_OWN,
        signals: 80_000,
    },
    Scenario {
        name: "one repeating target",
        shape: Shape::Repeating,
        batch: 64,
        settings: EACH_ITS_OWN,
        signals: 400_000,
    },
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    if let [argument, dir] = &arguments[..]
        && argument == process::ARGUMENT
    {
        println!("{}", runtime.block_on(process::be(Path::new(dir)))?);
        return Ok(());
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let only = arguments.iter().find(|argument| !argument.starts_with("--"));
    runtime.block_on(measure(quick, only.map(String::as_str)))
}

async fn measure(quick: bool, only: Option<&str>) -> Result<()> {
    let sizes: &[usize] = if quick { &[0, 10_000] } else { &[0, 10_000, 100_000] };
    let root = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let cores = std::thread::available_parallelism()?;
    println!("steward {}, {cores} cores, {}", env!("CARGO_PKG_VERSION"), build());
    println!(
        "one 4 KiB write on this disk, synced: {:.2} ms",
        synced_write(root.path())?.as_secs_f64() * 1e3
    );
    let pasts = pasts(root.path(), sizes).await?;

    println!(
        "\nsignals per second, each committed, from {SENDERS} senders (and CPU time of each, senders included):"
    );
    let head: String = sizes.iter().map(|size| format!("{:>20}", format!("{size} past"))).collect();
    println!("{:<24}{:>6}{head}{:>14}", "", "batch", "CPU, last/0");
    for scenario in SCENARIOS.iter().filter(|s| only.is_none_or(|only| s.name.contains(only))) {
        let mut costs = Vec::new();
        for past in &pasts {
            costs.push(run(scenario, past, quick).await?);
        }
        let shown: String = costs.iter().map(|cost| format!("{:>20}", cost.to_string())).collect();
        let ratio = costs.first().zip(costs.last()).map_or(1.0, |(first, last)| last.cpu / first.cpu);
        println!("{:<24}{:>6}{shown}{ratio:>14.2}", scenario.name, scenario.batch);
    }

    println!("\na new process:{:>17}{:>14}{:>14}", "stored", "ready after", "RSS at rest");
    for (size, past) in sizes.iter().zip(&pasts) {
        let idle = process::measure(past)?;
        let (ready, rss) = (idle.ready.as_secs_f64() * 1e3, idle.rss_kib as f64 / 1024.0);
        println!("{size:>31}{:>14}{:>14}", format!("{ready:.0} ms"), format!("{rss:.1} MiB"));
    }
    Ok(())
}

fn build() -> &'static str {
    if cfg!(debug_assertions) { "UNOPTIMISED: these figures mean nothing" } else { "optimised" }
}

/// How long the disk takes: without it no figure can be compared with another machine's.
fn synced_write(dir: &Path) -> Result<Duration> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(dir.join("probe"))?;
    let rounds = 200;
    let began = Instant::now();
    for _ in 0..rounds {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
    }
    Ok(began.elapsed() / rounds)
}

/// A state directory for each size of history.
async fn pasts(root: &Path, sizes: &[usize]) -> Result<Vec<PathBuf>> {
    let mut pasts = Vec::new();
    for &size in sizes {
        let dir = root.join(size.to_string());
        let began = Instant::now();
        history::write(&dir.join("state"), size).await?;
        let bytes = std::fs::metadata(dir.join("state/steward.db"))?.len();
        println!("{size} past incidents: {} MiB, written in {:.0?}", bytes >> 20, began.elapsed());
        pasts.push(dir);
    }
    // What was written goes on to the disk for a while, also after it says that it is there.
    rustix::fs::sync();
    tokio::time::sleep(Duration::from_secs(10)).await;
    Ok(pasts)
}

/// What one signal cost, in seconds.
struct Cost {
    wall: f64,
    cpu: f64,
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0} ({:.0} µs)", 1.0 / self.wall, self.cpu * 1e6)
    }
}

/// One scenario on a copy of a past.
async fn run(scenario: &Scenario, past: &Path, quick: bool) -> Result<Cost> {
    let dir = tempfile::tempdir_in(past.parent().context("no parent")?)?;
    std::fs::create_dir(dir.path().join("state"))?;
    std::fs::copy(past.join("state/steward.db"), dir.path().join("state/steward.db"))?;
    // What the copy left to be written is not what is measured.
    rustix::fs::sync();
    let settings = format!("{}{}", lab::NO_SKILLS, scenario.settings);
    let app = lab::start(dir.path(), &settings).await?;
    load::send(&app, scenario.shape, SENDERS * scenario.batch, scenario.batch).await?;
    let count = if quick { scenario.signals / 4 } else { scenario.signals };
    let cpu = process::cpu_time()?;
    let took = load::send(&app, scenario.shape, count, scenario.batch).await?;
    let cpu = process::cpu_time()? - cpu;
    app.stop().await?;
    let sent = (count.div_ceil(scenario.batch) * scenario.batch) as f64;
    Ok(Cost { wall: took.as_secs_f64() / sent, cpu: cpu.as_secs_f64() / sent })
}
