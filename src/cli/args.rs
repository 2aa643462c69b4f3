//! What can be typed after `steward`.

mod adopt;
mod agent;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

pub use self::adopt::{AdoptArgs, ClusterKind};
pub use self::agent::{AgentCommand, EvalArgs};
use crate::config::Request;
use crate::domain::target::{Signature, Target};
use crate::store::audit::Link;

/// The flags that every subcommand takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Globals {
    /// The configuration file [default: $STEWARD_CONFIG, ./config.toml, /etc/steward/config.toml, or none]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The folder that Steward keeps its state in [default: the configuration's, or ./state]
    #[arg(long, global = true, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// How log lines look; they go to standard error
    #[arg(long, global = true, value_name = "FORMAT", default_value_t, value_enum)]
    pub log_format: LogFormat,
    /// What is logged: error, warn, info, debug, trace, off, or a filter [default: the configuration's]
    #[arg(long, global = true, value_name = "LEVEL", env = "STEWARD_LOG", hide_env = false)]
    pub log_level: Option<String>,
}

impl Globals {
    /// Where to read from.
    #[must_use]
    pub fn request(&self) -> Request {
        Request { file: self.config.clone(), state_dir: self.state_dir.clone() }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object per line.
    Json,
}

/// The subcommands that read, check and try things. Those that start the bot belong to the binary.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Check the configuration, skills, runbooks, topology, policy, and the agent's prompts, goals and memory; tell every
    /// problem at once
    Check,
    /// Say something to the Steward that runs, as in its chat: `steward tell pause`; `steward tell help` lists what
    ///
    /// Exits with 0 if it did or answered what was asked, and with 1 if it refused, did not understand, or does not
    /// run. Nothing but the state directory is read from the configuration.
    Tell {
        /// The command, in one word or in several
        #[arg(required = true, value_name = "COMMAND")]
        words: Vec<String>,
    },
    /// Tell Steward that a systemd unit has failed: for `OnFailure=`
    ///
    /// Leaves a file in the spool, so that it is told also while Steward does not run. What systemd and its journal
    /// know of the failure goes along; they are not waited for long.
    NotifyFailure(NotifyArgs),
    /// Keep something quiet for a while, list what is kept quiet, or end that
    #[command(subcommand)]
    Silence(SilenceCommand),
    /// Read the audit trail, or make sure that nobody changed it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Play a recording of signals through the engine, in virtual time: which incidents and messages come of it
    ///
    /// Nothing is executed, sent or stored. Exits with 0 if all that the recording expects came of it, and with 1 if
    /// not. docs/replay.md has the format.
    Replay(ReplayArgs),
    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would become a subcommand's help")]
    Query(Query),
}

/// The subcommands that need a configuration without a fault.
#[derive(Debug, Clone, Subcommand)]
pub enum Query {
    /// List the skills, or try one
    #[command(subcommand)]
    Skill(SkillCommand),
    /// List the runbooks, or see what one would do
    #[command(subcommand)]
    Runbook(RunbookCommand),
    /// List the incidents, read one's story, or take back what was done about it
    #[command(subcommand)]
    Incident(IncidentCommand),
    /// Set up a source of alerts, and see what becomes of what it sends
    #[command(subcommand)]
    Alerts(AlertsCommand),
    /// What changed lately, as far as the configured sources know
    Changes(ChangesArgs),
    /// What a target needs, what needs it and how that is known; without a target, where that is learned from
    Topology(TopologyArgs),
    /// What was held back as noise, by which rule and how often
    Ignored(IgnoredArgs),
    /// Write what was heard as a recording that `steward replay` plays, to standard output
    Export(ExportArgs),
    /// See what the policy says to a command, or hold its rules to their examples
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// The agent: what it did, what it would be told, its goals, and how good a model is at cases like yours
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Work out what a container that runs somewhere needs in the cluster, and how it gets there; nothing is changed
    ///
    /// Without --out, --dry-run or --json, prints the files, with the decisions as comments in front. Exits with 0 if they
    /// could be written, also where decisions wait for you, and with 1 if not. docs/adopt.md tells of all of it.
    Adopt(AdoptArgs),
    /// Look whether the chat platforms and the language models are set up as they have to be, and tell what to do
    Doctor {
        /// Print JSON (docs/cli.md has its shape)
        #[arg(long)]
        json: bool,
    },
}

/// `steward alerts …`
#[derive(Debug, Clone, Subcommand)]
pub enum AlertsCommand {
    /// Print what to paste into a source so that it sends what Steward reads
    Template {
        /// The format, or the source; without one, those that there are
        name: Option<String>,
    },
    /// Print the mapping of a format that comes with Steward, to begin with for one of your own
    Mapping {
        /// The format
        name: String,
    },
    /// Show what a body would become, and how each part of it was derived; nothing is done
    ///
    /// Exits with 0 if the source would be understood, and with 1 if the body would be rejected.
    Try {
        /// The source, by its name in the configuration, or a well-known one
        source: String,
        /// The body, as the source sent it; `-` reads standard input
        file: PathBuf,
        /// Print JSON (docs/cli.md has its shape)
        #[arg(long)]
        json: bool,
    },
    /// Show what came from outside and was not understood, and why, the newest last
    Rejected(RejectedArgs),
}

