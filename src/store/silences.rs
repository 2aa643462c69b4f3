//! What keeps quiet: silences and windows as they are stored, signals that triage holds back, and the count of these.

use rusqlite::{Connection, Row, params};

use super::StoreError;
use super::columns::{Json, Ms, Text, ms};
use super::gate;
use crate::domain::redact::Redactor;
use crate::domain::signal::{Origin, Problem, Timestamp};
use crate::domain::suppression::{Kind, Scope, Silence};

/// An hour, in milliseconds: what is held back is counted by the hour.
const HOUR: i64 = 3_600_000;

/// What is remembered of a signal that triage looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    /// Who reports it.
    pub origin: Origin,
    /// What.
    pub problem: Problem,
    /// The rule that holds it; `None` if only its beginnings are remembered.
    pub rule: Option<String>,
    /// Since when it has been firing.
    pub since: Timestamp,
    /// When it began to fire lately, the oldest first.
    pub began: Vec<Timestamp>,
    /// When it was last counted as held back.
    pub counted_at: Option<Timestamp>,
}

/// Something that was held back once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The rule.
    pub rule: String,
    /// The problem.
    pub problem: Problem,
    /// Who reports it: a skill, or an alert's source.
    pub source: String,
    /// What was said, in a line.
    pub summary: String,
    /// When.
    pub at: Timestamp,
}

/// What a turn decided to hold back, or no longer to.
#[derive(Debug, Default)]
pub struct HeldBack {
    /// In order: what is held as it is now, or what is no longer.
    pub held: Vec<Result<HeldRow, (Origin, Problem)>>,
    /// What was counted.
    pub counted: Vec<Counted>,
}

impl HeldBack {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.counted.is_empty()
    }

    pub(super) fn write(&self, conn: &Connection, redactor: &Redactor) -> Result<(), StoreError> {
        let mut put = conn.prepare_cached(
            "INSERT OR REPLACE INTO held (origin, target, signature, rule, since, began, counted_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let mut remove =
            conn.prepare_cached("DELETE FROM held WHERE origin = ?1 AND target = ?2 AND signature = ?3")?;
        for change in &self.held {
            match change {
                Ok(row) => put.execute(params![
                    Text(&row.origin),
                    Text(&row.problem.target),
                    Text(&row.problem.signature),
                    row.rule,
                    Ms(row.since),
                    Json(row.began.iter().map(|at| ms(*at)).collect::<Vec<_>>()),
                    row.counted_at.map(Ms)
                ])?,
                Err((origin, problem)) => {
                    remove.execute(params![Text(origin), Text(&problem.target), Text(&problem.signature)])?
                }
            };
        }
        let mut count = conn.prepare_cached(
            "INSERT INTO held_back (hour, rule, target, signature, source, summary, count, first_at, last_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?7)
             ON CONFLICT (hour, rule, target, signature) DO UPDATE
             SET count = count + 1, source = ?5, summary = ?6, last_at = ?7",
        )?;
        for counted in &self.counted {
            count.execute(params![
                ms(counted.at).div_euclid(HOUR),
                counted.rule,
                Text(&counted.problem.target),
                Text(&counted.problem.signature),
                counted.source,
                gate::text(redactor, &counted.summary),
                Ms(counted.at)
            ])?;
        }
        Ok(())
    }
}

