//! What holds for every shipped skill, whatever it checks.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use steward::domain::skill::Manifest;
use steward::domain::target::Target;

use crate::bench::{HOST, find, manifest, root};

/// Path, text and manifest of each.
fn skills() -> Vec<(PathBuf, String, Manifest)> {
    let folder = std::fs::read_dir(root().join("skills")).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10, "only {paths:?}");
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        (path.clone(), std::fs::read_to_string(&path).unwrap(), manifest(name))
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn every_skill_is_executable_and_says_what_it_checks_on_this_machine() {
    let host = Target::parse(HOST).unwrap();
    for (path, _, manifest) in skills() {
        assert_ne!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o111,
            0,
            "{path:?} can't be executed"
        );
        let below_host = manifest.targets.iter().all(|t| t.is_within(&host) && *t != host);
        assert!(below_host, "{path:?}: {:?}", manifest.targets);
        assert!(manifest.description.is_some_and(|text| !text.is_empty()), "{path:?}: no description");
    }
}

#[test]
fn a_skill_run_by_hand_uses_the_defaults_its_manifest_declares() {
    for (path, text, manifest) in skills() {
        for (name, default) in &manifest.params {
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
    let output = Command::new(shellcheck).args(skills().iter().map(|(path, ..)| path)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_page_about_skills_names_every_skill_and_parameter() {
    let page = std::fs::read_to_string(root().join("docs/skills.md")).unwrap();
    for (_, _, Manifest { name, params, .. }) in skills() {
        assert!(page.contains(&format!("`{name}`")), "docs/skills.md does not name {name}");
        for (param, default) in params {
            let default = if default.is_empty() { "empty" } else { &default };
            let entry = format!("`{param}` ({default})");
            assert!(page.contains(&entry), "docs/skills.md does not have {entry} of {name}");
        }
    }
}
