//! Which paths hold secrets. Judged by name: generous, because a missed one ends up in a chat; but what every
//! diagnosis reads stays free.

mod names;

use names::{
    COPIES, DIRS, DOORS, ENDINGS, FILES_IN, HARMLESS, KERNEL_SECRETS, NAMES, OF_THE_KERNEL, OF_THE_SYSTEM,
    OPEN, PLACES, SHAPES, TELLING, WORDS,
};

use super::{paths, wildcard};

/// Whether the file at `path` (absolute, without dots) must be taken for one that holds secrets: keys,
/// passwords, environments, hidden files, raw devices, and the doors that `/proc` has to all of them.
pub(super) fn holds_secrets(path: &str) -> bool {
    let path = normal(path);
    if HARMLESS.contains(&path.as_str()) || is_public_certificate(&path) {
        return false;
    }
    if meets_any(&path, &KERNEL_SECRETS) {
        return true;
    }
    if within_any(&path, &OF_THE_KERNEL) {
        return false;
    }
    if lies_in_a_secret_place(&path) || is_device(&path) || meets_any(&path, &DOORS) || is_core(&path) {
        return true;
    }
    let plain = within_any(&path, &OF_THE_SYSTEM);
    if !plain && is_known_in_its_folder(&path, |folder| wildcard::fixed(folder) > 0) {
        return true;
    }
    path.split('/').any(|name| if plain { is_secret_file(name) } else { is_secret_name(name) })
}

/// Whether a text names a variable that speaks of secrets: `$DB_PASSWORD`, `${AWS_SECRET_ACCESS_KEY}`.
pub(super) fn is_telling(text: &str) -> bool {
    const PARTS: [&str; 10] = ["pass", "pw", "pwd", "key", "session", "cred", "creds", "psk", "pat", "dsn"];
    let text = text.to_lowercase();
    let mut names = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    // `$PWD` is where one is, `$key` the turn of a loop: such a word tells only as a part of a longer one.
    let tells = |name: &str| {
        let part = name.contains('_') && name.split('_').any(|part| PARTS.contains(&part));
        part || ["pass", "pw"].contains(&name)
            || name.contains("auth") && !name.contains("author")
            || TELLING.iter().any(|word| name.contains(word))
    };
    text.contains('$') && names.any(tells)
}

/// Whether a pattern of files may mean one that [`holds_secrets`], as far as names are known: where a star could be
/// anything, it may.
pub(super) fn may_hold_secrets(pattern: &str) -> bool {
    let pattern = normal(pattern);
    if meets_any(&pattern, &KERNEL_SECRETS) {
        return true;
    }
    if within_any(&pattern, &OF_THE_KERNEL) {
        return false;
    }
    meets_a_secret(&pattern) || is_open_ended(&pattern) || is_known_in_its_folder(&pattern, |_| true)
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

fn meets_any(path: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| wildcard::paths_meet(path, pattern))
}

fn lies_in_a_secret_place(path: &str) -> bool {
    DIRS.iter().any(|dir| wildcard::paths_meet(path, &format!("{dir}/**"))) || meets_any(path, &PLACES)
}

/// Files with everyday names that hold secrets in the folders of certain programs: `sonarr/config.xml`.
fn is_known_in_its_folder(path: &str, is_aimed: impl Fn(&str) -> bool) -> bool {
    let Some((dir, name)) = path.rsplit_once('/') else { return false };
    let lies_in = |folder: &str| {
        dir.split('/').any(|part| !part.is_empty() && is_aimed(part) && wildcard::meet(part, folder))
    };
    wildcard::fixed(name) > 0
        && FILES_IN.iter().any(|(folder, file)| wildcard::meet(without_copies(name), file) && lies_in(folder))
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

/// Also as a pattern: `/de[v]/sda`.
fn is_device(path: &str) -> bool {
    wildcard::paths_meet(path, "/dev/**")
}

/// What a process left of its memory when it died.
fn is_core(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_prefix("core.").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
}

fn is_secret_name(name: &str) -> bool {
    is_secret_file(name)
        || NAMES.contains(&without_copies(name))
        || !wildcard::is_wild(name) && SHAPES.iter().any(|shape| wildcard::meet(without_copies(name), shape))
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
    const COMMON: [&str; 4] = ["secrets.yml", "secrets.yaml", "secrets.json", "passwords.txt"];
    // Two letters in front, and it is no longer everything with that ending.
    let begun = name.find(['*', '?', '[', '(']).is_some_and(|at| at >= 2);
    if begun && NAMES.iter().chain(&SHAPES).any(|secret| wildcard::meet(name, secret)) {
        return true;
    }
    if PLAIN.iter().any(|ending| name.ends_with(ending)) {
        return false;
    }
    let mut known = NAMES.iter().chain(&TELLING).chain(&WORDS).chain(&COMMON);
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
