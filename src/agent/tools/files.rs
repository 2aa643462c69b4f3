//! Files of the configured repositories, and the lessons of `MEMORY.md`.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use async_trait::async_trait;
use rustix::fs::{CWD, Dir, Mode, OFlags, openat};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Bench, MAX_RESULT, Tool, instead};
use crate::agent::toolbox::Outcome;
use crate::config::GitSource;
use crate::domain::action::Action;
use crate::domain::agent::memory;
use crate::policy::{Decision, Facts};

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 2 * 1024 * 1024;
/// Entries of a directory that are listed.
const MAX_ENTRIES: usize = 200;
/// Lessons told at most.
const LESSONS: usize = 5;

/// Searches MEMORY.md.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchMemory {
    query: String,
}

#[async_trait]
impl Tool for SearchMemory {
    const NAME: &'static str = "search_memory";

    fn what(&self) -> String {
        format!("memory of {:?}", self.query)
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let file = bench.deps.memory.as_ref().map(|folder| folder.join("MEMORY.md"));
        let text = match file {
            Some(file) => match tokio::fs::read_to_string(&file).await {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
                Err(error) => return Outcome::Failed(format!("MEMORY.md can't be read: {error}")),
            },
            None => String::new(),
        };
        let found = memory::search(&text, &self.query, LESSONS);
        match found.is_empty() {
            true => Outcome::Text("no lesson has to do with that".to_owned()),
            // People edit it, and lessons quote what was broken: it informs, and orders nothing.
            false => bench.data("lessons of MEMORY.md", &found.join("\n\n")),
        }
    }
}

/// Reads a file or folder of a repository.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadFile {
    repository: String,
    path: String,
    from_line: Option<usize>,
}

#[async_trait]
impl Tool for ReadFile {
    const NAME: &'static str = "read_file";

    fn what(&self) -> String {
        format!("file {} of {}", self.path, self.repository)
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let root = match bench.repository(&self.repository) {
            Ok(source) => source.path.clone(),
            Err(why) => return Outcome::Misused(why),
        };
        let inside = match within(&root, &self.path) {
            Ok(inside) => inside,
            Err(why) => return Outcome::Blocked(why),
        };
        if let Err(why) = bench.may_read(&root, &inside) {
            return Outcome::Blocked(why);
        }
        let label = format!("{} of {}", self.path, self.repository);
        let read = tokio::task::spawn_blocking(move || read(&root, &inside)).await;
        match read {
            Ok(Ok(Found::Text(text))) => bench.lines(&label, &text, self.from_line.unwrap_or(1)),
            Ok(Ok(Found::Folder(names))) => bench.data(&label, &names.join("\n")),
            Ok(Err(why)) => Outcome::Failed(format!("{} can't be read: {why}", self.path)),
            Err(error) => Outcome::Failed(format!("{} can't be read: {error}", self.path)),
        }
    }
}

impl Bench {
    /// A configured repository by its name.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn repository(&self, name: &str) -> Result<&GitSource, String> {
        let name = name.trim();
        let name = name.strip_prefix("git:").unwrap_or(name);
        let known = self.deps.repositories.iter().find(|source| source.name == name);
        known.ok_or_else(|| {
            let names = self.deps.repositories.iter().map(|source| source.name.as_str());
            format!("there is no repository {name:?}{}", instead(name, names))
        })
    }

    /// Whether a file of a repository may be shown: by the same rules as `cat`.
    ///
    /// Where the repository lies the operator has said, so that is not held against it (a home directory, say), but for
    /// what is forbidden or has a rule of its own there. What the file is called within it counts in full.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn may_read(&self, root: &Path, inside: &Path) -> Result<(), String> {
        let cat = |path: PathBuf| Action::local(vec!["cat".to_owned(), path.display().to_string()]);
        let there = cat(root.join(inside));
        let evaluation = self.policy().evaluate(&there, &Facts::plain());
        if evaluation.decision == Decision::Forbid || evaluation.rule.is_some() {
            return self.judge(&there);
        }
        let name = root.file_name().map_or(Path::new("repository"), Path::new);
        self.judge(&cat(Path::new("/srv").join(name).join(inside)))
    }

    /// As much of a text from a line on as one result holds, and how to go on.
    fn lines(&self, label: &str, text: &str, from: usize) -> Outcome {
        // The whole is freed of secrets before it is cut: a key may begin before the first line that is wanted.
        let text = self.deps.store.redaction().now().redact(text).into_owned();
        let all: Vec<&str> = text.lines().collect();
        let from = from.max(1);
        if from > all.len() && !all.is_empty() {
            return Outcome::Failed(format!("it has {} lines", all.len()));
        }
        let (mut room, mut end) = (MAX_RESULT - MAX_RESULT / 10, from - 1);
        while let Some(line) = all.get(end).filter(|line| line.len() < room || end == from - 1) {
            room = room.saturating_sub(line.len() + 1);
            end += 1;
        }
        let label = match (from, end == all.len()) {
            (1, true) => label.to_owned(),
            (_, true) => format!("{label}, lines {from} to the end"),
            (_, false) => {
                format!("{label}, lines {from} to {end} of {}; go on with from_line {}", all.len(), end + 1)
            }
        };
        self.data(&label, &all[(from - 1).min(end)..end].join("\n"))
    }
}

