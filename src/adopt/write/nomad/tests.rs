use std::process::{Command, Stdio};

use super::*;
use crate::adopt::project::*;
use crate::adopt::settle::PublicName;
use crate::adopt::{Kind, check};

fn service(name: &str, image: &str) -> Service {
    let image = Image { name: image.into(), tag: Some("1".into()), ..Image::default() };
    Service { name: name.into(), image, ..Service::default() }
}

fn port(container: u16, host: Option<u16>, protocol: Protocol) -> Port {
    Port { container, protocol, host, host_ip: None }
}

fn mount(source: MountSource, target: &str, fate: Fate) -> Mount {
    let target = target.to_owned();
    Mount { target, source, read_only: false, subpath: None, propagation: None, seen: Seen::default(), fate }
}

fn claim(name: &str) -> Fate {
    Fate::Claim(Claim { name: name.into(), bytes: 1 << 30, shared: false, local_only: false })
}

fn health(test: HealthTest) -> Option<Health> {
    Some(Health {
        test,
        interval: Some(10),
        timeout: None,
        retries: None,
        start_period: None,
        from_image: false,
    })
}

fn project(name: &str, services: Vec<Service>) -> Project {
    Project { name: name.into(), services, ..Project::default() }
}

fn written_with(project: Project, public: Vec<PublicName>) -> Written {
    let options = Options { to: Kind::Nomad, ..Options::default() };
    let settled = Settled { project, decisions: Vec::new(), public };
    let written = write(&settled, &options);
    let faults = check::check(&settled, &written, &options);
    assert!(faults.is_empty(), "{faults:?}\n{}", written.objects[0].text);
    written
}

fn text(project: Project) -> String {
    written_with(project, Vec::new()).objects[0].text.clone()
}

fn paperless() -> Project {
    let mut db = service("db", "postgres");
    db.restart = Restart::UnlessStopped;
    db.env.insert("POSTGRES_PASSWORD".into(), Value::Secret);
    db.ports = vec![port(5432, None, Protocol::Tcp)];
    db.mounts =
        vec![mount(MountSource::Volume("pgdata".into()), "/var/lib/postgresql/data", claim("pgdata"))];
    db.health = health(HealthTest::Exec(vec!["pg_isready".into()]));
    db.limits.memory = Some(512 << 20);
    db.limits.memory_reserved = Some(256 << 20);
    let mut init = service("init", "migrate");
    init.limits.memory = Some(64 << 20);
    init.depends_on = vec![Dependency { service: "db".into(), until: Until::Healthy }];
    let mut web = service("web", "paperless");
    web.depends_on = vec![Dependency { service: "init".into(), until: Until::Completed }];
    web.env.insert("API_TOKEN".into(), Value::Secret);
    web.env.insert("PAPERLESS_DBHOST".into(), Value::Text("db".into()));
    web.env.insert("ODD".into(), Value::Text("${x} %{y} \"z\"".into()));
    web.command = Some(vec!["serve".into(), "--token=$(API_TOKEN)".into()]);
    web.ports = vec![port(8000, Some(8010), Protocol::Tcp)];
    web.health = health(HealthTest::Http { port: 8000, path: "/health".into(), tls: false });
    web.usage.memory = Some(700 << 20);
    web.usage.cpu_milli = Some(250);
    web.mounts = vec![
        mount(
            MountSource::Memory(Some(64 << 20)),
            "/tmp",
            Fate::Scratch { bytes: Some(64 << 20), memory: true },
        ),
        mount(MountSource::File("config".into()), "/etc/app.toml", Fate::Config),
        mount(
            MountSource::Bind("/mnt/nas".into()),
            "/media",
            Fate::Share { server: "nas".into(), path: "/export/media".into() },
        ),
        mount(MountSource::Bind("/srv/key".into()), "/run/key.pem", Fate::SecretFile),
    ];
    let mut project = project("paperless", vec![db, init, web]);
    project.host = Some("vm3".into());
    project.files.insert(
        "config".into(),
        GivenFile { text: Some("a = '${b} {{ c }}'\n".into()), ..GivenFile::default() },
    );
    project
}

#[test]
fn containers_that_speak_to_each_other_are_one_group_with_their_names() {
    let public = PublicName {
        service: "web".into(),
        host: "paperless.example.org".into(),
        path: None,
        port: 8000,
        from: String::new(),
    };
    let written = written_with(paperless(), vec![public]);
    let text = &written.objects[0].text;
    assert_eq!(text, include_str!("tests/paperless.nomad.hcl"), "\n{text}");
}

