//! The configuration: raw files in, validated values out, every problem at once.

mod cases;
mod discover;
mod detect;
mod document;
mod files;
mod goals;
mod load;
mod odd;
mod place;
mod problem;
mod raw;
pub mod recording;
mod runbook;
mod runbooks;
mod secret;
mod settings;
mod setup;
mod shape;
mod shipped;
mod skills;
mod texts;
mod topology;
mod validate;
mod values;
mod watched;

pub use cases::{Case, Expected, Recorded, Told, cases_in, shipped_cases};
pub use detect::{APT_HISTORY, DPKG_LOG, ReadHere};
pub use discover::discover;
pub use document::Overlay;
pub use load::{LoadOptions, Loaded, PolicyFile, load};
pub use place::Place;
pub use problem::Problem;
pub use runbooks::check as check_runbook;
pub use runbooks::runbook_from;
pub use secret::{Param, ReadEnv, Secret};
pub use settings::{
    AdoptSettings, AgentSettings, AlertSettings, AlertSource, ApprovalSettings, ChangeSettings, ChatSettings,
    Config, ConsoleSettings, DigestSettings, DiscordSettings, EscalationSettings, ExecSettings, GitSource,
    HostSettings, IncidentSettings, LogSettings, MetricSettings, ModelSettings, Paths, Proof, Provider,
    Reading, RepairSettings, Sandboxing, SkillSettings, TelegramSettings, TimeOfDay, ToolCalls,
    TopologySettings, User, WatchdogSettings,
};
pub use setup::{Request, Setup};
pub use shipped::unpack;
pub use skills::{Skill, shipped_folder};
pub use texts::{SoulRules, Text, without_block};
pub use watched::Watched;
