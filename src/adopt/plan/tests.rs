use super::*;
use crate::adopt::project::{Claim, Fate, Mount, MountSource, Seen, Service, Volume};
use crate::adopt::write::{Object, Phase, SecretNeeded};
use crate::adopt::{Decision, Settled, Topic, Written};

fn mount(source: MountSource, target: &str, claim: &str, subpath: Option<&str>) -> Mount {
    let claim = Claim { name: claim.into(), bytes: 1 << 30, shared: false, local_only: false };
    Mount {
        target: target.into(),
        source,
        read_only: false,
        subpath: subpath.map(str::to_owned),
        propagation: None,
        seen: Seen { bytes: Some(3_000_000_000), ..Seen::default() },
        fate: Fate::Claim(claim),
    }
}

fn object(phase: Phase, kind: &str, name: &str) -> Object {
    Object {
        phase,
        kind: kind.into(),
        name: name.into(),
        text: format!("kind: {kind}\n# {{{{ {name} }}}}\n"),
    }
}

fn adoption() -> Adoption {
    let db = Service {
        name: "db".into(),
        container: Some("wiki_db".into()),
        restart: Restart::Always,
        stop_grace: Some(60),
        mounts: vec![mount(MountSource::Volume("pg".into()), "/var/lib/postgresql/data", "db-data", None)],
        ..Service::default()
    };
    let web = Service {
        name: "web".into(),
        container: Some("wiki".into()),
        restart: Restart::UnlessStopped,
        mounts: vec![
            mount(
                MountSource::Bind("/srv/wiki/conf/app.ini".into()),
                "/app.ini",
                "web-data",
                Some("app.ini"),
            ),
            mount(MountSource::Bind("/srv/wiki".into()), "/data", "web-data", None),
        ],
        ..Service::default()
    };
    let volume = Volume { real_name: Some("wiki_pg".into()), ..Volume::default() };
    let project = Project {
        name: "wiki".into(),
        services: vec![db, web],
        volumes: [("pg".to_owned(), volume)].into(),
        host: Some("vm3".into()),
        ..Project::default()
    };
    let objects = vec![
        object(Phase::Base, "Namespace", "wiki"),
        object(Phase::Base, "PersistentVolumeClaim", "db-data"),
        object(Phase::Base, "PersistentVolumeClaim", "web-data"),
        object(Phase::Base, "ConfigMap", "web"),
        object(Phase::Workload, "StatefulSet", "db"),
        object(Phase::Workload, "Service", "db"),
        object(Phase::Workload, "Deployment", "web"),
        object(Phase::Route, "Ingress", "web"),
    ];
    let secret = SecretNeeded {
        name: "db".into(),
        keys: vec!["POSTGRES_PASSWORD".into()],
        command: "make-the-secret".into(),
        run_on: None,
    };
    let settled = Settled { project, decisions: Vec::new(), public: Vec::new() };
    Adoption { settled, written: Written { objects, secrets: vec![secret], ..Written::default() } }
}

fn drawn(options: &Options) -> Migration {
    migration(&adoption(), options).unwrap()
}

fn names(migration: &Migration) -> Vec<&str> {
    migration.steps.iter().map(|step| step.name.as_str()).collect()
}

fn step<'a>(migration: &'a Migration, name: &str) -> &'a Step {
    migration.steps.iter().find(|step| step.name == name).unwrap()
}

#[test]
fn a_migration_prepares_stops_copies_starts_proves_and_switches_in_this_order() {
    let plan = drawn(&Options::default());
    let expected = [
        "namespace",
        "volumes",
        "configuration",
        "services",
        "hold-db",
        "stop-web",
        "stop-db",
        "copy-db-data",
        "compare-db-data",
        "copy-web-data",
        "compare-web-data",
        "start-db",
        "start-web",
        "all-are-ready",
        "switch-traffic",
    ];
    assert_eq!(names(&plan), expected);
    let stages: Vec<Stage> = plan.steps.iter().map(|step| step.stage).collect();
    assert!(stages.is_sorted(), "{stages:?}");
    let checks: Vec<&str> = plan.checks.iter().map(|check| check.name.as_str()).collect();
    assert!(checks.contains(&"secret-db-is-there") && checks.contains(&"old-one-is-there"), "{checks:?}");
}

