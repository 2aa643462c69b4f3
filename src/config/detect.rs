//! What this machine has that can tell of changes. Looked for without running anything.

use std::path::Path;

use super::settings::{ChangeSettings, Reading};

/// Where apt writes what it did, the oldest first.
pub const APT_HISTORY: [&str; 2] = ["/var/log/apt/history.log.1", "/var/log/apt/history.log"];
/// Where dpkg writes what it did, the oldest first.
pub const DPKG_LOG: [&str; 2] = ["/var/log/dpkg.log.1", "/var/log/dpkg.log"];

/// Which sources of changes are read besides the repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadHere {
    /// Kustomizations and Helm releases.
    pub flux: bool,
    /// Workloads of a cluster.
    pub kubernetes: bool,
    /// Containers.
    pub docker: bool,
    /// Packages.
    pub packages: bool,
    /// Starts of this machine.
    pub reboots: bool,
}

impl ReadHere {
    /// What the settings want, with what this machine has where they leave that open.
    #[must_use]
    pub fn of(settings: &ChangeSettings) -> Self {
        let wanted = |reading: Reading, there: fn() -> bool| match reading {
            Reading::On => true,
            Reading::Off => false,
            Reading::Auto => settings.detect && there(),
        };
        Self {
            flux: wanted(settings.flux, has_cluster),
            kubernetes: wanted(settings.kubernetes, has_cluster),
            docker: wanted(settings.docker, || {
                Path::new("/var/run/docker.sock").exists() && in_path("docker")
            }),
            packages: wanted(settings.packages, || {
                APT_HISTORY.iter().chain(&DPKG_LOG).any(|file| Path::new(file).exists())
            }),
            reboots: wanted(settings.reboots, || Path::new("/proc/stat").exists()),
        }
    }
}

impl ChangeSettings {
    /// The names of the sources that are read: `git:homelab`, `docker`.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let read = ReadHere::of(self);
        let others = [
            ("flux", read.flux),
            ("kubernetes", read.kubernetes),
            ("docker", read.docker),
            ("packages", read.packages),
            ("reboots", read.reboots),
        ];
        let repositories = self.git.iter().map(|source| format!("git:{}", source.name));
        repositories
            .chain(others.into_iter().filter(|(_, read)| *read).map(|(name, _)| name.to_owned()))
            .collect()
    }
}

/// Whether kubectl is there and set up for a cluster.
fn has_cluster() -> bool {
    let configured = std::env::var_os("KUBECONFIG").is_some_and(|files| !files.is_empty())
        || std::env::var_os("HOME").is_some_and(|home| Path::new(&home).join(".kube/config").exists());
    configured && in_path("kubectl")
}

fn in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_that_was_not_asked_for_where_detection_is_off_and_on_is_on_everywhere() {
        let off = ChangeSettings { detect: false, ..ChangeSettings::default() };
        assert!(off.names().is_empty());
        let on = ChangeSettings { docker: Reading::On, flux: Reading::On, ..off };
        assert_eq!(on.names(), ["flux", "docker"]);
        let never = Reading::Off;
        let none = ChangeSettings {
            flux: never,
            kubernetes: never,
            docker: never,
            packages: never,
            reboots: never,
            ..ChangeSettings::default()
        };
        assert!(none.names().is_empty());
    }
}
