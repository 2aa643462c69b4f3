//! What happened since a moment, for the digest.

use rusqlite::{Connection, params};

use super::StoreError;
use super::batch::StoredIncident;
use super::columns::{Json, Ms, Text};
use super::sagas::Terms;
use crate::domain::incident::{Incident, State};
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;

/// An incident that something happened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The incident as it is now.
    pub incident: Incident,
    /// Whether it opened since.
    pub opened: bool,
    /// When it was last resolved, if that is since and it still is.
    pub resolved: Option<Timestamp>,
}

/// A repair that did what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// The runbook.
    pub runbook: String,
    /// What it was for.
    pub target: Target,
}

/// Incidents that opened or were resolved since, in the order of their numbers: at most `limit`, and whether there are
/// more. What became part of another is told with that.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn incidents(
    conn: &Connection,
    since: Timestamp,
    limit: usize,
) -> Result<(Vec<Touched>, bool), StoreError> {
    let mut query = conn.prepare_cached(
        "SELECT number, data, opened, resolved FROM (
             SELECT i.number, i.data, i.opened_at >= ?1 AS opened,
                    (SELECT max(e.at) FROM events AS e
                      WHERE e.incident = i.id AND e.kind = 'resolved' AND e.at >= ?1
                        AND i.state IN ('resolved', 'closed')) AS resolved
               FROM incidents AS i
              WHERE (i.opened_at >= ?1 OR i.changed_at >= ?1) AND i.state <> ?3)
          WHERE opened OR resolved IS NOT NULL ORDER BY number LIMIT ?2",
    )?;
    let rows = query.query_map(params![Ms(since), limit + 1, State::Merged.as_str()], |row| {
        let Json(StoredIncident { incident, .. }) = row.get(1)?;
        let resolved = row.get::<_, Option<Ms>>(3)?.map(|at| at.0);
        Ok(Touched { incident, opened: row.get(2)?, resolved })
    })?;
    let mut found: Vec<Touched> = rows.collect::<Result<_, _>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// Repairs that worked, ended since, and nobody was asked for; the oldest first, at most `limit`. Not those that did not
/// last, or were taken back.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn fixed(conn: &Connection, since: Timestamp, limit: usize) -> Result<Vec<Fixed>, StoreError> {
    // When it ended is told by the timeline: the repair's own row says when it was last judged.
    let mut query = conn.prepare_cached(
        "SELECT r.runbook, r.target, r.data, i.data FROM incidents AS i
           JOIN events AS e ON e.incident = i.id AND e.kind = 'repair_ended' AND e.at >= ?1
           JOIN remediations AS r ON r.id = e.data ->> 'remediation'
          WHERE i.changed_at >= ?1 AND r.outcome IN ('succeeded', 'deferred', 'held', 'lapsed')
          ORDER BY e.at LIMIT ?2",
    )?;
    let rows = query.query_map(params![Ms(since), limit], |row| {
        let (Text(target), Json(terms)) = (row.get(1)?, row.get::<_, Json<Terms>>(2)?);
        let Json(StoredIncident { incident, .. }) = row.get(3)?;
        let runbook = incident.with_titles(&row.get::<_, String>(0)?);
        Ok((terms, Fixed { runbook, target }))
    })?;
    let all: Vec<(Terms, Fixed)> = rows.collect::<Result<_, _>>()?;
    let unasked =
        all.into_iter().filter(|(terms, _)| terms.approval.is_none() && terms.plan.undoes.is_none());
    Ok(unasked.map(|(_, fixed)| fixed).collect())
}
