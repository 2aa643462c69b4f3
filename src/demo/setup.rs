//! The configuration that the bot of the tour runs on.

use std::path::{Path, PathBuf};

use super::lab::{Lab, PATH_RULE, TOPOLOGY};

/// Writes the configuration that the bot runs on: as an operator would have it, but in a hurry.
pub(super) fn write_config(lab: &Lab, dir: &Path) -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = dir.join("steward");
    std::fs::create_dir_all(folder.join("skills"))?;
    std::fs::create_dir_all(folder.join("runbooks"))?;
    let skill = folder.join("skills/lab-health");
    std::fs::write(&skill, lab.skill())?;
    std::fs::set_permissions(&skill, std::fs::Permissions::from_mode(0o755))?;
    for (name, text) in lab.runbooks() {
        std::fs::write(folder.join("runbooks").join(name), text)?;
    }
    std::fs::write(folder.join("topology.yaml"), TOPOLOGY)?;
    std::fs::write(folder.join("policy.yaml"), lab.policy())?;
    let (pattern, target) = PATH_RULE;
    let repository = serde_json::Value::from(lab.config_dir().display().to_string());
    let text = format!(
        r#"# The demo's configuration: everything as usual, but the waits are short.
host = "demo"
state_dir = "state"
[paths]
shipped_skills = false
shipped_runbooks = false
[skills]
jitter = "0s"
[incidents]
settle = "1s"
hold = "3s"
reopen_window = "1s"
cooldown = "0s"
[changes]
detect = false
[[changes.git]]
name = "lab-config"
path = {repository}
[[changes.git.targets]]
pattern = "{pattern}"
targets = ["{target}"]
"#
    );
    let file = folder.join("config.toml");
    std::fs::write(&file, text)?;
    Ok(file)
}
