//! One folder of the spool, held open: whoever may write above it can't put another in its place.

use std::collections::BTreeSet;
use std::ffi::{CStr, CString};
use std::fs::DirBuilder;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, mkdirat, openat, renameat, statat, unlinkat};

use super::REJECTED;
use super::file::{self, Content, Mark};

/// What the name of a claimed file begins with.
const CLAIMED: &[u8] = b".taken.";
/// How many files are kept that could not be taken in.
const KEPT: usize = 200;
/// Characters of the name of a file that is set aside; one may take four bytes.
const LONGEST: usize = 50;

/// The name of a file in the spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// Whether an earlier look, or an earlier Steward, has claimed it.
    claimed: bool,
    original: CString,
}

impl Name {
    /// The name that a file has or had, if it is one that is taken.
    fn of(name: &CStr) -> Option<Self> {
        let bytes = name.to_bytes();
        let (claimed, original) = match bytes.strip_prefix(CLAIMED) {
            Some(original) => (true, original),
            None => (false, bytes),
        };
        let taken = original.ends_with(b".json") && !original.starts_with(b".");
        Some(Self { claimed, original: CString::new(original).ok()? }).filter(|_| taken)
    }

    pub(super) fn original(&self) -> &CStr {
        &self.original
    }

    /// The name for people.
    pub(super) fn shown(&self) -> String {
        self.original.to_string_lossy().into_owned()
    }

    fn when_claimed(&self) -> io::Result<CString> {
        Ok(CString::new([CLAIMED, self.original.to_bytes()].concat())?)
    }
}

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

impl Folder {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::open(dir, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?))
    }

    /// A folder in this one; never what a link leads to.
    pub(super) fn below(&self, name: &str) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Self(openat(&self.0, name, flags, Mode::empty())?))
    }

    /// The names of the folders in this one.
    pub(super) fn folders(&self) -> io::Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if !name.starts_with('.')
                && self.kind(entry.file_name(), entry.file_type()) == FileType::Directory
            {
                names.insert(name.to_owned());
            }
        }
        Ok(names)
    }

    /// What lies here to be taken, at most so many: first what was claimed already, then in the order of the names.
    pub(super) fn files(&self, most: usize) -> io::Result<Vec<Name>> {
        let mut found = BTreeSet::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            let Some(name) = Name::of(entry.file_name()) else { continue };
            if self.kind(entry.file_name(), entry.file_type()) != FileType::Directory {
                found.insert((!name.claimed, name.original.clone()));
                if found.len() > most {
                    found.pop_last();
                }
            }
        }
        Ok(found.into_iter().map(|(unclaimed, original)| Name { claimed: !unclaimed, original }).collect())
    }

    /// What an entry is; not every file system says so in its list.
    fn kind(&self, name: &CStr, listed: FileType) -> FileType {
        if listed != FileType::Unknown {
            return listed;
        }
        let found = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW);
        found.map_or(FileType::Unknown, |found| FileType::from_raw_mode(found.st_mode))
    }

    /// Makes a file Steward's own and reads it. `None` if somebody else was faster.
    pub(super) fn claim(&self, name: &Name, most: usize) -> io::Result<Option<(Mark, Content)>> {
        let claimed = name.when_claimed()?;
        if !name.claimed {
            match renameat(&self.0, &name.original, &self.0, &claimed) {
                Ok(()) => {}
                Err(rustix::io::Errno::NOENT) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        let read = || io::Result::Ok((file::mark(&self.0, &claimed)?, file::read(&self.0, &claimed, most)?));
        match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    /// Removes a claimed file.
    pub(super) fn remove(&self, name: &Name) -> io::Result<()> {
        Ok(unlinkat(&self.0, &name.when_claimed()?, AtFlags::empty())?)
    }

    /// Moves a claimed file of `from` to where those lie that could not be taken in, of which the newest are kept.
    pub(super) fn set_aside(&self, from: &Self, name: &Name, source: &str, millis: i64) -> io::Result<()> {
        match mkdirat(&self.0, REJECTED, Mode::RWXU) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            // There is no place for it, and what was in it is in the record.
            Err(_) => return from.remove(name),
        }
        let aside = match self.below(REJECTED) {
            Ok(aside) => aside,
            Err(_) => return from.remove(name),
        };
        let base: String = format!("{millis:013}-{source}-{}", name.shown()).chars().take(LONGEST).collect();
        let stem = base.trim_end_matches(".json").replace('/', "_");
        let free = |n: &u32| statat(&aside.0, format!("{stem}.{n}.json"), AtFlags::SYMLINK_NOFOLLOW).is_err();
        let number = (0..1000).find(free).unwrap_or_default();
        if renameat(&from.0, &name.when_claimed()?, &aside.0, format!("{stem}.{number}.json")).is_err() {
            return from.remove(name);
        }
        aside.keep_newest()
    }

    /// Removes the oldest of what was set aside.
    fn keep_newest(&self) -> io::Result<()> {
        let mut names = BTreeSet::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            if !entry.file_name().to_bytes().starts_with(b".") {
                names.insert(entry.file_name().to_owned());
            }
        }
        let too_many = names.len().saturating_sub(KEPT);
        for name in names.iter().take(too_many) {
            unlinkat(&self.0, name, AtFlags::empty())?;
        }
        Ok(())
    }
}

/// Makes a folder for this user alone, if there is none.
pub(super) fn make(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}
