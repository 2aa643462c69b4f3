//! Compose files as homelabs have them.

use super::*;

/// A file of tests/adopt/inputs with all that lies beside it.
fn input(name: &str) -> Project {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/adopt/inputs")).join(name);
    let files: BTreeMap<String, String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), text)
        })
        .collect();
    let main =
        ["compose.yaml", "docker-compose.yml"].into_iter().find(|main| files.contains_key(*main)).unwrap();
    let project =
        read(main, &files[main], name, &files).unwrap_or_else(|faults| panic!("{name}: {faults:#?}"));
    assert!(!format!("{project:?}").contains("not-a-real"), "{name}: a secret is in it");
    project
}

fn named<'a>(project: &'a Project, name: &str) -> &'a Service {
    project.service(name).unwrap_or_else(|| panic!("no {name} in {}", project.name))
}

fn aliases(service: &Service) -> Vec<&str> {
    let Connection::Networks(attached) = &service.network else { return Vec::new() };
    attached.iter().flat_map(|attachment| attachment.aliases.iter().map(String::as_str)).collect()
}

#[test]
fn immich_is_four_services_with_pinned_databases() {
    let project = input("immich");
    let database = named(&project, "database");
    assert!(database.image.pinned);
    assert_eq!(database.shm_size, Some(128 << 20));
    assert_eq!(database.mounts[0].source, MountSource::Bind("./postgres".into()));
    assert_eq!(database.env["POSTGRES_DB"], text("immich"));
    assert_eq!(named(&project, "immich-server").image.tag.as_deref(), Some("v2"));
    assert!(project.notes.is_empty(), "{:?}", project.notes);
}

#[test]
fn paperless_takes_its_env_file_and_its_numbers() {
    let project = input("paperless");
    let web = named(&project, "webserver");
    assert_eq!(web.env["PAPERLESS_TIKA_ENABLED"], text("1"));
    assert_eq!(web.env["PAPERLESS_OCR_LANGUAGE"], text("deu+eng"));
    assert_eq!(web.env["PAPERLESS_SECRET_KEY"], Value::Secret);
    assert_eq!(project.services.last().unwrap().name, "webserver");
    assert_eq!(project.volumes.len(), 4);
}

#[test]
fn side_cars_use_the_network_of_their_vpn_however_it_is_named() {
    let project = input("arr");
    for name in ["qbittorrent", "prowlarr"] {
        assert_eq!(named(&project, name).network, Connection::Service("gluetun".into()), "{name}");
    }
    assert_eq!(named(&project, "sonarr").restart, Restart::UnlessStopped);
    assert_eq!(named(&project, "radarr").env["UMASK"], text("002"));
    assert_eq!(project.volumes["media"].options["o"], "addr=nas.lan,username=arr,vers=3.0,uid=1000");
    assert!(named(&project, "gluetun").rights.add.contains("NET_ADMIN"));
}

#[test]
fn authentik_without_its_env_still_tells_what_is_a_secret() {
    let project = input("authentik");
    let server = named(&project, "server");
    assert_eq!(server.env["AUTHENTIK_SECRET_KEY"], Value::Secret);
    assert_eq!(server.env["AUTHENTIK_POSTGRESQL__USER"], text("authentik"));
    assert_eq!(server.ports[0].host, Some(9000));
    assert!(server.depends_on.iter().all(|dependency| dependency.until == Until::Healthy));
    let test = &named(&project, "postgresql").health.as_ref().unwrap().test;
    assert_eq!(*test, HealthTest::Shell("pg_isready -d ${POSTGRES_DB} -U ${POSTGRES_USER}".into()));
}

#[test]
fn traefik_keeps_its_labels_as_they_were_meant() {
    let project = input("traefik");
    let traefik = named(&project, "traefik");
    assert_eq!(traefik.labels["traefik.http.middlewares.strip.redirectregex.replacement"], "https://${1}");
    assert_eq!((&traefik.env["CF_DNS_API_TOKEN"], &traefik.env["TZ"]), (&Value::Secret, &Value::Unset));
    assert!(project.networks["proxy"].external);
    assert!(!project.networks.contains_key("default"));
}

