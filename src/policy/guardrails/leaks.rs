//! Credentials that leave their host: something that reads a secret and something that sends, in one line.

use crate::domain::action::Command;
use crate::policy::paths::base_name;
use crate::policy::secrets;
use crate::policy::segment::{Line, Opaque, Word};

use super::places::{Place, is_above_secrets};
use super::seen::Seen;
use super::senders::{self, Sending};

/// Programs that look at a file without its content, or put something into it.
const BLIND: [&str; 22] = [
    "ls", "stat", "test", "[", "[[", "find", "chmod", "chown", "chgrp", "rm", "touch", "mkdir", "rmdir",
    "tee", "du", "readlink", "realpath", "basename", "dirname", "file", "cd", "ssh-add",
];

/// Programs that use the secret which they are given, and show none of it.
const USERS: [&str; 22] = [
    "ssh-keygen",
    "docker",
    "docker-compose",
    "podman",
    "helm",
    "flux",
    "talosctl",
    "systemctl",
    "journalctl",
    "ansible",
    "ansible-playbook",
    "restic",
    "borg",
    "wg-quick",
    "mount",
    "cryptsetup",
    "zfs",
    "psql",
    "mysql",
    "mariadb",
    "nginx",
    "certbot",
];

/// Flags whose value is a credential to use, not one to show.
const USES: [&str; 16] = [
    "--key",
    "--cert",
    "--cacert",
    "--capath",
    "--kubeconfig",
    "--netrc-file",
    "--ca-certificate",
    "--certificate",
    "--private-key",
    "-key",
    "-cert",
    "-CAfile",
    "--identity",
    "--password-file",
    "--passfile",
    "--defaults-extra-file",
];

/// As [`USES`], where a short flag means that.
const SHORT_USES: [(&[&str], &[&str]); 2] = [
    (
        &["ssh", "scp", "sftp", "rsync", "sshfs", "ssh-copy-id", "mosh", "sshpass", "autossh"],
        &["-i", "-F", "-S", "-e", "-o", "-f", "--rsh", "-c"],
    ),
    (&["curl"], &["-E"]),
];

/// Why this action must never run, if so.
pub(super) fn forbids(command: &Command, line: &Line) -> Option<String> {
    let seen = line.segments.iter().filter_map(Seen::of);
    let told = seen.clone().find_map(tells_a_secret).or_else(|| said_in(command, line))?;
    let sends =
        line.segments.iter().filter_map(Seen::of).any(|seen| senders::sends(seen) != Sending::Nothing)
            || line.opaque.iter().any(opens_a_connection)
            || senders::raw(command);
    sends
        .then(|| format!("{told} and the same line sends something away: credentials don't leave their host"))
}

/// Why what can't be seen through must never run, if it speaks of a secret and of the network.
pub(super) fn within(opaque: &Opaque) -> Option<String> {
    let told = told_by_opaque(opaque)?;
    opens_a_connection(opaque)
        .then(|| format!("{told} and it speaks of the network: credentials don't leave their host"))
}

/// As [`tells_a_secret`], as far as words go.
fn told_by_opaque(opaque: &Opaque) -> Option<String> {
    let (name, words) = opaque.texts.split_first()?;
    let words: Vec<Word> = words.iter().cloned().map(Word::Known).collect();
    tells_a_secret(Seen { name: base_name(name), words: &words, cwd: None })
}

/// What secret this command would hand on, if any.
fn tells_a_secret(seen: Seen<'_>) -> Option<String> {
    if let Some(what) = tells_by_itself(seen) {
        return Some(format!("`{}` {what}", seen.name));
    }
    if let Some(folder) = carries_a_folder(seen) {
        return Some(format!("`{}` takes all of {folder}, which holds secrets,", seen.name));
    }
    let sends = senders::sends(seen) != Sending::Nothing;
    if BLIND.contains(&seen.name) || (USERS.contains(&seen.name) && !sends) {
        return None;
    }
    let short =
        SHORT_USES.iter().filter(|(names, _)| names.contains(&seen.name)).flat_map(|(_, flags)| *flags);
    let uses = || USES.iter().chain(short.clone());
    let mut before = "";
    for word in seen.words {
        let text = word.text();
        let used = uses().any(|flag| *flag == before || is_value_of(text, flag));
        before = text;
        if !used && names_a_secret(word, seen) {
            return Some(format!("`{}` is given {text}, which holds secrets,", seen.name));
        }
    }
    None
}

/// The folder with secrets below it that this command packs or copies as a whole, if any.
fn carries_a_folder(seen: Seen<'_>) -> Option<&str> {
    let packs = match seen.name {
        "tar" | "bsdtar" | "gtar" => {
            let mode = seen.texts().next().is_some_and(|mode| !mode.starts_with('-') && mode.contains('c'));
            mode || seen.short('c') || seen.long("--create")
        }
        "zip" | "7z" | "7za" | "pax" | "mksquashfs" | "aws" | "gsutil" | "s3cmd" | "mc" => true,
        "rsync" | "scp" | "rclone" => return sources(seen).find(|word| is_above_secrets(word, seen.cwd)),
        "sftp" | "lftp" | "smbclient" => true,
        _ => false,
    };
    seen.plain().find(|word| packs && is_above_secrets(word, seen.cwd))
}

