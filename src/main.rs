//! The `steward` binary: arguments, logging, exit code.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clap::{Parser, Subcommand};
use steward::adapters::exec::{Environment, LocalRunner};
use steward::cli::{self, Failure, Globals, Tools};
use steward::config::Setup;
use steward::demo::lab;
use steward::domain::signal::Timestamp;
use steward::engine::ports::Clock;

/// An autonomous SRE for the homelab that lives in chat
#[derive(Debug, Parser)]
#[command(
    name = "steward",
    version,
    after_help = "Without a command, `run` is meant. Exit codes: 0 fine, 1 problems or failure, 2 wrongly typed."
)]
struct Arguments {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start Steward and keep it running; Ctrl-C drains and stops it
    Run,
    /// The tour: a small scratch lab of real processes, broken and repaired
    Demo {
        /// Stay at the console and break things yourself
        #[arg(long)]
        interactive: bool,
    },
    #[command(flatten)]
    Cli(cli::Command),
    /// One of the scratch lab's processes
    #[command(hide = true)]
    LabProcess(lab::LabProcessArgs),
    /// Acts on the scratch lab
    #[command(hide = true)]
    LabCtl(lab::LabCtlArgs),
}

fn main() -> ExitCode {
    let Arguments { globals, command } = Arguments::parse();
    match command.unwrap_or(Command::Run) {
        Command::Run => cli::with_setup(&globals, run),
        Command::Demo { interactive } => cli::tell(demo(&globals, interactive)),
        Command::Cli(command) => cli::execute(&globals, &command, &tools),
        Command::LabProcess(args) => lab::lab_process(&args),
        Command::LabCtl(args) => lab::lab_ctl(&args),
    }
}

fn run(_setup: Setup) -> Result<ExitCode, Failure> {
    Err(Failure::new("`run` is not built in yet", "use `steward check` and `steward skill run` meanwhile"))
}

/// The tour brings its own configuration; only the flags about logging count.
fn demo(globals: &Globals, _interactive: bool) -> Result<ExitCode, Failure> {
    cli::start_logging(globals, "warn")?;
    Err(Failure::new("`demo` is not built in yet", "use `steward check` and `steward skill run` meanwhile"))
}

/// What touches the world, as the configuration wants it.
fn tools(_setup: &Setup) -> Tools {
    let clock = Arc::new(SystemClock);
    let runner = Arc::new(LocalRunner::new(clock.clone(), Environment::of_this_process()));
    Tools { runner, clock, sources: Vec::new() }
}

struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        chrono::Utc::now()
    }

    async fn sleep_until(&self, at: Timestamp) {
        while let Ok(left) = (at - self.now()).to_std() {
            tokio::time::sleep(left.min(Duration::from_secs(1))).await;
        }
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
