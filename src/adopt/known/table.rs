//! The table. Only what is sure: by the images' own documentation.

use super::{Known, KnownPort};
use crate::adopt::project::Protocol;

const fn row(images: &'static [&'static str], ports: &'static [KnownPort]) -> Known {
    Known {
        images,
        ports,
        health: None,
        sqlite: None,
        database: false,
        uid: None,
        host_network: None,
        without_socket: None,
        privileged: None,
    }
}

const fn tcp(name: &'static str, port: u16) -> KnownPort {
    KnownPort { name, port, protocol: Protocol::Tcp }
}

const fn udp(name: &'static str, port: u16) -> KnownPort {
    KnownPort { name, port, protocol: Protocol::Udp }
}

const fn http(port: u16) -> KnownPort {
    tcp("http", port)
}

impl Known {
    const fn health(mut self, port: u16, path: &'static str) -> Self {
        self.health = Some((port, path));
        self
    }

    const fn sqlite(mut self, folder: &'static str) -> Self {
        self.sqlite = Some(folder);
        self
    }

    const fn database(mut self) -> Self {
        self.database = true;
        self
    }

    const fn uid(mut self, uid: u32) -> Self {
        self.uid = Some(uid);
        self
    }

    const fn on_host(mut self, why: &'static str) -> Self {
        self.host_network = Some(why);
        self
    }

    const fn instead_of_socket(mut self, what: &'static str) -> Self {
        self.without_socket = Some(what);
        self
    }

    const fn all_rights(mut self, why: &'static str) -> Self {
        self.privileged = Some(why);
        self
    }
}

const UPDATER: &str =
    "a cluster doesn't need it: images are pinned here, and updates come by changing the file";
pub(super) const METRICS: &str = "it looks at the whole host";

/// PHP's process manager.
pub(super) const FPM: Known = row(&[], &[tcp("fastcgi", 9000)]);

