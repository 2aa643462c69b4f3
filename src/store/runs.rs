//! The agent's runs: one row each, written before it begins, and everything that it said and did.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use super::StoreError;
use super::columns::{Json, Ms, Text};
use super::gate;
use crate::domain::agent::{Conclusion, Ending, Spending, Subject};
use crate::domain::ids::{IncidentId, RunId};
use crate::domain::redact::Redactor;
use crate::domain::signal::Timestamp;

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// It.
    pub id: RunId,
    /// The number that people use.
    pub number: u64,
    /// The case.
    pub incident: IncidentId,
    /// The number of the case, while that is kept.
    pub case: Option<u64>,
    /// What it is about.
    pub subject: Subject,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The models that answered, in the order in which they did so first.
    pub models: Vec<String>,
    /// What it took so far.
    pub spent: Spending,
    /// What it came to.
    pub conclusion: Option<Conclusion>,
}

/// Something that a run said or did.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRow {
    /// Its place in the run, from 1.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What kind: `told`, `said`, `answered`, `called`.
    pub kind: String,
    /// It, in the shape of its kind.
    pub data: Value,
}

/// Writes that a run begins.
///
/// # Errors
/// Whatever SQLite says; the run or its number is there already.
pub fn begin(
    conn: &Connection,
    id: RunId,
    number: u64,
    (incident, subject): (IncidentId, &Subject),
    at: Timestamp,
) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO agent_runs (id, number, incident, subject, begun_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![Text(id), number, Text(incident), Json(subject), Ms(at)])?;
    Ok(())
}

/// Writes one more thing that a run said or did, without secrets.
///
/// # Errors
/// Whatever SQLite says; there is no such run.
pub fn add_step(
    conn: &Connection,
    redactor: &Redactor,
    run: RunId,
    (kind, data): (&str, &Value),
    at: Timestamp,
) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO agent_steps (run, seq, at, kind, data)
         SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3, ?4 FROM agent_steps WHERE run = ?1",
    )?
    .execute(params![Text(run), Ms(at), kind, gate::json(redactor, data)?])?;
    Ok(())
}

/// Writes what a run took so far: money that is spent counts at once, whatever becomes of the run.
///
/// # Errors
/// Whatever SQLite says.
pub fn took(conn: &Connection, run: RunId, models: &[String], spent: Spending) -> Result<(), StoreError> {
    conn.prepare_cached(
        "UPDATE agent_runs SET models = ?2, tokens_in = ?3, tokens_cached = ?4, tokens_out = ?5, micros = ?6
         WHERE id = ?1",
    )?
    .execute(params![
        Text(run),
        Json(models),
        spent.tokens_in,
        spent.tokens_cached,
        spent.tokens_out,
        spent.micros
    ])?;
    Ok(())
}

/// Writes what a run came to, without secrets. What it took is on record already.
///
/// # Errors
/// Whatever SQLite says.
pub fn end(
    conn: &Connection,
    redactor: &Redactor,
    run: RunId,
    conclusion: &Conclusion,
    at: Timestamp,
) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE agent_runs SET ended_at = ?2, ending = ?3, conclusion = ?4 WHERE id = ?1")?
        .execute(params![Text(run), Ms(at), word(&conclusion.ending), gate::json(redactor, conclusion)?])?;
    Ok(())
}

/// Ends the runs that an earlier Steward did not come to end, and says how many there were.
///
/// # Errors
/// Whatever SQLite says.
pub fn end_left(conn: &Connection, at: Timestamp) -> Result<usize, StoreError> {
    let ending = Ending::Interrupted { why: "Steward ended while it ran".to_owned() };
    let word = word(&ending);
    Ok(conn
        .prepare_cached(
            "UPDATE agent_runs SET ended_at = ?1, ending = ?2, conclusion = ?3 WHERE ended_at IS NULL",
        )?
        .execute(params![Ms(at), word, Json(Conclusion::without(ending))])?)
}

const COLUMNS: &str =
    "SELECT r.id, r.number, r.incident, i.number, r.subject, r.begun_at, r.ended_at, r.models,
    r.tokens_in, r.tokens_cached, r.tokens_out, r.micros, r.conclusion
    FROM agent_runs AS r LEFT JOIN incidents AS i ON i.id = r.incident";

/// The newest runs, at most `limit`; the newest last.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn list(conn: &Connection, limit: usize) -> Result<Vec<RunRow>, StoreError> {
    let mut select = conn.prepare_cached(&format!("{COLUMNS} ORDER BY r.number DESC LIMIT ?1"))?;
    let mut rows = select.query_map([limit], run)?.collect::<Result<Vec<_>, _>>()?;
    rows.reverse();
    Ok(rows)
}

