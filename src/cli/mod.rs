//! The command line: what can be typed after `steward`, short of starting the bot itself.
//!
//! Nothing here knows an adapter: the binary hands over what touches the world as [`Tools`].

mod adopt;
mod agent;
mod alerts;
mod args;
mod audit;
mod changes;
mod check;
mod control;
mod doctor;
mod export;
mod failure;
mod incidents;
mod json;
mod logging;
mod notify;
mod plan;
mod policy;
mod rejected;
mod replay;
mod runbooks;
mod screen;
mod silences;
mod skills;
mod topology;
mod try_skill;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

pub use args::{
    AdoptArgs, AgentCommand, AlertsCommand, AuditCommand, AuditShowArgs, ChangesArgs, ClusterKind, Command,
    EvalArgs, ExportArgs, Globals, IgnoredArgs, IncidentCommand, LogFormat, NotifyArgs, PlanArgs,
    PolicyCommand, Query, RejectedArgs, ReplayArgs, RunbookCommand, SilenceArgs, SilenceCommand,
    SkillCommand, TopologyArgs,
};
pub use failure::Failure;
pub use logging::{redact_with, start as start_logging, start_to as start_logging_to};
pub use try_skill::runnable;

use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::agent::dialogue::MakeModels;
use crate::config::Setup;
use crate::engine::ports::{ChangeSource, Clock, CommandRunner, MakeChats, ReadCommand};
use crate::engine::world::World;
use failure::Stop;
use screen::Screen;

/// What the commands need of the world.
#[derive(Clone)]
pub struct Tools {
    /// Runs processes.
    pub runner: Arc<dyn CommandRunner>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What can tell of changes.
    pub sources: Vec<Arc<dyn ChangeSource>>,
    /// Looks at what is to be adopted, by the policy.
    pub reader: Arc<dyn ReadCommand>,
    /// Sets up the chat platforms that are configured, short of the console.
    pub chats: MakeChats,
    /// Sets up the language models that are configured.
    pub models: MakeModels,
    /// Makes a world in which nothing has happened yet, for a replay.
    pub world: fn(&Setup) -> World,
}

/// Makes the tools that fit a configuration.
pub type MakeTools<'a> = &'a dyn Fn(&Setup) -> Tools;

/// How a command went: its exit code, or why it stopped early.
type Ended = Result<ExitCode, Stop>;

/// Carries a command out and returns its exit code: 0 fine, 1 problems or failure, 2 wrongly typed. Results go to
/// standard output, failures to standard error.
#[must_use]
pub fn execute(
    globals: &Globals,
    command: &Command,
    clock: &dyn Clock,
    make_tools: MakeTools<'_>,
) -> ExitCode {
    let mut screen = Screen::stdout();
    let ended = carry_out(globals, command, clock, make_tools, &mut screen);
    ended.and_then(|code| screen.flush().map(|()| code)).unwrap_or_else(|stop| {
        // What was written before it stopped comes first.
        drop(screen.flush());
        stop.tell()
    })
}

/// Begins with the whole configuration, logging to `log` started, and ends with the exit code: the frame around the
/// bot. What is wrong is told on standard error.
#[must_use]
pub fn with_setup(
    globals: &Globals,
    log: BoxMakeWriter,
    work: impl FnOnce(Setup) -> Result<ExitCode, Failure>,
) -> ExitCode {
    tell(load(globals).and_then(|setup| {
        logging::start_to(globals, &setup.loaded.config.log.level, log)?;
        work(setup)
    }))
}

/// Begins with everything that the operator wrote, or tells every problem of it.
fn load(globals: &Globals) -> Result<Setup, Failure> {
    let setup = Setup::load(&globals.request()).map_err(|problems| Failure::of_problems(&problems))?;
    logging::redaction().learn(setup.loaded.secrets());
    Ok(setup)
}

/// Tells of a failure on standard error, and returns the exit code.
#[must_use]
pub fn tell(ended: Result<ExitCode, Failure>) -> ExitCode {
    ended.unwrap_or_else(|failure| Stop::from(failure).tell())
}

