//! What runs in a container: program, variables, user and health check, without what only the image says.

use std::collections::BTreeMap;

use super::super::project::{Health, HealthTest, Value};
use super::around::ImageFacts;
use super::image;
use super::node::{Node, shown};
use super::reference::Reference;

/// What the image says, and how that is known.
pub(super) enum Said<'b, 'a> {
    /// It is in the input.
    Known(&'b ImageFacts<'a>),
    /// It is guessed; this is what it is called.
    Guessed(&'b Reference),
    /// It is guessed, and containers of this image run different programs: which is its own can't be told.
    Differing(&'b Reference),
}

/// What runs, as a person set it.
#[derive(Default)]
pub(super) struct Process {
    pub(super) entrypoint: Option<Vec<String>>,
    pub(super) command: Option<Vec<String>>,
    pub(super) working_dir: Option<String>,
    pub(super) user: Option<String>,
    /// The user that the image runs as by itself.
    pub(super) default_user: Option<String>,
    pub(super) env: BTreeMap<String, Value>,
    pub(super) labels: BTreeMap<String, String>,
    /// What was taken for the image's own, by guess: for people.
    pub(super) left: Vec<String>,
    /// Which cards nvidia's runtime shows, whoever says so.
    pub(super) visible_cards: Option<String>,
}

/// Reads what runs.
pub(super) fn read(config: &Node<'_>, said: &Said<'_, '_>, podman: bool, notes: &mut Vec<String>) -> Process {
    let mut process = Process::default();
    program(&mut process, config, said);
    user(&mut process, config, said);
    directory(&mut process, config, said);
    env(&mut process, config, said, podman, notes);
    labels(&mut process, config, said);
    process
}

fn program(process: &mut Process, config: &Node<'_>, said: &Said<'_, '_>) {
    let mut entrypoint = config.get("Entrypoint").words();
    let command = config.get("Cmd").words();
    if entrypoint.iter().all(String::is_empty) {
        entrypoint.clear();
    }
    let some = |words: Vec<String>| Some(words).filter(|words| !words.is_empty());
    match said {
        Said::Known(image) => {
            let (theirs, args) = (image.config.get("Entrypoint").words(), image.config.get("Cmd").words());
            if entrypoint == theirs {
                process.command = some(command).filter(|command| *command != args);
            } else if entrypoint.is_empty() {
                // The image's entrypoint was switched off: its command is the program.
                process.entrypoint = some(command);
            } else {
                (process.entrypoint, process.command) = (some(entrypoint), some(command));
            }
        }
        Said::Guessed(name) if image::own_entrypoint(&entrypoint) => {
            if image::own_command(&command, &entrypoint, name) {
                let what = if command.is_empty() { None } else { Some("the command") };
                process.left.extend(what.map(str::to_owned));
            } else {
                process.command = some(command);
            }
            if !entrypoint.is_empty() {
                process.left.push("the entrypoint".to_owned());
            }
        }
        Said::Guessed(_) | Said::Differing(_) => {
            (process.entrypoint, process.command) = (some(entrypoint), some(command));
        }
    }
}

fn user(process: &mut Process, config: &Node<'_>, said: &Said<'_, '_>) {
    let user = config.get("User").text();
    match said {
        Said::Known(image) => {
            let theirs = image.config.get("User").text().or_else(|| image.node.get("User").text());
            process.user = user.filter(|user| Some(user) != theirs.as_ref());
            process.default_user = theirs;
        }
        Said::Guessed(name) | Said::Differing(name) => match user {
            Some(user) if image::own_user(&user, name) => {
                process.left.push(format!("the user {}", shown(&user)));
                process.default_user = Some(user);
            }
            user => process.user = user,
        },
    }
}

fn directory(process: &mut Process, config: &Node<'_>, said: &Said<'_, '_>) {
    let directory = config.get("WorkingDir").text();
    process.working_dir = match said {
        Said::Known(image) => {
            let theirs = image.config.get("WorkingDir").text();
            directory.filter(|directory| directory != theirs.as_deref().unwrap_or("/"))
        }
        Said::Guessed(name) | Said::Differing(name) if image::is_base(name) => {
            directory.filter(|directory| directory != "/")
        }
        Said::Guessed(_) | Said::Differing(_) => {
            if directory.is_some_and(|directory| directory != "/") {
                process.left.push("the working directory".to_owned());
            }
            None
        }
    };
}

fn env(process: &mut Process, config: &Node<'_>, said: &Said<'_, '_>, podman: bool, notes: &mut Vec<String>) {
    let mut all: Vec<(String, String)> = Vec::new();
    for node in config.get("Env").list() {
        let Some(text) = node.text() else { continue };
        match text.split_once('=') {
            Some((name, _))
                if name.is_empty() || name.chars().any(|c| c.is_control() || c.is_whitespace()) =>
            {
                notes.push(format!(
                    "the variable \"{}\" has no name that works elsewhere, and is left out",
                    shown(name)
                ));
            }
            Some((name, value)) => all.push((name.to_owned(), value.to_owned())),
            None => notes.push(format!("the variable {} has no value, and is left out", shown(&text))),
        }
    }
    let visible = all.iter().rev().find(|(name, _)| name == "NVIDIA_VISIBLE_DEVICES");
    process.visible_cards = visible.map(|(_, value)| value.clone());
    let own = match said {
        Said::Known(image) => {
            let theirs: Vec<(String, String)> =
                image.config.get("Env").texts().iter().map(|text| pair(text)).collect();
            let engine = |name: &str| podman && matches!(name, "container" | "HOSTNAME" | "TERM" | "HOME");
            all.iter().map(|pair| theirs.contains(pair) || engine(&pair.0)).collect()
        }
        Said::Guessed(_) | Said::Differing(_) => {
            let own = image::own_env(&all, podman);
            let names = all.iter().zip(&own).filter(|(_, own)| **own).map(|((name, _), _)| name.as_str());
            let names: Vec<&str> =
                names.filter(|name| !matches!(*name, "PATH" | "HOME" | "container" | "TERM")).collect();
            if !names.is_empty() {
                process.left.push(format!("the variables {}", super::networks::listed(names)));
            }
            own
        }
    };
    for ((name, value), own) in all.into_iter().zip(own) {
        let engines = podman
            && (name == "HOSTNAME" || (name == "container" && matches!(value.as_str(), "podman" | "oci")));
        if !own && !engines {
            process.env.insert(name, Value::Text(value));
        }
    }
}

fn pair(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (name.to_owned(), value.to_owned())
}

fn labels(process: &mut Process, config: &Node<'_>, said: &Said<'_, '_>) {
    let theirs: BTreeMap<String, Option<String>> = match said {
        Said::Known(image) => {
            let labels = image.config.get("Labels").entries().into_iter();
            labels.map(|(key, value)| (key.to_owned(), value.text())).collect()
        }
        Said::Guessed(_) | Said::Differing(_) => BTreeMap::new(),
    };
    for (key, value) in config.get("Labels").entries() {
        let value = value.text();
        if theirs.get(key) == Some(&value) {
            continue;
        }
        let tools = ["com.docker.", "io.podman.compose.", "net.unraid.docker."]
            .iter()
            .any(|start| key.starts_with(start));
        let own = match said {
            Said::Known(_) => tools || key.starts_with("desktop.docker.io") || key == "PODMAN_SYSTEMD_UNIT",
            Said::Guessed(_) | Said::Differing(_) => image::own_label(key),
        };
        if !own {
            process.labels.insert(key.to_owned(), value.unwrap_or_default());
        }
    }
}

/// Reads the health check.
pub(super) fn health(config: &Node<'_>, said: &Said<'_, '_>) -> Option<Health> {
    let node = check_of(config)?;
    let words = node.get("Test").words();
    let test = test(&words)?;
    let from_image = match said {
        Said::Known(image) => {
            let theirs = check_of(&image.config).or_else(|| check_of(&image.node));
            theirs.is_some_and(|theirs| same_check(&theirs, &node))
        }
        Said::Guessed(_) | Said::Differing(_) => image::own_health(words.get(1..).unwrap_or_default()),
    };
    let seconds = |key: &str| node.get(key).above_zero().map(|nanos| nanos.div_ceil(1_000_000_000));
    Some(Health {
        test,
        interval: seconds("Interval"),
        timeout: seconds("Timeout"),
        retries: node.get("Retries").above_zero().and_then(|times| u32::try_from(times).ok()),
        start_period: seconds("StartPeriod"),
        from_image,
    })
}

fn check_of<'a>(node: &Node<'a>) -> Option<Node<'a>> {
    Some(node.get("Healthcheck")).filter(|check| !check.is_nothing())
}

fn same_check(a: &Node<'_>, b: &Node<'_>) -> bool {
    let numbers = ["Interval", "Timeout", "Retries", "StartPeriod"];
    let number = |node: &Node<'_>, key: &str| node.get(key).above_zero();
    a.get("Test").words() == b.get("Test").words()
        && numbers.iter().all(|key| number(a, key) == number(b, key))
}

fn test(words: &[String]) -> Option<HealthTest> {
    let (kind, rest) = words.split_first()?;
    match (kind.as_str(), rest) {
        ("NONE", _) => Some(HealthTest::Off),
        ("CMD" | "CMD-SHELL", []) => None,
        ("CMD-SHELL", rest) => Some(HealthTest::Shell(rest.join(" "))),
        ("CMD", rest) => Some(HealthTest::Exec(rest.to_vec())),
        ("", []) => None,
        (line, []) => Some(HealthTest::Shell(line.to_owned())),
        _ => Some(HealthTest::Exec(words.to_vec())),
    }
}
