//! Edits to skills, runbooks, topology and policy are put in force without a restart; a broken version is refused
//! whole, and what was in force stays.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::{Files, Parts, Read, understand};
use crate::config::{Loaded, Problem, Watched};
use crate::domain::card::Card;
use crate::domain::change::{Change, ChangeKind};
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;
use crate::engine::answers::{Reload, count_of};
use crate::engine::message::{Handle, Message};
use crate::engine::ports::Clock;
use crate::engine::schedule::Asker;
use crate::engine::told::Told;
use crate::store::{Store, query};

/// The setting under which the files' digests are kept, so that an edit made while Steward was down is known too.
const FILES_SETTING: &str = "files";

/// Puts edits in force.
pub struct Reloader {
    read: Read,
    clock: Arc<dyn Clock>,
    store: Store,
    engine: Handle,
    skills: Asker,
    key: [u8; 32],
    host: Target,
    settings_file: Option<String>,
    /// Only names, sizes and times are looked at, which also works where the kernel tells of no edits, as on NFS.
    look_every: Duration,
    seen: Mutex<Seen>,
}

struct Seen {
    watched: Watched,
    /// The state of the files that was tried last, good or not.
    tried: u64,
    files: Files,
}

impl Reloader {
    pub(super) fn new(
        parts: &Parts,
        loaded: &Loaded,
        key: [u8; 32],
        store: Store,
        engine: Handle,
        skills: Asker,
    ) -> Self {
        let seen = Seen {
            watched: loaded.watched.clone(),
            tried: loaded.watched.loaded(),
            files: digests(&loaded.watched),
        };
        Self {
            read: parts.read.clone(),
            clock: parts.clock.clone(),
            store,
            engine,
            skills,
            key,
            host: loaded.config.host.clone(),
            settings_file: loaded.file.as_ref().map(|file| file.to_string_lossy().into_owned()),
            look_every: parts.look_for_edits,
            seen: Mutex::new(seen),
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for edits until Steward ends.
    pub(super) async fn watch(&self, mut ending: watch::Receiver<bool>) {
        self.note_edits_while_down().await;
        loop {
            tokio::select! {
                () = self.clock.sleep(self.look_every) => {}
                _ = ending.wait_for(|ending| *ending) => return,
            }
            let edited = {
                let seen = self.seen();
                seen.watched.now() != seen.tried
            };
            if edited {
                let _busy = self.engine.activity().begin();
                let told = self.reload("an edit was seen").await;
                self.engine.send(Message::Notice(told.card));
            }
        }
    }

    async fn note_edits_while_down(&self) {
        let files = self.seen().files.clone();
        let text = serde_json::to_string(&files).unwrap_or_default();
        let kept = self.store.call(move |conn| query::replace_setting(conn, FILES_SETTING, &text)).await;
        let before: Option<Files> = kept.ok().flatten().and_then(|text| serde_json::from_str(&text).ok());
        if let Some(before) = before {
            let changes = self.compare(&before, &files, self.clock.now());
            if !changes.is_empty() {
                self.engine.send(Message::Changed(changes));
            }
        }
    }

    fn try_reload(&self) -> Result<(usize, usize, Vec<Change>), Vec<Problem>> {
        let tried = self.seen().watched.now();
        self.seen().tried = tried;
        let setup = (self.read)()?;
        self.store.redaction().learn(setup.loaded.secrets());
        let understood = understand(&setup, self.key);
        let loaded = &setup.loaded;
        let files = digests(&loaded.watched);
        let changes = {
            let mut seen = self.seen();
            let changes = self.compare(&seen.files, &files, self.clock.now());
            *seen = Seen { tried: loaded.watched.loaded(), watched: loaded.watched.clone(), files };
            changes
        };
        let counts = (understood.skills.len(), understood.knowledge.runbooks.len());
        self.skills.reload(understood.skills, understood.knowledge.policy.clone());
        self.engine
            .send(Message::Learned { knowledge: Box::new(understood.knowledge), changes: changes.clone() });
        Ok((counts.0, counts.1, changes))
    }

    /// The edits between two states of the files, as changes that may be causes.
    fn compare(&self, before: &Files, after: &Files, now: Timestamp) -> Vec<Change> {
        let edited =
            after.iter().filter(|(path, digest)| before.get(*path) != Some(digest)).map(|(path, digest)| {
                let verb = if before.contains_key(path) { "edited" } else { "added" };
                (path, verb, digest.as_str())
            });
        let removed =
            before.keys().filter(|path| !after.contains_key(*path)).map(|path| (path, "removed", ""));
        edited
            .chain(removed)
            .map(|(path, verb, digest)| {
                let digest = digest.get(..12).unwrap_or("gone");
                let id = format!("{digest}:{}:{}", now.timestamp_millis(), path.display());
                let summary = format!("{verb} {}", path.file_name().unwrap_or_default().to_string_lossy());
                let change = Change::new(ChangeKind::Edit, "files", id, now, summary);
                let change = change.by("somebody on this machine").on([self.host.clone()]);
                Change { files: vec![path.to_string_lossy().into_owned()], files_total: 1, ..change }
            })
            .collect()
    }
}

#[async_trait]
impl Reload for Reloader {
    async fn reload(&self, why: &str) -> Told {
        match self.try_reload() {
            Ok((skills, runbooks, changes)) => {
                let text = serde_json::to_string(&self.seen().files).unwrap_or_default();
                if let Err(error) =
                    self.store.call(move |conn| query::replace_setting(conn, FILES_SETTING, &text)).await
                {
                    tracing::warn!(%error, "the state of the files could not be kept");
                }
                let card = Card::titled(format!(
                    "Reloaded, because {why}: {} and {} are in force",
                    count_of(skills, "skill"),
                    count_of(runbooks, "runbook")
                ));
                let card = changes.iter().fold(card, |card, change| card.line(change.summary.clone()));
                let of_settings =
                    |change: &Change| self.settings_file.iter().any(|file| change.files.contains(file));
                if changes.iter().any(of_settings) {
                    return Told::yes(card.line(
                        "Of the settings, what is said of skills is in force now; the rest waits for the next start.",
                    ));
                }
                Told::yes(card)
            }
            Err(problems) => {
                let card = Card::titled(
                    "Not reloaded: what is written now has mistakes, and what was in force stays in force",
                );
                Told::no(problems.iter().fold(card, |card, problem| card.line(problem.to_string())))
            }
        }
    }
}

fn digests(watched: &Watched) -> Files {
    let mut files = Files::new();
    for path in watched.paths() {
        let inside =
            std::fs::read_dir(path).ok().into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        for file in inside.chain([path.to_owned()]).filter(|p| p.is_file()) {
            if let Ok(content) = std::fs::read(&file) {
                let digest = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
                files.insert(file, digest);
            }
        }
    }
    files
}
