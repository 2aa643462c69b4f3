//! Single fields.

use super::*;

fn ports(over: Json) -> Vec<Port> {
    service(over).ports
}

fn port(container: u16, protocol: Protocol, host: Option<u16>, host_ip: Option<&str>) -> Port {
    Port { container, protocol, host, host_ip: host_ip.map(str::to_owned) }
}

#[test]
fn several_bindings_of_a_port_are_kept_and_doubles_are_not() {
    let bindings = json!({"80/tcp": [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"},
        {"HostIp": "127.0.0.1", "HostPort": "9090"}], "53/udp": null, "7000": [{"HostIp": "0.0.0.0", "HostPort": 7000}]});
    let exposed = json!({"80/tcp": {}, "443/tcp": {}});
    let found = ports(json!({"HostConfig": {"PortBindings": bindings}, "Config": {"ExposedPorts": exposed}}));
    assert_eq!(
        found,
        [
            port(53, Protocol::Udp, None, None),
            port(80, Protocol::Tcp, Some(8080), None),
            port(80, Protocol::Tcp, Some(9090), Some("127.0.0.1")),
            port(443, Protocol::Tcp, None, None),
            port(7000, Protocol::Tcp, Some(7000), None),
        ]
    );
}

#[test]
fn ranges_and_ports_that_the_engine_chose_are_what_they_became() {
    let range = json!({"8000-8002/tcp": [{"HostPort": "9000-9002"}]});
    let found = ports(json!({"HostConfig": {"PortBindings": range}}));
    let hosts: Vec<_> = found.iter().map(|port| (port.container, port.host)).collect();
    assert_eq!(hosts, [(8000, Some(9000)), (8001, Some(9001)), (8002, Some(9002))]);
    let seen = json!({"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}, {"HostIp": "::", "HostPort": "32768"}]});
    let chosen = json!({"HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": ""}]}},
        "NetworkSettings": {"Ports": seen}});
    assert_eq!(ports(chosen), [port(80, Protocol::Tcp, Some(32768), None)]);
    let all = json!({"HostConfig": {"PublishAllPorts": true, "PortBindings": {}}, "NetworkSettings": {"Ports": seen}});
    assert_eq!(ports(all), [port(80, Protocol::Tcp, Some(32768), None)]);
}

#[test]
fn thousands_of_ports_that_nobody_published_are_one_note() {
    let exposed: serde_json::Map<_, _> =
        (16384..18000).map(|port| (format!("{port}/udp"), json!({}))).collect();
    let over = json!({"Config": {"ExposedPorts": exposed}, "HostConfig": {"PortBindings": {"5060/udp": [{"HostPort": "5060"}]}}});
    let project = projects(json!([container(over)])).remove(0);
    assert_eq!(project.services[0].ports.len(), 1);
    assert!(project.notes.iter().any(|note| note.text.contains("nobody published")), "{:?}", project.notes);
}

#[test]
fn a_mount_that_was_asked_for_counts_where_nothing_runs_yet() {
    let over = json!({"Mounts": null, "HostConfig": {
        "Binds": ["/srv/a:/a:ro,z", "data:/b", "/c"],
        "Tmpfs": {"/run": "rw,noexec,size=64m", "/tmp": ""},
        "Mounts": [{"Type": "volume", "Source": "media", "Target": "/m", "ReadOnly": true,
                    "VolumeOptions": {"Subpath": "films", "DriverConfig": {"Name": "local",
                    "Options": {"type": "cifs", "device": "//nas/m", "o": "username=a,password=not-a-real-password-1,vers=3"}}}}]}});
    let project = projects(json!([container(over)])).remove(0);
    let web = &project.services[0];
    assert_eq!(mount(web, "/a").source, MountSource::Bind("/srv/a".into()));
    assert!(mount(web, "/a").read_only);
    assert_eq!(mount(web, "/b").source, MountSource::Volume("data".into()));
    assert_eq!(mount(web, "/c").source, MountSource::Anonymous);
    assert_eq!(mount(web, "/run").source, MountSource::Memory(Some(64 << 20)));
    assert_eq!(mount(web, "/tmp").source, MountSource::Memory(None));
    let media = mount(web, "/m");
    assert!(media.read_only);
    assert_eq!(media.subpath.as_deref(), Some("films"));
    assert_eq!(project.volumes["media"].options["o"], "username=a,vers=3");
    assert!(project.volumes.contains_key("data"));
}

