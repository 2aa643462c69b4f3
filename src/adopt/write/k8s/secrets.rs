//! The lines of shell that create Secrets and configuration from where they are now, without showing them.

use super::files::File;
use super::{Context, names};
use crate::adopt::project::{MountSource, Origin, Service};
use crate::adopt::write::{SecretNeeded, Written, in_words};

/// A line of shell, and where it is to be run.
pub(super) struct Line {
    pub(super) command: String,
    pub(super) run_on: Option<String>,
}

pub(super) fn write(context: &Context<'_>, written: &mut Written) {
    for service in &context.project.services {
        let secrets: Vec<&str> = service.secrets().collect();
        if !secrets.is_empty() {
            let line = variables_line(context, service, &secrets);
            written.secrets.push(SecretNeeded {
                name: names::workload(&service.name),
                keys: secrets.into_iter().map(names::key).collect(),
                command: line.command,
                run_on: line.run_on,
            });
        }
    }
    for (source, file) in context.files.secrets() {
        let Some(service) = context.project.service(file.service()) else { continue };
        let line = file_line(context, source, file, service);
        written.secrets.push(SecretNeeded {
            name: file.name.clone(),
            keys: file.key.iter().cloned().collect(),
            command: line.command,
            run_on: line.run_on,
        });
    }
}

/// The line for a service's variables: those of the container are read from it, those that stood in its arguments are
/// asked for.
fn variables_line(context: &Context<'_>, service: &Service, secrets: &[&str]) -> Line {
    let in_arguments = in_words(service);
    let is_asked = |name: &&str| in_arguments.contains(*name) || !names::is_variable(name);
    let (asked, read): (Vec<&str>, Vec<&str>) = secrets.iter().partition(|name| is_asked(name));
    let (source, run_on) = values(context, service, &read);
    let mut parts: Vec<String> = Vec::new();
    if !read.is_empty() {
        parts.push(source);
    }
    // Bash: what is typed shows neither on the screen nor in the list of processes.
    parts.extend(asked.iter().map(|name| {
        let key = names::key(name);
        format!("read -rsp '{key}? ' value </dev/tty && printf '{key}=%s\\n' \"$value\"")
    }));
    let from = match parts.as_slice() {
        [one] if asked.is_empty() => one.clone(),
        parts => format!("{{ {}; }}", parts.join("; ")),
    };
    let create = create(context, "secret generic", &names::workload(&service.name));
    Line {
        command: format!("{from} | {create} --from-env-file=/dev/stdin"),
        run_on: run_on.filter(|_| !read.is_empty()),
    }
}

/// What prints `NAME=VALUE` lines, and where.
fn values(context: &Context<'_>, service: &Service, secrets: &[&str]) -> (String, Option<String>) {
    let names = secrets.iter().map(|name| name.replace('.', "[.]")).collect::<Vec<_>>().join("|");
    if let Some(container) = container(context, service) {
        let inspect = format!(
            "docker inspect --format '{{{{range .Config.Env}}}}{{{{println .}}}}{{{{end}}}}' {container}"
        );
        return (format!("{} | grep -E '^({names})='", remote(context, &inspect)), None);
    }
    // Compose writes a dollar as two in what it prints.
    let chosen = format!(
        "docker compose config --format json | jq -r '.services[{}].environment | to_entries[] | \
         select(.key | test(\"^({names})$\")) | \"\\(.key)=\\(.value)\" | gsub(\"\\\\$\\\\$\"; \"$\")'",
        serde_json::Value::from(service.name.as_str())
    );
    (chosen, Some("beside the compose file".to_owned()))
}

/// The container's name as a word of shell, where it is known.
fn container(context: &Context<'_>, service: &Service) -> Option<String> {
    let known = service.container.as_deref();
    // What was read from a running engine has a container; its name is the service's where no other is known.
    let name = known.or((context.project.origin == Origin::Inspect).then_some(service.name.as_str()))?;
    Some(shell_words::quote(name).into_owned())
}

/// A command on the host where the project runs.
fn remote(context: &Context<'_>, command: &str) -> String {
    match ssh_to(context) {
        Some(to) => format!("ssh {} {}", shell_words::quote(&to), quoted(command)),
        None => command.to_owned(),
    }
}

/// The host where it runs, as ssh takes it; none where that is this machine.
fn ssh_to(context: &Context<'_>) -> Option<String> {
    context.project.host.as_deref().and_then(|host| context.options.ssh_to(host))
}

