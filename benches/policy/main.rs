//! How long the policy takes to judge a command: every line of the corpus in `tests/corpus`, by the shipped rules alone
//! and with up to 1,000 of an operator's.
//!
//! `cargo bench --bench policy` takes about a minute; `cargo bench --bench policy -- --quick` gives an idea in ten
//! seconds. A figure of one command is the median of its rounds; the table says how those spread over the commands.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

mod corpus;
mod rules;

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use steward::domain::action::Action;
use steward::policy::{Facts, Policy};

/// How often each command is judged.
const ROUNDS: usize = 31;
const QUICK_ROUNDS: usize = 5;
/// How many rules of an operator's stand beside the shipped ones.
const OWN_RULES: [usize; 4] = [0, 10, 100, 1000];

fn main() -> Result<()> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let rounds = if quick { QUICK_ROUNDS } else { ROUNDS };
    let commands = corpus::commands()?;
    println!(
        "{} commands, the median of {rounds} rounds each; in µs: min / median / p99 / max\n",
        commands.len()
    );
    println!("{:>8}{:>12}{:>36}  slowest", "rules", "loaded in", "a command");
    for own in OWN_RULES {
        let began = Instant::now();
        let policy = rules::policy(own)?;
        let loaded = began.elapsed();
        let spread = Spread::over(&policy, &commands, rounds)?;
        let count = policy.rules().count();
        let figures = spread.to_string();
        println!("{count:>8}{:>9.0} ms{figures:>36}  {}", millis(loaded), spread.slowest);
    }
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// How long judging takes over all commands, in µs.
struct Spread {
    figures: [f64; 4],
    slowest: String,
}

impl Spread {
    fn over(policy: &Policy, commands: &[String], rounds: usize) -> Result<Self> {
        ensure!(!commands.is_empty(), "there is nothing to judge");
        let policy = policy.clone().protecting(["/var/lib/steward".into(), "/etc/steward".into()]);
        let mut all: Vec<(f64, &String)> =
            commands.iter().map(|command| (typical(&policy, command, rounds), command)).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        // The nearest rank: a figure that was really measured.
        let at = |share: f64| all[((all.len() as f64 * share).ceil() as usize).clamp(1, all.len()) - 1].0;
        let slowest = all.last().map(|(_, command)| command.escape_debug().to_string()).unwrap_or_default();
        Ok(Self { figures: [at(0.0), at(0.5), at(0.99), at(1.0)], slowest })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [min, median, p99, max] = self.figures;
        write!(f, "{min:.0} / {median:.0} / {p99:.0} / {max:.0}")
    }
}

/// The median of some rounds, in µs; the first one warms up and doesn't count.
fn typical(policy: &Policy, command: &str, rounds: usize) -> f64 {
    let action = Action::script(command);
    let facts = Facts::plain();
    let mut times: Vec<f64> = (0..=rounds)
        .map(|_| {
            let began = Instant::now();
            black_box(policy.evaluate(black_box(&action), &facts));
            began.elapsed().as_secs_f64() * 1e6
        })
        .skip(1)
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
