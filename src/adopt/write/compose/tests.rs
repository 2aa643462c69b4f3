use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use super::*;
use crate::adopt::project::*;
use crate::adopt::{Kind, check};

fn service(name: &str, image: &str) -> Service {
    let (name_, tag) = image.split_once(':').unwrap_or((image, "1"));
    let image = Image { name: name_.into(), tag: Some(tag.into()), ..Image::default() };
    Service { name: name.into(), image, ..Service::default() }
}

fn mount(source: MountSource, target: &str, fate: Fate) -> Mount {
    Mount {
        target: target.into(),
        source,
        read_only: false,
        subpath: None,
        propagation: None,
        seen: Seen::default(),
        fate,
    }
}

fn claim(name: &str) -> Fate {
    Fate::Claim(Claim { name: name.into(), bytes: 1 << 30, shared: false, local_only: false })
}

fn port(container: u16, host: Option<u16>, protocol: Protocol) -> Port {
    Port { container, protocol, host, host_ip: None }
}

fn written(project: Project, compose_host: Option<&str>) -> Written {
    let options =
        Options { to: Kind::Compose, compose_host: compose_host.map(str::to_owned), ..Options::default() };
    let settled = Settled { project, decisions: Vec::new(), public: Vec::new() };
    let written = write(&settled, &options);
    let faults = check::check(&settled, &written, &options);
    assert!(faults.is_empty(), "{faults:?}\n{}", written.objects[0].text);
    written
}

fn paperless() -> Project {
    let mut db = service("db", "docker.io/library/postgres:16");
    db.image.digest = Some(format!("sha256:{}", "a".repeat(64)));
    db.image.pinned = true;
    db.restart = Restart::UnlessStopped;
    db.env.insert("POSTGRES_DB".into(), Value::Text("paperless".into()));
    db.env.insert("POSTGRES_PASSWORD".into(), Value::Secret);
    db.mounts.push(mount(MountSource::Volume("pgdata".into()), "/var/lib/postgresql/data", claim("pgdata")));
    db.health = Some(Health {
        test: HealthTest::Shell("pg_isready -U $POSTGRES_USER".into()),
        interval: Some(30),
        timeout: Some(5),
        retries: Some(5),
        start_period: None,
        from_image: false,
    });
    db.network = Connection::Networks(vec![Attachment {
        network: "default".into(),
        aliases: BTreeSet::from(["database".to_owned(), "db".to_owned()]),
        address: None,
    }]);
    let mut web = service("webserver", "ghcr.io/paperless-ngx/paperless-ngx:2.14");
    web.container = Some("paperless".into());
    web.restart = Restart::OnFailure(Some(5));
    web.ports = vec![port(8000, Some(8010), Protocol::Tcp)];
    web.env.insert("POSTGRES_PASSWORD".into(), Value::Secret);
    web.env.insert("PAPERLESS_TASK_WORKERS".into(), Value::Text("2".into()));
    web.env.insert("PAPERLESS_URL".into(), Value::Text("https://$HOST:1".into()));
    web.env.insert("SWITCH".into(), Value::Text("on".into()));
    web.env.insert("FROM_SHELL".into(), Value::Unset);
    web.env.insert("API_TOKEN".into(), Value::Secret);
    web.command = Some(vec!["serve".into(), "--token=$(API_TOKEN)".into(), "$(HOME)".into()]);
    web.depends_on = vec![Dependency { service: "db".into(), until: Until::Healthy }];
    web.mounts = vec![
        mount(MountSource::Bind("/srv/paperless/media".into()), "/usr/src/media", claim("media")),
        mount(
            MountSource::Bind("/mnt/nas/consume".into()),
            "/usr/src/consume",
            Fate::Share { server: "nas".into(), path: "/export/consume".into() },
        ),
        mount(
            MountSource::Memory(Some(64 << 20)),
            "/tmp",
            Fate::Scratch { bytes: Some(64 << 20), memory: true },
        ),
        mount(
            MountSource::Bind("/var/run/docker.sock".into()),
            "/var/run/docker.sock",
            Fate::Left("no".into()),
        ),
        mount(MountSource::File("app-config".into()), "/etc/app.toml", Fate::Config),
        mount(MountSource::File("key".into()), "/run/secrets/key", Fate::SecretFile),
    ];
    web.limits.memory = Some(2 << 30);
    web.limits.cpu_milli = Some(1500);
    web.usage.memory = Some(700 << 20);
    let mut project = Project {
        name: "paperless".into(),
        services: vec![db, web],
        origin: Origin::Compose,
        ..Project::default()
    };
    project.host = Some("vm3".into());
    project.volumes.insert("pgdata".into(), Volume::default());
    project.files.insert(
        "app-config".into(),
        GivenFile { text: Some("a = 1\nb = '$x'\n".into()), ..GivenFile::default() },
    );
    project.files.insert(
        "key".into(),
        GivenFile { secret: true, path: Some("./key.txt".into()), ..GivenFile::default() },
    );
    project
}

