//! Sources of changes.
