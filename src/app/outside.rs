//! Starts what shows Steward to those outside: the test of itself, the dead man's switch, the digest.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::almanac::Almanac;
use super::deadman::DeadMan;
use super::observed::Observer;
use crate::adapters::deadman::Switch;
use crate::config::Config;
use crate::engine::changes::Watcher;
use crate::engine::intake::Gateway;
use crate::engine::message::Handle;
use crate::engine::ports::Clock;
use crate::engine::vitals::pulse::Pulse;
use crate::store::Store;

/// What it is made of.
pub(super) struct Outside<'a> {
    pub(super) config: &'a Config,
    pub(super) store: &'a Store,
    pub(super) engine: &'a Handle,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) watcher: Watcher,
    pub(super) gateway: &'a Gateway,
    /// What is true at the start.
    pub(super) pulse: Pulse,
    /// What is pinged, where something is.
    pub(super) switch: Option<Switch>,
}

impl Outside<'_> {
    /// Starts the tasks. The test goes on until everything has come to its end; what speaks to people and to others
    /// ends as soon as Steward begins to.
    pub(super) fn start(
        self,
        ending: &watch::Receiver<bool>,
        leaving: &watch::Receiver<bool>,
    ) -> (Observer, Vec<JoinHandle<()>>) {
        let Self { config, store, engine, clock, watcher, gateway, pulse, switch } = self;
        let observer = Observer::new(gateway.clone(), engine.clone(), clock.clone(), watcher.clone(), pulse);
        let testing = observer.clone().test(config.watchdog.check, store.clone(), ending.clone());
        let mut tasks = vec![tokio::spawn(testing)];
        if let Some(switch) = switch {
            let dead_man = DeadMan {
                switch,
                every: config.watchdog.every,
                observer: observer.clone(),
                engine: engine.clone(),
                clock: clock.clone(),
            };
            tasks.push(tokio::spawn(dead_man.run(leaving.clone())));
        }
        if let Some(daily) = config.digest.at.daily().filter(|_| config.digest.enabled) {
            let almanac = Almanac {
                daily,
                always: config.digest.always,
                tz: config.timezone,
                store: store.clone(),
                engine: engine.clone(),
                watcher,
                clock: clock.clone(),
            };
            tasks.push(tokio::spawn(almanac.run(leaving.clone())));
        }
        (observer, tasks)
    }
}
