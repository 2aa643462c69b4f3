use super::*;

fn lines(text: &str, folder: &str) -> Vec<String> {
    let facts = facts(text, "docker1", folder).unwrap();
    facts.iter().map(|f| format!("{} {} {}", f.target, f.relation.as_str(), f.other)).collect()
}

#[test]
fn services_needs_names_and_volumes_are_read_from_immichs_file() {
    let lines = lines(include_str!("../../../../tests/topology/immich.yaml"), "stack");
    for line in [
        "docker1/immich_server is docker1/immich/immich-server",
        "docker1/immich/immich-server runs-on docker1",
        "docker1/immich/immich-server needs docker1/immich/redis",
        "docker1/immich/immich-server needs docker1/immich/database",
        "docker1/immich/immich-server needs 10.0.0.5",
        "docker1/immich/immich-machine-learning needs docker1/immich/immich-server",
        "docker1/immich/database needs nas",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line:?} is not in {lines:#?}");
    }
    assert!(
        !lines.iter().any(|line| line.contains('$')),
        "what only compose can fill in is no name: {lines:#?}"
    );
}

#[test]
fn a_file_without_a_name_goes_by_its_folder_and_both_forms_of_depends_on_count() {
    let lines = lines(include_str!("../../../../tests/topology/paperless.yaml"), "Paperless.NGX");
    for line in [
        "docker1/paperlessngx-webserver-1 is docker1/paperlessngx/webserver",
        "docker1/paperlessngx/webserver needs docker1/paperlessngx/db",
        "docker1/paperlessngx/webserver needs docker1/paperlessngx/broker",
        "docker1/paperlessngx/webserver needs docker1/paperlessngx/gotenberg",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line:?} is not in {lines:#?}");
    }
}

#[test]
fn what_is_broken_or_means_harm_is_told_and_harms_nobody() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (one, next) in "abcdefghi".chars().zip("bcdefghij".chars()) {
        let ten = vec![format!("*{one}"); 10].join(", ");
        bomb.push_str(&format!("{next}: &{next} [{ten}]\n"));
    }
    let deep = format!("services: {}", "[".repeat(20_000));
    for text in
        ["services: [", "services: 7", "- a\n- b", "\t", &bomb, &deep, "a: *nobody", "services: {a: {<<: 7}}"]
    {
        let told = facts(text, "h", "p").map(|facts| facts.len());
        assert!(told.is_err(), "{:?} gave {told:?}", &text[..text.len().min(40)]);
    }
    for text in ["", "services:\n", "services: { a: , b: 7, c: [x], d: { depends_on: 7, volumes: {} } }"] {
        assert!(facts(text, "h", "p").is_ok_and(|facts| facts.len() < 10), "{text:?}");
    }
}

#[test]
fn a_file_that_is_too_large_and_one_that_is_missing_are_told_and_the_others_are_read() {
    let dir = tempfile::tempdir().unwrap();
    for (folder, text) in [("a", "services: { web: {} }".to_owned()), ("b", " ".repeat(300 * 1024))] {
        std::fs::create_dir(dir.path().join(folder)).unwrap();
        std::fs::write(dir.path().join(folder).join("compose.yaml"), text).unwrap();
    }
    let patterns = vec![dir.path().join("*/compose.yaml"), dir.path().join("gone.yaml")];
    let survey = ComposeTopology::new(&Target::parse("h").unwrap(), patterns).read();
    let told: Vec<String> = survey
        .found
        .iter()
        .map(|(_, said)| said.as_ref().map_or_else(Clone::clone, |facts| format!("{} facts", facts.len())))
        .collect();
    assert_eq!(told[0], "2 facts");
    assert!(told[1].contains("larger than 256 KiB") && told[2].contains("no such file"), "{told:?}");
}
