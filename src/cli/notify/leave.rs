//! Leaving a file in the spool: whole or not at all, durable, and readable for Steward and nobody else.
//!
//! This may run as root in a folder that others may write: no link of theirs is followed.

use std::fs::{File, Metadata};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, fchmod, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;

/// Writes a file below `spool`. Its name makes those that came earlier be taken first.
///
/// # Errors
/// There is no spool, or it can't be written.
pub(super) fn leave(spool: &Path, folder: &str, text: &[u8], millis: i64) -> io::Result<()> {
    let spool = File::open(spool)?;
    let owner = spool.metadata()?;
    let dir = open_folder(&spool, folder, &owner)?;
    let stem = format!("{millis:013}-{}", std::process::id());
    let (writing, written) = (format!(".{stem}.tmp"), format!("{stem}.json"));
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(&dir, &writing, flags, Mode::RUSR | Mode::WUSR)?;
    let moved = write(file.into(), text, &owner).and_then(|()| Ok(renameat(&dir, &writing, &dir, &written)?));
    if moved.is_err() {
        // Nobody else would take it away.
        let _ = unlinkat(&dir, &writing, AtFlags::empty());
    }
    moved?;
    File::from(dir).sync_all()
}

/// Opens the source's folder, and makes it if Steward has not.
fn open_folder(spool: &File, name: &str, owner: &Metadata) -> io::Result<OwnedFd> {
    let made = mkdirat(spool, name, Mode::RWXU);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let dir = match made {
        Ok(()) => openat(spool, name, flags, Mode::empty())?,
        Err(Errno::EXIST) => return Ok(openat(spool, name, flags, Mode::empty())?),
        Err(error) => return Err(error.into()),
    };
    if as_root() {
        // Steward itself has to be able to take files away from there.
        fchown(&dir, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(dir)
}

fn write(mut file: File, text: &[u8], owner: &Metadata) -> io::Result<()> {
    if as_root() {
        fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
    } else if owner.uid() != rustix::process::geteuid().as_raw() {
        // Somebody else's spool: its group is how they read it.
        fchmod(&file, Mode::RUSR | Mode::WUSR | Mode::RGRP)?;
    }
    file.write_all(text)?;
    file.sync_all()
}

fn as_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_in_the_place_of_the_folder_is_not_followed() {
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("systemd")).unwrap();
        assert!(leave(dir.path(), "systemd", b"x", 1).is_err());
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn notices_lie_in_the_order_in_which_they_came_whole_and_for_their_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        leave(dir.path(), "systemd", b"second", 1_000_000_000_000).unwrap();
        leave(dir.path(), "systemd", b"first", 999_999_999_999).unwrap();
        let mut files: Vec<_> = std::fs::read_dir(dir.path().join("systemd"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let texts: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        assert_eq!(texts, ["first", "second"]);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&files[0]), mode(&dir.path().join("systemd"))), (0o600, 0o700));
    }
}
