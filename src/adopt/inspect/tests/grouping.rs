//! What belongs together, and what it is called.

use super::*;

fn named(name: &str, id: char, over: Json) -> Json {
    let mut value = container(json!({"Id": id.to_string().repeat(64), "Name": format!("/{name}")}));
    lay(&mut value, over);
    value
}

fn composed(project: &str, service: &str, number: u32, id: char, over: Json) -> Json {
    let name = format!("{project}-{service}-{number}");
    let labels = json!({"com.docker.compose.project": project, "com.docker.compose.service": service,
        "com.docker.compose.container-number": number.to_string(), "com.docker.compose.oneoff": "False"});
    let net = format!("{project}_default");
    let mut value =
        named(&name, id, json!({"Config": {"Labels": labels}, "HostConfig": {"NetworkMode": net}}));
    value["NetworkSettings"]["Networks"] = json!({net: {"Aliases": [name, service]}});
    lay(&mut value, over);
    value
}

#[test]
fn replicas_are_one_service_and_unequal_ones_are_two() {
    let guessed = json!({"Config": {"Env": ["PATH=/bin", "PG_MAJOR=16"]}});
    let equal = projects(json!([
        composed("app", "web", 1, '1', guessed.clone()),
        composed("app", "web", 2, '2', guessed.clone()),
        composed("app", "web", 3, '3', guessed)
    ]));
    assert_eq!(equal[0].services.len(), 1);
    assert_eq!(equal[0].services[0].replicas, Some(3));
    assert_eq!(equal[0].notes.len(), 1, "said once: {:?}", equal[0].notes);
    let unequal = projects(json!([
        composed("app", "web", 1, '1', json!({})),
        composed("app", "web", 2, '2', json!({"Config": {"Env": ["MODE=b"]}}))
    ]));
    let found: Vec<&str> = unequal[0].services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(found, ["web", "web-2"]);
}

#[test]
fn projects_of_compose_stay_apart_on_a_network_that_they_share() {
    let proxy =
        json!({"HostConfig": {"NetworkMode": "proxy"}, "NetworkSettings": {"Networks": {"proxy": {}}}});
    let found = projects(json!([
        composed("a", "web", 1, '1', proxy.clone()),
        composed("b", "web", 1, '2', proxy.clone()),
        named("alone", '3', proxy)
    ]));
    let names: Vec<&str> = found.iter().map(|project| project.name.as_str()).collect();
    assert_eq!(names, ["a", "alone", "b"]);
    assert!(found.iter().all(|project| project.networks["proxy"].external));
}

#[test]
fn another_containers_network_is_found_by_name_and_by_id() {
    let vpn = || named("vpn", 'a', json!({}));
    for whose in ["vpn".to_owned(), "a".repeat(64), "a".repeat(12)] {
        let joined = named("dl", 'b', json!({"HostConfig": {"NetworkMode": format!("container:{whose}")}}));
        let found = projects(json!([joined, vpn()]));
        assert_eq!(found.len(), 1, "{whose}");
        assert_eq!(found[0].name, "vpn");
        assert_eq!(found[0].service("dl").unwrap().network, Connection::Service("vpn".into()));
        assert_eq!(found[0].services[0].name, "vpn", "it starts first");
    }
    let lost = projects(json!([named("dl", 'b', json!({"HostConfig": {"NetworkMode": "container:gone"}}))]));
    assert_eq!(lost[0].services[0].network, Connection::Container("gone".into()));
    assert!(lost[0].notes.iter().any(|note| note.text.contains("gone")));
}

#[test]
fn links_join_give_names_and_an_order() {
    let found = projects(json!([
        named("app", '1', json!({"HostConfig": {"Links": ["/mysql:/app/db"]}})),
        named("mysql", '2', json!({}))
    ]));
    assert_eq!(found.len(), 1);
    let project = &found[0];
    assert_eq!(project.services[0].name, "mysql");
    let app = project.service("app").unwrap();
    assert_eq!(app.depends_on, [Dependency { service: "mysql".into(), until: Until::Started }]);
    assert_eq!(names(&networks_of(&project.services[0])[0].aliases), ["db"]);
    assert_eq!(networks_of(app)[0].network, "default");
    assert!(project.networks.contains_key("default"));
}

