//! What the reader makes of what homelabs run, and of what is wrong.

mod broken;
mod details;
mod grouping;
mod own;

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::read;
use crate::adopt::project::*;

/// An input as it lies in `tests/adopt/inputs`.
fn input(name: &str) -> Vec<Project> {
    let path = format!("{}/tests/adopt/inputs/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    read(&path, &text, Some("vm3")).unwrap_or_else(|faults| panic!("{name}: {faults:?}"))
}

fn one(name: &str) -> Project {
    let mut projects = input(name);
    assert_eq!(projects.len(), 1, "{name}");
    projects.remove(0)
}

/// The only service of an input.
fn only(name: &str) -> Service {
    let mut project = one(name);
    assert_eq!(project.services.len(), 1, "{name}");
    project.services.remove(0)
}

/// A container with little in it, and what is laid over that.
fn container(over: Json) -> Json {
    let mut base = json!({
        "Id": "1f".repeat(32), "Name": "/web", "Image": format!("sha256:{}", "ab".repeat(32)),
        "State": {"Status": "running", "Running": true},
        "Config": {"Image": "nginx:1.27", "Hostname": "1f1f1f1f1f1f", "Env": null, "Cmd": null},
        "HostConfig": {"NetworkMode": "bridge", "RestartPolicy": {"Name": "no"}},
        "NetworkSettings": {"Networks": {"bridge": {}}}, "Mounts": []
    });
    lay(&mut base, over);
    base
}

fn lay(base: &mut Json, over: Json) {
    match (base, over) {
        (Json::Object(base), Json::Object(over)) => {
            for (key, value) in over {
                lay(base.entry(key).or_insert(Json::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

fn projects(values: Json) -> Vec<Project> {
    read("in.json", &values.to_string(), None).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn service(over: Json) -> Service {
    projects(json!([container(over)])).remove(0).services.remove(0)
}

fn faults(text: &str) -> Vec<String> {
    read("in.json", text, None).unwrap_err().iter().map(ToString::to_string).collect()
}

fn names<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    items.into_iter().map(|item| item.as_ref().to_owned()).collect()
}

fn env_names(service: &Service) -> Vec<&str> {
    service.env.keys().map(String::as_str).collect()
}

fn mount<'s>(service: &'s Service, target: &str) -> &'s Mount {
    service.mounts.iter().find(|mount| mount.target == target).unwrap()
}

fn networks_of(service: &Service) -> &[Attachment] {
    match &service.network {
        Connection::Networks(attachments) => attachments,
        other => panic!("{other:?}"),
    }
}

fn published(service: &Service) -> Vec<(u16, Protocol, u16)> {
    let ports = service.ports.iter();
    ports.filter_map(|port| Some((port.container, port.protocol, port.host?))).collect()
}

#[test]
fn jellyfin_on_the_hosts_network_keeps_its_graphics_card_and_loses_its_images_variables() {
    let jellyfin = only("jellyfin");
    assert_eq!(jellyfin.network, Connection::Host);
    assert_eq!(env_names(&jellyfin), ["JELLYFIN_PublishedServerUrl"]);
    let devices: Vec<&str> = jellyfin.devices.iter().map(|device| device.host.as_str()).collect();
    assert_eq!(devices, ["/dev/dri/card0", "/dev/dri/renderD128"]);
    assert_eq!(jellyfin.groups, ["104", "44"]);
    assert_eq!(jellyfin.user.as_deref(), Some("1000:1000"));
    assert_eq!(jellyfin.hostname, None, "the host's name is nobody's wish");
    assert!(published(&jellyfin).is_empty() && jellyfin.ports.len() == 1);
    assert!(jellyfin.health.unwrap().from_image);
    assert_eq!(jellyfin.gpus, None, "the image's NVIDIA_VISIBLE_DEVICES asks for no card");
    let media = jellyfin.mounts.iter().find(|mount| mount.target == "/media").unwrap();
    assert!(media.read_only);
    assert_eq!(media.propagation.as_deref(), Some("rslave"));
    assert!(jellyfin.entrypoint.is_none() && jellyfin.command.is_none() && jellyfin.labels.is_empty());
}

#[test]
fn postgres_with_its_image_is_known_exactly() {
    let project = one("postgres");
    assert!(project.notes.is_empty(), "nothing is guessed: {:?}", project.notes);
    assert_eq!(project.host.as_deref(), Some("vm3"));
    let postgres = &project.services[0];
    assert_eq!(env_names(postgres), ["POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_USER", "TZ"]);
    let words = ["postgres", "-c", "shared_buffers=256MB", "-c", "max_connections=200"];
    assert_eq!(postgres.command, Some(names(words)));
    assert_eq!(postgres.entrypoint, None);
    assert_eq!(postgres.stop_signal, None, "SIGINT is the image's");
    assert_eq!(postgres.stop_grace, Some(60));
    assert!(postgres.image.digest.as_ref().is_some_and(|digest| digest.starts_with("sha256:")));
    assert!(!postgres.image.pinned && postgres.image.local_id.is_none());
    assert_eq!(postgres.limits.cpu_milli, Some(1500));
    assert_eq!(postgres.limits.memory, Some(1 << 30));
    assert_eq!(postgres.limits.memory_swap, None, "twice the memory is what the engine does by itself");
    assert_eq!(postgres.shm_size, Some(256 << 20));
    let host_ip = Some("127.0.0.1".to_owned());
    let port = Port { container: 5432, protocol: Protocol::Tcp, host: Some(5432), host_ip };
    assert_eq!(postgres.ports, [port]);
    assert!(!postgres.health.as_ref().unwrap().from_image);
    let volume = &project.volumes["pgdata"];
    assert_eq!(volume.mountpoint.as_deref(), Some("/var/lib/docker/volumes/pgdata/_data"));
    assert!(!volume.external && volume.real_name.is_none());
}

#[test]
fn home_assistant_keeps_its_stick_and_its_rights() {
    let ha = only("home-assistant");
    assert!(ha.rights.privileged && ha.rights.options.is_empty());
    assert_eq!(ha.network, Connection::Host);
    assert_eq!(ha.devices[0].container, "/dev/ttyUSB0");
    assert_eq!(env_names(&ha), ["TZ"]);
    assert!(ha.labels.is_empty(), "{:?}", ha.labels);
    assert_eq!(ha.restart, Restart::UnlessStopped);
}

#[test]
fn pihole_answers_dns_over_udp_once() {
    let pihole = only("pihole");
    assert_eq!(
        published(&pihole),
        [(53, Protocol::Tcp, 53), (53, Protocol::Udp, 53), (80, Protocol::Tcp, 8053)]
    );
    assert_eq!(pihole.rights.add, BTreeSet::from(["NET_ADMIN".to_owned(), "SYS_NICE".to_owned()]));
    assert_eq!(pihole.hostname.as_deref(), Some("pi"));
    assert_eq!(pihole.dns.servers, ["127.0.0.1", "1.1.1.1"]);
    assert!(!pihole.env.contains_key("DNSMASQ_USER"), "what stands behind PATH is the image's");
}

#[test]
fn traefik_keeps_its_arguments_labels_and_fixed_address() {
    let project = one("traefik");
    let traefik = &project.services[0];
    assert_eq!(traefik.command.as_ref().unwrap().len(), 6);
    assert_eq!(traefik.labels.len(), 3, "{:?}", traefik.labels);
    assert!(traefik.rights.no_new_privileges);
    let wire = &networks_of(traefik)[0];
    assert_eq!((wire.network.as_str(), wire.address.as_deref()), ("proxy", Some("172.30.0.2")));
    assert_eq!(names(&wire.aliases), ["auth.example.org"]);
    let proxy = &project.networks["proxy"];
    assert!(proxy.external && proxy.real_name.is_none());
    assert_eq!(proxy.subnets, ["172.30.0.0/24"]);
    assert!(project.notes.iter().any(|note| note.text.contains("driver loki")));
    let dashboard = traefik.ports.iter().find(|port| port.container == 8080).unwrap();
    assert_eq!(dashboard.host_ip.as_deref(), Some("192.168.1.10"));
    assert!(mount(traefik, "/var/run/docker.sock").read_only);
}

#[test]
fn immich_is_one_project_whose_containers_find_each_other_by_the_names_they_use() {
    let project = one("immich");
    let order: Vec<&str> = project.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(order, ["database", "immich-machine-learning", "redis", "immich-server"]);
    let database = project.service("database").unwrap();
    assert_eq!(database.container.as_deref(), Some("immich_postgres"));
    assert_eq!(networks_of(database)[0].network, "default");
    assert_eq!(names(&networks_of(database)[0].aliases), ["immich_postgres"], "DB_HOSTNAME names it so");
    assert!(database.image.pinned && database.image.digest.is_some());
    let ml = project.service("immich-machine-learning").unwrap();
    assert!(networks_of(ml)[0].aliases.is_empty(), "nobody speaks to it by its container's name");
    assert_eq!(mount(ml, "/cache").source, MountSource::Volume("model-cache".into()));
    assert_eq!(project.volumes["model-cache"].real_name.as_deref(), Some("immich_model-cache"));
    assert!(ml.health.as_ref().unwrap().from_image);
    assert_eq!(mount(project.service("redis").unwrap(), "/data").source, MountSource::Anonymous);
    assert!(project.services.iter().all(|service| service.command.is_none() && service.labels.is_empty()));
}

#[test]
fn paperless_waits_for_what_compose_says() {
    let project = one("paperless");
    let web = project.service("webserver").unwrap();
    assert_eq!(web.depends_on.len(), 4);
    assert_eq!(web.depends_on[0], Dependency { service: "broker".into(), until: Until::Healthy });
    assert_eq!(project.services.last().unwrap().name, "webserver");
    assert_eq!(project.networks.keys().collect::<Vec<_>>(), ["default"]);
    assert_eq!(project.networks["default"], Network::default());
    assert!(!project.volumes["data"].external);
    assert_eq!(project.volumes["data"].labels.len(), 0);
    let gotenberg = project.service("gotenberg").unwrap();
    assert_eq!(gotenberg.command.as_ref().unwrap()[0], "gotenberg");
    assert_eq!(
        (gotenberg.user.as_deref(), gotenberg.image.default_user.as_deref()),
        (None, Some("gotenberg"))
    );
}

#[test]
fn two_containers_that_share_nothing_are_two_projects() {
    let projects = input("vaultwarden");
    let found: Vec<&str> = projects.iter().map(|project| project.name.as_str()).collect();
    assert_eq!(found, ["vaultwarden", "vw-backup"]);
    let vaultwarden = &projects[0].services[0];
    assert_eq!(env_names(vaultwarden), ["ADMIN_TOKEN", "DOMAIN", "SIGNUPS_ALLOWED"]);
    assert!(vaultwarden.command.is_none() && vaultwarden.health.as_ref().unwrap().from_image);
    assert_eq!(projects[1].volumes["vw-nfs"].options["type"], "nfs");
}

#[test]
fn a_side_car_uses_the_network_of_its_vpn() {
    let project = one("gluetun");
    assert_eq!(project.name, "vpn");
    assert_eq!(project.services[0].name, "gluetun");
    let torrent = project.service("qbittorrent").unwrap();
    assert_eq!(torrent.network, Connection::Service("gluetun".into()));
    assert!(published(torrent).is_empty());
    assert_eq!(torrent.depends_on[0].until, Until::Healthy);
    assert_eq!(env_names(torrent), ["PGID", "PUID", "TZ", "WEBUI_PORT"]);
    let gluetun = project.service("gluetun").unwrap();
    assert_eq!(gluetun.sysctls["net.ipv4.conf.all.src_valid_mark"], "1");
    assert_eq!(published(gluetun).len(), 3);
    assert!(!gluetun.env.contains_key("FIREWALL"));
}

#[test]
fn containers_on_a_network_of_their_own_are_one_project() {
    let project = one("nextcloud");
    assert_eq!(project.name, "nextcloud");
    assert_eq!(project.services.len(), 3);
    assert!(!project.networks["nextcloud-net"].external);
    let db = project.service("nextcloud-db").unwrap();
    assert_eq!(names(&networks_of(db)[0].aliases), ["nextcloud_db"], "MYSQL_HOST names it so");
    assert_eq!(db.command.as_ref().unwrap().len(), 3);
    let web = project.service("nextcloud").unwrap();
    assert!(web.command.is_none() && web.stop_signal.is_none() && !web.env.contains_key("PHP_MEMORY_LIMIT"));
}

#[test]
fn plex_gets_its_card_once_and_its_memory() {
    let plex = only("plex");
    let gpus = Gpus { count: None, driver: Some("nvidia".into()), ids: Vec::new() };
    assert_eq!(plex.gpus, Some(gpus));
    assert!(!plex.env.contains_key("NVIDIA_VISIBLE_DEVICES"), "the request says it");
    assert_eq!(plex.env["VERSION"], Value::Text("docker".into()));
    assert_eq!(mount(&plex, "/transcode").source, MountSource::Memory(Some(8 << 30)));
}

#[test]
fn the_rest_of_a_homelab_is_read() {
    let sonarr = only("sonarr");
    assert_eq!(env_names(&sonarr), ["PGID", "PUID", "TZ", "UMASK"]);
    assert_eq!(published(&sonarr).len(), 1);
    assert_eq!(published(&one("unifi").services[1]).len(), 9);
    let mosquitto = only("mosquitto");
    assert_eq!(mosquitto.restart, Restart::OnFailure(Some(5)));
    assert!(mosquitto.command.is_none() && mosquitto.labels.is_empty());
    let frigate = only("frigate");
    assert_eq!(mount(&frigate, "/tmp/cache").source, MountSource::Memory(Some(1_000_000_000)));
    assert_eq!((frigate.shm_size, frigate.stop_grace), (Some(512 << 20), Some(30)));
    assert_eq!(frigate.rights.device_rules, ["c 189:* rmw"]);
    let watchtower = only("watchtower");
    assert_eq!(watchtower.command, Some(names(["--cleanup", "--interval", "86400"])));
    assert!(watchtower.env.contains_key("DOCKER_API_VERSION"), "a person's, though it is a version");
    assert!(watchtower.image.local_id.is_none() && watchtower.image.tag.is_none());
    let grafana = only("grafana");
    assert_eq!(env_names(&grafana), ["GF_SECURITY_ADMIN_PASSWORD", "GF_SERVER_ROOT_URL"]);
    assert_eq!(grafana.limits.cpu_milli, Some(500));
    assert_eq!(grafana.limits.memory_swap, Some(512 << 20), "no swap is a wish");
    assert!(grafana.init && grafana.rights.read_only && grafana.rights.no_new_privileges);
    assert_eq!(grafana.ulimits["nofile"], (65536, 65536));
    assert_eq!(grafana.extra_hosts, [("host.docker.internal".to_owned(), "host-gateway".to_owned())]);
}

#[test]
fn podmans_own_defaults_are_nobodys_wish() {
    let project = one("podman-adguard");
    let adguard = &project.services[0];
    assert_eq!(env_names(adguard), ["TZ"]);
    assert_eq!(adguard.network, Connection::default());
    assert!(adguard.image.digest.is_some(), "podman knows it");
    assert_eq!((adguard.limits.pids, adguard.shm_size, adguard.stop_grace), (None, None, None));
    assert!(adguard.ulimits.is_empty() && adguard.stop_signal.is_none() && adguard.hostname.is_none());
    assert_eq!(adguard.rights.ipc, None);
    assert_eq!(adguard.restart, Restart::Always, "systemd restarts it");
    assert!(adguard.command.is_none() && adguard.working_dir.is_none());
}
