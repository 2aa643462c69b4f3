//! One file of the spool: only a plain one is read, and none of any kind is waited for.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;

use rustix::fs::{AtFlags, Mode, OFlags, openat, statat};

use crate::domain::signal::Timestamp;

/// What tells one writing of a file from every other, whatever its name: where it is stored, and when it was written.
pub(super) type Mark = (u64, u64, i64, i64);

/// What was found of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// What is in it.
    Body {
        /// All of it.
        bytes: Vec<u8>,
        /// When it was last written.
        modified: Timestamp,
    },
    /// It is not read, for this reason.
    Unreadable(String),
}

/// The mark of a file of that folder; of a link its own.
///
/// # Errors
/// It is not there any more.
pub(super) fn mark(folder: &OwnedFd, name: &CStr) -> io::Result<Mark> {
    let found = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok((found.st_dev as u64, found.st_ino as u64, found.st_mtime as i64, found.st_mtime_nsec as i64))
}

/// Reads a file of that folder, at most so many bytes of it.
///
/// # Errors
/// It is not there any more, or can't be read for now.
pub(super) fn read(folder: &OwnedFd, name: &CStr, most: usize) -> io::Result<Content> {
    // Not waited for: a pipe that nobody writes to would never open.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match openat(folder, name, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::LOOP) => return Ok(unreadable("it is a link, and links are not followed")),
        Err(rustix::io::Errno::NXIO) => return Ok(unreadable("it is no plain file")),
        Err(error @ (rustix::io::Errno::ACCESS | rustix::io::Errno::PERM)) => {
            return Ok(Content::Unreadable(format!(
                "Steward may not read it ({}); write it so that the user that runs Steward can",
                io::Error::from(error)
            )));
        }
        Err(error) => return Err(error.into()),
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Ok(unreadable("it is no plain file"));
    }
    if found.nlink() > 1 {
        return Ok(unreadable(
            "it has a second name, so it may be somebody else's file; copy it instead of linking it",
        ));
    }
    let too_long = || Content::Unreadable(format!("it has more than {most} bytes"));
    if found.len() > most as u64 {
        return Ok(too_long());
    }
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Ok(too_long());
    }
    let modified = Timestamp::from_timestamp(found.mtime(), 0).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Content::Body { bytes, modified })
}

fn unreadable(why: &str) -> Content {
    Content::Unreadable(why.to_owned())
}
