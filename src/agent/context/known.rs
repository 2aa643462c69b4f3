//! What the store knows of a case and of what was around it.

use chrono::TimeDelta;
use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::change::{Change, RESTORED_BY_STEWARD};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Incident, Record, State};
use crate::domain::signal::Timestamp;
use crate::store::batch::StoredIncident;
use crate::store::columns::{Json, Text};
use crate::store::{StoreError, agent, changes, query};

/// Incidents before this one that are told.
const LAST: usize = 5;
/// Incidents that are looked through for the same problem.
const RECORD: usize = 200;
/// Changes that are read.
const CHANGES: usize = 200;
/// Changes of the root itself that are read, however old.
const OF_ROOT: usize = 10;
/// How far back from the beginning of a case changes are told, in hours.
const CHANGES_HOURS: i64 = 24;
/// How far back changes of the root itself are told, in days.
const OF_ROOT_DAYS: i64 = 14;
/// Things that were declined.
const DECLINED: usize = 20;

/// What the store knows.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The case; `None` if it is not there, or not any more.
    pub(super) incident: Option<Incident>,
    /// What happened in it.
    pub(super) timeline: Vec<Record>,
    /// Incidents before it or beside it, the newest first.
    pub(super) last: Vec<Incident>,
    /// Those of the same problem, the newest first.
    pub(super) alike: Vec<Incident>,
    /// What changed around its beginning, the newest first.
    pub(super) changes: Vec<Change>,
    /// What people did not want, the newest first.
    pub(super) declined: Vec<String>,
}

impl Known {
    pub(super) fn read(conn: &Connection, id: IncidentId, now: Timestamp) -> Result<Self, StoreError> {
        let mut select = conn.prepare_cached("SELECT data FROM incidents WHERE id = ?1")?;
        let stored: Option<StoredIncident> =
            select.query_row([Text(id)], |row| row.get(0)).optional()?.map(|Json(stored)| stored);
        let declined = agent::declined(conn, DECLINED)?;
        let Some(incident) = stored.map(|stored| stored.incident) else {
            return Ok(Self { declined, ..Self::default() });
        };
        Ok(Self {
            timeline: query::timeline(conn, id, 0)?,
            last: last(conn, &incident)?,
            alike: alike(conn, &incident)?,
            changes: around(conn, &incident, now)?,
            declined,
            incident: Some(incident),
        })
    }
}

fn incidents(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<Incident>, StoreError> {
    let mut select = conn.prepare_cached(sql)?;
    let rows = select.query_map(params, |row| row.get::<_, Json<StoredIncident>>(0))?;
    Ok(rows.map(|row| row.map(|Json(stored)| stored.incident)).collect::<Result<_, _>>()?)
}

/// The last incidents that were faults.
fn last(conn: &Connection, case: &Incident) -> Result<Vec<Incident>, StoreError> {
    let found = incidents(
        conn,
        "SELECT data FROM incidents WHERE number <> ?1 AND state <> ?2 AND data ->> '$.incident.request' IS NULL
          ORDER BY number DESC LIMIT ?3",
        params![case.number, State::Merged.as_str(), LAST],
    )?;
    Ok(found)
}

/// Earlier incidents of the same problem in the same place.
fn alike(conn: &Connection, case: &Incident) -> Result<Vec<Incident>, StoreError> {
    if case.request.is_some() {
        return Ok(Vec::new());
    }
    incidents(
        conn,
        "SELECT data FROM incidents WHERE number < ?1 AND state <> ?2 AND signature = ?3 AND root = ?4
          ORDER BY number DESC LIMIT ?5",
        params![case.number, State::Merged.as_str(), Text(&case.signature), Text(&case.root), RECORD],
    )
}

/// What changed around the beginning of a case, and lately at its root.
fn around(conn: &Connection, case: &Incident, now: Timestamp) -> Result<Vec<Change>, StoreError> {
    let begun = case.opened_at;
    let mut found = changes::recent(conn, begun - TimeDelta::hours(CHANGES_HOURS), now, CHANGES)?;
    if case.request.is_none() {
        let since = begun - TimeDelta::days(OF_ROOT_DAYS);
        found.extend(changes::on_target(conn, &case.root, since, now, OF_ROOT)?);
    }
    found.retain(|change| change.source != RESTORED_BY_STEWARD);
    changes::in_order(&mut found);
    Ok(found)
}
