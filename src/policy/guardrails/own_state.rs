//! Commands on Steward's own state, configuration, binary and unit files.

use std::path::{Path, PathBuf};

use crate::domain::action::Command;
use crate::policy::segment::{Line, Segment, Word};
use crate::policy::{paths, wildcard};

use super::places::Place;
use super::seen::Seen;

/// Programs that reach what lies below the path they are given.
const REACH_DOWN: [&str; 16] = [
    "rm",
    "rmdir",
    "mv",
    "chmod",
    "chown",
    "chgrp",
    "chattr",
    "setfacl",
    "umount",
    "mount",
    "find",
    "rsync",
    "fuser",
    "fusermount",
    "rename",
    "mmv",
];

/// Programs that only look at what a pattern means. All others are taken to change it.
const LOOKERS: [&str; 30] = [
    "ls",
    "du",
    "df",
    "stat",
    "cat",
    "head",
    "tail",
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "zgrep",
    "zcat",
    "wc",
    "file",
    "find",
    "md5sum",
    "sha256sum",
    "sha1sum",
    "cksum",
    "sort",
    "uniq",
    "cut",
    "diff",
    "cmp",
    "echo",
    "printf",
    "test",
    "[",
    "namei",
];

/// Where the system keeps what starts Steward.
const UNIT_FOLDERS: [&str; 10] = [
    "/sys/fs/cgroup",
    "/etc/systemd",
    "/usr/lib/systemd",
    "/lib/systemd",
    "/usr/local/lib/systemd",
    "/run/systemd",
    "/etc/init.d",
    "/etc/default",
    "/etc/cron.d",
    "/etc/sysconfig",
];

/// Why this action must never run, if so.
pub(super) fn forbids(command: &Command, line: &Line, protected: &[PathBuf]) -> Option<String> {
    let own: Vec<&str> =
        protected.iter().filter_map(|path| path.to_str()).filter(|path| path.starts_with('/')).collect();
    own.iter()
        .find(|path| named(command, path) || line.segments.iter().any(|segment| reached(segment, path)))
        .map(|path| {
            format!("it touches {path}, which is Steward's own; Steward changes itself only through its own commands")
        })
        .or_else(|| line.segments.iter().filter_map(Seen::of).find_map(on_own_unit_file))
        .or_else(|| {
            line.opaque.iter().find_map(|opaque| {
                let (name, words) = opaque.texts.split_first()?;
                let words: Vec<Word> = words.iter().flat_map(|text| pieces(text)).collect();
                on_own_unit_file(Seen { name: paths::base_name(name), words: &words, cwd: None })
            })
        })
}

/// Whether the action's own texts name the path, in a script or an input as well as in an argument.
fn named(command: &Command, path: &str) -> bool {
    let cwd = command.cwd.as_deref();
    let inside = cwd.and_then(Path::to_str).is_some_and(|cwd| paths::within(cwd, path));
    let mut texts = command.argv.iter().chain(&command.stdin).chain(command.env.values());
    inside || texts.any(|text| names(text, path, cwd))
}

/// Whether one of its commands reaches the path.
fn reached(segment: &Segment, path: &str) -> bool {
    let Some(seen) = Seen::of(segment) else { return false };
    let inside = seen.cwd.and_then(Path::to_str).is_some_and(|cwd| paths::within(cwd, path));
    inside || segment.words.iter().any(|word| leads_to(seen, word, path))
}

fn leads_to(seen: Seen<'_>, word: &Word, path: &str) -> bool {
    let text = word.text();
    if names(text, path, seen.cwd.or(Some(Path::new("/nowhere")))) {
        return true;
    }
    let place = Place::of(text, seen.cwd);
    match (word, place) {
        (Word::Known(_), Place::At(at)) => {
            paths::within(&at, path)
                || (reaches_down(seen) && !text.starts_with('-') && paths::within(path, &at))
        }
        (Word::Files(_), Place::At(at)) => !LOOKERS.contains(&seen.name) && pattern_leads_to(seen, &at, path),
        (Word::Known(_) | Word::Files(_), Place::Somewhere(rest)) => {
            !LOOKERS.contains(&seen.name) && !text.starts_with('-') && may_end_in(&rest, path)
        }
        (Word::Unknown(_), _) => false,
    }
}

fn reaches_down(seen: Seen<'_>) -> bool {
    match seen.name {
        "find" => seen.texts().any(|w| w == "-delete" || w.starts_with("-exec") || w.starts_with("-ok")),
        "mount" => !seen.texts().any(|word| word.contains("remount")),
        "fuser" => seen.short('k') || seen.has(&["--kill"]),
        name => REACH_DOWN.contains(&name),
    }
}

/// Whether a pattern may mean the path, something in it or, for what reaches down, something above it.
fn pattern_leads_to(seen: Seen<'_>, pattern: &str, path: &str) -> bool {
    let below = format!("{path}/**");
    let above = || {
        Path::new(path)
            .ancestors()
            .skip(1)
            .filter_map(Path::to_str)
            .any(|dir| wildcard::paths_meet(pattern, dir))
    };
    wildcard::paths_meet(pattern, &below) || (reaches_down(seen) && above())
}

/// Whether a relative path, below a directory that nobody knows, looks like this one: `steward/steward.db` for
/// `/var/lib/steward`.
fn may_end_in(relative: &str, path: &str) -> bool {
    let Some(name) = path.rsplit('/').next().filter(|name| !name.is_empty()) else { return false };
    let parts = relative.split('/').filter(|part| !part.is_empty() && *part != ".");
    parts.into_iter().any(|part| {
        let wild = wildcard::is_wild(part) && wildcard::fixed(part) == 0;
        !wild && wildcard::meet(part, name) || wildcard::meet(part, "steward.db")
    })
}

/// Whether a text names `path` or something below it: as a path of its own, or anywhere within (`--file=…`, a script).
fn names(text: &str, path: &str, cwd: Option<&Path>) -> bool {
    if paths::within(&paths::absolute(text, cwd), path) {
        return true;
    }
    let part_of_a_name = |c: char| c.is_alphanumeric() || "._-".contains(c);
    text.match_indices(path).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + path.len()..].chars().next();
        !before.is_some_and(part_of_a_name) && !after.is_some_and(part_of_a_name)
    })
}

/// The words within a text, roughly.
fn pieces(text: &str) -> impl Iterator<Item = Word> {
    text.split(|c: char| c.is_whitespace() || "'\"`()<>|;&=".contains(c))
        .filter(|piece| !piece.is_empty())
        .map(|piece| Word::Known(piece.to_owned()))
}

/// What starts Steward: looking at it is free, changing it is a person's business.
fn on_own_unit_file(seen: Seen<'_>) -> Option<String> {
    let prints = seen.name == "sed" && !seen.short('i') && !seen.long("--in-place");
    let looks =
        LOOKERS.contains(&seen.name) && !reaches_down(seen) || seen.name == "systemd-analyze" || prints;
    let own = |word: &str| {
        let Place::At(path) = Place::of(word, seen.cwd) else { return false };
        UNIT_FOLDERS.iter().any(|folder| paths::within(&path, folder))
            && path.split('/').any(|part| {
                let wild = wildcard::is_wild(part) && wildcard::fixed(part) > 2;
                part == "steward"
                    || part.starts_with("steward.")
                    || part.starts_with("steward@")
                    || wild && wildcard::meet(part, "steward.service")
            })
    };
    (!looks && seen.plain().any(own))
        .then(|| "it changes how Steward's own service is started; a person has to do that".to_owned())
}
