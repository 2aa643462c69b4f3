//! The audit trail: who or what decided, permitted and ran what. Only ever appended, never pruned, and chained, so
//! that what is changed afterwards is found out ([`verify`]).

mod chain;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use serde_json::{Map, Value};

pub use chain::{Broken, Link, LinkError, Verified, verify};

use super::columns::{Ms, from_ms, ms};
use super::{Store, StoreError, gate};
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::redact::Redactor;
use crate::domain::signal::Timestamp;

/// What a line of the audit trail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditKind {
    /// What the policy said to a plan: `evaluated`.
    Decision,
    /// A permission: `requested`, `approve`, `deny`, `expired`, `withdrawn`.
    Approval,
    /// A process: `started`, `ended`, `refused`.
    Execution,
    /// How Steward is set: `pause`, `resume`, `autonomy`, `trust`.
    Setting,
    /// Taking a finished remediation back: `asked`, `done`.
    Undo,
    /// Anything else that somebody asked for in chat: `ack`, `silence`, `merge`, …; `refused` where they may not.
    Command,
}

impl AuditKind {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Approval => "approval",
            Self::Execution => "execution",
            Self::Setting => "setting",
            Self::Undo => "undo",
            Self::Command => "command",
        }
    }
}

/// A line for the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// What it is about.
    pub kind: AuditKind,
    /// What happened, in a word: see [`AuditKind`].
    pub what: String,
    /// The incident it belongs to.
    pub incident: Option<IncidentId>,
    /// The remediation it belongs to.
    pub remediation: Option<RemediationId>,
    /// Who did it; `None` for Steward itself.
    pub who: Option<String>,
    /// Particulars: a JSON object.
    pub body: Value,
}

impl AuditEntry {
    /// A line about something that Steward itself did.
    #[must_use]
    pub fn new(kind: AuditKind, what: &str, at: Timestamp) -> Self {
        let body = Value::Object(Map::new());
        Self { at, kind, what: what.to_owned(), incident: None, remediation: None, who: None, body }
    }

    /// What somebody asked for, by the word they used for it.
    #[must_use]
    pub fn asked(who: &str, what: &str, body: Value, at: Timestamp) -> Self {
        Self::new(kind_of_word(what), what, at).by(who).with(body)
    }

    /// The same, done by a person.
    #[must_use]
    pub fn by(self, who: &str) -> Self {
        Self { who: Some(who.to_owned()), ..self }
    }

    /// The same, as a part of an incident's story.
    #[must_use]
    pub fn of_incident(self, incident: IncidentId) -> Self {
        Self { incident: Some(incident), ..self }
    }

    /// The same, as a part of a remediation.
    #[must_use]
    pub fn of_remediation(self, remediation: RemediationId) -> Self {
        Self { remediation: Some(remediation), ..self }
    }

    /// The same, with these particulars.
    #[must_use]
    pub fn with(self, body: Value) -> Self {
        Self { body, ..self }
    }
}

fn kind_of_word(what: &str) -> AuditKind {
    match what {
        "approve" | "deny" => AuditKind::Approval,
        "pause" | "resume" | "autonomy" | "trust" => AuditKind::Setting,
        "undo" => AuditKind::Undo,
        _ => AuditKind::Command,
    }
}

/// Appends a line, its particulars without secrets. It is part of the trail if the surrounding call is committed.
///
/// # Errors
/// Whatever SQLite says.
pub fn append(conn: &Connection, entry: &AuditEntry, redactor: &Redactor) -> Result<(), StoreError> {
    let (last, prev) = chain::head(conn)?;
    let seq = last + 1;
    let body = gate::json(redactor, &entry.body)?;
    let (incident, remediation) =
        (entry.incident.map(|id| id.to_string()), entry.remediation.map(|id| id.to_string()));
    let columns = [
        ValueRef::Integer(seq),
        ValueRef::Integer(ms(entry.at)),
        ValueRef::Text(entry.kind.as_str().as_bytes()),
        ValueRef::Text(entry.what.as_bytes()),
        chain::optional(incident.as_deref()),
        chain::optional(remediation.as_deref()),
        chain::optional(entry.who.as_deref()),
        ValueRef::Text(body.as_bytes()),
    ];
    let hash = prev.next(&columns);
    conn.prepare_cached(
        "INSERT INTO audit (seq, at, kind, what, incident, remediation, who, body, prev, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        seq,
        Ms(entry.at),
        entry.kind.as_str(),
        entry.what,
        incident,
        remediation,
        entry.who,
        body,
        prev.as_bytes(),
        hash.as_bytes()
    ])?;
    chain::set_head(conn, seq, hash)
}

