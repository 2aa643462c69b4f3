use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::json;

use super::*;
use crate::adopt::project::{Listening, MountSource, Protocol, Value as EnvValue};

/// A host with these containers, that answers what it is asked and keeps what that was.
struct Fake {
    containers: Vec<Value>,
    asked: Mutex<Vec<String>>,
    fails: Option<&'static str>,
}

impl Fake {
    fn new(containers: Vec<Value>) -> Self {
        Self { containers, asked: Mutex::default(), fails: None }
    }

    fn answer(&self, argv: &[String]) -> Result<String, String> {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        let id = |known: &Value| known["Id"].as_str().unwrap().to_owned();
        Ok(match words.as_slice() {
            ["docker", "ps", ..] => self.containers.iter().map(id).collect::<Vec<_>>().join("\n"),
            ["docker", "container", "inspect", ids @ ..] => {
                let of = |known: &&Value| ids.contains(&known["Id"].as_str().unwrap());
                json!(self.containers.iter().filter(of).collect::<Vec<_>>()).to_string()
            }
            ["docker", "image", "inspect", ..] => json!([{
                "Id": "sha256:1111", "RepoTags": ["wiki:2"], "RepoDigests": [format!("wiki@sha256:{}", "a".repeat(64))],
                "Config": { "Env": ["PATH=/bin", "FROM_IMAGE=1"], "Cmd": ["serve"] }, "RootFS": { "Type": "layers" },
            }])
            .to_string(),
            ["docker", "volume", "inspect", ..] => json!([{
                "Name": "wiki_data", "Driver": "local", "Mountpoint": "/var/lib/docker/volumes/wiki_data/_data",
                "Scope": "local", "Options": null, "Labels": null,
            }])
            .to_string(),
            ["docker", "network", "inspect", ..] => "[]".to_owned(),
            ["docker", "stats", ..] => {
                r#"{"CPUPerc":"2.00%","MemUsage":"100MiB / 8GiB","Name":"wiki"}"#.to_owned()
            }
            ["docker", "container", "top", ..] => "PID\n412\n".to_owned(),
            ["ss", ..] => "tcp LISTEN 0 128 *:8123 *:* users:((\"x\",pid=412,fd=9))\n".to_owned(),
            ["stat", .., "/mnt/media"] | ["stat", ..] => "directory\n".to_owned(),
            ["du", .., path] => format!("5368709120\t{path}\n"),
            ["df", "--output=target", "/mnt/media/films"] => "Mounted on\n/mnt/media\n".to_owned(),
            ["df", _, "/mnt/media/films"] => "Type Filesystem\nnfs4 nas:/export/media\n".to_owned(),
            ["df", ..] => "Type Filesystem\next4 /dev/sda1\n".to_owned(),
            ["find", path, ..] => format!("{path}/app.db\n"),
            other => return Err(format!("the stub does not know {other:?}")),
        })
    }
}

#[async_trait]
impl ReadCommand for Fake {
    async fn read(&self, action: Action) -> Result<Vec<u8>, String> {
        let Action::Command(command) = action;
        assert_eq!(command.host, "vm3");
        self.asked.lock().unwrap().push(command.argv.join(" "));
        match self.fails {
            Some(why) => Err(why.to_owned()),
            None => self.answer(&command.argv).map(String::into_bytes),
        }
    }
}

fn container(id: &str, name: &str, mode: &str, env: &[&str], labels: &Value) -> Value {
    json!({
        "Id": id.repeat(64 / id.len()),
        "Name": format!("/{name}"),
        "Image": "sha256:1111",
        "State": { "Status": "running", "Running": true },
        "Config": { "Image": "wiki:2", "Env": env, "Cmd": ["serve"], "Labels": labels },
        "HostConfig": { "NetworkMode": mode, "PortBindings": { "80/tcp": [{ "HostIp": "", "HostPort": "8080" }] } },
        "Mounts": [
            { "Type": "volume", "Name": "wiki_data", "Source": "/var/lib/docker/volumes/wiki_data/_data",
              "Destination": "/data", "Driver": "local", "RW": true },
            { "Type": "bind", "Source": "/mnt/media/films", "Destination": "/films", "RW": false },
        ],
        "NetworkSettings": { "Networks": { mode: {} } },
    })
}

fn ask(fake: &Fake, name: &str) -> Result<Project, Vec<Fault>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(gather(fake, name, "vm3"))
}

