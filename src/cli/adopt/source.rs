//! Where a project is read from: a file, or the host that it runs on.

use std::io::{IsTerminal as _, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::adopt::compose::Beside;
use crate::adopt::{Fault, MAX_INPUT, Project, compose, inspect};
use crate::cli::args::AdoptArgs;
use crate::cli::{Failure, Stop, Tools};
use crate::config::Setup;
use crate::engine::adopt::gather::gather;
use crate::engine::ports::LOCAL;

/// What a folder's compose file may be called, the usual name first.
const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// How compose files end.
const ENDINGS: [&str; 2] = [".yaml", ".yml"];
/// How large what lies beside a compose file may be.
const BESIDE: u64 = 1024 * 1024;

/// Everything that is to be brought.
pub(super) async fn read(setup: &Setup, tools: &Tools, args: &AdoptArgs) -> Result<Vec<Project>, Stop> {
    let host = args.host.as_deref().map(|host| known(setup, host)).transpose()?;
    let projects = match (&args.from, &args.container) {
        (Some(file), _) => of_file(file),
        (None, Some(container)) => gather(&*tools.reader, container, host.as_deref().unwrap_or(LOCAL))
            .await
            .map(|project| vec![project]),
        (None, None) => Err(vec![Fault::of("steward adopt", "names no container")]),
    };
    let mut projects = projects.map_err(|faults| of_faults(&faults))?;
    // A rehearsal of what a file says is one on this machine, unless another one is named.
    let host = host.or_else(|| args.dry_run.then(|| LOCAL.to_owned()));
    if let Some(host) = host {
        let named = args.host.is_some();
        let unknown = projects.iter_mut().filter(|project| named || project.host.is_none());
        unknown.for_each(|project| project.host = Some(host.clone()));
    }
    Ok(projects)
}

/// A host of the configuration; this machine's own name is this machine.
fn known(setup: &Setup, host: &str) -> Result<String, Stop> {
    let config = &setup.loaded.config;
    if host == LOCAL || host == config.host.as_str() {
        return Ok(LOCAL.to_owned());
    }
    if config.hosts.contains_key(host) {
        return Ok(host.to_owned());
    }
    let names = config.hosts.keys().map(String::as_str).chain([LOCAL, config.host.as_str()]);
    let near = crate::domain::command::suggest(host, names)
        .map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    let what = format!("there is no host `{host}`");
    Err(Failure::new(what, format!("{near}write a section [hosts.{host}]; docs/execution.md tells how"))
        .into())
}

/// Faults as people are told of them, all together.
pub(super) fn of_faults(faults: &[Fault]) -> Stop {
    let what = match faults {
        [one] => one.to_string(),
        many => {
            let list: String = many.iter().map(|fault| format!("\n{fault}")).collect();
            format!("there are {} problems{list}", many.len())
        }
    };
    Failure::new(what, "mend that, and run it again").meaning("nothing was written").into()
}

fn of_file(file: &Path) -> Result<Vec<Project>, Vec<Fault>> {
    if file == Path::new("-") {
        return of_stdin();
    }
    let file = if file.is_dir() { in_folder(file)? } else { file.to_owned() };
    let name = file.display().to_string();
    let bytes = whole(&file).map_err(|(what, fix)| vec![Fault::of(&name, what).fix(fix)])?;
    // Beside a pipe (`<(ssh vm3 docker inspect web)`) lies nothing: it is as if it were piped in.
    let folder = match file.parent().filter(|_| file.is_file()) {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    of_bytes(&name, bytes, &folder)
}

fn of_stdin() -> Result<Vec<Project>, Vec<Fault>> {
    let fault = |what: String, fix: &str| vec![Fault::of("standard input", what).fix(fix)];
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        let fix = "pipe something in: `docker inspect NAME | steward adopt --from -`";
        return Err(fault("is a terminal, and nothing was piped in".to_owned(), fix));
    }
    let mut bytes = Vec::new();
    stdin
        .take(MAX_INPUT as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| fault(format!("can't be read: {error}"), "look whether something was piped in"))?;
    of_bytes("standard input", bytes, Path::new("."))
}

/// The compose file of a folder.
fn in_folder(folder: &Path) -> Result<PathBuf, Vec<Fault>> {
    let fault = |what: String, fix: String| vec![Fault::of(&folder.display().to_string(), what).fix(fix)];
    let entries = std::fs::read_dir(folder).map_err(|error| {
        fault(format!("can't be read: {error}"), "look at the folder's rights".to_owned())
    })?;
    if let Some(found) = NAMES.iter().map(|name| folder.join(name)).find(|path| path.exists()) {
        return Ok(found);
    }
    let is_near = |name: &String| ENDINGS.iter().any(|ending| name.ends_with(ending));
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut near: Vec<String> = names.filter(is_near).collect();
    near.sort();
    let fix = match near.first() {
        Some(near) => format!("name the file, as in `--from {}`", folder.join(near).display()),
        None => "name the file".to_owned(),
    };
    Err(fault("is a folder without a compose file".to_owned(), fix))
}

/// What a file or a pipe holds; else what is wrong, and what to do about it.
fn whole(file: &Path) -> Result<Vec<u8>, (String, &'static str)> {
    let unread = |error: std::io::Error| {
        let fix = match error.kind() {
            std::io::ErrorKind::NotFound => "look at its name",
            std::io::ErrorKind::PermissionDenied => "look at its rights",
            _ => "look at its name and its rights",
        };
        (format!("can't be read: {error}"), fix)
    };
    let kind = std::fs::metadata(file).map_err(unread)?.file_type();
    if !kind.is_file() && !kind.is_fifo() {
        return Err(("is no file".to_owned(), "name a file with text in it"));
    }
    // A pipe that nobody writes to would be waited for without an end; opened so, it is empty.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let open = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(file).map_err(unread)?;
    rustix::fs::fcntl_setfl(&open, OFlags::empty()).map_err(|error| unread(error.into()))?;
    let mut bytes = Vec::new();
    open.take(MAX_INPUT as u64 + 1).read_to_end(&mut bytes).map_err(unread)?;
    Ok(bytes)
}

fn too_large(name: &str) -> Vec<Fault> {
    let what = format!("is larger than {} MiB", MAX_INPUT / 1024 / 1024);
    vec![Fault::of(name, what).fix("leave out what doesn't belong to what you want to bring")]
}

fn of_bytes(name: &str, bytes: Vec<u8>, folder: &Path) -> Result<Vec<Project>, Vec<Fault>> {
    if bytes.len() > MAX_INPUT {
        return Err(too_large(name));
    }
    let text = text(name, bytes).map_err(|fault| vec![fault])?;
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        let fix = "give what `docker inspect` prints, or a compose file";
        return Err(vec![Fault::of(name, "is empty").fix(fix)]);
    }
    if is_inspect(name, &text) {
        return inspect::read(name, &text, None);
    }
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let project =
        whole.file_name().map_or_else(|| "app".to_owned(), |name| name.to_string_lossy().into_owned());
    compose::read(name, &text, &project, &Folder(folder.to_owned())).map(|project| vec![project])
}

