use std::collections::BTreeMap;

mod homelab;
mod rights;

use super::*;
use crate::adopt::Topic;
use crate::adopt::project::{
    Attachment, Claim, Connection, Device, HealthTest, Listening, Mount, MountSource, Network, Port,
    Protocol, Seen, Service, Usage, Value, Volume,
};

fn service(name: &str, image: &str) -> Service {
    let mut service = Service { name: name.into(), ..Service::default() };
    service.image.name = image.into();
    service.image.tag = Some("1.2.3".into());
    service
}

fn mount(source: MountSource, target: &str) -> Mount {
    Mount {
        target: target.into(),
        source,
        read_only: false,
        subpath: None,
        propagation: None,
        seen: Seen::default(),
        fate: Fate::Open,
    }
}

fn bind(source: &str, target: &str) -> Mount {
    mount(MountSource::Bind(source.into()), target)
}

fn project(services: Vec<Service>) -> Project {
    Project { name: "p".into(), services, host: Some("vm3".into()), ..Project::default() }
}

fn answered(answers: &[(&str, &str)]) -> Options {
    let answers = answers.iter().map(|(id, key)| ((*id).to_owned(), (*key).to_owned()));
    Options { answers: answers.collect::<BTreeMap<_, _>>(), ..Options::default() }
}

fn settled(services: Vec<Service>, answers: &[(&str, &str)]) -> Settled {
    whole(project(services), &answered(answers))
}

/// Settles, and proves on the way what holds for all projects.
fn whole(project: Project, options: &Options) -> Settled {
    let settled = settle(project, options).unwrap();
    let again = settle(settled.project.clone(), options).unwrap();
    assert_eq!(again.project, settled.project, "settled twice");
    for service in &settled.project.services {
        assert!(service.mounts.iter().all(|mount| mount.fate != Fate::Open), "{service:?}");
    }
    for decision in &settled.decisions {
        let known = decision.choices.iter().any(|choice| choice.key == decision.chosen);
        assert!(known || decision.answered, "{decision:?}");
        assert!(decision.choices.iter().all(|choice| !choice.key.is_empty() && !choice.text.is_empty()));
        assert!(decision.question.ends_with('?'), "{}", decision.question);
        assert!(decision.facts.iter().all(|fact| !fact.is_empty()), "{decision:?}");
    }
    let mut ids: Vec<&str> = settled.decisions.iter().map(|decision| decision.id.as_str()).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "one id, one decision");
    settled
}

fn decision<'a>(settled: &'a Settled, id: &str) -> &'a Decision {
    let ids: Vec<&str> = settled.decisions.iter().map(|decision| decision.id.as_str()).collect();
    settled.decisions.iter().find(|decision| decision.id == id).unwrap_or_else(|| panic!("{id} of {ids:?}"))
}

