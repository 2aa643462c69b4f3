//! Reads the sources of the topology now and then, and hands the engine what they say.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::sources::{Reader, TIMEOUT};
use crate::adapters::topology::compose::ComposeTopology;
use crate::adapters::topology::kubernetes::KubernetesTopology;
use crate::config::Config;
use crate::domain::topology::SourceKind;
use crate::engine::activity::told;
use crate::engine::message::{Handle, Message};
use crate::engine::ports::{Clock, CommandRunner, TopologySource};
use crate::engine::topology::LearningRules;
use crate::policy::Policy;

/// Bytes read of a cluster at most: some ten thousand pods.
const MAX_OUTPUT: usize = 48 * 1024 * 1024;
/// With nothing to read, only the time matters after which something is forgotten.
const ONLY_FORGET: Duration = Duration::from_secs(24 * 3600);

/// What is learned, and for how long.
pub(super) fn rules(config: &Config) -> LearningRules {
    LearningRules { from: config.topology.learn.clone(), forget: config.topology.forget }
}

/// Who learns.
pub(super) struct Learner {
    sources: Vec<Arc<dyn TopologySource>>,
    every: Duration,
    engine: Handle,
}

impl Learner {
    /// For the sources that the configuration names.
    pub(super) fn new(
        config: &Config,
        runner: &Arc<dyn CommandRunner>,
        clock: &Arc<dyn Clock>,
        policy: &Arc<Policy>,
        engine: Handle,
    ) -> Self {
        let settings = &config.topology;
        let mut sources: Vec<Arc<dyn TopologySource>> = Vec::new();
        if settings.learn.contains(&SourceKind::Kubernetes) {
            let (runner, clock, policy) = (runner.clone(), clock.clone(), policy.clone());
            let reader = Reader { runner, clock, policy, whole: Some(MAX_OUTPUT), timeout: TIMEOUT };
            let prefix = &settings.kubernetes.prefix;
            sources.push(Arc::new(KubernetesTopology::new(prefix, Arc::new(reader))));
        }
        if settings.learn.contains(&SourceKind::Compose) {
            sources.push(Arc::new(ComposeTopology::new(&config.host, settings.compose.clone())));
        }
        let reads = settings.learn.contains(&SourceKind::Kubernetes) || !settings.compose.is_empty();
        Self { sources, every: if reads { settings.every } else { ONLY_FORGET }, engine }
    }

    /// Learns until Steward ends; at once for the first time.
    pub(super) async fn run(self, clock: Arc<dyn Clock>, mut ending: watch::Receiver<bool>) {
        loop {
            let busy = self.engine.activity().begin();
            let reading = async {
                let mut surveys = Vec::new();
                for source in &self.sources {
                    surveys.push(source.survey().await);
                }
                surveys
            };
            tokio::select! {
                surveys = reading => self.engine.send(Message::Surveyed(surveys)),
                () = told(&mut ending) => return,
            }
            drop(busy);
            tokio::select! {
                () = clock.sleep(self.every) => {}
                () = told(&mut ending) => return,
            }
        }
    }
}
