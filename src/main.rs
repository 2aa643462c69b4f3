//! The `steward` binary: arguments, logging, exit code.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use steward::adapters::chat::console::{Console, Style, stdin};
use steward::adapters::control::{Control, ControlLimits};
use steward::app::live::Listen;
use steward::app::{App, StartError, live};
use steward::cli::{self, Failure, Globals, Tools};
use steward::config::Setup;
use steward::demo::{self, lab};
use steward::engine::message::{Handle, Message};
use steward::engine::ports::Chat;
use tokio::sync::{mpsc, watch};
use tracing_subscriber::fmt::writer::BoxMakeWriter;

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
    Run {
        /// Where alerts are listened for, or `off` [default: the configuration's `listen` under [alerts]]
        #[arg(long, value_name = "ADDR")]
        listen: Option<Listen>,
    },
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
    match command.unwrap_or(Command::Run { listen: None }) {
        Command::Run { listen } => run(&globals, listen),
        Command::Demo { interactive } => cli::tell(demo(&globals, interactive)),
        Command::Cli(command) => cli::execute(&globals, &command, &*live::clock(), &tools),
        Command::LabProcess(args) => lab::lab_process(&args),
        Command::LabCtl(args) => lab::lab_ctl(&args),
    }
}

fn run(globals: &Globals, listen_at: Option<Listen>) -> ExitCode {
    let console = match console() {
        Ok(console) => console,
        Err(failure) => return cli::tell(Err(failure)),
    };
    cli::with_setup(globals, log_beside(&console), |setup| {
        runtime()?.block_on(async {
            let interrupted = interrupted()?;
            let settings = &setup.loaded.config.chat.console;
            let mut chats: Vec<Arc<dyn Chat>> = Vec::new();
            if settings.enabled {
                chats.push(Arc::new(console.clone()));
            }
            chats.extend(live::platforms(&setup).map_err(|why| Failure::of_sentence(&why))?);
            let app = live::start(&globals.request(), chats, listen_at).await.map_err(failed)?;
            cli::redact_with(app.store().redaction().clone());
            if settings.enabled {
                listen(&console, settings.operator.clone(), app.handle().clone())?;
            }
            let control = hear_commands(&setup.loaded.config.state_dir, app.handle().clone());
            let ended = keep_running(app, control, interrupted).await;
            console.close().await;
            ended
        })
    })
}

/// Hears what the command line says. Steward works without, so a fault of this is told and no more.
fn hear_commands(state_dir: &Path, engine: Handle) -> Option<Control> {
    let opened = Control::open(state_dir, engine, ControlLimits::default());
    opened.inspect_err(|error| tracing::warn!("{error}")).ok()
}

fn console() -> Result<Console, Failure> {
    Console::new(Box::new(std::io::stdout()), Style::detect()).map_err(|error| {
        Failure::new(
            format!("the console can't be used: {error}"),
            "look whether the system is out of processes",
        )
    })
}

/// Log lines go to standard error; where that is the console's own terminal, the console writes them, so that they
/// don't spoil what it draws.
fn log_beside(console: &Console) -> BoxMakeWriter {
    use std::io::IsTerminal as _;
    if std::io::stderr().is_terminal() && std::io::stdout().is_terminal() {
        let aside = console.aside();
        return BoxMakeWriter::new(move || aside.clone());
    }
    BoxMakeWriter::new(std::io::stderr)
}

/// Hands on what the person at the console types.
fn listen(console: &Console, operator: String, engine: Handle) -> Result<(), Failure> {
    let input = stdin().map_err(|error| {
        Failure::new(
            format!("standard input can't be read: {error}"),
            "look whether the system is out of processes",
        )
    })?;
    let keyboard = console.keyboard();
    tokio::spawn(keyboard.read(input, operator, move |inbound| engine.send(Message::Said(inbound))));
    Ok(())
}

/// Runs until told to end, or until it can't go on.
async fn keep_running(
    mut app: App,
    control: Option<Control>,
    mut interrupted: watch::Receiver<bool>,
) -> Result<ExitCode, Failure> {
    tokio::select! {
        _ = async { let _ = interrupted.wait_for(|yes| *yes).await; } => {}
        error = app.failed() => return Err(Failure::new(format!("Steward can't go on: {error}"), "start it again when that is mended; what was decided before is stored")),
    }
    // While the state lock is held: afterwards the socket could be the next Steward's.
    let remaining = match control {
        Some(control) => Some(control.close().await),
        None => None,
    };
    let stopped = app.stop().await;
    if let Some(remaining) = remaining {
        remaining.leave().await;
    }
    stopped.map_err(|error| {
        Failure::new(
            format!("the last decisions were not written: {error}"),
            "they are made again at the next start",
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The tour brings its own configuration; only the flags about logging count.
fn demo(globals: &Globals, interactive: bool) -> Result<ExitCode, Failure> {
    let console = console()?;
    cli::start_logging_to(globals, "error", log_beside(&console))?;
    let program = std::env::current_exe().map_err(|error| {
        Failure::new(format!("Steward can't find its own program: {error}"), "start it by its full path")
    })?;
    runtime()?.block_on(async {
        let interrupted = interrupted()?;
        let lines = if interactive { Some(typed(&console)?) } else { None };
        let stage = demo::Stage {
            program,
            console: Arc::new(console.clone()),
            script: Box::new(console.aside()),
            lines,
            interrupted,
        };
        let ended = demo::run(stage).await;
        console.close().await;
        ended.map_err(|error| {
            Failure::new(
                format!("the demo stopped: {error:#}"),
                "look at what it says above; nothing of yours was touched",
            )
        })
    })
}

/// The lines that are typed at the console.
fn typed(console: &Console) -> Result<mpsc::Receiver<String>, Failure> {
    let input = stdin().map_err(|error| {
        Failure::new(
            format!("standard input can't be read: {error}"),
            "look whether the system is out of processes",
        )
    })?;
    let (lines, typed) = mpsc::channel(16);
    let keyboard = console.keyboard();
    tokio::spawn(keyboard.read(input, "you".to_owned(), move |inbound| {
        // Whoever types faster than the tour reads loses a line, not the tour.
        let _ = lines.try_send(inbound.text);
    }));
    Ok(typed)
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::new(
            format!("the system gives no runtime: {error}"),
            "look whether it is out of processes or files",
        )
    })
}

/// Turns true at the first Ctrl-C, SIGTERM or hang-up; a second one ends the process on the spot, which is what a crash
/// would do, and as safe.
fn interrupted() -> Result<watch::Receiver<bool>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let no_signals = |error: std::io::Error| {
        Failure::new(format!("signals can't be heard: {error}"), "this is odd; please report it")
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(no_signals)?;
    let (tell, told) = watch::channel(false);
    tokio::spawn(async move {
        for first in [true, false] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hangup.recv() => {}
            }
            if first {
                tracing::warn!("ending as soon as what runs has come to a safe point; once more ends it now");
                let _ = tell.send(true);
            }
        }
        std::process::exit(130);
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
    let live::Reach { runner, clock, sources, reader, chats, models } = live::reach(setup);
    Tools { runner, clock, sources, reader, chats, models, world: steward::app::replay_world }
}