/// The text of a file: UTF-8, or UTF-16 as `docker inspect > x.json` writes it in `PowerShell`.
fn text(name: &str, bytes: Vec<u8>) -> Result<String, Fault> {
    let of_two: Option<fn([u8; 2]) -> u16> = match bytes.get(..2) {
        Some([0xff, 0xfe]) => Some(u16::from_le_bytes),
        Some([0xfe, 0xff]) => Some(u16::from_be_bytes),
        _ => None,
    };
    if let Some(of_two) = of_two {
        let units: Vec<u16> =
            bytes.chunks_exact(2).filter_map(|two| two.try_into().ok()).map(of_two).collect();
        return String::from_utf16(&units)
            .map_err(|_| Fault::of(name, "begins as UTF-16 and is none").fix("save it as UTF-8"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Fault::of(name, "is no UTF-8 text").on_line(line).fix("save it as UTF-8")
    })
}

/// Whether a text is what `docker inspect` prints. A compose file may be JSON, too, or look like it.
fn is_inspect(name: &str, text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let is_mine = |key: &&str| matches!(*key, "services" | "Job" | "job");
    match serde_json::from_str::<serde_json::Value>(start) {
        Ok(serde_json::Value::Object(top)) => !top.keys().any(|key| is_mine(&key.as_str())),
        Ok(value) => value.is_array(),
        // What is broken is told of in the words of what it was meant to be.
        Err(_) if ENDINGS.iter().any(|ending| name.ends_with(ending)) => false,
        Err(_) => (name.ends_with(".json") || start.starts_with(['[', '{'])) && !compose::is_told_of(text),
    }
}

/// What lies beside a compose file: in its folder, in those below it, and beside that folder.
struct Folder(PathBuf);

impl Beside for Folder {
    fn read(&self, path: &str) -> Result<Option<String>, String> {
        let around = self.0.canonicalize().map_err(|error| error.to_string())?;
        // Beside a folder at the root lies everything.
        let beside = around.parent().filter(|parent| parent.parent().is_some());
        let around = beside.unwrap_or(&around).to_owned();
        let file = self.0.join(path);
        let whole = match file.canonicalize() {
            Ok(whole) => whole,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        // A file from somewhere else may name any file of this machine.
        if !whole.starts_with(&around) {
            return Err("it lies elsewhere, and only what is beside the compose file is read; copy it there"
                .to_owned());
        }
        let about = std::fs::metadata(&whole).map_err(|error| error.to_string())?;
        if !about.is_file() {
            return Err("it is no file".to_owned());
        }
        if about.len() > BESIDE {
            return Err(format!("it is larger than {} MiB", BESIDE / 1024 / 1024));
        }
        let text = std::fs::read(&whole).map_err(|error| error.to_string())?;
        String::from_utf8(text).map(Some).map_err(|_| "it is no UTF-8 text".to_owned())
    }
}
