//! What images usually say by themselves, as lists: for [`super`], which judges by them.

/// Words with blanks between them.
pub(super) struct Words(&'static str);

impl Words {
    pub(super) fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.0.split_ascii_whitespace()
    }

    pub(super) fn contains(&self, word: &str) -> bool {
        self.iter().any(|known| known == word)
    }
}

/// Names of variables that nobody sets by hand, or which mean nothing in another place.
pub(super) const NEVER_A_PERSONS: Words = Words(
    "PATH HOME HOST_CONTAINERNAME HOST_HOSTNAME HOST_OS GPG_KEY GPG_KEYS PG_MAJOR PG_SHA256 DEBIAN_FRONTEND PHPIZE_DEPS PHP_INI_DIR PHP_CFLAGS \
    PHP_CPPFLAGS PHP_LDFLAGS PHP_URL PHP_ASC_URL APACHE_CONFDIR APACHE_ENVVARS JAVA_HOME JRE_HOME \
    CATALINA_HOME GOPATH GOROOT GOTOOLCHAIN GEM_HOME BUNDLE_PATH BUNDLE_SILENCE_ROOT_WARNING \
    BUNDLE_APP_CONFIG CARGO_HOME RUSTUP_HOME VIRTUAL_ENV PYTHONHASHSEED PYTHONUNBUFFERED \
    PYTHONDONTWRITEBYTECODE PYTHONIOENCODING PYTHONPATH PYTHONFAULTHANDLER PIP_NO_CACHE_DIR \
    PIP_DISABLE_PIP_VERSION_CHECK PIP_ROOT_USER_ACTION UV_SYSTEM_PYTHON UV_EXTRA_INDEX_URL UV_NO_CACHE \
    LD_PRELOAD LD_LIBRARY_PATH MALLOC_CONF MALLOC_TRIM_THRESHOLD_ SSL_CERT_DIR SSL_CERT_FILE container \
    container_uuid LSIO_FIRST_PARTY PS1 PNPM_HOME BUILD_DATE VCS_REF GIT_COMMIT GIT_SHA SOURCE_COMMIT \
    XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR ENV BASH_ENV PLEX_DOWNLOAD PLEX_ARCH \
    PLEX_MEDIA_SERVER_HOME PLEX_MEDIA_SERVER_INFO_DEVICE PLEX_MEDIA_SERVER_INFO_VENDOR \
    PLEX_MEDIA_SERVER_MAX_PLUGIN_PROCS PLEX_MEDIA_SERVER_USER PLEX_MEDIA_SERVER_APPLICATION_SUPPORT_DIR \
    DOTNET_RUNNING_IN_CONTAINER DOTNET_SYSTEM_GLOBALIZATION_INVARIANT DOTNET_CLI_TELEMETRY_OPTOUT \
    DOTNET_gcServer NODE_GYP_FORCE_PYTHON GF_PATHS_HOME REDIS_DOWNLOAD_URL REDIS_DOWNLOAD_SHA \
    CADDY_VERSION",
);

/// Starts of such names.
pub(super) const NEVER_STARTS: Words = Words(
    "S6_ GOSU_ PYTHON_ YARN_ NPM_CONFIG_ LSIO_ IMMICH_BUILD IMMICH_SOURCE IMMICH_REPOSITORY NGINX_VERSION \
    NJS_ DYNPKG_ CARGO_PKG_",
);

/// Ends of such names.
pub(super) const NEVER_ENDS: Words = Words(
    "_SHA256 _SHA512 _SHA1 _SHA _GPG_KEY _GPG_KEYS _DOWNLOAD_URL _DOWNLOAD_SHA _ASC_URL _BUILD_DATE \
    _COMMIT_SHA _CHECKSUM _SIGNING_KEY_FINGERPRINT",
);

/// Variables that no image sets to anything but an empty default.
pub(super) const A_PERSONS: Words =
    Words("TZ PUID PGID UID GID UMASK UMASK_SET USERMAP_UID USERMAP_GID DOCKER_MODS");

/// Parts of names that a person's secrets have.
pub(super) const SECRET_PARTS: Words = Words("PASSWORD PASSWD TOKEN SECRET API_KEY APIKEY PRIVATE_KEY");

/// Images that are there to run something of one's own.
pub(super) const BASES: Words = Words(
    "alpine debian ubuntu busybox fedora centos rockylinux archlinux node python php ruby golang rust \
    openjdk eclipse-temurin amazoncorretto deno bun bash perl sdk runtime aspnet curl rclone restic \
    docker playwright",
);

/// Programs that images start by themselves, where they stand alone.
pub(super) const PROGRAMS: Words = Words(
    "postgres mysqld mariadbd redis-server valkey-server keydb-server mongod memcached apache2-foreground \
    httpd-foreground php-fpm nginx node npm python python3 sh bash ash influxd rabbitmq-server caddy \
    traefik eswrapper start.sh run.sh entrypoint.sh supervisord unifi minio irb jshell catalina.sh \
    gunicorn docker-start etcd nats-server",
);

/// Programs that run programs.
pub(super) const INTERPRETERS: Words = Words("node python python3 java dotnet deno bun php");

/// Names of users that images make for themselves. Numbers are a person's, and so is root.
pub(super) const USER_NAMES: Words =
    Words("nobody node nonroot 65532 65532:65532 nonroot:nonroot app appuser nobody:nobody node:node");

