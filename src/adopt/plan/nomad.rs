//! The migration to Nomad: data goes from host to host.

use super::copies::Copy;
use super::{ByHand, COMES_UP, COPIES, Check, Line, Migration, Old, Stage, Step, after, called, standstill};
use crate::adopt::{Adoption, Fault, Options};

/// Where the files of jobs lie, on this machine: a folder of Steward's own, so that nobody's file is written over.
const JOBS: &str = "/opt/steward/jobs";

pub(super) fn draw(
    adoption: &Adoption,
    old: &Old<'_>,
    copies: &[Copy],
    options: &Options,
) -> Result<Migration, Vec<Fault>> {
    let project = &adoption.settled.project;
    let to = match (&options.copy_to, copies) {
        (Some(to), _) => to.as_str(),
        (None, []) => "",
        (None, [_, ..]) => {
            let what = "nobody has said where the folders of Nomad's host volumes lie, so nothing can be copied there";
            let fix = "write `copy_to = \"root@HOST:/FOLDER\"` under [adopt], or `--copy-to`";
            return Err(vec![Fault::of(&project.name, what).fix(fix)]);
        }
    };
    let job = adoption.written.objects.iter().map(|object| object.text.as_str()).collect::<String>();
    let namespace = options.namespace.as_deref().map(|name| format!("-namespace={name}"));
    let nomad = |words: &[&str], last: &str| Line::here(words).and(namespace.clone()).and([last.to_owned()]);
    let (path, mut steps) = file(&project.name, job);
    steps.extend(old.quiesce());
    for copy in copies {
        let place = format!("{}/{}", to.trim_end_matches('/'), copy.claim.name);
        steps.push(rsync(copy, &place, old.host));
    }
    steps.push(
        Step::new("start", Stage::Start, nomad(&["nomad", "job", "run"], &path))
            .verify(nomad(&["nomad", "job", "status"], &project.name))
            .undo(nomad(&["nomad", "job", "stop"], &project.name))
            .within(COMES_UP),
    );
    let mut notes = vec![standstill(copies)];
    notes.extend(after(adoption));
    let checks = vec![
        Check { name: "cluster-answers".into(), command: Line::here(&["nomad", "node", "status"]) },
        old.check(),
    ];
    Ok(Migration {
        title: format!("Bring {} from {} into the cluster", project.name, called(old.host)),
        by_hand: by_hand(adoption, copies, to, old.host),
        checks,
        steps,
        decommission: old.decommission(),
        keep_days: options.keep_days,
        notes,
    })
}

/// Puts the job's file where people look for it, on this machine, and says where that is.
fn file(project: &str, text: String) -> (String, Vec<Step>) {
    let folder = format!("{JOBS}/{project}");
    let path = format!("{folder}/{project}.nomad.hcl");
    let is_folder = Line::here(&["test", "-d", &folder]);
    let is_file = Line::here(&["test", "-f", &path]);
    // Neither hurts where it stays: what it says runs only when it is started.
    let steps = vec![
        Step::new("folder", Stage::Prepare, Line::here(&["mkdir", "-p", &folder]))
            .verify(is_folder.clone())
            .undo(is_folder),
        Step::new("file", Stage::Prepare, Line::here(&["tee", &path]).reads(text))
            .verify(is_file.clone())
            .undo(is_file),
    ];
    (path, steps)
}

/// Copies from the old host, and compares every byte.
fn rsync(copy: &Copy, to: &str, host: &str) -> Step {
    let slash = if copy.part { "" } else { "/" };
    let (from, to) = (format!("{}{slash}", copy.from), format!("{to}{slash}"));
    let run = Line::here(&["rsync", "-aH", "--numeric-ids", "--mkpath", &from, &to]).on(host);
    let quote = |text: &str| shell_words::quote(text).into_owned();
    let compare = format!(
        "! rsync -aHn --checksum --itemize-changes {} {} | grep -v '^\\.d'",
        quote(&from),
        quote(&to)
    );
    let verify = Line::here(&["sh", "-c", &compare]).on(host);
    let name = copy.claim.name.trim_matches('/').replace('/', "-");
    // What was copied stays: it is a copy, and overwrites nothing where nothing was.
    let undo = Line::here(&["test", "-e", &copy.from]).on(host);
    Step::new(format!("copy-{name}"), Stage::Copy, run).verify(verify).undo(undo).within(COPIES)
}

fn by_hand(adoption: &Adoption, copies: &[Copy], to: &str, host: &str) -> Vec<ByHand> {
    let secret = |secret: &crate::adopt::write::SecretNeeded| {
        let place = secret.run_on.as_deref().map(|place| format!(", {place}")).unwrap_or_default();
        ByHand {
            what: format!("The secrets {}{place}; no value is shown", secret.keys.join(", ")),
            command: secret.command.clone(),
        }
    };
    let mut by_hand: Vec<ByHand> = adoption.written.secrets.iter().map(secret).collect();
    if !copies.is_empty() {
        let address = to.split(':').next().unwrap_or(to);
        by_hand.push(ByHand {
            what: format!("{} has to reach {address} over ssh without a password, to copy", called(host)),
            command: match host {
                "local" => format!("ssh -o BatchMode=yes {address} rsync --version"),
                host => format!("ssh {host} ssh -o BatchMode=yes {address} rsync --version"),
            },
        });
    }
    by_hand
}
