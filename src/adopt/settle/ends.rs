//! What has ended and is not started again: a job, or something that was stopped.

use super::desk::Desk;
use super::stays;
use crate::adopt::project::{Project, Restart, Until};
use crate::adopt::{Decision, Kind, Topic};

/// Asks what a container that has ended is. One that others wait for is a job in any case.
pub(super) fn settle(project: &mut Project, desk: &mut Desk<'_>) {
    if stays(project, desk.options) || desk.options.to != Kind::K8s {
        return;
    }
    let waits: Vec<String> = project
        .services
        .iter()
        .flat_map(|service| &service.depends_on)
        .filter(|on| on.until == Until::Completed)
        .map(|on| on.service.clone())
        .collect();
    for service in &mut project.services {
        let has_ended = service.running == Some(false) && service.restart == Restart::No;
        if !has_ended || waits.contains(&service.name) {
            continue;
        }
        let decision = Decision::new(
            format!("{}/runs", service.name),
            Some(&service.name),
            Topic::Other,
            format!("{} doesn't run now, and nothing starts it again. What is it?", service.name),
            &[
                ("once", "something that runs once and ends: a job"),
                ("always", "something that is to run all the time"),
            ],
        );
        let decision = decision.fact("For something that runs every night, make a CronJob of the job.");
        if desk.ask(decision) == "always" {
            service.restart = Restart::UnlessStopped;
        }
    }
}
