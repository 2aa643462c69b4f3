//! Alerts in, side by side with Alertmanager, on one machine and in one run: how many are accepted, how long until
//! they are told, and how much memory they take. Then what is Steward's own: what changed, and where a signal belongs.
//!
//! Both are sent the same requests, by the same senders, over HTTP on the loopback. Alertmanager tells a webhook,
//! Steward a Discord; both are served by this program and answer at once. Steward has everything on the disk before it
//! acknowledges it. `cargo bench --bench alerts` takes about ten minutes; `cargo bench --bench alerts -- --quick` gives
//! an idea in two; words after `--` pick sections: `accept`, `tell`, `burst`, `memory`, `changes`, `decide`.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

#[expect(dead_code, reason = "the benchmark of the chats needs more of it")]
#[path = "../chat/book.rs"]
mod book;
mod changes;
mod correlation;
#[path = "../chat/discord.rs"]
mod discord;
#[path = "../chat/gateway.rs"]
mod gateway;
mod load;
mod programs;
mod receivers;
#[path = "../../tests/crash/wire.rs"]
mod wire;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use programs::{Name, Program, Telling};
use receivers::Receiver;
use wire::Wire;

/// Rounds of a figure that is a rate; the median of them is printed.
const ROUNDS: usize = 3;
/// Alerts of one burst.
const BURST: usize = 1000;
/// The pause between two alerts that each find everything at rest.
const REST: Duration = Duration::from_millis(40);
/// From the last alert until memory is looked at: Steward has told what it tells by then.
const SETTLED: Duration = Duration::from_secs(15);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let words: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |section: &str| words.is_empty() || words.iter().any(|word| *word == section);
    let share = if quick { 10 } else { 1 };
    let root = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let root = root.path();
    describe(root)?;
    let mut receivers = receivers::serve()?;
    if wanted("accept") {
        accepted(root, &mut receivers, share)?;
    }
    if wanted("tell") {
        told(root, &mut receivers, 300 / share)?;
    }
    if wanted("burst") {
        burst(root, &mut receivers)?;
    }
    if wanted("memory") {
        memory(root, &mut receivers, share)?;
    }
    if wanted("changes") {
        tokio::runtime::Runtime::new()?.block_on(changes::measure(root, 1_000_000 / share))?;
    }
    if wanted("decide") {
        correlation::measure(100_000)?;
    }
    Ok(())
}

fn describe(root: &Path) -> Result<()> {
    let build = if cfg!(debug_assertions) { "UNOPTIMISED: these figures mean nothing" } else { "optimised" };
    let cores = std::thread::available_parallelism()?;
    println!(
        "steward {}, {}, {cores} cores, {build}",
        env!("CARGO_PKG_VERSION"),
        programs::alertmanager_version()?
    );
    println!("one 4 KiB write on this disk, synced, in ms: p50 / p99 / max: {}", synced_writes(root)?);
    Ok(())
}

/// How long the disk takes: without it no figure can be compared with another machine's.
fn synced_writes(root: &Path) -> Result<String> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(root.join("probe"))?;
    let mut took = Vec::new();
    for _ in 0..500 {
        let began = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        took.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(spread(took, 2))
}

/// Alerts per second until the last one is acknowledged, each another one, in turn for the two programs.
fn accepted(root: &Path, receivers: &mut [Receiver; 2], share: usize) -> Result<()> {
    println!(
        "\nalerts accepted per second (CPU time of each; how often there was no room), median of {ROUNDS}"
    );
    for (connections, each, alerts) in
        [(16, 1, 40_000), (64, 1, 60_000), (16, 64, 200_000), (64, 64, 200_000)]
    {
        let alerts = alerts / share;
        let requests = load::requests(0, alerts, each);
        let mut rates: [Vec<(f64, f64, usize)>; 2] = Default::default();
        for _ in 0..ROUNDS {
            for ((name, rates), receiver) in Name::BOTH.into_iter().zip(&mut rates).zip(&mut *receivers) {
                let program = Program::start(name, Telling::Usual, root, receiver)?;
                let cpu = program.cpu()?;
                let sent = load::send(program.address, &requests, connections)?;
                let cpu = (program.cpu()? - cpu).as_secs_f64() / alerts as f64;
                rates.push((alerts as f64 / sent.took.as_secs_f64(), cpu * 1e6, sent.refused));
            }
        }
        let [theirs, ours] = rates.map(|mut rates| {
            rates.sort_by(|a, b| a.0.total_cmp(&b.0));
            rates
                .get(rates.len() / 2)
                .map(|(rate, cpu, refused)| format!("{rate:.0} ({cpu:.0} µs; {refused})"))
        });
        let line = format!("{connections} connections, {each} at a time");
        println!(
            "{line:<32}Alertmanager {:<28}Steward {}",
            theirs.unwrap_or_default(),
            ours.unwrap_or_default()
        );
    }
    Ok(())
}

