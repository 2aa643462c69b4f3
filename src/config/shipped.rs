//! The skills and runbooks that come with the binary.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

// Written by build.rs: `SKILLS`, `RUNBOOKS` and `CASES`, each a list of file name and content.
include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// File name and content of each skill.
pub(super) fn skills() -> &'static [(&'static str, &'static str)] {
    SKILLS
}

/// File name and content of each runbook.
pub(super) fn runbooks() -> &'static [(&'static str, &'static str)] {
    RUNBOOKS
}

/// File name and content of each recorded case.
pub(super) fn cases() -> &'static [(&'static str, &'static str)] {
    CASES
}

/// Writes the shipped skills into `folder`, executable, and takes away what else is there: an earlier version's.
/// A file with the right content is left alone; a new one takes its place in one step, so that a run which is just
/// beginning never sees half of it.
///
/// # Errors
/// The folder can't be made or written.
pub fn unpack(folder: &Path) -> io::Result<()> {
    unpack_all(folder, skills())
}

fn unpack_all(folder: &Path, files: &[(&str, &str)]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, content) in files {
        let path = folder.join(name);
        if !is_current(&path, content) {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(content.as_bytes())?;
            file.as_file().set_permissions(Permissions::from_mode(0o755))?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
        }
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_ours = files.iter().any(|(name, _)| entry.file_name() == **name);
        if !is_ours && !entry.file_type()?.is_dir() {
            fs::remove_file(entry.path())?;
        }
    }
    File::open(folder)?.sync_all()
}

fn is_current(path: &Path, content: &str) -> bool {
    let is_plain = path
        .symlink_metadata()
        .is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o7777 == 0o755);
    is_plain && fs::read(path).is_ok_and(|bytes| bytes == content.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn unpacking_writes_only_what_differs_and_takes_stale_files_away() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("shipped/skills");
        unpack_all(&folder, &[("disk", "#!/bin/sh\n"), ("old", "#!/bin/sh\n")]).unwrap();
        let inode = |name: &str| fs::metadata(folder.join(name)).unwrap().ino();
        let before = inode("disk");
        assert_eq!(fs::metadata(folder.join("disk")).unwrap().permissions().mode() & 0o7777, 0o755);

        unpack_all(&folder, &[("disk", "#!/bin/sh\n"), ("new", "#!/bin/sh\n")]).unwrap();
        assert_eq!(inode("disk"), before, "an unchanged file was written again");
        assert!(folder.join("new").exists() && !folder.join("old").exists());

        fs::write(folder.join("disk"), "tampered").unwrap();
        fs::set_permissions(folder.join("new"), Permissions::from_mode(0o644)).unwrap();
        unpack_all(&folder, &[("disk", "#!/bin/sh\n"), ("new", "#!/bin/sh\n")]).unwrap();
        assert_eq!(fs::read_to_string(folder.join("disk")).unwrap(), "#!/bin/sh\n");
        assert_eq!(fs::metadata(folder.join("new")).unwrap().permissions().mode() & 0o7777, 0o755);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "a temporary file was left");
    }

    #[test]
    fn a_link_in_place_of_a_skill_is_replaced_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("elsewhere"), "mine").unwrap();
        let folder = dir.path().join("skills");
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), folder.join("disk")).unwrap();
        unpack_all(&folder, &[("disk", "#!/bin/sh\n")]).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("elsewhere")).unwrap(), "mine");
        assert!(fs::symlink_metadata(folder.join("disk")).unwrap().is_file());
    }
}
