//! The store: SQLite, one owner thread, group commit.
