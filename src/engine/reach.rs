//! What a repair keeps others from touching while it runs: one at a time per host and per chain of dependencies.
//!
//! Nothing of this is stored: a repair that is taken up after a crash takes its place anew, so a crash leaves no lock
//! behind.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::domain::action::{Action, Effect};
use crate::domain::ids::RemediationId;
use crate::domain::remediation::Plan;
use crate::domain::target::Target;
use crate::domain::topology::Topology;

/// The hosts that a repair changes, and the target that it is for with all that this one needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    hosts: BTreeSet<String>,
    target: Target,
    needs: BTreeSet<Target>,
}

impl Reach {
    /// That of a plan for a target.
    #[must_use]
    pub fn of(plan: &Plan, target: &Target, topology: &Topology) -> Self {
        let changing = plan.steps.iter().filter(|step| step.late || step.effect != Effect::Read);
        let hosts = changing.flat_map(|step| [Some(&step.run), step.undo.as_ref()]).flatten().map(|action| {
            let Action::Command(command) = action;
            command.host.clone()
        });
        let needs = topology.upstreams(target).into_iter().map(|upstream| upstream.target);
        Self { hosts: hosts.collect(), target: target.clone(), needs: needs.collect() }
    }

    /// Whether both can't run at once: they change the same host, or one's target needs the other's.
    #[must_use]
    pub fn collides(&self, other: &Self) -> bool {
        !self.hosts.is_disjoint(&other.hosts)
            || self.target == other.target
            || self.needs.contains(&other.target)
            || other.needs.contains(&self.target)
    }
}

/// Who holds what. Held in memory alone.
#[derive(Debug, Clone, Default)]
pub struct Places {
    taken: Arc<Mutex<Vec<(RemediationId, Reach)>>>,
    freed: Arc<Notify>,
}

/// A place that is taken, until it is dropped.
#[derive(Debug)]
pub struct Place {
    id: RemediationId,
    places: Places,
}

impl Places {
    /// Takes a place if nobody is in the way.
    pub fn try_take(&self, id: RemediationId, reach: &Reach) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.iter().any(|(_, other)| other.collides(reach)) {
            return None;
        }
        taken.push((id, reach.clone()));
        Some(Place { id, places: self.clone() })
    }

    /// Takes a place once nobody is in the way.
    pub async fn take(&self, id: RemediationId, reach: &Reach) -> Place {
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            // Listening begins before looking, so that no leaving falls in between.
            freed.as_mut().enable();
            if let Some(place) = self.try_take(id, reach) {
                return place;
            }
            freed.await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|(id, _)| *id != self.id);
        drop(taken);
        self.places.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::topology::TopologyEntry;

    fn reach(host: &str, target: &str) -> Reach {
        let target = Target::parse(target).unwrap();
        let entry = TopologyEntry {
            target: Target::parse("k8s/media").unwrap(),
            kind: None,
            depends_on: vec![Target::parse("nas").unwrap()],
            labels: std::collections::BTreeMap::new(),
        };
        let topology = Topology::new(vec![entry]).unwrap();
        let needs = topology.upstreams(&target).into_iter().map(|upstream| upstream.target).collect();
        Reach { hosts: BTreeSet::from([host.to_owned()]), target, needs }
    }

    fn id(n: u128) -> RemediationId {
        RemediationId(ulid::Ulid(n))
    }

    #[test]
    fn repairs_collide_on_one_host_and_along_a_chain_of_dependencies() {
        assert!(reach("pve1", "a").collides(&reach("pve1", "b")));
        assert!(reach("pve1", "k8s/media/jellyfin").collides(&reach("pve2", "nas")));
        assert!(reach("pve1", "nas").collides(&reach("pve2", "k8s/media")));
        assert!(!reach("pve1", "k8s/media/a").collides(&reach("pve2", "k8s/media/b")));
    }

    #[tokio::test]
    async fn who_waits_gets_the_place_when_it_is_left_even_by_a_panic_or_an_abort() {
        let places = Places::default();
        let held = places.clone();
        let holder = tokio::spawn(async move {
            let _place = held.take(id(1), &reach("pve1", "a")).await;
            std::future::pending::<()>().await;
        });
        tokio::task::yield_now().await;
        assert!(places.try_take(id(2), &reach("pve1", "b")).is_none());
        assert!(places.try_take(id(3), &reach("pve2", "b")).is_some());
        holder.abort();
        let _place = places.take(id(2), &reach("pve1", "b")).await;
    }
}
