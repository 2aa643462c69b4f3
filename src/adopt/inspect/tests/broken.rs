//! What is wrong, and what is meant to harm.

use proptest::prelude::*;

use super::*;
use crate::adopt::MAX_INPUT;

#[test]
fn wrong_types_are_all_told_with_their_path() {
    let wrong = json!([container(
        json!({"HostConfig": {"PortBindings": 80, "CapAdd": "NET_ADMIN", "Memory": "lots"},
        "Config": {"Env": [{"A": 1}], "Labels": ["x"]}})
    )]);
    assert_eq!(
        faults(&wrong.to_string()).into_iter().collect::<BTreeSet<_>>(),
        BTreeSet::from(
            [
                "in.json: [0].Config.Env[0]: is an object where a text belongs",
                "in.json: [0].Config.Labels: is a list where an object belongs",
                "in.json: [0].HostConfig.CapAdd: is a text where a list belongs",
                "in.json: [0].HostConfig.Memory: is no whole number",
                "in.json: [0].HostConfig.PortBindings: is a number where an object belongs",
            ]
            .map(str::to_owned)
        )
    );
}

#[test]
fn an_object_by_itself_has_paths_without_an_index() {
    let wrong = container(json!({"HostConfig": {"Dns": 5}}));
    assert_eq!(faults(&wrong.to_string()), ["in.json: HostConfig.Dns: is a number where a list belongs"]);
    let right = container(json!({})).to_string();
    assert_eq!(read("in.json", &format!("\u{feff}{right}"), None).unwrap().len(), 1);
}

#[test]
fn outputs_one_after_another_are_one_input() {
    let other = container(json!({"Id": "2e".repeat(32), "Name": "/db"}));
    let text = format!("[{}]\n{other}\n[[{}]]", container(json!({})), container(json!({})));
    let found = read("in.json", &text, None).unwrap();
    let names: Vec<&str> = found.iter().map(|project| project.name.as_str()).collect();
    assert_eq!(names, ["db", "web"], "the same container twice counts once");
}

#[test]
fn what_is_no_inspect_output_is_called_what_it_is() {
    for (text, line, says) in [
        ("", None, "is empty"),
        ("[]", None, "only an empty list"),
        ("[]\nError: No such object: foo\n", Some(2), "message of a program"),
        ("Error response from daemon: no\n[{}]", Some(1), "message of a program"),
        ("services:\n  web:\n    image: nginx\n", Some(1), "looks like a compose file"),
        ("# my lab\nversion: '3'\nservices: {}\n", Some(3), "looks like a compose file"),
        ("{\"services\": {\"web\": {}}}", None, "is a compose file"),
        ("CONTAINER ID   IMAGE   COMMAND\n", None, "what `docker ps` prints"),
        ("[{\"Id\": \"a\",\n \"Name\" 5}]", Some(2), "expected `:` at line 2"),
        ("[{\"Id\": \"a\"", Some(1), "ends in the middle"),
        ("[1, \"x\"]", None, "is no object"),
        ("[{\"x\": 1}]", None, "is no container, image, volume or network"),
        ("[{\"ID\": \"1\", \"Spec\": {}}]", None, "swarm"),
        ("[{\"RepoTags\": [\"a:1\"], \"Config\": {}}]", None, "holds no container"),
        ("[{\"Id\": \"a\", \"Name\": \"/a\", \"HostConfig\": {}}]", None, "is missing"),
    ] {
        let found = read("in.json", text, None).unwrap_err();
        assert_eq!(found[0].line, line, "{text}");
        assert!(found[0].to_string().contains(says), "{text}: {}", found[0]);
    }
}

#[test]
fn too_much_is_refused_before_it_is_read() {
    let huge = " ".repeat(MAX_INPUT + 1);
    assert!(faults(&huge)[0].contains("16 MiB are read at most"));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(faults(&deep)[0].contains("nested too deeply"), "{:?}", faults(&deep));
    let many: Vec<Json> = (0..1001)
        .map(|at| container(json!({"Id": format!("{at:064x}"), "Name": format!("/c{at}")})))
        .collect();
    assert!(faults(&json!(many).to_string())[0].contains("1001 containers"));
    let ranges: serde_json::Map<_, _> =
        (1..2000).map(|from| (format!("{from}-{}/tcp", from + 900), json!({}))).collect();
    assert!(!faults(&json!([container(json!({"Config": {"ExposedPorts": ranges}}))]).to_string()).is_empty());
    let env: Vec<String> = (0..6000).map(|at| format!("A{at}=1")).collect();
    assert!(
        faults(&json!([container(json!({"Config": {"Env": env}}))]).to_string())[0].contains("6000 items")
    );
}

#[test]
fn two_containers_of_one_name_are_of_two_hosts() {
    let other = container(json!({"Id": "2e".repeat(32)}));
    let found = faults(&json!([container(json!({})), other]).to_string());
    assert_eq!(
        found,
        ["in.json: [1]: is called \"web\", as [0] is; inspect the containers of one host at a time"]
    );
}

