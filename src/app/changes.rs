//! Looks for changes in the background, as long as Steward runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::engine::activity::{Activity, told};
use crate::engine::changes::Watcher;
use crate::engine::ports::Clock;

/// Looks every `every`, the first time at once: what is seen then is what the next look is compared with.
pub(super) async fn watch(
    watcher: Watcher,
    every: Duration,
    activity: Activity,
    clock: Arc<dyn Clock>,
    mut ending: watch::Receiver<bool>,
) {
    if watcher.is_idle() {
        return;
    }
    loop {
        {
            let _busy = activity.begin();
            watcher.look_briefly().await;
        }
        tokio::select! {
            () = clock.sleep(every) => {}
            () = told(&mut ending) => return,
        }
    }
}
