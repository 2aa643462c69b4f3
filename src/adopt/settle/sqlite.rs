//! `SQLite` on network storage: refused unless a person insists.

use std::collections::BTreeSet;

use super::desk::Desk;
use super::mounts::{self, Data};
use super::natures::{self, Nature};
use super::{names, stays};
use crate::adopt::known;
use crate::adopt::project::{Claim, Fate, Mount, MountSource, Project, Service, Value};
use crate::adopt::{Decision, Topic};

/// How it is known that a mount holds `SQLite`.
pub(super) fn why(service: &Service, mount: &Mount) -> Option<String> {
    if let Some(file) = mount.seen.sqlite.first() {
        return Some(file.clone());
    }
    if matches!(mount.source, MountSource::Memory(_) | MountSource::File(_)) {
        return None;
    }
    let is_file = |path: &str| [".db", ".sqlite", ".sqlite3", ".db3"].iter().any(|end| path.ends_with(end));
    if is_file(&mount.target) {
        return Some(mount.target.clone());
    }
    let contains = |path: &str| {
        let folder = mount.target.trim_end_matches('/');
        path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    for (name, value) in &service.env {
        let Value::Text(value) = value else { continue };
        let by_url =
            value.split_once("sqlite:").map(|(_, rest)| format!("/{}", rest.trim_start_matches('/')));
        let path = by_url.or_else(|| (value.starts_with('/') && is_file(value)).then(|| value.clone()));
        if path.is_some_and(|path| contains(&path)) {
            return Some(format!("{name} says so"));
        }
    }
    let folder = known::of(&service.image.name)?.sqlite?;
    (contains(folder) && !has_server(service)).then(|| "the image does so by itself".to_owned())
}

/// Whether it was given a database server instead.
fn has_server(service: &Service) -> bool {
    service.env.iter().any(|(name, value)| {
        let name = name.to_ascii_uppercase();
        let is_database =
            ["DB", "DATABASE", "POSTGRES", "MYSQL", "MARIADB", "PG"].iter().any(|word| name.contains(word));
        let is_sqlite = matches!(value, Value::Text(text) if text.contains("sqlite") || text.is_empty());
        let says_where = ["HOST", "URL", "URI", "DSN", "CONNECTION"].iter().any(|word| name.contains(word));
        let says_what = matches!(value, Value::Text(text) if name.contains("TYPE")
            && ["postgres", "mysql", "mariadb"].iter().any(|kind| text.to_lowercase().contains(kind)));
        is_database && ((says_where && !is_sqlite) || says_what)
    })
}

/// Asks where `SQLite` is on network storage, or would be; a volume that holds it is marked.
pub(super) fn settle(project: &mut Project, data: &Data, taken: &mut BTreeSet<String>, desk: &mut Desk<'_>) {
    let Some((service, mount, why)) =
        data.all(project).find_map(|(service, mount)| Some((service, mount, why(service, mount)?)))
    else {
        return;
    };
    let was_scratch = matches!(mount.fate, Fate::Scratch { .. } | Fate::Left(_));
    let now = mounts::is_on_network(project, mount);
    let then = matches!(mount.fate, Fate::Claim(_))
        && desk.options.network_storage == Some(true)
        && !stays(project, desk.options);
    if was_scratch || (now.is_none() && !then) {
        return;
    }
    let decision = Decision::new(
        mounts::id("sqlite", service, mount),
        Some(&service.name),
        Topic::Sqlite,
        format!(
            "{} keeps SQLite at `{}`, and that would be on network storage. Where does it go?",
            service.name, mount.target
        ),
        &[
            ("local", "on a volume that is a block device or local to a node: the file's locks work there"),
            ("insist", "on network storage all the same: the database may break without a warning"),
        ],
    );
    let mut decision = decision.fact(format!("How that is known: {why}.")).blocking();
    if let Some(filesystem) = &now {
        decision = decision.fact(format!("It is on {filesystem} now."));
    }
    if then {
        decision = decision.fact("The cluster's storage is on the network, by the settings given.");
    }
    decision = decision
        .fact("SQLite relies on locks that NFS, SMB and CephFS don't keep: databases got lost by this.");
    let insists = desk.ask(decision) == "insist";
    let fate = mount.fate.clone();
    let fate = match fate {
        Fate::Claim(claim) => Fate::Claim(Claim { local_only: !insists, ..claim }),
        fate if insists => fate,
        _ => {
            let nature: Nature = natures::of(mount);
            let name = names::volume(&service.name, &mount.target, taken);
            taken.insert(name.clone());
            Fate::Claim(Claim { name, local_only: true, ..mounts::unnamed(mount, service, nature) })
        }
    };
    mounts::give(project, data, &fate);
}
