//! What was learned of the topology.

use rusqlite::{Connection, params};

use super::StoreError;
use super::columns::{Ms, Text, from_ms};
use super::gate;
use crate::domain::redact::Redactor;
use crate::domain::signal::Timestamp;
use crate::domain::topology::{Fact, Learned, Relation, Source};

/// How the reading of a source went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// The source.
    pub source: Source,
    /// When it was last read; `None` if it never could be.
    pub read_at: Option<Timestamp>,
    /// When that was last tried.
    pub tried_at: Timestamp,
    /// Why it did not work the last time.
    pub problem: Option<String>,
}

/// All that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// What was learned, by source.
    pub learned: Vec<Learned>,
    /// How the reading of the sources went.
    pub sources: Vec<SourceState>,
}

/// One thing to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// It was learned, or said again.
    Learned(Learned),
    /// It holds no longer.
    Forgotten(Source, Fact),
    /// A source was read, or could not be.
    Read(SourceState),
    /// A source is no more, with all that it said.
    Gone(Source),
}

/// Writes one thing.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn write(conn: &Connection, write: &Write, redactor: &Redactor) -> Result<(), StoreError> {
    match write {
        Write::Learned(Learned { fact, source, first_seen, last_seen }) => {
            let Fact { target, relation, other, why } = fact;
            conn.prepare_cached(
                "INSERT OR REPLACE INTO topology_learned
                 (source, target, relation, other, why, first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                source.to_string(),
                Text(target),
                relation.as_str(),
                Text(other),
                gate::text(redactor, why),
                Ms(*first_seen),
                Ms(*last_seen)
            ])?;
        }
        Write::Forgotten(source, Fact { target, relation, other, .. }) => {
            conn.prepare_cached(
                "DELETE FROM topology_learned WHERE source = ?1 AND target = ?2 AND relation = ?3 AND other = ?4",
            )?
            .execute(params![source.to_string(), Text(target), relation.as_str(), Text(other)])?;
        }
        Write::Read(SourceState { source, read_at, tried_at, problem }) => {
            let problem = problem.as_ref().map(|problem| gate::text(redactor, problem));
            conn.prepare_cached(
                "INSERT OR REPLACE INTO topology_sources (source, read_at, tried_at, problem) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![source.to_string(), read_at.map(Ms), Ms(*tried_at), problem])?;
        }
        Write::Gone(source) => {
            for table in ["topology_learned", "topology_sources"] {
                conn.prepare_cached(&format!("DELETE FROM {table} WHERE source = ?1"))?
                    .execute([source.to_string()])?;
            }
        }
    }
    Ok(())
}

/// All that is kept. A row that can't be read (of a later Steward's kinds) is passed over: it will be learned again.
///
/// # Errors
/// Whatever SQLite says.
pub fn all(conn: &Connection) -> Result<Kept, StoreError> {
    let mut query = conn.prepare(
        "SELECT source, target, relation, other, why, first_seen, last_seen FROM topology_learned
         ORDER BY source, target, relation, other",
    )?;
    let learned = query.query_map([], |row| {
        let (source, relation): (String, String) = (row.get(0)?, row.get(2)?);
        let (target, other, why): (String, String, String) = (row.get(1)?, row.get(3)?, row.get(4)?);
        let fact = Relation::parse(&relation).and_then(|relation| Fact::of(&target, relation, &other, &why));
        let (first_seen, last_seen) = (row.get::<_, Ms>(5)?.0, row.get::<_, Ms>(6)?.0);
        Ok(Source::parse(&source).zip(fact).map(|(source, fact)| Learned {
            fact,
            source,
            first_seen,
            last_seen,
        }))
    })?;
    let learned = learned.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    let mut query =
        conn.prepare("SELECT source, read_at, tried_at, problem FROM topology_sources ORDER BY source")?;
    let sources = query.query_map([], |row| {
        let source: String = row.get(0)?;
        let read_at = row.get::<_, Option<i64>>(1)?.map(from_ms);
        let (tried_at, problem) = (row.get::<_, Ms>(2)?.0, row.get(3)?);
        Ok(Source::parse(&source).map(|source| SourceState { source, read_at, tried_at, problem }))
    })?;
    Ok(Kept { learned, sources: sources.filter_map(Result::transpose).collect::<Result<_, _>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::batch::Batch;
    use crate::store::migrations::STATE_SCHEMA;

    #[test]
    fn what_was_learned_is_there_again_after_a_start_and_what_is_forgotten_is_not() {
        let mut conn = Connection::open_in_memory().unwrap();
        STATE_SCHEMA.migrations.to_latest(&mut conn).unwrap();
        let learned = |fact: Option<Fact>, source: Source, at| Learned {
            fact: fact.unwrap(),
            source,
            first_seen: from_ms(at),
            last_seen: from_ms(at + 1),
        };
        let pod =
            learned(Fact::of("media/pod", Relation::RunsOn, "n3", "it runs there"), Source::Kubernetes, 1);
        let name = learned(Fact::of("10.0.0.5", Relation::Is, "nas", "its address"), Source::Kubernetes, 2);
        let db = learned(
            Fact::of("h/p/web", Relation::Needs, "h/p/db", "x"),
            Source::Compose("/srv/p/compose.yaml".into()),
            3,
        );
        let by_label = learned(Fact::of("media/pod", Relation::RunsOn, "n3", "labels"), Source::Labels, 4);
        let state = SourceState {
            source: Source::Kubernetes,
            read_at: None,
            tried_at: from_ms(7),
            problem: Some("no kubectl".into()),
        };
        let mut writes: Vec<Write> =
            [&pod, &name, &db, &by_label].map(|learned| Write::Learned(learned.clone())).into();
        writes.push(Write::Read(state.clone()));
        let batch = |topology: Vec<Write>| Batch { topology, ..Batch::default() };
        batch(writes).write(&conn, &Redactor::shapes()).unwrap();
        let kept = all(&conn).unwrap();
        assert_eq!(kept.sources, [state]);
        assert_eq!(kept.learned, [db.clone(), name.clone(), pod.clone(), by_label.clone()]);
        let gone = vec![Write::Gone(db.source.clone()), Write::Forgotten(Source::Kubernetes, name.fact)];
        assert!(!batch(gone.clone()).is_empty());
        batch(gone).write(&conn, &Redactor::shapes()).unwrap();
        assert_eq!(all(&conn).unwrap().learned, [pod, by_label]);
    }
}
