//! Commands on Steward's own state, binary, configuration and service.

use std::path::{Path, PathBuf};

use crate::domain::action::Command;
use crate::policy::paths;

/// Programs that reach what lies below the path they are given.
const REACH_DOWN: [&str; 12] =
    ["rm", "rmdir", "mv", "chmod", "chown", "chgrp", "chattr", "setfacl", "umount", "mount", "find", "rsync"];

/// Verbs of systemctl that would take Steward down or change how it runs.
const UNIT_VERBS: [&str; 10] = [
    "stop",
    "restart",
    "try-restart",
    "reload-or-restart",
    "kill",
    "disable",
    "mask",
    "edit",
    "revert",
    "set-property",
];

/// Why this command must never run, if so.
pub(super) fn forbids(command: &Command, protected: &[PathBuf]) -> Option<String> {
    let program = paths::base_name(command.argv.first()?);
    for path in protected.iter().filter_map(|path| path.to_str()).filter(|path| path.starts_with('/')) {
        let reaches = |word: &str| {
            names(word, path, command.cwd.as_deref())
                || (reaches_down(command, program) && covers(word, path, command))
        };
        let inside =
            command.cwd.as_deref().and_then(Path::to_str).is_some_and(|cwd| paths::within(cwd, path));
        let texts = command.argv.iter().chain(&command.stdin).chain(command.env.values());
        if inside || texts.into_iter().any(|word| reaches(word)) {
            return Some(format!(
                "it touches {path}, which is Steward's own; Steward changes itself only through its own commands"
            ));
        }
    }
    is_own_unit(program, &command.argv)
        .then(|| "it acts on Steward's own service; a person has to do that".to_owned())
}

fn reaches_down(command: &Command, program: &str) -> bool {
    REACH_DOWN.contains(&program)
        && (program != "find" || command.argv.iter().any(|w| w == "-delete" || w.starts_with("-exec")))
}

/// Whether a directory argument lies above the protected path.
fn covers(word: &str, path: &str, command: &Command) -> bool {
    !word.starts_with('-') && paths::within(path, &paths::absolute(word, command.cwd.as_deref()))
}

/// Whether a text names `path` or something below it: as a path of its own, or anywhere within (`--file=…`, a script).
fn names(text: &str, path: &str, cwd: Option<&Path>) -> bool {
    if paths::within(&paths::absolute(text, cwd), path) {
        return true;
    }
    let part_of_a_name = |c: char| c.is_alphanumeric() || "._-".contains(c);
    text.match_indices(path).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + path.len()..].chars().next();
        !before.is_some_and(part_of_a_name) && !after.is_some_and(part_of_a_name)
    })
}

fn is_own_unit(program: &str, argv: &[String]) -> bool {
    program == "systemctl"
        && argv.iter().any(|word| UNIT_VERBS.contains(&word.as_str()))
        && argv.iter().any(|word| word == "steward" || word == "steward.service")
}

#[cfg(test)]
mod tests {
    use crate::domain::action::Action;

    use super::*;

    fn forbidden(line: &str, cwd: Option<&str>) -> bool {
        let Action::Command(mut command) =
            Action::local(line.split_whitespace().map(str::to_owned).collect());
        command.cwd = cwd.map(PathBuf::from);
        forbids(&command, &["/var/lib/steward".into(), "/usr/local/bin/steward".into()]).is_some()
    }

    #[test]
    fn whatever_names_stewards_own_files_is_forbidden() {
        for line in [
            "cat /var/lib/steward/steward.db",
            "rm -r /var/lib/steward",
            "sqlite3 --file=/var/lib/steward/steward.db",
            "sh -c rm${IFS}/var/lib/steward/x",
            "cp x /var/lib//steward/./y",
            "cp x /var/lib/other/../steward/y",
            "/usr/local/bin/steward run",
            "rm -r /var/lib",
            "umount /var",
            "systemctl restart steward",
            "systemctl --no-block stop steward.service",
        ] {
            assert!(forbidden(line, None), "{line:?} passed");
        }
        assert!(forbidden("rm steward/steward.db", Some("/var/lib")));
        assert!(forbidden("rm x", Some("/var/lib/steward")));
    }

    #[test]
    fn a_neighbour_with_a_similar_name_is_free() {
        for line in [
            "cat /var/lib/steward2/x",
            "cat /mnt/backup/var/lib/steward-old",
            "ls /var/lib",
            "systemctl status steward",
            "systemctl restart nginx",
        ] {
            assert!(!forbidden(line, None), "{line:?} refused");
        }
    }
}
