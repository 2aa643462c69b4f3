use std::collections::BTreeMap;

use super::*;

fn beside(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn project(text: &str, files: &[(&str, &str)]) -> Project {
    read("compose.yaml", text, "demo", &beside(files)).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

#[test]
fn a_small_file_becomes_a_project() {
    let project = project("services:\n  web:\n    image: nginx:1.27\n    ports: [\"8080:80\"]\n", &[]);
    assert_eq!(project.name, "demo");
    assert_eq!(project.services[0].image.tag.as_deref(), Some("1.27"));
}
