//! The tour on real processes.
