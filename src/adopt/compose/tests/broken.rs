//! Files that are broken, or mean harm.

use super::*;

fn faults_with(text: &str, files: &[(&str, &str)]) -> Vec<String> {
    let faults = read("compose.yaml", text, "demo", &beside(files)).expect_err("should have faults");
    faults.iter().map(ToString::to_string).collect()
}

fn faults(text: &str) -> Vec<String> {
    faults_with(text, &[])
}

#[test]
fn everything_that_is_wrong_is_told_together_with_line_and_field() {
    let text = "services:\n  web:\n    image: Nginx\n    ports:\n      - 80:80\n      - 80:x\n    volumes: [data:/d]\n    networks: [lan]\n    depends_on: [databse]\n    restart: sometimes\n    mem_limit: much\n  database:\n    command: [a]\n";
    let told = faults(text);
    for (start, part) in [
        ("compose.yaml:3: services.web.image: is no image", "lower case"),
        ("compose.yaml:6: services.web.ports[1]: `80:x` is no port", "8080:80"),
        ("compose.yaml:7: services.web.volumes[0]: names the volume `data`", "add `data:`"),
        ("compose.yaml:8: services.web.networks[0]: names the network `lan`", "add `lan:`"),
        ("compose.yaml:9: services.web.depends_on[0]: names the service `databse`", "is it `database`?"),
        ("compose.yaml:10: services.web.restart: is no restart policy", "unless-stopped"),
        ("compose.yaml:11: services.web.mem_limit: is no size", "512m"),
        ("compose.yaml:12: services.database: has neither `image` nor `build`", "image: name:tag"),
    ] {
        assert!(
            told.iter().any(|fault| fault.starts_with(start) && fault.contains(part)),
            "{start}\n{told:#?}"
        );
    }
    assert_eq!(told.len(), 8, "{told:#?}");
}

#[test]
fn wrong_types_are_faults_with_what_they_are() {
    let told = faults(
        "services:\n  a: {image: [x], environment: {A: {B: 1}}, ports: 80, labels: 5, privileged: maybe}\n  b: text\n",
    );
    for part in [
        "services.a.image: has to be a text; it is a list",
        "services.a.environment.A: has to be a text; it is a map",
        "services.a.ports: has to be a list",
        "services.a.labels: has to be a map",
        "services.a.privileged: has to be true or false",
        "services.b: has to be a map; it is a text",
    ] {
        assert!(told.iter().any(|fault| fault.contains(part)), "{part}\n{told:#?}");
    }
}

#[test]
fn what_is_no_yaml_says_where_and_why() {
    for (text, part) in [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("just words", "its top is no map"),
        ("services:\n\tweb:\n", "indented with a tab"),
        ("services:\n  a: {image: x\n", "is no YAML"),
        ("services:\n  a:\n    image: x: y\n", ":3"),
        ("services: {}\n---\nservices: {}\n", "several documents"),
        ("a: *b\n", "alias"),
        ("services:\n", "has no services"),
        ("version: '3'\n", "has no services"),
        ("services:\n  a:\n    image: x\n  a:\n    image: y\n", "compose.yaml:4: services.a: is there twice"),
        ("services:\n  a:\n    image: x\n    image: y\n", "compose.yaml:4: services.a.image: is there twice"),
        ("services:\n  a:\n    <<: 5\n", "merges maps only"),
    ] {
        let told = faults(text).join("\n");
        assert!(told.contains(part), "{text:?}: {told}");
    }
}

