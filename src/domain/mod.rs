//! The words of the house and their rules. Pure: no I/O, no clock, no runtime. Whatever needs the time takes `now`.

pub mod action;
pub mod alert;
pub mod approval;
pub mod card;
pub mod change;
pub mod command;
pub mod correlation;
pub mod escalation;
pub mod hours;
pub mod ids;
pub mod incident;
pub mod metric;
pub mod nagios;
pub mod redact;
pub mod remediation;
pub mod report;
pub mod runbook;
pub mod schedule;
pub mod signal;
pub mod skill;
pub mod suppression;
pub mod target;
pub mod template;
pub mod topology;
pub mod trust;
