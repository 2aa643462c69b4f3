//! The gateway, spoken to by hand: one that breaks its rules is closed with the documented code.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::discord;
use crate::support::discord::{CHANNEL, FakeDiscord, OPERATOR, TOKEN};

/// Just enough of a websocket.
struct Socket(TcpStream);

#[derive(Debug, PartialEq)]
enum Heard {
    Payload(Value),
    Garbage,
    Closed(u16),
    Gone,
}

impl Socket {
    async fn open(discord: &FakeDiscord, query: &str) -> Self {
        let address = discord.api().trim_start_matches("http://").to_owned();
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let request = format!(
            "GET /{query} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"));
        Self(stream)
    }

    /// Connects and is greeted.
    async fn greeted(discord: &FakeDiscord) -> Self {
        let mut socket = Self::open(discord, "?v=10&encoding=json").await;
        assert_eq!(socket.payload().await["op"], 10);
        socket
    }

    async fn says(&mut self, text: &str) {
        let length = u16::try_from(text.len()).unwrap();
        let mut frame = vec![0x81, 0x80 | 126];
        frame.extend(length.to_be_bytes());
        // A mask of zeros is a mask.
        frame.extend([0; 4]);
        frame.extend(text.bytes());
        self.0.write_all(&frame).await.unwrap();
    }

    async fn hears(&mut self) -> Heard {
        let Ok(kind) = self.0.read_u8().await else { return Heard::Gone };
        let length = match self.0.read_u8().await.unwrap() {
            126 => u64::from(self.0.read_u16().await.unwrap()),
            127 => self.0.read_u64().await.unwrap(),
            short => u64::from(short),
        };
        let mut text = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut text).await.unwrap();
        match kind & 0x0F {
            8 => Heard::Closed(u16::from_be_bytes([text[0], text[1]])),
            _ => serde_json::from_slice(&text).map_or(Heard::Garbage, Heard::Payload),
        }
    }

    async fn payload(&mut self) -> Value {
        match self.hears().await {
            Heard::Payload(payload) => payload,
            other => panic!("no payload but {other:?}"),
        }
    }
}

fn identify(token: &str, intents: u64) -> String {
    let properties = json!({"os": "linux", "browser": "x", "device": "x"});
    json!({"op": 2, "d": {"token": token, "intents": intents, "properties": properties}}).to_string()
}

fn resume(session: &str, seq: u64) -> String {
    json!({"op": 6, "d": {"token": TOKEN, "session_id": session, "seq": seq}}).to_string()
}

const MESSAGES: u64 = 1 << 9;
const CONTENT: u64 = 1 << 15;

#[tokio::test]
async fn payloads_against_the_rules_close_with_their_code() {
    let (discord, _) = discord().await;
    for (said, code, violation) in [
        ("{".to_owned(), 4002, "no JSON"),
        ("x".repeat(5000), 4002, "more than 4096 bytes"),
        (json!({"op": 3, "d": {}}).to_string(), 4003, "before IDENTIFY"),
        (json!({"op": 2, "d": {"token": TOKEN, "intents": 1}}).to_string(), 4002, "properties"),
        (identify(TOKEN, 1 << 40), 4013, "unknown intents"),
    ] {
        let mut socket = Socket::greeted(&discord).await;
        socket.says(&said).await;
        assert_eq!(socket.hears().await, Heard::Closed(code), "{said}");
        discord.expect_violation(violation);
    }
    let mut socket = Socket::greeted(&discord).await;
    socket.says(&identify(TOKEN, 1)).await;
    assert_eq!(socket.payload().await["t"], "READY");
    assert_eq!(socket.payload().await["t"], "GUILD_CREATE");
    socket.says(&identify(TOKEN, 1)).await;
    assert_eq!(socket.hears().await, Heard::Closed(4005));
    discord.expect_violation("a second IDENTIFY");
    let _old = Socket::open(&discord, "?v=9").await;
    discord.until("the wrong version", |world| (world.violations().len() == 2).then_some(())).await;
    discord.expect_violation("v=9");
    discord.expect_violation("no v=10");
    discord.nothing_wrong();
}

