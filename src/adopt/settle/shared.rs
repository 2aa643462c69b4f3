//! Volumes that several services use.

use super::desk::Desk;
use super::mounts::{self, Data};
use super::stays;
use crate::adopt::project::{Claim, Fate, Project};
use crate::adopt::{Decision, Kind, Topic};

/// Asks how services that run by themselves share a volume, where at least one writes to it.
pub(super) fn settle(project: &mut Project, data: &Data, desk: &mut Desk<'_>) {
    let Some((first, mount)) = data.mount(project) else { return };
    let Fate::Claim(claim) = &mount.fate else { return };
    let mut users: Vec<(&str, bool)> = Vec::new();
    for (service, mount) in data.all(project) {
        match users.iter_mut().find(|(name, _)| *name == service.name) {
            Some((_, writes)) => *writes |= !mount.read_only,
            None => users.push((&service.name, !mount.read_only)),
        }
    }
    let groups = project.groups();
    let apart =
        groups.iter().filter(|group| group.iter().any(|one| users.iter().any(|(name, _)| *name == one.name)));
    // Whether there are several of it in the end is asked later, and one is recommended.
    let all =
        desk.options.answers.get(&format!("{}/replicas", first.name)).is_some_and(|answer| answer == "all");
    let scales = all && first.replicas.is_some_and(|replicas| replicas > 1);
    if (apart.count() < 2 && !scales) || desk.options.to != Kind::K8s || stays(project, desk.options) {
        return;
    }
    let shared = (
        "shared",
        "a volume that several nodes write to at once (ReadWriteMany): the storage has to offer that",
    );
    let together = ("together", "a volume of one node (ReadWriteOnce): they have to run on the same node");
    let on_one = claim.local_only || desk.options.network_storage == Some(false);
    let choices = if on_one { [together, shared] } else { [shared, together] };
    let writers: Vec<&str> = users.iter().filter(|(_, writes)| *writes).map(|(name, _)| *name).collect();
    let readers: Vec<&str> = users.iter().filter(|(_, writes)| !writes).map(|(name, _)| *name).collect();
    let mut decision = Decision::new(
        mounts::id("shared", first, mount),
        Some(&first.name),
        Topic::SharedVolume,
        format!("Several use the volume `{}`. How do they share it?", claim.name),
        &choices,
    );
    if !writers.is_empty() {
        decision = decision.fact(format!("Written by {}.", writers.join(", ")));
    }
    if !readers.is_empty() {
        decision = decision.fact(format!("Only read by {}.", readers.join(", ")));
    }
    if claim.local_only {
        decision = decision.fact("There is a database in it, which has to stay off network storage.");
    }
    let chosen = desk.ask(decision);
    let fate = Fate::Claim(Claim { shared: chosen == "shared", ..claim.clone() });
    mounts::give(project, data, &fate);
}
