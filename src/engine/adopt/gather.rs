//! Looks at a container and at what belongs to it, where it runs. Everything here only reads.

use crate::adopt::{Fault, Project};
use crate::engine::ports::ReadCommand;

/// Looks at a container, at the others of its project, their images, volumes and networks, how large their data is and
/// what they take. `host` is a host of the configuration, or [`LOCAL`](crate::engine::ports::LOCAL).
///
/// # Errors
/// Why there is nothing to bring: the host can't be asked, there is no such container.
pub async fn gather(reader: &dyn ReadCommand, container: &str, host: &str) -> Result<Project, Vec<Fault>> {
    let _ = reader;
    Err(vec![Fault::of(host, format!("{container} is not looked at yet"))])
}