#[test]
fn what_begins_with_a_bracket_and_is_no_compose_file_says_what_it_is() {
    for (text, part) in [
        ("[Unit]\nDescription=x\n\n[Container]\nImage=a:1\n", "is a Quadlet"),
        ("[Unit]\nDescription=x\n\n[Service]\nExecStart=/bin/x\n", "is a unit of systemd"),
        ("[servers]\nip = \"10.0.0.1\"\n", "INI or TOML"),
        ("[[inputs.cpu]]\npercpu = true\n", "INI or TOML"),
        ("{{ ansible_managed | comment }}\nservices:\n", "is a template"),
        ("{% if x %}\nservices:\n{% endif %}\n", "is a template"),
        (r#"{"Job": {"ID": "x", "TaskGroups": []}}"#, "is a job of Nomad"),
    ] {
        assert!(is_told_of(text), "{text}");
        let told = faults(text).join("\n");
        assert!(told.contains(part), "{text:?}: {told}");
    }
    assert!(is_told_of("{services: {web: {image: a}}}"), "YAML may look like JSON");
    for text in ["[{\"Id\": \"1\"", "{\"Config\": x}", "[1, 2", "{"] {
        assert!(!is_told_of(text), "{text} is what the reader of `docker inspect` tells of");
    }
}

#[test]
fn a_variable_that_must_not_be_missing_is_named_with_what_to_do() {
    let told = faults("services:\n  a:\n    image: a:${TAG:?set the tag}\n    ports: ['${PORT?}:80']\n");
    assert_eq!(
        told[0],
        "compose.yaml:3: services.a.image: needs the variable `TAG`, which has no value (set the tag); put `TAG=…` into .env beside the file"
    );
    assert!(told.iter().any(|fault| fault.contains("`PORT`")), "{told:#?}");
    let told = faults("services:\n  a: {image: 'a:1', command: echo $(date)}\n");
    assert!(told[0].contains("write `$$` for a dollar"), "{told:#?}");
}

#[test]
fn circles_and_missing_files_are_told() {
    let told =
        faults("services:\n  a: {image: 'a:1', depends_on: [b]}\n  b: {image: 'b:1', depends_on: [a]}\n");
    assert!(told[0].contains("a → b → a"), "{told:#?}");
    let told = faults("services:\n  a: {extends: b}\n  b: {extends: a}\n");
    assert!(told[0].contains("in turn"), "{told:#?}");
    let told = faults("include: [x.yaml]\nservices:\n  a: {extends: {file: y.yaml, service: b}}\n");
    assert!(told.iter().any(|fault| fault.contains("`x.yaml`, which isn't there")), "{told:#?}");
    assert!(told.iter().any(|fault| fault.contains("`y.yaml`, which isn't there")), "{told:#?}");
    let told = faults_with(
        "include: [x.yaml]\n",
        &[("x.yaml", "include: [x.yaml]\nservices: {a: {image: 'a:1'}}\n")],
    );
    assert!(told[0].contains("in turn"), "{told:#?}");
    let told = faults_with("services: {a: {image: 'a:1'}}\n", &[(".env", "A=1\nno entry here\n")]);
    assert_eq!(told, [".env:2: is no `NAME=value`; write `NAME=value`, or `#` in front"]);
}

#[test]
fn bombs_of_every_kind_end_in_a_fault() {
    let mut laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in
        ["b", "c", "d", "e", "f", "g", "h", "i"].iter().zip(["a", "b", "c", "d", "e", "f", "g", "h"])
    {
        laughs.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 10].join(", ")));
    }
    assert!(faults(&laughs)[0].contains("aliases"), "{:?}", faults(&laughs));
    let wide = format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(20_000), "*a, ".repeat(20_000));
    assert!(faults(&wide)[0].contains("aliases"));
    assert!(faults(&format!("a: {}", "[".repeat(100_000)))[0].contains("deeply"));
    assert!(faults("a: &a [*a]\n")[0].contains("deeply"));
    let env = format!("A={}\n", "x".repeat(500_000));
    let many: String = (0..2000).map(|n| format!("      L{n}: ${{A}}\n")).collect();
    let grown = format!("services:\n  a:\n    image: a:1\n    labels:\n{many}");
    assert!(faults_with(&grown, &[(".env", &env)])[0].contains("32 MiB"));
    let wrong: String = (0..20_000).map(|_| "      - x:y:z\n").collect();
    assert!(faults(&format!("services:\n  a:\n    image: a:1\n    ports:\n{wrong}")).len() <= 100);
    let entries: String = (0..2000).map(|n| format!("      A{n}: 1\n")).collect();
    let services: String = (0..400).map(|n| format!("  s{n}: {{extends: s}}\n")).collect();
    assert!(
        faults(&format!("services:\n  s:\n    image: a:1\n    environment:\n{entries}{services}"))[0]
            .contains("far more")
    );
}
