//! What is mounted, by where it is and where it goes.

use crate::adopt::project::{Mount, MountSource, Project, Value};
use crate::adopt::secrets;

/// What is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    /// `/etc/localtime` and the like.
    Clock,
    /// The socket of Docker or its like.
    Socket,
    /// What belongs to the host and not to the service.
    Host,
    /// `/etc/hosts`, `/etc/passwd`: the cluster has its own.
    Own,
    /// Shared memory.
    Memory,
    /// A file of settings.
    Config,
    /// A file that holds a secret.
    SecretFile,
    /// A file that is a database.
    DataFile,
    /// What is made anew when it is missing.
    Scratch,
    /// A library of films, music, photographs; large.
    Media,
    /// Anything else: data.
    Data,
}

const SOCKETS: &[&str] = &["docker.sock", "podman.sock", "containerd.sock", "crio.sock"];
const CLOCKS: &[&str] = &["/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo"];
const OWN: &[&str] =
    &["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/passwd", "/etc/group", "/etc/shadow"];
const HOSTS: &[&str] = &[
    "/dev",
    "/sys",
    "/proc",
    "/run",
    "/var/run",
    "/lib/modules",
    "/usr/src",
    "/boot",
    "/var/lib/docker",
    "/var/lib/containers",
    "/var/log",
    "/etc",
    "/usr",
    "/lib",
    "/sbin",
    "/bin",
    "/lib64",
    "/snap",
];
const HOST_LOGS: &[&str] =
    &["journal", "syslog", "messages", "secure", "maillog", "dmesg", "wtmp", "btmp", "lastlog", "cron"];
const SECRET_ENDS: &[&str] =
    &[".key", ".pem", ".crt", ".cer", ".p12", ".pfx", ".jks", ".kdbx", ".token", ".env", ".ovpn", ".keytab"];
const SECRET_NAMES: &[&str] = &[
    "htpasswd",
    "passwd",
    "credentials",
    "secret",
    "secrets",
    "id_rsa",
    "id_ed25519",
    "users_database",
    "wg0.conf",
    "kubeconfig",
    ".netrc",
    ".pgpass",
    "password",
    "token",
    "service-account",
    "shadow",
];
// `acme.json` is a secret as well, but a proxy writes to it.
const DATA_ENDS: &[&str] = &[".db", ".sqlite", ".sqlite3", ".db3", ".kdbx", ".mdb", ".rdb", "acme.json"];
const FILE_ENDS: &[&str] = &[
    ".conf",
    ".cfg",
    ".cnf",
    ".ini",
    ".yml",
    ".yaml",
    ".json",
    ".toml",
    ".xml",
    ".properties",
    ".js",
    ".ts",
    ".py",
    ".sh",
    ".sql",
    ".lua",
    ".rules",
    ".txt",
    ".list",
    ".html",
    ".css",
    ".hcl",
    ".config",
    ".tmpl",
    ".template",
    ".cjs",
    ".mjs",
    ".svg",
    ".png",
    ".ico",
    ".php",
    ".river",
    ".alloy",
    ".hujson",
    ".acl",
    ".env",
    ".zone",
    ".key",
    ".pem",
    ".crt",
    ".cer",
    ".p12",
    ".pfx",
    ".db",
    ".sqlite",
    ".sqlite3",
    ".db3",
    ".ovpn",
    ".token",
];
const FILE_NAMES: &[&str] =
    &["caddyfile", "corefile", "dockerfile", "htpasswd", ".htpasswd", "makefile", ".env", "kubeconfig"];
const SCRATCH: &[&str] = &[
    "cache",
    ".cache",
    "caches",
    "transcode",
    "transcodes",
    "transcoding",
    "tmp",
    "temp",
    "scratch",
    "model-cache",
];
const MEDIA: &[&str] = &[
    "media",
    "movies",
    "films",
    "tv",
    "tvshows",
    "shows",
    "series",
    "music",
    "photos",
    "pictures",
    "videos",
    "library",
    "books",
    "audiobooks",
    "podcasts",
    "downloads",
    "torrents",
    "usenet",
    "recordings",
    "comics",
    "anime",
    "upload",
    "storage",
    "backups",
    "cctv",
    "clips",
    "nvr",
    "surveillance",
];

/// Sees files where variables say so: what `RESTIC_PASSWORD_FILE` names is one, whatever it is called.
pub(super) fn see_files(project: &mut Project) {
    for service in &mut project.services {
        let env = &service.env;
        let is_named = |target: &str| {
            let names = |(name, value): (&String, &Value)| {
                name.to_ascii_uppercase().ends_with("_FILE")
                    && matches!(value, Value::Text(text) if text == target)
            };
            env.iter().any(names)
        };
        let binds = service.mounts.iter_mut().filter(|mount| matches!(mount.source, MountSource::Bind(_)));
        for mount in binds.filter(|mount| is_named(&mount.target)) {
            mount.seen.is_file.get_or_insert(true);
        }
    }
}

