//! Adopting what was adopted comes to the same, for all that homelabs run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::adopt::project::*;
use crate::adopt::{Adoption, Kind, Options, adopt, compose, inspect};

struct Folder(PathBuf);

impl compose::Beside for Folder {
    fn read(&self, path: &str) -> Result<Option<String>, String> {
        Ok(std::fs::read_to_string(self.0.join(path)).ok())
    }
}

/// All inputs, each read as what it is: every one of them has to be readable.
fn projects() -> Vec<(String, Project)> {
    static READ: LazyLock<Vec<(String, Project)>> = LazyLock::new(read_all);
    READ.clone()
}

fn read_all() -> Vec<(String, Project)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/adopt/inputs"));
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("inputs").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut projects = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            let file = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"]
                .into_iter()
                .find(|file| path.join(file).exists());
            let file = file.unwrap_or_else(|| panic!("{name} has no compose file"));
            let text = std::fs::read_to_string(path.join(file)).expect("a text");
            let project = compose::read(file, &text, &name, &Folder(path));
            projects.push((name.clone(), project.unwrap_or_else(|faults| panic!("{name}: {faults:#?}"))));
        } else {
            let text = std::fs::read_to_string(&path).expect("a text");
            let read = inspect::read(&name, &text, Some("vm3"));
            for project in read.unwrap_or_else(|faults| panic!("{name}: {faults:#?}")) {
                projects.push((format!("{name}: {}", project.name), project));
            }
        }
    }
    assert!(projects.len() > 40, "{}", projects.len());
    projects
}

fn options(compose_host: Option<&str>) -> Options {
    Options { to: Kind::Compose, compose_host: compose_host.map(str::to_owned), ..Options::default() }
}

fn adopted(name: &str, project: Project, options: &Options) -> Adoption {
    adopt(project, options).unwrap_or_else(|faults| panic!("{name}: {faults:#?}"))
}

fn text(adoption: &Adoption) -> String {
    adoption.written.objects.iter().map(|object| object.text.as_str()).collect()
}

fn read_back(name: &str, text: &str) -> Project {
    compose::read("compose.yaml", text, "other", &BTreeMap::new())
        .unwrap_or_else(|faults| panic!("{name}: {faults:#?}\n{text}"))
}

/// The project as far as compose can say it.
fn sayable(mut project: Project) -> Project {
    project.origin = Origin::Compose;
    let name = project.name.clone();
    for (key, volume) in &mut project.volumes {
        volume.mountpoint = None;
        volume.real_name.take_if(|real| real == key || *real == format!("{name}_{key}"));
    }
    for (key, network) in &mut project.networks {
        network.real_name.take_if(|real| real == key || *real == format!("{name}_{key}"));
    }
    for service in &mut project.services {
        for mount in &mut service.mounts {
            // What was nameless gets a name, so that its data is kept.
            if let (MountSource::Anonymous, Fate::Claim(claim)) = (&mount.source, &mount.fate) {
                let name = claim.name.clone();
                project.volumes.insert(name.clone(), Volume::default());
                mount.source = MountSource::Volume(name);
            }
        }
    }
    for file in project.files.values_mut().filter(|file| file.text.is_some()) {
        file.path = None;
    }
    let used = |key: &String| {
        project.services.iter().any(|service| {
            service.mounts.iter().any(|mount| mount.source == MountSource::Volume(key.clone()))
        })
    };
    let volumes = std::mem::take(&mut project.volumes);
    project.volumes = volumes.into_iter().filter(|(key, _)| used(key)).collect();
    project.networks.remove("default");
    let on = |key: &String| {
        project.services.iter().any(|service| {
            matches!(&service.network, Connection::Networks(list) if list.iter().any(|one| one.network == *key))
        })
    };
    let networks = std::mem::take(&mut project.networks);
    project.networks = networks.into_iter().filter(|(key, _)| on(key)).collect();
    project.notes.clear();
    for service in &mut project.services {
        let own = service.name.clone();
        // What several have under one name is called after each where nobody knows that it is the same.
        service.secret_names.clear();
        // What runs is not told of, only what doesn't.
        service.running.take_if(|running| *running);
        service.mounts.retain(|mount| !matches!(mount.fate, Fate::Left(_)));
        service.mounts.sort_by(|a, b| a.target.cmp(&b.target));
        service.ports.sort();
        for mount in &mut service.mounts {
            mount.fate = Fate::Open;
        }
        if let Connection::Networks(list) = &mut service.network {
            for one in list.iter_mut() {
                one.aliases.remove(&own);
            }
            list.sort();
            let plain = |one: &Attachment| {
                one.network == "default" && one.aliases.is_empty() && one.address.is_none()
            };
            if list.len() == 1 && list.iter().all(plain) {
                list.clear();
            }
        }
    }
    project.services.sort_by(|a, b| a.name.cmp(&b.name));
    project
}

