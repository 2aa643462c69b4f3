//! What is the image's own, known and guessed.

use super::*;

fn image(config: Json) -> Json {
    json!({"Id": format!("sha256:{}", "ab".repeat(32)), "RepoTags": ["nginx:1.27"],
           "RepoDigests": ["nginx@sha256:feed"], "RootFS": {}, "Config": config})
}

fn with_image(over: Json, config: Json) -> Service {
    projects(json!([container(over), image(config)])).remove(0).services.remove(0)
}

#[test]
fn an_image_in_the_input_decides_everything() {
    let own = json!({"Env": ["PATH=/bin", "A=1"], "Cmd": ["serve"], "Entrypoint": ["/run"], "User": "app",
        "WorkingDir": "/srv", "Labels": {"x": "1"}, "StopSignal": "SIGQUIT",
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5_000_000_000_u64}});
    let same = with_image(json!({"Config": own.clone()}), own.clone());
    assert!(
        same.env.is_empty() && same.command.is_none() && same.entrypoint.is_none() && same.user.is_none()
    );
    assert!(same.working_dir.is_none() && same.labels.is_empty() && same.stop_signal.is_none());
    assert!(same.health.unwrap().from_image);
    assert_eq!(same.image.default_user.as_deref(), Some("app"));
    assert_eq!(same.image.digest.as_deref(), Some("sha256:feed"));
    let other = with_image(
        json!({"Config": {"Env": ["A=2", "PATH=/bin"], "Cmd": ["serve", "-v"], "Entrypoint": ["/run"],
            "User": "0", "WorkingDir": "/", "Labels": {"x": "2"}, "Healthcheck": {"Test": ["NONE"]}}}),
        own,
    );
    assert_eq!(other.env["A"], Value::Text("2".into()));
    assert_eq!(other.env.len(), 1);
    assert_eq!(other.command, Some(names(["serve", "-v"])));
    assert_eq!(other.user.as_deref(), Some("0"));
    assert_eq!(other.working_dir.as_deref(), Some("/"));
    assert_eq!(other.labels["x"], "2");
    assert_eq!(other.health.unwrap().test, HealthTest::Off);
}

#[test]
fn an_entrypoint_that_was_switched_off_leaves_the_command_as_the_program() {
    let own = json!({"Cmd": ["serve"], "Entrypoint": ["/run"]});
    let off = with_image(json!({"Config": {"Cmd": ["sh", "-c", "x"], "Entrypoint": null}}), own.clone());
    assert_eq!((off.entrypoint, off.command), (Some(names(["sh", "-c", "x"])), None));
    let another = with_image(json!({"Config": {"Cmd": ["serve"], "Entrypoint": ["/mine"]}}), own);
    assert_eq!(another.entrypoint, Some(names(["/mine"])));
    assert_eq!(another.command, Some(names(["serve"])), "the image's command falls away with its entrypoint");
}

#[test]
fn an_image_that_was_pulled_since_is_used_with_a_word_about_it_and_without_its_digest() {
    let mut newer = image(json!({"Env": ["PATH=/bin", "ODD=1"]}));
    newer["Id"] = json!(format!("sha256:{}", "cd".repeat(32)));
    let project =
        projects(json!([container(json!({"Config": {"Env": ["ODD=1", "PATH=/bin"]}})), newer])).remove(0);
    assert!(project.services[0].env.is_empty());
    assert_eq!(project.services[0].image.digest, None);
    assert!(project.notes.iter().any(|note| note.text.contains("pulled after")), "{:?}", project.notes);
}

#[test]
fn what_stands_behind_the_path_is_the_images_unless_the_order_tells_nothing() {
    let of = |env: &[&str]| names(env_names(&service(json!({"Config": {"Env": env}}))));
    assert_eq!(of(&["MINE=1", "PATH=/bin", "ODD=1"]), ["MINE"]);
    assert_eq!(of(&["MINE=1", "PATH=/bin", "TZ=Europe/Berlin", "ODD=1"]), ["MINE", "ODD", "TZ"]);
    assert_eq!(of(&["MINE=1", "PATH=/bin", "DB_HOST=db", "ODD=1"]), ["DB_HOST", "MINE", "ODD"]);
    assert_eq!(of(&["PATH=/bin", "MINE=1", "NGINX_VERSION=1.27.3"]), ["MINE"]);
    assert_eq!(of(&["LANG=de_DE.UTF-8", "PATH=/bin"]), ["LANG"]);
    assert_eq!(of(&["FORGE_VERSION=14.23.5", "APP_VERSION=release"]), ["APP_VERSION", "FORGE_VERSION"]);
    assert!(of(&[]).is_empty());
}

#[test]
fn commands_are_told_apart_without_the_image() {
    let command = |image: &str, entrypoint: Json, cmd: &[&str]| {
        service(json!({"Config": {"Image": image, "Entrypoint": entrypoint, "Cmd": cmd}})).command.is_some()
    };
    let docker = json!(["docker-entrypoint.sh"]);
    for (image, entrypoint, cmd) in [
        ("nginx", json!(["/docker-entrypoint.sh"]), &["nginx", "-g", "daemon off;"][..]),
        ("redis:7", docker.clone(), &["redis-server"]),
        ("louislam/uptime-kuma:1", json!(["/usr/bin/dumb-init", "--"]), &["node", "server/server.js"]),
        ("node:22", docker.clone(), &["node"]),
        ("mariadb", docker.clone(), &["mariadbd"]),
    ] {
        assert!(!command(image, entrypoint, cmd), "{image} {cmd:?}");
    }
    for (image, entrypoint, cmd) in [
        ("redis:7", docker.clone(), &["redis-server", "--appendonly", "yes"][..]),
        ("ghcr.io/goauthentik/server:2025.8", json!(["dumb-init", "--", "ak"]), &["worker"]),
        ("node:22", docker.clone(), &["node", "index.js"]),
        ("cloudflare/cloudflared", json!(["cloudflared", "--no-autoupdate"]), &["tunnel", "run"]),
        ("alpine", Json::Null, &["sleep", "infinity"]),
    ] {
        assert!(command(image, entrypoint, cmd), "{image} {cmd:?}");
    }
    let waits = service(json!({"Config": {"Entrypoint": ["sh", "-c", "sleep 5 && /run"], "Cmd": []}}));
    assert_eq!(waits.entrypoint, Some(names(["sh", "-c", "sleep 5 && /run"])));
}

#[test]
fn users_are_told_apart_without_the_image() {
    let user = |image: &str, user: &str| service(json!({"Config": {"Image": image, "User": user}})).user;
    for (image, own) in
        [("grafana/grafana:11", "472"), ("prom/prometheus", "nobody"), ("redis", "redis"), ("x", "65532")]
    {
        assert_eq!(user(image, own), None, "{image} {own}");
    }
    for (image, persons) in
        [("grafana/grafana:11", "1000"), ("x", "1000:1000"), ("redis", "root"), ("x", "www-data")]
    {
        assert_eq!(user(image, persons).as_deref(), Some(persons), "{image}");
    }
}

#[test]
fn what_was_guessed_is_told_by_name_with_the_way_to_know_it() {
    let project =
        projects(json!([container(json!({"Config": {"Env": ["PATH=/bin", "PG_MAJOR=16"]}}))])).remove(0);
    let note = &project.notes[0];
    assert_eq!(note.service.as_deref(), Some("web"));
    assert_eq!(
        note.text,
        "Taken for the image's own, and left out: the variables PG_MAJOR. To know exactly, adopt the output of \
         `docker inspect web nginx:1.27`"
    );
}
