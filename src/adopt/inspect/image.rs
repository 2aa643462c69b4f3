//! What is the image's own, where the image itself is not in the input: judged by what images usually say.
//! In doubt it is a person's: too much in a file is seen and taken out, too little is missed.

mod usual;

use super::reference::Reference;
use usual::{
    A_PERSONS, BASES, COMMANDS, DEFAULTS, INTERPRETERS, NEVER_A_PERSONS, NEVER_ENDS, NEVER_STARTS, PROGRAMS,
    SECRET_PARTS, USER_NAMES, USERS,
};

/// Whether a person sets variables of that name, whatever else stands around.
fn surely_a_persons(name: &str) -> bool {
    A_PERSONS.contains(name) || SECRET_PARTS.iter().any(|part| name.to_ascii_uppercase().contains(part))
}

/// Whether a value belongs to somebody's own lab.
fn speaks_of_the_lab(name: &str, value: &str) -> bool {
    let ends = ["_HOST", "_DSN", "_EMAIL", "_USERNAME", "_DOMAIN", "DATABASE_URL", "_DB"];
    surely_a_persons(name)
        || (ends.iter().any(|end| name.ends_with(end)) && !value.is_empty() && !at_default(name, value))
}

/// Which variables, in the order in which the container has them, are the image's own.
pub(super) fn own_env(env: &[(String, String)], podman: bool) -> Vec<bool> {
    // Docker puts what a person set first, and what only the image sets behind it; images nearly always begin with
    // their PATH. Where something behind it is surely a person's, somebody else wrote the list.
    let path = env.iter().position(|(name, _)| name == "PATH").filter(|at| !podman && *at > 0);
    let behind = path.filter(|at| !env[at + 1..].iter().any(|(name, value)| speaks_of_the_lab(name, value)));
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
        && (NEVER_A_PERSONS.contains(name)
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

/// Whether an image is there to run something of one's own.
pub(super) fn is_base(image: &Reference) -> bool {
    BASES.contains(image.last())
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
    let others = ["sleep", "tail", "env", "true", "cron", "crond", "cron.sh", "watch", "worker", "scheduler"];
    !shell && !others.contains(&program)
}

/// Whether a command is the image's own, beside an entrypoint of the image's.
pub(super) fn own_command(words: &[String], entrypoint: &[String], image: &Reference) -> bool {
    let Some(first) = words.first() else { return true };
    let program = file_name(first);
    if COMMANDS.iter().any(|known| known.iter().eq(words)) {
        return true;
    }
    if words.len() == 1 {
        let absolute = first.starts_with('/') && !first.contains(char::is_whitespace);
        return PROGRAMS.contains(program)
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
        && INTERPRETERS.contains(program)
        && words[1..].iter().all(plain)
}

/// Whether a user is the one that the image runs as by itself.
pub(super) fn own_user(user: &str, image: &Reference) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    USER_NAMES.contains(user)
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
        "net.unraid.docker.",
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
    let made_for_it = line.split_whitespace().any(|word| {
        let script = file_name(word).to_ascii_lowercase().replace(['_', '-'], "");
        ["healthcheck.", "healthcheck"].iter().any(|name| script.starts_with(name))
            && word != "healthcheck"
            && !word.starts_with('-')
    });
    let alone = !line.contains("http") && !line.contains('|') && line.split_whitespace().count() <= 2;
    (made_for_it && alone)
        || line.contains("gluetun-entrypoint healthcheck")
        || line.contains("dig +short +norecurse +retry=0")
        || line.contains("${HEALTHCHECK_URL}")
        || ["extra/healthcheck", "immich-healthcheck", "mc-health", "/watchtower --health-check"]
            .contains(&line.as_str())
}
