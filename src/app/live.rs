//! Steward on the real world: the system's clock, real processes, the console.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{App, Parts, Read, StartError, sources};
use crate::adapters::chat::console;
use crate::adapters::clock::SystemClock;
use crate::adapters::exec::{Environment, LocalRunner, Machines, Ssh};
use crate::agent::dialogue::MakeModels;
use crate::config::{Config, Problem, Request, Setup};
use crate::domain::agent::Purpose;
use crate::domain::card::Card;
use crate::domain::incident::Incident;
use crate::engine::answers::count_of;
use crate::engine::message::Message;
use crate::engine::ports::{ChangeSource, Chat, Clock, CommandRunner, MakeChats, ReadCommand};
use crate::engine::review::review;
use crate::store::query;

/// Most open incidents named in the greeting.
const OPEN_SHOWN: usize = 10;
/// How often edits of what the operator wrote are looked for.
const LOOK_FOR_EDITS: Duration = Duration::from_secs(2);
/// How often `HEARTBEAT.md` is written.
const HEARTBEAT: Duration = Duration::from_secs(300);

/// Where `run --listen` wants alerts to be listened for; nowhere when `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(pub Option<SocketAddr>);

impl std::str::FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        let wrong = |_| "write an address and a port, such as 127.0.0.1:9877, or `off`".to_owned();
        text.parse().map(|at| Self(Some(at))).map_err(wrong)
    }
}

/// What commands other than `run` touch of the world.
pub struct Reach {
    /// Runs processes.
    pub runner: Arc<dyn CommandRunner>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What can tell of changes.
    pub sources: Vec<Arc<dyn ChangeSource>>,
    /// Looks at what is to be adopted.
    pub reader: Arc<dyn ReadCommand>,
    /// Sets up the chat platforms, short of the console. Few commands need them.
    pub chats: MakeChats,
    /// Sets up the language models. Few commands need them.
    pub models: MakeModels,
}

/// What commands other than `run` touch of the world, as the configuration wants it.
#[must_use]
pub fn reach(setup: &Setup) -> Reach {
    let (machines, clock) = machines(&setup.loaded.config);
    let runner: Arc<dyn CommandRunner> = Arc::new(machines);
    let policy = Arc::new(setup.policy.clone());
    let sources = sources::build(&setup.loaded.config, &runner, &clock, &policy).told;
    let reader = sources::looker(&runner, &clock, &policy);
    let (chat, time) = (setup.loaded.config.chat.clone(), clock.clone());
    let agent = setup.loaded.config.agent.clone();
    let models: MakeModels = Arc::new(move || super::models::each(&agent));
    Reach {
        runner,
        clock,
        sources,
        reader,
        chats: Arc::new(move || super::platforms::build(&chat, &time)),
        models,
    }
}

/// The chat platforms that the configuration names, short of the console. Nothing is connected yet.
///
/// # Errors
/// One that can't be set up on this machine, with the reason.
pub fn platforms(setup: &Setup) -> Result<Vec<Arc<dyn Chat>>, String> {
    super::platforms::build(&setup.loaded.config.chat, &clock())
}

/// The system's clock.
#[must_use]
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// This machine and the others, as the configuration wants them.
fn machines(config: &Config) -> (Machines, Arc<dyn Clock>) {
    let (clock, environment) = (clock(), Environment::of_this_process());
    let mut local = LocalRunner::new(clock.clone(), environment.clone()).sandboxed(config.exec.sandbox);
    if let Some(user) = &config.exec.user {
        local = local.as_user(user.clone());
    }
    let others = Ssh::new(clock.clone(), environment, &config.hosts);
    (Machines::new(local, others), clock)
}

