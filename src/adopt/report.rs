//! What people read beside the files: decisions, secrets to create, notes.

use std::fmt::Write as _;

use super::plan::Migration;
use super::project::{Note, Origin};
use super::{Adoption, Decision, Options};

/// All that people should know, as Markdown.
#[must_use]
pub fn markdown(adoption: &Adoption, migration: Option<&Migration>, options: &Options) -> String {
    let mut text = String::new();
    // A String takes whatever is written to it.
    let _ = whole(&mut text, adoption, migration, options);
    text
}

/// The same as comment lines, for the head of a file whose comments begin with `#`.
#[must_use]
pub fn comments(adoption: &Adoption, options: &Options) -> String {
    let plain = markdown(adoption, None, options);
    let lines = plain.lines().filter(|line| !line.starts_with("```"));
    lines
        .map(
            |line| {
                if line.starts_with('#') {
                    line.trim_start_matches('#').trim_start_matches(' ')
                } else {
                    line
                }
            },
        )
        .map(|line| format!("# {line}"))
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

/// What a project is and where it comes from and goes, in a line.
#[must_use]
pub fn headline(adoption: &Adoption, options: &Options) -> String {
    let project = &adoption.settled.project;
    let from = match (project.origin, project.old_host()) {
        (Origin::Inspect, Some(host)) => format!("docker on {host}"),
        (Origin::Inspect, None) => "docker".to_owned(),
        (Origin::Compose, Some(host)) => format!("a compose file on {host}"),
        (Origin::Compose, None) => "a compose file".to_owned(),
    };
    let count = match project.services.len() {
        1 => "1 container".to_owned(),
        count => format!("{count} containers"),
    };
    format!("{}: {count} from {from}, for {}", project.name, options.to)
}

fn whole(
    out: &mut String,
    adoption: &Adoption,
    migration: Option<&Migration>,
    options: &Options,
) -> std::fmt::Result {
    writeln!(out, "# {}\n", headline(adoption, options))?;
    let decisions = &adoption.settled.decisions;
    let waiting = decisions.iter().filter(|decision| decision.waits()).count();
    if decisions.is_empty() {
        writeln!(out, "There is nothing to decide.")?;
    } else {
        let waits = match waiting {
            0 => "none waits for you".to_owned(),
            1 => "1 waits for you".to_owned(),
            waiting => format!("{waiting} wait for you"),
        };
        writeln!(out, "## Decisions: {}, {waits}\n", decisions.len())?;
        writeln!(out, "The choice marked with > counts. Another one: `--decide ID=CHOICE`.\n")?;
        for decision in decisions {
            tell(out, decision)?;
        }
    }
    let secrets = &adoption.written.secrets;
    if !secrets.is_empty() {
        writeln!(out, "\n## Secrets, to be created first\n")?;
        writeln!(
            out,
            "No value is in these files. The commands take them from where they are, without showing them."
        )?;
        for secret in secrets {
            let place = secret.run_on.as_deref().map(|place| format!(", {place}")).unwrap_or_default();
            writeln!(out, "\n{} ({}){place}:\n", secret.name, secret.keys.join(", "))?;
            writeln!(out, "```sh\n{}\n```", secret.command.trim_end())?;
        }
    }
    let configs = &adoption.written.configs;
    if !configs.is_empty() {
        writeln!(out, "\n## Configuration, to be created first\n")?;
        writeln!(out, "These files are not known here, so they are taken from where they are.")?;
        for config in configs {
            let place = config.run_on.as_deref().map(|place| format!(", {place}")).unwrap_or_default();
            writeln!(out, "\n{} ({}){place}:\n", config.name, config.key.as_deref().unwrap_or("a folder"))?;
            writeln!(out, "```sh\n{}\n```", config.command.trim_end())?;
        }
    }
    let of_plan = migration.map(|migration| migration.notes.as_slice()).unwrap_or_default();
    let notes: Vec<&Note> =
        adoption.settled.project.notes.iter().chain(&adoption.written.notes).chain(of_plan).collect();
    if !notes.is_empty() {
        writeln!(out, "\n## Good to know\n")?;
        for Note { service, text } in notes {
            let service = service.as_deref().map(|service| format!("{service}: ")).unwrap_or_default();
            writeln!(out, "- {service}{text}")?;
        }
    }
    Ok(())
}

fn tell(out: &mut String, decision: &Decision) -> std::fmt::Result {
    let mark = if decision.waits() { " (waits for you)" } else { "" };
    writeln!(out, "- `{}`{mark}: {}", decision.id, decision.question)?;
    for fact in &decision.facts {
        writeln!(out, "    - {fact}")?;
    }
    for (index, choice) in decision.choices.iter().enumerate() {
        let chosen = if choice.key == decision.chosen { ">" } else { "-" };
        let recommended = if index == 0 { ", recommended" } else { "" };
        writeln!(out, "    {chosen} `{}`{recommended}: {}", choice.key, choice.text)?;
    }
    // An answer of one's own words is none of the choices.
    if !decision.choices.iter().any(|choice| choice.key == decision.chosen) {
        writeln!(out, "    > `{}`", decision.chosen)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adopt::project::{Project, Service};

    #[test]
    fn what_belongs_to_a_decision_stands_below_it() {
        let mut app = Service { name: "app".into(), ..Service::default() };
        app.image.name = "me/app".into();
        let project = Project { name: "p".into(), services: vec![app], ..Project::default() };
        let options = Options::default();
        let adoption = crate::adopt::adopt(project, &options).unwrap();
        let text = comments(&adoption, &options);
        assert!(text.starts_with("# p: 1 container from docker"), "{text}");
        assert!(
            text.contains("\n# - `app/limits`: ") && text.contains("\n#     > `none`, recommended: "),
            "{text}"
        );
        assert!(text.lines().all(|line| line.starts_with('#') && !line.ends_with(' ')), "{text}");
    }
}
