//! Reading files that people wrote: never more than a cap, never a pipe, only text.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::problem::Problem;

/// The largest configuration file, in bytes.
pub(super) const MAX_FILE: u64 = 1024 * 1024;

/// Reads a text file.
///
/// # Errors
/// It is missing, unreadable, no regular file, larger than [`MAX_FILE`], or not text.
pub(super) fn read_text(path: &Path) -> Result<String, Problem> {
    let fail = |what: String, hint: &str| Problem::of_file(path, what, Some(hint.to_owned()));
    let readable = "make it a file that the user Steward runs as may read";
    // Looked at before it is opened: opening a pipe would wait for a writer.
    let facts = std::fs::metadata(path).map_err(|error| fail(format!("can't be read: {error}"), readable))?;
    if !facts.is_file() {
        return Err(fail("is no regular file".into(), readable));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| fail(format!("can't be read: {error}"), readable))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(fail(
            "is larger than 1 MiB".into(),
            "nothing that people write is; check what was put there",
        ));
    }
    text_of(path, bytes)
}

fn text_of(path: &Path, bytes: Vec<u8>) -> Result<String, Problem> {
    let fail = |bytes: &[u8], at: usize, what: &str| Problem {
        line: Some(1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count()),
        ..Problem::of_file(path, what, Some("save it as UTF-8 text".into()))
    };
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(fail(&bytes, at, "is not text: it holds a NUL byte"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        fail(error.as_bytes(), at, "is not text: it holds bytes that are not UTF-8")
    })
}

/// The files of a folder in the order of their names. Dotfiles, editors' backups and swap files, and read-me
/// files are nobody's skill or runbook, and are left out; so are folders.
///
/// # Errors
/// The folder can't be read.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    list_but(folder, is_leftover)
}

/// The same of a folder of texts, whose files end with `.md`.
///
/// # Errors
/// The folder can't be read.
pub(super) fn list_documents(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    list_but(folder, is_no_document)
}

fn list_but(folder: &Path, is_left_out: fn(&Path) -> bool) -> Result<Vec<PathBuf>, Problem> {
    let fail = |error: std::io::Error| {
        let hint = "create the folder, or take it out of the configuration".to_owned();
        Problem::of_file(folder, format!("the folder can't be read: {error}"), Some(hint))
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if !is_left_out(&path) && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a file in a folder of skills or runbooks is none by its name.
pub(super) fn is_leftover(path: &Path) -> bool {
    is_no_document(path) || path.extension().is_some_and(|ending| ending == "md")
}

/// The same in a folder of texts.
pub(super) fn is_no_document(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let endings = ["~", ".swp", ".swo", ".tmp", ".bak", ".orig", ".rej"];
    name.starts_with(['.', '#'])
        || endings.iter().any(|ending| name.ends_with(ending))
        || name.split('.').next().is_some_and(|stem| stem.eq_ignore_ascii_case("readme"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: &[u8]) -> Result<String, Problem> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, bytes).unwrap();
        read_text(&path)
    }

    #[test]
    fn what_is_no_text_is_refused_with_the_line() {
        let nul = written(b"a = 1\nb = \"\0\"").unwrap_err();
        assert_eq!((nul.line, nul.what.as_str()), (Some(2), "is not text: it holds a NUL byte"));
        assert_eq!(written(b"a\nb\n\xff\xfe").unwrap_err().line, Some(3));
    }

    #[test]
    fn a_file_over_the_cap_is_refused_and_one_at_the_cap_is_read() {
        assert_eq!(written(&vec![b'#'; 1024 * 1024]).unwrap().len(), 1024 * 1024);
        assert_eq!(written(&vec![b'#'; 1024 * 1024 + 1]).unwrap_err().what, "is larger than 1 MiB");
    }

    #[test]
    fn a_folder_in_place_of_a_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read_text(dir.path()).unwrap_err().what, "is no regular file");
        assert!(read_text(&dir.path().join("absent")).unwrap_err().what.starts_with("can't be read: "));
    }

    #[test]
    fn leftovers_of_editors_and_read_me_files_are_not_listed() {
        let dir = tempfile::tempdir().unwrap();
        for name in
            ["b", "a.yaml", "a.yaml~", ".a.yaml.swp", "#a#", "README", "readme.txt", "notes.md", "c.orig"]
        {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        std::fs::create_dir(dir.path().join("folder")).unwrap();
        let names: Vec<_> =
            list(dir.path()).unwrap().into_iter().map(|path| path.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["a.yaml", "b"]);
    }
}
