use super::*;

#[test]
fn where_secrets_live_is_known() {
    for secret in [
        "/etc/shadow",
        "/etc/shadow-",
        "/etc/gshadow-",
        "/etc/shadow.bak",
        "/etc/sudoers",
        "/root/.ssh/id_ed25519",
        "/home/a/.ssh/config",
        "/srv/backup/id_rsa.old",
        "/home/a/.kube/config",
        "/root/kubeconfig",
        "/srv/app/.env",
        "/srv/app/prod.env",
        "/srv/app/.env.local",
        "/srv/app/env.production",
        "/root/.docker/config.json",
        "/root/.aws/credentials",
        "/root/.netrc",
        "/root/.pgpass",
        "/root/.my.cnf",
        "/root/.git-credentials",
        "/root/.npmrc",
        "/root/.pypirc",
        "/etc/ssl/private/a.crt",
        "/etc/nginx/tls.KEY",
        "/etc/nginx/tls.key.tar.gz",
        "/etc/ssh/ssh_host_ed25519_key",
        "/etc/kubernetes/admin.conf",
        "/etc/kubernetes/pki/ca.crt",
        "/etc/rancher/k3s/k3s.yaml",
        "/var/lib/rancher/k3s/server/node-token",
        "/etc/wireguard/wg1.conf",
        "/etc/letsencrypt/live/nas/privkey.pem",
        "/etc/pve/priv/authkey.key",
        "/var/lib/docker/swarm/certificates/x",
        "/var/lib/docker/containers/ab/config.v2.json",
        "/srv/infra/terraform.tfstate",
        "/srv/infra/terraform.tfstate.backup",
        "/srv/infra/prod.tfvars",
        "/root/vault-token",
        "/etc/consul.d/consul.hcl",
        "/root/.config/rclone/rclone.conf",
        "/etc/restic-password",
        "/etc/borg/passphrase",
        "/etc/restic.pass",
        "/etc/nginx/htpasswd",
        "/etc/snmp/snmpd.conf",
        "/etc/msmtprc",
        "/etc/postfix/sasl_passwd",
        "/etc/postfix/sasl_passwd.db",
        "/etc/NetworkManager/system-connections/wifi.nmconnection",
        "/home/a/.local/share/keyrings/login.keyring",
        "/home/a/pw.kdbx",
        "/home/a/.bash_history",
        "/srv/old_history",
        "/proc/1/environ",
        "/proc/1/task/1/environ",
        "/proc/1/mem",
        "/proc/1/cmdline",
        "/proc/kcore",
        "/proc/self/root/etc/hostname",
        "/dev/sda",
        "/dev/mem",
        "/dev/zero",
        "/run/secrets/db",
        "/var/run/secrets/kubernetes.io/serviceaccount/token",
        "/var/lib/systemd/coredump/core.nginx.zst",
        "/srv/core.4711",
        "/srv/api_token",
        "/srv/api-key.txt",
        "/etc/krb5.keytab",
        "/var/log/app/dump.pem",
    ] {
        assert!(holds_secrets(secret), "{secret} passed");
        assert!(may_hold_secrets(secret), "{secret} passed as a pattern");
    }
}

#[test]
fn what_every_diagnosis_reads_stays_free() {
    for plain in [
        "/etc/hosts",
        "/etc/hostname",
        "/etc/fstab",
        "/etc/passwd",
        "/etc/group",
        "/etc/os-release",
        "/etc/resolv.conf",
        "/etc/nginx/nginx.conf",
        "/etc/nginx/sites-enabled/media",
        "/etc/systemd/system/web.service",
        "/etc/ssh/sshd_config",
        "/etc/default/keyboard",
        "/etc/crontab",
        "/etc/pve/storage.cfg",
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/letsencrypt/live/nas/fullchain.pem",
        "/proc/mdstat",
        "/proc/meminfo",
        "/proc/cmdline",
        "/proc/1/status",
        "/proc/1/limits",
        "/proc/net/dev",
        "/proc/sys/net/core/somaxconn",
        "/proc/pressure/io",
        "/sys/class/net/eth0/operstate",
        "/sys/devices/system/cpu/cpu0/topology/core_id",
        "/var/log/syslog",
        "/var/log/auth.log",
        "/var/log/nginx/token-service.log",
        "/usr/bin/passwd",
        "/usr/share/doc/openssl/README",
        "/dev/null",
        "/dev/stderr",
        "/srv/media/film.mkv",
        "/mnt/nas/monkey.txt",
    ] {
        assert!(!holds_secrets(plain), "{plain} refused");
        assert!(!may_hold_secrets(plain), "{plain} refused as a pattern");
    }
}

#[test]
fn a_pattern_is_readable_when_nothing_secret_is_known_to_fit_it() {
    for plain in [
        "/var/log/*.log",
        "/var/log/*",
        "/var/log/nginx/*",
        "/etc/*release",
        "/etc/*release*",
        "/etc/*-release",
        "/proc/*/status",
        "/proc/[0-9]*/status",
        "/proc/[0-9]*/oom_score",
        "/sys/class/net/*/operstate",
        "/sys/class/thermal/thermal_zone*/temp",
        "/etc/nginx/conf.d/*.conf",
        "/etc/systemd/system/*.service",
        "/etc/apt/sources.list.d/*",
        "/srv/app/*.log",
    ] {
        assert!(!may_hold_secrets(plain), "{plain} refused");
    }
    for secret in [
        "/etc/sh*",
        "/etc/s?adow",
        "/etc/[s]hadow",
        "/e*c/shadow",
        "/root/.s*/*",
        "/root/.ssh/*",
        "/proc/*/env*",
        "/proc/*/environ",
        "/proc/1/*",
        "/srv/app/*",
        "/srv/app/.e?v",
        "/srv/app/*env",
        "/srv/**",
        "/dev/sd?",
        "/etc/wireguard/*.conf",
        "/etc/ssl/*/x.key",
        "/etc/ssh/ssh_host_*",
        "/srv/tok?n",
        "/srv/app/*.key",
        "/srv/app/sec*.yml",
        "/run/*ecrets/db",
    ] {
        assert!(may_hold_secrets(secret), "{secret} passed");
    }
}

#[test]
fn a_pattern_points_at_secrets_only_when_it_is_aimed() {
    for aimed in ["/etc/sh*", "/root/.ss?/id_*", "/etc/s?adow", "/srv/app/*.key"] {
        assert!(points_at_secrets(aimed), "{aimed}");
    }
    for aimless in ["/srv/app/*", "/var/log/*.log", "/srv/*/x"] {
        assert!(!points_at_secrets(aimless), "{aimless}");
    }
}
