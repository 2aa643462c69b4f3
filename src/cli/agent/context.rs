//! `steward agent context`.

use crate::cli::screen::Screen;
use crate::cli::{Ended, Tools};
use crate::config::Setup;

/// Prints what a model would be told about an incident.
pub(super) async fn context(
    _setup: &Setup,
    _tools: &Tools,
    _incident: u64,
    _json: bool,
    _screen: &mut Screen<'_>,
) -> Ended {
    std::future::ready(Ok(std::process::ExitCode::SUCCESS)).await
}
