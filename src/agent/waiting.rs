//! Runs that wait for what they proposed: how each repair ended, told to whoever asks, before or after.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::domain::ids::RemediationId;

/// Ends that nobody has asked for yet, at most: a repair may end before its run gets to ask.
const REMEMBERED: usize = 64;

/// Repairs that runs have proposed. Every handle sees the same.
#[derive(Debug, Clone, Default)]
pub struct Repairs(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    waiting: BTreeMap<RemediationId, Vec<oneshot::Sender<String>>>,
    ended: VecDeque<(RemediationId, String)>,
}

impl Repairs {
    /// A repair has ended, and how.
    pub fn tell(&self, repair: RemediationId, how: &str) {
        let mut inner = self.lock();
        let waiting = inner.waiting.remove(&repair).unwrap_or_default();
        for one in waiting {
            // Whoever no longer waits misses nothing.
            let _ = one.send(how.to_owned());
        }
        inner.ended.push_back((repair, how.to_owned()));
        if inner.ended.len() > REMEMBERED {
            inner.ended.pop_front();
        }
    }

    /// Waits until a repair has ended, and says how. For ever, if nobody tells: whoever waits sets the limit.
    pub async fn over(&self, repair: RemediationId) -> String {
        let answer = {
            let mut inner = self.lock();
            if let Some((_, how)) = inner.ended.iter().find(|(ended, _)| *ended == repair) {
                return how.clone();
            }
            let (sender, answer) = oneshot::channel();
            let waiting = inner.waiting.entry(repair).or_default();
            waiting.retain(|one| !one.is_closed());
            waiting.push(sender);
            answer
        };
        // The sender lives in here, so it is never dropped without a word.
        answer.await.unwrap_or_default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repair(number: u128) -> RemediationId {
        RemediationId(ulid::Ulid::from(number))
    }

    #[tokio::test]
    async fn the_end_of_a_repair_is_told_to_whoever_asks_before_it_and_after_it() {
        let repairs = Repairs::default();
        repairs.tell(repair(1), "it worked");
        assert_eq!(repairs.over(repair(1)).await, "it worked");

        let (waits, other) = (repairs.clone(), repairs.clone());
        let (first, second) = tokio::join!(async move { waits.over(repair(2)).await }, async move {
            tokio::task::yield_now().await;
            other.tell(repair(3), "another one");
            other.tell(repair(2), "it was undone");
            other.over(repair(2)).await
        });
        assert_eq!((first.as_str(), second.as_str()), ("it was undone", "it was undone"));
    }

    #[tokio::test]
    async fn what_nobody_asks_for_does_not_pile_up() {
        let repairs = Repairs::default();
        for number in 0..1000 {
            repairs.tell(repair(number), "over");
        }
        assert_eq!(repairs.lock().ended.len(), REMEMBERED);
    }
}
