//! What homelabs run: nothing is invented, and nothing is asked that is no question.

use super::*;
use crate::adopt::project::{Dependency, Restart, Until};

fn port(container: u16, protocol: Protocol, host: Option<u16>) -> Port {
    Port { container, protocol, host, host_ip: None }
}

fn asks(settled: &Settled, id: &str) -> bool {
    settled.decisions.iter().any(|decision| decision.id == id)
}

fn test_of(settled: &Settled, at: usize) -> Option<HealthTest> {
    settled.project.services[at].health.as_ref().map(|health| health.test.clone())
}

#[test]
fn the_hosts_clock_stays_and_no_other_zone_is_invented() {
    let mut frigate = service("frigate", "me/nvr");
    frigate.mounts = vec![bind("/etc/localtime", "/etc/localtime")];
    let services = vec![frigate, service("cache", "redis"), service("web", "me/web")];
    let in_berlin =
        |answers: &[(&str, &str)]| Options { time_zone: Some("Europe/Berlin".into()), ..answered(answers) };
    let zones = |options: &Options, services: &[Service]| {
        let settled = whole(project(services.to_vec()), options);
        let zones: Vec<bool> =
            settled.project.services.iter().map(|service| service.env.contains_key("TZ")).collect();
        (asks(&settled, "time-zone"), zones)
    };
    assert_eq!(zones(&in_berlin(&[]), &services), (true, vec![true, false, false]));
    assert_eq!(zones(&in_berlin(&[("time-zone", "all")]), &services).1, [true, true, true]);
    assert_eq!(zones(&in_berlin(&[("time-zone", "leave")]), &services).1, [false, false, false]);
    assert_eq!(zones(&in_berlin(&[]), &services[1..]), (true, vec![false, false]));
    let utc = Options { time_zone: Some("Etc/UTC".into()), ..Options::default() };
    assert_eq!(zones(&utc, &services[1..]), (false, vec![false, false]), "nothing is to decide");
    assert_eq!(zones(&utc, &services).1, [true, false, false]);
}

#[test]
fn a_person_says_a_size_where_none_is_known() {
    let mut app = service("app", "me/app");
    app.mounts = vec![bind("/srv/app", "/data"), bind("/mnt/films", "/movies"), bind("/srv/c", "/etc/app")];
    let guessed = settled(vec![app.clone()], &[]);
    let bytes = |settled: &Settled, at: usize| claim(&settled.project.services[0].mounts[at].fate).bytes;
    assert_eq!([0, 1, 2].map(|at| bytes(&guessed, at) / sizes::GIB), [5, 100, 1]);
    assert!(decision(&guessed, "app/mount:/data").facts[1].contains("5 GiB"));
    let said = settled(vec![app.clone()], &[("app/mount:/data", "1.5Ti"), ("app/limits", "512Mi")]);
    assert_eq!(bytes(&said, 0), 1536 * sizes::GIB);
    assert_eq!(said.project.services[0].limits.memory, Some(512 << 20));
    let options = answered(&[("app/mount:/data", "much")]);
    assert!(settle(project(vec![app]), &options).is_err());
}

#[test]
fn a_file_in_a_volume_is_mounted_as_this_file() {
    let mut app = service("files", "filebrowser/filebrowser");
    app.mounts = vec![bind("/opt/filebrowser.db", "/database.db"), bind("/opt/acme.json", "/acme.json")];
    let settled = settled(vec![app], &[]);
    let subpaths: Vec<_> =
        settled.project.services[0].mounts.iter().map(|mount| mount.subpath.as_deref()).collect();
    assert_eq!(subpaths, [Some("filebrowser.db"), Some("acme.json")]);
    assert!(claim(&settled.project.services[0].mounts[0].fate).local_only);
}

#[test]
fn what_several_share_is_called_by_what_it_is() {
    let mut sonarr = service("sonarr", "linuxserver/sonarr");
    let mut radarr = service("radarr", "linuxserver/radarr");
    sonarr.mounts = vec![bind("/srv/data", "/data")];
    radarr.mounts = vec![bind("/srv/data", "/data")];
    let settled = settled(vec![radarr, sonarr], &[]);
    assert_eq!(claim(&settled.project.services[1].mounts[0].fate).name, "p-data");
}

