//! Which paths hold secrets. Judged by name: generous, because a missed one ends up in a chat; but what every
//! diagnosis reads stays free.

use super::{paths, wildcard};

/// Parts of a name that speak of secrets wherever they stand.
const TELLING: [&str; 17] = [
    "secret",
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "credential",
    "token",
    "private",
    "kubeconfig",
    "talosconfig",
    "shadow",
    "keyring",
    "apikey",
    "api_key",
    "htdigest",
    "vaultwarden",
    "bitwarden",
];

/// Words of a name (cut at dots, dashes and the like) that speak of secrets.
const WORDS: [&str; 13] =
    ["pass", "pw", "pwd", "passw", "cred", "creds", "key", "keytab", "psk", "sasl", "vault", "env", "dotenv"];

/// Names that are secret as a whole, wherever they are.
const NAMES: [&str; 57] = [
    "environ",
    "environment",
    "kcore",
    "vmcore",
    "kmsg",
    "mem",
    "admin.conf",
    "super-admin.conf",
    "kubelet.conf",
    "k3s.yaml",
    "rke2.yaml",
    "keys.txt",
    "htpasswd",
    "authinfo",
    "netrc",
    "pgpass",
    "pgpass.conf",
    "wg0.conf",
    "cmdline",
    "priv",
    "pki",
    "rclone.conf",
    "msmtprc",
    "ssmtp.conf",
    "snmpd.conf",
    "snmp.conf",
    "auth.conf",
    "ddclient.conf",
    "inadyn.conf",
    "debian.cnf",
    "grafana.ini",
    "grafana.db",
    "gitlab.rb",
    "alertmanager.yml",
    "alertmanager.yaml",
    "config.v2.json",
    "logins.json",
    "key3.db",
    "key4.db",
    "cookies",
    "cookies.sqlite",
    "login data",
    "accesstokens.json",
    "service-account.json",
    "terraform.rc",
    "controlplane.yaml",
    "machineconfig.yaml",
    "ngrok.yml",
    "wp-config.php",
    "settings.php",
    "config.php",
    "database.yml",
    "swapfile",
    "swap.img",
    "chap-secrets",
    "server.db",
    "master.mdb",
];

/// Endings of secret files.
const ENDINGS: [&str; 37] = [
    ".key",
    ".pem",
    ".p8",
    ".p12",
    ".pfx",
    ".jks",
    ".jceks",
    ".bks",
    ".keystore",
    ".ppk",
    ".kdb",
    ".kdbx",
    ".psafe3",
    ".env",
    ".age",
    ".agekey",
    ".gpg",
    ".pgp",
    ".ovpn",
    ".tfstate",
    ".tfvars",
    ".keytab",
    ".pass",
    ".cred",
    ".creds",
    ".token",
    ".tdb",
    ".hprof",
    ".core",
    ".dmp",
    ".vmem",
    "_rsa",
    "_dsa",
    "_ecdsa",
    "_ed25519",
    "_history",
    ".1pux",
];

/// What a copy of a file ends in.
const COPIES: [&str; 20] = [
    "~", "-", ".bak", ".backup", ".old", ".orig", ".save", ".saved", ".copy", ".swp", ".tmp", ".gz", ".xz",
    ".bz2", ".zst", ".zip", ".tar", ".tgz", ".1", ".b64",
];

/// Directories whose whole content is secret. A star is one segment.
const DIRS: [&str; 45] = [
    "/etc/wireguard",
    "/etc/letsencrypt",
    "/etc/sudoers.d",
    "/etc/networkmanager/system-connections",
    "/run/networkmanager/system-connections",
    "/etc/netplan",
    "/etc/wpa_supplicant",
    "/etc/rancher",
    "/etc/openvpn",
    "/etc/swanctl",
    "/etc/ppp/peers",
    "/etc/credstore",
    "/etc/credstore.encrypted",
    "/etc/cloudflared",
    "/etc/vault.d",
    "/etc/consul.d",
    "/etc/nomad.d",
    "/etc/apt/auth.conf.d",
    "/etc/snmp",
    "/run/credentials",
    "/run/secrets",
    "/run/user/*/keyring",
    "/var/lib/kubelet",
    "/var/lib/rancher/k3s/server",
    "/var/lib/rancher/k3s/agent/etc",
    "/var/lib/rancher/rke2/server",
    "/var/lib/docker/swarm",
    "/var/lib/docker/secrets",
    "/var/lib/containers/storage/secrets",
    "/var/lib/etcd",
    "/var/lib/vault",
    "/var/lib/consul",
    "/var/lib/nomad",
    "/var/lib/tailscale",
    "/var/lib/cloud",
    "/var/lib/iwd",
    "/var/lib/bluetooth",
    "/var/lib/samba/private",
    "/var/lib/systemd/coredump",
    "/var/lib/systemd/credential.secret",
    "/var/lib/sss",
    "/var/lib/lxd",
    "/var/crash",
    "/var/spool/cron",
    "/opt/vault",
];

