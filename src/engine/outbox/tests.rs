use async_trait::async_trait;
use tokio::sync::mpsc;

use super::super::ports::{Delivered, DeliveryError, Outbound, Threads};
use super::*;
use crate::domain::card::{Card, Place};
use crate::store::batch::{Batch, NewMessage};

/// A clock that stands still.
struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn sleep_until(&self, _: Timestamp) {
        std::future::pending().await
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending().await
    }
}

/// A chat that never answers to what is slow, and tells what it is asked to deliver.
struct Platform(mpsc::UnboundedSender<String>);

#[async_trait]
impl Chat for Platform {
    fn platform(&self) -> String {
        "test".to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            threads: Threads::Inline,
            edits: false,
            buttons: false,
            reactions: None,
            files: false,
            private_answers: false,
            drops_doubles: false,
            longest_text: None,
            edit_every: Duration::ZERO,
            at_once: 2,
        }
    }

    async fn deliver(&self, message: &Outbound) -> Result<Delivered, DeliveryError> {
        let title = message.card.title.clone();
        self.0.send(title.clone()).unwrap();
        if title == "slow" {
            std::future::pending::<()>().await;
        }
        Ok(Delivered::default())
    }
}

struct Post {
    store: Store,
    bell: Arc<Notify>,
}

impl Post {
    async fn leave(&self, thread: &str, title: &str) {
        let message = NewMessage {
            platform: "test".to_owned(),
            thread: thread.to_owned(),
            supersedes: None,
            place: Place::Lab,
            card: Card::titled(title),
            at: Timestamp::UNIX_EPOCH,
        };
        let batch = Batch { messages: vec![message], ..Batch::default() };
        self.store.write(Arc::new(batch)).await.unwrap();
        self.bell.notify_one();
    }
}

#[tokio::test]
async fn while_one_message_is_on_its_way_a_new_one_goes_out_but_none_of_the_same_thread() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let post = Post { store: store.clone(), bell: Arc::default() };
    let (tell, mut asked) = mpsc::unbounded_channel();
    let (engine, _mailbox) = Handle::new(Activity::default(), store.redaction().clone());
    let courier = Courier {
        chat: Arc::new(Platform(tell)),
        store,
        clock: Arc::new(Still),
        bell: post.bell.clone(),
        engine,
        leaving: watch::channel(false).1,
    };
    let (_end, ending) = watch::channel(false);
    let courier = tokio::spawn(courier.run(ending));

    post.leave("one", "slow").await;
    assert_eq!(asked.recv().await.unwrap(), "slow");
    post.leave("one", "behind it").await;
    post.leave("two", "new").await;
    let next = tokio::time::timeout(Duration::from_secs(10), asked.recv()).await;
    assert_eq!(next.expect("it waits for what is under way").unwrap(), "new");
    post.leave("two", "newer").await;
    assert_eq!(asked.recv().await.unwrap(), "newer");
    assert!(asked.try_recv().is_err(), "what stands behind a message waits for it");
    courier.abort();
}
