//! What a story does to the gateway, and asks of it.

use serde_json::json;

use super::FakeDiscord;
use super::world::World;

impl World {
    /// How many heartbeats came.
    pub fn heartbeats(&self) -> usize {
        self.gateway.heartbeats
    }

    /// The bot has a session and is connected.
    pub fn connected(&self) -> bool {
        self.gateway.connected()
    }

    /// How often the bot began a session, and how often it took one up again.
    pub fn sessions(&self) -> (usize, usize) {
        (self.gateway.identifies, self.gateway.resumes)
    }
}

impl FakeDiscord {
    /// The bot has a session and is connected.
    pub async fn connected(&self) {
        self.until("the bot's connection", |world| world.connected().then_some(())).await;
    }

    /// How often the bot began a session, and how often it took one up again.
    pub fn sessions(&self) -> (usize, usize) {
        self.inner.look(World::sessions)
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
        self.inner.change(|world| world.gateway.close_all(code));
    }

    /// Op 7: the bot is asked to reconnect.
    pub fn ask_to_reconnect(&self) {
        self.tell_gateway(json!({"op": 7, "s": null, "t": null, "d": null}).to_string());
    }

    /// Op 9: the session is invalid, and may be resumed or not.
    pub fn invalidate_session(&self, resumable: bool) {
        self.tell_gateway(json!({"op": 9, "s": null, "t": null, "d": resumable}).to_string());
        if !resumable {
            self.inner.change(|world| world.gateway.end());
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

    /// The gateway tells an event in these words.
    pub fn tells(&self, event: &str, data: &serde_json::Value) {
        self.inner.change(|world| world.gateway.dispatch(event, data));
    }

    fn tell_gateway(&self, text: String) {
        self.inner.change(|world| world.gateway.shout(&text));
    }
}
