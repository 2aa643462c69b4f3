//! The shipped runbooks fit what the shipped skills report: names, signatures and labels meet.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::bench::root;

#[derive(Deserialize)]
struct Runbook {
    name: String,
    r#match: Match,
    steps: Vec<BTreeMap<String, serde_yaml::Value>>,
}

#[derive(Deserialize)]
struct Match {
    skill: String,
    signature: String,
    labels: BTreeMap<String, String>,
}

fn runbooks() -> Vec<(String, Runbook)> {
    let folder = std::fs::read_dir(root().join("runbooks")).unwrap();
    let books = folder.map(|entry| {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), serde_yaml::from_str(&text).unwrap())
    });
    books.collect()
}

#[test]
fn every_runbook_fits_a_signature_and_labels_that_its_skill_reports() {
    let books = runbooks();
    assert!(books.len() >= 5);
    for (file, book) in books {
        assert_eq!(file, book.name);
        let skill = std::fs::read_to_string(root().join("skills").join(&book.r#match.skill)).unwrap();
        assert!(skill.contains(&book.r#match.signature), "{file}: {} never reported", book.r#match.signature);
        for label in book.r#match.labels.keys() {
            assert!(
                skill.contains(&format!("\"{label}: ")),
                "{file}: no label {label} in {}",
                book.r#match.skill
            );
        }
    }
}

#[test]
fn every_changing_step_is_verified_and_fills_in_only_labels_that_must_be_there() {
    for (file, book) in runbooks() {
        for step in &book.steps {
            assert!(step.contains_key("run") && step.contains_key("verify"), "{file}: {step:?}");
            let text = format!("{step:?}");
            for rest in text.split("{{ ").skip(1) {
                let name = rest.split(" }}").next().unwrap();
                let label = name.strip_prefix("labels.").unwrap_or_else(|| panic!("{file}: {name}"));
                assert!(
                    book.r#match.labels.contains_key(label),
                    "{file} uses {name}, which its match does not ask for"
                );
            }
        }
    }
}