#[test]
fn adopting_what_was_adopted_writes_the_same_bytes() {
    let mut wrong = Vec::new();
    for host in [None, Some("vm9")] {
        let options = options(host);
        for (name, project) in projects() {
            let first = text(&adopted(&name, project, &options));
            let second = text(&adopted(&name, read_back(&name, &first), &options));
            if first != second {
                let lines: Vec<String> = first
                    .lines()
                    .filter(|line| !second.lines().any(|other| other == *line))
                    .map(|line| format!("- {line}"))
                    .chain(
                        second
                            .lines()
                            .filter(|line| !first.lines().any(|other| other == *line))
                            .map(|line| format!("+ {line}")),
                    )
                    .collect();
                wrong.push(format!("{name} ({host:?}):\n{}", lines.join("\n")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_is_read_back_is_the_project_that_was_written() {
    let mut wrong = Vec::new();
    for (name, project) in projects() {
        let first = adopted(&name, project, &options(None));
        let back = sayable(read_back(&name, &text(&first)));
        let settled = sayable(first.settled.project);
        if back != settled {
            let lines = |project: &Project| -> Vec<String> {
                let json = serde_json::to_string_pretty(project).unwrap_or_default();
                json.lines().map(str::to_owned).collect()
            };
            let (a, b) = (lines(&settled), lines(&back));
            let gone = a.iter().filter(|line| !b.contains(line)).map(|line| format!("- {line}"));
            let new = b.iter().filter(|line| !a.contains(line)).map(|line| format!("+ {line}"));
            let all: Vec<String> = gone.chain(new).collect();
            wrong.push(format!("{name}:\n{}", all.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_cluster_gets_the_same_from_what_was_read_back() {
    let mut wrong = Vec::new();
    for to in [Kind::K8s, Kind::Nomad] {
        let cluster = Options { to, ..Options::default() };
        for (name, project) in projects() {
            let file = text(&adopted(&name, project.clone(), &options(None)));
            let sorted = |mut project: Project| {
                // The order of these tells nothing; compose has two lists of each.
                for service in &mut project.services {
                    service.ports.sort();
                    service.mounts.sort_by(|a, b| a.target.cmp(&b.target));
                }
                project.origin = Origin::Compose;
                project
            };
            let (direct, around) =
                (adopt(sorted(project), &cluster), adopt(sorted(read_back(&name, &file)), &cluster));
            let (Ok(direct), Ok(around)) = (direct, around) else {
                wrong.push(format!("{name}: is not written for {to}"));
                continue;
            };
            let (direct, around) = (text(&direct), text(&around));
            if direct != around {
                let gone = direct
                    .lines()
                    .filter(|line| !around.lines().any(|other| other == *line))
                    .map(|line| format!("- {line}"));
                let new = around
                    .lines()
                    .filter(|line| !direct.lines().any(|other| other == *line))
                    .map(|line| format!("+ {line}"));
                let all: Vec<String> = gone.chain(new).collect();
                wrong.push(format!("{name} for {to}:\n{}", all.join("\n")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
