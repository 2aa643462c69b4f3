//! What the demo writes to Steward's configuration folder: the lab's topology, skill, runbooks and policy rules.

use std::path::Path;

use super::layout::{Layout, Role, config_name};

/// The lab's topology.
pub const TOPOLOGY: &str = "\
targets:
  lab/proxy: { depends_on: [lab/api, lab/web] }
  lab/api: { depends_on: [lab/store] }
  lab/web: { depends_on: [lab/store] }
  lab/store: {}
";

/// Which targets a path in the lab's config repository belongs to: a pattern and a target.
pub const PATH_RULE: (&str, &str) = ("{name}.toml", "lab/{name}");

/// The script `labctl`: short to read in a chat, and not Steward's own binary, which a policy may protect.
pub(super) fn ctl(exe: &Path, dir: &Path) -> String {
    format!("#!/bin/sh\nexec {} lab-ctl --dir {} \"$@\"\n", shell_quoted(exe), shell_quoted(dir))
}

/// The skill `lab-health` of the lab in `dir`: a shell script that needs nothing but the lab.
#[must_use]
pub fn skill(dir: &Path) -> String {
    format!(
        "#!/bin/sh\n\
         # Looks at the four processes of the scratch lab, as a person would: do they run, do they answer?\n\
         #: schedule = \"@every 1s\"\n\
         #: timeout  = \"30s\"\n\
         #: targets  = [\"lab\"]\n\
         #: hosts    = [\"local\"]\n\
         exec {} report\n",
        shell_quoted(&Layout::new(dir).ctl())
    )
}

/// The runbooks of the lab in `dir`: file name and text.
#[must_use]
pub fn runbooks(dir: &Path) -> [(&'static str, String); 2] {
    let layout = Layout::new(dir);
    let ctl = quoted(&layout.ctl().display().to_string());
    let repo = quoted(&layout.config_dir().display().to_string());
    [("restart-lab-store.yaml", restart_store(&ctl)), ("revert-lab-config.yaml", revert_config(&ctl, &repo))]
}

fn restart_store(ctl: &str) -> String {
    format!(
        r#"# Nobody told the store to restart by itself, so this does.
name: restart-lab-store
title: Start the store again
match: {{ signature: store-down, target: lab/store }}
steps:
  - name: restart
    run: [{ctl}, restart, store]
    verify: [{ctl}, status, store]
    timeout: 20s
limits: {{ cooldown: 0s, max_attempts: 5, watch: 1s }}
"#
    )
}

fn revert_config(ctl: &str, repo: &str) -> String {
    format!(
        r#"# A process that refuses its config gets back the one it ran with: the last commit that touched its file is
# reverted. What the file held is captured first, so that the undo can bring it back.
name: revert-lab-config
title: Revert the last change of its config
match: {{ signature: config-invalid }}
steps:
  - name: revert
    capture:
      before: [git, -C, {repo}, rev-parse, "HEAD:{{{{ target.name }}}}.toml"]
    run: [{ctl}, revert-config, "{{{{ target.name }}}}"]
    verify: [{ctl}, status, "{{{{ target.name }}}}"]
    undo: [{ctl}, restore-config, "{{{{ target.name }}}}", "{{{{ capture.before }}}}"]
    timeout: 30s
limits: {{ cooldown: 0s, max_attempts: 2, watch: 1s }}
"#
    )
}

/// The policy rules for the commands of the runbooks, as an operator would write them.
#[must_use]
pub fn policy(dir: &Path) -> String {
    let layout = Layout::new(dir);
    let ctl = quoted(&layout.ctl().display().to_string());
    let repo = quoted(&layout.config_dir().display().to_string());
    let roles = Role::ALL.map(Role::name).join(", ");
    let files = Role::ALL.map(|role| quoted(&format!("HEAD:{}", config_name(role)))).join(", ");
    format!(
        r#"# What the commands of the scratch lab do.
rules:
  - name: lab-status
    why: it looks at one of the lab's processes
    pattern: [{ctl}, status, [{roles}]]
    effect: read
    match: [[{ctl}, status, store]]
    not_match: [[{ctl}, restart, store], [{ctl}, status, other]]

  - name: lab-config-content
    why: it names the content of a config file
    pattern: [git, -C, {repo}, rev-parse, [{files}]]
    effect: read
    match: [[git, -C, {repo}, rev-parse, "HEAD:api.toml"]]
    not_match: [[git, -C, {repo}, rev-parse, HEAD], [git, -C, /, rev-parse, "HEAD:api.toml"]]

  - name: lab-restart
    why: it brings a process back to what its config declares
    pattern: [{ctl}, [start, restart], [{roles}]]
    effect: restorative
    blast_radius: service
    match: [[{ctl}, restart, store]]
    not_match: [[{ctl}, restart], [{ctl}, kill, store]]

  - name: lab-revert-config
    why: a revert is a commit, and what the file held before can be restored
    pattern: [{ctl}, revert-config, [{roles}]]
    effect: reversible
    blast_radius: service
    undo: restore what the file held (labctl restore-config NAME BLOB)
    match: [[{ctl}, revert-config, api]]
    not_match: [[{ctl}, revert-config, other]]

  - name: lab-restore-config
    why: a restore is a commit too
    pattern: [{ctl}, restore-config, [{roles}], "*"]
    effect: reversible
    blast_radius: service
    undo: restore what the file held before (labctl restore-config NAME BLOB)
    match: [[{ctl}, restore-config, api, 1dcd56f711d12aa17625787f4bc8698e4f6d2c98]]
    not_match: [[{ctl}, restore-config, api], [{ctl}, restore-config, api, --all]]
"#
    )
}

fn shell_quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// A YAML double-quoted scalar. A path with double braces would be read as a template; the name of a temporary
/// folder has none.
fn quoted(text: &str) -> String {
    // JSON's strings are YAML's.
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_folder_stays_one_argument() {
        let (exe, dir) = (Path::new("/opt/my tools/it's steward"), Path::new("/tmp/a \"b\": c"));
        assert!(
            ctl(exe, dir)
                .ends_with("exec '/opt/my tools/it'\\''s steward' lab-ctl --dir '/tmp/a \"b\": c' \"$@\"\n")
        );
        let program = dir.join("labctl");
        for (name, text) in runbooks(dir) {
            let yaml: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
            assert_eq!(yaml["steps"][0]["run"][0].as_str(), program.to_str(), "{name}");
        }
        let rules: serde_yaml::Value = serde_yaml::from_str(&policy(dir)).unwrap();
        assert_eq!(rules["rules"][0]["pattern"][0].as_str(), program.to_str());
    }
}
