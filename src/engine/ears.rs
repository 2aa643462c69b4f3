//! What chat platforms hear through: people's words to the engine, and what a platform has to know of it.

use async_trait::async_trait;
use tokio::sync::oneshot;

use super::lines::Ignored;
use super::message::{Handle, Message};
use super::ports::{About, Asked, Choice, Ears, Ended, Inbound, Kind, Way};
use crate::store::{Store, outbox, query};

/// The engine's ears.
pub struct Listener {
    /// Where messages are left.
    pub engine: Handle,
    /// What is stored.
    pub store: Store,
    /// Where events from elsewhere are counted.
    pub ignored: Ignored,
}

/// The setting that keeps a platform's bookmark.
pub(super) fn bookmark_of(platform: &str) -> String {
    format!("bookmark:{platform}")
}

#[async_trait]
impl Ears for Listener {
    async fn said(&self, inbound: Inbound) -> Result<(), Ended> {
        self.engine.submit(Message::Said(inbound)).await
    }

    async fn bookmark(&self, platform: &str) -> Option<String> {
        let key = bookmark_of(platform);
        let read = self.store.read(move |conn| query::setting(conn, &key)).await;
        read.unwrap_or_else(|error| {
            tracing::error!(platform, %error, "how far the chat was read is unknown");
            None
        })
    }

    async fn keep_bookmark(&self, platform: &str, bookmark: &str) -> Result<(), Ended> {
        let (platform, bookmark) = (platform.to_owned(), bookmark.to_owned());
        self.engine.submit(Message::Bookmark { platform, bookmark }).await
    }

    async fn about(&self, platform: &str, reference: &str) -> Option<About> {
        let (of, reference) = (platform.to_owned(), reference.to_owned());
        let read = self.store.read(move |conn| outbox::about(conn, &of, &reference)).await;
        let found = read.unwrap_or_else(|error| {
            tracing::error!(platform, %error, "what a message is about is unknown");
            None
        });
        let (incident, question) = found?;
        Some(About { incident, question })
    }

    async fn questions(&self, platform: &str) -> Vec<Asked> {
        let of = platform.to_owned();
        let read = self.store.read(move |conn| outbox::questions(conn, &of)).await;
        read.unwrap_or_else(|error| {
            tracing::error!(platform, %error, "the questions that wait are unknown");
            Vec::new()
        })
    }

    async fn complete(&self, kind: Kind, typed: &str) -> Vec<Choice> {
        let (reply, answer) = oneshot::channel();
        self.engine.send(Message::Complete { kind, typed: typed.to_owned(), reply });
        answer.await.unwrap_or_default()
    }

    fn line(&self, platform: &str, state: Result<(), String>) {
        self.engine.send(Message::Line { platform: platform.to_owned(), way: Way::In, state });
    }

    fn ignored(&self, platform: &str) {
        self.ignored.count(platform);
    }
}
