use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::adopt::project::{HealthTest, MountSource, Port, Protocol, Restart, Until, Value};

mod broken;
mod inputs;
mod naming;

fn beside(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn project(text: &str, files: &[(&str, &str)]) -> Project {
    read("compose.yaml", text, "demo", &beside(files)).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// The one service of a file with these lines.
fn service(lines: &str) -> Service {
    let indented: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    let text =
        format!("services:\n  web:\n    image: nginx:1\n{indented}volumes: {{v: }}\nnetworks: {{n: }}\n");
    project(&text, &[]).services.remove(0)
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

#[test]
fn values_of_variables_are_given_as_compose_gives_them() {
    let service = service(
        "environment:\n  A: true\n  B: 1e3\n  C: 0.10\n  D: \"007\"\n  E: yes\n  F:\n  G: ''\n  H: a$$b\n  I: 12345678901\n",
    );
    let expected = [
        ("A", text("true")),
        ("B", text("1000")),
        ("C", text("0.1")),
        ("D", text("007")),
        ("E", text("yes")),
        ("F", Value::Unset),
        ("G", text("")),
        ("H", text("a$b")),
        ("I", text("12345678901")),
    ];
    assert_eq!(service.env, expected.map(|(name, value)| (name.to_owned(), value)).into());
}

#[test]
fn what_our_own_files_say_of_secrets_comes_back_as_secrets() {
    let service = service(
        "environment:\n  - ODD=${ODD:?create .env, see above}\n  - FOO=${FOO}\n  - DB_TOKEN\ncommand: run --key ${API_KEY:?create .env, see above} '$${x}'\nhealthcheck:\n  test: [CMD-SHELL, 'curl -u $${A}:${USER_PASSWORD}']\n",
    );
    for name in ["ODD", "DB_TOKEN", "API_KEY", "USER_PASSWORD"] {
        assert_eq!(service.env[name], Value::Secret, "{name}");
    }
    assert_eq!(service.env["FOO"], Value::Unset);
    assert_eq!(service.command.unwrap(), ["run", "--key", "$(API_KEY)", "${x}"]);
    assert_eq!(service.health.unwrap().test, HealthTest::Shell("curl -u ${A}:$(USER_PASSWORD)".into()));
}

#[test]
fn no_secret_of_an_env_file_is_in_the_project() {
    let secret = "not-a-real-password-1";
    let file = "services:\n  a:\n    image: x/${IMG}\n    env_file: [a.env, {path: no.env, required: false}, gone.env]\n    environment:\n      X: ${DB_PASSWORD}\n      URL: pg://u:${DB_PASSWORD}@db/x\n      MODE: prod\n    command: [serve, --db-password, '${DB_PASSWORD}']\n    labels: {auth: 'u:${DB_PASSWORD}'}\n    configs: [c]\nconfigs:\n  c: {content: 'password=${DB_PASSWORD}'}\n";
    let env = format!("DB_PASSWORD={secret}\nIMG=app:1\n");
    let project = project(file, &[(".env", &env), ("a.env", "MODE=dev\nOTHER=1\nCOPY_OF=${DB_PASSWORD}\n")]);
    let shown = format!("{project:?}");
    assert!(!shown.contains(secret), "{shown}");
    let service = &project.services[0];
    assert_eq!((service.env["MODE"].clone(), service.env["OTHER"].clone()), (text("prod"), text("1")));
    for name in ["X", "URL", "COPY_OF"] {
        assert_eq!(service.env[name], Value::Secret, "{name}");
    }
    assert_eq!(service.command.as_ref().unwrap()[2], "$(X)", "by the name that it has there");
    assert_eq!(service.image.tag.as_deref(), Some("1"));
    assert!(project.files["c"].secret && project.files["c"].text.is_none());
    assert!(project.notes.iter().any(|note| note.text.contains("gone.env")), "{:?}", project.notes);
    assert!(!project.notes.iter().any(|note| note.text.contains("no.env")));
}

#[test]
fn what_nothing_fills_is_empty_and_told_once() {
    let project = project("services:\n  a: {image: 'a:1', labels: {x: 'a${NO}', y: '${NO}'}}\n", &[]);
    assert_eq!(project.services[0].labels["x"], "a");
    assert_eq!(project.notes.iter().filter(|note| note.text.contains("`NO`")).count(), 1);
}

#[test]
fn mounts_of_every_form_are_read() {
    let service = service(
        "volumes:\n  - /anon\n  - v:/v:ro,z\n  - ./x:/x:rslave\n  - ~/y:/y\n  - {type: volume, source: v, target: /s, volume: {subpath: a/b}}\n  - {type: tmpfs, target: /t, tmpfs: {size: 64m}}\n  - {type: bind, source: /dev/shm, target: /shm/, read_only: true}\ntmpfs: /tmp:size=1m,ro\n",
    );
    let mounts: Vec<(&str, &MountSource, bool)> =
        service.mounts.iter().map(|mount| (mount.target.as_str(), &mount.source, mount.read_only)).collect();
    let expected = [
        ("/anon", &MountSource::Anonymous, false),
        ("/v", &MountSource::Volume("v".into()), true),
        ("/x", &MountSource::Bind("./x".into()), false),
        ("/y", &MountSource::Bind("~/y".into()), false),
        ("/s", &MountSource::Volume("v".into()), false),
        ("/t", &MountSource::Memory(Some(64 << 20)), false),
        ("/shm", &MountSource::Bind("/dev/shm".into()), true),
        ("/tmp", &MountSource::Memory(Some(1 << 20)), true),
    ];
    assert_eq!(mounts, expected);
    assert_eq!(service.mounts[2].propagation.as_deref(), Some("rslave"));
    assert_eq!(service.mounts[4].subpath.as_deref(), Some("a/b"));
}

#[test]
fn ports_may_be_numbers_and_look_like_times() {
    let service = service(
        "ports:\n  - 22:22\n  - 8080\n  - {target: 53, published: 5353, protocol: udp}\nexpose: [8080, '9000-9001']\n",
    );
    let port = |container, protocol, host| Port { container, protocol, host, host_ip: None };
    let expected = [
        port(22, Protocol::Tcp, Some(22)),
        port(8080, Protocol::Tcp, None),
        port(53, Protocol::Udp, Some(5353)),
        port(9000, Protocol::Tcp, None),
        port(9001, Protocol::Tcp, None),
    ];
    assert_eq!(service.ports, expected);
}

#[test]
fn an_empty_entrypoint_makes_the_command_the_program() {
    let service = service("entrypoint: ''\ncommand: sh -c \"a b\"\n");
    assert_eq!(service.entrypoint.unwrap(), ["sh", "-c", "a b"]);
    assert_eq!(service.command, None);
}

#[test]
fn unknown_keys_are_notes_with_what_was_meant() {
    let project = project(
        "services:\n  a:\n    image: a:1\n    enviroment: {A: 1}\n    x-mine: 1\n    mac_address: '02:42'\n",
        &[],
    );
    let notes: Vec<&str> = project.notes.iter().map(|note| note.text.as_str()).collect();
    assert!(
        notes.iter().any(|note| note.contains("(line 4)") && note.contains("did you mean `environment`")),
        "{notes:?}"
    );
    assert!(notes.iter().any(|note| note.starts_with("`mac_address` is not taken over")), "{notes:?}");
    assert_eq!(notes.len(), 2, "{notes:?}");
}

#[test]
fn services_extend_others_of_the_same_file_and_of_another_folder() {
    let other = "services:\n  base:\n    image: base:1\n    env_file: b.env\n    environment: [A=1, B=1]\n    volumes: ['./d:/d', './e:/e']\n    command: [old]\n    ports: ['1:1']\n";
    let file = "services:\n  mid:\n    extends: {file: common/c.yaml, service: base}\n    environment: {B: 2}\n    ports: !reset []\n  top:\n    extends: mid\n    command: [new]\n    volumes: ['/other:/e']\n";
    let project = project(file, &[("common/c.yaml", other), ("common/b.env", "C=3\n")]);
    let top = project.service("top").unwrap();
    assert_eq!(top.env, [("A", "1"), ("B", "2"), ("C", "3")].map(|(n, v)| (n.to_owned(), text(v))).into());
    assert_eq!(top.command.as_ref().unwrap(), &["new"]);
    assert!(top.ports.is_empty());
    let sources: Vec<&MountSource> = top.mounts.iter().map(|mount| &mount.source).collect();
    assert_eq!(sources, [&MountSource::Bind("./common/d".into()), &MountSource::Bind("/other".into())]);
}

#[test]
fn included_files_and_an_override_belong_to_it() {
    let file = "include: [sub/compose.yaml]\nservices:\n  a: {image: 'a:1', depends_on: [b]}\n";
    let sub = "services:\n  b: {image: 'b:${TAG}', volumes: ['./b:/b', 'data:/data']}\nvolumes: {data: }\n";
    let over = "services:\n  a: {ports: ['80:80']}\n";
    let project =
        project(file, &[("sub/compose.yaml", sub), ("sub/.env", "TAG=7\n"), ("compose.override.yaml", over)]);
    let names: Vec<&str> = project.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["b", "a"]);
    assert_eq!(project.services[0].image.tag.as_deref(), Some("7"));
    assert_eq!(project.services[0].mounts[0].source, MountSource::Bind("./sub/b".into()));
    assert_eq!(project.services[1].ports.len(), 1);
    assert!(project.notes.iter().any(|note| note.text.contains("compose.override.yaml")));
}

#[test]
fn names_become_labels_and_stay_findable() {
    let file = "services:\n  my_db: {image: 'a:1'}\n  my-db: {image: 'a:1'}\n  Web.App: {image: 'a:1', depends_on: {my_db: {condition: service_healthy}}}\n";
    let project = project(file, &[]);
    let names: Vec<&str> = project.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["my-db-2", "my-db", "web-app"]);
    let Connection::Networks(attached) = &project.services[0].network else { panic!() };
    assert!(attached[0].aliases.contains("my_db"));
    assert_eq!(project.services[2].depends_on[0].service, "my-db-2");
    assert_eq!(project.services[2].depends_on[0].until, Until::Healthy);
}

#[test]
fn what_is_lost_without_a_key_of_its_own_is_said() {
    let file = "services:\n  a:\n    image: a:1\n    logging: {driver: json-file, options: {max-size: 10m, max-file: '3'}}\n    \
                healthcheck: {test: [CMD, x], start_interval: 2s}\n    networks: {lan: {ipv4_address: 10.0.0.2, ipv6_address: 'fd00::2'}}\n    \
                secrets: [{source: t, uid: '1000', mode: 0400}]\n    configs: [{source: c, target: /c, mode: 0444}]\n  \
                b: {image: 'b:1', logging: {options: {max-size: 10m, max-file: '3'}}}\n\
                networks: {lan: {ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.254, ip_range: 10.0.0.0/25}]}}}\n\
                secrets: {t: {file: ./t}}\nconfigs: {c: {content: x}}\n";
    let project = project(file, &[]);
    let told: Vec<&str> = project.notes.iter().map(|note| note.text.as_str()).collect();
    for part in [
        "how logs are kept (`max-size`, `max-file`)",
        "`start_interval`",
        "`ipv6_address` on the network `lan`",
        "`gateway` and `ip_range` of the network `lan` are not",
        "`uid`, `mode` of the secret `t` are not",
    ] {
        assert_eq!(told.iter().filter(|text| text.contains(part)).count(), 1, "{part}\n{told:#?}");
    }
    assert!(!told.iter().any(|text| text.contains("config `c`")), "0444 is what compose gives: {told:#?}");
}

#[test]
fn what_was_seen_comes_back() {
    let file = "x-steward: {host: vm3, referrers: ['grafana on vm3'], notes: [{service: null, text: costs $$5}]}\nservices:\n  a:\n    image: a:1\n    volumes: ['./d:/d']\n    x-steward: {container: a_1, running: true, mounts: {/d: {bytes: 5, sqlite: []}}}\n";
    let project = project(file, &[]);
    assert_eq!(project.host.as_deref(), Some("vm3"));
    assert_eq!(project.notes[0].text, "costs $5");
    let service = &project.services[0];
    assert_eq!((service.container.as_deref(), service.running), (Some("a_1"), Some(true)));
    assert_eq!(service.mounts[0].seen.bytes, Some(5));
}

#[test]
fn the_name_is_that_of_the_file_unless_the_environment_has_one() {
    let file = "name: My_${X:-App}\nservices: {a: {image: 'a:1', labels: {p: '${COMPOSE_PROJECT_NAME}'}}}\n";
    assert_eq!(project(file, &[]).name, "my-app");
    assert_eq!(project(file, &[(".env", "COMPOSE_PROJECT_NAME=other\n")]).services[0].labels["p"], "other");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(
        lines in proptest::collection::vec(
            prop_oneof![
                "[ ]{0,6}(services|web|image|ports|volumes|environment|command|extends|include|<<|&a|\\*a|x-steward|networks|deploy|healthcheck|test|devices|build): ?.{0,12}",
                "[ ]{0,8}- ?[a-z0-9:./${}\\-]{0,16}",
                ".{0,20}",
            ],
            0..30,
        ),
        env in ".{0,60}",
    ) {
        let _ = read("compose.yaml", &lines.join("\n"), "demo", &beside(&[(".env", &env)]));
    }

    #[test]
    fn no_value_of_any_key_makes_it_panic(key in "[a-z_]{1,14}", at in 0_usize..60, value in "[ -~]{0,24}") {
        let key = keys::known().nth(at).unwrap_or(&key).to_owned();
        let _ = read("c.yaml", &format!("services:\n  a:\n    {key}: {value}\n"), "demo", &beside(&[]));
        let _ = read("c.yaml", &format!("services:\n  a:\n    {key}:\n      - {value}\n"), "demo", &beside(&[]));
    }
}
