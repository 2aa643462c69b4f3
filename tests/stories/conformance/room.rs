//! A stage with somebody who delivers to it as the outbox does, and listens as the engine does.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use steward::domain::card::{Card, Place, Refs};
use steward::domain::ids::IncidentId;
use steward::engine::ports::{Capabilities, Chat, DeliveryError, Ears, Inbound, Outbound};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::ears::{HANG, Hearing};
use super::stage::{Act, Shown, Stage};

/// How soon whoever listens has to be gone once it was told to end.
const PROMPTLY: Duration = Duration::from_secs(5);

pub struct Room {
    pub stage: Arc<dyn Stage>,
    pub ears: Arc<Hearing>,
    chat: Arc<dyn Chat>,
    next: AtomicI64,
}

/// Somebody who listens; dropped, it is cut off.
pub struct Listening {
    stage: Arc<dyn Stage>,
    ending: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listening {
    /// Whether it has ended without having been told to.
    pub fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Tells it to end, which it does promptly.
    pub async fn stop(mut self) {
        self.ending.send_replace(true);
        let ended = tokio::time::timeout(PROMPTLY, &mut self.task).await;
        ended.expect("it goes on listening although it was told to end").unwrap();
        self.stage.left().await;
    }

    /// Steward dies.
    pub async fn die(mut self) {
        self.task.abort();
        // It ends as one that was aborted.
        let _ = (&mut self.task).await;
        self.stage.left().await;
    }
}

pub fn root(number: u64) -> Place {
    Place::Root { incident: incident(number), number }
}

pub fn thread(number: u64) -> Place {
    Place::Thread { incident: incident(number), number }
}

pub fn question(number: u64, approval: u64) -> Place {
    Place::Question { incident: incident(number), number, approval }
}

pub fn answer(to: &Inbound) -> Place {
    Place::Answer { conversation: to.conversation.clone() }
}

fn incident(number: u64) -> IncidentId {
    IncidentId(ulid::Ulid::from_parts(number, 0))
}

impl Room {
    pub fn on(stage: Arc<dyn Stage>) -> Self {
        let chat = stage.chat();
        Self { stage, ears: Arc::default(), chat, next: AtomicI64::new(1) }
    }

    pub fn chat(&self) -> Arc<dyn Chat> {
        self.chat.clone()
    }

    /// What the platform can do, as it says now.
    pub fn can(&self) -> Capabilities {
        self.chat.capabilities()
    }

    /// Steward is started again; `false` where that leaves nothing behind.
    pub fn restart(&mut self) -> bool {
        let again = self.stage.restarted();
        let is_new = again.is_some();
        self.chat = again.unwrap_or_else(|| self.chat.clone());
        is_new
    }

    /// A message as the outbox hands it over.
    pub fn message(&self, place: Place, card: &Card) -> Outbound {
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        let refs = self.ears.refs(&place, id);
        Outbound { id, written_at: self.stage.clock().time(), refs, place, card: card.cleaned() }
    }

    /// Delivers a message, and keeps what it is called now.
    pub async fn deliver(&self, message: &Outbound) -> Result<Refs, DeliveryError> {
        let refs = self.ears.refs(&message.place, message.id);
        let message = Outbound { refs, ..message.clone() };
        let delivery = tokio::time::timeout(HANG, self.chat.deliver(&message)).await;
        let delivered = delivery.expect("a delivery that takes for ever")?;
        self.ears.keep(&message.place, message.id, &delivered);
        Ok(delivered)
    }

    pub async fn try_tell(&self, place: Place, card: &Card) -> Result<Refs, DeliveryError> {
        self.deliver(&self.message(place, card)).await
    }

    /// Delivers a card, which has to work at once.
    pub async fn tell(&self, place: Place, card: &Card) -> Refs {
        let what = format!("{place:?}");
        let told = self.try_tell(place, card).await;
        told.unwrap_or_else(|error| panic!("{what}: {error}\n{}", self.stage.transcript()))
    }

    /// Delivers a card; every message that this adds anywhere.
    pub async fn news(&self, place: Place, card: &Card) -> Vec<Shown> {
        let before: Vec<String> = self.stage.everything().into_iter().map(|message| message.id).collect();
        self.tell(place, card).await;
        let mut new = self.stage.everything();
        new.retain(|message| !before.contains(&message.id));
        new
    }

    /// Delivers a card as often as it takes, and waits as long as the platform says.
    pub async fn tell_with_patience(&self, place: Place, card: &Card) {
        let message = self.message(place, card);
        for _ in 0..100 {
            match self.deliver(&message).await {
                Ok(_) => return,
                Err(DeliveryError::Limited { pause, .. }) => self.pass(pause),
                Err(error) => panic!("{:?}: {error}\n{}", message.place, self.stage.transcript()),
            }
        }
        panic!("{:?} never came through\n{}", message.place, self.stage.transcript());
    }

    /// Time passes.
    pub fn pass(&self, time: Duration) {
        let clock = self.stage.clock();
        let end = clock.time() + time;
        while clock.step(end) {}
    }

    /// Begins to listen, whatever comes of it.
    pub fn begin_to_listen(&self) -> Listening {
        let (ending, told) = watch::channel(false);
        let (stage, chat, ears) = (self.stage.clone(), self.chat.clone(), self.ears.clone() as Arc<dyn Ears>);
        let task = tokio::spawn(async move { stage.listen(chat, ears, told).await });
        Listening { stage: self.stage.clone(), ending, task }
    }

    /// Listens.
    pub async fn listen(&self) -> Listening {
        let listening = self.begin_to_listen();
        self.stage.ready().await;
        listening
    }

    /// Somebody did something: what was heard of it.
    pub async fn heard(&self, act: Option<&Act>) -> Inbound {
        assert!(act.is_some(), "nobody did anything");
        self.ears.next().await
    }

    /// Answers to what was heard; what the person is shown.
    pub async fn answer(&self, act: &Act, to: &Inbound, card: &Card) -> Vec<Shown> {
        self.tell(answer(to), card).await;
        self.stage.answers(act)
    }

    /// The only message that stands for an incident.
    pub fn root(&self, number: u64) -> Shown {
        let mut roots = self.stage.roots(number);
        assert_eq!(roots.len(), 1, "#{number} has one root message\n{}", self.stage.transcript());
        roots.remove(0)
    }

    /// The message of the thread that has this text.
    pub fn in_thread(&self, number: u64, text: &str) -> Shown {
        let mut found = self.stage.thread(number);
        found.retain(|message| message.text.contains(text));
        assert_eq!(found.len(), 1, "{text:?} is once in #{number}\n{}", self.stage.transcript());
        found.remove(0)
    }
}
