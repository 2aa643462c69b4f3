//! The tour on real processes.

pub mod lab;