#[test]
fn what_needs_the_database_stops_before_it_and_starts_after_it_also_on_the_way_back() {
    let plan = drawn(&Options::default());
    let at = |name: &str| names(&plan).iter().position(|known| *known == name);
    assert!(at("stop-web") < at("stop-db"), "what is done last is taken back first");
    let stop = step(&plan, "stop-db");
    assert_eq!(stop.run.argv, ["docker", "stop", "wiki_db"]);
    assert_eq!(stop.undo.as_ref().unwrap().argv, ["docker", "start", "wiki_db"]);
    assert_eq!(stop.run.host.as_deref(), Some("vm3"));
    assert!(stop.timeout >= Duration::from_secs(180), "a database is given the time that it wants");
    let hold = step(&plan, "hold-db");
    assert_eq!(hold.run.argv, ["docker", "update", "--restart=no", "wiki_db"]);
    assert_eq!(hold.undo.as_ref().unwrap().argv, ["docker", "update", "--restart=always", "wiki_db"]);
}

#[test]
fn whatever_happens_no_volume_and_no_namespace_is_deleted() {
    let plan = drawn(&Options::default());
    for step in plan.steps.iter().chain(&plan.decommission) {
        for line in [Some(&step.run), step.undo.as_ref()].into_iter().flatten() {
            let text = line.to_string();
            let deletes = text.contains(" delete ") || text.contains(" rm ");
            let of_data = ["pvc", "persistentvolumeclaim", "namespace/", "volume"];
            assert!(!(deletes && of_data.iter().any(|word| text.contains(word))), "{}: {text}", step.name);
        }
        let changes = !["compare-", "all-are-ready"].iter().any(|name| step.name.starts_with(name));
        assert!(!changes || step.verify.is_some(), "{} is not verified", step.name);
        let can_go_back = step.undo.is_some() || step.stage == Stage::Decommission;
        assert!(!changes || can_go_back, "{} has no way back", step.name);
    }
}

#[test]
fn a_volume_is_copied_once_as_a_whole_and_compared_by_content() {
    let plan = drawn(&Options::default());
    let job = step(&plan, "copy-web-data").run.stdin.clone().unwrap();
    let job: serde_yaml::Value = serde_yaml::from_str(&job).unwrap();
    let script = job["spec"]["template"]["spec"]["containers"][0]["command"][2].as_str().unwrap();
    assert!(script.contains("root@vm3:/srv/wiki/ /to/"), "{script}");
    assert!(script.contains("--checksum") && script.contains("exit 1"), "{script}");
    assert_eq!(job["spec"]["backoffLimit"], serde_yaml::Value::from(0));
    let db = step(&plan, "copy-db-data").run.stdin.clone().unwrap();
    assert!(db.contains("/var/lib/docker/volumes/wiki_pg/_data/"), "{db}");
}

#[test]
fn the_script_that_copies_says_what_is_different_and_fails() {
    let job = step(&drawn(&Options::default()), "copy-web-data").run.stdin.clone().unwrap();
    let job: serde_yaml::Value = serde_yaml::from_str(&job).unwrap();
    let script = job["spec"]["template"]["spec"]["containers"][0]["command"][2].as_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let stub = |said: &str| {
        let path = folder.path().join("rsync");
        let text = format!("#!/bin/sh\ncase \"$*\" in *--checksum*) printf '{said}';; esac\n");
        std::fs::write(&path, text).unwrap();
        let rights = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&path, rights).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let output = std::process::Command::new("/bin/sh").args(["-ec", &script]).env("PATH", path).output();
        let output = output.unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (copied, said) = stub(".d..t...... ./\\n");
    assert!(copied && said.contains("every byte compared"), "a folder's time is no difference: {said}");
    let (copied, said) = stub(">fc........ data/db.sqlite3\\n");
    assert!(!copied && said.contains("data/db.sqlite3"), "{said}");
}

#[test]
fn the_text_is_a_runbook_in_which_nothing_is_a_template() {
    let plan = drawn(&Options::default());
    let text = plan.runbook("adopt-wiki");
    let read: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let start = read["steps"].as_sequence().unwrap().iter().find(|step| step["name"] == "start-web").unwrap();
    let stdin = start["run"]["stdin"].as_str().unwrap();
    let template = crate::domain::template::Template::parse(stdin).unwrap();
    assert_eq!(template.render(&|_| None).unwrap(), "kind: Deployment\n# {{ web }}\n");
    let removal = plan.decommission("adopt-wiki").unwrap();
    assert!(removal.contains("docker") && removal.contains("rm"), "{removal}");
}

