//! Taking in what comes from outside: durable before it is acknowledged, worked off in the order of arrival.
//!
//! Two tasks: one writes what arrives into the inbox, all that waits in one commit; the other brings what was written
//! to the desk. What is in between is bounded: beyond that, whoever sends hears that there is no room, and nothing of
//! theirs is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot, watch};

use super::activity::{Busy, told};
use super::message::{Handle, Message};
use super::ports::{Delivery, Intake, NotAccepted, Rejected};
use crate::domain::signal::Timestamp;
use crate::store::inbox::Inbox;

/// The setting that keeps how far the inbox was worked off.
pub const DONE: &str = "inbox_done";
/// Deliveries written in one commit at most.
const GROUP: usize = 512;
/// Signals brought to the desk at once, about.
const PORTION: usize = 512;
/// Bytes of deliveries that may wait, whatever their number.
const BYTES: usize = 128 * 1024 * 1024;
/// When it is worth trying again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The engine's side of [`Intake`].
#[derive(Clone)]
pub struct Gateway {
    arriving: mpsc::UnboundedSender<Arriving>,
    room: Arc<Room>,
    inbox: Inbox,
    engine: Handle,
}

/// What waits, and how much may.
#[derive(Debug)]
struct Room {
    deliveries: AtomicUsize,
    bytes: AtomicUsize,
    capacity: usize,
    done: AtomicI64,
}

struct Arriving {
    delivery: Delivery,
    text: String,
    place: Place,
    reply: oneshot::Sender<Result<(), NotAccepted>>,
}

/// A place among what waits; free again when dropped.
struct Place {
    room: Arc<Room>,
    bytes: usize,
    /// What waited before: deliveries, and their bytes.
    before: (usize, usize),
    _busy: Busy,
}

/// What was written, and waits for the desk.
struct Written {
    id: i64,
    delivery: Delivery,
    place: Place,
}

/// The two tasks' work.
pub struct Porter {
    left: Vec<(i64, String)>,
    arriving: mpsc::UnboundedReceiver<Arriving>,
    room: Arc<Room>,
    inbox: Inbox,
    engine: Handle,
}

impl Room {
    /// Takes a place, if there is one.
    fn take(self: &Arc<Self>, bytes: usize, engine: &Handle) -> Option<Place> {
        let place = self.squeeze(bytes, engine);
        let (before, waiting) = (place.before.0, place.before.1);
        // One that is larger than all there is room for gets through alone.
        (before < self.capacity && (waiting == 0 || waiting + bytes <= BYTES)).then_some(place)
    }

    /// Takes a place, whether there is one or not.
    fn squeeze(self: &Arc<Self>, bytes: usize, engine: &Handle) -> Place {
        let deliveries = self.deliveries.fetch_add(1, Ordering::SeqCst);
        let waiting = self.bytes.fetch_add(bytes, Ordering::SeqCst);
        Place { room: self.clone(), bytes, before: (deliveries, waiting), _busy: engine.activity().begin() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.deliveries.fetch_sub(1, Ordering::SeqCst);
        self.room.bytes.fetch_sub(self.bytes, Ordering::SeqCst);
    }
}

impl Gateway {
    /// The gateway, and the work behind it. `done` is how far the inbox was worked off, `left` what an earlier Steward
    /// acknowledged after that; `capacity` is how many deliveries may wait.
    #[must_use]
    pub fn new(
        inbox: Inbox,
        engine: Handle,
        capacity: usize,
        done: i64,
        left: Vec<(i64, String)>,
    ) -> (Self, Porter) {
        let (sender, arriving) = mpsc::unbounded_channel();
        let room = Arc::new(Room {
            deliveries: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            capacity,
            done: AtomicI64::new(done),
        });
        let porter =
            Porter { left, arriving, room: room.clone(), inbox: inbox.clone(), engine: engine.clone() };
        (Self { arriving: sender, room, inbox, engine }, porter)
    }

    /// How many deliveries wait to be worked off, and how many may.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        (self.room.deliveries.load(Ordering::SeqCst), self.room.capacity)
    }
}

#[async_trait]
impl Intake for Gateway {
    async fn accept(&self, delivery: Delivery) -> Result<(), NotAccepted> {
        let text =
            serde_json::to_string(&delivery).map_err(|error| NotAccepted::NotStored(error.to_string()))?;
        let full = NotAccepted::Full { retry_after: RETRY_AFTER };
        let place = self.room.take(text.len(), &self.engine).ok_or(full)?;
        let (reply, answer) = oneshot::channel();
        let arriving = Arriving { delivery, text, place, reply };
        self.arriving.send(arriving).map_err(|_| NotAccepted::Ending)?;
        answer.await.unwrap_or(Err(NotAccepted::Ending))
    }

