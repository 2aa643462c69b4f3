//! A step that waits for what earlier steps captured: filled when it is its turn, and judged anew.

use tokio::sync::watch;

use super::driver::{DriveError, Driver, called_off};
use super::ports::Permitted;
use crate::domain::remediation::{Part, SagaEvent};

impl Driver<'_> {
    /// Fills a late step and gets it permitted, or refuses it. A call-off ends the wait for people; then nothing is
    /// committed here, and the loop hears of it.
    pub(super) async fn fill(
        &mut self,
        step: usize,
        cancel: &mut watch::Receiver<Option<String>>,
    ) -> Result<(), DriveError> {
        let filled = self.saga.filling(step).map_err(|why| format!("it was not begun: {why}"));
        let permitted = match filled {
            Err(why) => Err(why),
            Ok(filled) => tokio::select! {
                biased;
                () = called_off(cancel) => return Ok(()),
                permitted = self.deps.execute.permit(step, filled) => permitted,
            },
        };
        let event = match permitted {
            Ok(Permitted { step: filled, approval }) => {
                SagaEvent::Filled { step, filled: Box::new(filled), approval: approval.map(Box::new) }
            }
            Err(why) => SagaEvent::Refused { step, part: Part::Run, why },
        };
        self.commit(event).await
    }
}