/// What is remembered of signals that triage looks at.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn held(conn: &Connection) -> Result<Vec<HeldRow>, StoreError> {
    let mut query =
        conn.prepare_cached("SELECT origin, target, signature, rule, since, began, counted_at FROM held")?;
    let rows = query.query_map([], |row| {
        let began = row.get::<_, Json<Vec<i64>>>(5)?.0;
        Ok(HeldRow {
            origin: row.get::<_, Text<Origin>>(0)?.0,
            problem: Problem { target: row.get::<_, Text<_>>(1)?.0, signature: row.get::<_, Text<_>>(2)?.0 },
            rule: row.get(3)?,
            since: row.get::<_, Ms>(4)?.0,
            began: began.into_iter().map(super::columns::from_ms).collect(),
            counted_at: row.get::<_, Option<Ms>>(6)?.map(|at| at.0),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How often one problem was held back by one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The rule.
    pub rule: String,
    /// The problem.
    pub problem: Problem,
    /// Who reported it last.
    pub source: String,
    /// What was said last.
    pub summary: String,
    /// How often.
    pub count: u64,
    /// When first, since then.
    pub first_at: Timestamp,
    /// When last.
    pub last_at: Timestamp,
    /// Whether it is held back now.
    pub now: bool,
}

/// What was held back since the beginning of the hour in which `since` lies, by rule, the most frequent first; what is
/// held back still belongs to it. At most `limit`, and whether there is more.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn ignored(
    conn: &Connection,
    since: Timestamp,
    limit: usize,
) -> Result<(Vec<Ignored>, bool), StoreError> {
    let mut query = conn.prepare_cached(
        "WITH counted AS (
             SELECT rule, target, signature, max(source) AS source, max(summary) AS summary, sum(count) AS count,
                    min(first_at) AS first_at, max(last_at) AS last_at
               FROM held_back WHERE hour >= ?1 GROUP BY rule, target, signature
             UNION ALL
             SELECT h.rule, h.target, h.signature, '', '', 1, min(h.since), max(h.since) FROM held AS h
              WHERE h.rule IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM held_back AS b WHERE b.hour >= ?1 AND b.rule = h.rule AND b.target = h.target
                       AND b.signature = h.signature)
              GROUP BY h.rule, h.target, h.signature)
         SELECT rule, target, signature, source, summary, count, first_at, last_at,
                EXISTS (SELECT 1 FROM held AS h WHERE h.rule = c.rule AND h.target = c.target
                           AND h.signature = c.signature)
           FROM counted AS c ORDER BY rule, count DESC, target, signature LIMIT ?2",
    )?;
    let rows = query.query_map(params![ms(since).div_euclid(HOUR), limit + 1], |row| {
        Ok(Ignored {
            rule: row.get(0)?,
            problem: Problem { target: row.get::<_, Text<_>>(1)?.0, signature: row.get::<_, Text<_>>(2)?.0 },
            source: row.get(3)?,
            summary: row.get(4)?,
            count: row.get(5)?,
            first_at: row.get::<_, Ms>(6)?.0,
            last_at: row.get::<_, Ms>(7)?.0,
            now: row.get(8)?,
        })
    })?;
    let mut found: Vec<Ignored> = rows.collect::<Result<_, _>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// Removes what was counted before `before`, and memories of what no longer fires. At most `limit` of each.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn prune(conn: &Connection, before: i64, limit: i64) -> Result<(), StoreError> {
    conn.prepare_cached(
        "DELETE FROM held_back WHERE (hour, rule, target, signature) IN (
             SELECT hour, rule, target, signature FROM held_back WHERE hour < ?1 LIMIT ?2)",
    )?
    .execute(params![before.div_euclid(HOUR), limit])?;
    conn.prepare_cached(
        "DELETE FROM held WHERE (origin, target, signature) IN (
             SELECT origin, target, signature FROM held WHERE rule IS NULL AND since < ?1 LIMIT ?2)",
    )?
    .execute(params![before, limit])?;
    Ok(())
}

pub(super) fn write_silence(
    conn: &Connection,
    silence: &Silence,
    end_told: bool,
    redactor: &Redactor,
) -> Result<(), StoreError> {
    let (target, matchers) = match &silence.scope {
        Scope::Target(target) => (Some(Text(target)), None),
        Scope::Matchers(matchers) => (None, Some(matchers.to_string())),
    };
    conn.prepare_cached(
        "INSERT OR REPLACE INTO silences
             (id, target, matchers, kind, recurring, starts_at, ends_at, by, comment, ended_told)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        silence.number,
        target,
        matchers,
        silence.kind.as_str(),
        silence.window,
        Ms(silence.starts_at),
        Ms(silence.ends_at),
        silence.by,
        gate::text(redactor, &silence.comment),
        end_told
    ])?;
    Ok(())
}

/// Silences, the newest last: those whose end was not told yet, or the latest `limit` of all.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn silences(conn: &Connection, all: bool, limit: usize) -> Result<Vec<Silence>, StoreError> {
    let mut query = conn.prepare_cached(
        "SELECT id, target, matchers, kind, recurring, starts_at, ends_at, by, comment FROM (
             SELECT * FROM silences WHERE ?1 OR ended_told = 0 ORDER BY id DESC LIMIT ?2) ORDER BY id",
    )?;
    let rows = query.query_map(params![all, limit], silence)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn silence(row: &Row<'_>) -> rusqlite::Result<Silence> {
    let scope = match row.get::<_, Option<Text<_>>>(1)? {
        Some(Text(target)) => Scope::Target(target),
        None => Scope::Matchers(row.get::<_, Text<_>>(2)?.0),
    };
    Ok(Silence {
        number: row.get(0)?,
        scope,
        kind: Kind::parse(&row.get::<_, String>(3)?).unwrap_or_default(),
        window: row.get(4)?,
        starts_at: row.get::<_, Ms>(5)?.0,
        ends_at: row.get::<_, Ms>(6)?.0,
        by: row.get(7)?,
        comment: row.get(8)?,
    })
}
