//! The agent, put together: models, tools, memory.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Parts, StartError, models};
use crate::adapters::memory::Files;
use crate::agent::context::Sources;
use crate::agent::investigator::{Agent, Deps, MakeToolbox};
use crate::agent::tools::{Bench, Case, ToolDeps};
use crate::agent::waiting::Repairs;
use crate::config::Config;
use crate::domain::agent::Purpose;
use crate::engine::answers::Reload;
use crate::engine::message::Handle;
use crate::engine::ports::Keeper;
use crate::engine::schedule::Asker;
use crate::engine::suspects::Ledger;
use crate::store::{Metrics, Store, runs};

/// What the agent works with that others work with, too.
pub(super) struct Around<'a> {
    pub(super) store: &'a Store,
    pub(super) metrics: &'a Metrics,
    pub(super) parts: &'a Parts,
    pub(super) skills: &'a Asker,
    pub(super) ledger: &'a Ledger,
    pub(super) engine: &'a Handle,
    pub(super) stopping: &'a watch::Sender<bool>,
}

/// The agent, where a model is configured. Runs that an earlier Steward left are ended on record.
///
/// # Errors
/// The store can't be written, or a model can't be asked from this machine.
pub(super) async fn build(config: &Config, around: &Around<'_>) -> Result<Option<Agent>, StartError> {
    let now = around.parts.clock.now();
    let left = around.store.call(move |conn| runs::end_left(conn, now)).await?;
    if left > 0 {
        tracing::info!(runs = left, "runs of the agent were broken off when Steward ended");
    }
    if !config.agent.is_there() {
        return Ok(None);
    }
    let models = models::build(&config.agent).map_err(StartError::Model)?;
    let repairs = Repairs::default();
    Ok(Some(Agent::new(Deps {
        store: around.store.clone(),
        clock: around.parts.clock.clone(),
        engine: around.engine.clone(),
        stopping: around.stopping.subscribe(),
        chain: models.chain(Purpose::Investigate),
        triage: models.chain(Purpose::Triage),
        narrate: models.chain(Purpose::Narrate),
        settings: config.agent.clone(),
        sources: Sources::of(config, around.store.clone()),
        toolbox: toolbox(config, around, &repairs),
        repairs,
    })))
}

/// What makes the tools of each run.
fn toolbox(config: &Config, around: &Around<'_>, repairs: &Repairs) -> MakeToolbox {
    let deps = ToolDeps {
        store: around.store.clone(),
        metrics: around.metrics.clone(),
        runner: around.parts.runner.clone(),
        clock: around.parts.clock.clone(),
        skills: around.skills.clone(),
        engine: around.engine.clone(),
        ledger: around.ledger.clone(),
        repairs: repairs.clone(),
        repositories: Arc::new(config.changes.git.clone()),
        memory: config.paths.memory.clone(),
        host: config.host.clone(),
        hosts: Arc::new(config.hosts.keys().cloned().collect()),
        tz: config.timezone,
    };
    Arc::new(move |assignment, knowledge, clock| {
        // The clock is the run's own, so that it rests while a tool waits for a repair.
        let deps = ToolDeps { clock, ..deps.clone() };
        let case = Case {
            incident: assignment.incident,
            run: assignment.run,
            subject: assignment.subject.clone(),
            knowledge,
        };
        Box::new(Bench::new(Arc::new(deps), case))
    })
}

/// Who keeps what was learned.
pub(super) fn keeper(parts: &Parts, reload: Arc<dyn Reload>) -> Arc<dyn Keeper> {
    let (read, runner, clock) = (parts.read.clone(), parts.runner.clone(), parts.clock.clone());
    Arc::new(Files { read, runner, clock, reload })
}
