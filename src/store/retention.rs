//! Retention: what is over for long enough goes, in small steps. The audit trail stays.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::StoreError;
use super::columns::ms;
use super::silences;
use crate::domain::signal::Timestamp;

/// What one step removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Incidents, with all that belongs to them.
    pub incidents: usize,
    /// Signals that were resolved.
    pub signals: usize,
    /// Messages that were sent, or given up.
    pub messages: usize,
    /// Whether there may be more: call again.
    pub more: bool,
}

/// Incidents that are over and that nothing waits for.
const OVER: &str = "
    SELECT id FROM incidents AS i WHERE live = 0 AND changed_at < ?1
       AND NOT EXISTS (SELECT 1 FROM remediations WHERE incident = i.id AND live = 1)
       AND NOT EXISTS (SELECT 1 FROM approvals WHERE incident = i.id AND state = 'pending')
       AND NOT EXISTS (SELECT 1 FROM offers WHERE incident = i.id AND state = 'pending')
       AND NOT EXISTS (SELECT 1 FROM agent_runs WHERE incident = i.id AND ended_at IS NULL)
       AND NOT EXISTS (SELECT 1 FROM adoptions WHERE incident = i.id AND stage <> 'over')
     ORDER BY changed_at LIMIT ?2";

const SIGNALS: &str = "
    DELETE FROM signals WHERE (origin, target, signature) IN (
        SELECT origin, target, signature FROM signals AS s
         WHERE state = 'resolved' AND last_seen < ?1
           AND NOT EXISTS (SELECT 1 FROM incidents WHERE id = s.incident AND live = 1)
         ORDER BY last_seen LIMIT ?2)";

const MESSAGES: &str = "
    DELETE FROM outbox WHERE id IN (
        SELECT id FROM outbox WHERE done_at < ?1 AND state <> 'pending' ORDER BY done_at LIMIT ?2)";

/// Tables whose rows belong to one incident, children before parents.
const OF_INCIDENT: [&str; 13] = [
    "DELETE FROM remediation_log WHERE remediation IN (SELECT id FROM remediations WHERE incident = ?1)",
    "DELETE FROM remediations WHERE incident = ?1",
    "DELETE FROM events WHERE incident = ?1",
    "DELETE FROM occurrences WHERE incident = ?1",
    "DELETE FROM escalations WHERE incident = ?1",
    "DELETE FROM approvals WHERE incident = ?1",
    "DELETE FROM chat_messages WHERE incident = ?1",
    "DELETE FROM agent_steps WHERE run IN (SELECT id FROM agent_runs WHERE incident = ?1)",
    "DELETE FROM agent_runs WHERE incident = ?1",
    "DELETE FROM agent_plans WHERE incident = ?1",
    "DELETE FROM offers WHERE incident = ?1",
    "DELETE FROM adoptions WHERE incident = ?1",
    // A signal may outlive its incident: it still fires after a person closed that.
    "UPDATE signals SET incident = NULL WHERE incident = ?1",
];

/// Removes what has been over for longer than `keep`: at most `batch` closed or merged incidents with their
/// timelines and remediations, `batch` resolved signals and `batch` messages that are done. Never the audit trail,
/// never an incident with a live remediation or a pending approval.
///
/// One step is one short call, so that other calls are not held up; repeat it while [`Pruned::more`].
///
/// # Errors
/// Whatever SQLite says; the surrounding call takes the step back then.
pub fn prune(conn: &Connection, now: Timestamp, keep: Duration, batch: usize) -> Result<Pruned, StoreError> {
    let before = ms(now).saturating_sub(i64::try_from(keep.as_millis()).unwrap_or(i64::MAX));
    let limit = i64::try_from(batch).unwrap_or(i64::MAX);
    let over = incidents_over(conn, before, limit)?;
    for incident in &over {
        for sql in OF_INCIDENT {
            conn.prepare_cached(sql)?.execute([incident])?;
        }
        conn.prepare_cached("DELETE FROM incidents WHERE id = ?1")?.execute([incident])?;
    }
    let signals = conn.prepare_cached(SIGNALS)?.execute(params![before, limit])?;
    silences::prune(conn, before, limit)?;
    let messages = conn.prepare_cached(MESSAGES)?.execute(params![before, limit])?;
    let more = batch > 0 && [over.len(), signals, messages].contains(&batch);
    Ok(Pruned { incidents: over.len(), signals, messages, more })
}

fn incidents_over(conn: &Connection, before: i64, limit: i64) -> Result<Vec<String>, StoreError> {
    let mut select = conn.prepare_cached(OVER)?;
    let ids = select.query_map(params![before, limit], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;