/// A path inside a repository, without a way out of it.
///
/// # Errors
/// It leads out, or into what git keeps for itself.
pub(super) fn within(root: &Path, path: &str) -> Result<PathBuf, String> {
    let path = Path::new(path.trim());
    let path = match path.is_absolute() {
        false => path,
        true => path.strip_prefix(root).map_err(|_| {
            format!("{} is not in the repository: name a path relative to its top", path.display())
        })?,
    };
    let mut inside = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) if is_of_git(name) => {
                return Err("what git keeps for itself (.git) is not read".to_owned());
            }
            Component::Normal(name) => inside.push(name),
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(format!("{} leads out of the repository", path.display()));
            }
        }
    }
    Ok(inside)
}

/// By any name that some file system has for it.
fn is_of_git(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    let name: String = name.chars().filter(|c| c.is_ascii_graphic()).collect();
    let name = name.trim_end_matches('.');
    name == ".git" || name.starts_with("git~")
}

/// What is at a path.
enum Found {
    Text(String),
    /// Names, folders with a `/`.
    Folder(Vec<String>),
}

/// Reads what is at a path below `root`. No link is followed on the way: what is one may lead anywhere, also by the time
/// that it is opened.
fn read(root: &Path, inside: &Path) -> Result<Found, String> {
    let told = |error: rustix::io::Errno| match error {
        rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR => {
            "a part of its path is a link, which is not followed, or no folder".to_owned()
        }
        error => std::io::Error::from(error).to_string(),
    };
    let folder = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at: OwnedFd = openat(CWD, root, folder, Mode::empty()).map_err(told)?;
    let parts: Vec<_> = inside.iter().collect();
    for (index, part) in parts.iter().enumerate() {
        // A pipe or a device must not make it wait.
        let last = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let flags = if index + 1 == parts.len() { last } else { folder };
        at = openat(&at, *part, flags | OFlags::NOFOLLOW, Mode::empty()).map_err(told)?;
    }
    let file = File::from(at);
    let data = file.metadata().map_err(|error| error.to_string())?;
    if data.is_dir() {
        return entries(&file);
    }
    if !data.is_file() {
        return Err("it is no file".to_owned());
    }
    if data.len() > MAX_FILE {
        return Err(format!("it is too long: {} KiB", data.len() / 1024));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.contains(&0) {
        return Err("it is no text".to_owned());
    }
    Ok(Found::Text(String::from_utf8_lossy(&bytes).into_owned()))
}

fn entries(folder: &File) -> Result<Found, String> {
    let told = |error: rustix::io::Errno| std::io::Error::from(error).to_string();
    let mut names = Vec::new();
    for entry in Dir::read_from(folder).map_err(told)? {
        let entry = entry.map_err(told)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if [".", "..", ".git"].contains(&name.as_str()) {
            continue;
        }
        let slash = if entry.file_type().is_dir() { "/" } else { "" };
        names.push(format!("{name}{slash}"));
    }
    names.sort();
    let more = names.len().saturating_sub(MAX_ENTRIES);
    names.truncate(MAX_ENTRIES);
    names.extend((more > 0).then(|| format!("… and {more} more")));
    Ok(Found::Folder(names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_neither_out_of_the_repository_nor_into_git_itself() {
        let root = Path::new("/srv/lab");
        let inside = |path: &str| within(root, path).map(|path| path.display().to_string());
        assert_eq!(inside("apps/web.yaml"), Ok("apps/web.yaml".to_owned()));
        assert_eq!(inside("./apps//web.yaml"), Ok("apps/web.yaml".to_owned()));
        assert_eq!(inside("/srv/lab/apps"), Ok("apps".to_owned()));
        assert_eq!(inside("."), Ok(String::new()));
        for bad in [
            "../x",
            "apps/../../x",
            "/etc/shadow",
            "/srv/lab2/x",
            "/srv/lab/../x",
            ".git/config",
            "sub/.GIT/config",
            "git~1/config",
            ".git./config",
            ".g\u{200c}it/config",
        ] {
            assert!(inside(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_link_is_followed_and_only_text_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path();
        std::fs::create_dir_all(path.join("lab/apps")).unwrap();
        std::fs::write(path.join("secret"), "outside").unwrap();
        std::fs::write(path.join("lab/apps/web.yaml"), "port: 80\n").unwrap();
        std::fs::write(path.join("lab/image"), b"\x89PNG\0").unwrap();
        std::os::unix::fs::symlink("../secret", path.join("lab/link")).unwrap();
        std::os::unix::fs::symlink("..", path.join("lab/up")).unwrap();
        let root = path.join("lab");
        let text = |inside: &str| match read(&root, Path::new(inside)) {
            Ok(Found::Text(text)) => text,
            Ok(Found::Folder(names)) => names.join(" "),
            Err(why) => format!("error: {why}"),
        };
        assert_eq!(text("apps/web.yaml"), "port: 80\n");
        assert_eq!(text(""), "apps/ image link up");
        for link in ["link", "up/secret", "up"] {
            assert!(text(link).starts_with("error: a part of its path is a link"), "{link}: {}", text(link));
        }
        assert_eq!(text("image"), "error: it is no text");
        assert!(text("nothing").starts_with("error: No such file"));
    }
}
