//! Opening a database file: what is checked before anything is written to it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::migrations::{STATE_SCHEMA, Schema};
use super::{OpenError, StoreError};

/// How long a statement waits for another program's lock. Steward itself has one writer per database.
const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements kept: more than the store has, so that none is parsed twice.
const STATEMENTS: usize = 128;

/// How much a commit waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// The disk: a power cut loses nothing that was acknowledged.
    Full,
    /// The system: a power cut may lose the last seconds, and leaves the file sound.
    Normal,
}

/// Makes the state directory, for this user alone, if it is not there. One that is there keeps its permissions.
pub(super) fn make_dir(dir: &Path) -> Result<(), OpenError> {
    match std::fs::metadata(dir) {
        Ok(there) if there.is_dir() => Ok(()),
        Ok(_) => Err(OpenError::NotADirectory { path: dir.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|error| OpenError::io(dir, &error)),
        Err(error) => Err(OpenError::io(dir, &error)),
    }
}

/// Opens `path` for writing: creates it if needed, refuses what is not ours to write, migrates what is older.
pub(super) fn writer(path: &Path, schema: &Schema, durability: Durability) -> Result<Connection, OpenError> {
    create(path).map_err(|error| OpenError::io(path, &error))?;
    let mut conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if let Err(refusal) = check_version(&conn, path, schema) {
        // Closing would otherwise fold a leftover log into a file that we have just refused to touch.
        let kept = conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        if let Err(error) = kept {
            tracing::warn!(%error, "a refused database's log may be written back");
        }
        return Err(refusal);
    }
    configure(&conn, path, durability)?;
    schema.migrations.to_latest(&mut conn).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => OpenError::sqlite(path, err),
        other => OpenError::Other { path: path.to_owned(), why: other.to_string() },
    })?;
    Ok(conn)
}

/// A database in memory with the schema of `steward.db`, for what is only tried out.
///
/// # Errors
/// Whatever SQLite says.
pub fn scratch() -> Result<Connection, StoreError> {
    let mut conn = Connection::open_in_memory()?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    match STATE_SCHEMA.migrations.to_latest(&mut conn) {
        Ok(()) => Ok(conn),
        Err(rusqlite_migration::Error::RusqliteError { err, .. }) => Err(err.into()),
        Err(other) => Err(StoreError::Sqlite(other.to_string())),
    }
}

/// Opens `path` for reading only, also while another process writes it.
pub(super) fn reader(path: &Path, schema: &Schema) -> Result<Connection, OpenError> {
    if !path.exists() {
        return Err(OpenError::Missing { path: path.to_owned() });
    }
    let conn = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    match check_version(&conn, path, schema)? {
        0 => Err(OpenError::Missing { path: path.to_owned() }),
        found if found < schema.version => {
            Err(OpenError::OlderSchema { path: path.to_owned(), found, supported: schema.version })
        }
        _ => Ok(conn),
    }
}

/// Creates an empty file that only this user may read; SQLite gives its side files the same permissions.
fn create(path: &Path) -> io::Result<()> {
    let fresh = !path.exists();
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    match path.parent() {
        Some(dir) if fresh => File::open(dir)?.sync_all(),
        _ => Ok(()),
    }
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, OpenError> {
    let failed = |error| OpenError::sqlite(path, error);
    let conn = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
    conn.busy_timeout(BUSY).map_err(failed)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(conn)
}

/// The schema's version, as the file and its log have it. Cheap whatever the size: no page but the schema's is read.
fn check_version(conn: &Connection, path: &Path, schema: &Schema) -> Result<i64, OpenError> {
    let ask = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
    let failed = |error| OpenError::sqlite(path, error);
    let found = ask("PRAGMA user_version").map_err(failed)?;
    let objects = ask("SELECT count(*) FROM sqlite_schema").map_err(failed)?;
    match found {
        _ if found > schema.version => Err(newer(path, found, schema)),
        _ if found < 0 || (found == 0 && objects > 0) => Err(OpenError::Foreign { path: path.to_owned() }),
        _ => Ok(found),
    }
}

fn newer(path: &Path, found: i64, schema: &Schema) -> OpenError {
    OpenError::NewerSchema { path: path.to_owned(), found, supported: schema.version }
}

fn configure(conn: &Connection, path: &Path, durability: Durability) -> Result<(), OpenError> {
    let failed = |error| OpenError::sqlite(path, error);
    let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        return Err(OpenError::Other {
            path: path.to_owned(),
            why: format!(
                "its file system allows no write-ahead log, only {mode:?}: put the state directory on a local disk"
            ),
        });
    }
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    // The log goes back into the database every 4096 pages (16 MiB): each time costs two syncs and every page that was
    // touched. A burst may grow it; it shrinks again afterwards. The cache (8 MiB) holds the indexes' upper pages.
    let pragmas = format!(
        "PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4096;
         PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -8192;"
    );
    conn.execute_batch(&pragmas).map_err(failed)
}
