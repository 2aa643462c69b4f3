//! Where the configuration is looked for.

use std::path::{Path, PathBuf};

/// The place for a system-wide installation.
const SYSTEM: &str = "/etc/steward/config.toml";

/// The file to read: the one that `--config` names, else the one that `$STEWARD_CONFIG` names, else
/// `./config.toml`, else `/etc/steward/config.toml`. A named one is taken even if it isn't there, so that a typo is
/// told; the other two only where they exist. `None` means the embedded defaults.
#[must_use]
pub fn discover(flag: Option<PathBuf>, env: Option<PathBuf>) -> Option<PathBuf> {
    discover_in(Path::new(""), Path::new(SYSTEM), flag, env)
}

fn discover_in(cwd: &Path, system: &Path, flag: Option<PathBuf>, env: Option<PathBuf>) -> Option<PathBuf> {
    let named = flag.or(env.filter(|path| !path.as_os_str().is_empty()));
    named.or_else(|| {
        [cwd.join("config.toml"), system.to_owned()].into_iter().find(|path| path.symlink_metadata().is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_goes_before_the_environment_before_the_folder_before_the_system() {
        let dir = tempfile::tempdir().unwrap();
        let (local, system) = (dir.path().join("config.toml"), dir.path().join("system.toml"));
        let found = |flag: Option<&str>, env: Option<&str>| {
            discover_in(dir.path(), &system, flag.map(PathBuf::from), env.map(PathBuf::from))
        };
        assert_eq!(found(None, None), None);
        std::fs::write(&system, "").unwrap();
        assert_eq!(found(None, None), Some(system.clone()));
        std::fs::write(&local, "").unwrap();
        assert_eq!(found(None, None), Some(local.clone()));
        assert_eq!(found(None, Some("")), Some(local));
        assert_eq!(found(None, Some("env.toml")), Some("env.toml".into()));
        assert_eq!(found(Some("flag.toml"), Some("env.toml")), Some("flag.toml".into()));
    }
}
