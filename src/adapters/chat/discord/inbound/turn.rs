//! Turns: events are taken in side by side, since each has to be acknowledged at once, but what people said is handed on
//! in the order in which they said it. A yes and a no that change places would be another answer.

use std::cell::Cell;
use std::future::Future;

use tokio::sync::oneshot;

tokio::task_local! {
    /// What is told once all that came before has been handed on; taken by whoever waits for it.
    static BEFORE: Cell<Option<oneshot::Receiver<()>>>;
}

/// Gives out turns.
#[derive(Debug, Default)]
pub(in crate::adapters::chat::discord) struct Turns {
    last: Option<oneshot::Receiver<()>>,
}

impl Turns {
    /// The work on one event, whose turn comes after those that were given out before.
    pub(in crate::adapters::chat::discord) fn next<W: Future<Output = ()>>(
        &mut self,
        work: W,
    ) -> impl Future<Output = ()> + use<W> {
        let (done, told) = oneshot::channel();
        let before = Cell::new(self.last.replace(told));
        BEFORE.scope(before, async move {
            work.await;
            // Who had nothing to say must not let others pass those before.
            mine().await;
            drop(done);
        })
    }
}

/// Returns when it is this event's turn; at once where turns don't count.
pub(super) async fn mine() {
    let before = BEFORE.try_with(Cell::take).ok().flatten();
    if let Some(before) = before {
        // Who came before has handed on what there was, or was given up.
        let _ = before.await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[tokio::test]
    async fn what_is_ready_first_waits_for_what_came_first_even_behind_one_with_nothing_to_say() {
        let said = Arc::new(Mutex::new(Vec::new()));
        let mut turns = Turns::default();
        let (ready, wait) = oneshot::channel::<()>();
        let slow = {
            let said = said.clone();
            turns.next(async move {
                let _ = wait.await;
                mine().await;
                said.lock().unwrap().push("first");
            })
        };
        let silent = turns.next(async {});
        let quick = {
            let said = said.clone();
            turns.next(async move {
                mine().await;
                said.lock().unwrap().push("second");
            })
        };
        let (slow, silent, quick) = (tokio::spawn(slow), tokio::spawn(silent), tokio::spawn(quick));
        tokio::task::yield_now().await;
        assert!(said.lock().unwrap().is_empty(), "nobody passes the first");
        ready.send(()).unwrap();
        for work in [slow, silent, quick] {
            work.await.unwrap();
        }
        assert_eq!(*said.lock().unwrap(), ["first", "second"]);
    }
}