impl Store {
    /// Appends a line that belongs to no batch, together with whatever else is being committed. When this returns, it
    /// is on the disk.
    ///
    /// # Errors
    /// See [`Store::call`].
    pub async fn append_audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        let redactor = self.redaction().now();
        self.call(move |conn| append(conn, &entry, &redactor)).await
    }
}

/// Takes the lines of a trail that was no chain yet into the chain, in their order.
pub(super) fn adopt(conn: &Connection) -> Result<(), StoreError> {
    let mut query = conn.prepare("SELECT at, who, what, data FROM audit_before_3 ORDER BY id")?;
    let lines = query.query_map([], |row| {
        let (at, who, what): (Ms, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(AuditEntry::asked(&who, &what, body_of(&row.get::<_, String>(3)?), at.0))
    })?;
    let redactor = Redactor::shapes();
    for line in lines {
        append(conn, &line?, &redactor)?;
    }
    drop(query);
    Ok(conn.execute_batch("DROP TABLE audit_before_3")?)
}

/// What is looked for in the trail.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Not before this.
    pub since: Option<Timestamp>,
    /// Not after this.
    pub until: Option<Timestamp>,
    /// What belongs to this incident, by its long id or its number.
    pub incident: Option<Which>,
}

/// How an incident is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// By the number that people use.
    Number(u64),
    /// By its long id.
    Id(IncidentId),
}

/// A line of the trail as it is stored: whatever somebody may have made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number, from 1 on.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What it is about, see [`AuditKind`].
    pub kind: String,
    /// What happened, in a word.
    pub what: String,
    /// The incident it belongs to: its long id.
    pub incident: Option<String>,
    /// The incident's number, while it is kept.
    pub number: Option<u64>,
    /// The remediation it belongs to.
    pub remediation: Option<String>,
    /// Who did it.
    pub who: Option<String>,
    /// Particulars.
    pub body: Value,
    /// Its hash in the chain.
    pub hash: Link,
}

/// The newest `limit` lines that are looked for, oldest first.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn rows(conn: &Connection, filter: &Filter, limit: usize) -> Result<Vec<AuditRow>, StoreError> {
    let mut query = conn.prepare_cached(
        "SELECT a.seq, a.at, a.kind, a.what, a.incident, i.number, a.remediation, a.who, a.body, a.hash
         FROM audit AS a LEFT JOIN incidents AS i ON i.id = a.incident
         WHERE a.at BETWEEN ?1 AND ?2
           AND (?3 IS NULL OR a.incident = ?3)
           AND (?4 IS NULL OR i.number = ?4 OR (json_valid(a.body) AND json_extract(a.body, '$.incident') = ?4))
         ORDER BY a.seq DESC LIMIT ?5",
    )?;
    let (id, number) = match filter.incident {
        None => (None, None),
        Some(Which::Id(id)) => (Some(id.to_string()), None),
        Some(Which::Number(number)) => (None, Some(number)),
    };
    let (since, until) = (filter.since.map_or(i64::MIN, ms), filter.until.map_or(i64::MAX, ms));
    let found = query.query_map(params![since, until, id, number, limit], |row| {
        Ok(AuditRow {
            seq: row.get(0)?,
            at: from_ms(row.get(1)?),
            kind: row.get(2)?,
            what: row.get(3)?,
            incident: row.get(4)?,
            number: row.get(5)?,
            remediation: row.get(6)?,
            who: row.get(7)?,
            body: body_of(&row.get::<_, String>(8)?),
            hash: Link::from(row.get::<_, [u8; 32]>(9)?),
        })
    })?;
    let mut found = found.collect::<Result<Vec<_>, _>>()?;
    found.reverse();
    Ok(found)
}

fn body_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests;
