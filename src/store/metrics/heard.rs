//! What the engine heard, so that it can be played again: each signal as it began, changed and ended (not as it was
//! merely repeated), and what was looked at by name and found to be fine while something was broken.

use std::sync::Arc;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::super::StoreError;
use super::super::columns::{Json, Ms};
use super::super::group::{Access, Call, guarded};
use super::super::owner::NotQueued;
use super::{Losses, Metrics};
use crate::domain::signal::{Signal, Timestamp};
use crate::domain::target::Target;

/// The longest evidence that is kept here, in bytes: no decision reads it.
const EVIDENCE: usize = 512;
/// Rows removed in one step.
const A_STEP: u32 = 1000;

/// Something that the engine heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// When it was taken in.
    pub at: Timestamp,
    /// What it was.
    pub word: HeardWord,
}

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeardWord {
    /// A signal that began, changed or ended.
    Signal(Box<Signal>),
    /// A target was found to be fine.
    Fine {
        /// The skill that looked, if one did.
        skill: String,
        /// The target.
        target: Target,
    },
}

impl Heard {
    /// A signal, with the beginning of its evidence.
    #[must_use]
    pub fn signal(signal: &Signal, at: Timestamp) -> Self {
        let end =
            (0..=EVIDENCE.min(signal.evidence.len())).rev().find(|&i| signal.evidence.is_char_boundary(i));
        let evidence = signal.evidence.get(..end.unwrap_or(0)).unwrap_or_default().to_owned();
        let signal = Signal { evidence, ..signal.clone() };
        Self { at, word: HeardWord::Signal(Box::new(signal)) }
    }
}

impl Metrics {
    /// Records what was heard. Returns at once: if the queue is full, or the writing fails later, it is dropped and
    /// counted in [`Metrics::dropped`].
    pub fn hear(&self, heard: Vec<Heard>) {
        if heard.is_empty() {
            return;
        }
        match self.owner.post(Box::new(Hearing { heard, losses: Arc::clone(&self.losses) })) {
            Ok(()) => {}
            Err(NotQueued::Full) => self.losses.drop_one("the queue is full: the disk is too slow"),
            Err(NotQueued::Gone) => self.losses.drop_one("the history is closed"),
        }
    }

    /// What was heard in `[since, until]`, in the order in which it was heard, after the row `after` (0 for the
    /// beginning): at most `limit`, and where the next page begins, if there may be one.
    ///
    /// # Errors
    /// Whatever SQLite says, or a row that can't be read.
    pub async fn heard(
        &self,
        since: Timestamp,
        until: Timestamp,
        after: i64,
        limit: u32,
    ) -> Result<(Vec<Heard>, Option<i64>), StoreError> {
        self.owner.call(Access::Read, move |conn| page(conn, since, until, after, limit)).await
    }
}

fn page(
    conn: &Connection,
    since: Timestamp,
    until: Timestamp,
    after: i64,
    limit: u32,
) -> Result<(Vec<Heard>, Option<i64>), StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT id, at, word FROM heard WHERE id > ?3 AND at BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?4",
    )?;
    let rows = select.query_map(params![Ms(since), Ms(until), after, limit], |row| {
        let heard = Heard { at: row.get::<_, Ms>(1)?.0, word: row.get::<_, Json<HeardWord>>(2)?.0 };
        Ok((row.get::<_, i64>(0)?, heard))
    })?;
    let rows: Vec<(i64, Heard)> = rows.collect::<Result<_, _>>()?;
    let full = u32::try_from(rows.len()).is_ok_and(|len| len == limit);
    let next = rows.last().filter(|_| full).map(|(id, _)| *id);
    Ok((rows.into_iter().map(|(_, heard)| heard).collect(), next))
}

/// Removes some rows from before `before`; 0 when none is left.
pub(super) fn prune(conn: &Connection, before: i64) -> Result<usize, StoreError> {
    let sql = "DELETE FROM heard WHERE id IN (SELECT id FROM heard WHERE at < ?1 ORDER BY at LIMIT ?2)";
    Ok(conn.prepare_cached(sql)?.execute(params![before, A_STEP])?)
}

/// What was heard in one turn, on its way into the database. Nobody waits for it.
struct Hearing {
    heard: Vec<Heard>,
    losses: Arc<Losses>,
}

impl Hearing {
    fn insert(&self, conn: &Connection) -> Result<(), StoreError> {
        let mut insert = conn.prepare_cached("INSERT INTO heard (at, word) VALUES (?1, ?2)")?;
        for heard in &self.heard {
            insert.execute(params![Ms(heard.at), Json(&heard.word)])?;
        }
        Ok(())
    }
}

impl Call for Hearing {
    fn access(&self) -> Access {
        Access::Write
    }

    fn run(&mut self, conn: &Connection) -> Result<(), StoreError> {
        guarded(|conn| self.insert(conn), conn)
    }

    fn answer(self: Box<Self>, verdict: Result<(), StoreError>) {
        if let Err(error) = verdict {
            self.losses.drop_one(&error.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::{Origin, Severity, SignalState};
    use crate::domain::target::Signature;
    use crate::store::columns::from_ms;
    use crate::store::metrics::Limits;

    fn heard(at: i64, evidence: &str) -> Heard {
        let signal = Signal {
            origin: Origin::alert("am", "f1"),
            target: Target::parse("nas").unwrap(),
            signature: Signature::parse("down").unwrap(),
            severity: Severity::Error,
            state: SignalState::Firing,
            summary: "nas down".into(),
            impact: None,
            evidence: evidence.into(),
            labels: [("job".to_owned(), "node".to_owned())].into(),
            at: from_ms(at),
            received_at: from_ms(at),
        };
        Heard::signal(&signal, from_ms(at))
    }

    #[tokio::test]
    async fn what_was_heard_comes_back_page_by_page_in_order_and_goes_when_it_is_old() {
        let dir = tempfile::tempdir().unwrap();
        let (metrics, _) = Metrics::open(dir.path(), Limits::days(1), from_ms(0)).unwrap();
        let fine = Heard {
            at: from_ms(2000),
            word: HeardWord::Fine { skill: "nfs".into(), target: Target::parse("nas").unwrap() },
        };
        metrics.hear(vec![heard(1000, "x"), fine.clone()]);
        metrics.hear(vec![heard(3000, &"é".repeat(EVIDENCE))]);
        let (first, next) = metrics.heard(from_ms(1000), from_ms(9000), 0, 2).await.unwrap();
        assert_eq!(first, [heard(1000, "x"), fine]);
        let (second, end) = metrics.heard(from_ms(1000), from_ms(9000), next.unwrap(), 2).await.unwrap();
        assert_eq!((second.len(), end), (1, None));
        let HeardWord::Signal(signal) = &second[0].word else { panic!("{second:?}") };
        assert_eq!(signal.evidence.len(), EVIDENCE, "no more than the beginning of the evidence is kept");
        assert_eq!(metrics.heard(from_ms(1001), from_ms(2999), 0, 9).await.unwrap().0.len(), 1);
        let day = 24 * 3600 * 1000;
        assert_eq!(metrics.prune(from_ms(day + 2500)).await.unwrap(), 2);
        assert_eq!(metrics.heard(from_ms(0), from_ms(9000), 0, 9).await.unwrap().0.len(), 1);
        assert_eq!(metrics.dropped(), 0);
    }
}