#[test]
fn settings_of_a_database_are_no_database() {
    let mut prometheus = service("prometheus", "prom/prometheus");
    let mut config = bind("/opt/prometheus.yml", "/etc/prometheus/prometheus.yml");
    config.read_only = true;
    let mut rules = bind("/opt/rules", "/etc/prometheus/rules");
    rules.read_only = true;
    prometheus.mounts = vec![config, rules, mount(MountSource::Volume("prom".into()), "/prometheus")];
    let settled = settled(vec![prometheus], &[]);
    let says = |path: &str| {
        let asked = decision(&settled, &format!("prometheus/mount:{path}"));
        asked.facts.iter().any(|fact| fact.contains("a database"))
    };
    assert!(!says("/etc/prometheus/prometheus.yml") && !says("/etc/prometheus/rules") && says("/prometheus"));
    assert!(!claim(&settled.project.services[0].mounts[1].fate).local_only);
}

#[test]
fn without_the_docker_socket_a_person_says_what_takes_its_place() {
    let mut watchtower = service("watchtower", "containrrr/watchtower");
    watchtower.mounts = vec![bind("/var/run/docker.sock", "/var/run/docker.sock")];
    let id = "watchtower/mount:/var/run/docker.sock";
    assert!(decision(&settled(vec![watchtower.clone()], &[]), id).waits());
    assert!(!decision(&settled(vec![watchtower], &[(id, "leave")]), id).waits());
}

#[test]
fn a_worker_is_not_asked_where_only_the_server_listens() {
    let web = service("web", "nextcloud");
    let mut cron = service("cron", "nextcloud");
    cron.entrypoint = Some(vec!["/cron.sh".into()]);
    cron.ports = vec![port(80, Protocol::Tcp, None)];
    let mut server = service("server", "goauthentik/server");
    server.command = Some(vec!["server".into()]);
    server.ports = vec![port(9000, Protocol::Tcp, Some(9000))];
    let mut worker = service("worker", "goauthentik/server");
    worker.command = Some(vec!["worker".into()]);
    let settled = settled(vec![cron, server, web, worker], &[]);
    assert_eq!(decision(&settled, "cron/health").chosen, "none");
    assert!(matches!(test_of(&settled, 1), Some(HealthTest::Http { port: 9000, .. })));
    assert!(matches!(test_of(&settled, 2), Some(HealthTest::Http { port: 80, .. })));
    assert_eq!((test_of(&settled, 0), test_of(&settled, 3)), (None, None));
    assert!(settled.project.services[3].ports.is_empty(), "nobody knows that it listens");
}

#[test]
fn the_port_that_people_use_is_the_one_that_is_asked() {
    let mut portainer = service("portainer", "portainer/portainer-ce");
    portainer.ports = vec![
        port(8000, Protocol::Tcp, None),
        port(9000, Protocol::Tcp, None),
        port(9443, Protocol::Tcp, Some(9443)),
    ];
    let asked = settled(vec![portainer.clone()], &[("portainer/public-name", "docker.example.org")]);
    assert_eq!(test_of(&asked, 0), Some(HealthTest::Tcp(9443)));
    assert_eq!(asked.public[0].port, 9000, "the page that an ingress can talk to");
    let mut client = service("qbittorrent", "linuxserver/qbittorrent");
    client.network = Connection::Service("portainer".into());
    let side_car = settled(vec![portainer, client], &[]);
    assert_eq!(test_of(&side_car, 1), Some(HealthTest::Tcp(8080)));
}

#[test]
fn only_what_has_a_page_is_asked_for_its_name() {
    let mut proxy = service("traefik", "traefik");
    proxy.ports = vec![port(80, Protocol::Tcp, Some(80)), port(443, Protocol::Tcp, Some(443))];
    let labels = [
        ("traefik.http.routers.dash.rule", "Host(`traefik.example.org`)"),
        ("traefik.http.routers.dash.service", "api@internal"),
    ];
    proxy.labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let mut game = service("game", "itzg/minecraft-server");
    game.ports = vec![port(25565, Protocol::Tcp, Some(25565)), port(25575, Protocol::Tcp, Some(25575))];
    let mut vpn = service("wg", "wg-easy/wg-easy");
    vpn.env.insert("WG_HOST".into(), Value::Text("vpn.example.org".into()));
    vpn.ports = vec![port(51821, Protocol::Tcp, Some(51821))];
    let settled = settled(vec![proxy, game, vpn], &[]);
    assert_eq!(settled.public, []);
    assert!(!asks(&settled, "traefik/public-name") && !asks(&settled, "game/public-name"));
    assert!(asks(&settled, "wg/public-name"), "its page has a name of its own");
}

