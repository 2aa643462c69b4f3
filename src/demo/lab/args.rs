//! The two hidden subcommands that the lab is made of: `lab-process` is one of its processes, `lab-ctl` acts on them.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::control::{Ask, ask, bring_up, one, settled};
use super::layout::{Layout, Role, config_name};
use super::repo::Repo;
use super::report::{log_tail, probe, report, unknown};
use super::{service, supervisor};

/// The arguments of `steward lab-process`.
#[derive(Debug, Clone, Args)]
pub struct LabProcessArgs {
    /// Which of the lab's processes to be
    pub role: LabRole,
    /// The lab's folder
    #[arg(long)]
    pub dir: PathBuf,
}

/// What `steward lab-process` can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LabRole {
    /// The owner of the others.
    Supervisor,
    /// See [`Role::Store`].
    Store,
    /// See [`Role::Api`].
    Api,
    /// See [`Role::Web`].
    Web,
    /// See [`Role::Proxy`].
    Proxy,
}

/// The arguments of `steward lab-ctl`.
#[derive(Debug, Clone, Args)]
pub struct LabCtlArgs {
    /// The lab's folder
    #[arg(long)]
    pub dir: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub command: LabCtlCommand,
}

/// What `steward lab-ctl` can do.
#[derive(Debug, Clone, Subcommand)]
pub enum LabCtlCommand {
    /// Say how one or all of them are; fails unless they run and listen
    Status {
        /// Only this one
        role: Option<Role>,
    },
    /// Start it unless it runs, and wait until it listens
    Start {
        /// Which one
        role: Role,
    },
    /// Start it again, and wait until it listens
    Restart {
        /// Which one
        role: Role,
    },
    /// Look at all of them and write a skill's report
    Report,
    /// Revert the last commit that touched its config, and start it again
    RevertConfig {
        /// Which one
        role: Role,
    },
    /// Bring back a content that its config had, and start it again with it, good or bad
    RestoreConfig {
        /// Which one
        role: Role,
        /// The content, by its blob's hash
        blob: String,
    },
}

/// Runs one of the lab's processes until its standard input closes.
#[must_use]
pub fn lab_process(args: &LabProcessArgs) -> ExitCode {
    let layout = Layout::new(&args.dir);
    let role = match args.role {
        LabRole::Supervisor => return supervisor::run(&layout),
        LabRole::Store => Role::Store,
        LabRole::Api => Role::Api,
        LabRole::Web => Role::Web,
        LabRole::Proxy => Role::Proxy,
    };
    service::run(role, &layout)
}

/// Acts on the lab; what it did goes to standard output, why it could not to standard error.
#[must_use]
pub fn lab_ctl(args: &LabCtlArgs) -> ExitCode {
    let layout = Layout::new(&args.dir);
    let done = match &args.command {
        LabCtlCommand::Status { role } => status(&layout, *role),
        LabCtlCommand::Start { role } => bring(&layout, *role, Ask::Start { role: *role }),
        LabCtlCommand::Restart { role } => bring(&layout, *role, Ask::Restart { role: *role }),
        LabCtlCommand::Report => Ok(check(&layout)),
        LabCtlCommand::RevertConfig { role } => revert(&layout, *role),
        LabCtlCommand::RestoreConfig { role, blob } => restore(&layout, *role, blob),
    };
    let told = match &done {
        Ok(text) => writeln!(std::io::stdout(), "{}", text.trim_end()),
        Err(why) => writeln!(std::io::stderr(), "{why}"),
    };
    if done.is_ok() && told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn status(layout: &Layout, role: Option<Role>) -> Result<String, String> {
    let mut units = ask(layout, Ask::Status)?;
    if let Some(role) = role {
        units = vec![one(units, role)?];
    }
    let lines: Vec<String> = units.iter().map(super::control::UnitStatus::describe).collect();
    let text = lines.join("\n");
    if units.iter().all(super::control::UnitStatus::is_up) { Ok(text) } else { Err(text) }
}

fn bring(layout: &Layout, role: Role, question: Ask) -> Result<String, String> {
    bring_up(layout, role, question).map(|unit| unit.describe())
}

fn check(layout: &Layout) -> String {
    match settled(layout) {
        Ok(units) => report(&units, &probe, &|role| log_tail(layout, role)),
        Err(why) => unknown(&why),
    }
}

fn revert(layout: &Layout, role: Role) -> Result<String, String> {
    let commit = Repo::at(&layout.config_dir()).revert_last(&config_name(role))?;
    let unit = bring_up(layout, role, Ask::Restart { role })?;
    Ok(told_with(&commit, &unit.describe()))
}

/// An undo: what is brought back may well be the config that the process refuses.
fn restore(layout: &Layout, role: Role, blob: &str) -> Result<String, String> {
    let commit = Repo::at(&layout.config_dir()).restore(&config_name(role), blob)?;
    ask(layout, Ask::Restart { role })?;
    Ok(told_with(&commit, &one(settled(layout)?, role)?.describe()))
}

fn told_with(commit: &str, state: &str) -> String {
    format!("config is now at {}; {state}", commit.get(..12).unwrap_or(commit))
}
