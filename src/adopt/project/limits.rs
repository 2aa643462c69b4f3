//! What a container may take, and what it was seen to take.

use serde::{Deserialize, Serialize};

/// What a container may take.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Thousandths of a CPU at most.
    pub cpu_milli: Option<u64>,
    /// Bytes of memory at most.
    pub memory: Option<u64>,
    /// Thousandths of a CPU that are kept for it.
    pub cpu_reserved_milli: Option<u64>,
    /// Bytes of memory that are kept for it.
    pub memory_reserved: Option<u64>,
    /// Processes at most.
    pub pids: Option<i64>,
    /// Memory and swap together at most, bytes; -1 for no limit.
    pub memory_swap: Option<i64>,
}

/// What a container was seen to take.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Thousandths of a CPU.
    pub cpu_milli: Option<u64>,
    /// Bytes of memory.
    pub memory: Option<u64>,
}
