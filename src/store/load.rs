//! What the engine needs in memory when it starts: what is live, and the recent past that decisions look back on.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::StoreError;
use super::adoptions::Adopting;
use super::batch::{SignalRow, StoredIncident};
use super::columns::{Json, Ms, Text, from_ms, ms};
use super::signatures::Learned;
use super::silences::{HeldRow, held, silences};
use crate::domain::agent::{GoalMark, Offer};
use crate::domain::approval::Approval;
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::incident::Record;
use crate::domain::signal::{Signal, Timestamp};
use crate::domain::suppression::Silence;
use crate::domain::target::{Signature, Target};
use crate::domain::trust::Trust;

/// How far back decisions look.
#[derive(Debug, Clone, Copy)]
pub struct LookBack {
    /// For occurrences and calls.
    pub escalation: Duration,
    /// For repairs.
    pub repairs: Duration,
}

/// A remediation of the recent past, or one that still runs.
#[derive(Debug, Clone)]
pub struct PastRepair {
    /// Its identity.
    pub id: RemediationId,
    /// The incident it was for.
    pub incident: IncidentId,
    /// The number that people know that by.
    pub case: u64,
    /// How it was broken.
    pub signature: Signature,
    /// The runbook.
    pub runbook: String,
    /// The target it was for.
    pub target: Target,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended, as [`Batch::ended`](super::batch::Batch::ended) has it.
    pub outcome: Option<String>,
    /// Whether it still runs, or was running when Steward ended.
    pub live: bool,
    /// What tells the writing of the runbook that ran from another under the same name.
    pub written: Option<String>,
}

/// A live incident with the lines of its timeline that nobody was told.
#[derive(Debug, Clone)]
pub struct LiveIncident {
    /// The incident.
    pub stored: StoredIncident,
    /// The lines after `told_seq`.
    pub untold: Vec<Record>,
}

/// What the engine begins with.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Incidents that can still change.
    pub incidents: Vec<LiveIncident>,
    /// Signals that fire or belong to a live incident.
    pub signals: Vec<SignalRow>,
    /// Silences whose end was not told yet.
    pub silences: Vec<Silence>,
    /// What triage remembers.
    pub held: Vec<HeldRow>,
    /// The last silence's number.
    pub last_silence: i64,
    /// Approvals that wait.
    pub approvals: Vec<Approval>,
    /// Occurrences within the look-back, oldest first: root, the incident's signature, when.
    pub occurrences: Vec<(Target, Signature, Timestamp)>,
    /// Calls within the look-back: root, the incident's signature, why, when.
    pub escalations: Vec<(Target, Signature, String, Timestamp)>,
    /// Repairs within the look-back, and those that still run, oldest first; without what takes a repair back.
    pub repairs: Vec<PastRepair>,
    /// The last numbers given out: incidents, approvals.
    pub counters: (u64, u64),
    /// Settings by name.
    pub settings: Vec<(String, String)>,
    /// What has earned how much trust.
    pub trust: Vec<Trust>,
    /// Offers that wait for an answer.
    pub offers: Vec<Offer>,
    /// What was learned.
    pub learned: Learned,
    /// What is remembered of the agent's goals.
    pub goals: Vec<GoalMark>,
    /// What is brought into the cluster, and is not over.
    pub adoptions: Vec<Adopting>,
}

/// Reads what the engine begins with.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn load(conn: &Connection, now: Timestamp, back: LookBack) -> Result<Loaded, StoreError> {
    let since = |span: Duration| ms(now).saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
    Ok(Loaded {
        incidents: incidents(conn)?,
        signals: signals(conn)?,
        silences: silences(conn, false, usize::MAX >> 1)?,
        held: held(conn)?,
        last_silence: conn.query_row("SELECT coalesce(max(id), 0) FROM silences", [], |r| r.get(0))?,
        approvals: column(conn, "SELECT data FROM approvals WHERE state = 'pending'")?,
        occurrences: occurrences(conn, since(back.escalation))?,
        escalations: escalations(conn, since(back.escalation))?,
        repairs: repairs(conn, since(back.repairs))?,
        counters: (counter(conn, "incident")?, counter(conn, "approval")?),
        settings: pairs(conn)?,
        trust: super::trust::all(conn)?,
        offers: super::agent::waiting_offers(conn)?,
        learned: super::signatures::learned(conn, now)?,
        goals: super::agent::goals(conn)?,
        adoptions: super::adoptions::all(conn)?,
    })
}

fn column<T: serde::de::DeserializeOwned>(conn: &Connection, sql: &str) -> Result<Vec<T>, StoreError> {
    let mut query = conn.prepare(sql)?;
    let rows = query.query_map([], |row| row.get::<_, Json<T>>(0))?;
    Ok(rows.map(|row| row.map(|Json(value)| value)).collect::<Result<_, _>>()?)
}

