//! Where a project is read from: a file, or the host that it runs on.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::adopt::compose::Beside;
use crate::adopt::{Fault, MAX_INPUT, Project, compose, inspect};
use crate::cli::args::AdoptArgs;
use crate::cli::{Failure, Stop, Tools};
use crate::config::Setup;
use crate::engine::adopt::gather::gather;
use crate::engine::ports::LOCAL;

/// What a folder's compose file may be called, the usual name first.
const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
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
    if let Some(host) = host {
        projects.iter_mut().for_each(|project| project.host = Some(host.clone()));
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
    let name = file.display().to_string();
    let fault = |what: String, fix: &str| vec![Fault::of(&name, what).fix(fix)];
    if file == Path::new("-") {
        let mut text = Vec::new();
        let limit = MAX_INPUT as u64 + 1;
        std::io::stdin().take(limit).read_to_end(&mut text).map_err(|error| {
            fault(format!("can't be read: {error}"), "look whether something was piped in")
        })?;
        return of_bytes("standard input", &text, Path::new("."), "app");
    }
    let found = NAMES.iter().map(|name| file.join(name)).find(|path| path.is_file());
    let file = match (file.is_dir(), found) {
        (true, Some(found)) => found,
        (true, None) => {
            let what = "is a folder without a compose file".to_owned();
            return Err(fault(what, "name the file"));
        }
        (false, _) => file.to_owned(),
    };
    let size = std::fs::metadata(&file)
        .map_err(|error| fault(format!("can't be read: {error}"), "look at its name and its rights"))?;
    if !size.is_file() {
        return Err(fault("is no file".to_owned(), "name a file with text in it"));
    }
    if size.len() > MAX_INPUT as u64 {
        return Err(too_large(&name));
    }
    let text = std::fs::read(&file)
        .map_err(|error| fault(format!("can't be read: {error}"), "look at its rights"))?;
    let folder = match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.clone());
    let project =
        whole.file_name().map_or_else(|| "app".to_owned(), |name| name.to_string_lossy().into_owned());
    of_bytes(&file.display().to_string(), &text, &folder, &project)
}

fn too_large(name: &str) -> Vec<Fault> {
    let what = format!("is larger than {} MiB", MAX_INPUT / 1024 / 1024);
    vec![Fault::of(name, what).fix("leave out what doesn't belong to what you want to bring")]
}

fn of_bytes(name: &str, bytes: &[u8], folder: &Path, project: &str) -> Result<Vec<Project>, Vec<Fault>> {
    if bytes.len() > MAX_INPUT {
        return Err(too_large(name));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        let what = "is no UTF-8 text";
        vec![Fault::of(name, what).on_line(line).fix("save it as UTF-8")]
    })?;
    if is_inspect(text) {
        return inspect::read(name, text, None);
    }
    compose::read(name, text, project, &Folder(folder.to_owned())).map(|project| vec![project])
}

/// Whether a text is what `docker inspect` prints. A compose file may be JSON, too.
fn is_inspect(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let compose =
        serde_json::from_str::<serde_json::Value>(start).is_ok_and(|value| value.get("services").is_some());
    start.starts_with(['[', '{']) && !compose
}

/// What lies beside a compose file: in its folder, in those below it, and beside that folder.
struct Folder(PathBuf);

impl Beside for Folder {
    fn read(&self, path: &str) -> Result<Option<String>, String> {
        let around = self.0.canonicalize().map_err(|error| error.to_string())?;
        let around = around.parent().unwrap_or(&around).to_owned();
        let file = self.0.join(path);
        let whole = match file.canonicalize() {
            Ok(whole) => whole,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        // A file from somewhere else may name any file of this machine.
        if !whole.starts_with(&around) {
            return Err("it lies elsewhere; only what is beside the compose file is read".to_owned());
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
