//! The suite's ears: they remember what they hear, and know what messages are about as the engine does.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use steward::domain::card::{Place, Refs};
use steward::engine::ports::{About, Asked, Choice, Ears, Ended, Inbound, Kind};
use tokio::sync::watch;

/// How long the suite waits, in real time, for what must come.
pub const HANG: Duration = Duration::from_secs(20);

/// What was heard.
#[derive(Debug, Default)]
pub struct Heard {
    pub said: Vec<Inbound>,
    pub ignored: usize,
    /// How the line was, as it was told.
    pub lines: Vec<Result<(), String>>,
    pub bookmark: Option<String>,
    /// What was asked to be completed.
    pub completed: Vec<(Kind, String)>,
    /// What the platform calls the messages of incidents, by number and key.
    refs: BTreeMap<(u64, String), String>,
    /// Questions that were answered.
    answered: Vec<u64>,
    /// Whoever says something now learns nothing any more: Steward dies once it is durable.
    dies: bool,
}

pub struct Hearing {
    heard: Mutex<Heard>,
    changed: watch::Sender<()>,
}

impl Default for Hearing {
    fn default() -> Self {
        Self { heard: Mutex::default(), changed: watch::Sender::new(()) }
    }
}

/// The key under which a message's name is kept, as the outbox keeps it.
fn key(place: &Place, id: i64) -> String {
    match place {
        Place::Root { .. } => "root".to_owned(),
        Place::Question { approval, .. } => format!("question:{approval}"),
        Place::Thread { .. } | Place::Lab | Place::Answer { .. } => format!("message:{id}"),
    }
}

impl Hearing {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Heard)) {
        change(&mut self.heard());
        self.changed.send_replace(());
    }

    /// Looks at what was heard.
    pub fn look<T>(&self, look: impl FnOnce(&Heard) -> T) -> T {
        look(&self.heard())
    }

    /// Waits until `look` finds something. Panics when it never comes.
    pub async fn until<T>(&self, what: &str, look: impl Fn(&Heard) -> Option<T>) -> T {
        let mut changes = self.changed.subscribe();
        let found = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = look(&self.heard()) {
                    return found;
                }
                // The sender lives as long as `self`.
                let _ = changes.changed().await;
            }
        };
        match tokio::time::timeout(HANG, found).await {
            Ok(found) => found,
            Err(_) => panic!("this was never heard: {what}\n{:#?}", self.heard()),
        }
    }

    /// Waits for the next thing that is said, and takes it out.
    pub async fn next(&self) -> Inbound {
        self.until("somebody's words", |heard| (!heard.said.is_empty()).then_some(())).await;
        self.heard().said.remove(0)
    }

    /// What a message's names are, as the outbox would hand them over.
    pub fn refs(&self, place: &Place, id: i64) -> Refs {
        let Some((_, number)) = place.incident() else { return Refs::default() };
        let heard = self.heard();
        let of = |key: &str| heard.refs.get(&(number, key.to_owned())).cloned();
        Refs { root: of("root"), thread: of("thread"), own: of(&key(place, id)) }
    }

    /// Keeps the names that a delivery returned, as the outbox does.
    pub fn keep(&self, place: &Place, id: i64, refs: &Refs) {
        let Some((_, number)) = place.incident() else { return };
        let own = key(place, id);
        let mut heard = self.heard();
        for (key, name) in [("root", &refs.root), ("thread", &refs.thread), (own.as_str(), &refs.own)] {
            if let Some(name) = name {
                heard.refs.insert((number, key.to_owned()), name.clone());
            }
        }
    }

    /// What is said next is durable, and the last that Steward does; or it lives again.
    pub fn dies(&self, dies: bool) {
        self.heard().dies = dies;
    }

    /// A question is answered: it is no longer among those that wait.
    pub fn answered(&self, approval: u64) {
        self.heard().answered.push(approval);
    }
}

#[async_trait]
impl Ears for Hearing {
    async fn said(&self, inbound: Inbound) -> Result<(), Ended> {
        self.change(|heard| {
            heard.bookmark = inbound.bookmark.clone().or(heard.bookmark.take());
            heard.said.push(inbound);
        });
        if self.look(|heard| heard.dies) {
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    async fn bookmark(&self, _: &str) -> Option<String> {
        self.heard().bookmark.clone()
    }

    async fn keep_bookmark(&self, _: &str, bookmark: &str) -> Result<(), Ended> {
        self.change(|heard| heard.bookmark = Some(bookmark.to_owned()));
        Ok(())
    }

    async fn about(&self, _: &str, reference: &str) -> Option<About> {
        let heard = self.heard();
        let ((incident, key), _) = heard.refs.iter().find(|(_, name)| *name == reference)?;
        let question = key.strip_prefix("question:").and_then(|number| number.parse().ok());
        Some(About { incident: *incident, question })
    }

    async fn questions(&self, _: &str) -> Vec<Asked> {
        let heard = self.heard();
        let asked = heard.refs.iter().filter_map(|((incident, key), own)| {
            let approval = key.strip_prefix("question:")?.parse().ok()?;
            let thread = heard.refs.get(&(*incident, "thread".to_owned())).cloned();
            let asked = Asked { approval, incident: *incident, own: own.clone(), thread };
            (!heard.answered.contains(&approval)).then_some(asked)
        });
        asked.collect()
    }

    async fn complete(&self, kind: Kind, typed: &str) -> Vec<Choice> {
        self.change(|heard| heard.completed.push((kind, typed.to_owned())));
        let label = |n: u64| format!("{n} nas/media: {}", "a mount is stale ".repeat(12));
        (1..=25).map(|n| Choice { value: n.to_string(), label: label(n) }).collect()
    }

    fn line(&self, _: &str, state: Result<(), String>) {
        self.change(|heard| heard.lines.push(state));
    }

    fn ignored(&self, _: &str) {
        self.change(|heard| heard.ignored += 1);
    }
}
