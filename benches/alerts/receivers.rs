//! Who is told: a webhook for Alertmanager, a Discord for Steward. Both take everything and answer at once.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

use crate::book::{Arrival, Book, Part, now};
use crate::discord;

/// How long it is waited for what should come by itself.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often the books are read; the times in them were taken when the messages came.
const LOOK: Duration = Duration::from_micros(500);

/// One receiver: where it is, and what it notes.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    book: Book,
    told: HashMap<usize, u64>,
    connected: bool,
}

/// The webhook and the Discord, served until the benchmark ends by one thread of their own.
pub(crate) fn serve() -> Result<[Receiver; 2]> {
    let (webhook, discord) = (Book::new("webhook"), Book::new("discord"));
    let (tell, told) = std::sync::mpsc::channel();
    let (theirs, ours) = (webhook.clone(), discord.clone());
    std::thread::spawn(move || -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (hook, chat) =
                (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
            let (at_hook, at_chat) = (hook.local_addr()?, chat.local_addr()?);
            tell.send([at_hook, at_chat])?;
            let hooks = Router::new().fallback(hooked).with_state(theirs);
            let at_once = |listener: TcpListener| listener.tap_io(|stream| drop(stream.set_nodelay(true)));
            let both = (
                axum::serve(at_once(hook), hooks),
                axum::serve(at_once(chat), discord::server(ours, at_chat)),
            );
            Ok(tokio::try_join!(both.0.into_future(), both.1.into_future()).map(drop)?)
        })
    });
    let [hook, chat] = told.recv().context("the receivers did not start")?;
    let receiver = |address, book| Receiver { address, book, told: HashMap::new(), connected: false };
    Ok([receiver(hook, webhook), receiver(chat, discord)])
}

async fn hooked(State(book): State<Book>, body: Bytes) {
    let at = now();
    book.request();
    book.root(book.new_id(), &body, at);
}

impl Receiver {
    /// When it was first told of each unit, in nanoseconds since 1970.
    pub(crate) fn told(&mut self) -> Result<&HashMap<usize, u64>> {
        for line in self.book.report() {
            if line.contains(" requests ") {
                self.connected |= line.ends_with("connected true");
                continue;
            }
            let (Arrival { part, unit, .. }, at) = Arrival::read(&line)?;
            if part == Part::Root {
                self.told.entry(unit).or_insert(at);
            }
        }
        Ok(&self.told)
    }

    /// Waits until it was told of all of these, and says when each came.
    pub(crate) fn wait(&mut self, units: std::ops::Range<usize>) -> Result<Vec<u64>> {
        let began = Instant::now();
        let mut missing: Vec<usize> = units.clone().collect();
        loop {
            let told = self.told()?;
            missing.retain(|unit| !told.contains_key(unit));
            if missing.is_empty() {
                return units.map(|unit| told.get(&unit).copied().context("never told")).collect();
            }
            ensure!(began.elapsed() < PATIENCE, "{} of {} were never told", missing.len(), units.len());
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until somebody listens to what is said in the chat.
    pub(crate) fn wait_connected(&mut self) -> Result<()> {
        let began = Instant::now();
        self.connected = false;
        while !self.connected {
            self.told()?;
            ensure!(began.elapsed() < PATIENCE, "Steward does not listen to its chat");
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}
