//! Finds the executable that a command means, and the hash of its content.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::domain::action::{Command, Executable};
use crate::engine::ports::RunError;

/// How many hashes are kept; a host runs a few dozen programs.
const CACHE_SIZE: usize = 1024;

/// A file must have been left alone for this long before its hash is kept: within one tick of the file
/// system's clock, a second change would look like none.
const SETTLED: Duration = Duration::from_secs(2);

/// Looks programs up in fixed directories.
pub(super) struct Resolver {
    path: Vec<PathBuf>,
    hashes: Mutex<HashMap<FileState, String>>,
}

/// A program, found.
pub(super) struct Located {
    /// The path that is executed, as it was found: a program may look at the name it was called by.
    pub(super) found: PathBuf,
    /// What it is, links followed.
    pub(super) executable: Executable,
}

/// A file in one state: whatever changes it changes this too (the change time can't be set by hand).
#[derive(Clone, PartialEq, Eq, Hash)]
struct FileState {
    path: PathBuf,
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileState {
    fn of(path: &Path, meta: &Metadata) -> Self {
        Self {
            path: path.to_owned(),
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }

    /// Compares the file system's clock with the system's: the house's own clock plays no part here.
    fn is_settled(&self) -> bool {
        let changed = UNIX_EPOCH + Duration::from_secs(u64::try_from(self.changed.0).unwrap_or(0));
        SystemTime::now().duration_since(changed).is_ok_and(|age| age > SETTLED + Duration::from_secs(1))
    }
}

impl Resolver {
    pub(super) fn new(path: Vec<PathBuf>) -> Self {
        Self { path, hashes: Mutex::default() }
    }

    /// Finds what the command's first word means now.
    pub(super) async fn locate(self: &Arc<Self>, command: &Command) -> Result<Located, RunError> {
        if command.host != "local" {
            return Err(RunError::Refused(format!("{} is another host than this one", command.host)));
        }
        let Some(program) = command.argv.first().cloned() else {
            return Err(RunError::Refused("the command is empty".into()));
        };
        let this = Arc::clone(self);
        let located = tokio::task::spawn_blocking(move || this.locate_blocking(&program)).await;
        located.unwrap_or_else(|error| {
            Err(RunError::Refused(format!("looking for the program failed: {error}")))
        })
    }

    fn locate_blocking(&self, program: &str) -> Result<Located, RunError> {
        let found = self.find(program)?;
        let spawn =
            |error: io::Error| RunError::Spawn { program: program.to_owned(), why: error.to_string() };
        let path = found.canonicalize().map_err(spawn)?;
        let sha256 = self.hash(&path).map_err(spawn)?;
        Ok(Located { found, executable: Executable { path, sha256 } })
    }

    fn find(&self, program: &str) -> Result<PathBuf, RunError> {
        let missing = || RunError::NotFound { program: program.to_owned(), host: "local".into() };
        if program.starts_with('/') {
            let path = PathBuf::from(program);
            return match is_executable(&path) {
                Ok(true) => Ok(path),
                Ok(false) => Err(RunError::Spawn {
                    program: program.to_owned(),
                    why: "it is not an executable file; `chmod +x` makes it one".into(),
                }),
                Err(_) => Err(missing()),
            };
        }
        if program.contains('/') {
            let why = format!("{program} is a relative path; name the program by its full path");
            return Err(RunError::Refused(why));
        }
        let candidates = self.path.iter().map(|dir| dir.join(program));
        candidates.into_iter().find(|path| is_executable(path).unwrap_or(false)).ok_or_else(missing)
    }

    fn hash(&self, path: &Path) -> io::Result<String> {
        let mut file = File::open(path)?;
        let state = FileState::of(path, &file.metadata()?);
        if let Some(hash) = self.hashes.lock().unwrap_or_else(PoisonError::into_inner).get(&state) {
            return Ok(hash.clone());
        }
        let hash = sha256(&mut file)?;
        if state.is_settled() && FileState::of(path, &file.metadata()?) == state {
            let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
            if hashes.len() >= CACHE_SIZE {
                hashes.clear();
            }
            hashes.insert(state, hash.clone());
        }
        Ok(hash)
    }
}

fn is_executable(path: &Path) -> io::Result<bool> {
    let meta = path.metadata()?;
    Ok(meta.is_file() && meta.mode() & 0o111 != 0)
}

fn sha256(file: &mut File) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            n => hasher.update(&chunk[..n]),
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
