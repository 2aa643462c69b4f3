//! What can go wrong with the store, told apart where callers branch and worded for people.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why a call on the store failed. Nothing of a failed call was recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full. The store goes on by itself once there is room.
    #[error(
        "the disk that holds Steward's state is full; what was to be recorded was not; free some space, Steward goes on by itself"
    )]
    Full,
    /// The database can't be written: a read-only file system, missing rights, or a call that promised only to read.
    #[error(
        "Steward's state can't be written ({0}); nothing was recorded; make the state directory writable for the user that runs Steward"
    )]
    ReadOnly(String),
    /// The database file is damaged.
    #[error(
        "Steward's database is damaged ({0}); nothing was overwritten; stop Steward and restore the state directory from a backup, or move it away to begin anew"
    )]
    Corrupt(String),
    /// Another process kept the database locked for too long.
    #[error(
        "another program keeps Steward's database locked; nothing was recorded; close what has it open (an sqlite3 shell, a backup) and try again"
    )]
    Busy,
    /// The owner thread has ended: the store was closed.
    #[error("the store is closed; nothing was recorded; Steward is stopping")]
    Gone,
    /// A constraint of the schema refused a row.
    #[error(
        "the database refused a row ({0}); nothing was recorded; this is a mistake in Steward, please report it"
    )]
    Constraint(String),
    /// A stored value can't be read as what it should be.
    #[error(
        "a stored value can't be read ({0}); a newer or a broken Steward may have written it; please report it"
    )]
    Unreadable(String),
    /// A call panicked; it was rolled back and the store goes on.
    #[error(
        "a call on the store panicked ({0}); nothing of it was recorded; this is a mistake in Steward, please report it"
    )]
    Panicked(String),
    /// Anything else that SQLite says.
    #[error("the database failed ({0}); nothing was recorded")]
    Sqlite(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        let text = error.to_string();
        match error {
            E::SqliteFailure(failure, _) | E::SqlInputError { error: failure, .. } => match failure.code {
                ErrorCode::DiskFull => Self::Full,
                ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Self::ReadOnly(text),
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Corrupt(text),
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
                ErrorCode::ConstraintViolation => Self::Constraint(text),
                _ => Self::Sqlite(text),
            },
            E::FromSqlConversionFailure(..)
            | E::InvalidColumnType(..)
            | E::IntegralValueOutOfRange(..)
            | E::Utf8Error(..) => Self::Unreadable(text),
            _ => Self::Sqlite(text),
        }
    }
}

/// Why a database could not be opened. No variant has overwritten anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The state directory is something else.
    #[error("{} is not a directory; Steward keeps its state in one; name another with --state-dir", .path.display())]
    NotADirectory {
        /// The path that is no directory.
        path: PathBuf,
    },
    /// The file or its directory can't be written.
    #[error(
        "{} can't be written ({why}); Steward can't record anything there; make it writable for the user that runs Steward, or name another directory with --state-dir",
        .path.display()
    )]
    ReadOnly {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        why: String,
    },
    /// No room to create or migrate the database.
    #[error("the disk that holds {} is full; Steward can't start; free some space and start it again", .path.display())]
    Full {
        /// The file or directory.
        path: PathBuf,
    },
    /// Another Steward runs on this state directory.
    #[error(
        "another Steward{} runs on {}; two would undo each other's work; stop that one first, or name another directory with --state-dir",
        .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(), .dir.display()
    )]
    Locked {
        /// The state directory.
        dir: PathBuf,
        /// The other's process id, if it could be read.
        pid: Option<u32>,
    },
    /// A newer Steward wrote the database.
    #[error(
        "{} has schema version {found}; this Steward ({}) knows versions up to {supported}; nothing was changed; start the newer Steward that wrote it, or name another directory with --state-dir",
        .path.display(), env!("CARGO_PKG_VERSION")
    )]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this binary knows.
        supported: i64,
    },
    /// An older Steward wrote the database, and it was opened for reading only.
    #[error(
        "{} has schema version {found}, this Steward reads version {supported}; start `steward run` once, which brings it up to date",
        .path.display()
    )]
    OlderSchema {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version that this binary reads.
        supported: i64,
    },
    /// The file is damaged, or no database at all.
    #[error(
        "{} is damaged or no SQLite database ({why}); nothing was overwritten; restore it from a backup, or move it away to begin anew",
        .path.display()
    )]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A sound database of some other program.
    #[error(
        "{} is another program's database; nothing was changed; move it away, or name another directory with --state-dir",
        .path.display()
    )]
    Foreign {
        /// The database.
        path: PathBuf,
    },
    /// There is no database yet, and it was opened for reading only.
    #[error(
        "there is no {}; Steward has not run with this state directory yet; start `steward run`, or name the right directory with --state-dir",
        .path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// Another program keeps the database locked.
    #[error(
        "{} is locked by another program; close what has it open (an sqlite3 shell, a backup) and try again",
        .path.display()
    )]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// Anything else.
    #[error("{} can't be opened ({why}); Steward can't start without it", .path.display())]
    Other {
        /// The file or directory.
        path: PathBuf,
        /// The reason.
        why: String,
    },
}

impl OpenError {
    /// What a failed system call on `path` means.
    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        let (path, why) = (path.to_owned(), error.to_string());
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path, why }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            io::ErrorKind::NotADirectory => Self::NotADirectory { path },
            _ => Self::Other { path, why },
        }
    }

    /// What a failure of SQLite on `path` means.
    pub(super) fn sqlite(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match StoreError::from(error) {
            StoreError::Full => Self::Full { path },
            StoreError::ReadOnly(why) => Self::ReadOnly { path, why },
            StoreError::Corrupt(why) => Self::Corrupt { path, why },
            StoreError::Busy => Self::Busy { path },
            other => Self::Other { path, why: other.to_string() },
        }
    }
}