/// A line as one word of shell: in the quotes that it has none of, so that a person can read it.
fn quoted(line: &str) -> String {
    if line.contains('\'') && !line.contains(['"', '$', '`', '\\', '!']) {
        format!("\"{line}\"")
    } else {
        shell_words::quote(line).into_owned()
    }
}

fn create(context: &Context<'_>, what: &str, name: &str) -> String {
    format!("kubectl -n {} create {what} {name}", context.namespace)
}

/// The line for a file, or for the files of a folder.
pub(super) fn file_line(context: &Context<'_>, source: &MountSource, file: &File, service: &Service) -> Line {
    let create = create(context, if file.secret { "secret generic" } else { "configmap" }, &file.name);
    let piped = |from: String, run_on: Option<&str>| {
        let key = file.key.as_ref().map(|key| format!("{key}=")).unwrap_or_default();
        let command = format!("{from} | {create} --from-file={key}/dev/stdin");
        Line { command, run_on: run_on.map(str::to_owned) }
    };
    let folder = |path: &str| folder_line(context, &create, path);
    match source {
        MountSource::Bind(path) if file.key.is_none() => folder(path),
        MountSource::Bind(path) if is_beside(path) => {
            piped(format!("cat {}", shell_words::quote(path)), Some("beside the compose file"))
        }
        MountSource::Bind(path) => {
            let path = shell_words::quote(path);
            match context.project.host {
                Some(_) => piped(remote(context, &format!("cat {path}")), None),
                None => piped(format!("cat {path}"), None),
            }
        }
        MountSource::Volume(name) => {
            let volume = context.project.volumes.get(name);
            let path = volume.and_then(|volume| volume.mountpoint.clone());
            match path {
                Some(path) if file.key.is_none() => folder(&path),
                _ => from_container(context, file, service, &create),
            }
        }
        MountSource::File(name) => {
            let given = context.project.files.get(name);
            if let Some(path) = given.and_then(|given| given.path.as_deref()) {
                return piped(format!("cat {}", shell_words::quote(path)), Some("beside the compose file"));
            }
            if let Some(variable) = given.and_then(|given| given.environment.as_deref()) {
                let from = format!(
                    "docker compose config --environment | sed -n 's/^{}=//p' | tr -d '\\n'",
                    names::key(variable)
                );
                return piped(from, Some("beside the compose file"));
            }
            from_container(context, file, service, &create)
        }
        MountSource::Anonymous | MountSource::Memory(_) => from_container(context, file, service, &create),
    }
}

/// Whether a path is told from where the compose file lies: elsewhere it leads nowhere.
fn is_beside(path: &str) -> bool {
    !path.starts_with(['/', '~'])
}

/// All files of a folder; `kubectl` takes those at its top.
fn folder_line(context: &Context<'_>, create: &str, path: &str) -> Line {
    let path = path.trim_end_matches('/');
    let run_on = is_beside(path).then(|| "beside the compose file".to_owned());
    let command = match ssh_to(context).filter(|_| run_on.is_none()) {
        Some(to) => {
            let from = shell_words::quote(&format!("{to}:{path}")).into_owned();
            let copy = "\"$copy\"";
            format!(
                "copy=$(mktemp -d) && scp -rp {from}/. {copy} && {create} --from-file={copy}; rm -r {copy}"
            )
        }
        None => format!("{create} --from-file={}", shell_words::quote(path)),
    };
    Line { command, run_on }
}

/// From within the container: `docker cp` needs nothing in it, not even that it runs.
fn from_container(context: &Context<'_>, file: &File, service: &Service, create: &str) -> Line {
    let container = container(context, service);
    let container = container.unwrap_or_else(|| format!("\"$(docker compose ps -aq {})\"", service.name));
    let copy = format!("docker cp {container}:{} -", shell_words::quote(file.target()));
    let run_on = (context.project.origin == Origin::Compose).then(|| "beside the compose file".to_owned());
    let copy = if run_on.is_some() { copy } else { remote(context, &copy) };
    let command = match &file.key {
        Some(key) => format!("{copy} | tar -xO | {create} --from-file={key}=/dev/stdin"),
        None => format!(
            "copy=$(mktemp -d) && {copy} | tar -x --strip-components=1 -C \"$copy\" && {create} --from-file=\"$copy\"; rm -r \"$copy\""
        ),
    };
    Line { command, run_on }
}
