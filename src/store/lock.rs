//! The state lock: one Steward per state directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::OpenError;

/// Held while a Steward runs on a state directory. The system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub struct StateLock {
    // Open is locked: never read again, dropped at the end.
    _file: File,
}

/// The lock's file in a state directory.
fn path_in(dir: &Path) -> PathBuf {
    dir.join("steward.lock")
}

impl StateLock {
    /// Takes the lock of `dir`, which must exist, and writes this process's id into its file.
    ///
    /// # Errors
    /// [`OpenError::Locked`] if another process has it; otherwise why the file can't be written.
    pub fn acquire(dir: &Path) -> Result<Self, OpenError> {
        let path = path_in(dir);
        let failed = |error: &std::io::Error| OpenError::io(&path, error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false) // It may be somebody else's: read before written.
            .mode(0o600)
            .open(&path)
            .map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Locked { dir: dir.to_owned(), pid: read_pid(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            writeln!(file, "{}", std::process::id())
        };
        write(&mut file).map_err(|error| failed(&error))?;
        Ok(Self { _file: file })
    }
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_is_told_which_process_holds_the_lock_and_gets_it_when_that_one_ends() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(path_in(dir.path()), "99999999 a stale and longer text\n").unwrap();
        let first = StateLock::acquire(dir.path()).unwrap();
        let refused = StateLock::acquire(dir.path()).unwrap_err();
        assert_eq!(refused, OpenError::Locked { dir: dir.path().to_owned(), pid: Some(std::process::id()) });
        assert!(refused.to_string().contains(&format!("process {}", std::process::id())));
        drop(first);
        StateLock::acquire(dir.path()).unwrap();
    }
}