#[test]
fn a_vpn_takes_only_the_traffic_of_those_that_use_it() {
    let vpn = service("vpn", "gluetun");
    let mut torrent = service("torrent", "qbittorrent");
    torrent.network = Connection::Service("vpn".into());
    let mut sonarr = service("sonarr", "sonarr");
    sonarr.env.insert("TORRENT_URL".into(), Value::Text("http://vpn:8080".into()));
    let written = written_with(project("media", vec![vpn, torrent, sonarr]), Vec::new());
    let text = &written.objects[0].text;
    assert!(text.contains("group \"vpn\"") && text.contains("group \"sonarr\""), "{text}");
    assert!(!text.contains("group \"torrent\""), "{text}");
    assert!(
        written.notes.iter().any(|note| note.text.contains("`sonarr` speaks to `vpn` by its name")),
        "{:?}",
        written.notes
    );
}

#[test]
fn two_that_listen_on_one_port_are_kept_apart_and_it_is_said() {
    let mut one = service("one", "a");
    one.ports = vec![port(80, Some(8080), Protocol::Tcp)];
    let mut two = service("two", "b");
    two.ports = vec![port(80, Some(8081), Protocol::Tcp)];
    let written = written_with(project("x", vec![one, two]), Vec::new());
    assert_eq!(written.objects[0].text.matches("group \"").count(), 2);
    assert!(
        written.notes.iter().any(|note| note.text.contains("both listen on port 80")),
        "{:?}",
        written.notes
    );
}

#[test]
fn udp_keeps_its_number_and_tcp_of_the_same_number_is_one_port_with_it() {
    let mut dns = service("pihole", "pihole");
    dns.ports = vec![port(53, Some(53), Protocol::Udp), port(53, Some(53), Protocol::Tcp)];
    let text = text(project("pihole", vec![dns]));
    assert_eq!(
        text.matches("port \"dns\" {\n        static = 53\n        to     = 53\n").count(),
        1,
        "{text}"
    );
}

#[test]
fn what_is_on_the_host_s_network_keeps_the_ports_that_were_seen_there() {
    let mut hass = service("hass", "home-assistant");
    hass.network = Connection::Host;
    hass.listens = vec![Listening { port: 8123, protocol: Protocol::Tcp }];
    hass.rights.privileged = true;
    hass.devices = vec![Device {
        host: "/dev/ttyUSB0".into(),
        container: "/dev/ttyUSB0".into(),
        permissions: "rwm".into(),
    }];
    hass.mounts = vec![mount(MountSource::Bind("/run/dbus".into()), "/run/dbus", Fate::HostPath)];
    hass.gpus = Some(Gpus { count: Some(2), driver: None, ids: Vec::new() });
    let text = text(project("hass", vec![hass]));
    for part in [
        "mode = \"host\"",
        "static = 8123\n",
        "network_mode = \"host\"",
        "privileged   = true",
        "devices      = [{ host_path = \"/dev/ttyUSB0\", container_path = \"/dev/ttyUSB0\" }]",
        "volumes      = [\"/run/dbus:/run/dbus\"]",
        "device \"nvidia/gpu\" {\n          count = 2",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("to ="), "{text}");
}

#[test]
fn a_port_for_its_own_host_alone_is_not_opened_to_all() {
    let mut web = service("web", "a");
    web.ports = vec![Port {
        container: 80,
        protocol: Protocol::Tcp,
        host: Some(8080),
        host_ip: Some("127.0.0.1".into()),
    }];
    let written = written_with(project("x", vec![web]), Vec::new());
    assert!(!written.objects[0].text.contains("static"), "{}", written.objects[0].text);
    assert!(written.notes.iter().any(|note| note.text.contains("127.0.0.1")));
}

