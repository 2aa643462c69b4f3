//! What `docker inspect` prints, as projects.

use super::Fault;
use super::project::Project;

/// Reads what `docker inspect` (or `podman inspect`) printed: an array of containers, in which their images, volumes and
/// networks may stand, too. Containers of one compose project, and those that share a network of their own, belong
/// together. The projects hold no secret values, and nothing that only an image says.
///
/// `file` is what the input is called in faults; `host` the host it is from, where known.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(file: &str, text: &str, host: Option<&str>) -> Result<Vec<Project>, Vec<Fault>> {
    drop((text, host));
    Err(vec![Fault::of(file, "is not read yet")])
}