#[test]
fn a_circle_of_dependencies_still_has_an_order() {
    let needs = |other: &str| json!({"Config": {"Labels": {"com.docker.compose.depends_on": format!("{other}:service_started:false")}}});
    let found =
        projects(json!([composed("app", "a", 1, '1', needs("b")), composed("app", "b", 1, '2', needs("a"))]));
    assert_eq!(found[0].services.len(), 2);
}

#[test]
fn names_that_come_to_the_same_label_are_told_apart() {
    let found = projects(json!([named("my_app", '1', json!({})), named("my.app", '2', json!({}))]));
    let projects: BTreeSet<&str> = found.iter().map(|project| project.name.as_str()).collect();
    assert_eq!(projects, BTreeSet::from(["my-app", "my-app-2"]));
}

#[test]
fn networks_and_volumes_have_composes_names_and_external_ones_are_known() {
    let over = json!({
        "Mounts": [{"Type": "volume", "Name": "shared", "Source": "/v/shared", "Destination": "/s", "Driver": "local", "RW": true},
                   {"Type": "volume", "Name": "app_data", "Source": "/v/app_data", "Destination": "/d", "Driver": "nfs", "RW": false}],
        "NetworkSettings": {"Networks": {"app_back": {}, "lan": {"IPAMConfig": {"IPv4Address": "192.168.1.50"}}}}
    });
    let found = projects(json!([
        composed("app", "web", 1, '1', over),
        {"Name": "shared", "Mountpoint": "/v/shared", "Driver": "local", "Labels": null, "Options": null, "Scope": "local"},
        {"Name": "lan", "Id": "f0", "Driver": "macvlan", "Scope": "local", "Internal": false, "Labels": {},
         "Options": {"parent": "eth0"}, "IPAM": {"Config": [{"Subnet": "192.168.1.0/24"}]}},
        {"Name": "app_back", "Id": "f1", "Driver": "bridge", "Scope": "local", "Internal": true, "Options": {},
         "IPAM": {"Config": [{"Subnet": "172.22.0.0/16"}]},
         "Labels": {"com.docker.compose.project": "app", "com.docker.compose.network": "back"}}
    ]))
    .remove(0);
    assert!(found.volumes["shared"].external && !found.volumes["data"].external);
    assert_eq!(found.volumes["data"].driver.as_deref(), Some("nfs"));
    assert!(mount(&found.services[0], "/d").read_only);
    let lan = &found.networks["lan"];
    assert!(lan.external);
    assert_eq!((lan.driver.as_deref(), lan.options["parent"].as_str()), (Some("macvlan"), "eth0"));
    assert_eq!(lan.subnets, ["192.168.1.0/24"]);
    let back = &found.networks["back"];
    assert!(back.internal && !back.external && back.subnets.is_empty() && back.real_name.is_none());
    let lan = networks_of(&found.services[0]).iter().find(|wire| wire.network == "lan").unwrap();
    assert_eq!(lan.address.as_deref(), Some("192.168.1.50"));
}

