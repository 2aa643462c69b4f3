//! `steward agent …`

mod context;
mod eval;
mod runs;

use super::args::AgentCommand;
use super::screen::Screen;
use super::{Ended, Tools, control};
use crate::config::Setup;

/// Carries a subcommand of `agent` out.
pub(super) async fn agent(
    setup: &Setup,
    tools: &Tools,
    command: &AgentCommand,
    screen: &mut Screen<'_>,
) -> Ended {
    match command {
        AgentCommand::Runs { json } => runs::list(setup, *json, screen).await,
        AgentCommand::Show { run, json } => runs::show(setup, *run, *json, screen).await,
        AgentCommand::Context { incident, json } => {
            context::context(setup, tools, *incident, *json, screen).await
        }
        AgentCommand::Run { goal } => {
            control::tell(&setup.loaded.config.state_dir, &format!("goal {goal}"), screen).await
        }
        AgentCommand::Eval(args) => eval::eval(setup, tools, args, screen).await,
    }
}
