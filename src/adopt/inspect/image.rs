//! What is the image's own, where the image itself is not in the input: judged by what images usually say.
//! In doubt it is a person's: too much in a file is seen and taken out, too little is missed.

use super::reference::Reference;

/// Names of variables that nobody sets by hand, or which mean nothing in another place.
const NEVER_A_PERSONS: &[&str] = &[
    "PATH",
    "HOME",
    "GPG_KEY",
    "GPG_KEYS",
    "PG_MAJOR",
    "PG_SHA256",
    "DEBIAN_FRONTEND",
    "PHPIZE_DEPS",
    "PHP_INI_DIR",
    "PHP_CFLAGS",
    "PHP_CPPFLAGS",
    "PHP_LDFLAGS",
    "PHP_URL",
    "PHP_ASC_URL",
    "APACHE_CONFDIR",
    "APACHE_ENVVARS",
    "JAVA_HOME",
    "JRE_HOME",
    "CATALINA_HOME",
    "GOPATH",
    "GOROOT",
    "GOTOOLCHAIN",
    "GEM_HOME",
    "BUNDLE_PATH",
    "BUNDLE_SILENCE_ROOT_WARNING",
    "BUNDLE_APP_CONFIG",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "VIRTUAL_ENV",
    "PYTHONHASHSEED",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONIOENCODING",
    "PYTHONPATH",
    "PYTHONFAULTHANDLER",
    "PIP_NO_CACHE_DIR",
    "PIP_DISABLE_PIP_VERSION_CHECK",
    "PIP_ROOT_USER_ACTION",
    "UV_SYSTEM_PYTHON",
    "UV_EXTRA_INDEX_URL",
    "UV_NO_CACHE",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "MALLOC_CONF",
    "MALLOC_TRIM_THRESHOLD_",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "container",
    "container_uuid",
    "LSIO_FIRST_PARTY",
    "PS1",
    "PNPM_HOME",
    "BUILD_DATE",
    "VCS_REF",
    "GIT_COMMIT",
    "GIT_SHA",
    "SOURCE_COMMIT",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "ENV",
    "BASH_ENV",
    "PLEX_DOWNLOAD",
    "PLEX_ARCH",
    "PLEX_MEDIA_SERVER_HOME",
    "PLEX_MEDIA_SERVER_INFO_DEVICE",
    "PLEX_MEDIA_SERVER_INFO_VENDOR",
    "PLEX_MEDIA_SERVER_MAX_PLUGIN_PROCS",
    "PLEX_MEDIA_SERVER_USER",
    "PLEX_MEDIA_SERVER_APPLICATION_SUPPORT_DIR",
    "DOTNET_RUNNING_IN_CONTAINER",
    "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT",
    "DOTNET_CLI_TELEMETRY_OPTOUT",
    "DOTNET_gcServer",
    "NODE_GYP_FORCE_PYTHON",
    "GF_PATHS_HOME",
    "REDIS_DOWNLOAD_URL",
    "REDIS_DOWNLOAD_SHA",
    "CADDY_VERSION",
];

/// Starts of such names.
const NEVER_STARTS: &[&str] = &[
    "S6_",
    "GOSU_",
    "PYTHON_",
    "YARN_",
    "NPM_CONFIG_",
    "LSIO_",
    "IMMICH_BUILD",
    "IMMICH_SOURCE",
    "IMMICH_REPOSITORY",
    "NGINX_VERSION",
    "NJS_",
    "DYNPKG_",
    "CARGO_PKG_",
];

/// Ends of such names.
const NEVER_ENDS: &[&str] = &[
    "_SHA256",
    "_SHA512",
    "_SHA1",
    "_SHA",
    "_GPG_KEY",
    "_GPG_KEYS",
    "_DOWNLOAD_URL",
    "_DOWNLOAD_SHA",
    "_ASC_URL",
    "_BUILD_DATE",
    "_COMMIT_SHA",
    "_CHECKSUM",
    "_SIGNING_KEY_FINGERPRINT",
];

