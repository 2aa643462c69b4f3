//! What `docker inspect` prints, as projects.

mod around;
mod assemble;
mod container;
mod grouping;
mod image;
mod limits;
mod mounts;
mod networks;
mod node;
mod pods;
mod ports;
mod process;
mod reference;
mod rights;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use super::Fault;
use super::project::Project;
use super::secrets;
use around::{Around, Shape};
use container::Found;
use node::{Faults, Node, shown};

/// So many containers, images, volumes and networks of one input at most.
const MAX_OBJECTS: usize = 10_000;
/// So many containers of one input at most.
const MAX_CONTAINERS: usize = 1000;

/// Reads what `docker inspect` (or `podman inspect`) printed: an array of containers, in which their images, volumes and
/// networks may stand, too. Containers of one compose project, and those that share a network of their own, belong
/// together. The projects hold no secret values, and nothing that only an image says.
///
/// `file` is what the input is called in faults; `host` the host it is from, where known.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(file: &str, text: &str, host: Option<&str>) -> Result<Vec<Project>, Vec<Fault>> {
    read_whole(file, text, host).map_err(|faults| secrets::clean_faults(faults, &[text]))
}

fn read_whole(file: &str, text: &str, host: Option<&str>) -> Result<Vec<Project>, Vec<Fault>> {
    let values = text::values(file, text)?;
    if values.len() > MAX_OBJECTS {
        let what = format!("holds {} objects, and {MAX_OBJECTS} are read at most", values.len());
        return Err(vec![Fault::of(file, what).fix("inspect fewer at a time")]);
    }
    let faults = Faults::of(file);
    let mut around = Around::default();
    let mut nodes = Vec::new();
    // One object by itself is no item of a list.
    let alone = values.len() == 1 && !text.trim_start_matches('\u{feff}').trim_start().starts_with('[');
    for (at, value) in values.iter().enumerate() {
        let node = Node::new(&faults, value, if alone { String::new() } else { format!("[{at}]") });
        match around::shape(&node) {
            Some(Shape::Container) => {
                around.add_program(&node);
                nodes.push(node);
            }
            Some(shape) => around.add(shape, &node),
            None => around::refuse(&node, &faults),
        }
    }
    if nodes.len() > MAX_CONTAINERS {
        let what = format!("holds {} containers, and {MAX_CONTAINERS} are read at most", nodes.len());
        faults.add("", what, Some("inspect fewer at a time"));
        return Err(faults.take());
    }
    let containers = containers(&nodes, &around, &faults);
    let mut wrong = faults.take();
    if nodes.is_empty() && wrong.is_empty() {
        let fix = "inspect the containers together with them";
        wrong.push(Fault::of(file, "holds no container, only images, volumes, networks or pods").fix(fix));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let groups = grouping::groups(containers, &around);
    let mut projects: Vec<Project> =
        groups.into_iter().map(|group| assemble::project(group, &around, host)).collect();
    name_apart(&mut projects);
    projects.sort_by(|a, b| a.name.cmp(&b.name));
    for project in &mut projects {
        secrets::hide(project);
    }
    Ok(projects)
}

/// The containers; one that stands there twice counts once.
fn containers(nodes: &[Node<'_>], around: &Around<'_>, faults: &Faults) -> Vec<Found> {
    let mut ids = BTreeSet::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut containers = Vec::new();
    for node in nodes {
        let found = container::read(node, around);
        if !found.id.is_empty() && !ids.insert(found.id.clone()) {
            continue;
        }
        if let Some(first) = names.insert(found.name.clone(), found.path.clone()) {
            let what = format!("is called \"{}\", as {first} is", shown(&found.name));
            faults.add(&found.path, what, Some("inspect the containers of one host at a time"));
        }
        containers.push(found);
    }
    containers
}

/// Gives projects of the same name different ones.
fn name_apart(projects: &mut [Project]) {
    let mut taken = BTreeSet::new();
    for project in projects {
        if taken.contains(&project.name) {
            project.name = assemble::free(&project.name, &taken);
        }
        taken.insert(project.name.clone());
    }
}

#[cfg(test)]
mod tests;
