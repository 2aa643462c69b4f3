//! Paths as text: which file an argument means, without asking the file system.

use std::path::Path;

/// The directories whose programs are known by their bare name.
const SYSTEM_DIRS: [&str; 6] =
    ["/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];

/// Where a process without a working directory of its own runs. The runner holds to it.
pub(super) const DEFAULT_CWD: &str = "/";

/// The bare name of a program where that is enough to know it: without a directory, or in a system one.
/// Another directory's program is known by its full path only.
pub(super) fn known_name(program: &str) -> Option<&str> {
    match program.rsplit_once('/') {
        None => Some(program),
        Some((dir, name)) if SYSTEM_DIRS.contains(&dir) => Some(name),
        Some(_) => None,
    }
}

/// The last segment, whatever the directory: for guardrails, which would rather see too much.
pub(super) fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// The absolute path that an argument means: joined to the working directory, `.`, `..` and doubled slashes
/// resolved as text. Symbolic links are not followed.
pub(super) fn absolute(argument: &str, cwd: Option<&Path>) -> String {
    let base = cwd.and_then(Path::to_str).unwrap_or(DEFAULT_CWD);
    let joined = if argument.starts_with('/') { argument.to_owned() } else { format!("{base}/{argument}") };
    let mut segments: Vec<&str> = Vec::new();
    for segment in joined.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    format!("/{}", segments.join("/"))
}

/// Whether an argument climbs (`..` as a whole segment): where it leads can't be told from the text.
pub(super) fn climbs(argument: &str) -> bool {
    argument.split('/').any(|segment| segment == "..")
}

/// Whether `path` is `dir` or lies below it. Both absolute and without dots.
pub(super) fn within(path: &str, dir: &str) -> bool {
    let dir = dir.trim_end_matches('/');
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What stands for a variable of language or time whose value may name a file: no rule speaks of a variable like this.
/// Absent for every other variable, and for plain values.
pub(super) fn foreign_locale(variable: &str, value: &str) -> Option<String> {
    let zone = variable == "TZ";
    let speaks = zone || matches!(variable, "LANG" | "LANGUAGE") || variable.starts_with("LC_");
    let value = value.trim_matches(['"', '\'']);
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.@:+-".contains(c) || zone && c == '/';
    let stays = value.chars().all(plain) && !climbs(value) && !(zone && value.starts_with(['/', ':']));
    (speaks && !stays).then(|| format!("a file in {variable}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_bare_name_only_from_a_system_directory() {
        assert_eq!(known_name("df"), Some("df"));
        assert_eq!(known_name("/usr/bin/df"), Some("df"));
        for other in ["/tmp/df", "./df", "bin/df", "/usr/bin/../../tmp/df", "/usr/bin/x/df"] {
            assert_eq!(known_name(other), None, "{other}");
        }
    }

    #[test]
    fn an_argument_means_a_path_below_its_working_directory() {
        assert_eq!(absolute("shadow", Some(Path::new("/etc"))), "/etc/shadow");
        assert_eq!(absolute("a/./b//c/..", None), "/a/b");
        assert_eq!(absolute("/../..//etc/", None), "/etc");
        assert!(within("/var/lib/x", "/var/lib") && !within("/var/library", "/var/lib") && within("/a", "/"));
    }
}
