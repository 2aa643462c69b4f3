//! What changed: asked of every source, ranked as possible causes.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;

use crate::domain::change::{Change, RESTORED_BY_STEWARD, Relation, Suspect, rank};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Incident, SuspectNote};
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;
use crate::domain::topology::Topology;
use crate::engine::ports::ChangeSource;
use crate::store::{Store, changes};

/// Most changes read of one source.
const PER_SOURCE: usize = 200;
/// Most suspects kept with an incident.
const SUSPECTS: usize = 5;
/// Targets whose latest changes are looked for by name.
const TARGETS: usize = 40;
/// Files, and lines of gist, named with a suspect.
const FILES: usize = 3;

/// Everything that can tell of changes.
#[derive(Clone)]
pub struct Ledger {
    /// The sources from outside.
    pub sources: Vec<Arc<dyn ChangeSource>>,
    /// What Steward itself recorded: its own actions, deployments that were reported, what it saw change.
    pub store: Store,
}

/// A wish to know what may have caused an incident.
#[derive(Debug, Clone)]
pub struct Inquiry {
    /// The incident.
    pub incident: IncidentId,
    /// When it began.
    pub opened_at: Timestamp,
    /// Its targets, the root first.
    pub targets: Vec<Target>,
}

/// Inquiries that wait. While one look at the sources is under way, those that come in wait and share the next one:
/// in a storm each repository is asked once in a while, not once per incident.
#[derive(Debug, Clone, Default)]
pub struct Inquiries(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    inquiries: Vec<Inquiry>,
    looking: bool,
}

impl Inquiries {
    /// Adds inquiries; true if nobody looks yet, and the caller has to.
    pub fn add(&self, inquiries: Vec<Inquiry>) -> bool {
        let mut waiting = self.lock();
        waiting.inquiries.extend(inquiries);
        !std::mem::replace(&mut waiting.looking, true)
    }

    /// Takes what waits; whoever gets `None` is done looking.
    pub fn take(&self) -> Option<Vec<Inquiry>> {
        let mut waiting = self.lock();
        waiting.looking = !waiting.inquiries.is_empty();
        waiting.looking.then(|| std::mem::take(&mut waiting.inquiries))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What changed, and what could not be asked.
#[derive(Debug, Default)]
pub struct Found {
    /// The changes, newest first.
    pub changes: Vec<Change>,
    /// Sources that could not be asked, and why.
    pub silent: Vec<String>,
}

impl Ledger {
    /// What changed in `[since, until]`, newest first. Of what is recorded, the latest is read, and the latest of each
    /// of `targets`, however much else there was.
    pub async fn changes(&self, since: Timestamp, until: Timestamp, targets: &[Target]) -> Found {
        let mut found = Found::default();
        let wanted: Vec<Target> = targets.iter().take(TARGETS).cloned().collect();
        let recorded = self.store.read(move |conn| {
            let mut recorded = changes::recent(conn, since, until, PER_SOURCE)?;
            for target in &wanted {
                recorded.extend(changes::on_target(conn, target, since, until, PER_SOURCE)?);
            }
            Ok(recorded)
        });
        match recorded.await {
            Ok(own) => found.changes.extend(own),
            Err(error) => found.silent.push(format!("Steward's own record: {error}")),
        }
        let asked = self.sources.iter().map(|source| source.changes(since, until, PER_SOURCE));
        for (source, answer) in self.sources.iter().zip(join_all(asked).await) {
            match answer {
                Ok(changes) => found.changes.extend(changes),
                Err(why) if why.starts_with(&source.name()) => found.silent.push(why),
                Err(why) => found.silent.push(format!("{}: {why}", source.name())),
            }
        }
        changes::in_order(&mut found.changes);
        found
    }
}

/// The targets of which the latest changes may be what an incident on `targets` came from: these, and what their root
/// needs.
#[must_use]
pub fn watched(targets: &[Target], topology: &Topology) -> Vec<Target> {
    let needed = targets.first().map(|root| topology.upstreams(root)).unwrap_or_default();
    let above = needed.into_iter().filter(|upstream| upstream.declared).map(|upstream| upstream.target);
    targets.first().cloned().into_iter().chain(above).chain(targets.iter().skip(1).cloned()).collect()
}

/// What happened before an incident and may have caused it, most suspect first.
#[must_use]
pub fn ranked(
    changes: Vec<Change>,
    targets: &[Target],
    topology: &Topology,
    opened_at: Timestamp,
    now: Timestamp,
) -> Vec<Suspect> {
    // What merely contains the root is not something that it needs: two neighbours share a path and nothing else.
    let needed = targets.first().map(|root| topology.upstreams(root)).unwrap_or_default();
    let above_root =
        |touched: &Target| needed.iter().find(|u| u.declared && u.target == *touched).map(|u| u.distance);
    let changes = changes.into_iter().filter(|change| change.source != RESTORED_BY_STEWARD).collect();
    let mut suspects = rank(changes, targets, &above_root, opened_at, now);
    suspects
        .retain(|suspect| suspect.is_suspect() || (suspect.before && suspect.relation == Relation::Unmapped));
    suspects
}

/// The targets of an incident, the suspected root first.
#[must_use]
pub fn targets_of(incident: &Incident) -> Vec<Target> {
    super::ingest::placing::targets_of(incident)
}

/// The suspects among some changes: what happened before, most suspect first.
#[must_use]
pub fn suspects(
    changes: Vec<Change>,
    targets: &[Target],
    topology: &Topology,
    opened_at: Timestamp,
    now: Timestamp,
) -> Vec<SuspectNote> {
    ranked(changes, targets, topology, opened_at, now)
        .into_iter()
        .take(SUSPECTS)
        .map(|suspect| SuspectNote {
            source: suspect.change.source,
            id: suspect.change.id,
            author: suspect.change.author,
            at: suspect.change.at,
            summary: suspect.change.summary,
            files: suspect.change.files.into_iter().take(FILES).collect(),
            why: suspect.why,
            gist: suspect.change.gist.into_iter().take(FILES).collect(),
            url: suspect.change.url,
        })
        .collect()
}
