//! What it means to set a variable.

/// What a variable has a say in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Governs {
    /// Nothing but the script that sets it.
    Nothing,
    /// Programs, if it is in their environment, as it may well be already.
    Programs,
    /// The shell itself, or which programs are found.
    Shell,
}

/// Variables by which a shell works, and those that decide what a name stands for.
const SHELL: [&str; 34] = [
    "PATH",
    "IFS",
    "ENV",
    "BASH_ENV",
    "CDPATH",
    "GLOBIGNORE",
    "SHELLOPTS",
    "BASHOPTS",
    "PS0",
    "PS1",
    "PS2",
    "PS3",
    "PS4",
    "PROMPT_COMMAND",
    "HOME",
    "PWD",
    "OLDPWD",
    "SHELL",
    "HISTFILE",
    "HISTCMD",
    "BASH_XTRACEFD",
    "TMOUT",
    "POSIXLY_CORRECT",
    "EXECIGNORE",
    "FIGNORE",
    "FUNCNEST",
    "INPUTRC",
    "OPTIND",
    "OPTARG",
    "MAILPATH",
    "MAIL",
    "REPLY",
    "DIRSTACK",
    "_",
];

const PREFIXES: [&str; 44] = [
    "LD_",
    "DYLD_",
    "GIT_",
    "SSH",
    "LESS",
    "SYSTEMD",
    "DOCKER",
    "PODMAN",
    "CONTAINER",
    "KUBE",
    "HELM",
    "PYTHON",
    "PERL",
    "RUBY",
    "GEM_",
    "NODE_",
    "NPM_",
    "JAVA",
    "JDK_",
    "XDG_",
    "RESTIC_",
    "BORG_",
    "RSYNC",
    "RCLONE_",
    "CURL",
    "WGET",
    "TAR_",
    "GREP_",
    "LS_",
    "TERM",
    "MAN",
    "NLS",
    "LOC",
    "GCONV",
    "MALLOC",
    "GLIBC",
    "GCC_",
    "SUDO",
    "VAULT_",
    "NOMAD_",
    "CONSUL_",
    "TALOS",
    "AWS_",
    "DEBIAN_",
];

const SUFFIXES: [&str; 12] = [
    "_PROXY", "_proxy", "PAGER", "EDITOR", "_OPTS", "OPTIONS", "_COMMAND", "_CONFIG", "_PATH", "_ASKPASS",
    "_HOST", "_PRELOAD",
];

const PROGRAMS: [&str; 10] =
    ["VISUAL", "BROWSER", "TMPDIR", "TMP", "TEMP", "POSIX", "SOCKS", "RES_OPTIONS", "HOSTALIASES", "USER"];

/// What a variable of this name has a say in.
pub(super) fn governs(name: &str) -> Governs {
    if SHELL.contains(&name) || name.starts_with("BASH") {
        Governs::Shell
    } else if PROGRAMS.contains(&name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
    {
        Governs::Programs
    } else {
        Governs::Nothing
    }
}

/// Whether this is a name that a variable can have.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
