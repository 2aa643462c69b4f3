//! The audit trail, as a story looks at it.

use rusqlite::Connection;
use serde_json::Value;
use steward::store::audit::{self, AuditRow, Filter};

use super::Bot;

impl Bot<'_> {
    /// The whole audit trail, whose chain holds.
    pub async fn trail(&self) -> Vec<AuditRow> {
        let read = |conn: &Connection| {
            let chain = audit::verify(conn, None)?;
            Ok((chain, audit::rows(conn, &Filter::default(), 100_000)?))
        };
        let (chain, rows) = self.app.store().read(read).await.unwrap();
        let chain = chain.unwrap_or_else(|broken| panic!("the audit trail is broken: {broken:?}"));
        assert_eq!(chain.count, rows.len() as u64);
        rows
    }

    /// The lines of the audit trail with this word: who, and the particulars.
    pub async fn audited(&self, what: &str) -> Vec<(String, Value)> {
        let rows = self.trail().await.into_iter().filter(|row| row.what == what);
        rows.map(|row| (row.who.unwrap_or_default(), row.body)).collect()
    }
}