#[test]
fn a_look_brings_the_project_with_sizes_use_and_who_points_at_it() {
    let labels = json!({ "com.docker.compose.project": "wiki", "com.docker.compose.service": "web" });
    let fake = Fake::new(vec![
        container(
            "a1",
            "wiki",
            "bridge",
            &["PATH=/bin", "FROM_IMAGE=1", "TITLE=Home", "API_TOKEN=not-a-real-token-1"],
            &labels,
        ),
        container("b2", "dash", "bridge", &["WIKI=http://vm3:8080/x", "OTHER=http://vm3:80801"], &json!({})),
    ]);
    let project = ask(&fake, "wiki").unwrap();
    assert_eq!((project.name.as_str(), project.host.as_deref()), ("wiki", Some("vm3")));
    let [web] = project.services.as_slice() else { panic!("{:?}", project.services) };
    let env: Vec<&str> = web.env.keys().map(String::as_str).collect();
    assert_eq!(env, ["API_TOKEN", "TITLE"], "what the image says is not in it");
    assert_eq!(web.env["API_TOKEN"], EnvValue::Secret);
    assert!(
        web.command.is_none()
            && web.image.digest.as_deref().is_some_and(|digest| digest.starts_with("sha256:aaaa"))
    );
    assert_eq!(web.usage.memory, Some(104_857_600));
    let films = web.mounts.iter().find(|mount| mount.target == "/films").unwrap();
    assert_eq!(
        films.seen.remote.as_deref(),
        Some("nas:/export/media/films"),
        "with the folder below the share"
    );
    let data = web.mounts.iter().find(|mount| mount.target == "/data").unwrap();
    assert!(matches!(&data.source, MountSource::Volume(_)));
    assert_eq!((data.seen.bytes, data.seen.sqlite.len()), (Some(5_368_709_120), 1));
    assert_eq!(project.referrers, ["dash: WIKI"], "by name: a value may be a secret");
    assert!(!format!("{project:?}").contains("not-a-real-token-1"));
}

#[test]
fn on_the_host_network_the_ports_are_those_that_its_processes_hold() {
    let fake = Fake::new(vec![container("a1", "wiki", "host", &[], &json!({}))]);
    let project = ask(&fake, "wiki").unwrap();
    assert_eq!(project.services[0].listens, [Listening { port: 8123, protocol: Protocol::Tcp }]);
}

#[test]
fn what_shares_a_network_of_its_own_comes_along_and_others_stay() {
    let fake = Fake::new(vec![
        container("a1", "wiki", "wikinet", &[], &json!({})),
        container("b2", "wikidb", "wikinet", &[], &json!({})),
        container("c3", "other", "bridge", &[], &json!({})),
    ]);
    let project = ask(&fake, "wiki").unwrap();
    let mut names: Vec<&str> = project.services.iter().map(|service| service.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["wiki", "wikidb"]);
}

#[test]
fn an_unknown_container_is_told_with_those_that_there_are() {
    let fake = Fake::new(vec![container("a1", "wiki", "bridge", &[], &json!({}))]);
    let why = ask(&fake, "wiky").unwrap_err()[0].to_string();
    assert!(why.contains("no container `wiky`") && why.contains("did you mean wiki?"), "{why}");
}

#[test]
fn a_name_that_could_be_a_flag_or_a_path_is_never_asked_for() {
    let fake = Fake::new(vec![]);
    for name in ["--help", "a b", "../x", "", "x;y", "a\nb"] {
        assert!(ask(&fake, name).unwrap_err()[0].to_string().contains("no name of a container"));
    }
    assert!(fake.asked.lock().unwrap().is_empty());
}

#[test]
fn a_host_that_can_not_be_asked_is_said_with_its_reason_and_nothing_else() {
    let fake =
        Fake { fails: Some("permission denied: the docker socket\nAPI_TOKEN=hidden"), ..Fake::new(vec![]) };
    let why = ask(&fake, "wiki").unwrap_err()[0].to_string();
    assert!(why.contains("permission denied") && !why.contains("hidden"), "{why}");
}

#[test]
fn a_port_is_pointed_at_only_where_it_ends() {
    assert!(
        points_at("http://vm3:8080/x", 8080) && points_at("[::1]:8080", 8080) && points_at("a,b:8080", 8080)
    );
    assert!(!points_at("http://vm3:80801", 8080) && !points_at("::8080", 8080) && !points_at("8080", 8080));
}
