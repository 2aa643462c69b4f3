//! Recorded changes, and the states that they were told from.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::StoreError;
use super::columns::{Json, Ms, Text, ms};
use super::gate;
use crate::domain::change::{Change, ChangeKind, Seen, Snapshot};
use crate::domain::redact::Redactor;
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;

/// The columns that [`read`] reads.
const COLUMNS: &str = "c.source, c.id, c.at, c.author, c.summary, c.files, c.files_total, c.targets, c.kind, c.gist, c.url, c.baseline";

/// Records a change; one with the same source and id is replaced.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert(conn: &Connection, change: &Change, redactor: &Redactor) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO changes
             (source, id, at, author, summary, files, files_total, targets, kind, gist, url, baseline)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        change.source,
        change.id,
        Ms(change.at),
        gate::text(redactor, &change.author),
        gate::text(redactor, &change.summary),
        gate::json(redactor, &change.files)?,
        change.files_total,
        Json(&change.targets),
        change.kind.as_str(),
        gate::json(redactor, &change.gist)?,
        change.url.as_deref().map(|url| gate::text(redactor, url)),
        change.baseline,
    ])?;
    conn.prepare_cached("DELETE FROM change_targets WHERE source = ?1 AND id = ?2")?
        .execute(params![change.source, change.id])?;
    let mut touch = conn.prepare_cached(
        "INSERT OR IGNORE INTO change_targets (target, exact, at, source, id) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (target, exact) in touched(&change.targets) {
        touch.execute(params![Text(target), exact, Ms(change.at), change.source, change.id])?;
    }
    Ok(())
}

/// The targets, and all that contain them.
fn touched(targets: &[Target]) -> BTreeSet<(Target, bool)> {
    let above = |target: &Target| std::iter::successors(target.parent(), Target::parent);
    let containing = targets.iter().flat_map(|target| above(target).map(|target| (target, false)));
    targets.iter().map(|target| (target.clone(), true)).chain(containing).collect()
}

/// Changes recorded in `[since, until]`, newest first, at most `limit`.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn recent(
    conn: &Connection,
    since: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Change>, StoreError> {
    let mut query = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM changes AS c WHERE at BETWEEN ?1 AND ?2 ORDER BY at DESC, id LIMIT ?3"
    ))?;
    let rows = query.query_map(params![ms(since), ms(until), limit], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Changes in `[since, until]` that touched `target`, a part of it or what contains it, newest first, at most `limit`.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn on_target(
    conn: &Connection,
    target: &Target,
    since: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Change>, StoreError> {
    let mut query = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM change_targets AS t JOIN changes AS c ON c.source = t.source AND c.id = t.id
          WHERE t.target = ?1 AND t.exact = ?2 AND t.at BETWEEN ?3 AND ?4 ORDER BY t.at DESC LIMIT ?5"
    ))?;
    let containing = std::iter::successors(target.parent(), Target::parent).map(|above| (above, true));
    let mut found: Vec<Change> = Vec::new();
    for (target, exact) in [(target.clone(), true), (target.clone(), false)].into_iter().chain(containing) {
        let rows = query.query_map(params![Text(target), exact, ms(since), ms(until), limit], read)?;
        found.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    in_order(&mut found);
    found.truncate(limit);
    Ok(found)
}

/// Puts changes in order, the newest first, each once.
pub fn in_order(changes: &mut Vec<Change>) {
    changes
        .sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.source.cmp(&b.source)).then_with(|| a.id.cmp(&b.id)));
    changes.dedup_by(|a, b| a.source == b.source && a.id == b.id);
}

fn read(row: &Row<'_>) -> rusqlite::Result<Change> {
    Ok(Change {
        source: row.get(0)?,
        id: row.get(1)?,
        at: row.get::<_, Ms>(2)?.0,
        author: row.get(3)?,
        summary: row.get(4)?,
        files: row.get::<_, Json<Vec<String>>>(5)?.0,
        files_total: row.get(6)?,
        targets: row.get::<_, Json<_>>(7)?.0,
        kind: ChangeKind::from_word(&row.get::<_, String>(8)?),
        gist: row.get::<_, Json<_>>(9)?.0,
        url: row.get(10)?,
        baseline: row.get(11)?,
    })
}

/// What a source of states saw at its last look; `None` before its first. A state that a later version wrote and this
/// one can't read counts as none: the next look is a first one.
///
/// # Errors
/// Whatever SQLite says.
pub fn state(conn: &Connection, source: &str) -> Result<Option<Seen>, StoreError> {
    let mut query = conn.prepare_cached("SELECT at, data FROM change_states WHERE source = ?1")?;
    let row =
        query.query_row([source], |row| Ok((row.get::<_, Ms>(0)?.0, row.get::<_, String>(1)?))).optional()?;
    Ok(row.and_then(|(at, data)| {
        let snapshot = serde_json::from_str::<Snapshot>(&data).ok()?;
        Some(Seen { at, snapshot })
    }))
}

/// Keeps what a source of states saw.
///
/// # Errors
/// Whatever SQLite says.
pub fn keep_state(conn: &Connection, source: &str, seen: &Seen) -> Result<(), StoreError> {
    conn.prepare_cached("INSERT OR REPLACE INTO change_states (source, at, data) VALUES (?1, ?2, ?3)")?
        .execute(params![source, Ms(seen.at), Json(&seen.snapshot)])?;
    Ok(())
}

/// Removes changes from before `before`, the oldest first, at most `batch`, and returns how many. One step is one
/// short call; repeat it while it returns `batch`.
///
/// # Errors
/// Whatever SQLite says.
pub fn prune(conn: &Connection, before: Timestamp, batch: usize) -> Result<usize, StoreError> {
    const OLD: &str = "SELECT source, id FROM changes WHERE at < ?1 ORDER BY at LIMIT ?2";
    conn.prepare_cached(&format!("DELETE FROM change_targets WHERE (source, id) IN ({OLD})"))?
        .execute(params![ms(before), batch])?;
    let removed = conn
        .prepare_cached(&format!("DELETE FROM changes WHERE (source, id) IN ({OLD})"))?
        .execute(params![ms(before), batch])?;
    Ok(removed)
}

#[cfg(test)]
mod tests;
