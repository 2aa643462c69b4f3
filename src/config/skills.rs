//! Finds skills: the operator's own and those that came with the binary.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::problem::Problem;
use super::settings::Config;
use super::{files, shipped};
use crate::domain::skill::{Manifest, parse_manifest};
use crate::domain::target::Target;

/// A skill, ready to run.
#[derive(Debug, Clone)]
pub struct Skill {
    /// What it says about itself, with the configuration's schedule where that has one.
    pub manifest: Manifest,
    /// The executable. One that came with the binary is there after [`super::unpack`].
    pub path: PathBuf,
    /// The executable's text.
    pub content: String,
    /// SHA-256 of the content, lower-case hex.
    pub sha256: String,
    /// Whether it came with the binary.
    pub shipped: bool,
    /// Whether it runs by itself. `[skills] disabled` turns it off.
    pub enabled: bool,
}

impl Skill {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.manifest.name
    }
}

/// The folder in the state directory that the shipped skills are unpacked to.
#[must_use]
pub fn shipped_folder(state_dir: &Path) -> PathBuf {
    state_dir.join("shipped").join("skills")
}

/// Reads all skills, by name. An own one replaces the shipped one of its name. Files that are no skills are told in
/// `warnings`. Only with nothing added to `problems` is the result to be used.
pub(super) fn load(
    config: &Config,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> BTreeMap<String, Skill> {
    let mut skills = BTreeMap::new();
    if config.paths.shipped_skills {
        let folder = shipped_folder(&config.state_dir);
        for (file, content) in shipped::skills() {
            let skill = parse(&folder.join(file), (*content).to_owned(), true, &config.host, problems);
            skills.extend(skill.map(|skill| (skill.manifest.name.clone(), skill)));
        }
    }
    for folder in &config.paths.skills {
        match files::list(folder) {
            Ok(paths) => paths.iter().for_each(|path| {
                let skill = own(path, &config.host, problems, warnings);
                skill.into_iter().for_each(|skill| add(skill, &mut skills, problems));
            }),
            Err(problem) => problems.push(problem),
        }
    }
    skills
}

/// A copy of a shipped skill in the operator's folder is that skill: it stays the shipped one.
fn add(skill: Skill, skills: &mut BTreeMap<String, Skill>, problems: &mut Vec<Problem>) {
    match skills.get(skill.name()) {
        Some(other) if !other.shipped => {
            let what = format!("the skill `{}` is also in {}", skill.name(), other.path.display());
            problems.push(Problem::of_file(&skill.path, what, Some("rename one of them".into())));
        }
        Some(other) if other.sha256 == skill.sha256 => {}
        _ => _ = skills.insert(skill.name().to_owned(), skill),
    }
}

fn own(
    path: &Path,
    host: &Target,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<Skill> {
    let content = files::read_text(path).map_err(|problem| problems.push(problem)).ok()?;
    let is_executable = path.metadata().is_ok_and(|facts| facts.permissions().mode() & 0o111 != 0);
    match (content.starts_with("#!"), is_executable) {
        (true, true) => parse(path, content, false, host, problems),
        (true, false) => {
            let hint = format!("make it so: chmod +x {}", path.display());
            problems.push(Problem::of_file(path, "is a script, but not executable", Some(hint)));
            None
        }
        (false, true) => {
            let hint = "begin it with `#!` and its interpreter, as in `#!/usr/bin/env bash`".to_owned();
            problems.push(Problem {
                line: Some(1),
                ..Problem::of_file(path, "does not say what runs it", Some(hint))
            });
            None
        }
        (false, false) => {
            let hint = "a skill begins with `#!` and is executable".to_owned();
            warnings.push(Problem::of_file(path, "is left out: it is no skill", Some(hint)));
            None
        }
    }
}

fn parse(
    path: &Path,
    content: String,
    shipped: bool,
    host: &Target,
    problems: &mut Vec<Problem>,
) -> Option<Skill> {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let manifest = match parse_manifest(&name, &content, host) {
        Ok(manifest) => manifest,
        Err(faults) => {
            problems.extend(faults.into_iter().map(|fault| Problem {
                file: path.to_owned(),
                line: Some(fault.line),
                field: fault.field,
                what: fault.message,
                hint: fault.hint,
            }));
            return None;
        }
    };
    let sha256 = Sha256::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    Some(Skill { manifest, path: path.to_owned(), content, sha256, shipped, enabled: true })
}
