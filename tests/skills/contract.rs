//! What holds for every shipped skill, whatever it checks.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use crate::bench::{find, root};

/// A manifest, with nothing in it that the contract does not know.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    description: String,
    schedule: String,
    timeout: String,
    targets: Vec<String>,
    #[serde(default)]
    params: toml::Table,
}

fn skills() -> Vec<(PathBuf, String)> {
    let folder = std::fs::read_dir(root().join("skills")).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10, "only {paths:?}");
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

fn manifest(text: &str) -> Manifest {
    let lines: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("#: ")).collect();
    toml::from_str(&lines.join("\n")).unwrap()
}

#[test]
fn every_skill_is_executable_and_has_a_complete_manifest() {
    for (path, text) in skills() {
        let manifest = manifest(&text);
        assert_ne!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o111,
            0,
            "{path:?} can't be executed"
        );
        assert!(path.extension().is_none(), "{path:?}: the file's name is the skill's name");
        assert_eq!(manifest.schedule.split_whitespace().count(), 5, "{path:?}: not a five-field schedule");
        assert!(humantime::parse_duration(&manifest.timeout).is_ok(), "{path:?}: {}", manifest.timeout);
        assert!(manifest.targets[0].starts_with("{{ host }}/"), "{path:?}: {:?}", manifest.targets);
        assert!(!manifest.description.is_empty());
    }
}

#[test]
fn a_skill_run_by_hand_uses_the_defaults_its_manifest_declares() {
    for (path, text) in skills() {
        let manifest = manifest(&text);
        for (name, default) in &manifest.params {
            let default = default.as_str().unwrap();
            assert!(
                text.contains(&format!("${{{name}:-{default}}}")),
                "{path:?}: {name} does not fall back to {default:?}"
            );
        }
        for (_, rest) in text.match_indices("${").map(|(at, _)| text.split_at(at + 2)) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
            let known = ["", "STEWARD_HOST", "HOSTNAME", "BASH_REMATCH"].contains(&name.as_str());
            assert!(
                known || manifest.params.contains_key(&name),
                "{path:?} reads {name}, which it does not declare"
            );
        }
    }
}

#[test]
fn every_skill_passes_shellcheck() {
    let Some(shellcheck) = find("shellcheck") else {
        println!("skipped: shellcheck is not installed here (CI installs it)");
        return;
    };
    let output = Command::new(shellcheck).args(skills().iter().map(|(path, _)| path)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_page_about_skills_names_every_skill_and_parameter() {
    let page = std::fs::read_to_string(root().join("docs/skills.md")).unwrap();
    for (path, text) in skills() {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(page.contains(&format!("`{name}`")), "docs/skills.md does not name {name}");
        for (param, default) in manifest(&text).params {
            let default = default.as_str().filter(|text| !text.is_empty()).unwrap_or("empty");
            let entry = format!("`{param}` ({default})");
            assert!(page.contains(&entry), "docs/skills.md does not have {entry} of {name}");
        }
    }
}