/// Variables at the values that images usually give them. A person who says the same loses nothing.
pub(super) const DEFAULTS: &[(&str, &[&str])] = &[
    ("LANG", &["C", "C.UTF-8", "C.utf8", "en_US.UTF-8", "en_US.utf8", "POSIX"]),
    ("LANGUAGE", &["en_US.UTF-8", "en_US:en", "en_US", "en", "C.UTF-8"]),
    ("LC_ALL", &["C", "C.UTF-8", "en_US.UTF-8", "en_US.utf8", "POSIX"]),
    ("LC_CTYPE", &["C.UTF-8", "en_US.UTF-8"]),
    ("TERM", &["xterm", "xterm-256color", "linux", "dumb"]),
    ("SHELL", &["/bin/bash", "/bin/sh", "/bin/ash"]),
    ("TMPDIR", &["/tmp", "/run/plex-temp"]),
    (
        "PGDATA",
        &["/var/lib/postgresql/data", "/var/lib/postgresql/18/docker", "/var/lib/postgresql/17/docker"],
    ),
    ("NODE_ENV", &["production"]),
    ("NODE_PATH", &["/usr/local/lib/node_modules"]),
    ("NODE_ICU_DATA", &["/usr/local/share/node-icu"]),
    ("NVIDIA_DRIVER_CAPABILITIES", &["compute,video,utility", "compute,utility", "all"]),
    ("NVIDIA_VISIBLE_DEVICES", &["all"]),
    ("PHP_MEMORY_LIMIT", &["512M"]),
    ("PHP_UPLOAD_LIMIT", &["512M"]),
    ("PHP_OPCACHE_MEMORY_CONSUMPTION", &["128"]),
    ("APACHE_BODY_LIMIT", &["1073741824"]),
    ("ROCKET_PROFILE", &["release"]),
    ("ROCKET_ADDRESS", &["0.0.0.0"]),
    ("ROCKET_PORT", &["80"]),
    ("ASPNETCORE_HTTP_PORTS", &["8080"]),
    ("ASPNETCORE_URLS", &["http://+:80", "http://+:8080"]),
    ("GF_PATHS_CONFIG", &["/etc/grafana/grafana.ini"]),
    ("GF_PATHS_DATA", &["/var/lib/grafana"]),
    ("GF_PATHS_LOGS", &["/var/log/grafana"]),
    ("GF_PATHS_PLUGINS", &["/var/lib/grafana/plugins"]),
    ("GF_PATHS_PROVISIONING", &["/etc/grafana/provisioning"]),
    ("JELLYFIN_DATA_DIR", &["/config"]),
    ("JELLYFIN_CONFIG_DIR", &["/config/config", "/config"]),
    ("JELLYFIN_CACHE_DIR", &["/cache"]),
    ("JELLYFIN_LOG_DIR", &["/config/log"]),
    ("JELLYFIN_WEB_DIR", &["/jellyfin/jellyfin-web", "/usr/share/jellyfin/web"]),
    ("JELLYFIN_FFMPEG", &["/usr/lib/jellyfin-ffmpeg/ffmpeg"]),
    ("GITEA_CUSTOM", &["/data/gitea"]),
    ("USER", &["git", "root", "abc"]),
    ("XDG_DATA_HOME", &["/data", "/config", "/config/.local/share"]),
    ("DATA_DIR", &["/app/data/"]),
    ("UPTIME_KUMA_IS_CONTAINER", &["1"]),
    ("MC_HEALTH_EXTRA_ARGS", &[""]),
    ("OLLAMA_HOST", &["0.0.0.0", "0.0.0.0:11434"]),
    ("N8N_RELEASE_TYPE", &["stable"]),
];

/// Commands that images have by themselves, in whole.
pub(super) const COMMANDS: &[&[&str]] = &[
    &["nginx", "-g", "daemon off;"],
    &["npm", "start"],
    &["npm", "run", "start"],
    &["yarn", "start"],
    &["pnpm", "start"],
    &["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"],
    &["/usr/sbin/mosquitto", "-c", "/mosquitto/config/mosquitto.conf"],
    &["/usr/bin/s6-svscan", "/etc/s6"],
    &["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"],
    &["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"],
    &["-config.file=/etc/loki/local-config.yaml"],
    &["postgres", "-c", "config_file=/etc/postgresql/postgresql.conf"],
    &["/sbin/tini", "--", "node", "index.js"],
    &["--no-check-update", "-c", "/opt/adguardhome/conf/AdGuardHome.yaml", "-w", "/opt/adguardhome/work"],
    &["/bin/prometheus"],
    &["supervisord", "-c", "/etc/supervisord.conf"],
    &["/usr/bin/supervisord", "-c", "/etc/supervisor/supervisord.conf"],
    &["java", "-jar", "/usr/lib/unifi/lib/ace.jar", "start"],
];

/// Users that images run as, by a part of the image's name.
pub(super) const USERS: &[(&str, &[&str])] = &[
    ("grafana", &["472", "472:0", "grafana"]),
    ("loki", &["10001", "10001:10001"]),
    ("tempo", &["10001", "10001:10001"]),
    ("mimir", &["10001"]),
    ("keycloak", &["1000", "1000:0"]),
    ("elasticsearch", &["1000:0", "1000"]),
    ("kibana", &["1000"]),
    ("opensearch", &["1000"]),
    ("authentik", &["1000", "authentik"]),
    ("bitnami", &["1001"]),
    ("prometheus", &["65534", "nobody"]),
    ("kuma", &["node"]),
    ("n8n", &["node"]),
];
