//! From what the operator wrote to what the engine knows.

use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::config::{Config, Loaded, Problem};
use crate::domain::escalation::Threshold;
use crate::domain::topology::Topology;
use crate::engine::ports::Chat;
use crate::engine::schedule::Skills;
use crate::engine::settings::Settings;
use crate::engine::skills::Skill;
use crate::engine::world::Knowledge;
use crate::policy::{LoadedFile, Policy, RuleProblem};
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
///
/// # Errors
/// Every problem of the topology and the policy.
pub fn understand(loaded: &Loaded, key: [u8; 32], protect: &[PathBuf]) -> Result<Understood, Vec<Problem>> {
    let mut problems = Vec::new();
    let topology = Topology::new(loaded.topology.clone()).unwrap_or_else(|wrong| {
        let file = loaded.topology_file.clone().unwrap_or_default();
        problems.extend(wrong.into_iter().map(|p| Problem::of_file(&file, p.message, None)));
        Topology::default()
    });
    let policy = match &loaded.policy {
        Some(file) => Policy::with_operator_rules(&file.file.to_string_lossy(), &file.text),
        None => Policy::shipped(),
    };
    match policy {
        Err(wrong) => {
            problems.extend(wrong.into_iter().map(as_problem));
            Err(problems)
        }
        Ok(_) if !problems.is_empty() => Err(problems),
        Ok(policy) => {
            let policy = Arc::new(policy.keyed(key).protecting(protect.iter().cloned()));
            let skills = skills(loaded);
            let knowledge = Knowledge {
                topology: Arc::new(topology),
                runbooks: Arc::new(loaded.runbooks.values().cloned().collect()),
                policy,
                skills: Arc::new(skills.keys().cloned().collect()),
            };
            Ok(Understood { knowledge, skills })
        }
    }
}

fn as_problem(problem: RuleProblem) -> Problem {
    let RuleProblem { file, line, rule, field, message, hint } = problem;
    let field = match (rule, field) {
        (Some(rule), Some(field)) => Some(format!("rule {rule}, {field}")),
        (rule, field) => rule.map(|rule| format!("rule {rule}")).or(field),
    };
    Problem { file: file.into(), line, field, what: message, hint: Some(hint) }
}

fn skills(loaded: &Loaded) -> Skills {
    let enabled = loaded.skills.values().filter(|skill| skill.enabled);
    enabled
        .map(|skill| {
            let mut env: std::collections::BTreeMap<String, String> = loaded
                .params(skill)
                .into_iter()
                .map(|(name, value)| (name, value.expose().to_owned()))
                .collect();
            env.insert("STEWARD_HOST".to_owned(), loaded.config.host.to_string());
            let ready = Skill {
                manifest: skill.manifest.clone(),
                file: LoadedFile { path: skill.path.clone(), sha256: skill.sha256.clone() },
                env,
                shipped: skill.shipped,
            };
            (skill.name().to_owned(), Arc::new(ready))
        })
        .collect()
}

/// The numbers that decisions go by.
pub(super) fn settings(config: &Config, chats: &[Arc<dyn Chat>]) -> Settings {
    let incidents = &config.incidents;
    let escalation = &config.escalation;
    Settings {
        host: config.host.clone(),
        tz: config.timezone,
        autonomy: config.autonomy,
        settle: incidents.settle,
        correlation_window: incidents.correlation_window,
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
        changes_window: config.changes.window,
        platforms: chats.iter().map(|chat| chat.platform()).collect(),
    }
}

/// What no command may touch: the state, the configuration, the program.
pub(super) fn protected(loaded: &Loaded, program: Option<PathBuf>) -> Vec<PathBuf> {
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    std::iter::once(&loaded.config.state_dir).chain(&loaded.file).chain(&program).map(absolute).collect()
}

/// The key under which environment values enter digests: made once, kept in the store, so that an approval holds
/// over a restart.
pub(super) async fn digest_key(store: &Store) -> Result<[u8; 32], StoreError> {
    let seed = format!("{}{}", ulid::Ulid::generate(), ulid::Ulid::generate());
    let fresh: String = Sha256::digest(seed.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let kept = store.call(move |conn| query::setting_or(conn, KEY_SETTING, &fresh)).await?;
    Ok(Sha256::digest(kept.as_bytes()).into())
}
