//! What is told without being asked.

use crate::adopt::project::{Note, Project, Until};
use crate::adopt::{Kind, Options};

/// Adds notes about what works otherwise in the new place.
pub(super) fn tell(project: &mut Project, options: &Options) {
    let mut notes = Vec::new();
    for service in &project.services {
        let waits = service.depends_on.iter().filter(|dependency| dependency.until != Until::Started);
        let waits: Vec<&str> = waits.map(|dependency| dependency.service.as_str()).collect();
        if options.to == Kind::K8s && !waits.is_empty() {
            notes.push(Note {
                service: Some(service.name.clone()),
                text: format!(
                    "It waits for {} now. Kubernetes starts all at once: until they are there, it fails and is started again.",
                    waits.join(", ")
                ),
            });
        }
    }
    for note in notes {
        if !project.notes.contains(&note) {
            project.notes.push(note);
        }
    }
}