pub(super) const KNOWN: &[Known] = &[
    // Databases, caches, queues.
    row(
        &[
            "postgres",
            "bitnami/postgresql",
            "pgvector/pgvector",
            "postgis/postgis",
            "timescale/timescaledb",
            "tensorchord/pgvecto-rs",
            "tensorchord/vchord-postgres",
            "immich-app/postgres",
            "supabase/postgres",
        ],
        &[tcp("postgres", 5432)],
    )
    .database(),
    row(
        &["mariadb", "mysql", "linuxserver/mariadb", "bitnami/mariadb", "bitnami/mysql", "percona"],
        &[tcp("mysql", 3306)],
    )
    .database(),
    row(&["mongo", "bitnami/mongodb"], &[tcp("mongo", 27017)]).database(),
    row(
        &[
            "redis",
            "valkey/valkey",
            "valkey",
            "bitnami/redis",
            "bitnami/valkey",
            "redis/redis-stack-server",
            "eqalpha/keydb",
            "dragonflydb/dragonfly",
        ],
        &[tcp("redis", 6379)],
    ),
    row(&["memcached"], &[tcp("memcached", 11211)]),
    row(&["rabbitmq"], &[tcp("amqp", 5672)]).database(),
    row(&["influxdb"], &[http(8086)]).health(8086, "/health").database(),
    row(&["elasticsearch", "elasticsearch/elasticsearch"], &[http(9200)]).database().uid(1000),
    row(&["opensearchproject/opensearch"], &[http(9200)]).database().uid(1000),
    row(&["getmeili/meilisearch"], &[http(7700)]).health(7700, "/health").database(),
    row(&["clickhouse/clickhouse-server", "clickhouse"], &[http(8123), tcp("native", 9000)])
        .health(8123, "/ping")
        .database(),
    row(&["qdrant/qdrant"], &[http(6333)]).health(6333, "/healthz").database(),
    row(&["typesense/typesense"], &[http(8108)]).health(8108, "/health").database(),
    row(&["couchdb"], &[http(5984)]).health(5984, "/_up").database(),
    row(&["neo4j"], &[http(7474), tcp("bolt", 7687)]).database(),
    row(&["minio/minio"], &[http(9000)]).health(9000, "/minio/health/live"),
    row(&["eclipse-mosquitto"], &[tcp("mqtt", 1883)]),
    row(&["nats"], &[tcp("nats", 4222)]),
    row(&["chrislusf/seaweedfs"], &[]),
    // Media.
    row(&["jellyfin/jellyfin", "linuxserver/jellyfin"], &[http(8096)])
        .health(8096, "/health")
        .sqlite("/config"),
    row(&["linuxserver/plex", "plexinc/pms-docker"], &[tcp("plex", 32400)])
        .health(32400, "/identity")
        .sqlite("/config"),
    row(&["emby/embyserver", "linuxserver/emby"], &[http(8096)]).sqlite("/config"),
    row(&["linuxserver/sonarr", "hotio/sonarr", "home-operations/sonarr", "onedr0p/sonarr"], &[http(8989)])
        .health(8989, "/ping")
        .sqlite("/config"),
    row(&["linuxserver/radarr", "hotio/radarr", "home-operations/radarr", "onedr0p/radarr"], &[http(7878)])
        .health(7878, "/ping")
        .sqlite("/config"),
    row(&["linuxserver/lidarr", "hotio/lidarr"], &[http(8686)]).health(8686, "/ping").sqlite("/config"),
    row(&["linuxserver/readarr", "hotio/readarr"], &[http(8787)]).health(8787, "/ping").sqlite("/config"),
    row(
        &["linuxserver/prowlarr", "hotio/prowlarr", "home-operations/prowlarr", "onedr0p/prowlarr"],
        &[http(9696)],
    )
    .health(9696, "/ping")
    .sqlite("/config"),
    row(&["linuxserver/bazarr", "hotio/bazarr"], &[http(6767)]).sqlite("/config"),
    row(
        &["linuxserver/qbittorrent", "hotio/qbittorrent", "qbittorrentofficial/qbittorrent-nox"],
        &[http(8080)],
    ),
    row(&["linuxserver/transmission"], &[http(9091)]),
    row(&["linuxserver/sabnzbd"], &[http(8080)]),
    row(&["linuxserver/tautulli", "tautulli/tautulli"], &[http(8181)])
        .health(8181, "/status")
        .sqlite("/config"),
    row(&["fallenbagel/jellyseerr"], &[http(5055)]).health(5055, "/api/v1/status").sqlite("/app/config"),
    row(&["sctx/overseerr"], &[http(5055)]).health(5055, "/api/v1/status").sqlite("/app/config"),
    row(&["linuxserver/overseerr"], &[http(5055)]).health(5055, "/api/v1/status").sqlite("/config"),
    row(&["advplyr/audiobookshelf"], &[http(80)]).health(80, "/healthcheck").sqlite("/config"),
    row(&["deluan/navidrome"], &[http(4533)]).health(4533, "/ping").sqlite("/data"),
    row(&["linuxserver/calibre-web"], &[http(8083)]).sqlite("/config"),
    row(&["gotson/komga"], &[http(25600)]).health(25600, "/actuator/health").sqlite("/config").uid(1000),
    row(&["jvmilazz0/kavita", "kareadita/kavita"], &[http(5000)])
        .health(5000, "/api/health")
        .sqlite("/kavita/config"),
    row(&["immich-app/immich-server"], &[http(2283)]).health(2283, "/api/server/ping"),
    row(&["immich-app/immich-machine-learning"], &[http(3003)]).health(3003, "/ping"),
    row(&["photoprism/photoprism"], &[http(2342)]).health(2342, "/api/v1/status"),
    row(&["blakeblackshear/frigate"], &[http(5000), tcp("rtsp", 8554), tcp("web", 8971)])
        .health(5000, "/api/version")
        .sqlite("/config"),
    // Files, documents, notes.
    row(&["paperless-ngx/paperless-ngx"], &[http(8000)]).sqlite("/usr/src/paperless/data"),
    row(&["gotenberg/gotenberg"], &[http(3000)]).health(3000, "/health").uid(1001),
    row(&["apache/tika"], &[http(9998)]).health(9998, "/tika"),
    row(&["nextcloud"], &[http(80)]).health(80, "/status.php"),
    row(&["vaultwarden/server"], &[http(80)]).health(80, "/alive").sqlite("/data"),
    row(&["filebrowser/filebrowser"], &[http(80)]).health(80, "/health"),
    row(
        &["syncthing/syncthing", "linuxserver/syncthing"],
        &[http(8384), tcp("sync", 22000), udp("quic", 22000), udp("discovery", 21027)],
    )
    .health(8384, "/rest/noauth/health"),
    row(&["mealie-recipes/mealie"], &[http(9000)]).health(9000, "/api/app/about").sqlite("/app/data"),
    row(&["linkwarden/linkwarden"], &[http(3000)]),
    row(&["stirling-tools/stirling-pdf", "frooodle/s-pdf", "stirlingtools/stirling-pdf"], &[http(8080)])
        .health(8080, "/api/v1/info/status"),
    row(&["freshrss/freshrss"], &[http(80)]),
    row(&["miniflux/miniflux"], &[http(8080)]).health(8080, "/healthcheck"),
    row(&["linuxserver/bookstack"], &[http(80)]),
    row(&["usememos/memos", "neosmemo/memos"], &[http(5230)]).sqlite("/var/opt/memos"),
    row(&["actualbudget/actual-server"], &[http(5006)]).sqlite("/data"),
    // The house.
    row(
        &[
            "home-assistant/home-assistant",
            "homeassistant/home-assistant",
            "linuxserver/homeassistant",
            "home-operations/home-assistant",
        ],
        &[http(8123)],
    )
    .sqlite("/config")
    .on_host("it finds devices by broadcasts (mDNS, SSDP)"),
    row(&["esphome/esphome"], &[http(6052)]).on_host("it finds devices by mDNS"),
    row(&["homebridge/homebridge", "oznu/homebridge"], &[]).on_host("HomeKit finds it by mDNS"),
    row(&["home-assistant-libs/python-matter-server"], &[tcp("websocket", 5580)])
        .on_host("Matter needs IPv6 multicast"),
    row(&["koenkk/zigbee2mqtt"], &[http(8080)]),
    row(&["zwavejs/zwave-js-ui"], &[http(8091), tcp("websocket", 3000)]).health(8091, "/health"),
    row(&["nodered/node-red"], &[http(1880)]).uid(1000),
    // Networks and names.
    row(&["pihole/pihole"], &[http(80), udp("dns", 53), tcp("dns-tcp", 53)]).sqlite("/etc/pihole"),
    row(&["adguard/adguardhome"], &[http(3000), udp("dns", 53), tcp("dns-tcp", 53)]),
    row(&["technitium/dns-server"], &[http(5380), udp("dns", 53), tcp("dns-tcp", 53)]),
    row(&["klutchell/unbound", "mvance/unbound"], &[udp("dns", 53), tcp("dns-tcp", 53)]),
    row(&["traefik"], &[http(80), tcp("https", 443)])
        .instead_of_socket("the Kubernetes provider takes its place (--providers.kubernetesingress)"),
    row(&["caddy"], &[http(80), tcp("https", 443), udp("http3", 443)]),
    row(&["nginx", "nginx/nginx-prometheus-exporter", "httpd"], &[http(80)]),
    row(&["jc21/nginx-proxy-manager"], &[http(80), tcp("https", 443), tcp("admin", 81)]).sqlite("/data"),
    row(&["nginxproxy/nginx-proxy", "jwilder/nginx-proxy"], &[http(80), tcp("https", 443)])
        .instead_of_socket("the cluster's ingress takes its place"),
    row(&["linuxserver/swag"], &[http(80), tcp("https", 443)]),
    row(&["cloudflare/cloudflared"], &[]).uid(65532),
    row(&["qmcgaw/gluetun"], &[tcp("http-proxy", 8888), tcp("shadowsocks", 8388), tcp("control", 8000)]),
    row(&["linuxserver/wireguard", "wg-easy/wg-easy"], &[udp("wireguard", 51820)]),
    row(&["tailscale/tailscale"], &[]),
    row(
        &["headscale/headscale", "juanfont/headscale"],
        &[http(8080), tcp("metrics", 9090), tcp("grpc", 50443)],
    )
    .health(8080, "/health")
    .sqlite("/var/lib/headscale"),
    row(&["crowdsecurity/crowdsec"], &[http(8080), tcp("metrics", 6060)])
        .health(8080, "/health")
        .sqlite("/var/lib/crowdsec/data"),
    row(
        &["linuxserver/unifi-network-application"],
        &[tcp("https", 8443), http(8080), udp("stun", 3478), udp("discovery", 10001)],
    ),
    // Logins, status, dashboards.
    row(&["authelia/authelia"], &[http(9091)]).health(9091, "/api/health"),
    row(&["goauthentik/server"], &[http(9000), tcp("https", 9443)]).health(9000, "/-/health/live/").uid(1000),
    row(&["keycloak/keycloak"], &[http(8080)]).uid(1000),
    row(&["lldap/lldap"], &[tcp("ldap", 3890), http(17170)]).sqlite("/data"),
    row(&["louislam/uptime-kuma"], &[http(3001)]).sqlite("/app/data"),
    row(&["gethomepage/homepage"], &[http(3000)])
        .instead_of_socket("its Kubernetes mode takes its place (kubernetes.yaml)"),
    row(&["lissy93/dashy"], &[http(8080)]),
    row(&["portainer/portainer-ce", "portainer/portainer-ee"], &[http(9000), tcp("https", 9443)])
        .instead_of_socket("Portainer's agent for Kubernetes takes its place"),
    row(&["containrrr/watchtower", "nicholas-fedor/watchtower", "nickfedor/watchtower"], &[])
        .instead_of_socket(UPDATER),
    row(&["crazymax/diun"], &[]).instead_of_socket("its Kubernetes provider takes its place"),
    row(&["amir20/dozzle"], &[http(8080)])
        .health(8080, "/healthcheck")
        .instead_of_socket("its Kubernetes mode takes its place (DOZZLE_MODE=k8s)"),
    row(&["willfarrell/autoheal"], &[]).instead_of_socket("a cluster restarts by its own probes"),
    row(&["tecnativa/docker-socket-proxy", "linuxserver/socket-proxy"], &[tcp("docker", 2375)])
        .instead_of_socket("what asked it asks the cluster's own API instead"),
    // Watching.
    row(&["grafana/grafana", "grafana/grafana-oss", "grafana/grafana-enterprise"], &[http(3000)])
        .health(3000, "/api/health")
        .sqlite("/var/lib/grafana")
        .uid(472),
    row(&["prom/prometheus", "prometheus/prometheus"], &[http(9090)])
        .health(9090, "/-/healthy")
        .database()
        .uid(65534),
    row(&["prom/alertmanager", "prometheus/alertmanager"], &[http(9093)])
        .health(9093, "/-/healthy")
        .uid(65534),
    row(&["victoriametrics/victoria-metrics"], &[http(8428)]).health(8428, "/health").database(),
    row(&["grafana/loki"], &[http(3100)]).health(3100, "/ready").uid(10001),
    row(&["grafana/tempo"], &[http(3200)]).health(3200, "/ready").uid(10001),
    row(&["prom/node-exporter", "prometheus/node-exporter"], &[tcp("metrics", 9100)])
        .health(9100, "/")
        .uid(65534)
        .on_host(METRICS),
    row(&["cadvisor/cadvisor", "google/cadvisor"], &[http(8080)])
        .health(8080, "/healthz")
        .all_rights(METRICS)
        .instead_of_socket("the kubelet has cAdvisor in it"),
    row(&["netdata/netdata"], &[http(19999)]).health(19999, "/api/v1/info").on_host(METRICS),
    row(&["nicolargo/glances"], &[http(61208)]),
    row(&["linuxserver/speedtest-tracker"], &[http(80)]),
    row(&["scrutiny", "analogj/scrutiny"], &[http(8080)]).health(8080, "/api/health"),
    row(&["binwiederhier/ntfy"], &[http(80)]).health(80, "/v1/health"),
    row(&["gotify/server"], &[http(80)]).health(80, "/health").sqlite("/app/data"),
    // Code and automation.
    row(&["gitea/gitea", "docker.gitea.com/gitea"], &[http(3000), tcp("ssh", 22)])
        .health(3000, "/api/healthz")
        .sqlite("/data"),
    row(&["forgejo/forgejo"], &[http(3000), tcp("ssh", 22)]).health(3000, "/api/healthz").sqlite("/data"),
    row(&["registry"], &[http(5000)]).health(5000, "/"),
    row(&["jenkins/jenkins"], &[http(8080), tcp("agent", 50000)]).health(8080, "/login").uid(1000),
    row(&["n8nio/n8n", "n8n-io/n8n"], &[http(5678)])
        .health(5678, "/healthz")
        .sqlite("/home/node/.n8n")
        .uid(1000),
    row(&["coder/code-server"], &[http(8080)]).health(8080, "/healthz").uid(1000),
    row(&["linuxserver/code-server"], &[http(8443)]).health(8443, "/healthz"),
    row(&["ollama/ollama"], &[http(11434)]).health(11434, "/"),
    row(&["open-webui/open-webui"], &[http(8080)]).health(8080, "/health").sqlite("/app/backend/data"),
    row(&["docker"], &[tcp("docker", 2375)]).all_rights("Docker within a container needs all rights"),
    row(&["itzg/minecraft-server"], &[tcp("minecraft", 25565)]),
];
