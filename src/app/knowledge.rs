//! From what the operator wrote to what the engine knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::learning;
use sha2::{Digest, Sha256};

use crate::adapters::memory::MEMORY;
use crate::config::{Config, Loaded, Setup};
use crate::domain::agent::Purpose;
use crate::domain::escalation::Threshold;
use crate::domain::target::Target;
use crate::engine::ports::Platform;
use crate::engine::replay;
use crate::engine::schedule::Skills;
use crate::engine::settings::{AgentLimits, Settings};
use crate::engine::skills::Skill;
use crate::engine::world::{Knowledge, World};
use crate::store::topology::Kept;
use crate::store::{Store, StoreError, query};

/// The setting under which the key of the digests is kept.
const KEY_SETTING: &str = "digest_key";

/// What the engine needs of what the operator wrote.
#[derive(Clone)]
pub struct Understood {
    /// For decisions.
    pub knowledge: Knowledge,
    /// For the scheduler.
    pub skills: Skills,
}

/// Makes the engine's parts from what was loaded.
#[must_use]
pub fn understand(setup: &Setup, key: [u8; 32]) -> Understood {
    let skills = skills(&setup.loaded);
    let knowledge = Knowledge {
        topology: Arc::new(setup.topology.clone()),
        runbooks: Arc::new(setup.loaded.runbooks.values().cloned().collect()),
        policy: Arc::new(setup.policy.clone().keyed(key)),
        skills: Arc::new(skills.keys().cloned().collect()),
        watched: Arc::new(watched(&setup.loaded)),
        goals: Arc::new(setup.loaded.goals.clone()),
        memory: memory(&setup.loaded.config),
    };
    Understood { knowledge, skills }
}

/// `MEMORY.md` as it is; nothing where there is none, or none that can be read.
fn memory(config: &Config) -> Arc<str> {
    let file = config.paths.memory.as_ref().map(|folder| folder.join(MEMORY));
    file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default().into()
}

fn skills(loaded: &Loaded) -> Skills {
    let enabled = loaded.skills.values().filter(|skill| skill.enabled);
    enabled
        .map(|skill| (skill.name().to_owned(), Arc::new(Skill::of(loaded, skill, skill.path.clone()))))
        .collect()
}

/// What each skill looks at.
fn watched(loaded: &Loaded) -> BTreeMap<String, Vec<Target>> {
    let skills = loaded.skills.values();
    skills.map(|skill| (skill.name().to_owned(), skill.manifest.targets.clone())).collect()
}

/// The world of this configuration in which nothing has happened yet and nothing is repaired, for a replay.
#[must_use]
pub fn replay_world(setup: &Setup) -> World {
    let knowledge =
        Knowledge { runbooks: Arc::default(), goals: Arc::default(), ..understand(setup, [0; 32]).knowledge };
    let settings = settings(&setup.loaded.config, vec![replay::PLATFORM.to_owned()]);
    let mut world = World::new(Arc::new(settings), knowledge);
    world.recall(learning::rules(&setup.loaded.config), Kept::default());
    world
}

/// The numbers that decisions go by.
pub(super) fn settings(config: &Config, platforms: Vec<Platform>) -> Settings {
    let incidents = &config.incidents;
    let escalation = &config.escalation;
    Settings {
        host: config.host.clone(),
        tz: config.timezone,
        adopt: Arc::new(config.adopt.clone()),
        autonomy: config.autonomy,
        settle: incidents.settle,
        correlation_window: incidents.correlation_window,
        weights: config.correlation,
        neighbours: incidents.neighbours as usize,
        storm: incidents.storm as usize,
        hold: incidents.hold,
        reopen_window: incidents.reopen_window,
        cooldown: incidents.cooldown,
        flap_bounces: incidents.flap_bounces as usize,
        flap_window: incidents.flap_window,
        resolve_timeout: incidents.resolve_timeout,
        remind: incidents.remind,
        threshold: Threshold {
            occurrences: escalation.occurrences as usize,
            window: escalation.window,
            cooldown: escalation.cooldown,
        },
        scope: escalation.scope,
        approval_expiry: config.approvals.expire,
        hours: config.repairs.hours.clone(),
        clean_runs: config.repairs.clean_runs,
        sources: config.alerts.names(),
        heartbeats: config.alerts.heartbeats(),
        changes_window: config.changes.window,
        hosts: Arc::new(config.hosts.clone()),
        agent: config.agent.is_there().then_some(AgentLimits {
            from: config.agent.from,
            confidence: config.agent.confidence,
            runs: config.agent.runs as usize,
            narrates: !config.agent.chain(Purpose::Narrate).is_empty(),
        }),
        models: config.agent.chain(Purpose::Investigate).to_vec(),
        quiet: Arc::new(config.quiet.clone()),
        platforms,
    }
}

/// The key under which environment values enter digests: made once, kept in the store, so that an approval holds
/// over a restart.
pub(super) async fn digest_key(store: &Store) -> Result<[u8; 32], StoreError> {
    let seed = format!("{}{}", ulid::Ulid::generate(), ulid::Ulid::generate());
    let fresh: String = Sha256::digest(seed.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let kept = store.call(move |conn| query::setting_or(conn, KEY_SETTING, &fresh)).await?;
    Ok(Sha256::digest(kept.as_bytes()).into())
}
