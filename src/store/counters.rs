//! The short numbers that people see: they only ever go up, also when what had them was pruned.

use rusqlite::Connection;

use super::StoreError;
use super::columns::Count;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// The number of an incident.
    Incident,
    /// The number of an approval.
    Approval,
}

/// Takes the next number, beginning with 1. It is taken only if the surrounding call commits.
///
/// # Errors
/// Whatever SQLite says.
pub fn next(conn: &Connection, counter: Counter) -> Result<u64, StoreError> {
    let name = match counter {
        Counter::Incident => "incident",
        Counter::Approval => "approval",
    };
    let sql = "INSERT INTO counters (name, value) VALUES (?1, 1)
               ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value";
    let Count(number) = conn.prepare_cached(sql)?.query_row([name], |row| row.get(0))?;
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn numbers_begin_with_one_each_go_up_by_one_and_are_not_taken_by_a_call_that_fails() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let take = |conn: &Connection| next(conn, Counter::Incident);
        assert_eq!(store.call(take).await.unwrap(), 1);
        let failing = store.call(move |conn| take(conn).and(Err::<(), _>(StoreError::Busy)));
        assert_eq!(failing.await, Err(StoreError::Busy));
        assert_eq!(store.call(take).await.unwrap(), 2);
        assert_eq!(store.call(|conn| next(conn, Counter::Approval)).await.unwrap(), 1);
    }
}