/// Files that are secret where they are, as patterns: for globs, which have to be held against whole paths.
const PLACES: [&str; 27] = [
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/security/opasswd",
    "/etc/sudoers",
    "/etc/krb5.keytab",
    "/etc/ipsec.secrets",
    "/etc/msmtprc",
    "/etc/rclone.conf",
    "/etc/ddclient.conf",
    "/etc/apt/auth.conf",
    "/etc/environment",
    "/etc/grafana/grafana.ini",
    "/etc/mysql/debian.cnf",
    "/etc/pve/priv/**",
    "/etc/kubernetes/*.conf",
    "/etc/ssh/ssh_host_*_key",
    "/etc/ssl/private/**",
    "/etc/kubernetes/pki/**",
    "/proc/*/environ",
    "/proc/*/mem",
    "/proc/*/cmdline",
    "/proc/*/task/*/environ",
    "/proc/*/task/*/mem",
    "/proc/kcore",
    "/swapfile",
];

/// Files that have the name of a secret and hold none.
const HARMLESS: [&str; 13] = [
    "/etc/passwd",
    "/etc/passwd-",
    "/etc/subuid",
    "/proc/cmdline",
    "/etc/kernel/cmdline",
    "/dev/null",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/stderr",
    "/etc/default/keyboard",
    "/.dockerenv",
    "/etc/pam.d/passwd",
    "/etc/pam.d/common-password",
];

/// Directories in which a name tells nothing, because the system fills them: only endings and hidden files count.
const OF_THE_SYSTEM: [&str; 8] =
    ["/usr/bin", "/usr/sbin", "/usr/lib", "/usr/share", "/usr/include", "/lib", "/bin", "/var/log"];

/// Directories in which nothing is secret: the kernel's own figures.
const OF_THE_KERNEL: [&str; 3] = ["/sys", "/proc/sys", "/proc/net"];

/// Directories of which everything may be read, by a bare star too.
const OPEN: [&str; 22] = [
    "/var/log",
    "/sys",
    "/proc/sys",
    "/proc/net",
    "/proc/self/net",
    "/proc/pressure",
    "/usr/share/doc",
    "/usr/share/man",
    "/etc/nginx/conf.d",
    "/etc/nginx/sites-enabled",
    "/etc/nginx/sites-available",
    "/etc/apt/sources.list.d",
    "/etc/apt/preferences.d",
    "/etc/apt/apt.conf.d",
    "/etc/udev",
    "/etc/sysctl.d",
    "/etc/modprobe.d",
    "/etc/modules-load.d",
    "/etc/logrotate.d",
    "/lib/modules",
    "/etc/systemd/system",
    "/usr/lib/systemd",
];

/// Whether the file at `path` (absolute, without dots) must be taken for one that holds secrets: keys,
/// passwords, environments, hidden files, raw devices, and the doors that `/proc` has to all of them.
pub(super) fn holds_secrets(path: &str) -> bool {
    let path = normal(path);
    if HARMLESS.contains(&path.as_str()) || is_public_certificate(&path) {
        return false;
    }
    if within_any(&path, &OF_THE_KERNEL) {
        return false;
    }
    if lies_in_a_secret_place(&path) || is_device(&path) || is_process_door(&path) || is_core(&path) {
        return true;
    }
    let plain = within_any(&path, &OF_THE_SYSTEM);
    path.split('/').any(|name| if plain { is_secret_file(name) } else { is_secret_name(name) })
}

/// Whether a text names a variable that speaks of secrets: `$DB_PASSWORD`, `${AWS_SECRET_ACCESS_KEY}`.
pub(super) fn is_telling(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains('$')
        && TELLING.iter().chain(&["api_key", "apikey", "_pass"]).any(|word| text.contains(word))
}

/// Whether a pattern of files may mean one that [`holds_secrets`], as far as names are known: where a star could be
/// anything, it may.
pub(super) fn may_hold_secrets(pattern: &str) -> bool {
    let pattern = normal(pattern);
    if within_any(&pattern, &OF_THE_KERNEL) {
        return false;
    }
    meets_a_secret(&pattern) || is_open_ended(&pattern)
}

/// Whether a pattern of files is aimed at some that [`holds_secrets`]: `/etc/sh*`, `/root/.ss?/id_*`.
pub(super) fn points_at_secrets(pattern: &str) -> bool {
    let pattern = normal(pattern);
    let aimless = |name: &str| wildcard::is_wild(name) && wildcard::fixed(name) == 0;
    holds_secrets(&pattern) || (!pattern.split('/').any(aimless) && meets_a_secret(&pattern))
}

/// In lower case, and by one name where the system has two.
fn normal(path: &str) -> String {
    let path = path.to_lowercase();
    path.strip_prefix("/var/run/").map(|rest| format!("/run/{rest}")).unwrap_or(path)
}

