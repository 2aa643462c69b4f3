//! Everything that one turn of the engine decided, written in one savepoint: state, timeline and messages together.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::columns::{Json, Ms, Text};
use super::sagas::Terms;
use crate::domain::approval::Approval;
use crate::domain::card::{Card, Mention, Place};
use crate::domain::change::Change;
use crate::domain::escalation::Cause;
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::incident::{Incident, Record};
use crate::domain::signal::{Problem, Signal, Timestamp};
use crate::domain::suppression::Silence;
use crate::domain::target::Target;

/// An incident as it is kept: its fold, and how far it has been told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredIncident {
    /// The fold of its timeline.
    pub incident: Incident,
    /// How far it has been told.
    pub telling: Telling,
}

/// How far an incident has been told in chat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// The last event that the thread has heard of; 0 before the first notice.
    pub told_seq: u64,
    /// When the thread last heard anything.
    pub told_at: Option<Timestamp>,
    /// Whether a silence hides it now.
    pub silenced: bool,
    /// The root message as it was last sent.
    pub root: Option<Card>,
    /// The root target on which its latest occurrence was counted.
    pub counted_on: Option<Target>,
    /// How many of its occurrences have been counted.
    pub counted: u32,
    /// When the latest was counted.
    #[serde(default)]
    pub counted_at: Option<Timestamp>,
    /// The cards of its questions that may still change.
    #[serde(default)]
    pub questions: Vec<Put>,
}

/// A question that was put to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Put {
    /// Its number.
    pub approval: u64,
    /// The runbook it is about.
    pub runbook: String,
    /// Its card as it is now.
    pub card: Card,
    /// Whether people were told.
    pub posted: bool,
    /// Whether it will change no more.
    pub is_final: bool,
}

/// The last word of one origin on one problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalRow {
    /// The latest signal, whose `state` is the present one.
    pub signal: Signal,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
    /// How often it came.
    pub count: u64,
    /// When it first came.
    pub first_seen: Timestamp,
    /// When it last came.
    pub last_seen: Timestamp,
}

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

/// A line of the audit trail.
#[derive(Debug, Clone)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What they did.
    pub what: String,
    /// Particulars.
    pub data: serde_json::Value,
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
    pub audit: Vec<AuditLine>,
    /// The last numbers given out: incidents, approvals.
    pub counters: Option<(u64, u64)>,
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
            approvals,
            remediations,
            ended,
            messages,
            changes,
            settings,
            audit,
            counters,
        } = self;
        incidents.is_empty()
            && events.is_empty()
            && signals.is_empty()
            && touched.is_empty()
            && occurrences.is_empty()
            && retracted.is_empty()
            && escalations.is_empty()
            && silences.is_empty()
            && approvals.is_empty()
            && remediations.is_empty()
            && ended.is_empty()
            && messages.is_empty()
            && changes.is_empty()
            && settings.is_empty()
            && audit.is_empty()
            && counters.is_none()
    }

    /// Writes it all. Writing it twice leaves what writing it once leaves, but for messages and lines that are only
    /// ever appended; the caller's savepoint sees to it that it is written once.
    ///
    /// # Errors
    /// Whatever SQLite says; the surrounding savepoint is rolled back then.
    pub fn write(&self, conn: &Connection) -> Result<(), StoreError> {
        self.incidents.iter().try_for_each(|stored| write_incident(conn, stored))?;
        self.write_events(conn)?;
        self.write_signals(conn)?;
        self.write_counts(conn)?;
        self.silences.iter().try_for_each(|(silence, told)| write_silence(conn, silence, *told))?;
        self.approvals.iter().try_for_each(|(approval, at)| write_approval(conn, approval, *at))?;
        self.write_remediations(conn)?;
        self.messages.iter().try_for_each(|message| write_message(conn, message))?;
        self.changes.iter().try_for_each(|change| write_change(conn, change))?;
        self.write_rest(conn)
    }

    fn write_events(&self, conn: &Connection) -> Result<(), StoreError> {
        let mut insert = conn.prepare_cached(
            "INSERT INTO events (incident, seq, at, kind, data) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (id, record) in &self.events {
            insert.execute(params![
                Text(id),
                record.seq,
                Ms(record.at),
                record.event.kind(),
                Json(&record.event)
            ])?;
        }
        Ok(())
    }

    fn write_signals(&self, conn: &Connection) -> Result<(), StoreError> {
        let mut put = conn.prepare_cached(
            "INSERT INTO signals
             (origin, target, signature, state, severity, summary, incident, count, first_seen, last_seen, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (origin, target, signature) DO UPDATE SET state = ?4, severity = ?5, summary = ?6,
                 incident = ?7, count = ?8, first_seen = ?9, last_seen = ?10, data = ?11",
        )?;
        for row in &self.signals {
            let signal = &row.signal;
            put.execute(params![
                Text(&signal.origin),
                Text(&signal.target),
                Text(&signal.signature),
                Text(&signal.state),
                Text(&signal.severity),
                signal.summary,
                row.incident.as_ref().map(Text),
                row.count,
                Ms(row.first_seen),
                Ms(row.last_seen),
                Json(signal)
            ])?;
        }
        let mut touch = conn.prepare_cached(
            "UPDATE signals SET count = ?4, last_seen = ?5 WHERE origin = ?1 AND target = ?2 AND signature = ?3",
        )?;
        for row in &self.touched {
            let signal = &row.signal;
            touch.execute(params![
                Text(&signal.origin),
                Text(&signal.target),
                Text(&signal.signature),
                row.count,
                Ms(row.last_seen)
            ])?;
        }
        Ok(())
    }

    fn write_counts(&self, conn: &Connection) -> Result<(), StoreError> {
        let mut retract = conn.prepare_cached("DELETE FROM occurrences WHERE incident = ?1 AND at = ?2")?;
        for (incident, at) in &self.retracted {
            retract.execute(params![Text(incident), Ms(*at)])?;
        }
        let mut occurred =
            conn.prepare_cached("INSERT INTO occurrences (root, at, incident, seq) VALUES (?1, ?2, ?3, ?4)")?;
        for (root, at, incident, seq) in &self.occurrences {
            occurred.execute(params![Text(root), Ms(*at), Text(incident), seq])?;
        }
        let mut called =
            conn.prepare_cached("INSERT INTO escalations (incident, cause, at) VALUES (?1, ?2, ?3)")?;
        for (incident, cause, at) in &self.escalations {
            called.execute(params![Text(incident), cause.as_str(), Ms(*at)])?;
        }
        Ok(())
    }

    fn write_remediations(&self, conn: &Connection) -> Result<(), StoreError> {
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
            end.execute(params![Text(id), Ms(*at), outcome])?;
        }
        Ok(())
    }

    fn write_rest(&self, conn: &Connection) -> Result<(), StoreError> {
        let mut set = conn.prepare_cached("INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)")?;
        for (key, value) in &self.settings {
            set.execute(params![key, value])?;
        }
        let mut audit =
            conn.prepare_cached("INSERT INTO audit (at, who, what, data) VALUES (?1, ?2, ?3, ?4)")?;
        for line in &self.audit {
            audit.execute(params![Ms(line.at), line.who, line.what, Json(&line.data)])?;
        }
        if let Some((incidents, approvals)) = self.counters {
            let mut count =
                conn.prepare_cached("INSERT OR REPLACE INTO counters (name, value) VALUES (?1, ?2)")?;
            count.execute(params!["incident", incidents])?;
            count.execute(params!["approval", approvals])?;
        }
        Ok(())
    }
}

