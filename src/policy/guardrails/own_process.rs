//! Commands that would stop Steward, or keep it from starting: its unit, its process, its container, its package.

use regex::Regex;

use crate::domain::action::Command;
use crate::policy::segment::{Line, Word};
use crate::policy::wildcard;

use super::seen::Seen;

/// The name under which Steward runs.
const NAME: &str = "steward";

/// Verbs of systemctl that would take Steward down or change how it runs.
const UNIT_VERBS: [&str; 19] = [
    "stop",
    "restart",
    "try-restart",
    "reload",
    "reload-or-restart",
    "try-reload-or-restart",
    "kill",
    "disable",
    "mask",
    "edit",
    "revert",
    "set-property",
    "freeze",
    "clean",
    "preset",
    "reenable",
    "bind",
    "mount-image",
    "link",
];

/// Programs that end processes by their number.
const KILLERS: [&str; 3] = ["kill", "skill", "tkill"];

const ENDS: &str = "it ends Steward's own process, or every process; a person has to do that";

/// What takes a container, a pod or a job down, or changes it.
const TAKE_DOWN: [&str; 23] = [
    "stop",
    "kill",
    "rm",
    "remove",
    "restart",
    "pause",
    "update",
    "rename",
    "exec",
    "delete",
    "scale",
    "patch",
    "set",
    "edit",
    "rollout",
    "replace",
    "annotate",
    "label",
    "uninstall",
    "purge",
    "down",
    "cp",
    "rollback",
];

/// Why this action must never run, if so.
pub(super) fn forbids(command: &Command, line: &Line) -> Option<String> {
    let fed =
        || line.opaque.iter().flat_map(|opaque| &opaque.texts).any(|text| KILLERS.contains(&text.as_str()));
    let mut seen = line.segments.iter().filter_map(Seen::of);
    let spoken_of = || {
        let texts = command.argv.iter().chain(&command.stdin);
        texts.into_iter().any(|text| has_word(text, NAME))
    };
    seen.find_map(|seen| {
        on_unit(seen)
            .or_else(|| on_process(seen, spoken_of))
            .or_else(|| on_container(seen))
            .or_else(|| on_package(seen))
            .or_else(|| itself(seen))
    })
    .or_else(|| (fed() && spoken_of()).then_some(ENDS))
    .map(str::to_owned)
}

/// As [`forbids`], for one command found in what can't be seen through.
pub(super) fn forbids_within(seen: Seen<'_>) -> Option<String> {
    on_unit(seen).or_else(|| on_process(seen, || false)).or_else(|| on_container(seen)).map(str::to_owned)
}

fn on_unit(seen: Seen<'_>) -> Option<&'static str> {
    let unit = |word: &str| {
        let word = word.rsplit('/').next().unwrap_or(word);
        let name = word.strip_suffix(".service").unwrap_or(word);
        name == NAME
            || wildcard::is_wild(word)
                && (wildcard::meet(word, "steward.service") || wildcard::meet(word, NAME))
    };
    let is = match seen.name {
        "systemctl" => seen.any(&UNIT_VERBS) && seen.plain().skip(1).any(unit),
        "service" | "invoke-rc.d" | "rc-service" | "rc-update" | "update-rc.d" | "chkconfig" | "initctl"
        | "sv" | "s6-svc" | "supervisorctl" | "monit" => {
            seen.plain().any(|word| unit(word.rsplit('/').next().unwrap_or(word)))
                && !seen.any(&["status", "show"])
        }
        "busctl" | "dbus-send" | "gdbus" | "qdbus" => {
            let looks = ["get-property", "introspect", "tree", "status", "monitor"];
            let named = |text: &str| text.contains("steward.service") || text.contains("steward_2eservice");
            seen.texts().any(named) && !seen.verb(&looks)
        }
        "stop" | "restart" => seen.plain().any(unit),
        NAME => return None,
        _ => false,
    };
    is.then_some("it acts on Steward's own service; a person has to do that")
}

fn on_process(seen: Seen<'_>, spoken_of: impl Fn() -> bool) -> Option<&'static str> {
    let targets = || seen.plain().filter(|word| !word.is_empty());
    let is = match seen.name {
        name if KILLERS.contains(&name) => {
            let signals = ["-l", "-L", "--list", "-0"];
            let all = seen.texts().skip(1).any(|word| word == "-1");
            let unknown = seen.words.iter().any(|word| !matches!(word, Word::Known(_)));
            !seen.has(&signals)
                && (all || targets().any(|word| has_word(word, NAME)) || unknown && spoken_of())
        }
        "killall" | "killall5" | "xkill" | "kill-all" => seen.name == "killall5" || targets().any(fits),
        "pkill" | "slay" => pattern(seen).is_some_and(fits),
        _ => false,
    };
    is.then_some(ENDS)
}

/// The pattern of a `pkill`: its last word, as the flags before it may take values.
fn pattern<'a>(seen: Seen<'a>) -> Option<&'a str> {
    seen.plain().last()
}