/// From just before a POST until the notification has come in, one after the other, at rest.
fn told(root: &Path, receivers: &mut [Receiver; 2], alerts: usize) -> Result<()> {
    println!("\nfrom POST to notification at rest, {alerts} one at a time, in ms: p50 / p99 / max");
    for (name, receiver) in Name::BOTH.into_iter().zip(&mut *receivers) {
        let program = Program::start(name, Telling::Each, root, receiver)?;
        let mut wire = Wire::connect(program.address)?;
        let (mut answered, mut told) = (Vec::new(), Vec::new());
        // The first few find it cold.
        for unit in 100_000..100_010 + alerts {
            let request = load::requests(unit, 1, 1).concat();
            std::thread::sleep(REST);
            let began = book::now();
            load::one(&mut wire, &request)?;
            answered.push((book::now() - began) as f64 / 1e6);
            let arrived = receiver.wait(unit..unit + 1)?;
            told.extend(arrived.iter().map(|at| at.saturating_sub(began) as f64 / 1e6));
        }
        let (told, answered) = (spread(told.split_off(10), 1), spread(answered.split_off(10), 1));
        println!("{:<16}{told:>24}   acknowledged after {answered}", format!("{name:?}"));
    }
    Ok(())
}

/// A thousand faults at once, each told for itself: until the last of them has been told.
fn burst(root: &Path, receivers: &mut [Receiver; 2]) -> Result<()> {
    println!(
        "\n{BURST} incidents at once, sent 64 at a time over 16 connections, in ms: until accepted / half told / all told, {ROUNDS} rounds"
    );
    for (name, receiver) in Name::BOTH.into_iter().zip(&mut *receivers) {
        for round in 0..ROUNDS {
            let program = Program::start(name, Telling::Each, root, receiver)?;
            let first = 200_000 + round * BURST;
            let requests = load::requests(first, BURST, 64);
            let began = book::now();
            let sent = load::send(program.address, &requests, 16)?;
            let mut told = receiver.wait(first..first + BURST)?;
            told.sort_unstable();
            let after = |rank: usize| told.get(rank).map_or(0.0, |at| at.saturating_sub(began) as f64 / 1e6);
            let accepted = sent.took.as_secs_f64() * 1e3;
            println!(
                "{:<16}{accepted:>8.0} /{:>8.0} /{:>8.0}",
                format!("{name:?}"),
                after(BURST / 2),
                after(BURST - 1)
            );
        }
    }
    Ok(())
}

/// Resident memory with so many alerts active.
fn memory(root: &Path, receivers: &mut [Receiver; 2], share: usize) -> Result<()> {
    println!(
        "\nresident memory in MiB, {} s after the last of so many active alerts: at rest / with them",
        SETTLED.as_secs()
    );
    let cases = [
        ("usual", Telling::Usual, 10_000),
        ("usual", Telling::Usual, 100_000),
        ("each for itself", Telling::EachLater, 10_000),
    ];
    for (how, telling, alerts) in cases {
        let alerts = alerts / share;
        let requests = load::requests(300_000, alerts, 64);
        for (name, receiver) in Name::BOTH.into_iter().zip(&mut *receivers) {
            let program = Program::start(name, telling, root, receiver)?;
            std::thread::sleep(Duration::from_secs(2));
            let at_rest = program.memory()?;
            load::send(program.address, &requests, 4)?;
            if name == Name::Steward {
                program.wait_worked_off()?;
            }
            std::thread::sleep(SETTLED);
            let line = format!("{alerts} alerts, {how}");
            println!("{line:<32}{:<16}{at_rest:>8.1} /{:>8.1}", format!("{name:?}"), program.memory()?);
        }
    }
    Ok(())
}

/// The median, the 99th percentile and the longest: nearest ranks, figures that were really measured.
fn spread(mut all: Vec<f64>, digits: usize) -> String {
    all.sort_by(f64::total_cmp);
    let at = |share: f64| {
        all.get(((all.len() as f64 * share).ceil() as usize).saturating_sub(1)).copied().unwrap_or(f64::NAN)
    };
    format!("{:.digits$} / {:.digits$} / {:.digits$}", at(0.5), at(0.99), at(1.0))
}
