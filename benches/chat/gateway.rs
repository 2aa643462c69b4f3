//! Discord's gateway: greets whoever calls, answers heartbeats, and tells everybody what happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::ws::{Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::book::Book;

#[derive(Clone)]
pub(crate) struct Gateway {
    greeting: Arc<[(&'static str, Value)]>,
    events: broadcast::Sender<String>,
    seq: Arc<AtomicU64>,
}

impl Gateway {
    /// A gateway that tells this to everybody who introduces themselves.
    pub(crate) fn new(greeting: [(&'static str, Value); 2]) -> Self {
        Self { greeting: Arc::new(greeting), events: broadcast::Sender::new(1024), seq: Arc::default() }
    }

    /// Tells everybody who listens.
    pub(crate) fn tell(&self, name: &str, data: Value) {
        // There may be nobody.
        let _ = self.events.send(self.event(name, data));
    }

    fn event(&self, name: &str, data: Value) -> String {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        json!({ "op": 0, "s": seq, "t": name, "d": data }).to_string()
    }

    pub(crate) async fn talk(&self, mut socket: WebSocket, book: &Book) {
        let mut events = self.events.subscribe();
        let hello = json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": 41_250 } });
        let mut say = vec![hello.to_string()];
        loop {
            for text in say.drain(..) {
                if socket.send(Message::Text(text.into())).await.is_err() {
                    return;
                }
            }
            tokio::select! {
                event = events.recv() => say.extend(event.ok()),
                heard = socket.recv() => {
                    let Some(Ok(heard)) = heard else { return };
                    let payload: Value = heard.to_text().ok().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
                    match payload["op"].as_u64() {
                        Some(1) => say.push(json!({ "op": 11, "s": null, "t": null, "d": null }).to_string()),
                        Some(2) => {
                            say.extend(self.greeting.iter().map(|(name, data)| self.event(name, data.clone())));
                            book.connected();
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}
