//! How a repository is read where it lies: git, with everything switched off that its configuration or its owner could
//! make run. The policy's rules for this (`shipped/changes.yaml`) name the same settings word by word.

use std::path::Path;

use crate::domain::action::Action;

/// Configuration that would let a repository run something or change what is printed, set to harmless values.
/// The operator named this repository, so its owner does not matter once nothing of it runs.
const HARDENING: [&str; 7] = [
    "safe.directory=*",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "log.showSignature=false",
    "log.showRoot=true",
    "protocol.allow=never",
];

/// Environment with the same purpose.
const ENVIRONMENT: [(&str, &str); 6] = [
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("LC_ALL", "C"),
];

/// git in the repository at `path` of this machine, with these arguments.
#[must_use]
pub fn hardened_git(path: &Path, arguments: Vec<String>) -> Action {
    // All that is the same for every repository comes first, so that one policy rule can name it word by word.
    let mut argv = vec!["git".to_owned()];
    for setting in HARDENING {
        argv.extend(["-c".to_owned(), setting.to_owned()]);
    }
    argv.extend(["-C".to_owned(), path.display().to_string()]);
    argv.extend(arguments);
    let Action::Command(mut command) = Action::local(argv);
    command.env = ENVIRONMENT.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Action::Command(command)
}
