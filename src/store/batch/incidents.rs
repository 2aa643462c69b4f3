//! The incident side of a batch: incidents, their timelines, the signals they are made of, and what is counted.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::Batch;
use crate::domain::card::Card;
use crate::domain::ids::IncidentId;
use crate::domain::incident::Incident;
use crate::domain::redact::Redactor;
use crate::domain::signal::{Signal, Timestamp};
use crate::domain::target::Target;
use crate::store::StoreError;
use crate::store::columns::{Ms, Text};
use crate::store::gate;

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
    /// What inhibits it now, if that is what hides it.
    #[serde(default)]
    pub inhibited_by: Option<String>,
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

impl Batch {
    pub(super) fn write_events(&self, conn: &Connection, redactor: &Redactor) -> Result<(), StoreError> {
        let mut insert = conn.prepare_cached(
            "INSERT INTO events (incident, seq, at, kind, data) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (id, record) in &self.events {
            insert.execute(params![
                Text(id),
                record.seq,
                Ms(record.at),
                record.event.kind(),
                gate::json(redactor, &record.event)?
            ])?;
        }
        Ok(())
    }

    pub(super) fn write_signals(&self, conn: &Connection, redactor: &Redactor) -> Result<(), StoreError> {
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
                gate::text(redactor, &signal.summary),
                row.incident.as_ref().map(Text),
                row.count,
                Ms(row.first_seen),
                Ms(row.last_seen),
                gate::json(redactor, signal)?
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

    pub(super) fn write_counts(&self, conn: &Connection) -> Result<(), StoreError> {
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
}

pub(super) fn write_incident(
    conn: &Connection,
    stored: &StoredIncident,
    redactor: &Redactor,
) -> Result<(), StoreError> {
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
        (!live).then_some(Ms(incident.changed_at)), live, incident.last_seq, stored.telling.told_seq, gate::json(redactor, stored)?
    ])?;
    Ok(())
}
