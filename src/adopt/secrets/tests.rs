mod attack;

use proptest::prelude::*;

use super::*;
use crate::adopt::project::{GivenFile, Image};

fn service(name: &str) -> Service {
    Service {
        name: name.to_owned(),
        image: Image { name: "docker.io/library/app".into(), ..Image::default() },
        ..Service::default()
    }
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

#[test]
fn a_secret_of_the_arguments_becomes_a_variable() {
    let mut redis = service("redis");
    redis.command = Some(["redis-server", "--requirepass", "hunter2"].map(str::to_owned).to_vec());
    redis.health = Some(Health {
        test: HealthTest::Shell("redis-cli -a hunter2 ping".into()),
        interval: None,
        timeout: None,
        retries: None,
        start_period: None,
        from_image: false,
    });
    let mut project = Project { services: vec![redis], ..Project::default() };
    hide(&mut project);
    let redis = &project.services[0];
    assert_eq!(redis.command.as_ref().unwrap()[2], "$(REDIS_PASSWORD)");
    assert_eq!(redis.env.get("REDIS_PASSWORD"), Some(&Value::Secret));
    let test = &redis.health.as_ref().unwrap().test;
    assert_eq!(test, &HealthTest::Shell("redis-cli -a $(REDIS_PASSWORD) ping".into()));
    let once = project.clone();
    hide(&mut project);
    assert_eq!(project, once);
}

#[test]
fn a_weak_password_hides_itself_and_wrecks_nothing() {
    let mut db = service("db");
    for (name, value) in
        [("POSTGRES_USER", "paperless"), ("POSTGRES_PASSWORD", "paperless"), ("MODE", "password")]
    {
        db.env.insert(name.into(), text(value));
    }
    db.env.insert("OTHER_PASSWORD".into(), text("password"));
    db.command = Some(vec!["pg_isready".into(), "-U".into(), "paperless".into()]);
    let mut project = Project { name: "paperless".into(), services: vec![db], ..Project::default() };
    hide(&mut project);
    let db = &project.services[0];
    assert_eq!(db.env["POSTGRES_PASSWORD"], Value::Secret);
    assert_eq!(db.env["OTHER_PASSWORD"], Value::Secret);
    assert_eq!(db.env["POSTGRES_USER"], text("paperless"));
    assert_eq!(db.env["MODE"], text("password"));
    assert_eq!(db.command.as_ref().unwrap()[2], "paperless");
}

#[test]
fn a_short_secret_is_found_as_a_word_alone() {
    let mut app = service("app");
    app.env.insert("PASSWORD".into(), text("abc1"));
    app.command = Some(vec!["run".into(), "--x=abc1".into(), "abc1".into(), "xabc1y".into()]);
    let mut project = Project { services: vec![app], ..Project::default() };
    hide(&mut project);
    let command = project.services[0].command.clone().unwrap();
    assert_eq!(command, ["run", "--x=$(PASSWORD)", "$(PASSWORD)", "xabc1y"]);
}

#[test]
fn a_label_with_a_login_is_dropped_with_a_word_about_it() {
    let mut app = service("app");
    let label = "traefik.http.middlewares.login.basicauth.users";
    app.labels.insert(label.into(), "me:$$apr$$notreal".into());
    app.labels.insert(
        "traefik.http.middlewares.sso.forwardauth.address".into(),
        "http://authelia:9091/api/verify".into(),
    );
    let mut project = Project { services: vec![app], ..Project::default() };
    hide(&mut project);
    assert_eq!(project.services[0].labels.len(), 1);
    assert!(project.notes[0].text.contains(label));
}

#[test]
fn another_services_arguments_get_the_variable_too() {
    let mut db = service("db");
    db.env.insert("POSTGRES_PASSWORD".into(), text("not-real-1"));
    let mut app = service("app");
    app.command = Some(vec!["--database=not-real-1".into()]);
    let mut project = Project { services: vec![db, app], ..Project::default() };
    hide(&mut project);
    let app = &project.services[1];
    assert_eq!(app.command.as_ref().unwrap()[0], "--database=$(POSTGRES_PASSWORD)");
    assert_eq!(app.env["POSTGRES_PASSWORD"], Value::Secret);
}

fn everywhere(secret: &str) -> Project {
    let mut app = service("app");
    app.env.insert("DB_PASSWORD".into(), text(secret));
    app.env.insert("URL".into(), text(&format!("postgres://u:{secret}@db/x")));
    app.env.insert("OPTIONS".into(), text(&format!("a {secret} b")));
    app.command = Some(vec![
        "x".into(),
        secret.into(),
        format!("--y={secret}"),
        format!("echo '{secret}' | y {secret}"),
    ]);
    app.entrypoint = Some(vec![format!("pre{secret}post")]);
    app.labels.insert("some.label".into(), format!("x{secret}"));
    app.extra_hosts = vec![("host".into(), secret.into())];
    app.hostname = Some(secret.into());
    app.health = Some(Health {
        test: HealthTest::Shell(format!("probe -p {secret} || exit 1")),
        interval: None,
        timeout: None,
        retries: None,
        start_period: None,
        from_image: false,
    });
    let mut project =
        Project { name: "p".into(), services: vec![app, service("other")], ..Project::default() };
    project.services[1].command = Some(vec![format!("--z={secret}")]);
    project
        .files
        .insert("f".into(), GivenFile { text: Some(format!("pw: {secret}\n")), ..GivenFile::default() });
    project.notes.push(Note { service: None, text: format!("saw {secret}") });
    project.referrers.push(format!("web: {secret}"));
    project
}

proptest! {
    #[test]
    fn no_secret_of_six_characters_is_left_anywhere(secret in "[!-~äß]{6,40}") {
        let mut project = everywhere(&secret);
        let names = ordinary::names(&project);
        prop_assume!(!ordinary::is(&secret, &names) && looks_secret("DB_PASSWORD", Some(&secret)));
        // What stands there without any secret is no leak.
        let empty = serde_json::to_string(&everywhere("")).unwrap();
        prop_assume!(!empty.contains(&secret));
        hide(&mut project);
        let json = serde_json::to_string(&project).unwrap();
        let escaped = serde_json::to_string(&secret).unwrap();
        prop_assert!(!json.contains(&secret), "{json}");
        prop_assert!(!json.contains(escaped.trim_matches('"')), "{json}");
    }

    #[test]
    fn nothing_panics_and_twice_is_once(words in prop::collection::vec(".{0,30}", 0..6), value in ".{0,30}", name in "[A-Z_]{0,12}") {
        let mut app = service("app");
        app.command = Some(words);
        app.env.insert(name, Value::Text(value));
        let mut project = Project { services: vec![app], ..Project::default() };
        hide(&mut project);
        let once = project.clone();
        hide(&mut project);
        prop_assert_eq!(once, project);
    }
}

#[test]
fn a_project_with_thousands_of_secrets_is_clean_afterwards() {
    let mut app = service("app");
    for number in 0..3_000 {
        app.env.insert(format!("SETTING_{number}"), text(&format!("value number {number}")));
        app.env.insert(format!("SOME_PASSWORD_{number}"), text(&format!("not-real-{number}-x")));
    }
    app.command = Some((0..500).map(|number| format!("--x{number}=not-real-{number}-x")).collect());
    let mut project = Project { services: vec![app], ..Project::default() };
    let long = "server: x\n".repeat(20_000);
    project.files.insert("f".into(), GivenFile { text: Some(long.clone()), ..GivenFile::default() });
    hide(&mut project);
    let app = &project.services[0];
    assert_eq!(app.secrets().count(), 3_000);
    assert_eq!(app.command.as_ref().unwrap()[7], "--x7=$(SOME_PASSWORD_7)");
    assert_eq!(app.env["SETTING_7"], text("value number 7"));
    assert_eq!(project.files["f"].text, Some(long));
}