/// Variables at the values that images usually give them. A person who says the same loses nothing.
const DEFAULTS: &[(&str, &[&str])] = &[
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
    ("NODE_RED_CREDENTIAL_SECRET", &[]),
    ("NVIDIA_DRIVER_CAPABILITIES", &["compute,video,utility", "compute,utility", "all"]),
    ("NVIDIA_VISIBLE_DEVICES", &["all"]),
    ("NVIDIA_REQUIRE_CUDA", &[]),
    ("JAVA_VERSION", &[]),
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

/// Variables that no image sets to anything but an empty default.
const A_PERSONS: &[&str] =
    &["TZ", "PUID", "PGID", "UID", "GID", "UMASK", "UMASK_SET", "USERMAP_UID", "USERMAP_GID", "DOCKER_MODS"];

/// Parts of names that a person's secrets have.
const SECRET_PARTS: &[&str] = &["PASSWORD", "PASSWD", "TOKEN", "SECRET", "API_KEY", "APIKEY", "PRIVATE_KEY"];

/// Whether a person sets variables of that name, whatever else stands around.
fn surely_a_persons(name: &str) -> bool {
    A_PERSONS.contains(&name) || SECRET_PARTS.iter().any(|part| name.to_ascii_uppercase().contains(part))
}

/// Which variables, in the order in which the container has them, are the image's own.
pub(super) fn own_env(env: &[(String, String)], podman: bool) -> Vec<bool> {
    // Docker puts what a person set first, and what only the image sets behind it; images nearly always begin with
    // their PATH. Where something behind it is surely a person's, somebody else wrote the list.
    let path = env.iter().position(|(name, _)| name == "PATH").filter(|at| !podman && *at > 0);
    let behind = path.filter(|at| !env[at + 1..].iter().any(|(name, _)| surely_a_persons(name)));
    env.iter()
        .enumerate()
        .map(|(at, (name, value))| match behind {
            Some(path) if at < path => nobodys(name, value),
            Some(_) => true,
            None => nobodys(name, value) || at_default(name, value),
        })
        .collect()
}

/// Whether nobody sets such a variable by hand.
fn nobodys(name: &str, value: &str) -> bool {
    !surely_a_persons(name)
        && (NEVER_A_PERSONS.contains(&name)
            || NEVER_STARTS.iter().any(|start| name.starts_with(start))
            || NEVER_ENDS.iter().any(|end| name.ends_with(end))
            || is_version(name, value))
}

/// `NGINX_VERSION=1.27.3`, and not `DOCKER_API_VERSION=1.44` or `FORGE_VERSION=RECOMMENDED`.
fn is_version(name: &str, value: &str) -> bool {
    let asked_for = ["API", "MIN", "MAX", "TLS", "FORGE", "FABRIC", "PAPER", "MINECRAFT", "PROTOCOL"];
    let number = value.trim_start_matches(['v', 'V', '=']);
    name.strip_suffix("_VERSION").is_some_and(|of| !of.split('_').any(|part| asked_for.contains(&part)))
        && number.starts_with(|c: char| c.is_ascii_digit())
}

fn at_default(name: &str, value: &str) -> bool {
    let usual =
        DEFAULTS.iter().filter(|(known, _)| *known == name).any(|(_, values)| values.contains(&value));
    usual || (name.starts_with("LC_") && matches!(value, "C" | "C.UTF-8" | "en_US.UTF-8"))
}

/// Images that are there to run something of one's own.
const BASES: &[&str] = &[
    "alpine",
    "debian",
    "ubuntu",
    "busybox",
    "fedora",
    "centos",
    "rockylinux",
    "archlinux",
    "node",
    "python",
    "php",
    "ruby",
    "golang",
    "rust",
    "openjdk",
    "eclipse-temurin",
    "amazoncorretto",
    "deno",
    "bun",
    "bash",
    "perl",
    "sdk",
    "runtime",
    "aspnet",
    "curl",
    "rclone",
    "restic",
    "docker",
    "playwright",
];

/// Whether an image is there to run something of one's own.
pub(super) fn is_base(image: &Reference) -> bool {
    BASES.contains(&image.last())
}

fn file_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Whether an entrypoint is the image's own: nearly all are, but for a shell with a line, or something that waits.
pub(super) fn own_entrypoint(words: &[String]) -> bool {
    let Some(first) = words.first() else { return true };
    let program = file_name(first);
    let shell = ["sh", "bash", "ash", "zsh", "dash"].contains(&program);
    if words.iter().any(|word| word.contains('\n')) || (shell && words.len() > 1) {
        return false;
    }
    !shell && !["sleep", "tail", "env", "true", "cron", "crond", "watch"].contains(&program)
}

/// Commands that images have by themselves, in whole.
const COMMANDS: &[&[&str]] = &[
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

/// Programs that images start by themselves, where they stand alone.
const PROGRAMS: &[&str] = &[
    "postgres",
    "mysqld",
    "mariadbd",
    "redis-server",
    "valkey-server",
    "keydb-server",
    "mongod",
    "memcached",
    "apache2-foreground",
    "httpd-foreground",
    "php-fpm",
    "nginx",
    "node",
    "npm",
    "python",
    "python3",
    "sh",
    "bash",
    "ash",
    "influxd",
    "rabbitmq-server",
    "caddy",
    "traefik",
    "eswrapper",
    "start.sh",
    "run.sh",
    "entrypoint.sh",
    "supervisord",
    "unifi",
    "minio",
    "irb",
    "jshell",
    "catalina.sh",
    "gunicorn",
    "docker-start",
    "etcd",
    "nats-server",
];

/// Programs that run programs.
const INTERPRETERS: &[&str] = &["node", "python", "python3", "java", "dotnet", "deno", "bun", "php"];

/// Whether a command is the image's own, beside an entrypoint of the image's.
pub(super) fn own_command(words: &[String], entrypoint: &[String], image: &Reference) -> bool {
    let Some(first) = words.first() else { return true };
    let program = file_name(first);
    if COMMANDS.iter().any(|known| known.iter().eq(words)) {
        return true;
    }
    if words.len() == 1 {
        let absolute = first.starts_with('/') && !first.contains(char::is_whitespace);
        return PROGRAMS.contains(&program)
            || (!is_base(image) && !first.is_empty() && (absolute || *first == image.last()));
    }
    // `node server/server.js`, `python -m immich_ml`: the program that the image is there for.
    let wrapped = entrypoint.is_empty() || own_entrypoint(entrypoint);
    let plain = |word: &String| {
        !word.starts_with("--") && !word.contains(['=', ' ', '\n', '$', ';', '|', '&']) && !word.is_empty()
    };
    wrapped
        && !is_base(image)
        && words.len() <= 3
        && INTERPRETERS.contains(&program)
        && words[1..].iter().all(plain)
}

/// Users that images run as, by a part of the image's name.
const USERS: &[(&str, &[&str])] = &[
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

/// Names of users that images make for themselves. Numbers are a person's, and so is root.
const USER_NAMES: &[&str] = &[
    "nobody",
    "node",
    "nonroot",
    "65532",
    "65532:65532",
    "nonroot:nonroot",
    "app",
    "appuser",
    "nobody:nobody",
    "node:node",
];

/// Whether a user is the one that the image runs as by itself.
pub(super) fn own_user(user: &str, image: &Reference) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    USER_NAMES.contains(&user)
        || USERS.iter().any(|(part, users)| image.name.contains(part) && users.contains(&user))
        || (name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name != "root"
            && image.last().contains(name.trim_start_matches('_')))
}

/// Whether a label is the image's own, or of what made the container: no person's.
pub(super) fn own_label(key: &str) -> bool {
    const STARTS: &[&str] = &[
        "org.opencontainers.",
        "org.label-schema.",
        "io.hass.",
        "io.buildah.",
        "io.balena.",
        "io.k8s.",
        "io.openshift.",
        "com.redhat.",
        "com.docker.",
        "desktop.docker.io",
        "io.podman.compose.",
        "io.containers.capabilities",
        "io.artifacthub.",
        "org.nextcloud.",
        "com.microsoft.",
        "org.openbuildservice.",
        "org.opensuse.",
        "com.github.containers.",
        "dev.containers.",
        "io.portainer.server",
    ];
    const NAMES: &[&str] = &[
        "maintainer",
        "MAINTAINER",
        "Maintainer",
        "build_version",
        "build-date",
        "build_date",
        "vcs-ref",
        "vcs-type",
        "vcs-url",
        "version",
        "vendor",
        "name",
        "summary",
        "description",
        "architecture",
        "release",
        "url",
        "distribution-scope",
        "license",
        "authoritative-source-url",
        "PODMAN_SYSTEMD_UNIT",
        "com.centurylinklabs.watchtower",
        "Name",
        "Version",
        "org.opencontainers",
        "cpe",
        "usage",
    ];
    STARTS.iter().any(|start| key.starts_with(start)) || NAMES.contains(&key)
}

/// Whether a signal is one that images choose for their program, and people hardly ever do.
pub(super) fn own_signal(signal: &str, image: &Reference) -> bool {
    let databases = ["postgres", "postgis", "timescale", "pgvector", "pgvecto", "supabase"];
    match signal {
        "SIGQUIT" | "SIGWINCH" | "SIGRTMIN+3" => true,
        "SIGINT" => databases.iter().any(|part| image.name.contains(part)),
        _ => false,
    }
}

/// Whether a health check is one that comes with an image: a program that was made for it.
pub(super) fn own_health(words: &[String]) -> bool {
    let line = words.join(" ");
    let program = file_name(line.split_whitespace().next().unwrap_or_default());
    let script = program.to_ascii_lowercase().replace(['_', '-'], "");
    let made_for_it = script.starts_with("healthcheck") || script.ends_with("healthcheck.sh");
    let alone = !line.contains("http") && !line.contains('|');
    (made_for_it && alone)
        || line.contains("gluetun-entrypoint healthcheck")
        || line.contains("dig +short +norecurse +retry=0")
        || line.contains("${HEALTHCHECK_URL}")
        || line == "extra/healthcheck"
        || line == "immich-healthcheck"
        || line.contains("mc-health")
}
