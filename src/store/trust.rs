//! Who has earned how much trust.

use rusqlite::{Connection, params};

use super::StoreError;
use super::columns::{Ms, from_ms};
use crate::domain::trust::Trust;

/// Keeps it as it is now.
///
/// # Errors
/// Whatever SQLite says.
pub fn put(conn: &Connection, trust: &Trust) -> Result<(), StoreError> {
    let Trust { kind, class, written, clean, earned_since, changed_at, why } = trust;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO trust (kind, class, written, clean, earned_since, changed_at, why)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![kind, class, written, clean, earned_since.map(Ms), Ms(*changed_at), why])?;
    Ok(())
}

/// All of it, by kind and class.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn all(conn: &Connection) -> Result<Vec<Trust>, StoreError> {
    let mut query = conn.prepare(
        "SELECT kind, class, written, clean, earned_since, changed_at, why FROM trust ORDER BY kind, class",
    )?;
    let rows = query.query_map([], |row| {
        Ok(Trust {
            kind: row.get(0)?,
            class: row.get(1)?,
            written: row.get(2)?,
            clean: row.get(3)?,
            earned_since: row.get::<_, Option<i64>>(4)?.map(from_ms),
            changed_at: row.get::<_, Ms>(5)?.0,
            why: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::redact::Redactor;
    use crate::store::batch::Batch;
    use crate::store::migrations::STATE_SCHEMA;

    #[test]
    fn what_was_earned_is_there_again_after_a_start_and_the_latest_word_counts() {
        let mut conn = Connection::open_in_memory().unwrap();
        STATE_SCHEMA.migrations.to_latest(&mut conn).unwrap();
        let mut trust = Trust::none("service-restart", "nas/*", "one", from_ms(1));
        let other = Trust::none("dns-restart", "nas/*", "two", from_ms(1));
        let batch = |trust: &[&Trust]| Batch {
            trust: trust.iter().map(|trust| (*trust).clone()).collect(),
            ..Batch::default()
        };
        assert!(!batch(&[&trust]).is_empty());
        batch(&[&trust, &other]).write(&conn, &Redactor::shapes()).unwrap();
        trust.clean_run(1, from_ms(2));
        batch(&[&trust]).write(&conn, &Redactor::shapes()).unwrap();
        assert_eq!(all(&conn).unwrap(), [other, trust]);
    }
}
