//! "Bring this into the cluster": what runs somewhere is looked at, planned, asked about, and migrated.

pub mod gather;
