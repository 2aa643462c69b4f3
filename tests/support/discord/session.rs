//! The gateway's side of a session: what it was told, what it missed, and what it asked for.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::schema::{Field, Kind, Problems, may, must, null};
use super::world::World;
use super::{BOT, FakeDiscord, GUILD, json as shown};

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
    pub(in super::super) const ALL: u64 =
        0b11_1111_1111_1111_1111 & !(1 << 17) | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25;
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
    withhold_acks: bool,
    pub(super) heartbeats: usize,
    pub(super) identifies: usize,
    pub(super) resumes: usize,
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

const IDENTIFY: &[Field] = &[
    must("token", Kind::Text(1, 200)),
    must(
        "properties",
        Kind::Object(&[
            must("os", Kind::Text(0, 200)),
            must("browser", Kind::Text(0, 200)),
            must("device", Kind::Text(0, 200)),
        ]),
    ),
    may("compress", Kind::Bool),
    may("large_threshold", Kind::Int(50, 250)),
    may("shard", Kind::List(2, &Kind::Int(0, 1000))),
    null("presence", Kind::Free),
    must("intents", Kind::Int(0, i64::MAX)),
];

const RESUME: &[Field] = &[
    must("token", Kind::Text(1, 200)),
    must("session_id", Kind::Text(1, 200)),
    must("seq", Kind::Int(0, i64::MAX)),
];

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
        self.order_all(|| Order::Drop);
    }

    fn order_all(&mut self, order: impl Fn() -> Order) {
        for connection in self.connections.values() {
            // One that just ended is about to be taken out.
            let _ = connection.orders.send(order());
        }
        if let Some(session) = &mut self.session {
            session.connection = None;
        }
    }

    fn send(&self, number: u64, payload: &Value) {
        if let Some(connection) = self.connections.get(&number) {
            let _ = connection.orders.send(Order::Send(payload.to_string()));
        }
    }

    pub(super) fn close(&mut self, number: u64, code: u16, why: &'static str) {
        if let Some(connection) = self.connections.get(&number) {
            let _ = connection.orders.send(Order::Close(code, why));
        }
        // These end the session: the documentation says not to resume.
        let fatal = matches!(code, 4004 | 4007 | 4009..=4014);
        if let Some(session) = self.session.as_mut().filter(|session| session.connection == Some(number)) {
            session.connection = None;
            if fatal {
                self.session = None;
            }
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
        if let Some(connection) = session.connection.and_then(|number| self.connections.get(&number)) {
            let _ = connection.orders.send(Order::Send(text));
        }
    }
}

impl World {
    /// The client said something on a connection.
    pub(super) fn hears(&mut self, number: u64, text: &str, port: u16) {
        if text.len() > 4096 {
            return self.gateway_breach(number, 4002, "a payload of more than 4096 bytes");
        }
        let Ok(payload) = serde_json::from_str::<Value>(text) else {
            return self.gateway_breach(number, 4002, "a payload that is no JSON");
        };
        let data = &payload["d"];
        let greeted = self.gateway.connections.get(&number).is_some_and(|connection| connection.greeted);
        match payload["op"].as_u64() {
            Some(1) => self.heartbeat(number),
            Some(2) if greeted => self.gateway_breach(number, 4005, "a second IDENTIFY"),
            Some(2) => self.identify(number, data, port),
            Some(6) => self.resume(number, data),
            Some(_) if !greeted => self.gateway_breach(number, 4003, "a payload before IDENTIFY"),
            Some(3) => {}
            other => {
                self.gateway_breach(number, 4001, &format!("opcode {other:?} (or the fake does not know it)"))
            }
        }
    }

    fn gateway_breach(&mut self, number: u64, code: u16, why: &str) {
        self.violations.push(format!("gateway: {why}"));
        self.gateway.close(number, code, "");
    }

    fn heartbeat(&mut self, number: u64) {
        self.gateway.heartbeats += 1;
        if !self.gateway.withhold_acks {
            self.gateway.send(number, &json!({"op": 11, "s": null, "t": null, "d": null}));
        }
    }

    /// The fields of a payload are as documented, or it is closed.
    fn gateway_form(&mut self, number: u64, fields: &[Field], data: &Value) -> bool {
        let mut problems = Problems::default();
        problems.object("", fields, data);
        let Err(refusal) = problems.refuse() else { return true };
        self.gateway_breach(number, 4002, &refusal.breach.unwrap_or_default());
        false
    }

    /// With or without `Bot `: serenity sends it along, and Discord takes it.
    fn right_token(&self, data: &Value) -> bool {
        let token = data["token"].as_str().unwrap_or_default();
        token.strip_prefix("Bot ").unwrap_or(token) == self.token
    }

