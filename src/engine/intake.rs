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
use crate::store::inbox::{Inbox, RejectedRow};

/// The setting that keeps how far the inbox was worked off.
pub const DONE: &str = "inbox_done";
/// Deliveries written in one commit at most.
const GROUP: usize = 512;
/// Signals brought to the desk at once, about.
const PORTION: usize = 512;
/// Bytes of deliveries that may wait, whatever their number.
const BYTES: usize = 128 * 1024 * 1024;
/// When nothing waits, what was worked off is forgotten once it is so many deliveries, or so many bytes. Each time
/// costs a sync, so a single alert waits for the next one, or for the end.
const FORGET: (usize, usize) = (64, 1024 * 1024);
/// So many starts may take up a delivery without getting past it.
const STARTS: u32 = 3;
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
    /// Whether it goes to the desk by itself, so that its neighbours do not share its fate.
    alone: bool,
}

/// The two tasks' work.
pub struct Porter {
    left: Vec<(i64, String)>,
    arriving: mpsc::UnboundedReceiver<Arriving>,
    room: Arc<Room>,
    inbox: Inbox,
    engine: Handle,
    /// What was left is under way from the moment the work is made, not only once its task runs.
    taking_up: Busy,
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
        let porter = Porter {
            left,
            arriving,
            room: room.clone(),
            inbox: inbox.clone(),
            taking_up: engine.activity().begin(),
            engine: engine.clone(),
        };
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
        let Self { left, arriving, room, inbox, engine, taking_up } = self;
        let (written, waiting) = mpsc::unbounded_channel();
        let mut ended = ending.clone();
        let bringing = bring(waiting, &inbox, room.clone(), engine.clone());
        let writing = async {
            take_up(left, &inbox, &room, &engine, &written).await;
            drop(taking_up);
            write(arriving, &inbox, &room, &written).await;
        };
        tokio::select! {
            () = bringing => {}
            () = writing => {}
            () = told(&mut ended) => {}
        }
        drop(written);
        told(&mut ending).await;
        if let Err(error) = inbox.forget(room.done.load(Ordering::SeqCst)).await {
            tracing::warn!(%error, "what was worked off stays in the inbox until the next start");
        }
        if let Err(error) = inbox.close().await {
            tracing::warn!(%error, "the inbox was not closed");
        }
    }
}

/// Brings up what an earlier Steward had acknowledged and not worked off.
async fn take_up(
    mut left: Vec<(i64, String)>,
    inbox: &Inbox,
    room: &Arc<Room>,
    engine: &Handle,
    written: &mpsc::UnboundedSender<Written>,
) {
    let Some((oldest, _)) = left.first() else { return };
    tracing::info!(deliveries = left.len(), "what was acknowledged before the start is worked off");
    let starts = inbox.taken_up(*oldest).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "it can't be noted that the inbox is taken up");
        1
    });
    if starts > STARTS {
        let (id, text) = left.remove(0);
        let why = format!("Steward was started {STARTS} times and ended each time before it was worked off");
        set_aside(inbox, engine, id, why, text).await;
    }
    for (id, text) in left {
        let place = room.squeeze(text.len(), engine);
        // A second start for the same one: something here may be what ended the first, and it is to be found out what.
        let alone = starts > 1;
        match serde_json::from_str(&text) {
            Ok(delivery) => drop(written.send(Written { id, delivery, place, alone })),
            Err(error) => {
                set_aside(inbox, engine, id, format!("it can't be read back: {error}"), text).await;
            }
        }
    }
}

/// Keeps what can't be worked off where people find it.
async fn set_aside(inbox: &Inbox, engine: &Handle, id: i64, why: String, text: String) {
    tracing::error!(
        id,
        why,
        "an acknowledged delivery can't be worked off and is put aside; `steward alerts rejected` shows it"
    );
    let delivery = serde_json::from_str::<Delivery>(&text).ok();
    let (source, at) = delivery.map_or(("inbox".to_owned(), Timestamp::UNIX_EPOCH), |delivery| {
        (delivery.source, delivery.received_at)
    });
    let body = engine.redaction().now().redact(&text).into_owned();
    if let Err(error) = inbox.set_aside(id, RejectedRow { id: 0, source, at, why, body }).await {
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
                    let _ = written.send(Written { id, delivery, place, alone: false });
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
async fn bring(
    mut waiting: mpsc::UnboundedReceiver<Written>,
    inbox: &Inbox,
    room: Arc<Room>,
    engine: Handle,
) {
    let mut portion: Vec<Written> = Vec::new();
    let (mut count, mut bytes) = (0, 0);
    while let Some(first) = waiting.recv().await {
        let (mut signals, alone) = (first.delivery.signals.len(), first.alone);
        portion.push(first);
        while signals < PORTION
            && !alone
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
        count += places.len();
        bytes += places.iter().map(|place| place.bytes).sum::<usize>();
        drop(places);
        if waiting.is_empty() && (count >= FORGET.0 || bytes >= FORGET.1) {
            (count, bytes) = (0, 0);
            if let Err(error) = inbox.forget(room.done.load(Ordering::SeqCst)).await {
                tracing::warn!(%error, "what was worked off stays in the inbox for now");
            }
        }
    }
}
