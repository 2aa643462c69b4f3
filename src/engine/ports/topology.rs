//! Where the topology is learned from, beside what is written of it.

use async_trait::async_trait;

use crate::domain::topology::{Fact, Source, SourceKind};

/// Everything that the sources of one kind say now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The kind. A source of this kind that is not among those found is no more.
    pub kind: SourceKind,
    /// Each source, with all that it says, or why it could not be read (then what it said before stays).
    pub found: Vec<(Source, Result<Vec<Fact>, String>)>,
}

/// Something that the topology can be learned from.
#[async_trait]
pub trait TopologySource: Send + Sync {
    /// Reads everything.
    async fn survey(&self) -> Survey;
}
