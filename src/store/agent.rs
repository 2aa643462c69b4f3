//! The agent's runs, plans, offers and goals.

use rusqlite::{Connection, params};

use super::StoreError;
use super::batch::Batch;
use super::columns::{Json, Ms, Text};
use super::gate;
use crate::domain::agent::{GoalMark, Keepsake, Offer, Spending};
use crate::domain::ids::IncidentId;
use crate::domain::redact::Redactor;
use crate::domain::signal::Timestamp;

/// Writes what a turn of the engine decided about the agent. What is executed (plans) is kept to the letter.
pub(super) fn write(conn: &Connection, batch: &Batch, redactor: &Redactor) -> Result<(), StoreError> {
    for (name, incident, yaml, at) in &batch.plans {
        conn.prepare_cached(
            "INSERT OR REPLACE INTO agent_plans (name, incident, yaml, made_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![name, Text(incident), yaml, Ms(*at)])?;
    }
    for (offer, decided_at) in &batch.offers {
        conn.prepare_cached(
            "INSERT INTO offers (number, incident, state, made_at, expires_at, decided_at, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (number) DO UPDATE SET state = ?3, decided_at = ?6, data = ?7",
        )?
        .execute(params![
            offer.number,
            Text(&offer.incident),
            offer.state.as_str(),
            Ms(offer.made_at),
            Ms(offer.expires_at),
            decided_at.map(Ms),
            Json(offer)
        ])?;
    }
    for (key, what, by, at) in &batch.declined {
        conn.prepare_cached("INSERT OR REPLACE INTO declined (key, what, by, at) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![key, gate::text(redactor, what), by, Ms(*at)])?;
    }
    for mark in &batch.goals {
        conn.prepare_cached(
            "INSERT OR REPLACE INTO goal_runs (name, schedule, counted_from, last_at, incident)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            mark.name,
            mark.schedule,
            Ms(mark.from),
            mark.ran_at.map(Ms),
            mark.case
        ])?;
    }
    Ok(())
}

/// The plans of the agent: name and YAML.
///
/// # Errors
/// Whatever SQLite says.
pub fn plans(conn: &Connection) -> Result<Vec<(String, String)>, StoreError> {
    let mut select = conn.prepare_cached("SELECT name, yaml FROM agent_plans ORDER BY made_at, name")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The offers that wait for an answer.
///
/// # Errors
/// Whatever SQLite says.
pub fn waiting_offers(conn: &Connection) -> Result<Vec<Offer>, StoreError> {
    let mut select =
        conn.prepare_cached("SELECT data FROM offers WHERE state = 'pending' ORDER BY number")?;
    let rows = select.query_map([], |row| row.get::<_, Json<Offer>>(0))?;
    Ok(rows.map(|row| row.map(|Json(offer)| offer)).collect::<Result<_, _>>()?)
}

/// The keys of what a person did not want.
///
/// # Errors
/// Whatever SQLite says.
pub fn declined_keys(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut select = conn.prepare_cached("SELECT key FROM declined")?;
    let rows = select.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What was offered and kept.
///
/// # Errors
/// Whatever SQLite says.
pub fn kept(conn: &Connection) -> Result<Vec<Keepsake>, StoreError> {
    let mut select = conn.prepare_cached("SELECT data FROM offers WHERE state = 'approved'")?;
    let rows = select.query_map([], |row| row.get::<_, Json<Offer>>(0))?;
    Ok(rows.map(|row| row.map(|Json(offer)| offer.keepsake)).collect::<Result<_, _>>()?)
}

/// What a person did not want, the newest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn declined(conn: &Connection, limit: usize) -> Result<Vec<String>, StoreError> {
    let mut select = conn.prepare_cached("SELECT what FROM declined ORDER BY at DESC LIMIT ?1")?;
    let rows = select.query_map([limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What is remembered of the goals.
///
/// # Errors
/// Whatever SQLite says.
pub fn goals(conn: &Connection) -> Result<Vec<GoalMark>, StoreError> {
    let mut select =
        conn.prepare_cached("SELECT name, schedule, counted_from, last_at, incident FROM goal_runs")?;
    let rows = select.query_map([], |row| {
        Ok(GoalMark {
            name: row.get(0)?,
            schedule: row.get(1)?,
            from: row.get::<_, Ms>(2)?.0,
            ran_at: row.get::<_, Option<Ms>>(3)?.map(|Ms(at)| at),
            case: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What runs took that began since a moment, of one incident or of all.
///
/// # Errors
/// Whatever SQLite says.
pub fn spent(
    conn: &Connection,
    since: Timestamp,
    incident: Option<IncidentId>,
) -> Result<Spending, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT coalesce(sum(tokens_in), 0), coalesce(sum(tokens_cached), 0), coalesce(sum(tokens_out), 0),
                coalesce(sum(micros), 0)
         FROM agent_runs WHERE begun_at >= ?1 AND (?2 IS NULL OR incident = ?2)",
    )?;
    let incident = incident.as_ref().map(Text);
    Ok(select.query_row(params![Ms(since), incident], |row| {
        Ok(Spending {
            tokens_in: row.get(0)?,
            tokens_cached: row.get(1)?,
            tokens_out: row.get(2)?,
            micros: row.get(3)?,
        })
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::columns::from_ms;
    use crate::store::migrations::STATE_SCHEMA;

    fn mark(name: &str, schedule: Option<&str>, ran_at: Option<i64>) -> GoalMark {
        GoalMark {
            name: name.to_owned(),
            schedule: schedule.map(str::to_owned),
            from: from_ms(5_000),
            ran_at: ran_at.map(from_ms),
            case: ran_at.map(|_| 7),
        }
    }

    #[test]
    fn what_is_remembered_of_a_goal_comes_back_as_it_was_and_the_newest_counts() {
        let mut conn = Connection::open_in_memory().unwrap();
        STATE_SCHEMA.migrations.to_latest(&mut conn).unwrap();
        let write = |goals: Vec<GoalMark>| {
            super::write(&conn, &Batch { goals, ..Batch::default() }, &Redactor::shapes()).unwrap();
            goals_of(&conn)
        };
        let (new, ran) = (mark("b", None, None), mark("a", Some("0 10 * * 6"), Some(9_000)));
        assert_eq!(write(vec![new.clone(), ran.clone()]), [ran.clone(), new.clone()]);
        let (later, no_schedule) = (mark("b", Some("0 9 * * *"), Some(11_000)), mark("a", None, Some(9_000)));
        assert_eq!(write(vec![later.clone(), no_schedule.clone()]), [no_schedule, later]);
    }

    fn goals_of(conn: &Connection) -> Vec<GoalMark> {
        let mut found = goals(conn).unwrap();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }
}
