//! What problems were like before, from the incidents and repairs that are kept: how often, what worked, how long it
//! took. Bounded: the newest of one problem, within a month.

use rusqlite::{Connection, params};

use super::StoreError;
use super::agent;
use super::columns::{Json, Ms, Text};
use crate::domain::agent::{Episode, Fixed, LOOKS_BACK, PLAN_PREFIX, SignatureRecord};
use crate::domain::ids::RemediationId;
use crate::domain::incident::Incident;
use crate::domain::signal::Timestamp;
use crate::domain::target::{Signature, Target};

/// Incidents of one problem that a record is made of.
const OF_ONE: usize = 50;
/// Incidents that are read at the start.
const AT_START: usize = 2_000;
/// Fixes of the agent that are read at the start.
const FIXES: usize = 500;

/// What was learned, as the engine begins with it.
#[derive(Debug, Default)]
pub struct Learned {
    /// The keys of what a person did not want.
    pub declined: Vec<String>,
    /// The keys of what was kept.
    pub kept: Vec<String>,
    /// How problems went within the last month, the oldest first.
    pub episodes: Vec<Episode>,
    /// The agent's fixes that held, the oldest first.
    pub fixes: Vec<Fixed>,
    /// The agent's plans: name and YAML.
    pub plans: Vec<(String, String)>,
}

/// Reads what was learned.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn learned(conn: &Connection, now: Timestamp) -> Result<Learned, StoreError> {
    let kept = agent::kept(conn)?;
    Ok(Learned {
        declined: agent::declined_keys(conn)?,
        kept: kept.iter().map(crate::domain::agent::Keepsake::key).collect(),
        episodes: episodes(conn, now)?,
        fixes: fixes(conn)?,
        plans: agent::plans(conn)?,
    })
}

/// What is known of a problem from the times it was there before `now`; `None` if it is new, or was there too long ago.
/// An incident that is not over counts as one of these times.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn record(
    conn: &Connection,
    signature: &Signature,
    target: &Target,
    now: Timestamp,
) -> Result<Option<SignatureRecord>, StoreError> {
    let mut query = conn.prepare_cached(
        "SELECT data -> '$.incident' FROM incidents
         WHERE signature = ?1 AND root = ?2 AND opened_at >= ?3 ORDER BY opened_at DESC LIMIT ?4",
    )?;
    let rows =
        query.query_map(params![Text(signature), Text(target), Ms(now - LOOKS_BACK), OF_ONE], incident)?;
    let incidents: Vec<Incident> = rows.collect::<Result<_, _>>()?;
    let episodes: Vec<Episode> = incidents.iter().filter_map(Episode::of).collect();
    Ok(SignatureRecord::of(&episodes, now))
}

fn episodes(conn: &Connection, now: Timestamp) -> Result<Vec<Episode>, StoreError> {
    let mut query = conn.prepare(
        "SELECT data -> '$.incident' FROM incidents
         WHERE opened_at >= ?1 AND state IN ('resolved', 'closed') ORDER BY number DESC LIMIT ?2",
    )?;
    let rows = query.query_map(params![Ms(now - LOOKS_BACK), AT_START], incident)?;
    let mut episodes = Vec::new();
    for row in rows {
        episodes.extend(Episode::of(&row?));
    }
    episodes.reverse();
    Ok(episodes)
}

fn incident(row: &rusqlite::Row<'_>) -> rusqlite::Result<Incident> {
    row.get::<_, Json<Incident>>(0).map(|Json(incident)| incident)
}

/// The fixes of the agent that held their watch time, the oldest first.
fn fixes(conn: &Connection) -> Result<Vec<Fixed>, StoreError> {
    let mut query = conn.prepare(
        "SELECT id, runbook, signature, target FROM remediations
         WHERE outcome = 'held' AND runbook GLOB ?1 ORDER BY started_at DESC LIMIT ?2",
    )?;
    let rows = query.query_map(params![format!("{PLAN_PREFIX}*"), FIXES], |row| {
        Ok(Fixed {
            remediation: row.get::<_, Text<RemediationId>>(0)?.0,
            plan: row.get(1)?,
            signature: row.get::<_, Text<Signature>>(2)?.0,
            target: row.get::<_, Text<Target>>(3)?.0,
        })
    })?;
    let mut fixes: Vec<Fixed> = rows.collect::<Result<_, _>>()?;
    fixes.reverse();
    Ok(fixes)
}