#[tokio::test]
async fn a_wrong_token_and_an_intent_that_is_off_are_told_apart() {
    let (discord, _) = discord().await;
    for (said, code) in [(identify("nonsense", CONTENT), 4004), (identify(TOKEN, CONTENT | 1 << 1), 4014)] {
        let mut socket = Socket::greeted(&discord).await;
        socket.says(&said).await;
        assert_eq!(socket.hears().await, Heard::Closed(code));
    }
    discord.forbid_message_content();
    let mut socket = Socket::greeted(&discord).await;
    socket.says(&identify(TOKEN, CONTENT)).await;
    assert_eq!(socket.hears().await, Heard::Closed(4014));
    discord.change_token("another");
    let mut socket = Socket::greeted(&discord).await;
    socket.says(&identify(TOKEN, 1)).await;
    assert_eq!(socket.hears().await, Heard::Closed(4004));
    assert!(!discord.look(|world| world.connected()));
    discord.nothing_wrong();
}

#[tokio::test]
async fn without_its_intent_a_message_comes_empty_unless_it_is_for_the_bot() {
    let (discord, _) = discord().await;
    let mut socket = Socket::greeted(&discord).await;
    socket.says(&identify(TOKEN, MESSAGES)).await;
    assert_eq!(socket.payload().await["t"], "READY");
    discord.says(OPERATOR, CHANNEL, "secret");
    assert_eq!(socket.payload().await["d"]["content"], "");
    let mention = format!("<@{}> secret", crate::support::discord::BOT);
    discord.says(OPERATOR, CHANNEL, &mention);
    assert_eq!(socket.payload().await["d"]["content"], mention);
    let said = discord.says_in_dm(OPERATOR, "nobody asked for these");
    discord.react(OPERATOR, said, "✅");
    discord.says(OPERATOR, CHANNEL, "");
    assert_eq!(socket.payload().await["d"]["channel_id"], CHANNEL.to_string(), "only what was asked for");
}

#[tokio::test]
async fn a_session_is_resumed_from_what_it_heard_last_or_not_at_all() {
    let (discord, _) = discord().await;
    let mut socket = Socket::greeted(&discord).await;
    socket.says(&identify(TOKEN, MESSAGES | CONTENT)).await;
    let session = socket.payload().await["d"]["session_id"].as_str().unwrap().to_owned();
    discord.connected().await;
    discord.drop_socket();
    assert_eq!(socket.hears().await, Heard::Gone);
    discord.says(OPERATOR, CHANNEL, "missed");
    let mut socket = Socket::greeted(&discord).await;
    socket.says(&resume(&session, 1)).await;
    assert_eq!(socket.payload().await["d"]["content"], "missed");
    assert_eq!(socket.payload().await["t"], "RESUMED");
    discord.send_garbage();
    assert_eq!(socket.hears().await, Heard::Garbage);
    discord.send_unknown_event();
    assert_eq!(socket.payload().await["t"], "SOMETHING_NEW");
    let mut early = Socket::greeted(&discord).await;
    early.says(&resume(&session, 99)).await;
    assert_eq!(early.hears().await, Heard::Closed(4007));
    discord.expect_violation("of the future");
    discord.invalidate_session(false);
    assert_eq!(socket.payload().await, json!({"op": 9, "s": null, "t": null, "d": false}));
    let mut again = Socket::greeted(&discord).await;
    again.says(&resume(&session, 1)).await;
    assert_eq!(again.payload().await["op"], 9, "that session is over");
    discord.nothing_wrong();
}

#[tokio::test]
async fn a_heartbeat_is_acknowledged_unless_that_is_withheld() {
    let (discord, _) = discord().await;
    let mut socket = Socket::greeted(&discord).await;
    let heartbeat = json!({"op": 1, "d": null}).to_string();
    socket.says(&heartbeat).await;
    assert_eq!(socket.payload().await["op"], 11);
    discord.acknowledge_heartbeats(false);
    socket.says(&heartbeat).await;
    socket.says(&identify(TOKEN, MESSAGES)).await;
    assert_eq!(socket.payload().await["t"], "READY", "nothing came before it");
    discord.acknowledge_heartbeats(true);
    socket.says(&heartbeat).await;
    assert_eq!(socket.payload().await["op"], 11);
    assert_eq!(discord.look(|world| world.heartbeats()), 3);
}
