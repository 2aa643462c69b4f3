//! `steward adopt`: what a container that runs somewhere needs in the cluster, and how it gets there.

mod source;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::args::{AdoptArgs, ClusterKind};
use super::screen::{Screen, Tone};
use super::{Ended, Failure, Stop, Tools, control, plan};
use crate::adopt::plan::{Migration, migration};
use crate::adopt::{Adoption, Kind, Options, Project, adopt as work_out, report, write};
use crate::config::{Setup, ssh_address};
use crate::engine::ports::LOCAL;
use source::of_faults;

/// What the migration's runbook is called in a folder.
const MIGRATION: &str = "migration.yaml";
/// What the file of decisions is called.
const DECISIONS: &str = "DECISIONS.md";

/// Works it out, and prints or writes it.
pub(super) async fn adopt(setup: &Setup, tools: &Tools, args: &AdoptArgs, screen: &mut Screen<'_>) -> Ended {
    if args.container.is_none() && args.from.is_none() {
        let hint = "name a container, as in `steward adopt paperless --host vm3`, or a file with --from FILE";
        return Err(Failure::usage("there is nothing to adopt", hint).into());
    }
    if args.start {
        return start(setup, args, screen).await;
    }
    let options = options(setup, args)?;
    let projects = source::read(setup, tools, args).await?;
    let host = projects.first().and_then(|project| project.host.clone());
    let config = &setup.loaded.config;
    let fetch_from = host.map(|host| ssh_address(&host, &config.hosts, &config.host));
    let options = Options { fetch_from, folder: folder(args)?, ..options };
    let done = adoptions(projects, &options)?;
    if args.json {
        let documents: Vec<_> = done.iter().map(|adoption| document(adoption, &options)).collect();
        screen.json(&json!({ "projects": documents }))?;
    } else if args.dry_run {
        for adoption in &done {
            rehearse(setup, adoption, &options, screen)?;
        }
    } else if let Some(folder) = &args.out {
        for adoption in &done {
            let folder =
                if done.len() == 1 { folder.clone() } else { folder.join(&adoption.settled.project.name) };
            into_folder(adoption, &options, &folder, screen)?;
        }
    } else {
        for (index, adoption) in done.iter().enumerate() {
            if index > 0 && options.to == Kind::K8s {
                screen.verbatim("---\n")?;
            }
            screen.verbatim(&report::comments(adoption, &options))?;
            screen.verbatim("\n")?;
            screen.verbatim(&write::file(&adoption.settled, &adoption.written, &options).1)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the compose file lies on the old host, where that is known.
fn folder(args: &AdoptArgs) -> Result<Option<String>, Stop> {
    if let Some(folder) = &args.folder {
        if !folder.starts_with('/') {
            let what = format!("`--folder {folder}` is no whole path");
            return Err(Failure::usage(what, "begin it with `/`, as the host knows it").into());
        }
        return Ok(Some(folder.clone()));
    }
    let here = args.host.is_none() || args.host.as_deref() == Some(LOCAL);
    let file = args.from.as_deref().filter(|file| here && *file != Path::new("-"));
    let whole = file.and_then(|file| file.canonicalize().ok());
    let folder =
        whole.and_then(|file| if file.is_dir() { Some(file) } else { file.parent().map(Path::to_owned) });
    Ok(folder.map(|folder| folder.display().to_string()))
}

/// Hands it over to the Steward that runs.
async fn start(setup: &Setup, args: &AdoptArgs, screen: &mut Screen<'_>) -> Ended {
    let container = args.container.as_deref().unwrap_or_default();
    let host = args.host.as_deref().map(|host| format!(" on {host}")).unwrap_or_default();
    let to = args.to.map(|to| format!(" to {}", word(to))).unwrap_or_default();
    if !args.decisions.is_empty() {
        let what = "decisions are taken in the chat where it is started";
        return Err(Failure::usage(what, "leave out --decide, or --start").into());
    }
    let command = format!("adopt {container}{host}{to}");
    control::tell(&setup.loaded.config.state_dir, &command, screen).await
}

fn word(kind: ClusterKind) -> &'static str {
    match kind {
        ClusterKind::K8s => "k8s",
        ClusterKind::Nomad => "nomad",
        ClusterKind::Compose => "compose",
    }
}

fn options(setup: &Setup, args: &AdoptArgs) -> Result<Options, Stop> {
    let config = &setup.loaded.config;
    let mut options = config.adopt.options(Some(config.timezone.name().to_owned()));
    if let Some(to) = args.to {
        options.to = match to {
            ClusterKind::K8s => Kind::K8s,
            ClusterKind::Nomad => Kind::Nomad,
            ClusterKind::Compose => Kind::Compose,
        };
    }
    options.namespace = args.namespace.clone().or(options.namespace);
    options.storage_class = args.storage_class.clone().or(options.storage_class);
    options.owner = args.owner.clone().or(options.owner);
    options.copy_to = args.copy_to.clone().or(options.copy_to);
    let is_label = |name: &str| crate::adopt::project::dns_label(name) == name;
    if let Some(namespace) = options.namespace.as_deref().filter(|name| !is_label(name)) {
        let what = format!("`{namespace}` is no name of a namespace");
        return Err(Failure::usage(what, "write lower-case letters, digits and dashes").into());
    }
    let mut answers = BTreeMap::new();
    for text in &args.decisions {
        let Some((id, choice)) = text.split_once('=') else {
            let what = format!("`--decide {text}` says no choice");
            return Err(Failure::usage(what, "write it as in `--decide web/image=pin`").into());
        };
        answers.insert(id.to_owned(), choice.to_owned());
    }
    options.answers = answers;
    Ok(options)
}

/// Works all of them out. An answer is for the project that has such a decision.
fn adoptions(projects: Vec<Project>, options: &Options) -> Result<Vec<Adoption>, Stop> {
    if projects.len() < 2 || options.answers.is_empty() {
        let done: Result<Vec<_>, _> =
            projects.into_iter().map(|project| work_out(project, options)).collect();
        return done.map_err(|faults| of_faults(&faults));
    }
    let plain = Options { answers: BTreeMap::new(), ..options.clone() };
    let mut done = Vec::new();
    let mut used: Vec<&String> = Vec::new();
    for project in projects {
        let asked = work_out(project.clone(), &plain).map_err(|faults| of_faults(&faults))?;
        let ids: Vec<&String> = options
            .answers
            .keys()
            .filter(|id| asked.settled.decisions.iter().any(|decision| decision.id == **id))
            .collect();
        let answers = options.answers.iter().filter(|(id, _)| ids.contains(id));
        let answers = answers.map(|(id, choice)| (id.clone(), choice.clone())).collect();
        used.extend(ids);
        let own = Options { answers, ..options.clone() };
        done.push(work_out(project, &own).map_err(|faults| of_faults(&faults))?);
    }
    let unused = options.answers.keys().find(|id| !used.contains(id));
    match unused {
        None => Ok(done),
        Some(id) => {
            let what = format!("there is no decision `{id}`");
            Err(Failure::usage(what, "without --decide, the decisions are listed with their names").into())
        }
    }
}

fn document(adoption: &Adoption, options: &Options) -> serde_json::Value {
    let (name, text) = write::file(&adoption.settled, &adoption.written, options);
    let plan = migration(adoption, options);
    let why: Vec<String> = plan.as_ref().err().into_iter().flatten().map(ToString::to_string).collect();
    json!({
        "project": adoption.settled.project.name,
        "to": options.to,
        "files": [{ "name": name, "text": text }],
        "objects": adoption.written.objects,
        "decisions": adoption.settled.decisions,
        "public_names": adoption.settled.public,
        "secrets": adoption.written.secrets,
        "configs": adoption.written.configs,
        "notes": adoption.settled.project.notes.iter().chain(&adoption.written.notes).collect::<Vec<_>>(),
        "migration": plan.ok(),
        "no_migration_because": why,
    })
}

/// The name of a migration's runbook: what it is for can be told from it.
fn runbook_name(adoption: &Adoption) -> String {
    format!("adopt-{}", adoption.settled.project.name)
}

fn into_folder(
    adoption: &Adoption,
    options: &Options,
    folder: &Path,
    screen: &mut Screen<'_>,
) -> Result<(), Stop> {
    let plan = migration(adoption, options);
    let (name, text) = write::file(&adoption.settled, &adoption.written, options);
    let mut files = vec![(name, text)];
    files.push((DECISIONS.to_owned(), report::markdown(adoption, plan.as_ref().ok(), options)));
    if let Ok(plan) = &plan {
        files.push((MIGRATION.to_owned(), plan.runbook(&runbook_name(adoption))));
    }
    std::fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
    screen.say(Tone::Strong, &report::headline(adoption, options))?;
    for (name, text) in files {
        let path = folder.join(name);
        write_whole(&path, &text).map_err(|error| unwritten(&path, &error))?;
        screen.line(&format!("  wrote {}", path.display()))?;
    }
    if let Err(faults) = plan {
        let why: Vec<String> = faults.iter().map(ToString::to_string).collect();
        screen.say(Tone::Warn, &format!("  no {MIGRATION}: {}", why.join("; ")))?;
    }
    let decisions = &adoption.settled.decisions;
    let waiting: Vec<&str> =
        decisions.iter().filter(|decision| decision.waits()).map(|decision| decision.id.as_str()).collect();
    let word = if decisions.len() == 1 { "decision" } else { "decisions" };
    screen.line(&format!("  {} {word} in {DECISIONS}", decisions.len()))?;
    if !waiting.is_empty() {
        screen.say(Tone::Warn, &format!("  waiting for you: {}", waiting.join(", ")))?;
    }
    Ok(())
}

/// Writes a file so that there is all of it or what was there before.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn unwritten(path: &Path, error: &std::io::Error) -> Stop {
    Failure::new(format!("{} can't be written: {error}", path.display()), "name another folder with --out")
        .into()
}

/// Prints the migration, with the policy's word on each command.
fn rehearse(
    setup: &Setup,
    adoption: &Adoption,
    options: &Options,
    screen: &mut Screen<'_>,
) -> Result<(), Stop> {
    if options.to == Kind::Compose {
        let name = &adoption.settled.project.name;
        return screen.line(&format!(
            "{name} stays on its host, so there is nothing to migrate: put the file in the place of the old one, and run \
             `docker compose up --detach` there."
        ));
    }
    let plan = migration(adoption, options).map_err(|faults| of_faults(&faults))?;
    let name = runbook_name(adoption);
    screen.say(Tone::Strong, &plan.title)?;
    let waiting = adoption.settled.decisions.iter().filter(|decision| decision.waits());
    for decision in waiting {
        let text = format!("{} waits for you: {}", decision.id, decision.question);
        screen.say(Tone::Warn, &text)?;
    }
    by_hand(&plan, screen)?;
    screen.gap()?;
    plan::of_text(setup, &name, &plan.runbook(&name), screen)?;
    if let Some(text) = plan.decommission(&name) {
        screen.gap()?;
        let after = format!("After {} days, the old containers stopped until then:", plan.keep_days);
        screen.say(Tone::Strong, &after)?;
        plan::of_text(setup, &name, &text, screen)?;
    }
    for note in &plan.notes {
        screen.block(Tone::Plain, 0, &note.text)?;
    }
    Ok(())
}

fn by_hand(plan: &Migration, screen: &mut Screen<'_>) -> Result<(), Stop> {
    if plan.by_hand.is_empty() {
        return Ok(());
    }
    screen.gap()?;
    screen.say(Tone::Strong, "By hand, before it begins:")?;
    for by_hand in &plan.by_hand {
        screen.line(&format!("  {}", by_hand.what))?;
        screen.block(Tone::Dim, 4, &by_hand.command)?;
    }
    Ok(())
}
