//! Everything that one turn of the engine decided, written in one savepoint: state, timeline and messages together.

mod incidents;

use std::sync::Arc;

use rusqlite::{Connection, params};

pub use incidents::{Put, SignalRow, StoredIncident, Telling};

use super::adoptions::{self, Adopting};
use super::agent;
use super::audit::{self, AuditEntry};
use super::changes;
use super::columns::{Json, Ms, Text};
use super::gate;
use super::metrics::heard::Heard;
use super::sagas::Terms;
use super::silences::{HeldBack, write_silence};
use super::topology;
use super::trust;
use super::{Store, StoreError};
use crate::domain::agent::{GoalMark, Offer};
use crate::domain::approval::Approval;
use crate::domain::card::{Card, Mention, Place};
use crate::domain::change::Change;
use crate::domain::escalation::Cause;
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::incident::Record;
use crate::domain::redact::Redactor;
use crate::domain::signal::{Problem, Timestamp};
use crate::domain::suppression::Silence;
use crate::domain::target::Target;
use crate::domain::trust::Trust;

/// A message for the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The platform.
    pub platform: String,
    /// What keeps its order: messages of one thread are delivered one after the other.
    pub thread: String,
    /// A pending message with the same key is replaced by this one.
    pub supersedes: Option<String>,
    /// Where it goes.
    pub place: Place,
    /// What it says.
    pub card: Card,
    /// Not before this.
    pub at: Timestamp,
}

/// A remediation that begins.
#[derive(Debug, Clone)]
pub struct NewRemediation {
    /// Its identity.
    pub id: RemediationId,
    /// The incident.
    pub incident: IncidentId,
    /// The problem it is for.
    pub problem: Problem,
    /// What it is going to do, and by whose leave.
    pub terms: Terms,
    /// When.
    pub at: Timestamp,
}

/// What one turn decided.
#[derive(Debug, Default)]
pub struct Batch {
    /// Incidents as they are now.
    pub incidents: Vec<StoredIncident>,
    /// New lines of timelines.
    pub events: Vec<(IncidentId, Record)>,
    /// Signals whose content or state changed.
    pub signals: Vec<SignalRow>,
    /// Signals that merely came again.
    pub touched: Vec<SignalRow>,
    /// Occurrences counted: root, when, incident, its event.
    pub occurrences: Vec<(Target, Timestamp, IncidentId, u64)>,
    /// Occurrences that turned out to be symptoms of something else, and count no longer: incident, when.
    pub retracted: Vec<(IncidentId, Timestamp)>,
    /// People called: incident, why, when.
    pub escalations: Vec<(IncidentId, Cause, Timestamp)>,
    /// Silences as they are now; the flag says that their end was told.
    pub silences: Vec<(Silence, bool)>,
    /// What triage holds back.
    pub held_back: HeldBack,
    /// Approvals as they are now, and when they were decided.
    pub approvals: Vec<(Approval, Option<Timestamp>)>,
    /// Remediations that begin.
    pub remediations: Vec<NewRemediation>,
    /// Remediations that ended: which, when, outcome.
    pub ended: Vec<(RemediationId, Timestamp, String)>,
    /// Messages.
    pub messages: Vec<NewMessage>,
    /// Changes that Steward itself knows of.
    pub changes: Vec<Change>,
    /// Settings by name.
    pub settings: Vec<(String, String)>,
    /// The audit trail.
    pub audit: Vec<AuditEntry>,
    /// What has earned how much trust, as it is now.
    pub trust: Vec<Trust>,
    /// What was learned of the topology, and what holds no longer.
    pub topology: Vec<topology::Write>,
    /// Plans of the agent, as runbooks: name, incident, YAML, when.
    pub plans: Vec<(String, IncidentId, String, Timestamp)>,
    /// Offers as they are now, and when they were decided.
    pub offers: Vec<(Offer, Option<Timestamp>)>,
    /// What a person did not want: key, what, who, when.
    pub declined: Vec<(String, String, String, Timestamp)>,
    /// Goals as they are remembered now.
    pub goals: Vec<GoalMark>,
    /// What is brought into the cluster, as it is now.
    pub adoptions: Vec<Adopting>,
    /// The last numbers given out: incidents, approvals.
    pub counters: Option<(u64, u64)>,
    /// What was heard, for the history. Not part of what is written here: Steward can live without it.
    pub heard: Vec<Heard>,
}