/// What a copy takes, without where it goes; only what lies here.
fn sources(seen: Seen<'_>) -> impl Iterator<Item = &str> {
    let count = seen.plain().count();
    let verb = usize::from(seen.name == "rclone");
    seen.plain()
        .take(count.saturating_sub(1))
        .skip(verb)
        .filter(|word| word.starts_with(['/', '~', '.', '$']) || !word.contains(':'))
}

/// Whether a word is a flag with its value: `--key=/x`, `-i/x`.
fn is_value_of(text: &str, flag: &str) -> bool {
    text.strip_prefix(flag).is_some_and(|rest| {
        let short = !flag.starts_with("--") && flag.len() == 2;
        rest.starts_with('=') || short && rest.starts_with(['/', '~', '.'])
    })
}

fn names_a_secret(word: &Word, seen: Seen<'_>) -> bool {
    let text = word.text();
    // The file may stand behind `@`, `=` or a host.
    let parts = [
        Some(text),
        text.split_once('@').map(|p| p.1),
        text.split_once('=').map(|p| p.1),
        text.split_once(':').map(|p| p.1),
    ];
    parts.into_iter().flatten().any(|part| {
        let part = part.trim_start_matches(['@', '<']);
        if !part.contains(['/', '.'])
            && seen.cwd.and_then(std::path::Path::to_str).is_none_or(|cwd| cwd == "/")
        {
            return false;
        }
        if part.contains("://") || part.starts_with('-') || part.contains(char::is_whitespace) {
            return words_of(part).any(is_secret);
        }
        match (word, Place::of(part, seen.cwd)) {
            // A disk as a whole is copied to where backups are kept; that is asked for.
            (_, Place::At(path)) if path.starts_with("/dev/") => false,
            (Word::Files(_), Place::At(path)) => secrets::points_at_secrets(&path),
            (Word::Known(_), Place::At(path)) => secrets::holds_secrets(&path),
            (_, Place::Somewhere(path)) => is_secret(&format!("/{path}")),
            (Word::Unknown(_), _) => words_of(part).any(is_secret),
        }
    })
}

/// Whether a text is the absolute path of a secret; devices and hidden files alone don't make one here.
fn is_secret(text: &str) -> bool {
    (text.starts_with('/') || text.starts_with('~'))
        && matches!(Place::of(text, None), Place::At(path) if !path.starts_with("/dev/") && secrets::holds_secrets(&path))
}

/// The paths in a text, roughly.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "'\"`()<>|;&{},=@:$".contains(c))
        .filter(|word| word.contains('/'))
}

/// What hands secrets out without being given a path.
fn tells_by_itself(seen: Seen<'_>) -> Option<&'static str> {
    let nothing_follows = seen.plain().next().is_none();
    let is = match seen.name {
        "env" | "printenv" | "set" | "export" | "declare" | "typeset" => {
            return (nothing_follows).then_some("shows the environment");
        }
        "kubectl" | "oc" => {
            let secret = seen.plain().any(|word| {
                let kind = word.split('/').next().unwrap_or(word).to_lowercase();
                kind.split(',')
                    .any(|kind| kind == "secret" || kind == "secrets" || kind.starts_with("secrets."))
            });
            seen.any(&["get", "describe"]) && secret && !seen.any(&["name"])
                || seen.any(&["--raw", "view"]) && seen.any(&["config"])
        }
        "pass" | "op" | "bw" | "gopass" | "secret-tool" | "sops" | "chamber" => true,
        "docker" | "podman" | "nerdctl" if seen.any(&["inspect"]) => {
            let chosen = seen.texts().filter(|word| word.contains("{{")).collect::<Vec<_>>();
            chosen.is_empty() || chosen.iter().any(|form| form.contains("Env") || form.contains("json ."))
        }
        "restic" | "rustic" => seen.any(&["dump"]),
        "gpg" | "gpg2" => seen.texts().any(|word| word.starts_with("--export-secret")),
        "vault" => seen.verb(&["read", "kv", "print", "token"]),
        "wg" => seen.verb(&["showconf"]) || seen.any(&["private-key", "preshared-keys", "dump"]),
        "getent" => seen.any(&["shadow", "gshadow"]),
        "aws" => seen.any(&["get-secret-value", "export-credentials"]),
        "gcloud" => seen.any(&["print-access-token", "print-identity-token"]),
        "nmcli" => seen.short('s') || seen.has(&["--show-secrets"]),
        "history" | "fc" => true,
        _ => false,
    };
    is.then_some("shows secrets")
}

/// A secret that is only spoken of in what can't be seen through.
fn said_in(command: &Command, line: &Line) -> Option<String> {
    if line.opaque.is_empty() {
        return None;
    }
    let input = || command.stdin.iter().flat_map(|text| words_of(text)).find(|word| is_secret(word));
    let by_input = || Some(format!("it speaks of {}, which holds secrets,", input()?));
    line.opaque.iter().find_map(told_by_opaque).or_else(by_input)
}

fn opens_a_connection(opaque: &Opaque) -> bool {
    const NETWORK: [&str; 16] = [
        "http://",
        "https://",
        "ftp://",
        "/dev/tcp/",
        "/dev/udp/",
        "/inet/",
        "socket",
        "urlopen",
        "requests.",
        "urllib",
        "smtplib",
        "net::",
        "net.connect",
        "fetch(",
        "fsockopen",
        "httplib",
    ];
    opaque.texts.iter().any(|text| {
        let text = text.to_lowercase();
        NETWORK.iter().any(|mark| text.contains(mark))
    })
}
