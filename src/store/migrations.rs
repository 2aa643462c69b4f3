//! The schemas, as lists of migrations. A released migration is never edited; a change is a new file behind it.

use std::sync::LazyLock;

use rusqlite_migration::{HookError, M, Migrations};

use super::audit;

/// A database's schema.
pub(super) struct Schema {
    pub(super) migrations: Migrations<'static>,
    /// The version that the last migration leads to (SQLite's `user_version`).
    pub(super) version: i64,
}

const METRICS: &[M<'static>] =
    &[M::up(include_str!("schema/metrics_0001.sql")), M::up(include_str!("schema/metrics_0002.sql"))];

/// The schema of `steward.db`.
pub(super) static STATE_SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let chained = M::up_with_hook(include_str!("schema/0003.sql"), |conn: &rusqlite::Transaction<'_>| {
        // A hash is nothing that SQL could make.
        audit::adopt(conn).map_err(|error| HookError::Hook(error.to_string()))
    });
    let state = vec![
        M::up(include_str!("schema/0001.sql")),
        M::up(include_str!("schema/0002.sql")),
        chained,
        M::up(include_str!("schema/0004.sql")),
        M::up(include_str!("schema/0005.sql")),
        M::up(include_str!("schema/0006.sql")),
        M::up(include_str!("schema/0007.sql")),
        M::up(include_str!("schema/0008.sql")),
    ];
    let version = i64::try_from(state.len()).unwrap_or(i64::MAX);
    Schema { migrations: Migrations::new(state), version }
});
const INBOX: &[M<'static>] =
    &[M::up(include_str!("schema/inbox_0001.sql")), M::up(include_str!("schema/inbox_0002.sql"))];

/// The schema of `inbox.db`.
pub(super) static INBOX_SCHEMA: Schema =
    Schema { migrations: Migrations::from_slice(INBOX), version: INBOX.len() as i64 };
/// The schema of `metrics.db`.
pub(super) static METRICS_SCHEMA: Schema =
    Schema { migrations: Migrations::from_slice(METRICS), version: METRICS.len() as i64 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_applies_to_an_empty_database() {
        STATE_SCHEMA.migrations.validate().unwrap();
        METRICS_SCHEMA.migrations.validate().unwrap();
        INBOX_SCHEMA.migrations.validate().unwrap();
    }
}
