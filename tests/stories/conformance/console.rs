//! The console as a stage: a pipe that somebody reads and types into.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use steward::adapters::chat::console::{Console, Style};
use steward::engine::ports::{Chat, Ears};
use tokio::io::{AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::sync::{Notify, watch};

use super::stage::{Act, At, How, Shown, Stage, Trouble, Who};
use crate::support::HandClock;

/// What somebody who types is called.
const OPERATOR: &str = "alex";

/// What was written: each message is one piece.
#[derive(Clone, Default)]
struct Paper {
    pieces: Arc<Mutex<Vec<String>>>,
    broken: Arc<Mutex<Option<io::ErrorKind>>>,
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(kind) = *self.broken.lock().unwrap() {
            return Err(kind.into());
        }
        self.pieces.lock().unwrap().push(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub struct Terminal {
    console: Arc<Console>,
    paper: Paper,
    clock: Arc<HandClock>,
    keys: Mutex<Option<DuplexStream>>,
    input: Mutex<Option<DuplexStream>>,
    listening: Notify,
}

pub async fn open() -> Arc<dyn Stage> {
    let paper = Paper::default();
    let console = Arc::new(Console::new(Box::new(paper.clone()), Style::pipe()).unwrap());
    let (keys, input) = duplex(1 << 16);
    Arc::new(Terminal {
        console,
        paper,
        clock: Arc::new(HandClock::at("2026-11-21T08:00:00Z")),
        keys: Mutex::new(Some(keys)),
        input: Mutex::new(Some(input)),
        listening: Notify::new(),
    })
}

/// Where a piece stands.
#[derive(Debug, PartialEq)]
enum Spot {
    /// A block of its own.
    Block,
    Thread(u64),
    Answer,
}

/// A piece taken apart.
fn read(at: usize, piece: &str) -> (Spot, Shown) {
    let mut called = Vec::new();
    let mut rows: Vec<&str> = piece.lines().skip_while(|row| row.is_empty()).collect();
    if let Some(call) = rows.first().filter(|row| row.starts_with("@here ")) {
        called.push(call[..5].to_owned());
        let goes_on = rows[1..].iter().take_while(|row| row.starts_with("      ")).count();
        rows.drain(..=goes_on);
    }
    let first = rows.first().copied().unwrap_or_default();
    let number = first.strip_prefix('#').and_then(|rest| rest.split_once(" │ ")?.0.parse().ok());
    let spot = match number {
        Some(number) => Spot::Thread(number),
        None if first.starts_with("── ") => Spot::Block,
        None => Spot::Answer,
    };
    let bare = |row: &&str| match &spot {
        Spot::Thread(_) => row.split_once("│ ").map_or("", |(_, text)| text).to_owned(),
        Spot::Block => row.trim_start_matches("── ").trim_end_matches('─').trim().to_owned(),
        Spot::Answer => row.trim().to_owned(),
    };
    let text = rows.iter().map(bare).collect::<Vec<_>>().join("\n");
    let marks = if piece.contains('\u{1b}') { vec!["an escape sequence".to_owned()] } else { Vec::new() };
    (spot, Shown { id: at.to_string(), text, loud: !called.is_empty(), called, marks, ..Shown::default() })
}

impl Terminal {
    fn pieces(&self) -> Vec<(Spot, Shown)> {
        let pieces = self.paper.pieces.lock().unwrap();
        pieces.iter().enumerate().map(|(at, piece)| read(at, piece)).collect()
    }

    fn shown(&self, wanted: impl Fn(&Spot, &Shown) -> bool) -> Vec<Shown> {
        let pieces = self.pieces().into_iter();
        pieces.filter(|(spot, shown)| wanted(spot, shown)).map(|(_, shown)| shown).collect()
    }

    fn is_root(shown: &Shown, number: u64) -> bool {
        shown.text.lines().next().is_some_and(|title| format!(" {title} ").contains(&format!(" #{number} ")))
    }

    fn types(&self, text: &str) -> Act {
        let before = self.shown(|spot, _| *spot == Spot::Answer).len();
        let line = format!("{text}\n");
        let mut keys = self.keys.lock().unwrap();
        // The buffer is larger than all that a story types.
        let written =
            futures_util::FutureExt::now_or_never(keys.as_mut().unwrap().write_all(line.as_bytes()));
        written.unwrap().unwrap();
        Act { who: Who::Operator, how: How::Message, id: String::new(), before }
    }
}

#[async_trait]
impl Stage for Terminal {
    fn chat(&self) -> Arc<dyn Chat> {
        self.console.clone()
    }

    /// Another Steward has another terminal.
    fn restarted(&self) -> Option<Arc<dyn Chat>> {
        None
    }

    fn clock(&self) -> Arc<HandClock> {
        self.clock.clone()
    }

    async fn listen(&self, chat: Arc<dyn Chat>, ears: Arc<dyn Ears>, mut ending: watch::Receiver<bool>) {
        let input = self.input.lock().unwrap().take();
        let (heard, mut hear) = tokio::sync::mpsc::unbounded_channel();
        let keyboard = self.console.keyboard();
        let typing = async {
            if let Some(input) = input {
                let hand_on = move |inbound| drop(heard.send(inbound));
                keyboard.read(BufReader::new(input), OPERATOR.to_owned(), hand_on).await;
            }
        };
        let hearing = async {
            while let Some(inbound) = hear.recv().await {
                ears.said(inbound).await.unwrap();
            }
        };
        self.listening.notify_one();
        let told = ending.clone();
        tokio::select! {
            _ = async { tokio::join!(chat.listen(ears.clone(), told), typing, hearing) } => {}
            _ = ending.wait_for(|yes| *yes) => {}
        }
    }

    async fn left(&self) {}

    async fn ready(&self) {
        self.listening.notified().await;
    }

    fn nothing_wrong(&self) {
        for piece in self.paper.pieces.lock().unwrap().iter() {
            let stray = piece.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(stray, None, "a control character reached the terminal: {piece:?}");
        }
    }

    fn transcript(&self) -> String {
        self.paper.pieces.lock().unwrap().join("----\n")
    }

    fn everything(&self) -> Vec<Shown> {
        self.shown(|_, _| true)
    }

    fn place(&self) -> Vec<Shown> {
        self.shown(|spot, _| *spot == Spot::Block)
    }

    fn roots(&self, number: u64) -> Vec<Shown> {
        self.shown(|spot, shown| *spot == Spot::Block && Self::is_root(shown, number))
    }

    fn thread(&self, number: u64) -> Vec<Shown> {
        self.shown(|spot, _| *spot == Spot::Thread(number))
    }

    fn is_open(&self, _: u64) -> Option<bool> {
        None
    }

    fn answers(&self, act: &Act) -> Vec<Shown> {
        self.shown(|spot, _| *spot == Spot::Answer).split_off(act.before)
    }

    fn on_call(&self) -> Vec<String> {
        vec!["@here".to_owned()]
    }

    fn says(&self, who: Who, at: At, text: &str) -> Option<Act> {
        // There is one place, and one person.
        (who == Who::Operator && at == At::Place).then(|| self.types(text))
    }

    fn mentions(&self, _: Who, _: At, _: &str) -> Option<Act> {
        None
    }

    fn commands(&self, who: Who, at: At, name: &str) -> Option<Act> {
        self.says(who, at, &format!("/{name}"))
    }

    async fn completes(&self, _: &str) -> Option<Vec<String>> {
        None
    }

    fn presses(&self, _: Who, _: &Shown, _: &str) -> Option<Act> {
        None
    }

    fn reacts(&self, _: Who, _: &Shown, _: &str) -> Option<Act> {
        None
    }

    fn is_acknowledged(&self, _: &Act) -> bool {
        true
    }

    fn says_elsewhere(&self, _: &str) -> usize {
        0
    }

    fn deletes(&self, _: &Shown) -> bool {
        false
    }

    fn deletes_thread(&self, _: u64) -> bool {
        false
    }

    fn takes_back(&self, _: &Act) -> bool {
        false
    }

    fn shuts_the_door(&self) -> bool {
        false
    }

    fn expires(&self, _: &Act) -> bool {
        false
    }

    fn misbehaves(&self, trouble: Trouble, _: bool) -> bool {
        let kind = match trouble {
            Trouble::Error => io::ErrorKind::StorageFull,
            Trouble::Closed => io::ErrorKind::BrokenPipe,
            Trouble::Garbage | Trouble::LostAnswer | Trouble::Hang | Trouble::Limited(_) => return false,
        };
        *self.paper.broken.lock().unwrap() = Some(kind);
        true
    }

    fn talks_nonsense(&self) -> bool {
        false
    }

    fn is_slow(&self) -> bool {
        false
    }

    fn behaves(&self) {
        *self.paper.broken.lock().unwrap() = None;
    }

    fn is_down(&self, _: bool) -> bool {
        false
    }

    fn refuses_token(&self) -> Option<&'static str> {
        None
    }

    fn loses_place(&self) -> bool {
        false
    }
}
