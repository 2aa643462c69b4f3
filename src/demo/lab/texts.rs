//! What the demo writes to Steward's configuration folder: the lab's topology, skill and runbooks.

use std::path::Path;

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

/// The skill `lab-health`: a shell script that needs nothing but the binary.
#[must_use]
pub fn skill(exe: &Path, dir: &Path) -> String {
    format!(
        "#!/bin/sh\n\
         # Looks at the four processes of the scratch lab, as a person would: do they run, do they answer?\n\
         #: schedule = \"* * * * *\"\n\
         #: timeout  = \"30s\"\n\
         #: targets  = [\"lab\"]\n\
         #: hosts    = [\"local\"]\n\
         exec {} lab-ctl --dir {} report\n",
        shell_quoted(exe),
        shell_quoted(dir)
    )
}

/// The lab's runbooks: file name and text.
#[must_use]
pub fn runbooks(exe: &Path, dir: &Path) -> [(&'static str, String); 2] {
    let ctl = format!(
        "{}, lab-ctl, --dir, {}",
        yaml_quoted(&exe.display().to_string()),
        yaml_quoted(&dir.display().to_string())
    );
    let repo = yaml_quoted(&dir.join("config").display().to_string());
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
# reverted. What was checked out before is captured, so that the undo can bring it back.
name: revert-lab-config
title: Revert the last change of its config
match: {{ signature: config-invalid }}
steps:
  - name: revert
    capture:
      before: [git, -C, {repo}, rev-parse, HEAD]
    run: [{ctl}, revert-config, "{{{{ target.name }}}}"]
    verify: [{ctl}, status, "{{{{ target.name }}}}"]
    undo: [{ctl}, restore-config, "{{{{ target.name }}}}", "{{{{ capture.before }}}}"]
    timeout: 30s
limits: {{ cooldown: 0s, max_attempts: 2, watch: 1s }}
"#
    )
}

fn shell_quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// A YAML double-quoted scalar. Braces in a path would be read as a template, so they can't be in it; a
/// temporary folder's name has none.
fn yaml_quoted(text: &str) -> String {
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
            skill(exe, dir)
                .ends_with("exec '/opt/my tools/it'\\''s steward' lab-ctl --dir '/tmp/a \"b\": c' report\n")
        );
        for (name, text) in runbooks(exe, dir) {
            let yaml: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
            let run = &yaml["steps"][0]["run"];
            assert_eq!(run[0].as_str(), exe.to_str(), "{name}");
            assert_eq!(run[3].as_str(), dir.to_str(), "{name}");
        }
    }
}