    fn reject(&self, rejected: Rejected) {
        let redactor = self.engine.redaction().now();
        let clean = |text: &str| redactor.redact(text).into_owned();
        let (why, body) = (clean(&rejected.why), clean(&rejected.body));
        let (source, at, inbox) = (rejected.source.clone(), rejected.at, self.inbox.clone());
        self.engine.send(Message::Refused { source: rejected.source, why: why.clone() });
        self.engine.activity().spawn(async move {
            if let Err(error) = inbox.reject(source, at, why, body).await {
                tracing::warn!(%error, "a body that was not understood could not be kept for a look");
            }
        });
    }
}

impl Porter {
    /// Works until Steward ends: first what an earlier one left, then what arrives.
    pub async fn run(self, mut ending: watch::Receiver<bool>) {
        let Self { left, arriving, room, inbox, engine } = self;
        let (written, waiting) = mpsc::unbounded_channel();
        let mut ended = ending.clone();
        let bringing = bring(waiting, room.clone(), engine.clone());
        let writing = async {
            take_up(left, &inbox, &room, &engine, &written).await;
            write(arriving, &inbox, &room, &written).await;
        };
        tokio::select! {
            () = bringing => {}
            () = writing => {}
            () = told(&mut ended) => {}
        }
        drop(written);
        told(&mut ending).await;
        if let Err(error) = inbox.close().await {
            tracing::warn!(%error, "the inbox was not closed");
        }
    }
}

/// Brings up what an earlier Steward had acknowledged and not worked off.
async fn take_up(
    left: Vec<(i64, String)>,
    inbox: &Inbox,
    room: &Arc<Room>,
    engine: &Handle,
    written: &mpsc::UnboundedSender<Written>,
) {
    if !left.is_empty() {
        tracing::info!(deliveries = left.len(), "what was acknowledged before the start is worked off");
    }
    for (id, text) in left {
        let place = room.squeeze(text.len(), engine);
        match serde_json::from_str(&text) {
            Ok(delivery) => drop(written.send(Written { id, delivery, place })),
            Err(error) => unreadable(inbox, engine, id, &error.to_string(), text).await,
        }
    }
}

/// Keeps what can't be read any more where people find it.
async fn unreadable(inbox: &Inbox, engine: &Handle, id: i64, why: &str, text: String) {
    tracing::error!(id, why, "a delivery in the inbox can't be read; `steward alerts rejected` shows it");
    let (at, redactor) = (Timestamp::UNIX_EPOCH, engine.redaction().now());
    let (why, text) = (format!("it can't be read back: {why}"), redactor.redact(&text).into_owned());
    if let Err(error) = inbox.reject("inbox".to_owned(), at, why, text).await {
        tracing::error!(id, %error, "nor can it be kept for a look");
    }
}

/// Writes what arrives; all that waits goes into one commit.
async fn write(
    mut arriving: mpsc::UnboundedReceiver<Arriving>,
    inbox: &Inbox,
    room: &Room,
    written: &mpsc::UnboundedSender<Written>,
) {
    let mut group = Vec::new();
    while arriving.recv_many(&mut group, GROUP).await > 0 {
        let texts = group.iter_mut().map(|one| std::mem::take(&mut one.text)).collect();
        let outcome = inbox.put(texts, room.done.load(Ordering::SeqCst)).await;
        match outcome {
            Ok(first) => {
                for (id, Arriving { delivery, place, reply, .. }) in (first..).zip(group.drain(..)) {
                    // Whoever sent it may have gone; it is worked off all the same.
                    let _ = reply.send(Ok(()));
                    let _ = written.send(Written { id, delivery, place });
                }
            }
            Err(error) => {
                tracing::error!(%error, "what came in can't be stored, and is not acknowledged");
                for one in group.drain(..) {
                    let _ = one.reply.send(Err(NotAccepted::NotStored(error.to_string())));
                }
            }
        }
    }
}

/// Brings what was written to the desk, portion by portion.
async fn bring(mut waiting: mpsc::UnboundedReceiver<Written>, room: Arc<Room>, engine: Handle) {
    let mut portion: Vec<Written> = Vec::new();
    while let Some(first) = waiting.recv().await {
        let mut signals = first.delivery.signals.len();
        portion.push(first);
        while signals < PORTION
            && let Ok(next) = waiting.try_recv()
        {
            signals += next.delivery.signals.len();
            portion.push(next);
        }
        let (deliveries, places): (Vec<_>, Vec<_>) =
            portion.drain(..).map(|one| ((one.id, one.delivery), one.place)).unzip();
        let last = deliveries.last().map(|(id, _)| *id);
        if engine.deliver(deliveries).await.is_err() {
            // The next start takes it up from the inbox.
            return;
        }
        if let Some(last) = last {
            room.done.store(last, Ordering::SeqCst);
        }
        drop(places);
    }
}