fn carry_out(
    globals: &Globals,
    command: &Command,
    clock: &dyn Clock,
    make_tools: MakeTools<'_>,
    screen: &mut Screen<'_>,
) -> Ended {
    let query = match command {
        Command::Check => {
            logging::start(globals, "warn")?;
            return check::check(globals, screen);
        }
        Command::Tell { words } => {
            return wait_for(control::tell(&state_dir(globals)?, &words.join(" "), screen));
        }
        // Like `tell`: it works whatever else is wrong with the configuration.
        Command::Query(Query::Incident(IncidentCommand::Undo { id })) => {
            return wait_for(incidents::undo(&state_dir(globals)?, id, screen));
        }
        // Quietly: whatever it logged would only fill the journal that tells of the failure.
        Command::NotifyFailure(args) => return wait_for(notify::notify(globals, args, clock.now(), screen)),
        Command::Silence(command) => {
            logging::start(globals, "warn")?;
            return wait_for(silences::silence(globals, command, clock, screen));
        }
        // Needed before there is a configuration.
        Command::Query(Query::Alerts(AlertsCommand::Template { name })) => {
            return alerts::template(name.as_deref(), screen);
        }
        Command::Query(Query::Alerts(AlertsCommand::Mapping { name })) => {
            return alerts::mapping(name, screen);
        }
        Command::Audit(command) => {
            logging::start(globals, "warn")?;
            return wait_for(audit::audit(globals, command, clock, screen));
        }
        Command::Replay(args) => return replay::replay(globals, args, clock, make_tools, screen),
        Command::Query(query) => query,
    };
    let setup = load(globals)?;
    logging::start(globals, &setup.loaded.config.log.level)?;
    let tools = make_tools(&setup);
    wait_for(answer(&setup, &tools, query, screen))
}

fn wait_for(work: impl Future<Output = Ended>) -> Ended {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(
            format!("the system gives no runtime: {error}"),
            "look whether it is out of processes or files",
        )
    })?;
    runtime.block_on(work)
}

fn state_dir(globals: &Globals) -> Result<PathBuf, Failure> {
    globals.request().state_dir().map_err(|problem| Failure::of_problems(&[problem]))
}

async fn answer(setup: &Setup, tools: &Tools, query: &Query, screen: &mut Screen<'_>) -> Ended {
    match query {
        Query::Skill(SkillCommand::List { json }) => skills::list(setup, tools, *json, screen).await,
        Query::Skill(SkillCommand::Run { name, json }) => {
            try_skill::run(setup, tools, name, *json, screen).await
        }
        Query::Runbook(RunbookCommand::List { json }) => runbooks::list(setup, *json, screen),
        Query::Runbook(RunbookCommand::Plan(args)) => plan::plan(setup, tools, args, screen).await,
        Query::Incident(IncidentCommand::List { all, json }) => {
            incidents::list(setup, tools, *all, *json, screen).await
        }
        Query::Incident(IncidentCommand::Show { id, json }) => {
            incidents::show(setup, id, *json, screen).await
        }
        Query::Incident(IncidentCommand::Undo { id }) => {
            incidents::undo(&setup.loaded.config.state_dir, id, screen).await
        }
        Query::Ignored(args) => silences::ignored(setup, tools, args, screen).await,
        Query::Policy(command) => policy::policy(setup, command, screen),
        Query::Doctor { json } => doctor::doctor(tools, *json, screen).await,
        Query::Alerts(AlertsCommand::Rejected(args)) => rejected::rejected(setup, args, screen),
        Query::Topology(args) => topology::topology(setup, tools, args, screen).await,
        Query::Alerts(AlertsCommand::Template { name }) => alerts::template(name.as_deref(), screen),
        Query::Alerts(AlertsCommand::Mapping { name }) => alerts::mapping(name, screen),
        Query::Alerts(AlertsCommand::Try { source, file, json }) => {
            alerts::attempt(setup, tools, (source, file), *json, screen).await
        }
        Query::Changes(args) => changes::changes(setup, tools, args, screen).await,
        Query::Adopt(args) => adopt::adopt(setup, tools, args, screen).await,
        Query::Agent(command) => agent::agent(setup, tools, command, screen).await,
        Query::Export(args) => export::export(setup, tools, args, screen).await,
    }
}

/// Nothing is called that: what there is instead.
fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone, list: &str) -> Failure {
    let hint = match crate::domain::command::suggest(name, known) {
        Some(near) => format!("did you mean `{near}`? `{list}` lists them all"),
        None => format!("`{list}` lists them"),
    };
    Failure::new(format!("there is no {kind} `{name}`"), hint)
}
