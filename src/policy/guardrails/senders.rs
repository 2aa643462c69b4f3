//! What sends data to another machine.

use crate::domain::action::Command;
use crate::policy::paths::base_name;
use crate::policy::segment::Word;

use super::seen::Seen;

/// Whether a command sends what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sending {
    /// It sends nothing of its own input or arguments, or only to this machine.
    Nothing,
    /// It does.
    Away,
}

/// Programs that send whatever they are given.
const ALWAYS: [&str; 37] = [
    "nc",
    "ncat",
    "netcat",
    "nc.openbsd",
    "nc.traditional",
    "socat",
    "telnet",
    "ssh",
    "scp",
    "sftp",
    "ftp",
    "lftp",
    "tftp",
    "mail",
    "mailx",
    "mutt",
    "sendmail",
    "msmtp",
    "swaks",
    "s-nail",
    "rsh",
    "rcp",
    "rlogin",
    "croc",
    "wormhole",
    "magic-wormhole",
    "ffsend",
    "websocat",
    "mosquitto_pub",
    "logger-remote",
    "ntfy",
    "apprise",
    "sshpass",
    "ssh-copy-id",
    "gist",
    "nsupdate",
    "smbclient",
];

/// Programs that send when one of these words is there.
const WITH: [(&[&str], &[&str]); 8] = [
    (&["rclone"], &["copy", "copyto", "sync", "move", "moveto", "rcat"]),
    (
        &["aws", "gsutil", "s3cmd", "s5cmd", "mc", "gcloud", "az"],
        &["cp", "mv", "sync", "put", "rsync", "pipe", "upload"],
    ),
    (&["git"], &["push", "send-email"]),
    (&["docker", "podman", "nerdctl", "skopeo", "buildah"], &["push", "copy"]),
    (&["kubectl", "oc"], &["cp"]),
    (&["tailscale"], &["cp"]),
    (&["openssl"], &["s_client"]),
    (&["gh", "glab"], &["gist", "issue", "pr", "release", "api", "secret"]),
];

/// Lookups that carry what stands in the name.
const LOOKUPS: [&str; 8] = ["dig", "nslookup", "host", "drill", "ping", "getent", "traceroute", "whois"];

/// Where web servers find what they hand out.
const WEB_ROOTS: [&str; 5] =
    ["/var/www/", "/srv/www/", "/srv/http/", "/usr/share/nginx/html/", "/var/lib/nginx/html/"];

/// Flags of curl and wget that carry data.
const CARRIES: [&str; 24] = [
    "-d",
    "--data",
    "--data-raw",
    "--data-binary",
    "--data-ascii",
    "--data-urlencode",
    "-F",
    "--form",
    "--form-string",
    "-T",
    "--upload-file",
    "--json",
    "--url-query",
    "--post-data",
    "--post-file",
    "--body-data",
    "--body-file",
    "-H",
    "--header",
    "-b",
    "--cookie",
    "-u",
    "--user",
    "-K",
];

/// Whether a command sends what it is given, or what the commands beside it give it.
pub(super) fn sends(seen: Seen<'_>) -> Sending {
    let unclear = || seen.words.iter().any(|word| matches!(word, Word::Unknown(_)));
    let away = match seen.name {
        "curl" | "wget" | "http" | "https" | "xh" | "aria2c" => {
            (carries(seen) || unclear() || matches!(seen.name, "http" | "https" | "xh")) && !stays_here(seen)
        }
        // What lies in a web root, everybody can fetch.
        "cp" | "ln" | "mv" | "install" => {
            let published = |path: &str| WEB_ROOTS.iter().any(|root| path.starts_with(root));
            seen.plain().any(published) && seen.plain().any(|path| path.contains('/') && !published(path))
        }
        "rsync" => seen.plain().any(is_remote),
        name if LOOKUPS.contains(&name) => unclear(),
        "tee" | "cat" => {
            (seen.name == "tee"
                && seen.plain().any(|path| WEB_ROOTS.iter().any(|root| path.starts_with(root))))
                || seen.plain().any(|path| path.starts_with("/dev/tcp/") || path.starts_with("/dev/udp/"))
        }
        name if ALWAYS.contains(&name) => !stays_here(seen),
        name => WITH.iter().any(|(names, words)| names.contains(&name) && seen.any(words)),
    };
    if away { Sending::Away } else { Sending::Nothing }
}

fn carries(seen: Seen<'_>) -> bool {
    seen.texts().any(|text| {
        CARRIES.iter().any(|flag| {
            let short = flag.len() == 2 && text.starts_with(flag);
            let long = text.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
            short || long
        })
    })
}

/// Whether all that it speaks to is this machine.
fn stays_here(seen: Seen<'_>) -> bool {
    let here = |text: &str| {
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        let host = text.split(['/', '?', '#']).next().unwrap_or(text);
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let name = host
            .strip_prefix("[::1]")
            .map_or_else(|| host.split(':').next().unwrap_or(host), |_| "localhost");
        name == "localhost" || name == "127.0.0.1" || name == "::1"
    };
    let mut found = false;
    for word in seen.words {
        let text = word.text();
        let data = text.starts_with(['-', '@', '/'])
            || text.contains(|c: char| c.is_whitespace() || "={".contains(c));
        if here(text) && matches!(word, Word::Known(_)) {
            found = true;
        } else if !data && (matches!(word, Word::Unknown(_)) || text.contains(['.', ':'])) {
            return false;
        }
    }
    found
}

/// `host:path`, `host::module` or `rsync://…`.
fn is_remote(word: &str) -> bool {
    word.contains("://")
        || word.split_once(':').is_some_and(|(host, _)| !host.is_empty() && !host.contains('/'))
}

/// Whether the action's own text starts something that sends but leaves no trace among its commands: `ssh host cat`
/// is seen as the `cat` alone.
pub(super) fn raw(command: &Command) -> bool {
    let starts = |text: &str| {
        text.split(|c: char| c.is_whitespace() || "|;&(){}`$<>".contains(c)).any(|word| {
            matches!(base_name(word), "ssh" | "nc" | "ncat" | "netcat" | "socat" | "telnet" | "sftp")
        })
    };
    command.argv.iter().chain(&command.stdin).any(|text| starts(text) || text.contains("/dev/tcp/"))
}
