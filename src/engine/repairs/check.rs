//! Whether a repair worked: the check that found the problem says so, or its source will.

use async_trait::async_trait;

use super::Shop;
use crate::domain::remediation::CheckVerdict;
use crate::domain::report::{Finding, Report, Status};
use crate::domain::signal::{Origin, Problem};
use crate::engine::remediate::FinalCheck;
use crate::engine::skills::RunResult;

/// The check that found the problem, run again.
pub(super) struct OriginalCheck<'a> {
    pub(super) shop: &'a Shop,
    pub(super) origin: &'a Origin,
    pub(super) problem: &'a Problem,
}

#[async_trait]
impl FinalCheck for OriginalCheck<'_> {
    async fn check(&self) -> CheckVerdict {
        // Nothing was found to be wrong: what somebody wants is done where the steps of its plan are verified.
        if self.problem.target.is_wish() && matches!(self.origin, Origin::Alert { .. }) {
            return CheckVerdict::Passed;
        }
        let skill = match self.origin {
            Origin::Skill(name) => name.as_str(),
            Origin::Steward => self.problem.target.name(),
            Origin::Alert { .. } => return CheckVerdict::Deferred,
        };
        let run = self.shop.skills.run_and_wait(skill, "to see whether a repair worked").await;
        if *self.shop.stopping.borrow() {
            // A check that was cut short says nothing: the next Steward asks again.
            return std::future::pending().await;
        }
        match run.map(|run| run.result) {
            Err(why) | Ok(RunResult::Failed(why)) => CheckVerdict::Unreadable(why),
            Ok(RunResult::Report(report)) => verdict(&report, self.problem),
            Ok(RunResult::Cancelled) => CheckVerdict::Unreadable("it was called off".to_owned()),
        }
    }
}

fn verdict(report: &Report, problem: &Problem) -> CheckVerdict {
    let about = |f: &&Finding| f.target == problem.target;
    let broken = |f: &&Finding| {
        matches!(f.status, Status::Problem | Status::Action) && f.signature == problem.signature
    };
    if let Some(finding) = report.findings.iter().filter(about).find(broken) {
        return CheckVerdict::Failed(finding.summary.clone());
    }
    if report.complete || report.findings.iter().filter(about).any(|f| f.status == Status::Ok) {
        return CheckVerdict::Passed;
    }
    let unknown = report.findings.iter().find(|f| f.status == Status::Unknown);
    CheckVerdict::Unreadable(
        unknown.map_or_else(|| "its check says nothing about it".to_owned(), |f| f.summary.clone()),
    )
}
