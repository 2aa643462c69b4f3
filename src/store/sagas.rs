//! The logs of remediations, and those that a dead Steward left unfinished.

use rusqlite::{Connection, params};

use super::StoreError;
use super::columns::{Json, Ms, Text};
use crate::domain::approval::{Approval, OfStep};
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::remediation::{Plan, SagaEvent};
use crate::domain::signal::{Problem, Timestamp};
use crate::domain::target::{Signature, Target};
use serde::{Deserialize, Serialize};

/// What a remediation's row keeps as JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Terms {
    /// What it is going to do.
    pub plan: Plan,
    /// The permission it runs under, where it needed one.
    pub approval: Option<Approval>,
    /// Who found the problem: their check decides.
    pub origin: crate::domain::signal::Origin,
    /// What tells this writing of the runbook from another under the same name; none of what takes a repair back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
}

/// A remediation that did not end.
#[derive(Debug, Clone)]
pub struct Unfinished {
    /// Its identity.
    pub id: RemediationId,
    /// The incident.
    pub incident: IncidentId,
    /// The problem it is for.
    pub problem: Problem,
    /// What it is going to do, and by whose leave.
    pub terms: Terms,
    /// Its log so far.
    pub log: Vec<SagaEvent>,
}

/// Appends to a remediation's log.
///
/// # Errors
/// Whatever SQLite says.
pub fn append(
    conn: &Connection,
    id: RemediationId,
    event: &SagaEvent,
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO remediation_log (remediation, seq, at, data)
         SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3 FROM remediation_log WHERE remediation = ?1",
    )?
    .execute(params![Text(&id), Ms(now), Json(event)])?;
    Ok(())
}

/// A remediation's log.
///
/// # Errors
/// Whatever SQLite says, or a line that can't be read.
pub fn log(conn: &Connection, id: RemediationId) -> Result<Vec<SagaEvent>, StoreError> {
    let mut query =
        conn.prepare_cached("SELECT data FROM remediation_log WHERE remediation = ?1 ORDER BY seq")?;
    let rows = query.query_map(params![Text(&id)], |row| row.get::<_, Json<SagaEvent>>(0))?;
    Ok(rows.map(|row| row.map(|Json(event)| event)).collect::<Result<_, _>>()?)
}

/// One remediation with its log, ended or not.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn one(conn: &Connection, id: RemediationId) -> Result<Option<Unfinished>, StoreError> {
    let mut query =
        conn.prepare("SELECT id, incident, target, signature, data FROM remediations WHERE id = ?1")?;
    let Some(mut found) = query.query_map([Text(&id)], row)?.next().transpose()? else { return Ok(None) };
    found.log = log(conn, id)?;
    Ok(Some(found))
}

/// What was asked for a step of a remediation, the oldest first.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn asked(conn: &Connection, incident: IncidentId, of: OfStep) -> Result<Vec<Approval>, StoreError> {
    let mut query = conn.prepare("SELECT data FROM approvals WHERE incident = ?1 ORDER BY number")?;
    let rows = query.query_map([Text(&incident)], |row| row.get::<_, Json<Approval>>(0))?;
    let all = rows.map(|row| row.map(|Json(approval)| approval)).collect::<Result<Vec<_>, _>>()?;
    Ok(all.into_iter().filter(|approval| approval.of_step == Some(of)).collect())
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Unfinished> {
    Ok(Unfinished {
        id: row.get::<_, Text<RemediationId>>(0)?.0,
        incident: row.get::<_, Text<IncidentId>>(1)?.0,
        problem: Problem {
            target: row.get::<_, Text<Target>>(2)?.0,
            signature: row.get::<_, Text<Signature>>(3)?.0,
        },
        terms: row.get::<_, Json<Terms>>(4)?.0,
        log: Vec::new(),
    })
}

/// The remediations that did not end.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn unfinished(conn: &Connection) -> Result<Vec<Unfinished>, StoreError> {
    let mut query = conn.prepare(
        "SELECT id, incident, target, signature, data FROM remediations WHERE live = 1 ORDER BY started_at",
    )?;
    let rows = query.query_map([], row)?;
    let mut found = rows.collect::<Result<Vec<_>, _>>()?;
    for one in &mut found {
        one.log = log(conn, one.id)?;
    }
    Ok(found)
}
