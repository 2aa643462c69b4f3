use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shelf {
    name: String,
    #[serde(default)]
    books: Vec<Book>,
    colour: Option<Colour>,
    #[serde(default)]
    notes: BTreeMap<String, u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    title: String,
    pages: u32,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

fn toml(text: &str) -> (Option<Shelf>, Vec<String>) {
    let mut document = Document::toml(Path::new("x.toml"), text).unwrap();
    let mut problems = Vec::new();
    let shelf = read(&mut document, &mut problems);
    (shelf, problems.iter().map(ToString::to_string).collect())
}

#[test]
fn every_problem_of_a_file_is_told_with_its_line() {
    let (_, problems) = toml(
        "name = \"a\"\ncolor = 1\ncolour = \"rde\"\n\n[notes]\na = -1\nb = \"x\"\n\n[[books]]\ntitle = 3\npages = 4\n\n[[books]]\npags = 1\n",
    );
    let expected = [
        "x.toml:2: color: no such key here; did you mean `colour`?",
        "x.toml:3: colour: \"rde\" is no choice here; did you mean `red`?",
        "x.toml:6: [notes] a: expected a whole number, not negative, found the number -1",
        "x.toml:7: [notes] b: expected a whole number, not negative, found the text \"x\"",
        "x.toml:10: [[books]] title: expected a text, found the number 3; put it in quotes",
        "x.toml:14: [[books]] pags: no such key here; did you mean `pages`?",
        "x.toml:13: books: `title` is missing",
    ];
    for problem in expected {
        assert!(problems.iter().any(|found| found == problem), "{problem:?} is not in {problems:#?}");
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

#[test]
fn what_is_right_is_read_in_both_syntaxes() {
    let (shelf, problems) = toml("name = \"a\"\ncolour = \"green\"\n[[books]]\ntitle = \"b\"\npages = 3\n");
    let mut yaml =
        Document::yaml(Path::new("x.yaml"), "name: a\ncolour: green\nbooks: [{title: b, pages: 3}]").unwrap();
    let from_yaml: Shelf = read(&mut yaml, &mut Vec::new()).unwrap();
    let shelf = shelf.unwrap();
    assert!(problems.is_empty());
    assert_eq!(format!("{shelf:?}"), format!("{from_yaml:?}"));
    assert_eq!(shelf.colour, Some(Colour::Green));
    assert!(shelf.notes.is_empty());
    assert_eq!((shelf.books[0].title.as_str(), shelf.books[0].pages, shelf.name.as_str()), ("b", 3, "a"));
}

#[test]
fn a_file_of_nothing_but_faults_ends() {
    let text: String = (0..5000).map(|n| format!("k{n} = 1\n")).collect();
    let (shelf, problems) = toml(&text);
    assert!(shelf.is_none());
    assert_eq!(problems.len(), 51);
    assert_eq!(problems[50], "x.toml: has more than 50 problems; mend these first");
}

#[test]
fn a_list_is_not_taken_for_a_table() {
    let mut yaml = Document::yaml(Path::new("x.yaml"), "name: a\nbooks:\n- [b, 3]\n- x\n").unwrap();
    let mut problems = Vec::new();
    assert!(read::<Shelf>(&mut yaml, &mut problems).is_some());
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "x.yaml:3: books[0]: expected a table, found a list",
            "x.yaml:4: books[1]: expected a table, found the text \"x\""
        ]
    );
}
