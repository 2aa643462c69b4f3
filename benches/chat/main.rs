//! How long after a signal its message is on the wire, with `settle = "0s"` and both platforms connected, at 1, 100 and
//! 1,000 incidents a minute; and how much memory Steward holds meanwhile.
//!
//! The app, its clock, its disk and its adapters are the real ones. The platforms are small servers on the loopback, in
//! a process of their own; they know no limits, and answer at once. `cargo bench --bench chat` takes about four
//! minutes; `cargo bench --bench chat -- --quick` gives an idea in one.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

mod book;
mod discord;
mod figures;
mod gateway;
mod lab;
mod load;
mod machine;
mod remote;
mod telegram;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use book::{PLATFORMS, Part};
use figures::Figures;
use load::Rate;
use remote::{Remote, Report};

/// After a run: for the edits that wait until a message may be edited again.
const AFTERWARDS: Duration = Duration::from_secs(4);
/// How long it is waited for what should come by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long an answer takes from platforms that are as far away as the real ones.
const FAR: Duration = Duration::from_millis(100);

/// One incident every three seconds stands for one a minute: each finds everything at rest.
const RATES: [Rate; 4] = [
    Rate { a_minute: 1, every: Duration::from_secs(3), incidents: 20, away: Duration::ZERO },
    Rate { a_minute: 100, every: Duration::from_millis(600), incidents: 100, away: Duration::ZERO },
    Rate { a_minute: 1000, every: Duration::from_millis(60), incidents: 700, away: Duration::ZERO },
    Rate { a_minute: 100, every: Duration::from_millis(600), incidents: 70, away: FAR },
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == remote::ARGUMENT) {
        return remote::be();
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(std::io::stderr).init();
    tokio::runtime::Runtime::new()?.block_on(measure(quick))
}

async fn measure(quick: bool) -> Result<()> {
    let root = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    println!("{}", machine::described()?);
    let mut remote = Remote::start()?;
    let app = lab::start(root.path(), &remote).await?;
    let mut report = Report::default();
    wait(&mut remote, &mut report, "both platforms to be connected", |report| report.connected()).await?;
    tokio::time::sleep(AFTERWARDS).await;
    remote.ask(&mut report)?;
    let at_rest = machine::Memory::now()?;

    println!("\nfrom the signal until its message is on the wire, in ms: p50 / p99 / max");
    println!("{}", Figures::head());
    let mut first = 1;
    for rate in RATES.map(|rate| if quick { rate.quick() } else { rate }) {
        let mut run = Report::default();
        remote.move_away(rate.away)?;
        let disk = machine::Disk::watch(root.path())?;
        let sent = load::send(app.handle(), &rate, first).await?;
        first += rate.incidents;
        let wanted = PLATFORMS.len() * Part::ALL.len() * sent.len();
        wait(&mut remote, &mut run, "every message", |run| run.arrivals.len() >= wanted).await?;
        let disk = disk.done()?;
        tokio::time::sleep(AFTERWARDS).await;
        remote.ask(&mut run)?;
        for platform in PLATFORMS {
            println!("{}", Figures::of(&rate, platform, &sent, &run)?);
        }
        println!("{:>30}{disk:>32} a synced write of 4 KiB meanwhile", "");
    }

    let after = machine::Memory::now()?;
    println!("\nresident memory: {at_rest} connected and at rest, {after} after all of this");
    app.stop().await?;
    // Discord is told good-bye on a thread of its own.
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(())
}

/// Waits until the platforms report what is waited for.
async fn wait(
    remote: &mut Remote,
    report: &mut Report,
    what: &str,
    there: impl Fn(&Report) -> bool,
) -> Result<()> {
    let began = Instant::now();
    loop {
        remote.ask(report).context("asking the platforms")?;
        if there(report) {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "waited in vain for {what}: {report:?}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