#[test]
fn devices_groups_and_gpus_are_read() {
    let home = input("homeassistant");
    assert_eq!(named(&home, "homeassistant").network, Connection::Host);
    assert_eq!(named(&home, "zigbee2mqtt").devices[0].container, "/dev/ttyUSB0");
    let jellyfin = input("jellyfin");
    let gpus = named(&jellyfin, "jellyfin").gpus.as_ref().unwrap();
    assert_eq!((gpus.count, gpus.driver.as_deref()), (Some(1), Some("nvidia")));
    let frigate = input("frigate");
    assert_eq!(named(&frigate, "frigate").stop_grace, Some(30));
    assert_eq!(frigate.volumes["frigate_media"].options["device"], ":/volume1/frigate");
}

#[test]
fn containers_are_still_found_by_the_names_that_others_use() {
    let gitea = input("gitea");
    assert_eq!(aliases(named(&gitea, "postgres-db")), ["database", "gitea_db", "postgres_db"]);
    assert_eq!(aliases(named(&gitea, "server")), [""; 0]);
    let ghost = input("ghost");
    assert_eq!(aliases(named(&ghost, "db")), ["mysql"]);
    assert_eq!(named(&ghost, "db").ulimits["nofile"], (20000, 40000));
}

#[test]
fn files_go_along_unless_they_are_secrets() {
    let project = input("monitoring");
    assert!(project.files["prometheus"].text.as_ref().unwrap().contains("job_name: node"));
    assert!(project.files["datasources"].text.as_ref().unwrap().contains("url: http://loki:3100"));
    assert_eq!(project.files["loki"].text, None);
    let secret = &project.files["grafana_admin"];
    assert!(secret.secret && secret.text.is_none());
    let grafana = named(&project, "grafana");
    let mounted = grafana.mounts.iter().find(|mount| mount.target == "/run/secrets/grafana_admin").unwrap();
    assert_eq!(mounted.source, MountSource::File("grafana_admin".into()));
    let prometheus = named(&project, "prometheus");
    assert_eq!(prometheus.extra_hosts, [("host.docker.internal".to_owned(), "host-gateway".to_owned())]);
}

#[test]
fn limits_rights_and_addresses_are_read() {
    let project = input("vaultwarden");
    let service = named(&project, "vaultwarden");
    assert_eq!((service.limits.cpu_milli, service.limits.memory), (Some(500), Some(256 << 20)));
    assert_eq!(service.ports[0].host_ip.as_deref(), Some("127.0.0.1"));
    assert!(service.rights.read_only && service.rights.no_new_privileges);
    assert_eq!(service.env["ADMIN_TOKEN"], text(""));
    let pihole = input("pihole");
    assert_eq!(pihole.networks["dns"].subnets, ["172.28.0.0/24"]);
    assert_eq!(named(&pihole, "unbound").health.as_ref().unwrap().interval, Some(90));
    assert_eq!(named(&input("mealie"), "mealie").limits.memory, Some(1000 << 20));
    let nextcloud = input("nextcloud");
    assert_eq!(nextcloud.name, "nextcloud-aio");
    assert_eq!(nextcloud.services[0].network, Connection::Networks(Vec::new()));
}

#[test]
fn a_file_of_version_2_is_read_as_it_was_meant() {
    let project = input("old-v2");
    let app = named(&project, "app-server");
    assert_eq!(app.command.as_ref().unwrap(), &["./run.sh", "--name", "two words", "--key", "$HOME"]);
    assert_eq!(app.labels.len(), 2);
    assert!(app.mounts[0].read_only);
    assert_eq!(app.mounts[0].source, MountSource::Volume("mongo".into()));
    assert_eq!(app.restart, Restart::OnFailure(Some(3)));
    assert_eq!((app.limits.memory, app.limits.memory_swap), (Some(128 << 20), Some(-1)));
    assert_eq!(aliases(named(&project, "my-db")), ["database", "my_db"]);
    assert_eq!(project.volumes["mongo"].real_name.as_deref(), Some("prod_mongo"));
}
