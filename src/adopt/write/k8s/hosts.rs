//! Names of containers that no Service can have (`my_db`): what calls one by it says the Service's name instead.

use super::{names, note};
use crate::adopt::project::{Connection, Project, Value};
use crate::adopt::write::Written;

/// Endings of variables whose whole value is the name of a host.
const HOSTS: &[&str] = &["HOST", "HOSTNAME", "ADDR", "ADDRESS", "SERVER"];

/// Changes variables and arguments, only where the name is surely that of a host. Notes each change.
pub(super) fn rename(project: &mut Project, written: &mut Written) {
    let renamed = impossible(project);
    for service in &mut project.services {
        for (old, new) in &renamed {
            let mut places: Vec<String> = Vec::new();
            for (name, value) in &mut service.env {
                let Value::Text(text) = value else { continue };
                let variable = name.to_ascii_uppercase();
                let is_host = text == old && HOSTS.iter().any(|end| variable.ends_with(end));
                let said = if is_host { new.clone() } else { replaced(text, old, new) };
                if said != *text {
                    *text = said;
                    places.push(format!("`{name}`"));
                }
            }
            let mut is_told = false;
            for word in service.command.iter_mut().chain(&mut service.entrypoint).flatten() {
                let said = replaced(word, old, new);
                is_told |= said != *word;
                *word = said;
            }
            places.extend(is_told.then(|| "its command".to_owned()));
            if !places.is_empty() {
                let text = format!(
                    "{new} is written in place of {old} ({}): no Service can be called {old}.",
                    places.join(", ")
                );
                written.notes.push(note(service, text));
            }
        }
    }
}

/// The names that no Service can have, each with that of its Service; none that is meant for several.
fn impossible(project: &Project) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for service in &project.services {
        let Connection::Networks(attachments) = &service.network else { continue };
        let aliases = attachments.iter().flat_map(|attachment| &attachment.aliases);
        for name in aliases.chain(&service.container).chain([&service.name]) {
            let pair = (name.clone(), names::service(&service.name));
            // A name with dots is one that people use, too: it may have to stay as it is.
            let is_plain = !name.is_empty() && !name.contains('.');
            if is_plain && !names::is_service_name(name) && !all.contains(&pair) {
                all.push(pair);
            }
        }
    }
    let is_clear = |(old, _): &&(String, String)| all.iter().filter(|(other, _)| other == old).count() == 1;
    all.iter().filter(is_clear).cloned().collect()
}

/// The name of a host within an address: after `//` or `@`, or before a port.
fn replaced(text: &str, old: &str, new: &str) -> String {
    let mut said = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(old) {
        let (before, found) = rest.split_at(at);
        let after = found.get(old.len()..).unwrap_or_default();
        said.push_str(before);
        let is_inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let is_word = !said.ends_with(is_inner) && !after.starts_with(is_inner);
        let has_port =
            after.strip_prefix(':').is_some_and(|port| port.starts_with(|c: char| c.is_ascii_digit()));
        // Before an `@` stands a user.
        let is_user = after.split(['/', ' ', ',']).next().is_some_and(|part| part.contains('@'));
        let is_host = is_word && !is_user && (has_port || said.ends_with("//") || said.ends_with('@'));
        said.push_str(if is_host { new } else { old });
        rest = after;
    }
    said + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adopt::project::Service;

    #[test]
    fn a_host_that_no_service_can_be_called_gets_a_name_that_leads_there() {
        let mut db = Service { name: "postgres-db".into(), ..Service::default() };
        db.container = Some("gitea_db".into());
        let mut app = Service { name: "server".into(), ..Service::default() };
        for (name, text) in [
            ("ADDRESS", "gitea_db:5432"),
            ("URL", "postgres://gitea_db@gitea_db/gitea_db"),
            ("DB_HOST", "gitea_db"),
            ("DB_NAME", "gitea_db"),
            ("OTHER", "my-gitea_db:5432"),
        ] {
            app.env.insert(name.into(), Value::Text(text.into()));
        }
        app.command = Some(vec!["--db=gitea_db:5432".into()]);
        let mut project = Project { services: vec![db, app], ..Project::default() };
        let mut written = Written::default();
        rename(&mut project, &mut written);
        let app = &project.services[1];
        let says = |name: &str| match &app.env[name] {
            Value::Text(text) => text.clone(),
            _ => String::new(),
        };
        assert_eq!(says("ADDRESS"), "postgres-db:5432");
        assert_eq!(says("URL"), "postgres://gitea_db@postgres-db/gitea_db");
        assert_eq!(says("DB_HOST"), "postgres-db");
        assert_eq!(says("DB_NAME"), "gitea_db", "the name of a database is none of a host");
        assert_eq!(says("OTHER"), "my-gitea_db:5432");
        assert_eq!(app.command.as_deref(), Some(["--db=postgres-db:5432".to_owned()].as_slice()));
        assert_eq!(
            written.notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>(),
            [
                "postgres-db is written in place of gitea_db (`ADDRESS`, `DB_HOST`, `URL`, its command): no Service can be \
              called gitea_db."
            ]
        );
    }
}
