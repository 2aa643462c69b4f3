//! What is brought into the cluster: how far it came. No secret is in it, for what is read leaves those where they are.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::columns::{Json, Ms, Text};
use crate::adopt::{Options, Project};
use crate::domain::ids::IncidentId;
use crate::domain::signal::Timestamp;

/// Something that is brought into the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopting {
    /// The case in which it began: its identity.
    pub began_in: IncidentId,
    /// The case in which it goes on.
    pub case: IncidentId,
    /// The number that people know that by.
    pub number: u64,
    /// Who wanted it.
    pub by: String,
    /// The container, as it was named.
    pub container: String,
    /// Where it runs: a host of the configuration, or `local`.
    pub host: String,
    /// What shapes the output, with what people decided.
    pub options: Options,
    /// The project as it was read; none before.
    pub project: Option<Project>,
    /// The decisions by their numbers, from 1: a number once given stays.
    pub decisions: Vec<String>,
    /// The cards that stand in the thread for decisions, by the decision; the list of all others by nothing.
    pub cards: BTreeMap<String, u64>,
    /// How far it came.
    pub stage: Stage,
    /// The runbook that is asked for or runs, or ran last.
    pub runbook: Option<String>,
    /// The runbook that removes what is kept: its name, and its text.
    pub removal: Option<(String, String)>,
    /// Whether that was asked for once already.
    pub asked_for_removal: bool,
    /// When it goes on by itself.
    pub due: Option<Timestamp>,
}

/// How far something came that is brought into the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is looked at.
    Looking,
    /// Decisions wait for people.
    Deciding,
    /// The migration is asked for, or runs.
    Moving,
    /// It was not brought over, and can be taken up again.
    Resting,
    /// It runs in the new place; the old one is kept.
    Kept,
    /// The removal of the old one is asked for, or runs.
    Removing,
    /// Nothing more is done.
    Over,
}

impl Stage {
    /// The word in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Looking => "looking",
            Self::Deciding => "deciding",
            Self::Moving => "moving",
            Self::Resting => "resting",
            Self::Kept => "kept",
            Self::Removing => "removing",
            Self::Over => "over",
        }
    }
}

/// Writes one as it is now.
pub(super) fn write(conn: &Connection, adopting: &Adopting) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO adoptions (incident, stage, due_at, data) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        Text(&adopting.began_in),
        adopting.stage.as_str(),
        adopting.due.map(Ms),
        Json(adopting)
    ])?;
    Ok(())
}

/// Those that are not over.
///
/// # Errors
/// Whatever SQLite says, or a value that can't be read.
pub fn all(conn: &Connection) -> Result<Vec<Adopting>, StoreError> {
    let mut select =
        conn.prepare_cached("SELECT data FROM adoptions WHERE stage <> 'over' ORDER BY incident")?;
    let rows = select.query_map([], |row| row.get::<_, Json<Adopting>>(0))?;
    Ok(rows.map(|row| row.map(|Json(adopting)| adopting)).collect::<Result<_, _>>()?)
}
