//! How much those who connect may take.

use std::time::Duration;

/// How much one connection, and all of them, may take. What one source may take is said with the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most connections at once; whoever comes then is told to come again. From one address that is not this
    /// machine's own, half of them.
    pub connections: usize,
    /// How long the head of a request may take to come in. A connection on which nothing is asked is closed after the
    /// same time.
    pub head: Duration,
    /// How long the body of a request may take to come in, for each MiB that its source may send.
    pub body: Duration,
    /// How long the answer may take to be found after it.
    pub request: Duration,
    /// Bytes of one head.
    pub head_bytes: usize,
    /// Lines of one head.
    pub headers: usize,
    /// Bytes of all bodies that are in memory at once.
    pub bodies: usize,
    /// The longest life of a connection: whoever takes no answers holds no place for ever.
    pub life: Duration,
    /// How long what is under way may take when Steward ends.
    pub parting: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            request: Duration::from_secs(30),
            head_bytes: 16 * 1024,
            headers: 64,
            bodies: 64 * 1024 * 1024,
            life: Duration::from_secs(600),
            parting: Duration::from_secs(3),
        }
    }
}