#[test]
fn a_project_of_two_is_written_as_a_person_would_have() {
    let written = written(paperless(), Some("vm9"));
    let text = &written.objects[0].text;
    let body = text.split_once("\n\n").map(|(_, body)| body).unwrap_or_default();
    let expected = include_str!("tests/paperless.yaml");
    assert_eq!(body, expected, "\n{body}");
}

#[test]
fn what_stays_on_its_host_keeps_its_binds() {
    let text = written(paperless(), None).objects[0].text.clone();
    assert!(text.contains("- /srv/paperless/media:/usr/src/media\n"), "{text}");
    assert!(text.contains("- /mnt/nas/consume:/usr/src/consume\n"), "{text}");
    assert!(!text.contains("docker.sock"), "{text}");
}

#[test]
fn values_that_yaml_or_compose_would_misread_are_read_as_they_are() {
    let mut web = service("web", "a");
    let odd = [
        "on", "off", "yes", "no", "1e3", "0777", "12:30", "null", "", "~", "$HOME", "${A:-b}", "a\nb\n", "'",
        "\"", "\\n", "#",
    ];
    for (index, value) in odd.iter().enumerate() {
        web.env.insert(format!("V{index}"), Value::Text((*value).to_owned()));
    }
    let project = Project { name: "x".into(), services: vec![web], ..Project::default() };
    let text = written(project, None).objects[0].text.clone();
    let file: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
    for (index, value) in odd.iter().enumerate() {
        let read = file["services"]["web"]["environment"][format!("V{index}")].as_str();
        assert_eq!(read, Some(value.replace('$', "$$").as_str()), "{text}");
    }
}

#[test]
fn the_image_s_own_health_check_stays_with_the_image() {
    let mut web = service("web", "a");
    web.health = Some(Health {
        test: HealthTest::Exec(vec!["/healthy".into()]),
        interval: None,
        timeout: None,
        retries: None,
        start_period: None,
        from_image: true,
    });
    let project = Project { name: "x".into(), services: vec![web], ..Project::default() };
    let text = written(project, None).objects[0].text.clone();
    assert!(!text.contains("healthcheck"), "{text}");
    assert!(text.contains("image_health"), "goes along as what was seen: {text}");
}

#[test]
fn volumes_that_were_seen_on_the_host_keep_their_names_there() {
    let mut web = service("web", "a");
    for name in ["data", "cache", "old"] {
        web.mounts.push(mount(MountSource::Volume(name.into()), &format!("/{name}"), claim(name)));
    }
    let mut project = Project { name: "x".into(), services: vec![web], ..Project::default() };
    project.volumes.insert("data".into(), Volume { real_name: Some("x_data".into()), ..Volume::default() });
    project.volumes.insert("cache".into(), Volume::default());
    project.volumes.insert("old".into(), Volume { external: true, ..Volume::default() });
    let text = written(project, None).objects[0].text.clone();
    let end = "volumes:\n  data:\n  cache:\n    name: cache\n  old:\n    external: true\n";
    let sorted = "volumes:\n  cache:\n    name: cache\n  data:\n  old:\n    external: true\n";
    assert!(text.ends_with(sorted) || text.ends_with(end), "{text}");
}

