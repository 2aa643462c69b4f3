//! Noticing that something was edited, without reading it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::files;

/// The files and folders that a loaded configuration came from, as they were just before they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched {
    stamps: BTreeMap<PathBuf, u64>,
    /// Those of them that are folders of texts.
    documents: BTreeSet<PathBuf>,
}

impl Watched {
    /// Notes how a path is now; to be called before it is read, so that an edit in between shows as a change.
    pub(super) fn add(&mut self, path: &Path) {
        self.stamps.entry(path.to_owned()).or_insert_with(|| stamp(path, files::is_leftover));
    }

    /// The same of a folder of texts (`.md`), which in other folders are nobody's concern.
    pub(super) fn add_documents(&mut self, folder: &Path) {
        self.documents.insert(folder.to_owned());
        self.stamps.insert(folder.to_owned(), stamp(folder, files::is_no_document));
    }

    /// The files and folders. Some may not be there: their coming would be a change.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.stamps.keys().map(PathBuf::as_path)
    }

    /// A number for how everything was when it was loaded.
    #[must_use]
    pub fn loaded(&self) -> u64 {
        combine(self.stamps.values().copied())
    }

    /// The same number for how everything is now. Looks at names, sizes, modes and times, and reads nothing; cheap
    /// enough for every few seconds. Compare it with [`Watched::loaded`], and after a reload that failed with the
    /// number that was tried.
    #[must_use]
    pub fn now(&self) -> u64 {
        combine(self.stamps.keys().map(|path| {
            let is_text = self.documents.contains(path);
            stamp(path, if is_text { files::is_no_document } else { files::is_leftover })
        }))
    }
}

fn combine(stamps: impl Iterator<Item = u64>) -> u64 {
    let mut hasher = DefaultHasher::new();
    stamps.for_each(|stamp| stamp.hash(&mut hasher));
    hasher.finish()
}

fn stamp(path: &Path, is_left_out: fn(&Path) -> bool) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash_facts(path, &mut hasher);
    if let Ok(entries) = fs::read_dir(path) {
        let mut inside: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        inside.sort();
        for path in inside.iter().filter(|path| !is_left_out(path)) {
            path.hash(&mut hasher);
            hash_facts(path, &mut hasher);
        }
    }
    hasher.finish()
}

fn hash_facts(path: &Path, hasher: &mut DefaultHasher) {
    match fs::metadata(path) {
        // A folder's own time also tells of editors' swap files, which are nobody's concern.
        Ok(facts) if facts.is_dir() => "folder".hash(hasher),
        Ok(facts) => {
            let written = (facts.mtime(), facts.mtime_nsec());
            (facts.len(), facts.mode(), facts.ino(), written).hash(hasher);
        }
        Err(_) => "absent".hash(hasher),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn an_edit_a_new_file_a_lost_one_and_a_changed_mode_are_noticed_and_a_swap_file_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (file, folder) = (dir.path().join("config.toml"), dir.path().join("skills"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a"), "1").unwrap();
        let mut watched = Watched::default();
        watched.add(&file);
        watched.add(&folder);
        let mut last = watched.loaded();
        assert_eq!(watched.now(), last);

        fs::write(folder.join(".a.swp"), "").unwrap();
        fs::write(folder.join("a~"), "").unwrap();
        assert_eq!(watched.now(), last, "an editor's leftover was taken for a change");

        let edits: [(&str, &dyn Fn()); 5] = [
            ("appeared", &|| fs::write(&file, "x").unwrap()),
            ("edited", &|| fs::write(folder.join("a"), "12").unwrap()),
            ("added", &|| fs::write(folder.join("b"), "").unwrap()),
            ("mode", &|| fs::set_permissions(folder.join("b"), fs::Permissions::from_mode(0o755)).unwrap()),
            ("removed", &|| fs::remove_file(folder.join("a")).unwrap()),
        ];
        for (what, edit) in edits {
            edit();
            let now = watched.now();
            assert_ne!(now, last, "{what} was not noticed");
            last = now;
        }
    }
}
