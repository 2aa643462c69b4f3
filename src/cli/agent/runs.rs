//! `steward agent runs` and `steward agent show`.

use crate::cli::Ended;
use crate::cli::screen::Screen;
use crate::config::Setup;

/// Lists the runs.
pub(super) async fn list(_setup: &Setup, _json: bool, _screen: &mut Screen<'_>) -> Ended {
    std::future::ready(Ok(std::process::ExitCode::SUCCESS)).await
}

/// Shows all of one run.
pub(super) async fn show(_setup: &Setup, _run: u64, _json: bool, _screen: &mut Screen<'_>) -> Ended {
    std::future::ready(Ok(std::process::ExitCode::SUCCESS)).await
}
