//! Where the socket lies: in a directory that nobody else may write, so that what is there is Steward's.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

use crate::engine::ports::CONTROL_SOCKET;

/// Who may write a directory besides its owner.
const OTHERS_WRITE: u32 = 0o022;

/// Why the command line can't reach Steward.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Others could put a socket of their own in its place.
    #[error(
        "{} may be written by others, who could answer in Steward's place; commands from the command line are not heard; `chmod go-w` it and start again",
        .0.display()
    )]
    Open(PathBuf),
    /// The directory belongs to somebody else.
    #[error(
        "{} belongs to user {uid}, who could answer in Steward's place; commands from the command line are not heard; give it to the user that runs Steward and start again",
        .dir.display()
    )]
    NotOurs {
        /// The directory.
        dir: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// Something else has the socket's name.
    #[error(
        "{} is there and no socket; commands from the command line are not heard; move it away and start again",
        .0.display()
    )]
    InTheWay(PathBuf),
    /// The system refuses.
    #[error(
        "the socket {} can't be opened ({why}); commands from the command line are not heard; a state directory on a local disk with a short name helps in most cases",
        .path.display()
    )]
    Io {
        /// The socket or its directory.
        path: PathBuf,
        /// The system's reason.
        why: io::Error,
    },
}

/// Opens the socket, for this user alone, and returns its path as well.
pub(super) fn listen(dir: &Path) -> Result<(UnixListener, PathBuf), ControlError> {
    let path = dir.join(CONTROL_SOCKET);
    let failed = |error| ControlError::Io { path: path.clone(), why: error };
    check_dir(dir)?;
    match std::fs::symlink_metadata(&path) {
        // Its Steward is dead: this one holds the state lock.
        Ok(left) if left.file_type().is_socket() => std::fs::remove_file(&path).map_err(failed)?,
        Ok(_) => return Err(ControlError::InTheWay(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let listener = UnixListener::bind(&path).map_err(failed)?;
    // Until here the umask decides who may connect; but each caller's user is looked at, too.
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(failed)?;
    Ok((listener, path))
}

fn check_dir(dir: &Path) -> Result<(), ControlError> {
    let found =
        std::fs::metadata(dir).map_err(|error| ControlError::Io { path: dir.to_owned(), why: error })?;
    let own = rustix::process::geteuid().as_raw();
    if found.uid() != 0 && found.uid() != own {
        return Err(ControlError::NotOurs { dir: dir.to_owned(), uid: found.uid() });
    }
    if found.mode() & OTHERS_WRITE != 0 {
        return Err(ControlError::Open(dir.to_owned()));
    }
    Ok(())
}