/// Whether a pattern of processes means Steward's.
fn fits(pattern: &str) -> bool {
    let full = "/usr/local/bin/steward run";
    match Regex::new(pattern) {
        Ok(regex) => {
            regex.is_match(NAME)
                || has_word(pattern, NAME)
                || pattern.len() > 3 && regex.is_match(full) && pattern.contains("stew")
        }
        Err(_) => pattern.contains("stew"),
    }
}

fn on_container(seen: Seen<'_>) -> Option<&'static str> {
    const MANAGERS: [&str; 13] = [
        "docker",
        "podman",
        "nerdctl",
        "docker-compose",
        "podman-compose",
        "kubectl",
        "oc",
        "helm",
        "nomad",
        "crictl",
        "lxc",
        "incus",
        "flux",
    ];
    let own = |word: &str| {
        let name = word.rsplit('/').next().unwrap_or(word);
        name == NAME
            || ["steward.", "steward@"].iter().any(|own| name.starts_with(own))
            || ["steward-", "steward_"].iter().any(|own| name.strip_prefix(own).is_some_and(is_of_a_set))
    };
    (MANAGERS.contains(&seen.name) && seen.any(&TAKE_DOWN) && seen.plain().any(own))
        .then_some("it acts on the container that Steward runs in; a person has to do that")
}

/// Whether what follows a name counts copies of it (`1`, `7d9f8b6c5-x2x4z`), and makes no other name (`web`).
fn is_of_a_set(rest: &str) -> bool {
    let counts = |part: &str| {
        let no_word = part.len() == 5 && !part.contains(['a', 'e', 'i', 'o', 'u']);
        part.contains(|c: char| c.is_ascii_digit()) || part == NAME || no_word
    };
    rest.split(['-', '_']).all(counts)
}

fn on_package(seen: Seen<'_>) -> Option<&'static str> {
    const MANAGERS: [&str; 12] = [
        "apt", "apt-get", "aptitude", "dpkg", "dnf", "yum", "rpm", "zypper", "pacman", "apk", "cargo", "snap",
    ];
    const REMOVES: [&str; 13] = [
        "remove",
        "purge",
        "autoremove",
        "erase",
        "uninstall",
        "del",
        "-r",
        "-P",
        "-e",
        "-R",
        "-Rs",
        "-Rns",
        "--purge",
    ];
    const ACCOUNTS: [&str; 7] = ["userdel", "deluser", "groupdel", "delgroup", "usermod", "passwd", "chage"];
    let removes = MANAGERS.contains(&seen.name) && seen.any(&REMOVES) || ACCOUNTS.contains(&seen.name);
    (removes && seen.plain().any(|word| word == NAME))
        .then_some("it removes Steward; a person has to do that")
}

/// Steward's own program: what it changes, it changes through typed and audited ways.
fn itself(seen: Seen<'_>) -> Option<&'static str> {
    let looks = seen.plain().next().is_none() && seen.has(&["--version", "-V", "--help", "-h"])
        || seen.verb(&["status", "check", "version", "help"])
        || seen.pair(&["policy"], &["explain", "check", "show", "list"]) && seen.verb(&["policy"]);
    (seen.name == NAME && !looks)
        .then_some("it runs Steward's own program; Steward changes itself only through its own commands")
}

/// Whether a text has a word of its own, not as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || "_-".contains(c);
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}