#[test]
fn rights_are_said_in_one_way() {
    let web = service(json!({"HostConfig": {"CapAdd": ["cap_net_raw", "SYS_TIME"], "CapDrop": ["all"],
        "SecurityOpt": ["no-new-privileges:true", "apparmor:unconfined", "seccomp=unconfined", "apparmor=docker-default"],
        "PidMode": "host", "IpcMode": "host", "UsernsMode": "host", "ReadonlyRootfs": true}}));
    assert_eq!(names(&web.rights.add), ["NET_RAW", "SYS_TIME"]);
    assert_eq!(names(&web.rights.drop), ["ALL"]);
    assert!(web.rights.no_new_privileges && web.rights.host_pid && web.rights.read_only);
    assert_eq!(web.rights.options, ["apparmor=unconfined", "seccomp=unconfined"]);
    assert_eq!((web.rights.ipc.as_deref(), web.rights.userns.as_deref()), (Some("host"), Some("host")));
    let off =
        service(json!({"HostConfig": {"SecurityOpt": ["no-new-privileges:false"], "IpcMode": "shareable"}}));
    assert_eq!(off.rights, Rights::default());
}

#[test]
fn cards_are_found_in_requests_and_in_the_runtime() {
    let cards = |over: Json| service(over).gpus;
    let two = json!([{"Driver": "", "Count": 2, "DeviceIDs": null, "Capabilities": [["gpu"]]}]);
    assert_eq!(cards(json!({"HostConfig": {"DeviceRequests": two}})).unwrap().count, Some(2));
    let cdi = json!([{"Driver": "cdi", "Count": 0, "DeviceIDs": ["nvidia.com/gpu=0"], "Capabilities": null}]);
    let found = cards(json!({"HostConfig": {"DeviceRequests": cdi}})).unwrap();
    assert_eq!((found.driver.as_deref(), found.ids), (Some("nvidia"), vec!["0".to_owned()]));
    let by_runtime =
        |env: &str| cards(json!({"HostConfig": {"Runtime": "nvidia"}, "Config": {"Env": [env]}}));
    assert_eq!(by_runtime("NVIDIA_VISIBLE_DEVICES=0,1").unwrap().ids, ["0", "1"]);
    assert_eq!(by_runtime("NVIDIA_VISIBLE_DEVICES=none"), None);
    assert!(by_runtime("A=1").is_some());
    assert_eq!(cards(json!({"HostConfig": {"Runtime": "runc"}})), None);
}

#[test]
fn images_are_taken_apart() {
    let image = |text: &str| service(json!({"Config": {"Image": text}})).image;
    for (text, name, tag, digest) in [
        ("nginx", "nginx", None, None),
        ("localhost:5000/a/b", "localhost:5000/a/b", None, None),
        ("registry.lan:5000/a:1.2", "registry.lan:5000/a", Some("1.2"), None),
        ("ghcr.io/x/y:v1@sha256:beef", "ghcr.io/x/y", Some("v1"), Some("sha256:beef")),
        ("x/y@sha256:beef", "x/y", None, Some("sha256:beef")),
    ] {
        let image = image(text);
        assert_eq!((image.name.as_str(), image.tag.as_deref()), (name, tag), "{text}");
        assert_eq!((image.digest.as_deref(), image.pinned), (digest, digest.is_some()), "{text}");
    }
    let by_id = image(&format!("sha256:{}", "ab".repeat(32)));
    assert_eq!(by_id.name, "");
    assert!(by_id.local_id.is_some());
}

#[test]
fn what_the_engine_sets_by_itself_is_nothing() {
    let web = service(json!({
        "Config": {"Hostname": "web", "StopSignal": "SIGTERM", "StopTimeout": null, "User": "", "WorkingDir": ""},
        "HostConfig": {"ShmSize": 67_108_864, "PidsLimit": 0, "MemorySwap": 0, "NanoCpus": 0, "CpuPeriod": 0,
            "IpcMode": "private", "OomScoreAdj": 0, "Runtime": "runc", "LogConfig": {"Type": "json-file"}, "Init": null},
        "Platform": "linux"
    }));
    let plain = Service {
        name: "web".into(),
        container: Some("web".into()),
        image: web.image.clone(),
        running: Some(true),
        ..Service::default()
    };
    assert_eq!(web, plain);
}

#[test]
fn numbers_may_be_texts_and_fields_may_be_lower_case() {
    let web = service(json!({"HostConfig": {"Memory": "1048576", "shmsize": 1024,
        "CpuQuota": "150000", "privileged": "true"}}));
    assert_eq!(web.limits.memory, Some(1 << 20));
    assert_eq!(web.limits.cpu_milli, Some(1500));
    assert_eq!(web.shm_size, Some(1024));
    assert!(web.rights.privileged);
}

#[test]
fn health_checks_are_in_whole_seconds() {
    let web = service(json!({"Config": {"Healthcheck": {"Test": ["CMD-SHELL", "wget -q http://localhost"],
        "Interval": 1_500_000_000, "Timeout": 0, "Retries": 4, "StartPeriod": 60_000_000_000_u64}}}));
    let health = web.health.unwrap();
    assert_eq!(health.test, HealthTest::Shell("wget -q http://localhost".into()));
    assert_eq!((health.interval, health.timeout, health.retries), (Some(2), None, Some(4)));
    assert_eq!(health.start_period, Some(60));
    assert!(!health.from_image);
}
