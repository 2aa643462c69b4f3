//! Connections and the session: what it asked for, what it was told, and what it missed.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

/// The bits of intents that the fake knows.
pub(super) mod intent {
    pub(in super::super) const GUILDS: u64 = 1;
    pub(in super::super) const GUILD_MESSAGES: u64 = 1 << 9;
    pub(in super::super) const GUILD_REACTIONS: u64 = 1 << 10;
    pub(in super::super) const DIRECT_MESSAGES: u64 = 1 << 12;
    pub(in super::super) const DIRECT_REACTIONS: u64 = 1 << 13;
    pub(in super::super) const MESSAGE_CONTENT: u64 = 1 << 15;
    /// Those that have to be switched on in the developer portal.
    pub(in super::super) const PRIVILEGED: u64 = 1 << 1 | 1 << 8 | MESSAGE_CONTENT;
    /// All that are documented.
    pub(in super::super) const ALL: u64 = ((1 << 17) - 1) | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25;
}

/// What a connection is told to do.
pub(super) enum Order {
    Send(String),
    Close(u16, &'static str),
    /// The socket ends without a word.
    Drop,
}

/// All connections and the one session.
#[derive(Default)]
pub(super) struct Gateway {
    connections: BTreeMap<u64, Connection>,
    next: u64,
    session: Option<Session>,
    pub(super) heartbeat: Option<u64>,
    pub(super) withhold_acks: bool,
    pub(super) heartbeats: usize,
    pub(super) identifies: usize,
    pub(super) resumes: usize,
}

/// What came of a RESUME.
pub(super) enum TakeUp {
    Done,
    /// There is no such session (any more).
    Unknown,
    /// It heard of more than was told.
    FromTheFuture,
}

struct Connection {
    orders: UnboundedSender<Order>,
    greeted: bool,
}

struct Session {
    id: String,
    seq: u64,
    intents: u64,
    /// Everything that was dispatched, for a RESUME.
    told: Vec<(u64, String)>,
    connection: Option<u64>,
}

impl Gateway {
    /// A connection; it gets its number.
    pub(super) fn arrives(&mut self, orders: UnboundedSender<Order>) -> u64 {
        self.next += 1;
        self.connections.insert(self.next, Connection { orders, greeted: false });
        let interval = self.heartbeat.unwrap_or(41_250);
        self.send(self.next, &json!({"op": 10, "s": null, "t": null, "d": {"heartbeat_interval": interval}}));
        self.next
    }

    /// A connection is gone; one that the client closes in good order ends its session.
    pub(super) fn leaves(&mut self, number: u64, for_good: bool) {
        self.connections.remove(&number);
        if let Some(session) = self.session.as_mut().filter(|session| session.connection == Some(number)) {
            session.connection = None;
            if for_good {
                self.session = None;
            }
        }
    }

    pub(super) fn drop_connections(&mut self) {
        self.connections.keys().for_each(|number| self.order(*number, Order::Drop));
        if let Some(session) = &mut self.session {
            session.connection = None;
        }
    }

    pub(super) fn send(&self, number: u64, payload: &Value) {
        self.order(number, Order::Send(payload.to_string()));
    }

    pub(super) fn close(&mut self, number: u64, code: u16, why: &'static str) {
        self.order(number, Order::Close(code, why));
        // These end the session: the documentation says not to resume.
        let fatal = matches!(code, 4004 | 4007 | 4009..=4014);
        if let Some(session) = self.session.as_mut().filter(|session| session.connection == Some(number)) {
            session.connection = None;
            if fatal {
                self.session = None;
            }
        }
    }

    /// A connection had its IDENTIFY or RESUME.
    pub(super) fn greeted(&self, number: u64) -> bool {
        self.connections.get(&number).is_some_and(|connection| connection.greeted)
    }

    fn greet(&mut self, number: u64) {
        if let Some(connection) = self.connections.get_mut(&number) {
            connection.greeted = true;
        }
    }

    /// A new session; the one before it is over.
    pub(super) fn begin(&mut self, number: u64, id: String, intents: u64) {
        self.greet(number);
        self.session = Some(Session { id, seq: 0, intents, told: Vec::new(), connection: Some(number) });
    }

    /// The session is over.
    pub(super) fn end(&mut self) {
        self.session = None;
    }

    /// A connection takes the session up, and is told what it missed.
    pub(super) fn take_up(&mut self, number: u64, id: &str, seq: u64) -> TakeUp {
        let Some(session) = self.session.as_mut().filter(|session| session.id == id) else {
            return TakeUp::Unknown;
        };
        if seq > session.seq {
            return TakeUp::FromTheFuture;
        }
        session.connection = Some(number);
        self.resumes += 1;
        let missed: Vec<_> = session.told.iter().filter(|(told, _)| *told > seq).cloned().collect();
        self.greet(number);
        for (_, text) in missed {
            self.order(number, Order::Send(text));
        }
        self.dispatch("RESUMED", &json!({}));
        TakeUp::Done
    }

    /// Says something on every connection, outside of the session.
    pub(super) fn shout(&self, text: &str) {
        self.connections.keys().for_each(|number| self.order(*number, Order::Send(text.into())));
    }

    pub(super) fn close_all(&mut self, code: u16) {
        let numbers: Vec<_> = self.connections.keys().copied().collect();
        numbers.into_iter().for_each(|number| self.close(number, code, ""));
    }

    fn order(&self, number: u64, order: Order) {
        if let Some(connection) = self.connections.get(&number) {
            // One that just ended is about to be taken out.
            let _ = connection.orders.send(order);
        }
    }

    pub(super) fn connected(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.connection.is_some())
    }

    /// What the session asked for; nothing without a session.
    pub(super) fn intents(&self) -> u64 {
        self.session.as_ref().map_or(0, |session| session.intents)
    }

    /// Tells the session; a disconnected one learns it when it resumes.
    pub(super) fn dispatch(&mut self, event: &str, data: &Value) {
        let Some(session) = &mut self.session else { return };
        session.seq += 1;
        let text = json!({"op": 0, "s": session.seq, "t": event, "d": data}).to_string();
        session.told.push((session.seq, text.clone()));
        if let Some(number) = session.connection {
            self.order(number, Order::Send(text));
        }
    }
}