/// `steward alerts rejected …`
#[derive(Debug, Clone, Args)]
pub struct RejectedArgs {
    /// Only of this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Print JSON (docs/cli.md has its shape)
    #[arg(long)]
    pub json: bool,
}

/// `steward notify-failure …`
#[derive(Debug, Clone, Args)]
pub struct NotifyArgs {
    /// The unit, as systemd names it: `nginx.service`
    #[arg(required_unless_present = "unit_template", conflicts_with = "unit_template")]
    pub unit: Option<String>,
    /// It works again
    #[arg(long)]
    pub recovered: bool,
    /// Steward's spool [default: the configuration's]
    #[arg(long, value_name = "DIR")]
    pub spool: Option<PathBuf>,
    /// This machine's name in the lab [default: the configuration's]
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// Print the unit for /etc/systemd/system/steward-failure@.service, with this machine's paths
    #[arg(long)]
    pub unit_template: bool,
}

/// `steward audit …`
#[derive(Debug, Clone, Subcommand)]
pub enum AuditCommand {
    /// Compute the trail's chain of hashes anew, and tell where it is broken
    ///
    /// Exits with 0 if the trail is whole, and with 1 if a line was changed, put in or taken out.
    Verify {
        /// A head that was printed earlier: what was there then has to be there still
        #[arg(long, value_name = "HASH")]
        expect: Option<Link>,
        /// Print JSON (docs/cli.md has its shape)
        #[arg(long)]
        json: bool,
    },
    /// Show who or what decided, permitted and ran what, the newest last
    Show(AuditShowArgs),
}

/// `steward audit show …`
#[derive(Debug, Clone, Args)]
pub struct AuditShowArgs {
    /// From when on: `2h`, `yesterday 14:00`, `2026-11-20`
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Until when, in the same words
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// Only what belongs to this incident: its number, or its long id
    #[arg(long, value_name = "ID")]
    pub incident: Option<String>,
    /// Print JSON (docs/cli.md has its shape)
    #[arg(long)]
    pub json: bool,
}

/// `steward skill …`
#[derive(Debug, Clone, Subcommand)]
pub enum SkillCommand {
    /// List the skills
    List {
        /// Print JSON (docs/cli.md has its shape)
        #[arg(long)]
        json: bool,
    },
    /// Run a skill once, here and now, and show what it reports; nothing is recorded
    ///
    /// Exits with 0 if the skill kept its contract (whatever it found), and with 1 if it did not.
    Run {
        /// Its name, or the path of a file (with a `/` in it)
        name: String,
        /// Print JSON (docs/cli.md has its shape)
        #[arg(long)]
        json: bool,
    },
}

/// `steward runbook …`
#[derive(Debug, Clone, Subcommand)]
pub enum RunbookCommand {
    /// List the runbooks
    List {
        /// Print JSON (docs/cli.md has its shape)
        #[arg(long)]
        json: bool,
    },
    /// Show what a runbook would run on a target and what the policy says to it; nothing is run
    Plan(PlanArgs),
}

/// `steward runbook plan …`
#[derive(Debug, Clone, Args)]
pub struct PlanArgs {
    /// The runbook
    pub name: String,
    /// The target that it would repair, such as `nas/media`
    #[arg(long, value_parser = Target::parse)]
    pub target: Target,
    /// How the target is broken [default: what was reported last, or what the runbook is for]
    #[arg(long, value_parser = Signature::parse)]
    pub signature: Option<Signature>,
    /// A fact that the skill would report, as often as needed: `--label unit=nginx.service`
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = key_value)]
    pub labels: Vec<(String, String)>,
    /// Print JSON (docs/cli.md has its shape)
    #[arg(long)]
    pub json: bool,
}

/// `steward incident …`
#[derive(Debug, Clone, Subcommand)]
pub enum IncidentCommand {
    /// List the incidents that are not closed yet, newest first
    List {
        /// The closed and merged ones too
        #[arg(long)]
        all: bool,
        /// Print JSON (docs/cli.md has its shape)
        #[arg(long)]
        json: bool,
    },
    /// Tell the story of one incident
    Show {
        /// Its number (`3` or `#3`), or its long id
        id: String,
        /// Print JSON (docs/cli.md has its shape)
        #[arg(long)]
        json: bool,
    },
    /// Have the Steward that runs take back what a repair did
    ///
    /// The same as `undo N` in its chat. What the policy would not let it do by itself is asked for first, and the
    /// question's number printed: `steward tell approve 7` answers it. Exits with 0 if it takes something back, and
    /// with 1 if it asks, refused or does not run.
    Undo {
        /// The incident's number (`3` or `#3`), or its long id
        id: String,
    },
}

