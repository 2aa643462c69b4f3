//! Reads what a process writes, up to a cap, and goes on reading so that the process never blocks on it.

use tokio::io::{AsyncRead, AsyncReadExt};

/// What one stream wrote.
pub(super) struct Capture {
    pub(super) bytes: Vec<u8>,
    pub(super) truncated: bool,
    cap: usize,
}

impl Capture {
    pub(super) fn capped(cap: usize) -> Self {
        Self { bytes: Vec::new(), truncated: false, cap }
    }

    /// Reads to the end. Stopped halfway, it keeps what was read.
    pub(super) async fn read(&mut self, mut stream: impl AsyncRead + Unpin) {
        let mut chunk = vec![0; 16 * 1024];
        while let Ok(n @ 1..) = stream.read(&mut chunk).await {
            let kept = n.min(self.cap - self.bytes.len());
            self.bytes.extend_from_slice(&chunk[..kept]);
            self.truncated |= kept < n;
        }
    }
}
