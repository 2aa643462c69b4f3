//! Secrets as Nomad variables: a template for each task that has some, and the shell line that fills them.

use super::super::super::Options;
use super::super::super::project::{Piece, Project, Service};
use super::super::SecretNeeded;
use super::hcl::{Body, escaped, heredoc};

/// Where the text of a secret file is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// In a file of the host.
    File(String),
    /// In a variable of the `.env`.
    Variable(String),
    /// In the container, at this path: nothing else is known.
    Inside(String),
}

/// Where the variables of a task are.
pub(super) fn path(job: &str, group: &str, task: &str) -> String {
    format!("nomad/jobs/{job}/{group}/{task}")
}

/// A text of a service as an HCL string: `$(NAME)` of a secret becomes `${NAME}`, which Nomad fills when it starts it.
pub(super) fn text(service: &Service, text: &str) -> String {
    let inner = service.pieces(text).into_iter().map(|piece| match piece {
        Piece::Text(text) => escaped(text),
        Piece::Secret(name) => format!("${{{name}}}"),
    });
    format!("\"{}\"", inner.collect::<String>())
}

/// The template that gives a task its secrets.
pub(super) fn template(service: &Service, path: &str) -> Body {
    let mut body = Body::default();
    let lines: Vec<String> =
        service.secrets().map(|name| format!("{name}={{{{ {} | toJSON }}}}\n", item(name))).collect();
    if lines.is_empty() {
        return body;
    }
    let data = format!("{{{{- with nomadVar \"{path}\" }}}}\n{}{{{{- end }}}}\n", lines.concat());
    body.raw("data", heredoc(&data)).text("destination", "secrets/env").raw("env", "true");
    body
}

/// The template of one file that is a secret.
pub(super) fn file(path: &str, key: &str, destination: &str) -> Body {
    let mut body = Body::default();
    // Without a line break more than the file has.
    let data = format!("{{{{- with nomadVar \"{path}\" }}}}{{{{ {} }}}}{{{{ end -}}}}\n", item(key));
    body.raw("data", heredoc(&data)).text("destination", destination);
    body
}

fn item(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain { format!(".{name}.Value") } else { format!("(index . \"{name}\").Value") }
}

/// What has to be there of a task, with the line that makes it: values go from the container to Nomad, and no screen
/// shows them.
pub(super) fn needed(
    project: &Project,
    service: &Service,
    path: &str,
    options: &Options,
    files: &[(String, Kept)],
) -> Option<SecretNeeded> {
    let namespace = options.namespace.as_deref();
    let names: Vec<&str> = service.secrets().collect();
    let put = |input: &str| {
        let namespace =
            namespace.map(|name| format!(" -namespace={}", shell_words::quote(name))).unwrap_or_default();
        format!("nomad var put{namespace} -force -out=none {input}")
    };
    let mut commands = Vec::new();
    if !names.is_empty() {
        let container = super::super::container(project, service);
        // Each variable as JSON on a line of its own, so that values may have several lines.
        let format = "{{range .Config.Env}}{{json .}}{{println}}{{end}}";
        let inspect = shell_words::join(["docker", "inspect", "--format", format, &container]);
        let from = super::super::remote(project, options, &inspect);
        let program = concat!(
            r#"BEGIN { n = split(want, w, " "); for (i = 1; i <= n; i++) as[w[i]] = 1; printf "{\"Items\":{" } "#,
            r#"{ at = index($0, "="); k = substr($0, 2, at - 2) } "#,
            r#"at && k in as { seen[k] = 1; printf "%s\"%s\":\"%s", sep, k, substr($0, at + 1); sep = "," } "#,
            r#"END { print "}}" } "#,
        );
        let missing = super::super::missing(&container, service);
        commands.push(format!(
            "{from} | awk -v want={} {} | {}",
            shell_words::quote(&names.join(" ")),
            shell_words::quote(&format!("{program}{missing}")),
            put(&format!("-in=json {path} -")),
        ));
    }
    let mut keys: Vec<String> = names.into_iter().map(str::to_owned).collect();
    keys.extend(files.iter().map(|(key, _)| key.clone()));
    if keys.is_empty() {
        return None;
    }
    if let Some(file) = files_line(project, service, (path, !commands.is_empty()), options, files) {
        commands.push(file);
    }
    let beside = |kept: &Kept| match kept {
        Kept::File(file) => !file.starts_with('/'),
        Kept::Variable(_) => true,
        Kept::Inside(_) => false,
    };
    let run_on = files.iter().any(|(_, kept)| beside(kept)).then(|| "beside the compose file".to_owned());
    Some(SecretNeeded { name: path.to_owned(), keys, command: commands.join(" && "), run_on })
}

/// The line that adds files to what is there already.
fn files_line(
    project: &Project,
    service: &Service,
    (path, exists): (&str, bool),
    options: &Options,
    files: &[(String, Kept)],
) -> Option<String> {
    if files.is_empty() {
        return None;
    }
    let namespace = options.namespace.as_deref();
    let namespace =
        namespace.map(|name| format!(" -namespace={}", shell_words::quote(name))).unwrap_or_default();
    let pairs: Vec<String> = files
        .iter()
        .map(|(key, source)| {
            let read = match source {
                Kept::File(file) => format!("cat {}", shell_words::quote(file)),
                Kept::Variable(variable) => format!(
                    "docker compose config --environment | sed -n {}",
                    shell_words::quote(&format!("s/^{variable}=//p"))
                ),
                Kept::Inside(target) => {
                    let from = format!("{}:{target}", super::super::container(project, service));
                    format!("docker cp {} - | tar -xO", shell_words::quote(&from))
                }
            };
            let read = super::super::remote(project, options, &read);
            format!("{key}=\"$({read})\"")
        })
        .collect();
    let pairs = pairs.join(" ");
    Some(if exists {
        format!(
            "nomad var get{namespace} -out=json {path} | nomad var put{namespace} -in=json -out=none - {pairs}"
        )
    } else {
        format!("nomad var put{namespace} -force -out=none {path} {pairs}")
    })
}
