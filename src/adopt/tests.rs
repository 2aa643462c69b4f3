//! What homelabs run, and what Steward makes of it: the outputs lie beside the inputs in `tests/adopt`, and are to be read
//! whenever they change. `UPDATE_TRANSCRIPTS=1` writes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/adopt")
}

/// The text of every file below a folder, by its path in there.
fn texts(folder: &Path, prefix: &str, into: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            texts(&entry.path(), &format!("{name}/"), into);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            into.insert(name, text);
        }
    }
}

/// Every input, as projects on the host `vm3`.
pub(crate) fn inputs() -> Vec<(String, Vec<Project>)> {
    let mut inputs = Vec::new();
    for entry in fs::read_dir(folder().join("inputs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let read = if path.is_dir() {
            let mut files = BTreeMap::new();
            texts(&path, "", &mut files);
            let file = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"]
                .into_iter()
                .find(|file| files.contains_key(*file))
                .unwrap_or_else(|| panic!("{name} has no compose file"));
            compose::read(file, &files[file], &name, &files).map(|project| vec![project])
        } else {
            inspect::read(&name, &fs::read_to_string(&path).unwrap(), Some("vm3"))
        };
        let mut projects = read.unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        projects.iter_mut().for_each(|project| project.host = Some("vm3".to_owned()));
        let name = if path.is_dir() { format!("{name}-compose") } else { name };
        inputs.push((name, projects));
    }
    inputs.sort_by(|a, b| a.0.cmp(&b.0));
    inputs
}

/// The kinds, and how their outputs are called.
pub(crate) const KINDS: [(Kind, &str); 3] =
    [(Kind::K8s, "k8s.yaml"), (Kind::Nomad, "nomad.hcl"), (Kind::Compose, "compose.yaml")];

pub(crate) fn options(to: Kind) -> Options {
    Options { to, time_zone: Some("Europe/Berlin".to_owned()), ..Options::default() }
}

#[test]
fn what_homelabs_run_comes_out_as_a_person_has_read_it() {
    let inputs = inputs();
    assert!(inputs.len() >= 25, "{}", inputs.len());
    let update = std::env::var_os("UPDATE_TRANSCRIPTS").is_some();
    let mut different = Vec::new();
    for (name, projects) in inputs {
        for (to, ending) in KINDS {
            let options = options(to);
            let mut text = String::new();
            for project in &projects {
                let adoption = adopt(project.clone(), &options)
                    .unwrap_or_else(|faults| panic!("{name} for {to}: {faults:?}"));
                if !text.is_empty() {
                    text.push_str("---\n");
                }
                // What is to be decided is much the same whatever it is written for.
                if to == Kind::K8s {
                    text.push_str(&report::comments(&adoption, &options));
                    text.push('\n');
                }
                text.push_str(&write::file(&adoption.settled, &adoption.written, &options).1);
            }
            let path = folder().join("outputs").join(format!("{name}.{ending}"));
            if update {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &text).unwrap();
            } else if fs::read_to_string(&path).unwrap_or_default() != text {
                different.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    assert!(different.is_empty(), "look at the difference, then write them anew: {different:?}");
}

#[test]
fn to_hide_the_secrets_again_changes_nothing_of_what_was_read() {
    for (name, projects) in inputs() {
        for project in projects {
            let mut again = project.clone();
            secrets::hide(&mut again);
            assert_eq!(again, project, "{name}");
        }
    }
}

#[test]
fn a_secret_that_came_with_what_was_seen_later_is_hidden() {
    let (_, projects) = inputs().into_iter().find(|(name, _)| name == "postgres").unwrap();
    let mut project = projects.into_iter().next().unwrap();
    let address = "postgres://app:not-a-real-password-77@vm3:5432/app";
    project.referrers.push(format!("cron on vm3 uses {address}"));
    project.notes.push(project::Note { service: None, text: format!("seen: {address}") });
    for (to, _) in KINDS {
        let adoption = adopt(project.clone(), &options(to)).unwrap();
        let text = format!("{adoption:?}{}", report::comments(&adoption, &options(to)));
        assert!(text.contains("cron on vm3"), "{text}");
        assert!(!text.contains("not-a-real-password-77"), "{text}");
    }
}