/// Starts Steward on the real world and has it greet whoever is at the console. `listen` goes before what the
/// configuration says.
///
/// # Errors
/// See [`StartError`].
pub async fn start(
    request: &Request,
    chats: Vec<Arc<dyn Chat>>,
    listen: Option<Listen>,
) -> Result<App, StartError> {
    let config = Setup::load(request).map_err(StartError::Config)?.loaded.config;
    let (machines, clock) = machines(&config);
    match machines.state_of_the_sandbox().await {
        Ok(state) => tracing::info!("{state}"),
        Err(state) => tracing::warn!("{state}"),
    }
    let runner: Arc<dyn CommandRunner> = Arc::new(machines);
    let with_console = chats.iter().any(|chat| chat.platform() == console::NAME);
    let request = request.clone();
    let read: Read = Arc::new(move || {
        let mut setup = Setup::load(&request)?;
        if let Some(Listen(at)) = listen {
            setup.loaded.config.alerts.listen = at;
        }
        reviewed(setup)
    });
    let app = App::start(Parts {
        read,
        clock,
        runner,
        chats,
        look_for_edits: LOOK_FOR_EDITS,
        heartbeat: HEARTBEAT,
    })
    .await?;
    if with_console {
        let card = greeting(&app).field("Open now", open_now(&app).await);
        let (platform, conversation) = (console::NAME.to_owned(), console::NAME.to_owned());
        app.handle().send(Message::Answered { platform, conversation, card });
    }
    Ok(app)
}

/// A runbook that the policy could never let run as it is written is refused with the rest.
fn reviewed(setup: Setup) -> Result<Setup, Vec<Problem>> {
    let problems = review(&setup).problems;
    if problems.is_empty() { Ok(setup) } else { Err(problems) }
}

/// What an earlier Steward left open, so that nobody has to ask after a restart.
async fn open_now(app: &App) -> String {
    let read = |conn: &rusqlite::Connection| query::incidents(conn, false, OPEN_SHOWN);
    let open = app.store().read(read).await.unwrap_or_default();
    let unresolved = open.into_iter().map(|stored| stored.incident).filter(|i| i.state.is_unresolved());
    let line = |incident: Incident| {
        let waits = incident.approval.map(|(_, number)| format!(", waits for `approve {number}`"));
        format!("#{} {} {}{}", incident.number, incident.state, incident.root, waits.unwrap_or_default())
    };
    unresolved.map(line).collect::<Vec<_>>().join("\n")
}

/// What it watches, where it keeps things, what it may do by itself, and what to type.
fn greeting(app: &App) -> Card {
    let loaded = app.loaded();
    let config = &loaded.config;
    let skills: Vec<&str> =
        loaded.skills.values().filter(|skill| skill.enabled).map(|skill| skill.name()).collect();
    let written = loaded.file.as_ref().map_or_else(
        || "none found, so the defaults are in force (config.example.toml shows them)".to_owned(),
        |file| file.display().to_string(),
    );
    let may = match config.autonomy {
        crate::policy::Autonomy::Full => {
            "what only reads, restores or can be taken back; for anything else I ask here first"
        }
        crate::policy::Autonomy::Earned => {
            "look, and the repairs that have earned it (`trust` shows which); before any other change I ask here first"
        }
        crate::policy::Autonomy::Propose => "look; before every change I ask here first",
    };
    let state = std::path::absolute(&config.state_dir).unwrap_or_else(|_| config.state_dir.clone());
    Card::titled(format!("Steward {} watches {}", env!("CARGO_PKG_VERSION"), config.host))
        .field("Watching", watching(&skills))
        .field("Mending", count_of(loaded.runbooks.len(), "runbook"))
        .field("By itself", may)
        .field("Reasoning", config.agent.chain(Purpose::Investigate).join(", "))
        .field("Alerts", super::listening::in_words(&config.alerts, app.listens_at()))
        .field("Config", written)
        .field("State", state.display().to_string())
        .field("Type", "`help`, `status`, `what changed?`; Ctrl-C ends Steward")
}

/// What is looked after, in words.
fn watching(skills: &[&str]) -> String {
    match skills {
        [] => "nothing by itself: no skill is there".to_owned(),
        skills => format!("{}: {}", count_of(skills.len(), "skill"), skills.join(", ")),
    }
}