/// Runs the line against a `docker` and a `nomad` of our own: what comes to `nomad`, and what is shown.
fn put(line: &str, variables: &[&str]) -> (String, String) {
    let folder = std::env::temp_dir().join(format!("adopt-var-{}-{}", std::process::id(), variables.len()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let printed: Vec<String> =
        variables.iter().map(|variable| serde_json::json!(variable).to_string() + "\n").collect();
    std::fs::write(folder.join("printed"), printed.concat() + "\n").expect("a file");
    for (name, script) in [
        (
            "docker",
            "#!/bin/sh\n[ \"$1 $2 $3\" = 'inspect --format {{range .Config.Env}}{{json .}}{{println}}{{end}}' ] || exit 9\ncat printed\n",
        ),
        ("ssh", "#!/bin/sh\nshift\nexec sh -c \"$*\"\n"),
        ("nomad", "#!/bin/sh\necho \"$*\" > asked\ncat > given\n"),
    ] {
        std::fs::write(folder.join(name), script).expect("a script");
        let mode = Command::new("chmod").arg("755").arg(folder.join(name)).status();
        assert!(mode.is_ok_and(|status| status.success()));
    }
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let mut run = Command::new("sh");
    run.args(["-c", line]).current_dir(&folder).env("PATH", path).stdin(Stdio::null());
    let output = run.output().expect("a shell");
    let shown =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let result = read("asked") + &read("given");
    let _ = std::fs::remove_dir_all(&folder);
    (result, shown)
}

#[test]
fn the_line_that_fills_the_variables_keeps_every_value_and_shows_none() {
    let written = written_with(paperless(), Vec::new());
    let db = &written.secrets[0];
    assert_eq!(
        (db.name.as_str(), db.keys.as_slice()),
        ("nomad/jobs/paperless/paperless/db", ["POSTGRES_PASSWORD".to_owned()].as_slice())
    );
    let value = "a$b\"c'd\\e\nf=<g>";
    let (given, shown) =
        put(&db.command, &["PATH=/bin", &format!("POSTGRES_PASSWORD={value}"), "MY_POSTGRES_PASSWORD=no"]);
    let (asked, json) = given.split_once('\n').expect("what was asked");
    assert_eq!(asked, "var put -force -out=none -in=json nomad/jobs/paperless/paperless/db -");
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(json).expect("JSON"),
        serde_json::json!({"Items": {"POSTGRES_PASSWORD": value}})
    );
    assert_eq!(shown, "");
}

#[test]
fn a_file_beside_the_compose_file_goes_along_and_secrets_are_taken_from_where_they_are() {
    let mut web = service("web", "nginx");
    web.replicas = Some(2);
    web.ports = vec![port(80, Some(80), Protocol::Tcp)];
    web.mounts = vec![
        mount(MountSource::Bind("./web/nginx.conf".into()), "/etc/nginx/nginx.conf", Fate::Config),
        mount(MountSource::File("root".into()), "/run/secrets/root", Fate::SecretFile),
    ];
    let mut project = project("web", vec![web]);
    project.host = Some("local".into());
    let root = GivenFile { secret: true, environment: Some("DB_ROOT".into()), ..GivenFile::default() };
    project.files.insert("root".into(), root);
    let written = written_with(project, Vec::new());
    let text = &written.objects[0].text;
    assert!(text.contains("data            = file(\"./web/nginx.conf\")"), "{text}");
    assert!(text.contains("\"local/nginx-conf:/etc/nginx/nginx.conf:ro\""), "{text}");
    let secret = &written.secrets[0];
    let command = "root=\"$(docker compose config --environment | sed -n 's/^DB_ROOT=//p')\"";
    assert!(secret.command.ends_with(command), "{}", secret.command);
    assert_eq!(secret.run_on.as_deref(), Some("beside the compose file"));
    assert!(written.notes.iter().any(|note| note.text.contains("2 clients are needed")));
}

#[test]
fn a_config_that_was_not_there_to_be_read_is_read_beside_the_job_and_never_empty() {
    let mut loki = service("loki", "grafana/loki");
    loki.mounts = vec![mount(MountSource::File("loki".into()), "/etc/loki.yaml", Fate::Config)];
    let mut project = project("logs", vec![loki]);
    let file = GivenFile { path: Some("./loki.yaml".into()), ..GivenFile::default() };
    project.files.insert("loki".into(), file);
    let written = written_with(project, Vec::new());
    assert!(written.objects[0].text.contains("file(\"./loki.yaml\")"), "{}", written.objects[0].text);
    assert!(written.notes.iter().any(|note| note.text.contains("beside the compose file")));
}

#[test]
fn what_is_started_again_so_often_at_most_is_given_up_then() {
    for (often, expected) in [
        (Some(5), "attempts = 5\n      interval = \"30m\""),
        (Some(400), "attempts = 400\n      interval = \"100m\""),
        (None, "attempts = 3\n      interval = \"5m\""),
    ] {
        let mut one = service("one", "a");
        one.restart = Restart::OnFailure(often);
        let text = text(project("one", vec![one]));
        assert!(text.contains(expected), "{often:?}\n{text}");
    }
}

#[test]
fn a_single_file_on_a_volume_is_said_to_need_a_folder() {
    for (path, target, is_said) in [
        ("/opt/filebrowser.db", "/database.db", true),
        ("/opt/certs.d", "/etc/certs.d", false),
        ("/opt/data", "/data", false),
    ] {
        let mut files = service("files", "filebrowser");
        files.mounts = vec![mount(MountSource::Bind(path.into()), target, claim("files"))];
        let notes = written_with(project("files", vec![files]), Vec::new()).notes;
        assert_eq!(
            notes.iter().any(|note| note.text.contains("is a single file")),
            is_said,
            "{path}\n{notes:?}"
        );
    }
}