/// `steward silence …`
#[derive(Debug, Clone, Subcommand)]
pub enum SilenceCommand {
    /// Have the Steward that runs keep a target, or whatever matches, quiet for a while
    ///
    /// The same as `silence …` in its chat. Exits with 0 if it does, and with 1 if it refused or does not run.
    Add(SilenceArgs),
    /// List the silences and maintenance in force, and those to come
    List {
        /// The latest 1000 of all that there ever were
        #[arg(long)]
        all: bool,
        /// Print JSON (docs/cli.md has its shape)
        #[arg(long)]
        json: bool,
    },
    /// Have the Steward that runs end a silence early
    End {
        /// The silence's number
        number: u64,
    },
}

/// `steward silence add …`
#[derive(Debug, Clone, Args)]
pub struct SilenceArgs {
    /// A target (`nas/media`), or Alertmanager's matchers: `alertname=HostDown 'instance=~"nas.*"'`
    #[arg(required = true, value_name = "TARGET|MATCHER")]
    pub what: Vec<String>,
    /// For how long: `2h`, `30m`, `1d`; 30 days at most
    #[arg(long = "for", value_name = "DURATION")]
    pub duration: String,
    /// From when on: `22:00`, `tomorrow 8:00` [default: at once]
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Why
    #[arg(long, value_name = "WHY")]
    pub because: Option<String>,
    /// For maintenance: skills that can't look there meanwhile are no problem either
    #[arg(long)]
    pub maintenance: bool,
}

/// `steward ignored …`
#[derive(Debug, Clone, Args)]
pub struct IgnoredArgs {
    /// From when on: `2h`, `yesterday 14:00`, `2026-11-20` [default: today]
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Print JSON (docs/cli.md has its shape)
    #[arg(long)]
    pub json: bool,
}

/// `steward policy …`
#[derive(Debug, Clone, Subcommand)]
pub enum PolicyCommand {
    /// Tell what the policy says to a command, and why; nothing is run
    ///
    /// A single word is read as a shell would read it (`'df -h | sort'`), several are taken as they are. Exits with 0
    /// if it would run by itself, 10 if a person would be asked, 20 if it would never run; of several commands, the
    /// strictest counts.
    Explain(ExplainArgs),
    /// Hold every rule to its own examples
    Test {
        /// A file of rules to try with those in force, as often as needed
        #[arg(long, value_name = "FILE")]
        rules: Vec<PathBuf>,
    },
}

/// `steward policy explain …`
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// The command
    #[arg(last = true, required_unless_present = "file", conflicts_with = "file")]
    pub command: Vec<String>,
    /// A file with a command on each line; blank lines and those that begin with # are passed over
    #[arg(long, value_name = "LIST")]
    pub file: Option<PathBuf>,
    /// A file of rules to try with those in force, as often as needed
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
    /// Judge as for a repair whose target was seen failing; without it, as for one that nobody has seen
    #[arg(long)]
    pub observed: bool,
    /// Print a line of JSON for each command (docs/cli.md has its shape)
    #[arg(long)]
    pub json: bool,
}

/// `steward replay …`
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// The recording; `-` reads standard input
    pub file: PathBuf,
    /// Show the root message of each incident as it stands in the end
    #[arg(long)]
    pub cards: bool,
    /// Print JSON (docs/cli.md has its shape)
    #[arg(long)]
    pub json: bool,
}

/// `steward export …`
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// From when on: `30d`, `yesterday 14:00`, `2026-11-20`
    #[arg(long, value_name = "WHEN", default_value = "30d")]
    pub since: String,
    /// Until when, in the same words [default: now]
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
}

/// `steward changes …`
#[derive(Debug, Clone, Args)]
pub struct ChangesArgs {
    /// From when on: `2h`, `yesterday 14:00`, `2026-11-20` [default: the configuration's `[changes] window`]
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Only what may have touched this target, the likeliest cause of trouble there first
    #[arg(long, visible_alias = "on", value_parser = Target::parse)]
    pub target: Option<Target>,
    /// Only what may have caused this incident, the likeliest cause first
    #[arg(long, value_name = "INCIDENT", conflicts_with = "target")]
    pub before: Option<u64>,
    /// Print JSON (docs/cli.md has its shape)
    #[arg(long)]
    pub json: bool,
}

/// `steward topology …`
#[derive(Debug, Clone, Args)]
pub struct TopologyArgs {
    /// The target, or another name of it
    #[arg(value_parser = Target::parse)]
    pub target: Option<Target>,
    /// Print JSON (docs/cli.md has its shape)
    #[arg(long)]
    pub json: bool,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE, such as unit=nginx.service".to_owned()),
    }
}
