//! What a client says to the gateway, and what comes of it: HEARTBEAT, IDENTIFY, RESUME.

use serde_json::{Value, json};

use super::schema::{Field, Kind, Problems, may, must, null};
use super::session::{TakeUp, intent};
use super::world::World;
use super::{BOT, GUILD, json as shown};

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
        let greeted = self.gateway.greeted(number);
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
        self.gateway.begin(number, id.clone(), intents);
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
        let guild = self.guild_create();
        self.tell_guild("GUILD_CREATE", &guild);
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
        match self.gateway.take_up(number, data["session_id"].as_str().unwrap_or_default(), seq) {
            TakeUp::Done => {}
            TakeUp::Unknown => self.gateway.send(number, &json!({"op": 9, "s": null, "t": null, "d": false})),
            TakeUp::FromTheFuture => {
                self.gateway_breach(number, 4007, "RESUME with a sequence number of the future");
            }
        }
    }
}
