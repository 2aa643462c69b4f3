//! The order of what happened. Events are taken in at once, because each may have to look something up; what came of
//! them is handed on one after the other.

use tokio::sync::oneshot;

/// Gives turns out, in the order of events.
#[derive(Debug, Default)]
pub(in super::super) struct Turns {
    last: Option<oneshot::Receiver<()>>,
}

/// The turn of one event. It is over when this is dropped, so whoever has one waits for it first.
#[derive(Debug)]
pub(in super::super) struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _over: oneshot::Sender<()>,
}

impl Turns {
    /// The turn behind all that were given out.
    pub(in super::super) fn next(&mut self) -> Turn {
        let (over, behind) = oneshot::channel();
        Turn { before: self.last.replace(behind), _over: over }
    }
}

impl Turn {
    /// Waits until all before it are over.
    pub(in super::super) async fn comes(&mut self) {
        if let Some(before) = self.before.as_mut() {
            // It is never told, only dropped.
            let _ = before.await;
            self.before = None;
        }
    }
}
