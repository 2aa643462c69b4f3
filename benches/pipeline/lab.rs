//! The world around the measured app: a real clock and a real disk, a chat that takes everything at once, and
//! processes that take no time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use async_trait::async_trait;
use sha2::{Digest, Sha256};
use steward::adapters::clock::SystemClock;
use steward::app::{App, Parts, Read};
use steward::config::{Request, Setup};
use steward::domain::action::{Action, Executable};
use steward::domain::card::Place;
use steward::domain::ids::ExecutionId;
use steward::engine::ports::{
    Capabilities, Chat, Child, CommandRunner, Delivered, DeliveryError, Exit, Gatekeeper, Limits, Outbound,
    Output, Reaped, RunError, Threads,
};
use steward::policy::Authorized;
use tokio::sync::watch;

/// Settings for measuring signals alone: no skill runs beside them.
pub(crate) const NO_SKILLS: &str = "[changes]\ndetect = false\n[paths]\nshipped_skills = false\n";

/// Starts the app on what is in `dir`, with these settings.
pub(crate) async fn start(dir: &Path, settings: &str) -> Result<App> {
    let file = dir.join("config.toml");
    let text = format!("host = \"vm\"\ntimezone = \"UTC\"\n[alerts]\nlisten = \"off\"\n{settings}");
    std::fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    let parts = Parts {
        read: read(file, dir.join("state")),
        clock: Arc::new(SystemClock),
        runner: Arc::new(Idle),
        chats: vec![Arc::new(Agreeable)],
        look_for_edits: Duration::from_secs(3600),
        heartbeat: Duration::from_secs(3600),
    };
    Ok(App::start(parts).await?)
}

fn read(file: PathBuf, state: PathBuf) -> Read {
    let request = Request { file: Some(file), state_dir: Some(state) };
    Arc::new(move || Setup::load(&request))
}

/// A chat that takes everything at once.
struct Agreeable;

#[async_trait]
impl Chat for Agreeable {
    fn platform(&self) -> String {
        "bench".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            threads: Threads::Own,
            edits: true,
            buttons: true,
            reactions: None,
            files: true,
            private_answers: true,
            drops_doubles: true,
            longest_text: None,
            edit_every: Duration::ZERO,
            at_once: 1,
        }
    }

    async fn deliver(&self, message: &Outbound) -> Result<Delivered, DeliveryError> {
        let mut delivered = Delivered::default();
        match &message.place {
            Place::Root { number, .. } if message.refs.own.is_none() => {
                delivered.own = Some(format!("root-{number}"));
            }
            Place::Thread { number, .. } if message.refs.thread.is_none() => {
                delivered.thread = Some(format!("thread-{number}"));
            }
            _ => {}
        }
        Ok(delivered)
    }
}

/// A machine on which every command succeeds at once and every skill finds that all is well.
struct Idle;

#[async_trait]
impl CommandRunner for Idle {
    async fn resolve(&self, action: &Action) -> Result<Executable, RunError> {
        let Action::Command(command) = action;
        let path = PathBuf::from(command.argv.first().map_or("", String::as_str));
        let content = std::fs::read(&path).unwrap_or_default();
        let sha256 = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Executable { path, sha256 })
    }

    async fn run(
        &self,
        _: Authorized,
        _: Limits,
        gate: &mut dyn Gatekeeper,
        _: watch::Receiver<bool>,
    ) -> Result<Output, RunError> {
        let child = Child { pid: 4_000_000, start_ticks: 1, boot_id: "bench".to_owned() };
        gate.spawned(&child).await.map_err(RunError::Gate)?;
        Ok(Output {
            exit: Exit::Code(0),
            stdout: b"STATUS:OK\n".to_vec(),
            stderr: Vec::new(),
            truncated: false,
            duration: Duration::from_millis(1),
        })
    }

    async fn reap(&self, _: ExecutionId, _: &Child, _: &str) -> Reaped {
        Reaped::Gone
    }
}