/// The run with this number, and all it said and did, in order.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn show(conn: &Connection, number: u64) -> Result<Option<(RunRow, Vec<StepRow>)>, StoreError> {
    let mut select = conn.prepare_cached(&format!("{COLUMNS} WHERE r.number = ?1"))?;
    let Some(found) = select.query_row([number], run).optional()? else { return Ok(None) };
    let mut select =
        conn.prepare_cached("SELECT seq, at, kind, data FROM agent_steps WHERE run = ?1 ORDER BY seq")?;
    let steps = select.query_map([Text(found.id)], |row| {
        Ok(StepRow {
            seq: row.get(0)?,
            at: row.get::<_, Ms>(1)?.0,
            kind: row.get(2)?,
            data: row.get::<_, Json<Value>>(3)?.0,
        })
    })?;
    let steps = steps.collect::<Result<_, _>>()?;
    Ok(Some((found, steps)))
}

fn run(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        id: row.get::<_, Text<RunId>>(0)?.0,
        number: row.get(1)?,
        incident: row.get::<_, Text<IncidentId>>(2)?.0,
        case: row.get(3)?,
        subject: row.get::<_, Json<Subject>>(4)?.0,
        begun_at: row.get::<_, Ms>(5)?.0,
        ended_at: row.get::<_, Option<Ms>>(6)?.map(|Ms(at)| at),
        models: row.get::<_, Json<Vec<String>>>(7)?.0,
        spent: Spending {
            tokens_in: row.get(8)?,
            tokens_cached: row.get(9)?,
            tokens_out: row.get(10)?,
            micros: row.get(11)?,
        },
        conclusion: row.get::<_, Option<Json<Conclusion>>>(12)?.map(|Json(conclusion)| conclusion),
    })
}

/// An ending in one word, as it is stored.
fn word(ending: &Ending) -> &'static str {
    match ending {
        Ending::Concluded => "concluded",
        Ending::Understood { .. } => "understood",
        Ending::Limit { .. } => "limit",
        Ending::NoModel { .. } => "no_model",
        Ending::GaveUp { .. } => "gave_up",
        Ending::Stopped { .. } => "stopped",
        Ending::Interrupted { .. } => "interrupted",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::columns::from_ms;
    use crate::store::migrations::STATE_SCHEMA;

    const TOKEN: &str = "ghp_0123456789abcdefghijABCDEFGHIJ456789";

    fn database() -> Connection {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        STATE_SCHEMA.migrations.to_latest(&mut conn).unwrap();
        conn
    }

    fn begun(conn: &Connection, n: u64) -> RunId {
        let (id, incident) = (RunId(ulid::Ulid::from_parts(n, 1)), IncidentId(ulid::Ulid::from_parts(7, 7)));
        begin(conn, id, n, (incident, &Subject::Goal { name: "tidy".into() }), from_ms(1000)).unwrap();
        id
    }

    #[test]
    fn a_run_is_there_from_its_beginning_and_what_it_spent_counts_before_it_ends() {
        let conn = database();
        let id = begun(&conn, 4);
        let spent = Spending { tokens_in: 10, tokens_cached: 4, tokens_out: 2, micros: 70 };
        took(&conn, id, &["llama".to_owned()], spent).unwrap();
        let (run, steps) = show(&conn, 4).unwrap().unwrap();
        assert_eq!((run.spent, run.ended_at, run.conclusion), (spent, None, None));
        assert_eq!(
            (run.models, run.subject),
            (vec!["llama".to_owned()], Subject::Goal { name: "tidy".into() })
        );
        assert_eq!(steps, []);
        assert_eq!(crate::store::agent::spent(&conn, from_ms(0), None).unwrap(), spent);
    }

    #[test]
    fn what_a_run_said_is_kept_in_its_order_and_without_secrets() {
        let conn = database();
        let id = begun(&conn, 4);
        let redactor = Redactor::shapes();
        for text in ["first", TOKEN] {
            add_step(&conn, &redactor, id, ("said", &json!({"kind": "said", "text": text})), from_ms(5))
                .unwrap();
        }
        let said =
            Conclusion { diagnosis: format!("the key is {TOKEN}"), ..Conclusion::without(Ending::Concluded) };
        end(&conn, &redactor, id, &said, from_ms(9)).unwrap();
        let (run, steps) = show(&conn, 4).unwrap().unwrap();
        assert_eq!(steps.iter().map(|step| step.seq).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(steps[0].data["text"], "first");
        assert!(steps[1].data["text"].as_str().unwrap().starts_with("[redacted"), "{:?}", steps[1]);
        assert!(!run.conclusion.unwrap().diagnosis.contains(TOKEN));
        assert_eq!(run.ended_at, Some(from_ms(9)));
    }

    #[test]
    fn runs_that_an_earlier_steward_left_are_ended_and_the_others_stay_as_they_are() {
        let conn = database();
        let done = begun(&conn, 1);
        end(&conn, &Redactor::shapes(), done, &Conclusion::without(Ending::Concluded), from_ms(2000))
            .unwrap();
        begun(&conn, 2);
        assert_eq!(end_left(&conn, from_ms(3000)).unwrap(), 1);
        let ended: Vec<_> =
            list(&conn, 10).unwrap().into_iter().map(|run| (run.number, run.ended_at)).collect();
        assert_eq!(ended, [(1, Some(from_ms(2000))), (2, Some(from_ms(3000)))]);
        assert_eq!(list(&conn, 1).unwrap()[0].number, 2, "of many the newest are listed");
    }
}
