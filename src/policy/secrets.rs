//! Which paths hold secrets. Judged by name: generous, because a missed one ends up in a chat.

/// Parts of a name that speak of secrets wherever they stand.
const TELLING: [&str; 9] =
    ["secret", "password", "passwd", "credential", "token", "private", "kubeconfig", "shadow", "keyring"];

/// Names that are secret as a whole.
const NAMES: [&str; 13] = [
    "environ",
    "kcore",
    "mem",
    "admin.conf",
    "kubelet.conf",
    "k3s.yaml",
    "keys.txt",
    "htpasswd",
    "authinfo",
    "wg0.conf",
    "cmdline",
    "priv",
    "pki",
];

/// Endings of secret files.
const ENDINGS: [&str; 12] =
    [".key", ".pem", ".p12", ".pfx", ".jks", ".kdbx", ".env", ".age", ".gpg", ".ovpn", ".tfstate", "_rsa"];

/// Directories whose whole content is secret.
const DIRS: [&str; 7] = [
    "/etc/wireguard",
    "/etc/letsencrypt",
    "/etc/sudoers.d",
    "/etc/networkmanager/system-connections",
    "/etc/rancher",
    "/run/credentials",
    "/var/lib/kubelet",
];

/// Whether the file at `path` (absolute, without dots) must be taken for one that holds secrets: keys,
/// passwords, environments, hidden files, raw devices, and the doors that `/proc` has to all of them.
pub(super) fn holds_secrets(path: &str) -> bool {
    let path = path.to_lowercase();
    if DIRS.iter().any(|dir| super::paths::within(&path, dir)) || is_device(&path) {
        return true;
    }
    let process_door = path.starts_with("/proc/")
        && path.split('/').any(|part| ["root", "cwd", "fd", "map_files"].contains(&part));
    process_door || path.split('/').any(is_secret_name)
}

/// Whether a pattern of files may mean one that [`holds_secrets`].
pub(super) fn may_hold_secrets(pattern: &str) -> bool {
    holds_secrets(pattern) || pattern.contains(['*', '?', '['])
}

fn is_device(path: &str) -> bool {
    super::paths::within(path, "/dev") && path != "/dev/null"
}

fn is_secret_name(name: &str) -> bool {
    name.starts_with('.')
        || name.starts_with("id_")
        || name.starts_with("ssh_host_")
        || NAMES.contains(&name)
        || TELLING.iter().any(|word| name.contains(word))
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || name.contains(".env.")
        || name.contains(".tfstate.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_secrets_live_is_known_and_plain_files_are_free() {
        for secret in [
            "/etc/shadow",
            "/etc/gshadow-",
            "/root/.ssh/id_ed25519",
            "/home/a/.kube/config",
            "/srv/app/.env",
            "/srv/app/prod.env",
            "/srv/app/.env.local",
            "/etc/ssl/private/a.crt",
            "/etc/nginx/tls.KEY",
            "/etc/kubernetes/admin.conf",
            "/proc/1/environ",
            "/proc/self/root/etc/hostname",
            "/dev/sda",
            "/run/secrets/db",
            "/home/a/.bash_history",
            "/srv/api_token",
        ] {
            assert!(holds_secrets(secret), "{secret} passed");
        }
        for plain in
            ["/proc/mdstat", "/proc/meminfo", "/etc/fstab", "/var/log/syslog", "/etc/hosts", "/dev/null"]
        {
            assert!(!holds_secrets(plain), "{plain} refused");
        }
    }
}