#[test]
fn a_pod_is_one_project_in_which_one_container_has_the_network_of_all() {
    let pod = |name: &str, id: char, over: Json| {
        let mut value = named(name, id, json!({"Pod": "beef", "IsInfra": false}));
        lay(&mut value, over);
        value
    };
    let infra = pod(
        "p-infra",
        'f',
        json!({"IsInfra": true, "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}}),
    );
    let mode = json!({"HostConfig": {"NetworkMode": format!("container:{}", "f".repeat(64))}});
    let found = projects(json!([pod("db", '2', mode.clone()), infra, pod("app", '1', mode)]));
    assert_eq!(found.len(), 1);
    let app = found[0].service("app").unwrap();
    assert_eq!(published(app), [(80, Protocol::Tcp, 8080)]);
    assert_eq!(found[0].service("db").unwrap().network, Connection::Service("app".into()));
    assert_eq!(found[0].services.len(), 2);
}

#[test]
fn a_stack_of_a_swarm_is_a_project_with_replicas() {
    let task = |number: u32, id: char| {
        let labels = json!({"com.docker.stack.namespace": "shop", "com.docker.swarm.service.name": "shop_web",
            "com.docker.swarm.task.id": format!("t{number}")});
        named(&format!("shop_web.{number}.abc"), id, json!({"Config": {"Labels": labels}}))
    };
    let found = projects(json!([task(1, '1'), task(2, '2')]));
    assert_eq!((found.len(), found[0].name.as_str()), (1, "shop"));
    let web = &found[0].services[0];
    assert_eq!((web.name.as_str(), web.replicas, web.labels.len()), ("web", Some(2), 0));
}

#[test]
fn the_rest_of_a_compose_run_is_no_service() {
    let left = json!({"Config": {"Labels": {"com.docker.compose.oneoff": "True"}}});
    let found =
        projects(json!([composed("a", "web", 1, '1', json!({})), composed("a", "cli", 1, '2', left)]));
    assert_eq!(found[0].services.len(), 1);
    assert!(found[0].notes.iter().any(|note| note.text.contains("compose run")));
}

#[test]
fn containers_of_one_image_that_run_different_programs_keep_them() {
    let of = |name: &str, id: &str, entrypoint: &str| {
        let config =
            json!({"Image": "nextcloud:29", "Entrypoint": [entrypoint], "Cmd": ["apache2-foreground"]});
        container(json!({"Name": name, "Id": id.repeat(32), "Config": config}))
    };
    let read = |values: Json| -> Vec<Option<Vec<String>>> {
        let services = projects(values).into_iter().flat_map(|project| project.services);
        services.map(|service| service.entrypoint).collect()
    };
    let program = |word: &str| Some(vec![word.to_owned()]);
    let both = json!([of("a", "1a", "/entrypoint.sh"), of("b", "2b", "/usr/local/bin/queue")]);
    assert_eq!(read(both), [None, program("/usr/local/bin/queue")]);
    let unclear = json!([of("a", "1a", "/usr/bin/web"), of("b", "2b", "/usr/bin/queue")]);
    assert_eq!(read(unclear), [program("/usr/bin/web"), program("/usr/bin/queue")]);
    assert_eq!(
        read(json!([of("a", "1a", "/usr/bin/web")])),
        [None],
        "by itself, it is taken for the image's"
    );
    assert_eq!(
        read(json!([of("a", "1a", "/cron.sh")])),
        [program("/cron.sh")],
        "no image starts that by itself"
    );
}

#[test]
fn linked_containers_are_called_by_what_is_linked_to_the_others() {
    let database = container(json!({"Name": "/a-db", "Id": "1a".repeat(32)}));
    let web = container(
        json!({"Name": "/wp", "Id": "2b".repeat(32), "HostConfig": {"Links": ["/a-db:/wp/mysql"]}}),
    );
    assert_eq!(projects(json!([database, web]))[0].name, "wp");
}

#[test]
fn a_name_that_no_cluster_knows_stays_known_as_another() {
    let labels = json!({"com.docker.compose.project": "p", "com.docker.compose.service": "cache_server"});
    let networks = json!({"p_default": {"Aliases": ["p-cache_server-1", "cache_server"]}});
    let cache = container(json!({
        "Name": "/p-cache_server-1", "Config": {"Labels": labels},
        "HostConfig": {"NetworkMode": "p_default"}, "NetworkSettings": {"Networks": networks}
    }));
    let service = projects(json!([cache]))[0].services[0].clone();
    assert_eq!(service.name, "cache-server");
    let Connection::Networks(attachments) = service.network else { panic!("{:?}", service.network) };
    assert!(attachments[0].aliases.contains("cache_server"));
}