#[test]
fn many_ports_are_told_as_ranges() {
    let mut turn = service("turn", "coturn/coturn");
    turn.ports = (49160..=49200).map(|number| port(number, Protocol::Udp, Some(number))).collect();
    turn.ports.push(Port { host_ip: Some("::1".into()), ..port(5766, Protocol::Tcp, Some(5766)) });
    let settled = settled(vec![turn], &[]);
    assert!(decision(&settled, "turn/udp").question.contains("(49160-49200/udp)"));
    let facts = &decision(&settled, "old-address").facts;
    assert_eq!(facts[0], "vm3 offers 49160-49200/udp of turn.", "what only the host reaches is not offered");
}

#[test]
fn an_outside_network_is_asked_about_and_the_houses_own_is_not() {
    let on = |network: &str| {
        let network = network.to_owned();
        Connection::Networks(vec![Attachment { network, aliases: [].into(), address: None }])
    };
    let mut web = service("web", "me/web");
    web.network = on("proxy");
    let mut dns = service("dns", "pihole/pihole");
    dns.network = on("lan");
    let mut project = project(vec![web, dns]);
    project.networks.insert("proxy".into(), Network { external: true, ..Network::default() });
    let lan = Network { external: true, driver: Some("macvlan".into()), ..Network::default() };
    project.networks.insert("lan".into(), lan);
    let settled = whole(project.clone(), &Options::default());
    assert_eq!(decision(&settled, "network/proxy").chosen, "nothing");
    assert!(!asks(&settled, "network/lan") && asks(&settled, "dns/address"));
    let named = whole(project, &answered(&[("network/proxy", "names")]));
    assert_eq!(decision(&named, "network/proxy").chosen, "names");
}

#[test]
fn what_works_otherwise_is_told() {
    let mut vpn = service("gluetun", "qmcgaw/gluetun");
    vpn.restart = Restart::Always;
    let mut client = service("qbittorrent", "linuxserver/qbittorrent");
    client.network = Connection::Service("gluetun".into());
    client.depends_on = vec![Dependency { service: "gluetun".into(), until: Until::Healthy }];
    let mut web = service("web", "me/web");
    web.env.insert("OLLAMA_URL".into(), Value::Text("http://host.docker.internal:11434".into()));
    let exporter = service("node-exporter", "prom/node-exporter");
    let settled = settled(vec![vpn, client, web, exporter], &[]);
    let of = |service: &str| -> Vec<&str> {
        let notes = settled.project.notes.iter().filter(|note| note.service.as_deref() == Some(service));
        notes.map(|note| note.text.as_str()).collect()
    };
    assert_eq!(of("qbittorrent").len(), 1, "{:?}", of("qbittorrent"));
    assert!(of("qbittorrent")[0].contains("same time as gluetun"));
    assert!(of("web")[0].contains("OLLAMA_URL names the old host"));
    assert!(of("node-exporter")[0].contains("DaemonSet"));
}

#[test]
fn a_vpn_is_not_asked_by_the_ports_of_what_is_behind_it() {
    let mut vpn = service("vpn", "qmcgaw/gluetun");
    vpn.ports = vec![port(8080, Protocol::Tcp, Some(8080)), port(6881, Protocol::Tcp, Some(6881))];
    let mut torrents = service("torrents", "linuxserver/qbittorrent");
    torrents.network = Connection::Service("vpn".into());
    let both = settled(vec![vpn, torrents.clone()], &[]);
    assert_eq!(test_of(&both, 0), None);
    assert_eq!(test_of(&both, 1), Some(HealthTest::Tcp(8080)));
    let mut app = service("vpn", "me/app");
    app.ports = vec![port(8080, Protocol::Tcp, Some(8080)), port(3000, Protocol::Tcp, Some(3000))];
    assert_eq!(test_of(&settled(vec![app, torrents], &[]), 0), Some(HealthTest::Tcp(3000)));
}

