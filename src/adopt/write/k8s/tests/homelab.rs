//! What homelabs run: nothing is lost without a word, and nothing is there that means nothing.

use super::*;

fn yaml(settled: &Settled, name: &str) -> String {
    object(settled, &Options::default(), name)
}

fn has(settled: &Settled, name: &str) -> bool {
    write(settled).objects.iter().any(|object| format!("{}/{}", object.kind, object.name) == name)
}

#[test]
fn only_folders_of_the_node_pass_its_mounts_on() {
    let mut app = service("app", "me/app");
    let bind = |path: &str| MountSource::Bind(path.into());
    app.mounts = vec![
        mount("/data", bind("/mnt/user/data"), claim("data")),
        mount("/host", bind("/"), Fate::HostPath),
    ];
    for mount in &mut app.mounts {
        mount.propagation = Some("rslave".into());
    }
    let settled = settled(vec![app]);
    let text = yaml(&settled, "StatefulSet/app");
    assert_eq!(text.matches("mountPropagation: HostToContainer").count(), 1, "{text}");
    assert!(!notes(&settled).contains("/ has to be on the node"), "every node has it");
}

#[test]
fn what_nobody_calls_has_no_service() {
    let watchtower = service("watchtower", "containrrr/watchtower");
    let alone = settled(vec![watchtower.clone()]);
    assert!(has(&alone, "Deployment/watchtower") && !has(&alone, "Service/watchtower"));
    // Something else may know a port that nobody declared.
    assert!(has(&settled(vec![watchtower, service("web", "me/web")]), "Service/watchtower"));
}

#[test]
fn what_is_on_the_hosts_network_without_a_known_port_has_no_service() {
    let mut netfilter = service("netfilter", "me/netfilter");
    netfilter.network = Connection::Host;
    let settled = settled(vec![netfilter, service("web", "me/web")]);
    assert!(has(&settled, "Deployment/netfilter") && !has(&settled, "Service/netfilter"));
    assert!(has(&settled, "Service/web"));
}

#[test]
fn others_call_a_service_by_the_name_that_it_can_have() {
    let mut app = service("app", "me/app");
    app.env.insert("DB_HOST".into(), Value::Text("next_db".into()));
    app.env.insert("DB_NAME".into(), Value::Text("next_db".into()));
    app.command = Some(vec!["--redis=redis://next_redis:6379".into()]);
    let mut redis = service("redis", "redis");
    redis.container = Some("next_redis".into());
    let settled = settled(vec![app, service("next_db", "postgres"), redis]);
    let config = yaml(&settled, "ConfigMap/app");
    assert!(config.contains("DB_HOST: next-db") && config.contains("DB_NAME: next_db"), "{config}");
    assert!(yaml(&settled, "Deployment/app").contains("--redis=redis://redis:6379"));
    assert!(notes(&settled).contains("next-db is written in place of next_db (`DB_HOST`"));
}

#[test]
fn what_has_ended_and_is_not_started_again_is_a_job() {
    let mut backup = service("backup", "restic/restic");
    backup.running = Some(false);
    assert!(has(&settled(vec![backup.clone()]), "Deployment/backup"), "it is restarted by Docker, too");
    backup.restart = Restart::No;
    holds(&settled(vec![backup]), "Job/backup", "backoffLimit: 0\n");
}

#[test]
fn a_volume_that_several_share_is_nobodys_own() {
    let mut one = service("one", "me/one");
    let mut two = service("two", "me/two");
    let shared = Fate::Claim(Claim { name: "films".into(), bytes: 1 << 30, shared: true, local_only: false });
    one.mounts = vec![mount("/a", MountSource::Volume("films".into()), shared.clone())];
    one.mounts.push(mount("/b", MountSource::Volume("own".into()), claim("own")));
    two.mounts = vec![mount("/a", MountSource::Volume("films".into()), shared)];
    let settled = settled(vec![one, two]);
    assert!(yaml(&settled, "PersistentVolumeClaim/films").contains("app.kubernetes.io/name: paperless"));
    assert!(yaml(&settled, "PersistentVolumeClaim/own").contains("app.kubernetes.io/name: one"));
}

#[test]
fn a_check_of_docker_has_dockers_patience_where_nothing_is_said() {
    let mut app = service("mc", "me/mc");
    let plain = |test| Health { interval: None, timeout: None, retries: None, ..health(test) };
    app.health = Some(plain(HealthTest::Shell("mc-health".into())));
    let part = "readinessProbe:\n  exec:\n    command:\n    - sh\n    - -c\n    - mc-health\n  periodSeconds: 30\n  timeoutSeconds: 30\n";
    holds(&settled(vec![app.clone()]), "Deployment/mc", part);
    app.health = Some(plain(HealthTest::Tcp(80)));
    holds(
        &settled(vec![app]),
        "Deployment/mc",
        "readinessProbe:\n  tcpSocket:\n    port: 80\n  timeoutSeconds: 5\n",
    );
}

