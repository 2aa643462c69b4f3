//! Secrets keep the names that the `.env` has for them, and what a variable broke is told by the variable.

use super::*;

fn faults(text: &str, files: &[(&str, &str)]) -> Vec<String> {
    let faults = read("compose.yaml", text, "demo", &beside(files)).expect_err("faults");
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_secret_of_the_env_is_one_secret_for_all_that_take_it() {
    let file = "services:\n  db:\n    image: a:1\n    environment: {POSTGRES_PASSWORD: '${DB_PASSWORD}'}\n  app:\n    image: b:1\n    environment: {PW_PASSWORD: '${DB_PASSWORD:?no}', OTHER_TOKEN: not-a-real-token-1}\n    command: [run, '${DB_PASSWORD}', '${API_TOKEN}']\n  two:\n    image: b:1\n    environment: {OTHER_TOKEN: not-a-real-token-1}\n    env_file: .env\n";
    let project =
        project(file, &[(".env", "DB_PASSWORD=not-a-real-password-1\nAPI_TOKEN=not-a-real-token-2\n")]);
    let names = |name: &str| -> Vec<(String, String)> {
        project.service(name).expect("a service").secret_names.clone().into_iter().collect()
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(names("db"), [pair("POSTGRES_PASSWORD", "DB_PASSWORD")]);
    let app = [("API_TOKEN", "API_TOKEN"), ("OTHER_TOKEN", "OTHER_TOKEN"), ("PW_PASSWORD", "DB_PASSWORD")];
    assert_eq!(names("app"), app.map(|(a, b)| pair(a, b)));
    let two = ["API_TOKEN", "DB_PASSWORD", "OTHER_TOKEN"];
    assert_eq!(names("two"), two.map(|name| pair(name, name)));
    let command = project.service("app").and_then(|service| service.command.clone());
    assert_eq!(command.unwrap_or_default(), ["run", "$(PW_PASSWORD)", "$(API_TOKEN)"]);
}

#[test]
fn secrets_of_one_name_and_two_values_are_two() {
    let file = "services:\n  a:\n    image: a:1\n    environment: {X_PASSWORD: not-a-real-password-1}\n  b:\n    image: b:1\n    environment: {X_PASSWORD: not-a-real-password-2}\n";
    let project = project(file, &[]);
    assert!(project.services.iter().all(|service| service.secret_names.is_empty()));
}

#[test]
fn what_a_missing_variable_broke_is_told_by_the_variable() {
    let file = "services:\n  a:\n    image: a:1\n    ports: ['${PORT}:80']\n    volumes: ['${DATA}:/data', '<your folder>:/x']\n    mem_limit: ${MEM}\n";
    let told = faults(file, &[]);
    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(
        told[0].contains("ports[0]: needs the variable `PORT`, which has no value; put `PORT=…`"),
        "{told:#?}"
    );
    assert!(told[1].contains("volumes[0]: needs the variable `DATA`"), "{told:#?}");
    assert!(told[2].contains("`<your folder>` is still the placeholder of a manual"), "{told:#?}");
    assert!(told[3].contains("mem_limit: needs the variable `MEM`"), "{told:#?}");
}

#[test]
fn the_folder_and_the_home_of_whoever_starts_it_need_no_env() {
    let service =
        service("volumes: ['${PWD}/data:/data', '$HOME/.config:/config']\nenvironment: ['ROOT=${PWD}']");
    let sources: Vec<&MountSource> = service.mounts.iter().map(|mount| &mount.source).collect();
    assert_eq!(sources, [&MountSource::Bind("./data".into()), &MountSource::Bind("~/.config".into())]);
    assert_eq!(service.env["ROOT"], Value::Unset);
}

#[test]
fn profiles_are_kept_and_told_unless_they_are_on() {
    let file = "services:\n  a: {image: 'a:1', profiles: [debug, tools]}\n";
    let off = project(file, &[]);
    assert_eq!(off.services[0].profiles, ["debug", "tools"]);
    assert!(off.notes.iter().any(|note| note.text.contains("profile debug or tools")));
    let on = project(file, &[(".env", "COMPOSE_PROFILES=x,tools\n")]);
    assert!(on.notes.is_empty(), "{:?}", on.notes);
}

#[test]
fn what_is_no_compose_file_is_told_what_it_is() {
    for (text, is) in [
        ("docker run -d --name web \\\n  -p 80:80 nginx\n", "a command"),
        ("#!/bin/sh\nsudo podman container run nginx", "a command"),
        ("apiVersion: v1\nkind: Pod\n", "Kubernetes"),
        ("kind: Pod\n---\napiVersion: v1\n", "Kubernetes"),
        ("FROM alpine\nRUN x\n", "a Dockerfile"),
        ("job \"x\" {\n}\n", "Nomad"),
        ("A=1\nexport B=2\n", "variables"),
        ("web:\n  image: nginx\n", "before 2016"),
        ("- Id: x\n  HostConfig: {}\n", "docker inspect"),
    ] {
        let told = faults(text, &[]);
        assert!(told.len() == 1 && told[0].contains(is), "{text}: {told:?}");
    }
}

#[test]
fn texts_and_numbers_beyond_all_reason_are_refused_by_their_line() {
    let long = format!("services:\n  a:\n    image: a\n    command: {}\n", "x".repeat(2 << 20));
    assert!(faults(&long, &[])[0].starts_with("compose.yaml:4: holds a text of more than 1 MiB"));
    let lines: String = (0..3000).map(|number| format!("      V{number}: '1'\n")).collect();
    let many = format!("services:\n  a:\n    image: a\n    environment:\n{lines}");
    assert!(faults(&many, &[])[0].contains("more than 2000 variables"));
    let told = faults("services:\n  a:\n    image: a\u{0}b\n", &[]);
    assert!(told[0].starts_with("compose.yaml:3: holds a control character (U+0000)"), "{told:?}");
}

#[test]
fn an_address_with_a_password_that_several_take_from_one_file_is_one_secret() {
    let file = "services:\n  a: {image: 'a:1', env_file: app.env}\n  b: {image: 'b:1', env_file: app.env}\n";
    let env = "DATABASE_URL=postgres://me:not-a-real-password-1@db/x\n";
    let project = project(file, &[("app.env", env)]);
    for service in &project.services {
        assert_eq!(service.env["DATABASE_URL"], Value::Secret);
        assert_eq!(service.secret_names.get("DATABASE_URL").map(String::as_str), Some("DATABASE_URL"));
    }
}