#[test]
fn memory_and_the_hosts_own_logs_are_not_copied() {
    let mut app = service("app", "me/app");
    app.mounts = vec![
        mount(MountSource::Volume("run".into()), "/run/app"),
        bind("/var/log/auth.log", "/var/log/auth.log"),
        bind("/var/log/app", "/logs"),
    ];
    let mut project = project(vec![app]);
    let options = [("type", "tmpfs"), ("device", "tmpfs"), ("o", "size=10m,uid=1000")];
    let options = options.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    project.volumes.insert("run".into(), Volume { options, ..Volume::default() });
    let settled = whole(project, &Options::default());
    let fates: Vec<&Fate> = settled.project.services[0].mounts.iter().map(|mount| &mount.fate).collect();
    assert_eq!(*fates[0], Fate::Scratch { bytes: Some(10 << 20), memory: true });
    assert_eq!(*fates[1], Fate::HostPath);
    assert!(matches!(fates[2], Fate::Claim(_)));
}

#[test]
fn a_firewall_of_its_own_that_keeps_the_cluster_out_is_told() {
    let mut vpn = service("vpn", "qmcgaw/gluetun");
    let told = |vpn: &Service| {
        let settled = settled(vec![vpn.clone()], &[]);
        settled.project.notes.iter().any(|note| note.text.contains("FIREWALL_INPUT_PORTS"))
    };
    assert!(told(&vpn));
    vpn.env.insert("FIREWALL_INPUT_PORTS".into(), Value::Text(String::new()));
    assert!(told(&vpn));
    vpn.env.insert("FIREWALL_INPUT_PORTS".into(), Value::Text("8080".into()));
    assert!(!told(&vpn));
}

#[test]
fn a_file_that_a_variable_names_is_one_whatever_it_is_called() {
    let mut restic = service("restic", "restic/restic");
    restic.env.insert("RESTIC_PASSWORD_FILE".into(), Value::Text("/run/pw".into()));
    restic.env.insert("CACHE_DIR".into(), Value::Text("/stuff".into()));
    restic.mounts = vec![bind("/root/.restic-pw", "/run/pw"), bind("/srv/stuff", "/stuff")];
    let settled = settled(vec![restic], &[]);
    let mounts = &settled.project.services[0].mounts;
    assert_eq!(mounts[0].fate, Fate::SecretFile);
    assert!(matches!(mounts[1].fate, Fate::Claim(_)));
}

#[test]
fn a_clock_that_is_left_out_without_a_zone_in_its_place_is_told_so() {
    let mut app = service("app", "me/app");
    app.mounts = vec![bind("/etc/localtime", "/etc/localtime")];
    let why = |options: &Options| match &whole(project(vec![app.clone()]), options).project.services[0].mounts
        [0]
    .fate
    {
        Fate::Left(why) => why.clone(),
        other => format!("{other:?}"),
    };
    let berlin = Options { time_zone: Some("Europe/Berlin".into()), ..Options::default() };
    assert!(why(&berlin).contains("given as `TZ`"));
    assert!(why(&Options::default()).contains("has UTC"), "no zone is known");
    assert!(
        why(&Options { time_zone: berlin.time_zone.clone(), ..answered(&[("time-zone", "leave")]) })
            .contains("UTC")
    );
}

#[test]
fn what_the_old_host_offers_names_each_service_once() {
    let mut unifi = service("unifi", "me/unifi");
    unifi.ports = vec![port(8443, Protocol::Tcp, Some(8443)), port(3478, Protocol::Udp, Some(3478))];
    let mut web = service("web", "me/web");
    web.ports = vec![port(80, Protocol::Tcp, Some(80))];
    let settled = settled(vec![unifi, web], &[]);
    let decision = settled.decisions.iter().find(|decision| decision.id == "old-address").unwrap();
    assert_eq!(decision.facts[0], "vm3 offers 3478/udp, 8443 of unifi; 80 of web.");
}
