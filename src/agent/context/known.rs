//! What the store knows of a case and of what was around it.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::agent::SignatureRecord;
use crate::domain::change::{Change, RESTORED_BY_STEWARD};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Incident, Record, State};
use crate::domain::signal::Timestamp;
use crate::domain::target::Signature;
use crate::store::batch::StoredIncident;
use crate::store::columns::{Json, Text};
use crate::store::{StoreError, agent, changes, query, signatures};

/// Incidents before this one that are told.
const LAST: usize = 5;
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
    /// What is known of its problem from before: how the root is broken, and how that went.
    pub(super) records: Vec<(Signature, SignatureRecord)>,
    /// What changed around its beginning, the newest first.
    pub(super) changes: Vec<Change>,
    /// What people did not want, the newest first.
    pub(super) declined: Vec<String>,
    /// Who paused changes, if somebody did.
    pub(super) paused_by: Option<String>,
}

impl Known {
    pub(super) fn read(conn: &Connection, id: IncidentId, now: Timestamp) -> Result<Self, StoreError> {
        let mut select = conn.prepare_cached("SELECT data FROM incidents WHERE id = ?1")?;
        let stored: Option<StoredIncident> =
            select.query_row([Text(id)], |row| row.get(0)).optional()?.map(|Json(stored)| stored);
        let declined = agent::declined(conn, DECLINED)?;
        let paused_by = query::setting(conn, "paused_by")?.filter(|by| !by.is_empty());
        let Some(incident) = stored.map(|stored| stored.incident) else {
            return Ok(Self { declined, paused_by, ..Self::default() });
        };
        Ok(Self {
            timeline: query::timeline(conn, id, 0)?,
            last: last(conn, &incident)?,
            records: records(conn, &incident)?,
            changes: around(conn, &incident, now)?,
            declined,
            paused_by,
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

/// How the root of an incident is broken: as it was seen itself, else as what opened the incident is.
pub(super) fn broken_as(incident: &Incident) -> BTreeSet<&Signature> {
    let at_root = incident.members.iter().filter(|member| member.problem.target == incident.root);
    let seen: BTreeSet<&Signature> = at_root.map(|member| &member.problem.signature).collect();
    if seen.is_empty() { BTreeSet::from([&incident.signature]) } else { seen }
}

/// How the same problem went before in the same place, by each way in which this case is broken there.
fn records(conn: &Connection, case: &Incident) -> Result<Vec<(Signature, SignatureRecord)>, StoreError> {
    if case.request.is_some() {
        return Ok(Vec::new());
    }
    // Up to its own beginning: what it is itself is no time before.
    let before = case.opened_at - TimeDelta::milliseconds(1);
    let mut ways = broken_as(case);
    ways.insert(&case.signature);
    let mut records = Vec::new();
    for way in ways {
        let record = signatures::record(conn, way, &case.root, before)?;
        records.extend(record.map(|record| (way.clone(), record)));
    }
    Ok(records)
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