fn claim(fate: &Fate) -> Claim {
    match fate {
        Fate::Claim(claim) => claim.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn data_gets_a_volume_of_its_size_and_is_told_how_long_it_takes() {
    let mut app = service("paperless", "paperless-ngx/paperless-ngx");
    app.env.insert("PAPERLESS_DBHOST".into(), Value::Text("db".into()));
    let mut data = bind("/srv/paperless", "/usr/src/paperless/media");
    data.seen.bytes = Some(20 * sizes::GIB);
    app.mounts = vec![data];
    let settled = settled(vec![app], &[]);
    let asked = decision(&settled, "paperless/mount:/usr/src/paperless/media");
    assert_eq!(asked.chosen, "claim");
    assert!(!asked.blocking);
    assert!(asked.facts.iter().any(|fact| fact.contains("20.0 GiB")), "{:?}", asked.facts);
    assert!(asked.facts.iter().any(|fact| fact.contains("100 MB/s")), "{:?}", asked.facts);
    let claim = claim(&settled.project.services[0].mounts[0].fate);
    assert_eq!(
        (claim.name.as_str(), claim.bytes, claim.local_only),
        ("paperless-media", 30 * sizes::GIB, false)
    );
}

#[test]
fn a_size_that_is_not_known_is_told_with_how_to_find_out() {
    let mut app = service("app", "me/app");
    app.mounts = vec![bind("/srv/app", "/data")];
    let settled = settled(vec![app], &[]);
    let facts = &decision(&settled, "app/mount:/data").facts;
    assert!(facts.iter().any(|fact| fact.contains("du -sh /srv/app")), "{facts:?}");
}

#[test]
fn the_docker_socket_is_left_out_unless_somebody_insists() {
    let mut traefik = service("traefik", "traefik");
    traefik.mounts = vec![bind("/var/run/docker.sock", "/var/run/docker.sock")];
    let id = "traefik/mount:/var/run/docker.sock";
    let left = settled(vec![traefik.clone()], &[]);
    assert!(matches!(left.project.services[0].mounts[0].fate, Fate::Left(_)));
    assert!(decision(&left, id).facts.iter().any(|fact| fact.contains("Kubernetes provider")));
    let kept = settled(vec![traefik], &[(id, "host-path")]);
    assert_eq!(kept.project.services[0].mounts[0].fate, Fate::HostPath);
}

#[test]
fn what_is_mounted_goes_where_it_belongs() {
    let file = |path: &str, target: &str| {
        let mut mount = bind(path, target);
        mount.seen.is_file = Some(true);
        mount
    };
    let mut app = service("app", "me/app");
    app.mounts = vec![
        bind("/etc/localtime", "/etc/localtime"),
        file("/srv/app/app.yml", "/app.yml"),
        file("/srv/app/acme.json", "/acme.json"),
        file("/srv/app/tls.key", "/tls.key"),
        bind("/srv/app/cache", "/cache"),
        bind("/lib/modules", "/lib/modules"),
        bind("/run/dbus", "/run/dbus"),
        bind("/srv/x.conf", "/etc/x.conf"),
        mount(MountSource::Memory(Some(64)), "/ram"),
        bind("/dev/shm", "/dev/shm"),
        bind("/etc/myapp", "/config"),
        bind("/var/lib/docker/volumes/x/_data", "/old"),
    ];
    let settled = settled(vec![app], &[]);
    let fates: Vec<&Fate> = settled.project.services[0].mounts.iter().map(|mount| &mount.fate).collect();
    assert!(matches!(fates[0], Fate::Left(_)));
    assert_eq!(fates[1], &Fate::Config);
    // A proxy writes to it.
    assert_eq!(claim(fates[2]).name, "app-acme-json");
    assert_eq!(fates[3], &Fate::SecretFile);
    assert_eq!(fates[4], &Fate::Scratch { bytes: None, memory: false });
    assert_eq!(fates[5], &Fate::HostPath);
    assert_eq!(fates[6], &Fate::HostPath);
    assert_eq!(fates[7], &Fate::Config);
    assert_eq!(fates[8], &Fate::Scratch { bytes: Some(64), memory: true });
    assert!(matches!(fates[9], Fate::Scratch { memory: true, .. }));
    assert_eq!(claim(fates[10]).name, "app-config");
    assert_eq!(claim(fates[11]).name, "app-old");
}

#[test]
fn a_share_stays_a_share_and_nothing_is_copied() {
    let mut app = service("jellyfin", "jellyfin/jellyfin");
    let mut media = bind("/mnt/media", "/media");
    media.seen =
        Seen { filesystem: Some("nfs4".into()), remote: Some("nas:/export/media".into()), ..Seen::default() };
    app.mounts = vec![media, mount(MountSource::Volume("tv".into()), "/tv")];
    let mut project = project(vec![app]);
    let options = [("type", "nfs"), ("o", "addr=10.0.0.5,ro"), ("device", ":/export/tv")];
    let options = options.map(|(key, value)| (key.to_owned(), value.to_owned()));
    project.volumes.insert("tv".into(), Volume { options: options.into(), ..Volume::default() });
    let settled = whole(project, &Options::default());
    let share = |server: &str, path: &str| Fate::Share { server: server.into(), path: path.into() };
    assert_eq!(settled.project.services[0].mounts[0].fate, share("nas", "/export/media"));
    assert_eq!(settled.project.services[0].mounts[1].fate, share("10.0.0.5", "/export/tv"));
}

fn vaultwarden_on_nfs() -> Service {
    let mut app = service("vaultwarden", "vaultwarden/server");
    let mut data = bind("/mnt/nas/vw", "/data");
    data.seen = Seen { filesystem: Some("nfs4".into()), remote: Some("nas:/vw".into()), ..Seen::default() };
    data.seen.sqlite = vec!["db.sqlite3".into()];
    app.mounts = vec![data];
    app
}

#[test]
fn sqlite_on_network_storage_is_refused_until_a_person_insists() {
    let id = "vaultwarden/sqlite:/data";
    let refused = settled(vec![vaultwarden_on_nfs()], &[]);
    assert!(decision(&refused, id).waits());
    assert!(claim(&refused.project.services[0].mounts[0].fate).local_only);
    let local = settled(vec![vaultwarden_on_nfs()], &[(id, "local")]);
    assert!(!decision(&local, id).waits());
    let answers = [(id, "insist"), ("vaultwarden/mount:/data", "share")];
    let insists = settled(vec![vaultwarden_on_nfs()], &answers);
    assert_eq!(
        insists.project.services[0].mounts[0].fate,
        Fate::Share { server: "nas".into(), path: "/vw".into() }
    );
    let share = settled(vec![vaultwarden_on_nfs()], &[("vaultwarden/mount:/data", "share")]);
    assert!(decision(&share, id).waits());
    assert!(claim(&share.project.services[0].mounts[0].fate).local_only);
}

#[test]
fn sqlite_is_refused_on_a_cluster_and_on_a_compose_host_too() {
    let mut app = service("sonarr", "lscr.io/linuxserver/sonarr");
    app.mounts = vec![bind("/opt/sonarr", "/config")];
    let on_network = Options { network_storage: Some(true), ..Options::default() };
    assert!(decision(&whole(project(vec![app.clone()]), &on_network), "sonarr/sqlite:/config").waits());
    let unknown = settled(vec![app], &[]);
    assert!(unknown.decisions.iter().all(|decision| decision.topic != Topic::Sqlite));
    assert!(claim(&unknown.project.services[0].mounts[0].fate).local_only);
    let compose = Options { to: Kind::Compose, ..Options::default() };
    let settled = whole(project(vec![vaultwarden_on_nfs()]), &compose);
    assert!(decision(&settled, "vaultwarden/sqlite:/data").waits());
}

#[test]
fn a_database_url_tells_of_sqlite() {
    let mut app = service("app", "me/app");
    app.env.insert("DATABASE_URL".into(), Value::Text("sqlite:////data/app.sqlite".into()));
    app.mounts = vec![bind("/srv/app", "/data"), bind("/srv/other", "/other")];
    let settled = settled(vec![app], &[]);
    assert!(claim(&settled.project.services[0].mounts[0].fate).local_only);
    assert!(!claim(&settled.project.services[0].mounts[1].fate).local_only);
}

#[test]
fn services_with_one_volume_share_one_claim() {
    let mut one = service("one", "me/one");
    let mut two = service("two", "me/two");
    one.mounts = vec![mount(MountSource::Volume("library".into()), "/a")];
    two.mounts = vec![mount(MountSource::Volume("library".into()), "/b")];
    let by_default = settled(vec![one.clone(), two.clone()], &[]);
    let fate = |settled: &Settled, at: usize| claim(&settled.project.services[at].mounts[0].fate);
    assert_eq!(fate(&by_default, 0), fate(&by_default, 1));
    assert_eq!(fate(&by_default, 0).name, "library");
    assert!(fate(&by_default, 0).shared);
    let together = settled(vec![one.clone(), two.clone()], &[("one/shared:/a", "together")]);
    assert!(!fate(&together, 1).shared);
    // The second one's name for it works as well.
    let empty = settled(vec![one, two], &[("two/mount:/b", "scratch")]);
    assert!(matches!(empty.project.services[0].mounts[0].fate, Fate::Scratch { .. }));
}

#[test]
fn compose_that_stays_is_asked_nothing_about_its_mounts() {
    let mut app = service("app", "me/app");
    app.mounts = vec![bind("/srv/app", "/data"), mount(MountSource::Volume("v".into()), "/v")];
    app.network = Connection::Host;
    app.rights.privileged = true;
    let options = Options { to: Kind::Compose, ..Options::default() };
    let settled = whole(project(vec![app]), &options);
    assert_eq!(settled.project.services[0].mounts[0].fate, Fate::HostPath);
    claim(&settled.project.services[0].mounts[1].fate);
    assert!(settled.decisions.iter().all(|decision| !decision.blocking && decision.topic != Topic::Mount));
}

#[test]
fn a_moving_tag_is_pinned_to_what_runs() {
    let mut app = service("app", "me/app");
    app.image.tag = None;
    app.image.digest = Some(format!("sha256:{}", "a".repeat(64)));
    let pinned = settled(vec![app.clone()], &[]);
    assert_eq!(decision(&pinned, "app/image").chosen, "digest");
    assert!(pinned.project.services[0].image.digest.is_some());
    let moving = settled(vec![app.clone()], &[("app/image", "tag")]);
    assert_eq!(moving.project.services[0].image.digest, None);
    app.image.digest = None;
    let unknown = settled(vec![app.clone()], &[]);
    assert!(decision(&unknown, "app/image").facts[0].contains("docker image inspect"));
    app.image.tag = Some("16.3-alpine".into());
    assert!(settled(vec![app], &[]).decisions.iter().all(|decision| decision.topic != Topic::Image));
}

#[test]
fn an_image_that_was_built_waits_for_its_name_in_a_registry() {
    let mut app = service("app", "app");
    app.image.build = Some("./app".into());
    let waits = settled(vec![app.clone()], &[]);
    assert!(decision(&waits, "app/image").waits());
    let named = settled(vec![app], &[("app/image", "registry.lan:5000/app:1.0")]);
    assert_eq!(named.project.services[0].image.reference(), "registry.lan:5000/app:1.0");
    assert!(!named.decisions.iter().any(Decision::waits));
}

#[test]
fn the_hosts_network_is_given_up_where_ports_are_enough() {
    let mut app = service("app", "me/app");
    app.network = Connection::Host;
    app.listens = vec![Listening { port: 8080, protocol: Protocol::Tcp }];
    let ports = settled(vec![app.clone()], &[]);
    assert_eq!(decision(&ports, "app/network").chosen, "ports");
    assert_eq!(ports.project.services[0].network, Connection::default());
    assert_eq!(ports.project.services[0].ports[0].host, Some(8080));
    app.listens.push(Listening { port: 1900, protocol: Protocol::Udp });
    let host = settled(vec![app], &[]);
    assert_eq!(decision(&host, "app/network").chosen, "host-network");
    let mut unknown = service("x", "me/x");
    unknown.network = Connection::Host;
    let unknown = settled(vec![unknown], &[]);
    assert_eq!(unknown.project.services[0].network, Connection::Host);
    let mut home = service("ha", "ghcr.io/home-assistant/home-assistant");
    home.network = Connection::Host;
    assert_eq!(decision(&settled(vec![home], &[]), "ha/network").chosen, "host-network");
}

#[test]
fn a_network_of_another_container_waits() {
    let mut app = service("qbit", "linuxserver/qbittorrent");
    app.network = Connection::Container("gluetun".into());
    for answers in [&[][..], &[("qbit/network", "together")]] {
        assert!(decision(&settled(vec![app.clone()], answers), "qbit/network").waits());
    }
    let alone = settled(vec![app], &[("qbit/network", "alone")]);
    assert_eq!(alone.project.services[0].network, Connection::default());
}

#[test]
fn an_address_of_its_own_becomes_one_of_the_load_balancer() {
    let mut app = service("pihole", "pihole/pihole");
    let attachment =
        Attachment { network: "lan".into(), aliases: [].into(), address: Some("192.168.1.53".into()) };
    app.network = Connection::Networks(vec![attachment]);
    let mut project = project(vec![app]);
    project.networks.insert("lan".into(), Network { driver: Some("macvlan".into()), ..Network::default() });
    let balanced = whole(project.clone(), &Options::default());
    assert!(decision(&balanced, "pihole/address").facts[0].contains("192.168.1.53"));
    assert!(balanced.project.services[0].ports.iter().all(|port| port.host.is_some()));
    let udp = decision(&balanced, "pihole/udp");
    assert!(udp.facts.iter().any(|fact| fact.contains("systemd-resolved")));
    let host = whole(project, &answered(&[("pihole/address", "host-network")]));
    assert_eq!(host.project.services[0].network, Connection::Host);
}

#[test]
fn all_rights_are_dropped_for_what_it_seems_to_need() {
    let mut app = service("wg", "linuxserver/wireguard");
    app.rights.privileged = true;
    app.mounts = vec![bind("/lib/modules", "/lib/modules")];
    let dropped = settled(vec![app.clone()], &[]);
    assert!(!dropped.project.services[0].rights.privileged);
    assert!(dropped.project.services[0].rights.add.contains("NET_ADMIN"));
    assert!(settled(vec![app], &[("wg/privileged", "keep")]).project.services[0].rights.privileged);
}

#[test]
fn devices_are_told_and_can_be_left() {
    let mut app = service("ha", "me/ha");
    let path = "/dev/ttyUSB0".to_owned();
    app.devices = vec![Device { host: path.clone(), container: path, permissions: "rwm".into() }];
    let kept = settled(vec![app.clone()], &[]);
    assert!(decision(&kept, "ha/devices").facts[0].contains("by-id"));
    assert_eq!(kept.project.services[0].devices.len(), 1);
    assert!(settled(vec![app], &[("ha/devices", "leave")]).project.services[0].devices.is_empty());
}

#[test]
fn a_missing_health_check_is_made_of_what_is_known() {
    let known = settled(vec![service("grafana", "grafana/grafana")], &[]);
    let test =
        |settled: &Settled| settled.project.services[0].health.as_ref().map(|health| health.test.clone());
    let http = HealthTest::Http { port: 3000, path: "/api/health".into(), tls: false };
    assert_eq!(test(&known), Some(http));
    let mut app = service("app", "me/app");
    app.ports = vec![Port { container: 8080, protocol: Protocol::Tcp, host: None, host_ip: None }];
    assert_eq!(test(&settled(vec![app.clone()], &[])), Some(HealthTest::Tcp(8080)));
    assert_eq!(test(&settled(vec![app], &[("app/health", "none")])), None);
}

#[test]
fn limits_come_from_what_it_takes() {
    let mut app = service("app", "me/app");
    app.usage = Usage { cpu_milli: Some(123), memory: Some(100 << 20) };
    let settled = settled(vec![app], &[]);
    let limits = &settled.project.services[0].limits;
    assert_eq!(limits.memory, Some(256 << 20));
    assert_eq!(limits.cpu_milli, None);
    assert_eq!(limits.cpu_reserved_milli, Some(130));
}

#[test]
fn one_time_zone_for_all_that_have_none_but_databases() {
    let options = Options { time_zone: Some("Europe/Berlin".into()), ..answered(&[("time-zone", "set")]) };
    let services = vec![service("app", "me/app"), service("db", "postgres")];
    let settled = whole(project(services.clone()), &options);
    let zone = |settled: &Settled, at: usize| settled.project.services[at].env.get("TZ").cloned();
    assert_eq!(zone(&settled, 0), Some(Value::Text("Europe/Berlin".into())));
    assert_eq!(zone(&settled, 1), None);
    let other = whole(project(services), &answered(&[("time-zone", "Asia/Tokyo")]));
    assert_eq!(zone(&other, 0), Some(Value::Text("Asia/Tokyo".into())));
}

#[test]
fn ports_are_filled_in_by_what_others_say() {
    let mut app = service("app", "me/app");
    app.env.insert("BROKER".into(), Value::Text("redis://broker:6380/0".into()));
    app.env.insert("DB_HOST".into(), Value::Text("db".into()));
    app.env.insert("DB_PORT".into(), Value::Text("5433".into()));
    let services = vec![app, service("broker", "me/broker"), service("db", "postgres")];
    let settled = settled(services, &[]);
    let ports =
        |at: usize| settled.project.services[at].ports.iter().map(|port| port.container).collect::<Vec<_>>();
    assert_eq!(ports(1), [6380]);
    assert_eq!(ports(2), [5432, 5433]);
}

#[test]
fn public_names_are_found_in_labels_and_variables_or_answered() {
    let mut traefik = service("web", "me/web");
    let port = Port { container: 8080, protocol: Protocol::Tcp, host: Some(80), host_ip: None };
    traefik.ports = vec![port.clone()];
    traefik
        .labels
        .insert("traefik.http.routers.web.rule".into(), "Host(`Web.example.org`) && PathPrefix(`/x`)".into());
    traefik.labels.insert("traefik.http.services.web.loadbalancer.server.port".into(), "9000".into());
    let mut caddy = service("c", "me/c");
    caddy.labels.insert("caddy".into(), "c.example.org".into());
    caddy.labels.insert("caddy.reverse_proxy".into(), "{{upstreams 8081}}".into());
    let mut proxied = service("v", "me/v");
    proxied.env.insert("VIRTUAL_HOST".into(), Value::Text("v.example.org".into()));
    proxied.env.insert("VIRTUAL_PORT".into(), Value::Text("3000".into()));
    let mut paperless = service("paperless", "paperless-ngx/paperless-ngx");
    paperless.env.insert("PAPERLESS_URL".into(), Value::Text("https://paper.example.org".into()));
    paperless.env.insert("API_URL".into(), Value::Text("https://api.example.com".into()));
    let mut plain = service("plain", "me/plain");
    plain.ports = vec![port];
    let services = vec![traefik, caddy, proxied, paperless, plain];
    let settled = settled(services, &[("plain/public-name", "plain.example.org")]);
    let found: Vec<(&str, Option<&str>, u16)> =
        settled.public.iter().map(|name| (name.host.as_str(), name.path.as_deref(), name.port)).collect();
    assert_eq!(
        found,
        [
            ("c.example.org", None, 8081),
            ("paper.example.org", None, 8000),
            ("plain.example.org", None, 8080),
            ("v.example.org", None, 3000),
            ("web.example.org", Some("/x"), 9000),
        ]
    );
}

#[test]
fn a_variable_without_a_value_waits_unless_it_is_a_secret() {
    let mut app = service("app", "me/app");
    app.env.insert("MODE".into(), Value::Unset);
    app.env.insert("DB_PASSWORD".into(), Value::Unset);
    let waits = settled(vec![app.clone()], &[]);
    assert!(decision(&waits, "app/variable:MODE").waits());
    assert_eq!(waits.project.services[0].env["DB_PASSWORD"], Value::Secret);
    let given = settled(vec![app.clone()], &[("app/variable:MODE", "=fast")]);
    assert_eq!(given.project.services[0].env["MODE"], Value::Text("fast".into()));
    assert!(
        !settled(vec![app], &[("app/variable:MODE", "leave-out")]).project.services[0]
            .env
            .contains_key("MODE")
    );
}

#[test]
fn the_old_address_is_asked_once_with_who_uses_it() {
    let mut app = service("app", "me/app");
    app.ports = vec![Port { container: 80, protocol: Protocol::Tcp, host: Some(8080), host_ip: None }];
    let mut project = project(vec![app]);
    project.referrers = vec!["grafana on vm3: env LOKI_URL".into()];
    let settled = whole(project, &Options::default());
    let facts = decision(&settled, "old-address").facts.join("\n");
    assert!(facts.contains("vm3 offers 8080 of app") && facts.contains("LOKI_URL"), "{facts}");
}

#[test]
fn slips_in_answers_are_told_with_what_was_meant() {
    let mut app = service("app", "me/app");
    app.mounts = vec![bind("/srv/app", "/data")];
    let wrong = |id: &str, key: &str| {
        settle(project(vec![app.clone()]), &answered(&[(id, key)])).unwrap_err()[0].to_string()
    };
    assert!(wrong("app/mount:/dat", "claim").contains("did you mean `app/mount:/data`?"));
    assert!(wrong("app/mount:/data", "clam").contains("did you mean `claim`?"));
    assert!(wrong("nobody/image", "tag").contains("no such decision"));
}

#[test]
fn a_folder_within_a_folder_is_copied_once() {
    let mut one = service("sonarr", "linuxserver/sonarr");
    let mut two = service("jellyfin", "jellyfin/jellyfin");
    two.mounts = vec![bind("/srv/data/media/tv", "/tv")];
    one.mounts = vec![bind("/srv/data", "/data")];
    let by_default = settled(vec![two.clone(), one.clone()], &[]);
    let mounts = |settled: &Settled| [0, 1].map(|at| settled.project.services[at].mounts[0].clone());
    let [tv, data] = mounts(&by_default);
    assert_eq!(tv.subpath.as_deref(), Some("media/tv"));
    assert_eq!(claim(&tv.fate), claim(&data.fate));
    assert!(claim(&tv.fate).shared);
    let [tv, data] = mounts(&settled(vec![two, one], &[("jellyfin/mount:/tv", "claim")]));
    assert_eq!(tv.subpath, None);
    assert_ne!(claim(&tv.fate).name, claim(&data.fate).name);
}
