//! What is written for whole services, as a person reads it.

mod homelab;

use super::*;
use crate::adopt::Route;
use crate::adopt::project::{Value, *};
use crate::adopt::settle::PublicName;

/// A project of these services.
pub(in crate::adopt) fn settled(services: Vec<Service>) -> Settled {
    let project = Project {
        name: "paperless".into(),
        services,
        host: Some("vm3".into()),
        origin: Origin::Inspect,
        ..Project::default()
    };
    Settled { project, decisions: Vec::new(), public: Vec::new() }
}

pub(in crate::adopt) fn port(container: u16, protocol: Protocol, host: Option<u16>) -> Port {
    Port { container, protocol, host, host_ip: None }
}

pub(in crate::adopt) fn mount(target: &str, source: MountSource, fate: Fate) -> Mount {
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

pub(in crate::adopt) fn claim(name: &str) -> Fate {
    Fate::Claim(Claim { name: name.into(), bytes: 10 << 30, shared: false, local_only: false })
}

pub(in crate::adopt) fn service(name: &str, image: &str) -> Service {
    let image = Image { name: image.into(), tag: Some("1.2".into()), ..Image::default() };
    Service { name: name.into(), image, restart: Restart::Always, ..Service::default() }
}

pub(in crate::adopt) fn public(service: &str, host: &str, port: u16) -> PublicName {
    PublicName { service: service.into(), host: host.into(), path: None, port, from: "label".into() }
}

pub(in crate::adopt) fn health(test: HealthTest) -> Health {
    Health {
        test,
        interval: Some(30),
        timeout: Some(10),
        retries: Some(5),
        start_period: None,
        from_image: false,
    }
}

/// A project with a bit of everything.
pub(in crate::adopt) fn paperless() -> Settled {
    let mut web = service("web", "ghcr.io/paperless-ngx/paperless-ngx");
    web.image.digest = Some(format!("sha256:{}", "ab".repeat(32)));
    web.env.insert("PAPERLESS_REDIS".into(), Value::Text("redis://broker:6379".into()));
    web.env.insert("PAPERLESS_OCR".into(), Value::Text("on".into()));
    web.env.insert("PAPERLESS_SECRET_KEY".into(), Value::Secret);
    web.ports.push(port(8000, Protocol::Tcp, Some(8010)));
    web.health = Some(health(HealthTest::Shell("curl -fs http://localhost:8000 || exit 1".into())));
    web.mounts.push(mount("/usr/src/paperless/data", MountSource::Volume("data".into()), claim("data")));
    web.mounts.push(mount("/etc/x.conf", MountSource::Bind("/srv/my x.conf".into()), Fate::Config));
    web.limits.memory = Some(1 << 30);
    web.usage = Usage { cpu_milli: Some(120), memory: Some(300_000_000) };
    web.user = Some("1000:1000".into());
    web.container = Some("paperless-web-1".into());
    let mut broker = service("broker", "redis");
    broker.env.insert("REDIS_PASSWORD".into(), Value::Secret);
    broker.command = Some(["redis-server", "--requirepass", "$(REDIS_PASSWORD)"].map(str::to_owned).to_vec());
    broker.ports.push(port(6379, Protocol::Tcp, None));
    let mut settled = settled(vec![broker, web]);
    settled.public.push(public("web", "paperless.example.org", 8000));
    settled
}

pub(in crate::adopt) fn write(settled: &Settled) -> Written {
    super::write(settled, &Options::default())
}

/// The text of an object, and proof that all of what was written fits together.
fn object(settled: &Settled, options: &Options, name: &str) -> String {
    let written = super::write(settled, options);
    let faults = crate::adopt::check::check(settled, &written, options);
    assert_eq!(
        faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        Vec::<String>::new(),
        "{written:#?}"
    );
    let found = written.objects.iter().find(|object| format!("{}/{}", object.kind, object.name) == name);
    found.unwrap_or_else(|| panic!("no {name} in {:#?}", written.objects)).text.clone()
}

/// Whether a part stands in the object, at any indentation.
fn holds(settled: &Settled, name: &str, part: &str) {
    let text = object(settled, &Options::default(), name);
    let flat = |text: &str| {
        let cut = part.lines().find(|line| !line.is_empty()).unwrap_or_default();
        let part_indent = cut.len() - cut.trim_start().len();
        text.lines().map(|line| line.get(part_indent..).unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let part = flat(part);
    let part: Vec<&String> = part.iter().filter(|line| !line.is_empty()).collect();
    let lines: Vec<&str> = text.lines().collect();
    let found = (0..lines.len()).any(|at| {
        let indent = lines[at].len() - lines[at].trim_start().len();
        part.iter().enumerate().all(|(n, wanted)| {
            lines.get(at + n).is_some_and(|line| line.get(indent..) == Some(wanted.as_str()))
        })
    });
    assert!(found, "not found:\n{part:#?}\nin\n{text}");
}

fn notes(settled: &Settled) -> String {
    write(settled).notes.into_iter().map(|note| note.text).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_service_with_claims_reads_as_if_written_by_hand() {
    let expected = "\
spec:
  serviceName: web
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: web
      app.kubernetes.io/instance: paperless
";
    holds(&paperless(), "StatefulSet/web", expected);
    holds(&paperless(), "Service/broker", "ports:\n- name: redis\n  port: 6379\n  targetPort: redis\n");
    let options = Options {
        owner: Some("Jane Doe".into()),
        storage_class: Some("longhorn".into()),
        namespace: Some("docs".into()),
        route: Route::Ingress { class: Some("nginx".into()), issuer: Some("letsencrypt".into()) },
        ..Options::default()
    };
    let ingress = object(&paperless(), &options, "Ingress/web");
    let expected = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: docs
  labels:
    app.kubernetes.io/name: web
    app.kubernetes.io/instance: paperless
    app.kubernetes.io/part-of: paperless
    app.kubernetes.io/managed-by: steward
    steward.dev/owner: Jane-Doe
  annotations:
    cert-manager.io/cluster-issuer: letsencrypt
spec:
  ingressClassName: nginx
  tls:
  - hosts:
    - paperless.example.org
    secretName: web-tls
  rules:
  - host: paperless.example.org
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: web
            port:
              name: http
";
    assert_eq!(ingress, expected);
    assert!(
        object(&paperless(), &options, "PersistentVolumeClaim/data").contains("storageClassName: longhorn")
    );
}

#[test]
fn a_route_of_the_gateway_leads_to_the_service() {
    let mut settled = paperless();
    settled.public.push(PublicName { path: Some("/api".into()), ..public("web", "docs.example.org", 8000) });
    let route = Route::HttpRoute { gateway: "main".into(), namespace: Some("gateways".into()) };
    let options = Options { route, ..Options::default() };
    assert!(object(&settled, &options, "HTTPRoute/web").ends_with(
        "\
spec:
  parentRefs:
  - name: main
    namespace: gateways
  hostnames:
  - docs.example.org
  rules:
  - matches:
    - path:
        type: PathPrefix
        value: /api
    backendRefs:
    - name: web
      port: 8000
"
    ));
    assert!(object(&settled, &options, "HTTPRoute/web-2").contains("- paperless.example.org"));
}

#[test]
fn what_people_reach_by_a_port_of_the_host_is_a_load_balancer() {
    let mut pihole = service("pihole", "pihole/pihole");
    pihole.ports = vec![
        port(53, Protocol::Tcp, Some(53)),
        port(53, Protocol::Udp, Some(53)),
        port(80, Protocol::Tcp, Some(8081)),
        Port { host_ip: Some("127.0.0.1".into()), ..port(4711, Protocol::Tcp, Some(4711)) },
    ];
    let mut settled = settled(vec![pihole]);
    let part = "\
spec:
  type: LoadBalancer
  selector:
    app.kubernetes.io/name: pihole
    app.kubernetes.io/instance: paperless
  ports:
  - name: dns-tcp
    port: 53
    targetPort: dns-tcp
  - name: dns-udp
    port: 53
    targetPort: dns-udp
    protocol: UDP
  - name: http
    port: 8081
    targetPort: http
";
    holds(&settled, "Service/pihole-lan", part);
    assert!(notes(&settled).contains("4711 was open to the old host alone"));
    settled.public.push(public("pihole", "pihole.lan", 80));
    assert!(!object(&settled, &Options::default(), "Service/pihole-lan").contains("8081"));
}

#[test]
fn side_cars_are_containers_of_one_pod_that_has_the_ports_of_all() {
    let mut vpn = service("gluetun", "qmcgaw/gluetun");
    vpn.rights.add.insert("NET_ADMIN".into());
    let tun = "/dev/net/tun".to_owned();
    vpn.devices.push(Device { host: tun.clone(), container: tun, permissions: "rwm".into() });
    vpn.ports.push(port(8080, Protocol::Tcp, Some(8080)));
    vpn.sysctls.insert("net.ipv6.conf.all.disable_ipv6".into(), "1".into());
    let mut client = service("qbittorrent", "linuxserver/qbittorrent");
    client.network = Connection::Service("gluetun".into());
    client.mounts.push(mount("/config", MountSource::Bind("/srv/qb".into()), claim("qbittorrent-config")));
    client.ports.push(port(6881, Protocol::Udp, None));
    let settled = settled(vec![client, vpn]);
    let pod = object(&settled, &Options::default(), "StatefulSet/gluetun");
    assert!(
        pod.contains("- name: gluetun\n        image") && pod.contains("- name: qbittorrent\n        image")
    );
    holds(&settled, "StatefulSet/gluetun", "capabilities:\n  add:\n  - NET_ADMIN\n");
    holds(&settled, "StatefulSet/gluetun", "hostPath:\n  path: /dev/net/tun\n  type: CharDevice\n");
    holds(
        &settled,
        "StatefulSet/gluetun",
        "sysctls:\n- name: net.ipv6.conf.all.disable_ipv6\n  value: \"1\"\n",
    );
    assert!(!pod.contains("privileged"));
    let service = object(&settled, &Options::default(), "Service/gluetun");
    assert!(service.contains("8080") && service.contains("6881"), "{service}");
}

#[test]
fn what_reaches_into_its_host_says_so() {
    let mut home = service("home-assistant", "ghcr.io/home-assistant/home-assistant");
    home.network = Connection::Host;
    home.ports.push(port(8123, Protocol::Tcp, Some(8123)));
    let usb = "/dev/serial/by-id/usb-stick".to_owned();
    home.devices.push(Device { host: usb, container: "/dev/ttyUSB0".into(), permissions: "rwm".into() });
    home.mounts.push(mount("/config", MountSource::Bind("/srv/ha".into()), Fate::HostPath));
    home.shm_size = Some(256 << 20);
    home.groups = vec!["44".into(), "video".into()];
    home.gpus = Some(Gpus::default());
    let settled = settled(vec![home]);
    holds(&settled, "Deployment/home-assistant", "hostNetwork: true\ndnsPolicy: ClusterFirstWithHostNet\n");
    holds(&settled, "Deployment/home-assistant", "strategy:\n  type: Recreate\n");
    holds(&settled, "Deployment/home-assistant", "securityContext:\n  privileged: true\n");
    holds(&settled, "Deployment/home-assistant", "emptyDir:\n  medium: Memory\n  sizeLimit: 256Mi\n");
    holds(&settled, "Deployment/home-assistant", "supplementalGroups:\n- 44\n");
    holds(&settled, "Deployment/home-assistant", "limits:\n  nvidia.com/gpu: \"1\"\n");
    holds(&settled, "Namespace/paperless", "pod-security.kubernetes.io/enforce: privileged\n");
    let told = notes(&settled);
    for part in ["/dev/serial/by-id/usb-stick of its node", "/srv/ha has to be on the node", "group video"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!write(&settled).objects.iter().any(|object| object.name.ends_with("-lan")));
}

#[test]
fn a_probe_that_runs_something_finds_secrets_in_variables() {
    let mut db = service("db", "postgres");
    db.env.insert("PW".into(), Value::Secret);
    db.health = Some(health(HealthTest::Exec(["x", "--pw=$(PW)"].map(str::to_owned).to_vec())));
    let part = "readinessProbe:\n  exec:\n    command:\n    - sh\n    - -c\n    - x '--pw='\"${PW}\"\n";
    holds(&settled(vec![db.clone()]), "Deployment/db", part);
    db.health = Some(health(HealthTest::Shell("pg_isready -U $POSTGRES_USER".into())));
    let part = "livenessProbe:\n  exec:\n    command:\n    - sh\n    - -c\n    - pg_isready -U $POSTGRES_USER\n  periodSeconds: 30\n  timeoutSeconds: 10\n  failureThreshold: 10\n";
    holds(&settled(vec![db.clone()]), "Deployment/db", part);
    db.health = Some(Health { start_period: Some(900), ..health(HealthTest::Tcp(5432)) });
    let part = "startupProbe:\n  tcpSocket:\n    port: 5432\n  timeoutSeconds: 10\n  failureThreshold: 105\n";
    holds(&settled(vec![db]), "Deployment/db", part);
}

#[test]
fn what_others_wait_for_to_end_is_a_job() {
    let mut migrate = service("migrate", "app");
    migrate.restart = Restart::OnFailure(Some(3));
    let mut web = service("web", "app");
    web.depends_on.push(Dependency { service: "migrate".into(), until: Until::Completed });
    let settled = settled(vec![migrate, web]);
    holds(&settled, "Job/migrate", "spec:\n  backoffLimit: 3\n");
    holds(&settled, "Job/migrate", "restartPolicy: OnFailure\n");
}

#[test]
fn others_find_a_service_by_its_further_names() {
    let mut db = service("db", "postgres");
    db.container = Some("pg".into());
    db.ports.push(port(5432, Protocol::Tcp, None));
    let aliases = ["Database", "my_db"].map(str::to_owned).into_iter().collect();
    db.network = Connection::Networks(vec![Attachment { network: "x".into(), aliases, address: None }]);
    let mut web = service("web", "app");
    web.env.insert("URL".into(), Value::Text("postgres://pg:5432/x".into()));
    let settled = settled(vec![db, web]);
    for name in ["db", "database", "pg"] {
        holds(&settled, &format!("Service/{name}"), "selector:\n  app.kubernetes.io/name: db\n");
    }
    holds(&settled, "Service/web", "spec:\n  clusterIP: None\n");
    assert!(notes(&settled).contains("my_db, which no Service can be called"));
}

#[test]
fn files_and_secret_files_are_mounted_from_objects() {
    let mut web = service("web", "app");
    web.mounts.push(mount("/etc/app.ini", MountSource::File("app.ini".into()), Fate::Config));
    web.mounts.push(mount("/run/secrets/pw", MountSource::File("pw".into()), Fate::SecretFile));
    web.mounts.push(mount("/cache", MountSource::Anonymous, Fate::Scratch { bytes: None, memory: false }));
    let share = Fate::Share { server: "nas".into(), path: "/export/media".into() };
    web.mounts
        .push(Mount { read_only: true, ..mount("/media", MountSource::Bind("/mnt/media".into()), share) });
    web.mounts.push(mount("/gone", MountSource::Bind("/x".into()), Fate::Left("nobody needs it.".into())));
    let mut settled = settled(vec![web]);
    let text = Some("a = 1\nb = 2\n".to_owned());
    settled.project.files.insert("app.ini".into(), GivenFile { text, ..GivenFile::default() });
    let pw = GivenFile { secret: true, path: Some("./pw.txt".into()), ..GivenFile::default() };
    settled.project.files.insert("pw".into(), pw);
    holds(&settled, "ConfigMap/app-ini", "data:\n  app.ini: |\n    a = 1\n    b = 2\n");
    let part = "\
volumes:
- name: app-ini
  configMap:
    name: app-ini
- name: pw
  secret:
    secretName: pw
- name: cache
  emptyDir: {}
- name: media
  nfs:
    server: nas
    path: /export/media
";
    holds(&settled, "Deployment/web", part);
    holds(
        &settled,
        "Deployment/web",
        "- name: pw\n  mountPath: /run/secrets/pw\n  subPath: pw\n  readOnly: true\n",
    );
    assert!(notes(&settled).contains("/gone is not mounted: nobody needs it."));
    let command = &write(&settled).secrets[0].command;
    assert_eq!(
        command,
        "cat ./pw.txt | kubectl -n paperless create secret generic pw --from-file=pw=/dev/stdin"
    );
}

#[test]
fn odd_and_long_names_and_no_services_at_all_come_out_well() {
    let long = "a-very-long-name-".repeat(6);
    let (mut one, mut two) = (service(&format!("{long}1"), "x"), service(&format!("{long}2"), "x"));
    one.mounts.push(mount("/d", MountSource::Anonymous, claim(&format!("{long}data"))));
    one.env.insert("A B".into(), Value::Text("$(x)".into()));
    one.env.insert("C D".into(), Value::Secret);
    two.ports.push(port(1, Protocol::Udp, Some(1)));
    let mut odd = settled(vec![one, two, service("2fauth", "x")]);
    odd.project.name = long;
    assert!(write(&odd).notes.iter().any(|note| note.text.contains("app-2fauth")));
    holds(&odd, "Service/app-2fauth", "selector:\n  app.kubernetes.io/name: \"2fauth\"\n");
    holds(&settled(Vec::new()), "Namespace/paperless", "kind: Namespace\n");
}

#[test]
fn what_has_no_network_has_no_service_and_no_way_out() {
    let mut job = service("backup", "x");
    job.network = Connection::Nothing;
    job.mounts.push(mount("/d", MountSource::Anonymous, claim("d")));
    let mut settled = settled(vec![job]);
    settled.public.push(public("backup", "b.example.org", 80));
    settled.public.push(public("backup", "{broken}", 80));
    holds(&settled, "NetworkPolicy/backup", "policyTypes:\n- Ingress\n- Egress\n");
    assert!(
        !write(&settled).objects.iter().any(|object| matches!(object.kind.as_str(), "Service" | "Ingress"))
    );
}

#[test]
fn secrets_are_created_from_where_they_are_without_being_shown() {
    let commands = |settled: &Settled| {
        write(settled).secrets.into_iter().map(|secret| secret.command).collect::<Vec<_>>()
    };
    let mut settled = paperless();
    let asked = "{ read -rsp 'REDIS_PASSWORD? ' value </dev/tty && printf 'REDIS_PASSWORD=%s\\n' \"$value\"; } | \
                 kubectl -n paperless create secret generic broker --from-env-file=/dev/stdin";
    let read = "ssh vm3 \"docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' paperless-web-1\" | \
                grep -E '^(PAPERLESS_SECRET_KEY)=' | \
                kubectl -n paperless create secret generic web --from-env-file=/dev/stdin";
    assert_eq!(commands(&settled), [asked, read]);
    settled.project.origin = Origin::Compose;
    settled.project.services[1].container = None;
    let secret = write(&settled).secrets[1].clone();
    assert_eq!(
        secret.command,
        "docker compose config --format json | jq -r '.services[\"web\"].environment | to_entries[] | \
         select(.key | test(\"^(PAPERLESS_SECRET_KEY)$\")) | \"\\(.key)=\\(.value)\" | gsub(\"\\\\$\\\\$\"; \"$\")' | \
         kubectl -n paperless create secret generic web --from-env-file=/dev/stdin"
    );
    assert_eq!(secret.run_on.as_deref(), Some("beside the compose file"));
}
