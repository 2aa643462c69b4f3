//! What Steward has written down, read beside it, and what must hold of it.

use std::collections::BTreeMap;

use rusqlite::{Connection, OpenFlags};
use steward::domain::card::{Card, Place};
use steward::domain::incident::{Incident, State};
use steward::store::columns::Json;
use steward::store::query;

use super::lab::Lab;

pub(crate) struct Book(Connection);

/// Everything that was acknowledged: lines that only ever appear, by table, and the rest of each line.
pub(crate) type Lines = BTreeMap<String, String>;

impl Book {
    /// Opens the book; `None` before there is one.
    pub(crate) fn open(lab: &Lab) -> Option<Self> {
        let conn = Connection::open_with_flags(lab.database(), OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        conn.busy_timeout(std::time::Duration::from_secs(5)).ok()?;
        let book = Self(conn);
        book.try_count("SELECT count(*) FROM counters").map(|_| book)
    }

    /// The book that this connection reads.
    pub(crate) fn beside(conn: Connection) -> Self {
        Self(conn)
    }

    fn try_count(&self, sql: &str) -> Option<u64> {
        self.0.query_row(sql, [], |row| row.get(0)).ok()
    }

    fn count(&self, sql: &str) -> u64 {
        self.try_count(sql).unwrap_or_else(|| panic!("unreadable: {sql}"))
    }

    /// How many facts have been committed, of incidents and of repairs: the moments after which to kill.
    pub(crate) fn commits(&self) -> u64 {
        self.count("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM remediation_log)")
    }

    /// Whether a run of the skill is on record as over.
    pub(crate) fn has_looked(&self) -> bool {
        self.count("SELECT count(*) FROM schedule WHERE last_finished IS NOT NULL") > 0
    }

    /// Whether nothing is under way: no incident that can change by itself, no repair, no message.
    pub(crate) fn is_at_rest(&self) -> bool {
        let live = "SELECT (SELECT count(*) FROM incidents WHERE live = 1)
                         + (SELECT count(*) FROM remediations WHERE live = 1)
                         + (SELECT count(*) FROM outbox WHERE state = 'pending')";
        self.count(live) == 0
    }

    /// How often Steward has said that it is there: once in each life that was long enough.
    pub(crate) fn greetings(&self) -> u64 {
        self.count("SELECT count(*) FROM outbox WHERE thread = 'answer:console'")
    }

    /// Whether a person is needed.
    pub(crate) fn is_stuck(&self) -> bool {
        self.count("SELECT count(*) FROM incidents WHERE state = 'stuck'") > 0
    }

    pub(crate) fn incidents(&self) -> u64 {
        self.count("SELECT count(*) FROM incidents")
    }

    /// How the repairs ended so far: outcomes and their counts.
    pub(crate) fn outcomes(&self) -> BTreeMap<String, u64> {
        let mut query = self.0.prepare("SELECT outcome, count(*) FROM remediations GROUP BY 1").unwrap();
        let rows = query
            .query_map([], |row| Ok((row.get::<_, Option<String>>(0)?.unwrap_or_default(), row.get(1)?)))
            .unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    /// How the last repair ended.
    pub(crate) fn last_outcome(&self) -> Option<String> {
        let sql = "SELECT outcome FROM remediations ORDER BY started_at DESC, id DESC LIMIT 1";
        self.0.query_row(sql, [], |row| row.get(0)).ok().flatten()
    }

    /// Everything that may be added to and never taken away.
    pub(crate) fn lines(&self) -> Lines {
        let tables = [
            "SELECT 'event', incident || '/' || seq, data FROM events",
            "SELECT 'saga', remediation || '/' || seq, data FROM remediation_log",
            "SELECT 'message', id, thread FROM outbox",
            "SELECT 'incident', id, number FROM incidents",
            "SELECT 'signal', origin || target || signature, origin FROM signals",
            "SELECT 'occurrence', id, root FROM occurrences",
            "SELECT 'call', id, cause FROM escalations",
        ];
        let mut query = self.0.prepare(&tables.join(" UNION ALL ")).unwrap();
        let rows = query.query_map([], |row| {
            let (table, key): (String, rusqlite::types::Value) = (row.get(0)?, row.get(1)?);
            let rest: rusqlite::types::Value = row.get(2)?;
            Ok((format!("{table} {key:?}"), format!("{rest:?}")))
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// SQLite finds no fault, every timeline folds to what is stored, and every incident is at its end.
    pub(crate) fn is_sound(&self) {
        for stored in self.folded() {
            let number = stored.number;
            assert!(matches!(stored.state, State::Closed | State::Merged), "#{number} is {}", stored.state);
            assert!(
                stored.repairs.iter().all(|repair| repair.outcome.is_some()),
                "#{number} has a repair without an end"
            );
        }
    }

    /// The incidents. SQLite finds no fault, and every timeline folds to what is stored.
    pub(crate) fn folded(&self) -> Vec<Incident> {
        let verdict: String = self.0.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok", "the database is damaged");
        let broken = self.count("SELECT count(*) FROM pragma_foreign_key_check");
        assert_eq!(broken, 0, "rows refer to what is not there");
        let folded = |number| {
            let stored = query::incident(&self.0, number).unwrap().unwrap().incident;
            let timeline = query::timeline(&self.0, stored.id, 0).unwrap();
            let folded = Incident::fold(stored.id, number, &timeline).unwrap().unwrap();
            assert_eq!(folded, stored, "the timeline of #{number} does not fold to what is stored");
            stored
        };
        (1..=self.incidents()).map(folded).collect()
    }

    /// Whoever got stuck called a person.
    pub(crate) fn stuck_ones_called(&self) {
        let silent = "SELECT count(*) FROM incidents i
            WHERE EXISTS (SELECT 1 FROM remediations WHERE incident = i.id AND outcome = 'stuck')
              AND NOT EXISTS (SELECT 1 FROM escalations WHERE incident = i.id AND cause = 'stuck')";
        assert_eq!(self.count(silent), 0, "a repair was stuck and nobody was called");
    }

    /// What repairs did is in the story, line by line, also what was done right before the end of a life.
    pub(crate) fn steps_were_told(&self) {
        let sql = "SELECT r.id,
              (SELECT count(*) FROM remediation_log l WHERE l.remediation = r.id
                  AND (l.data ->> 'event' IN ('ran', 'not_run', 'refused', 'waiting')
                    OR (l.data ->> 'event' IN ('verified', 'guarded') AND l.data ->> '$.verdict.is' <> 'passed'))),
              (SELECT count(*) FROM events e WHERE e.incident = r.incident AND e.kind = 'repair_step'
                  AND e.data ->> 'remediation' = r.id)
            FROM remediations r";
        let mut query = self.0.prepare(sql).unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        for row in rows.unwrap() {
            let (id, done, told): (String, u64, u64) = row.unwrap();
            assert_eq!(
                told, done,
                "repair {id}: {done} lines of its log are worth telling, {told} were told"
            );
        }
    }

    /// Every message was sent, and people could see it.
    pub(crate) fn messages_arrived(&self, console: &str) {
        let seen = squeeze(console);
        let mut query = self.0.prepare("SELECT id, state, place, card FROM outbox").unwrap();
        let rows = query.query_map([], |row| {
            let Json(place): Json<Place> = row.get(2)?;
            let Json(card): Json<Card> = row.get(3)?;
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, place, card))
        });
        for row in rows.unwrap() {
            let (id, state, place, card) = row.unwrap();
            assert_eq!(state, "sent", "message {id} was not sent");
            if matches!(place, Place::Thread { .. }) {
                for line in &card.body {
                    assert!(seen.contains(&squeeze(line)), "message {id} never reached the console: {line}");
                }
            }
        }
    }
}

/// Text without its line breaks, indents and margins: how it is laid out is the console's affair.
fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '│').collect()
}