fn write_incident(conn: &Connection, stored: &StoredIncident) -> Result<(), StoreError> {
    let incident = &stored.incident;
    let live = incident.state.is_live();
    conn.prepare_cached(
        "INSERT INTO incidents (id, number, state, root, signature, severity, opened_at, changed_at, closed_at, live,
                                last_seq, told_seq, data)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (id) DO UPDATE SET state = ?3, root = ?4, severity = ?6, changed_at = ?8, closed_at = ?9,
                                        live = ?10, last_seq = ?11, told_seq = ?12, data = ?13",
    )?
    .execute(params![
        Text(&incident.id), incident.number, incident.state.as_str(), Text(&incident.root), Text(&incident.signature),
        Text(&incident.severity), Ms(incident.opened_at), Ms(incident.changed_at),
        (!live).then_some(Ms(incident.changed_at)), live, incident.last_seq, stored.telling.told_seq, Json(stored)
    ])?;
    Ok(())
}

fn write_silence(conn: &Connection, silence: &Silence, end_told: bool) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO silences (id, target, starts_at, ends_at, by, comment, ended_told)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        silence.number,
        Text(&silence.target),
        Ms(silence.starts_at),
        Ms(silence.ends_at),
        silence.by,
        silence.comment,
        end_told
    ])?;
    Ok(())
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

fn write_change(conn: &Connection, change: &Change) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO changes (source, id, at, author, summary, files, files_total, targets)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        change.source,
        change.id,
        Ms(change.at),
        change.author,
        change.summary,
        Json(&change.files),
        change.files_total,
        Json(&change.targets)
    ])?;
    Ok(())
}

/// Puts a message into the outbox; a pending one with the same key is replaced in its place.
fn write_message(conn: &Connection, message: &NewMessage) -> Result<(), StoreError> {
    if let Some(key) = &message.supersedes {
        let replaced = conn
            .prepare_cached(
                "UPDATE outbox SET card = ?3, place = ?4 WHERE platform = ?1 AND supersedes = ?2 AND state = 'pending'",
            )?
            .execute(params![message.platform, key, Json(&message.card), Json(&message.place)])?;
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
        Json(&message.card),
        message.card.mention == Mention::Here,
        Ms(message.at)
    ])?;
    Ok(())
}
