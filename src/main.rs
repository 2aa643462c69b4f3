//! The `steward` binary: arguments, logging, exit code.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use steward::adapters::chat::console::Console;
use steward::app::{App, StartError, live};
use steward::cli::{self, Failure, Globals, Tools};
use steward::config::{Request, Setup};
use steward::demo::{self, lab};
use tokio::sync::watch;

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
        Command::Run => cli::with_setup(&globals, |_| run(&globals.request())),
        Command::Demo { interactive } => cli::tell(demo(&globals, interactive)),
        Command::Cli(command) => cli::execute(&globals, &command, &tools),
        Command::LabProcess(args) => lab::lab_process(&args),
        Command::LabCtl(args) => lab::lab_ctl(&args),
    }
}

fn run(request: &Request) -> Result<ExitCode, Failure> {
    runtime()?.block_on(async {
        let interrupted = interrupted()?;
        let app = live::start(request, vec![Arc::new(Console)]).await.map_err(failed)?;
        keep_running(app, interrupted).await
    })
}

/// Runs until told to end, or until it can't go on.
async fn keep_running(mut app: App, mut interrupted: watch::Receiver<bool>) -> Result<ExitCode, Failure> {
    tokio::select! {
        _ = async { let _ = interrupted.wait_for(|yes| *yes).await; } => {}
        error = app.failed() => return Err(Failure::new(format!("Steward can't go on: {error}"), "start it again when that is mended; what was decided before is stored")),
    }
    app.stop().await.map_err(|error| {
        Failure::new(
            format!("the last decisions were not written: {error}"),
            "they are made again at the next start",
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The tour brings its own configuration; only the flags about logging count.
fn demo(globals: &Globals, interactive: bool) -> Result<ExitCode, Failure> {
    cli::start_logging(globals, "error")?;
    let program = std::env::current_exe().map_err(|error| {
        Failure::new(format!("Steward can't find its own program: {error}"), "start it by its full path")
    })?;
    let _ = interactive;
    runtime()?.block_on(async {
        let stage =
            demo::Stage { program, console: Arc::new(Console), lines: None, interrupted: interrupted()? };
        demo::run(stage).await.map_err(|error| {
            Failure::new(
                format!("the demo stopped: {error:#}"),
                "look at what it says above; nothing of yours was touched",
            )
        })
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::new(
            format!("the system gives no runtime: {error}"),
            "look whether it is out of processes or files",
        )
    })
}

/// Turns true at the first Ctrl-C or SIGTERM.
fn interrupted() -> Result<watch::Receiver<bool>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let no_signals = |error: std::io::Error| {
        Failure::new(format!("signals can't be heard: {error}"), "this is odd; please report it")
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let (tell, told) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        let _ = tell.send(true);
    });
    Ok(told)
}

fn failed(error: StartError) -> Failure {
    match error {
        StartError::Config(problems) => Failure::of_problems(&problems),
        other => Failure::of_sentence(&other.to_string()),
    }
}

/// What touches the world.
fn tools(setup: &Setup) -> Tools {
    let (runner, clock, sources) = live::world(setup);
    Tools { runner, clock, sources }
}