    fn identify(&mut self, number: u64, data: &Value, port: u16) {
        self.log.push("gateway IDENTIFY".into());
        self.gateway.identifies += 1;
        if !self.gateway_form(number, IDENTIFY, data) {
            return;
        }
        let intents = data["intents"].as_u64().unwrap_or(0);
        if !self.right_token(data) {
            return self.gateway.close(number, 4004, "Authentication failed.");
        }
        if intents & !intent::ALL != 0 {
            return self.gateway_breach(number, 4013, "unknown intents");
        }
        if intents & intent::PRIVILEGED & !self.privileged != 0 {
            return self.gateway.close(number, 4014, "Disallowed intent(s).");
        }
        let id = format!("{:032x}", self.new_id());
        let connection = Some(number);
        self.gateway.session =
            Some(Session { id: id.clone(), seq: 0, intents, told: Vec::new(), connection });
        if let Some(connection) = self.gateway.connections.get_mut(&number) {
            connection.greeted = true;
        }
        let ready = json!({
            "v": 10,
            "user": shown::bot_user(),
            "guilds": [{"id": GUILD.to_string(), "unavailable": true}],
            "session_id": id,
            "resume_gateway_url": format!("ws://127.0.0.1:{port}"),
            "shard": data.get("shard").cloned().unwrap_or_else(|| json!([0, 1])),
            "application": {"id": BOT.to_string(), "flags": self.application_flags()},
        });
        self.gateway.dispatch("READY", &ready);
        if intents & intent::GUILDS != 0 {
            let guild = self.guild_create();
            self.gateway.dispatch("GUILD_CREATE", &guild);
        }
    }

    fn resume(&mut self, number: u64, data: &Value) {
        self.log.push("gateway RESUME".into());
        if !self.gateway_form(number, RESUME, data) {
            return;
        }
        if !self.right_token(data) {
            return self.gateway.close(number, 4004, "Authentication failed.");
        }
        let seq = data["seq"].as_u64().unwrap_or(0);
        let known = self.gateway.session.as_mut().filter(|session| data["session_id"] == session.id.as_str());
        let Some(session) = known else {
            return self.gateway.send(number, &json!({"op": 9, "s": null, "t": null, "d": false}));
        };
        if seq > session.seq {
            return self.gateway_breach(number, 4007, "RESUME with a sequence number of the future");
        }
        session.connection = Some(number);
        let missed: Vec<_> = session.told.iter().filter(|(told, _)| *told > seq).cloned().collect();
        self.gateway.resumes += 1;
        if let Some(connection) = self.gateway.connections.get_mut(&number) {
            connection.greeted = true;
            for (_, text) in missed {
                let _ = connection.orders.send(Order::Send(text));
            }
        }
        self.gateway.dispatch("RESUMED", &json!({}));
    }
}

impl World {
    /// How many heartbeats came.
    pub fn heartbeats(&self) -> usize {
        self.gateway.heartbeats
    }

    /// The bot has a session and is connected.
    pub fn connected(&self) -> bool {
        self.gateway.connected()
    }
}

impl FakeDiscord {
    /// The bot has a session and is connected.
    pub async fn connected(&self) {
        self.until("the bot's connection", |world| world.connected().then_some(())).await;
    }

    /// How often the bot began a session, and how often it took one up again.
    pub fn sessions(&self) -> (usize, usize) {
        self.inner.look(|world| (world.gateway.identifies, world.gateway.resumes))
    }

    /// Connections from now on are to send a heartbeat this often (real milliseconds; 41,250 otherwise).
    pub fn heartbeat_every(&self, milliseconds: u64) {
        self.inner.change(|world| world.gateway.heartbeat = Some(milliseconds));
    }

    /// Heartbeats are acknowledged, or not.
    pub fn acknowledge_heartbeats(&self, acknowledge: bool) {
        self.inner.change(|world| world.gateway.withhold_acks = !acknowledge);
    }

    /// The socket breaks; the session can be resumed.
    pub fn drop_socket(&self) {
        self.inner.change(|world| world.gateway.drop_connections());
    }

    /// The gateway closes with a code.
    pub fn close_gateway(&self, code: u16) {
        self.inner.change(|world| {
            let numbers: Vec<_> = world.gateway.connections.keys().copied().collect();
            for number in numbers {
                world.gateway.close(number, code, "");
            }
        });
    }

    /// Op 7: the bot is asked to reconnect.
    pub fn ask_to_reconnect(&self) {
        self.tell_gateway(json!({"op": 7, "s": null, "t": null, "d": null}).to_string());
    }

    /// Op 9: the session is invalid, and may be resumed or not.
    pub fn invalidate_session(&self, resumable: bool) {
        self.tell_gateway(json!({"op": 9, "s": null, "t": null, "d": resumable}).to_string());
        if !resumable {
            self.inner.change(|world| world.gateway.session = None);
        }
    }

    /// The gateway says something that is no JSON.
    pub fn send_garbage(&self) {
        self.tell_gateway("{\"op\": 0, \"t\": \"MESSAGE_CRE".into());
    }

    /// The gateway says an event that is not documented.
    pub fn send_unknown_event(&self) {
        self.inner.change(|world| world.gateway.dispatch("SOMETHING_NEW", &json!({"whatever": [1, 2]})));
    }

    fn tell_gateway(&self, text: String) {
        self.inner.change(|world| {
            for connection in world.gateway.connections.values() {
                let _ = connection.orders.send(Order::Send(text.clone()));
            }
        });
    }
}