fn incidents(conn: &Connection) -> Result<Vec<LiveIncident>, StoreError> {
    let stored: Vec<StoredIncident> =
        column(conn, "SELECT data FROM incidents WHERE live = 1 ORDER BY number")?;
    stored
        .into_iter()
        .map(|stored| {
            let untold = super::query::timeline(conn, stored.incident.id, stored.telling.told_seq)?;
            Ok(LiveIncident { stored, untold })
        })
        .collect()
}

fn signals(conn: &Connection) -> Result<Vec<SignalRow>, StoreError> {
    // CROSS JOIN: from the few live incidents to their signals, not through all signals that there ever were.
    let mut query = conn.prepare(
        "SELECT data, incident, count, first_seen, last_seen FROM signals WHERE state = 'firing'
         UNION ALL
         SELECT s.data, s.incident, s.count, s.first_seen, s.last_seen FROM incidents i
         CROSS JOIN signals s ON s.incident = i.id WHERE i.live = 1 AND s.state = 'resolved'",
    )?;
    let rows = query.query_map([], |row| {
        Ok(SignalRow {
            signal: row.get::<_, Json<Signal>>(0)?.0,
            incident: row.get::<_, Option<Text<IncidentId>>>(1)?.map(|Text(id)| id),
            count: row.get(2)?,
            first_seen: row.get::<_, Ms>(3)?.0,
            last_seen: row.get::<_, Ms>(4)?.0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn occurrences(conn: &Connection, since: i64) -> Result<Vec<(Target, Signature, Timestamp)>, StoreError> {
    let mut query = conn.prepare(
        "SELECT o.root, i.signature, o.at FROM occurrences o JOIN incidents i ON i.id = o.incident
         WHERE o.at > ?1 ORDER BY o.at",
    )?;
    let rows = query.query_map([since], |row| {
        Ok((row.get::<_, Text<Target>>(0)?.0, row.get::<_, Text<Signature>>(1)?.0, row.get::<_, Ms>(2)?.0))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn escalations(
    conn: &Connection,
    since: i64,
) -> Result<Vec<(Target, Signature, String, Timestamp)>, StoreError> {
    let mut query = conn.prepare(
        "SELECT i.root, i.signature, e.cause, e.at FROM escalations e JOIN incidents i ON i.id = e.incident WHERE e.at > ?1 ORDER BY e.at",
    )?;
    let rows = query.query_map([since], |row| {
        let (Text(root), Text(signature)) = (row.get(0)?, row.get(1)?);
        Ok((root, signature, row.get(2)?, row.get::<_, Ms>(3)?.0))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn repairs(conn: &Connection, since: i64) -> Result<Vec<PastRepair>, StoreError> {
    // Two halves, so that each has its index: an OR would read them all. What takes a repair back is none itself.
    let mut query = conn.prepare(
        "SELECT id, incident, runbook, target, started_at, ended_at, outcome, live, data ->> '$.written',
                signature, (SELECT number FROM incidents WHERE id = incident)
         FROM remediations WHERE started_at > ?1 AND data ->> '$.plan.undoes' IS NULL
         UNION ALL
         SELECT id, incident, runbook, target, started_at, ended_at, outcome, live, data ->> '$.written',
                signature, (SELECT number FROM incidents WHERE id = incident)
         FROM remediations WHERE live = 1 AND started_at <= ?1 AND data ->> '$.plan.undoes' IS NULL
         ORDER BY started_at",
    )?;
    let rows = query.query_map(params![since], |row| {
        Ok(PastRepair {
            id: row.get::<_, Text<RemediationId>>(0)?.0,
            incident: row.get::<_, Text<IncidentId>>(1)?.0,
            runbook: row.get(2)?,
            target: row.get::<_, Text<Target>>(3)?.0,
            started_at: row.get::<_, Ms>(4)?.0,
            ended_at: row.get::<_, Option<i64>>(5)?.map(from_ms),
            outcome: row.get(6)?,
            live: row.get(7)?,
            written: row.get(8)?,
            signature: row.get::<_, Text<Signature>>(9)?.0,
            case: row.get::<_, Option<u64>>(10)?.unwrap_or(0),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn counter(conn: &Connection, name: &str) -> Result<u64, StoreError> {
    let sql = "SELECT coalesce((SELECT value FROM counters WHERE name = ?1), 0)";
    Ok(conn.query_row(sql, [name], |row| row.get(0))?)
}

fn pairs(conn: &Connection) -> Result<Vec<(String, String)>, StoreError> {
    let mut query = conn.prepare("SELECT key, value FROM settings")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
