//! `steward agent …`

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `steward agent …`
#[derive(Debug, Clone, Subcommand)]
pub enum AgentCommand {
    /// List the agent's runs, the newest last, with what they took
    Runs {
        /// Print JSON (docs/cli.md has its shape)
        #[arg(long)]
        json: bool,
    },
    /// Show all of one run: prompts, calls, results, tokens, cost, durations
    Show {
        /// The run's number
        run: u64,
        /// Print JSON (docs/cli.md has its shape)
        #[arg(long)]
        json: bool,
    },
    /// Print exactly what a model would be told about an incident, with sizes
    Context {
        /// The incident's number
        incident: u64,
        /// Print JSON (docs/cli.md has its shape)
        #[arg(long)]
        json: bool,
    },
    /// Have the Steward that runs run a goal now
    Run {
        /// The goal: a file of prompts/goals/, without .md
        #[arg(long, value_name = "NAME")]
        goal: String,
    },
    /// Play recorded cases to a model, and print how well it did
    ///
    /// Without a folder the cases that come with Steward. Exits with 0 if every case passed, and with 1 if not.
    Eval(EvalArgs),
}

/// `steward agent eval …`
#[derive(Debug, Clone, Args)]
pub struct EvalArgs {
    /// A folder of cases; docs/agent.md has their format
    pub dir: Option<PathBuf>,
    /// The model, by its name in the configuration [default: the first of `investigate`]
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Print JSON (docs/cli.md has its shape)
    #[arg(long)]
    pub json: bool,
}