#[test]
fn without_a_host_or_a_place_to_copy_to_there_is_no_migration_and_it_is_said_why() {
    let mut adoption = adoption();
    let nomad = Options { to: Kind::Nomad, ..Options::default() };
    let why = migration(&adoption, &nomad).unwrap_err();
    assert!(why[0].to_string().contains("copy_to"), "{}", why[0]);
    adoption.settled.project.host = None;
    let why = migration(&adoption, &Options::default()).unwrap_err();
    assert!(why[0].to_string().contains("--host"), "{}", why[0]);
}

#[test]
fn a_decision_that_waits_keeps_nobody_from_seeing_the_plan() {
    let mut adoption = adoption();
    let decision = Decision::new("db/sqlite", Some("db"), Topic::Sqlite, "Where?", &[("local", "there")]);
    adoption.settled.decisions.push(decision.blocking());
    assert!(migration(&adoption, &Options::default()).is_ok());
}

#[test]
fn to_nomad_data_goes_from_host_to_host_and_is_compared_there() {
    let options =
        Options { to: Kind::Nomad, copy_to: Some("root@nas:/srv/volumes".into()), ..Options::default() };
    let plan = drawn(&options);
    let copy = step(&plan, "copy-web-data");
    assert_eq!(copy.run.host.as_deref(), Some("vm3"));
    assert_eq!(copy.run.argv[4..], ["/srv/wiki/", "root@nas:/srv/volumes/web-data/"]);
    assert!(copy.verify.as_ref().unwrap().to_string().contains("--checksum"));
    assert_eq!(
        step(&plan, "start").run.argv,
        ["nomad", "job", "run", "/opt/steward/jobs/wiki/wiki.nomad.hcl"]
    );
    assert!(plan.notes.iter().any(|note| note.text.contains("5.5 GiB")), "{:?}", plan.notes);
}

#[test]
fn a_compose_project_stays_where_it_is_and_that_is_said() {
    let why = migration(&adoption(), &Options { to: Kind::Compose, ..Options::default() }).unwrap_err();
    assert!(why[0].to_string().contains("docker compose up"), "{}", why[0]);
}

#[test]
fn data_whose_place_is_not_known_is_never_left_behind_in_silence() {
    let mut adoption = adoption();
    adoption.settled.project.services[1].mounts[1].source = MountSource::Bind("./data".into());
    let why = migration(&adoption, &Options::default()).unwrap_err();
    assert!(why[0].to_string().contains("`./data`") && why[0].to_string().contains("--host"), "{}", why[0]);
    let there = Options { folder: Some("/opt/stacks/wiki".into()), ..Options::default() };
    let plan = migration(&adoption, &there).unwrap();
    let job = step(&plan, "copy-web-data").run.stdin.clone().unwrap();
    assert!(job.contains("root@vm3:/opt/stacks/wiki/data/"), "{job}");
    adoption.settled.project.services[1].mounts[1].source = MountSource::Anonymous;
    let why = migration(&adoption, &Options::default()).unwrap_err();
    assert!(why[0].to_string().contains("web/mount:/data=scratch"), "{}", why[0]);
}

#[test]
fn a_volume_of_a_compose_file_is_looked_for_under_the_name_that_compose_gives_it() {
    let mut adoption = adoption();
    adoption.settled.project.origin = crate::adopt::project::Origin::Compose;
    let from = |adoption: &Adoption| {
        let plan = migration(adoption, &Options::default()).unwrap();
        step(&plan, "copy-db-data").run.stdin.clone().unwrap()
    };
    let volume = |adoption: &mut Adoption, volume: Volume| {
        adoption.settled.project.volumes = [("pg".to_owned(), volume)].into();
    };
    volume(&mut adoption, Volume::default());
    assert!(from(&adoption).contains("/volumes/wiki_pg/_data/"));
    volume(&mut adoption, Volume { external: true, ..Volume::default() });
    assert!(from(&adoption).contains("/volumes/pg/_data/"));
}

#[test]
fn configuration_that_is_not_known_here_is_made_by_hand_and_must_be_there() {
    let mut adoption = adoption();
    adoption.written.configs = vec![crate::adopt::write::ConfigNeeded {
        name: "web-nginx".into(),
        key: Some("nginx.conf".into()),
        command: "make-the-config".into(),
        run_on: None,
    }];
    let plan = migration(&adoption, &Options::default()).unwrap();
    assert!(plan.by_hand.iter().any(|by_hand| by_hand.command == "make-the-config"));
    assert!(plan.checks.iter().any(|check| check.name == "configuration-web-nginx-is-there"));
}