#[test]
fn hostile_names_reach_no_fault_and_no_note_as_they_are() {
    let evil = "a\n\u{1b}[31m../../{{ .Env }} ${X} !!python/object \u{202e}";
    let over = json!({"Id": "3d".repeat(32), "Name": evil,
        "Config": {"Env": ["PATH=/bin", format!("OK={evil}")], "Labels": {evil: evil}, "Image": evil},
        "HostConfig": {"NetworkMode": format!("container:{evil}")},
        "Mounts": [{"Type": "bind", "Source": evil, "Destination": "/a"}, {"Type": evil, "Destination": "/b"}]});
    let project = projects(json!([container(over.clone())])).remove(0);
    assert!(!project.notes.is_empty());
    assert!(
        project.notes.iter().all(|note| !note.text.contains(['\n', '\u{1b}', '\u{202e}'])),
        "{:?}",
        project.notes
    );
    let name = &project.services[0].name;
    assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{name}");
    assert_eq!(project.services[0].env["OK"], Value::Text(evil.into()));
    let mut bad = over;
    bad["Config"]["Env"] = json!([format!("{evil}=1")]);
    bad["Config"]["ExposedPorts"] = json!({evil: {}});
    bad["HostConfig"]["RestartPolicy"] = json!({"Name": evil});
    let found = faults(&json!([container(bad)]).to_string());
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|fault| !fault.contains(['\n', '\u{1b}', '\u{202e}'])), "{found:?}");
}

#[test]
fn ports_addresses_and_paths_that_there_are_not_are_told() {
    let over = json!({"HostConfig": {"PortBindings": {"0/tcp": [], "80/icmp": [], "90000": [],
            "80/tcp": [{"HostIp": "here", "HostPort": "80"}, {"HostPort": "eighty"}]}, "Memory": -5},
        "Mounts": [{"Type": "bind", "Source": "/a", "Destination": "data"}, {"Type": "bind", "Destination": "/x"}],
        "NetworkSettings": {"Networks": {"lan": {"IPAMConfig": {"IPv4Address": "300.1.1.1"}}}}});
    let found = faults(&json!([container(over)]).to_string());
    for says in [
        "PortBindings.0/tcp: is no port",
        "80/icmp: has the protocol \"icmp\"",
        "PortBindings.90000: is no port",
        "80/tcp[0].HostIp: is no address",
        "80/tcp[1].HostPort: is no port",
        "Memory: is negative",
        "Mounts[0].Destination: is no absolute path",
        "Mounts[1].Source: is missing",
        "IPv4Address: is no address",
    ] {
        assert!(found.iter().any(|fault| fault.contains(says)), "{says}: {found:#?}");
    }
}

/// Any JSON, with the names of fields that are looked at.
fn any_json() -> impl Strategy<Value = Json> {
    let key = prop_oneof![
        proptest::sample::select(vec![
            "Id",
            "Name",
            "Config",
            "HostConfig",
            "State",
            "NetworkSettings",
            "Mounts",
            "Env",
            "Cmd",
            "Entrypoint",
            "Labels",
            "Image",
            "PortBindings",
            "Ports",
            "80/tcp",
            "HostPort",
            "Networks",
            "lan",
            "NetworkMode",
            "Links",
            "Binds",
            "Type",
            "Source",
            "Destination",
            "Target",
            "Healthcheck",
            "Test",
            "RepoTags",
            "RootFS",
            "IPAM",
            "Mountpoint",
            "com.docker.compose.project",
            "com.docker.compose.service",
            "com.docker.compose.depends_on",
            "Tmpfs",
            "Aliases",
            "DeviceRequests",
            "Capabilities",
            "RestartPolicy",
            "ExposedPorts",
            "User",
            "Options",
            "Interval",
            "ExtraHosts",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}"
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "\\PC{0,12}".prop_map(Json::from),
        proptest::sample::select(vec![
            "a=b",
            "/a:/b:ro",
            "volume",
            "container:a",
            "1-9/tcp",
            "a:b:c",
            "sha256:ab",
            "é",
            "=",
            ":"
        ])
        .prop_map(Json::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            proptest::collection::vec((key.clone(), inner), 0..8)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_json_makes_it_panic(value in any_json(), over in any_json()) {
        let mut base = container(json!({}));
        lay(&mut base, over.clone());
        for value in [value.clone(), json!([value]), json!([base, over])] {
            if let Err(faults) = read("in.json", &value.to_string(), None) {
                prop_assert!(!faults.is_empty());
            }
        }
    }

    #[test]
    fn no_field_of_a_real_container_makes_it_panic(at in any::<prop::sample::Index>(), with in any_json()) {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/adopt/inputs/frigate.json");
        let mut value: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut pointers: Vec<String> = Vec::new();
        gather(&value, String::new(), &mut pointers);
        if let Some(field) = value.pointer_mut(at.get(&pointers).as_str()) {
            *field = with;
        }
        drop(read("in.json", &value.to_string(), None));
    }
}

fn gather(value: &Json, path: String, into: &mut Vec<String>) {
    let step = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
    match value {
        Json::Object(map) => map.iter().for_each(|(key, value)| gather(value, step(key), into)),
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| gather(value, step(&at.to_string()), into));
        }
        _ => {}
    }
    into.push(path);
}