/// Runs the line that fills the `.env` against a `docker` that prints these variables as the real one does.
fn filled(line: &str, variables: &[&str]) -> (String, String) {
    let folder = std::env::temp_dir().join(format!("adopt-env-{}-{}", std::process::id(), line.len()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let _ = std::fs::remove_file(folder.join(".env"));
    let printed: Vec<String> = variables.iter().map(|variable| format!("{variable}\u{1e}")).collect();
    std::fs::write(folder.join("printed"), printed.concat() + "\n").expect("a file");
    for (name, script) in [
        (
            "docker",
            "#!/bin/sh\n[ \"$1 $2 $3\" = 'inspect --format {{range .Config.Env}}{{printf \"%s\\x1e\" .}}{{end}}' ] || exit 9\ncat printed\n",
        ),
        ("ssh", "#!/bin/sh\nshift\nexec sh -c \"$*\"\n"),
    ] {
        std::fs::write(folder.join(name), script).expect("a script");
        let mode = Command::new("chmod").arg("755").arg(folder.join(name)).status();
        assert!(mode.is_ok_and(|status| status.success()));
    }
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let mut run = Command::new("sh");
    run.args(["-c", line]).current_dir(&folder).env("PATH", path);
    let output = run.stdin(Stdio::null()).output().expect("a shell");
    let shown =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let text = std::fs::read_to_string(folder.join(".env")).unwrap_or_default();
    let _ = std::fs::remove_dir_all(&folder);
    (text, shown)
}

#[test]
fn the_env_has_a_secret_once_and_what_it_has_stays() {
    let mut project = paperless();
    for service in &mut project.services {
        service.secret_names.insert("POSTGRES_PASSWORD".into(), "DB_PASSWORD".into());
    }
    project.host = Some("local".into());
    let written = written(project, None);
    let text = &written.objects[0].text;
    assert_eq!(text.matches("POSTGRES_PASSWORD: ${DB_PASSWORD?create .env, see above}").count(), 2, "{text}");
    assert!(
        text.starts_with("# A file .env beside this one has to hold\n#   API_TOKEN DB_PASSWORD\n\n"),
        "{text}"
    );
    let keys: Vec<&String> = written.secrets.iter().flat_map(|secret| &secret.keys).collect();
    assert_eq!(keys, ["DB_PASSWORD", "API_TOKEN"]);
    assert!(written.secrets.iter().all(|secret| !secret.command.contains("ssh ")));
    let twice = format!("{0}; {0}", written.secrets[0].command);
    let (text, shown) = filled(&twice, &["POSTGRES_PASSWORD=not-a-real-password-1"]);
    assert_eq!((text.as_str(), shown.as_str()), ("DB_PASSWORD='not-a-real-password-1'\n", ""));
    // It stands in an argument, and is not among the variables: then it is told where to look.
    let (text, shown) = filled(&written.secrets[1].command, &["PATH=/bin"]);
    assert_eq!(text, "");
    assert!(
        shown.starts_with("not among its variables: API_TOKEN. Maybe it stands in what it runs"),
        "{shown}"
    );
    assert!(shown.trim_end().ends_with("{{json .Config.Cmd}}\" paperless"), "{shown}");
}

#[test]
fn the_line_that_fills_the_env_keeps_every_value_and_shows_none() {
    let written = written(paperless(), None);
    assert_eq!(written.secrets[0].keys, ["DB_POSTGRES_PASSWORD"]);
    assert_eq!(written.secrets[1].keys, ["API_TOKEN", "WEBSERVER_POSTGRES_PASSWORD"]);
    let (text, shown) = filled(
        &written.secrets[1].command,
        &["PATH=/bin", "API_TOKEN=a$b #c\"d'e\\f", "POSTGRES_PASSWORD=one\ntwo=2", "X_API_TOKEN=no"],
    );
    assert_eq!(text, "API_TOKEN=\"a\\$b #c\\\"d'e\\\\f\"\nWEBSERVER_POSTGRES_PASSWORD='one\ntwo=2'\n");
    assert_eq!(shown, "");
    let values = ["POSTGRES_PASSWORD=ends\\", "POSTGRES_PASSWORD=it's", "POSTGRES_PASSWORD=a\\'b$c"];
    for value in values {
        let (text, _) = filled(&written.secrets[0].command, &[value]);
        // Read as compose does, it is what the container has.
        let file = "services: {a: {image: a, labels: {x: '${DB_POSTGRES_PASSWORD}'}}}";
        let env = text.replace("DB_POSTGRES_PASSWORD=", "PLAIN=");
        let beside = BTreeMap::from([(".env".to_owned(), env)]);
        let read = crate::adopt::compose::read(
            "c.yaml",
            &file.replace("DB_POSTGRES_PASSWORD", "PLAIN"),
            "x",
            &beside,
        );
        let label = read.expect("a project").services[0].labels["x"].clone();
        assert_eq!(Some(label.as_str()), value.split_once('=').map(|(_, value)| value), "{text}");
    }
    let (text, shown) = filled(&written.secrets[0].command, &["PATH=/bin"]);
    assert_eq!((text.as_str(), shown.as_str()), ("", "not among its variables: POSTGRES_PASSWORD\n"));
}
