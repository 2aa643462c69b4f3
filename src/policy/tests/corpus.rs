//! The corpus of `tests/corpus`: every line of it gets the word that it has to get.

use std::collections::BTreeMap;
use std::fs;

use super::*;

struct Entry {
    place: String,
    wanted: String,
    command: String,
}

fn corpus() -> Vec<Entry> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "tsv"));
    files.sort();
    files.iter().flat_map(|path| entries(path)).collect()
}

fn entries(path: &std::path::Path) -> Vec<Entry> {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let lines =
        text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|(at, line)| {
            let place = format!("{name}:{}", at + 1);
            let columns: Vec<&str> = line.splitn(3, '\t').collect();
            let [wanted, why, command] = columns[..] else {
                panic!("{place}: three columns, with tabs between")
            };
            assert!(!why.trim().is_empty(), "{place}: a word why");
            Entry { place, wanted: wanted.to_owned(), command: command.replace('␤', "\n") }
        })
        .collect()
}

fn is_right(wanted: &str, decision: Decision) -> bool {
    match wanted {
        "allow" => decision == Decision::Allow,
        "approve" => decision == Decision::Approve,
        "never" => decision != Decision::Allow,
        "forbid" => decision == Decision::Forbid,
        other => panic!("{other:?} is not one of allow, approve, never, forbid"),
    }
}

#[test]
fn every_line_of_the_corpus_gets_the_word_that_it_has_to_get() {
    let policy = shipped().protecting(["/var/lib/steward".into(), "/etc/steward".into()]);
    let facts = Facts { observed: false, ..FREE };
    let mut wrong = Vec::new();
    let mut seen = BTreeMap::new();
    for Entry { place, wanted, command } in corpus() {
        if let Some(first) = seen.insert(command.clone(), place.clone()) {
            wrong.push(format!("{place}: the same line as {first}"));
        }
        let evaluation = policy.evaluate(&Action::script(&command), &facts);
        if !is_right(&wanted, evaluation.decision) {
            let reason = evaluation.reasons[0].lines().next().unwrap_or_default().to_owned();
            wrong.push(format!(
                "{place}: {wanted}, and it is {}: {command}\n    {reason}",
                evaluation.decision
            ));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
