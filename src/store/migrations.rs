//! The schemas, as lists of migrations. A released migration is never edited; a change is a new file behind it.

use rusqlite_migration::{M, Migrations};

/// A database's schema.
pub(super) struct Schema {
    pub(super) migrations: Migrations<'static>,
    /// The version that the last migration leads to (SQLite's `user_version`).
    pub(super) version: i64,
}

const STATE: &[M<'static>] =
    &[M::up(include_str!("schema/0001.sql")), M::up(include_str!("schema/0002.sql"))];
const METRICS: &[M<'static>] = &[M::up(include_str!("schema/metrics_0001.sql"))];

/// The schema of `steward.db`.
pub(super) const STATE_SCHEMA: Schema =
    Schema { migrations: Migrations::from_slice(STATE), version: STATE.len() as i64 };
/// The schema of `metrics.db`.
pub(super) const METRICS_SCHEMA: Schema =
    Schema { migrations: Migrations::from_slice(METRICS), version: METRICS.len() as i64 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_applies_to_an_empty_database() {
        STATE_SCHEMA.migrations.validate().unwrap();
        METRICS_SCHEMA.migrations.validate().unwrap();
    }
}