/// What a mount is.
pub(super) fn of(mount: &Mount) -> Nature {
    if let MountSource::Bind(path) = &mount.source {
        let path = path.trim_end_matches('/');
        if CLOCKS.iter().any(|clock| path.starts_with(clock)) || mount.target == "/etc/localtime" {
            return Nature::Clock;
        }
        if SOCKETS.iter().any(|socket| path.ends_with(socket)) {
            return Nature::Socket;
        }
        if path == "/dev/shm" {
            return Nature::Memory;
        }
        if OWN.contains(&path) {
            return Nature::Own;
        }
        if is_of_host(path, mount) {
            return Nature::Host;
        }
        if is_file(path, mount) {
            return of_file(path, mount);
        }
    }
    let last = |path: &str| path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_lowercase();
    let keeps_sqlite = !mount.seen.sqlite.is_empty();
    let inside = last(&mount.target);
    if SCRATCH.contains(&inside.as_str()) && !keeps_sqlite {
        return Nature::Scratch;
    }
    let outside = match &mount.source {
        MountSource::Bind(path) => last(path),
        _ => String::new(),
    };
    let is_large = mount.seen.bytes.is_some_and(|bytes| bytes > 100 * super::sizes::GIB);
    let is_media = |name: &String| MEDIA.contains(&name.as_str());
    if is_large || (matches!(mount.source, MountSource::Bind(_)) && (is_media(&inside) || is_media(&outside)))
    {
        return Nature::Media;
    }
    Nature::Data
}

/// Settings of a person under `/etc/NAME/` are data; what every host has there is not.
fn is_of_host(path: &str, mount: &Mount) -> bool {
    let under =
        |folder: &str| path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    if path.is_empty()
        || mount.propagation.as_deref().is_some_and(|how| how.contains("slave") || how.contains("shared"))
            && path == "/"
    {
        return true;
    }
    match HOSTS.iter().copied().find(|folder| under(folder)) {
        Some("/etc") => matches!(path, "/etc" | "/etc/machine-id" | "/etc/os-release" | "/etc/ssl/certs"),
        Some("/usr/src" | "/usr") => {
            matches!(path, "/usr" | "/usr/src") || path.starts_with("/usr/lib/os-release")
        }
        // A service's own folder there is its data; the logs beside it are the host's.
        Some("/var/log") => {
            let name = path.strip_prefix("/var/log/").unwrap_or_default();
            let is_log = name.ends_with(".log") || HOST_LOGS.contains(&name);
            name.is_empty() || (is_log && !name.contains('/'))
        }
        // Docker's own volumes are data, wherever they lie.
        Some("/var/lib/docker") => !path.starts_with("/var/lib/docker/volumes/"),
        Some(_) => true,
        None => path.ends_with(".sock"),
    }
}

/// Whether it is one file, as far as that is seen or its name tells.
pub(super) fn is_one_file(mount: &Mount) -> bool {
    match &mount.source {
        MountSource::Bind(path) => is_file(path.trim_end_matches('/'), mount),
        _ => false,
    }
}

fn is_file(path: &str, mount: &Mount) -> bool {
    if let Some(is_file) = mount.seen.is_file {
        return is_file;
    }
    let names = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
        FILE_NAMES.contains(&name.as_str())
            || FILE_ENDS.iter().any(|end| name.len() > end.len() && name.ends_with(end))
    };
    // A folder may be called like a file (`site.js`), but not on both sides.
    (names(path) && names(&mount.target)) || mount.target.starts_with("/run/secrets/")
}

fn of_file(path: &str, mount: &Mount) -> Nature {
    let is = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
        let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or_default().to_owned();
        if DATA_ENDS.iter().any(|end| name.ends_with(end)) {
            return Some(Nature::DataFile);
        }
        let is_secret = secrets::looks_secret(&stem, None)
            || SECRET_ENDS.iter().any(|end| name.ends_with(end))
            || SECRET_NAMES
                .iter()
                .any(|known| name == *known || stem == *known || name.trim_start_matches('.') == *known);
        is_secret.then_some(Nature::SecretFile)
    };
    if !mount.seen.sqlite.is_empty() {
        return Nature::DataFile;
    }
    if mount.target.starts_with("/run/secrets/") {
        return Nature::SecretFile;
    }
    is(path).or_else(|| is(&mount.target)).unwrap_or_else(|| {
        // What doesn't fit into an object of the cluster, or grows, is data.
        let is_large = mount.seen.bytes.is_some_and(|bytes| bytes > 900 << 10);
        if is_large || path.ends_with(".log") { Nature::DataFile } else { Nature::Config }
    })
}
