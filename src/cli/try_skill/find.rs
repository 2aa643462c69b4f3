//! Finds the skill that somebody means, and puts its file where it can be run.

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::cli::{Failure, Stop, unknown};
use crate::config::{Problem, Setup, Skill};
use crate::domain::skill::{ManifestProblem, parse_manifest};

/// The largest skill that is read from a path, in bytes: as large as those in the folders may be.
const MAX_FILE: u64 = 1024 * 1024;

/// The skill of this name, or in the file at this path.
pub(super) fn find(setup: &Setup, name: &str) -> Result<Skill, Stop> {
    if name.contains('/') {
        return from_path(setup, Path::new(name));
    }
    let skills = &setup.loaded.skills;
    if let Some(skill) = skills.get(name) {
        return Ok(skill.clone());
    }
    let failure = unknown("skill", name, skills.keys().map(String::as_str), "steward skill list");
    if Path::new(name).is_file() {
        return Err(Failure::new(failure.what, format!("for the file of that name, write ./{name}")).into());
    }
    Err(failure.into())
}

/// A skill that somebody is writing, wherever it is.
fn from_path(setup: &Setup, path: &Path) -> Result<Skill, Stop> {
    let absolute = path.canonicalize().map_err(|error| {
        Failure::new(format!("{} can't be read: {error}", path.display()), "name a file that is there")
    })?;
    let known =
        setup.loaded.skills.values().find(|skill| skill.path.canonicalize().is_ok_and(|own| own == absolute));
    if let Some(skill) = known {
        return Ok(skill.clone());
    }
    let content = read(path, &absolute)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let manifest = parse_manifest(&stem, &content, &setup.loaded.config.host).map_err(|faults| {
        let problem = |fault: ManifestProblem| Problem {
            file: path.to_owned(),
            line: Some(fault.line),
            field: fault.field,
            what: fault.message,
            hint: fault.hint,
        };
        let list: String = faults.into_iter().map(|fault| format!("\n{}", problem(fault))).collect();
        Failure::new(format!("the head of {} is not right{list}", path.display()), "mend it and try again")
    })?;
    let sha256 = Sha256::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Skill { manifest, path: absolute, content, sha256, shipped: false, enabled: true })
}

fn read(shown: &Path, path: &Path) -> Result<String, Failure> {
    let shown = shown.display();
    let facts = fs::metadata(path).map_err(|error| {
        Failure::new(format!("{shown} can't be read: {error}"), "look at its permissions")
    })?;
    if !facts.is_file() {
        return Err(Failure::new(format!("{shown} is no regular file"), "name the skill's own file"));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map(|file| file.take(MAX_FILE));
    file.and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|error| {
        Failure::new(format!("{shown} can't be read: {error}"), "look at its permissions")
    })?;
    if facts.len() > MAX_FILE {
        return Err(Failure::new(
            format!("{shown} is larger than 1 MiB"),
            "write a script that calls the program",
        ));
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(
            format!("{shown} is not text"),
            "write a script that calls the program, with the manifest at its head",
        )
    })?;
    if !text.starts_with("#!") {
        return Err(Failure::new(
            format!("{shown} does not say what runs it"),
            "begin it with `#!` and its interpreter, as in `#!/usr/bin/env bash`",
        ));
    }
    if facts.permissions().mode() & 0o111 == 0 {
        return Err(Failure::new(
            format!("{shown} is not executable"),
            format!("make it so: chmod +x {shown}"),
        ));
    }
    Ok(text)
}

/// Where a skill's file is, with exactly the content that was read.
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// Goes when the run is over.
    _folder: Option<TempDir>,
}

impl Place {
    /// A shipped skill may not be unpacked yet, or be another version's, which a Steward that runs now needs as it is.
    pub(super) fn of(skill: &Skill) -> Result<Self, Failure> {
        let canonical = skill.path.canonicalize();
        let is_there = |path: &PathBuf| fs::read(path).is_ok_and(|bytes| bytes == skill.content.as_bytes());
        match canonical {
            Ok(path) if !skill.shipped || is_there(&path) => Ok(Self { path, _folder: None }),
            Err(error) if !skill.shipped => {
                let what = format!("{} can't be read: {error}", skill.path.display());
                Err(Failure::new(what, "look whether it is still there"))
            }
            _ => Self::unpacked(skill).map_err(|error| {
                let what = format!("{} could not be unpacked: {error}", skill.name());
                Failure::new(
                    what,
                    "make some room in the folder for temporary files, or name another one with $TMPDIR",
                )
            }),
        }
    }

    fn unpacked(skill: &Skill) -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().canonicalize()?.join(skill.name());
        fs::write(&path, &skill.content)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        Ok(Self { path, _folder: Some(folder) })
    }
}