impl Batch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            incidents,
            events,
            signals,
            touched,
            occurrences,
            retracted,
            escalations,
            silences,
            held_back,
            approvals,
            remediations,
            ended,
            messages,
            changes,
            settings,
            audit,
            trust,
            topology,
            plans,
            offers,
            declined,
            goals,
            adoptions,
            counters,
            heard: _,
        } = self;
        incidents.is_empty()
            && events.is_empty()
            && signals.is_empty()
            && touched.is_empty()
            && occurrences.is_empty()
            && retracted.is_empty()
            && escalations.is_empty()
            && silences.is_empty()
            && held_back.is_empty()
            && approvals.is_empty()
            && remediations.is_empty()
            && ended.is_empty()
            && messages.is_empty()
            && changes.is_empty()
            && settings.is_empty()
            && audit.is_empty()
            && trust.is_empty()
            && topology.is_empty()
            && plans.is_empty()
            && offers.is_empty()
            && declined.is_empty()
            && goals.is_empty()
            && adoptions.is_empty()
            && counters.is_none()
    }

    /// Writes it all. Writing it twice leaves what writing it once leaves, but for messages and lines that are only
    /// ever appended; the caller's savepoint sees to it that it is written once. What is meant for people goes through
    /// `redactor`; what is executed (plans, the actions of approvals) is kept to the letter.
    ///
    /// # Errors
    /// Whatever SQLite says; the surrounding savepoint is rolled back then.
    pub fn write(&self, conn: &Connection, redactor: &Redactor) -> Result<(), StoreError> {
        self.incidents.iter().try_for_each(|stored| incidents::write_incident(conn, stored, redactor))?;
        self.write_events(conn, redactor)?;
        self.write_signals(conn, redactor)?;
        self.write_counts(conn)?;
        self.silences.iter().try_for_each(|(silence, told)| write_silence(conn, silence, *told, redactor))?;
        self.held_back.write(conn, redactor)?;
        self.approvals.iter().try_for_each(|(approval, at)| write_approval(conn, approval, *at))?;
        self.write_remediations(conn, redactor)?;
        self.messages.iter().try_for_each(|message| write_message(conn, message, redactor))?;
        self.changes.iter().try_for_each(|change| changes::insert(conn, change, redactor))?;
        self.write_rest(conn, redactor)
    }

    fn write_remediations(&self, conn: &Connection, redactor: &Redactor) -> Result<(), StoreError> {
        let mut begin = conn.prepare_cached(
            "INSERT INTO remediations (id, incident, runbook, target, signature, state, live, started_at, data)
             VALUES (?1, ?2, ?3, ?4, ?5, 'running', 1, ?6, ?7)",
        )?;
        for new in &self.remediations {
            begin.execute(params![
                Text(&new.id),
                Text(&new.incident),
                new.terms.plan.runbook,
                Text(&new.problem.target),
                Text(&new.problem.signature),
                Ms(new.at),
                Json(&new.terms)
            ])?;
        }
        let mut end = conn.prepare_cached(
            "UPDATE remediations SET state = ?3, outcome = ?3, live = 0, ended_at = ?2 WHERE id = ?1",
        )?;
        for (id, at, outcome) in &self.ended {
            end.execute(params![Text(id), Ms(*at), gate::text(redactor, outcome)])?;
        }
        Ok(())
    }

    fn write_rest(&self, conn: &Connection, redactor: &Redactor) -> Result<(), StoreError> {
        let mut set = conn.prepare_cached("INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)")?;
        for (key, value) in &self.settings {
            set.execute(params![key, value])?;
        }
        self.trust.iter().try_for_each(|trust| trust::put(conn, trust))?;
        self.topology.iter().try_for_each(|write| topology::write(conn, write, redactor))?;
        agent::write(conn, self, redactor)?;
        self.adoptions.iter().try_for_each(|adopting| adoptions::write(conn, adopting))?;
        self.audit.iter().try_for_each(|entry| audit::append(conn, entry, redactor))?;
        if let Some((incidents, approvals)) = self.counters {
            let mut count =
                conn.prepare_cached("INSERT OR REPLACE INTO counters (name, value) VALUES (?1, ?2)")?;
            count.execute(params!["incident", incidents])?;
            count.execute(params!["approval", approvals])?;
        }
        Ok(())
    }
}

impl Store {
    /// Writes a batch with the redactor in force.
    ///
    /// # Errors
    /// See [`Store::call`].
    pub async fn write(&self, batch: Arc<Batch>) -> Result<(), StoreError> {
        let redactor = self.redaction().now();
        self.call(move |conn| batch.write(conn, &redactor)).await
    }
}

fn write_approval(
    conn: &Connection,
    approval: &Approval,
    decided_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO approvals (id, number, incident, state, requested_at, expires_at, decided_at, decided_by, data)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (id) DO UPDATE SET state = ?4, decided_at = ?7, decided_by = ?8, data = ?9",
    )?
    .execute(params![
        Text(&approval.id), approval.number, Text(&approval.incident), approval.state.as_str(), Ms(approval.requested_at),
        Ms(approval.expires_at), decided_at.map(Ms), approval.decided_by, Json(approval)
    ])?;
    Ok(())
}

/// Puts a message into the outbox; a pending one with the same key is replaced in its place.
fn write_message(conn: &Connection, message: &NewMessage, redactor: &Redactor) -> Result<(), StoreError> {
    let card = gate::json(redactor, &message.card)?;
    if let Some(key) = &message.supersedes {
        let replaced = conn
            .prepare_cached(
                "UPDATE outbox SET card = ?3, place = ?4 WHERE platform = ?1 AND supersedes = ?2 AND state = 'pending'",
            )?
            .execute(params![message.platform, key, card, Json(&message.place)])?;
        if replaced > 0 {
            return Ok(());
        }
    }
    conn.prepare_cached(
        "INSERT INTO outbox (platform, thread, supersedes, place, card, calls, state, next_at, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?7)",
    )?
    .execute(params![
        message.platform,
        message.thread,
        message.supersedes,
        Json(&message.place),
        card,
        message.card.mention == Mention::Here,
        Ms(message.at)
    ])?;
    Ok(())
}