fn within_any(path: &str, dirs: &[&str]) -> bool {
    dirs.iter().any(|dir| paths::within(path, dir))
}

fn lies_in_a_secret_place(path: &str) -> bool {
    DIRS.iter().any(|dir| wildcard::paths_meet(path, &format!("{dir}/**")))
        || PLACES.iter().any(|place| wildcard::paths_meet(path, place))
}

/// The public half of what Let's Encrypt and the system keep: when does it expire?
fn is_public_certificate(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let of_acme = ["/etc/letsencrypt/live", "/etc/letsencrypt/archive"];
    paths::within(path, "/etc/ssl/certs") && !name.contains("key")
        || within_any(path, &of_acme)
            && ["cert", "chain", "fullchain"].iter().any(|public| name.starts_with(public))
            && name.ends_with(".pem")
            && !wildcard::is_wild(path)
}

fn is_device(path: &str) -> bool {
    paths::within(path, "/dev")
}

fn is_process_door(path: &str) -> bool {
    path.starts_with("/proc/")
        && path.split('/').any(|part| ["root", "cwd", "fd", "map_files"].contains(&part))
}

/// What a process left of its memory when it died.
fn is_core(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_prefix("core.").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
}

fn is_secret_name(name: &str) -> bool {
    is_secret_file(name)
        || NAMES.contains(&without_copies(name))
        || TELLING.iter().any(|word| name.contains(word))
        || name.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word))
}

/// By its form alone.
fn is_secret_file(name: &str) -> bool {
    const PLAIN_HIDDEN: [&str; 6] =
        [".", "..", ".gitignore", ".gitattributes", ".dockerignore", ".editorconfig"];
    let bare = without_copies(name);
    name.starts_with('.') && !PLAIN_HIDDEN.contains(&name)
        || name.starts_with("id_")
        || name.starts_with("ssh_host_")
        || ENDINGS.iter().any(|ending| bare.ends_with(ending))
        || name.contains(".env.")
        || name.contains(".tfstate.")
}

/// A name without what marks it as a copy: `shadow-`, `id_rsa.bak`, `tls.key.tar.gz`.
fn without_copies(name: &str) -> &str {
    let mut name = name;
    while let Some(shorter) =
        COPIES.iter().find_map(|copy| name.strip_suffix(copy)).filter(|rest| !rest.is_empty())
    {
        name = shorter;
    }
    name
}

/// Whether something that is known to be secret fits the pattern.
fn meets_a_secret(pattern: &str) -> bool {
    holds_secrets(pattern)
        || pattern
            .split('/')
            .any(|name| wildcard::is_wild(name) && wildcard::fixed(name) > 0 && may_be_secret(name))
}

/// Whether a pattern of a name fits one that is secret wherever it is. A star in front stands for no hidden file, and
/// what a plain ending says is believed.
fn may_be_secret(name: &str) -> bool {
    const PLAIN: [&str; 14] = [
        ".log", ".conf", ".service", ".timer", ".socket", ".mount", ".path", ".list", ".rules", ".crt",
        ".pub", ".err", ".pid", "release",
    ];
    const BEGINNINGS: [&str; 2] = ["id_*", "ssh_host_*"];
    const SHAPES: [&str; 4] = ["secrets.yml", "secrets.yaml", "secrets.json", "passwords.txt"];
    if PLAIN.iter().any(|ending| name.ends_with(ending)) {
        return false;
    }
    let mut known = NAMES.iter().chain(&TELLING).chain(&WORDS).chain(&SHAPES);
    let plural = || TELLING.iter().any(|word| wildcard::meet(name, &format!("{word}s")));
    // What ends in a star could end in anything; that is judged by its folder.
    let endings = || !name.ends_with('*') && !has_plain_ending(name);
    let begins = || !name.starts_with('*') && BEGINNINGS.iter().any(|begins| wildcard::meet(name, begins));
    known.any(|secret| wildcard::meet(name, secret))
        || begins()
        || plural()
        || endings() && ENDINGS.iter().any(|ending| wildcard::meet(name, &format!("*{ending}")))
}

/// Whether a pattern ends in a fixed extension that is no secret's: `*.yml`, `*.tar`.
fn has_plain_ending(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| {
        !extension.is_empty()
            && !wildcard::is_wild(extension)
            && !ENDINGS.contains(&format!(".{extension}").as_str())
    })
}

/// Whether a pattern may mean whatever lies in a folder that is not open.
fn is_open_ended(pattern: &str) -> bool {
    let (dir, last) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    if within_any(dir, &OPEN) {
        return false;
    }
    // `cat /etc/*release*` is what everybody types.
    let narrow = dir == "/etc" && wildcard::fixed(last) > 3;
    pattern.split('/').any(|name| name.contains("**")) || (last.ends_with(['*', ')']) && !narrow)
}

#[cfg(test)]
mod tests;
