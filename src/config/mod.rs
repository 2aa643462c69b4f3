//! The configuration: raw files in, validated values out, every problem at once.

mod discover;
mod document;
mod files;
mod problem;
mod raw;
mod secret;
mod settings;
mod shape;
mod validate;
mod values;

pub use discover::discover;
pub use problem::Problem;
pub use secret::{Param, ReadEnv, Secret};
pub use settings::{
    ApprovalSettings, Autonomy, ChangeSettings, ChatSettings, Config, ConsoleSettings, EscalationScope,
    EscalationSettings, GitSource, IncidentSettings, LogSettings, MetricSettings, Paths, SkillSettings,
};
