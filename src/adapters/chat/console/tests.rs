//! What a person sees, letter by letter.

use std::io;
use std::sync::{Arc, Mutex};

use super::*;
use crate::domain::card::{Attachment, Card, Mention};
use crate::domain::ids::IncidentId;
use crate::domain::signal::Severity;

/// Standard output in a test.
#[derive(Debug, Clone, Default)]
struct Paper {
    written: Arc<Mutex<Vec<u8>>>,
    broken: Arc<Mutex<Option<io::ErrorKind>>>,
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(kind) = *self.broken.lock().unwrap() {
            return Err(kind.into());
        }
        self.written.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A console and what it wrote.
struct Room {
    console: Console,
    paper: Paper,
    sent: i64,
}

impl Room {
    fn new(style: Style) -> Self {
        let paper = Paper::default();
        Self { console: Console::new(Box::new(paper.clone()), style).unwrap(), paper, sent: 0 }
    }

    fn pipe(columns: u16) -> Self {
        Self::new(Style { room: super::Room::Fixed(Size { columns, rows: 0 }), ..Style::pipe() })
    }

    fn terminal(columns: u16, rows: u16) -> Self {
        let room = super::Room::Fixed(Size { columns, rows });
        Self::new(Style { terminal: true, prompt: true, room, color: false })
    }

    async fn try_tell(&mut self, place: Place, card: Card) -> Result<Delivered, DeliveryError> {
        self.sent += 1;
        let message = Outbound { id: self.sent, place, card, root_ref: None, thread_ref: None };
        self.console.deliver(&message).await
    }

    /// Delivers a card and returns what that wrote.
    async fn tell(&mut self, place: Place, card: Card) -> String {
        self.paper.written.lock().unwrap().clear();
        self.try_tell(place, card).await.unwrap();
        self.seen()
    }

    fn seen(&self) -> String {
        String::from_utf8(self.paper.written.lock().unwrap().clone()).unwrap()
    }
}

fn incident(number: u64) -> IncidentId {
    IncidentId(ulid::Ulid::from_parts(number, 0))
}

fn root(number: u64) -> Place {
    Place::Root { incident: incident(number), number }
}

fn thread(number: u64) -> Place {
    Place::Thread { incident: incident(number), number }
}

fn answer() -> Place {
    Place::Answer { conversation: NAME.to_owned() }
}

/// A stale mount that takes two services with it.
fn stale() -> Card {
    Card::titled("#3 nas/media: /mnt/media is stale on 3 nodes")
        .severity(Severity::Error)
        .field("State", "open")
        .field("Root", "nas/media (nothing it needs is failing)")
        .field("Since", "2026-07-24 03:02:13")
        .field("Impact", "Jellyfin and imports cannot read media")
        .field("Symptoms", "k8s/media/jellyfin crashloop\nk8s/media/sonarr crashloop")
        .field(
            "Suspect change",
            "\"nfs: switch to v4.2\" by Anna at 02:58:40 (git:homelab 3f2a9c01d4e5): touches nas/media, 4 minutes before",
        )
        .action("Acknowledge", "ack 3")
}

/// The same, with a field changed.
fn with(card: Card, name: &str, value: &str) -> Card {
    let mut card = card;
    card.fields.retain(|field| field.name != name);
    card.field(name, value)
}

fn resolved() -> Card {
    let mut card = with(stale(), "State", "resolved");
    card = with(card, "Since", "2026-07-24 03:02:13, for 4 min").field("Tried", "remount: worked");
    card.done = true;
    card.actions.clear();
    card
}

#[tokio::test]
async fn show() {
    for columns in [100, 40] {
        let mut room = Room::pipe(columns);
        let mut all = String::new();
        all += &room.tell(root(3), stale()).await;
        let mut seen = Card::titled("#3")
            .line("03:02:13 seen   /mnt/media is stale on 3 nodes (nas/media nfs-stale, reported by skill:stale-mounts). Impact: Jellyfin and imports cannot read media.")
            .line("03:02:14 change Suspect change: \"nfs: switch to v4.2\" by Anna (git:homelab 3f2a9c01d4e5): touches nas/media");
        let log = (1..=30).map(|n| format!("[{n}.000] nfs: server nas.lan not responding, still trying: a long line with all of the options rw,relatime,vers=4.2,rsize=1048576,wsize=1048576,namlen=255,hard,proto=tcp,timeo=600,retrans=2,sec=sys,local_lock=none,addr=192.168.1.20")).collect::<Vec<_>>().join("\n");
        seen.attachments.push(Attachment { name: "nas/media nfs-stale.txt".into(), text: log });
        all += &room.tell(thread(3), seen).await;
        all += &room.tell(root(3), with(stale(), "State", "remediating")).await;
        let mut ask = Card::titled("#3").line("03:02:20 ask    Waiting for you: may I run vacuum-journal? It would run: journalctl --vacuum-size=200M. Why I ask: it is irreversible. Type `approve 7` or `deny 7`.")
            .action("Approve", "approve 7").action("Deny", "deny 7");
        all += &room.tell(thread(3), ask.clone()).await;
        ask = Card::titled("#3").line("03:02:30 call   nas/media broke for the third time within the hour.");
        ask.mention = Mention::Here;
        all += &room.tell(thread(3), ask).await;
        all += &room.tell(root(3), resolved()).await;
        all += &room
            .tell(Place::Lab, Card::titled("The silence on nas is over").line("Nothing below it is broken."))
            .await;
        all += &room.tell(answer(), Card::titled("2 incidents, 1 needs you").line("#3  error     nas/media   /mnt/media is stale on 3 nodes and nobody can read anything   4 min\n#2  warning   nas         disk fill                            2 h").field("Watching","12 skills")).await;
        println!("{all}");
    }
}
