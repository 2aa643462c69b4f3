//! The queue of runs: so many at once, the others in the order in which they came.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::engine::activity::{Activity, Busy};

/// The queue. Every handle is the same.
#[derive(Clone)]
pub(super) struct Queue {
    line: Arc<Mutex<Line>>,
    activity: Activity,
}

struct Line {
    free: u32,
    going: usize,
    waiting: VecDeque<oneshot::Sender<Place>>,
}

/// The right to run; given on when dropped.
pub(super) struct Place {
    queue: Queue,
    /// On its way to whoever waited: who rests until it comes is no longer at rest.
    _on_its_way: Option<Busy>,
}

/// What asking for a place comes to.
pub(super) enum Asked {
    /// It is there.
    Now(Place),
    /// So many are before it.
    Later {
        /// How many run or wait before it.
        before: usize,
        /// Where it comes.
        place: oneshot::Receiver<Place>,
    },
}

impl Queue {
    /// A queue in which so many run at once; at least one.
    pub(super) fn new(at_once: u32, activity: Activity) -> Self {
        let line = Line { free: at_once.max(1), going: 0, waiting: VecDeque::new() };
        Self { line: Arc::new(Mutex::new(line)), activity }
    }

    /// Asks for a place, in the order of these calls.
    pub(super) fn ask(&self) -> Asked {
        let mut line = self.lock();
        if line.free > 0 {
            line.free -= 1;
            line.going += 1;
            return Asked::Now(Place { queue: self.clone(), _on_its_way: None });
        }
        // Whoever no longer waits is before nobody.
        line.waiting.retain(|waits| !waits.is_closed());
        let before = line.going + line.waiting.len();
        let (sender, place) = oneshot::channel();
        line.waiting.push_back(sender);
        Asked::Later { before, place }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let next = {
            let mut line = self.queue.lock();
            let next = std::iter::from_fn(|| line.waiting.pop_front()).find(|waits| !waits.is_closed());
            if next.is_none() {
                line.free += 1;
                line.going -= 1;
            }
            next
        };
        if let Some(next) = next {
            let busy = self.queue.activity.begin();
            // If nobody takes it, it comes back and is given on again.
            drop(next.send(Place { queue: self.queue.clone(), _on_its_way: Some(busy) }));
        }
    }
}

impl Place {
    /// Whoever waited for it has it.
    pub(super) fn arrived(&mut self) {
        self._on_its_way = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later(queue: &Queue) -> (usize, oneshot::Receiver<Place>) {
        match queue.ask() {
            Asked::Later { before, place } => (before, place),
            Asked::Now(_) => panic!("there was a place"),
        }
    }

    #[tokio::test]
    async fn places_are_given_in_order_and_those_who_left_are_passed_over() {
        let activity = Activity::default();
        let queue = Queue::new(1, activity.clone());
        let Asked::Now(first) = queue.ask() else { panic!("no place") };
        let (before, gone) = later(&queue);
        assert_eq!(before, 1);
        drop(gone);
        let (before, second) = later(&queue);
        assert_eq!(before, 1, "who left is before nobody");
        let (before, third) = later(&queue);
        assert_eq!(before, 2);
        drop(first);
        assert_eq!(activity.count(), 1, "a place on its way is something under way");
        let mut second = second.await.unwrap();
        second.arrived();
        assert_eq!(activity.count(), 0);
        drop(second);
        drop(third.await.unwrap());
        assert!(matches!(queue.ask(), Asked::Now(_)));
    }

    #[tokio::test]
    async fn a_place_that_came_too_late_is_not_lost() {
        let queue = Queue::new(1, Activity::default());
        let Asked::Now(first) = queue.ask() else { panic!("no place") };
        let (_, second) = later(&queue);
        drop(first);
        // It is on its way when its owner leaves.
        drop(second);
        assert!(matches!(queue.ask(), Asked::Now(_)));
    }
}