#[test]
fn what_is_left_out_is_told() {
    let mut app = service("app", "me/app");
    let share = Fate::Share { server: "nas".into(), path: "/films".into() };
    app.mounts = vec![mount("/films", MountSource::Volume("films".into()), share)];
    app.rights.userns = Some("keep-id".into());
    app.rights.options = vec!["label=disable".into()];
    app.rights.ipc = Some("host".into());
    app.sysctls.insert("kernel.msgmax".into(), "1".into());
    app.rights.device_rules = vec!["c 188:* rmw".into()];
    app.groups = vec!["dialout".into()];
    app.container = Some("app-1".into());
    let mut settled = settled(vec![app]);
    let options = [("type", "nfs"), ("o", "addr=nas,rw,nfsvers=4.1,soft"), ("device", ":/films")];
    let options = options.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    settled.project.volumes.insert("films".into(), Volume { options, ..Volume::default() });
    let told = notes(&settled);
    for part in [
        "(nfsvers=4.1, soft)",
        "`userns: keep-id` is left out",
        "`label=disable` is left out",
        "kernel.msgmax is left out",
        "`device_cgroup_rules`",
        "`docker exec app-1 getent group dialout`",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let text = yaml(&settled, "Deployment/app");
    assert!(!text.contains("seLinux") && !text.contains("sysctls"), "{text}");
    settled.project.services[0].network = Connection::Nothing;
    assert!(notes(&settled).contains("no network now: a NetworkPolicy"));
}

#[test]
fn ports_are_called_by_what_their_image_listens_for() {
    let mut plex = service("plex", "plexinc/pms-docker");
    plex.ports = vec![port(32400, Protocol::Tcp, Some(32400)), port(1234, Protocol::Tcp, None)];
    let settled = settled(vec![plex]);
    holds(&settled, "Service/plex", "- name: plex\n  port: 32400\n  targetPort: plex\n- name: tcp-1234\n");
}

#[test]
fn what_kubernetes_does_by_itself_is_not_said_and_numbers_are_asked_for_once() {
    let mut app = service("app", "me/app");
    app.stop_grace = Some(30);
    app.user = Some("nobody:nogroup".into());
    assert!(!yaml(&settled(vec![app.clone()]), "Deployment/app").contains("terminationGracePeriodSeconds"));
    let notes = notes(&settled(vec![app.clone()]));
    assert!(
        notes.contains("the numbers of nobody and nogroup") && notes.contains("docker exec app id"),
        "{notes}"
    );
    app.stop_grace = Some(120);
    assert!(yaml(&settled(vec![app]), "Deployment/app").contains("terminationGracePeriodSeconds: 120"));
}

#[test]
fn each_of_a_pod_is_told_that_its_database_needs_a_local_volume() {
    let local = Fate::Claim(Claim { name: "c".into(), bytes: 1 << 30, shared: false, local_only: true });
    let mut vpn = service("vpn", "me/vpn");
    vpn.mounts = vec![mount("/vpn", MountSource::Volume("v".into()), claim("v"))];
    let mut app = service("app", "me/app");
    app.network = Connection::Service("vpn".into());
    app.mounts = vec![mount("/config", MountSource::Volume("c".into()), local)];
    let notes = write(&settled(vec![vpn, app])).notes;
    let told = notes.iter().find(|note| note.text.contains("may not lie on network storage"));
    assert_eq!(told.and_then(|note| note.service.as_deref()), Some("app"));
}

#[test]
fn a_path_beside_the_compose_file_is_not_looked_for_on_another_host() {
    let mut web = service("web", "me/web");
    let bind = |path: &str| MountSource::Bind(path.into());
    web.mounts = vec![
        mount("/a.conf", bind("./web/a.conf"), Fate::Config),
        mount("/b.conf", bind("/opt/b.conf"), Fate::Config),
    ];
    let mut settled = settled(vec![web]);
    settled.project.host = Some("vm3".into());
    let configs = write(&settled).configs;
    let told = |command: &str| configs.iter().find(|config| config.command.starts_with(command));
    let beside = told("cat ./web/a.conf | ").unwrap();
    assert_eq!(beside.run_on.as_deref(), Some("beside the compose file"));
    assert_eq!(told("ssh vm3 'cat /opt/b.conf' | ").unwrap().run_on, None);
}

#[test]
fn what_the_kubelet_has_to_allow_is_said_once() {
    let mut wg = service("wg", "me/wg");
    for name in ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"] {
        wg.sysctls.insert(name.into(), "1".into());
    }
    let told = notes(&settled(vec![wg]));
    let flag = "`--allowed-unsafe-sysctls=net.ipv4.ip_forward,net.ipv6.conf.all.forwarding`";
    assert!(told.contains(flag) && told.matches("kubelet").count() == 1, "{told}");
}
