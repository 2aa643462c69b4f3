//! What the other machine's shell is told: to find the program, to see that it is the one that was authorized, and to
//! run it. In the words of a POSIX shell, and of no more.
//!
//! It reports with lines of its own on standard error (see [`super::ending`]): whether it began, and how it ended. A
//! lost connection can so be told from a command that failed.

use std::fmt::Write as _;
use std::time::Duration;

use crate::domain::action::{Command, Executable};
use crate::engine::ports::RunError;

use super::super::SYSTEM_PATH;
use super::afterwards::marked;

/// How every line begins that is not the command's own.
pub(super) const SAYS: &str = "steward-remote:";

/// How long a program may take over there to end once its time is up, until it is killed.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// Looks for the program as [`super::super::resolve`] does, and for its hash: `steward_path`, `steward_real`,
/// `steward_hash`.
const LOOK: &str = r#"
steward_path=
case $steward_name in
/*) if [ -f "$steward_name" ] && [ -x "$steward_name" ]; then steward_path=$steward_name; fi ;;
*) for steward_dir in DIRECTORIES; do
  if [ -f "$steward_dir/$steward_name" ] && [ -x "$steward_dir/$steward_name" ]; then
    steward_path=$steward_dir/$steward_name
    break
  fi
done ;;
esac
if [ -z "$steward_path" ]; then echo 'SAYS missing' >&2; exit 127; fi
steward_real=$(readlink -f -- "$steward_path")
steward_hash=$({ sha256sum || shasum -a 256 || sha256 -q; } <"$steward_real" 2>/dev/null)
steward_hash=${steward_hash%% *}
if [ -z "$steward_hash" ]; then echo 'SAYS unreadable' >&2; exit 126; fi
"#;

/// The program, if it can be looked for at all.
pub(super) fn program(command: &Command) -> Result<&str, RunError> {
    let Some(program) = command.argv.first() else {
        return Err(RunError::Refused("the command is empty".into()));
    };
    if program.contains('/') && !program.starts_with('/') {
        let why = format!("{program} is a relative path; name the program by its full path");
        return Err(RunError::Refused(why));
    }
    Ok(program)
}

/// A word as a shell has to be given it to be read as that word. Backslashes stand outside of the quotes, where every
/// shell reads them alike.
pub(super) fn quote(word: &str) -> String {
    let mut quoted = String::from("'");
    for c in word.chars() {
        match c {
            '\'' | '\\' => quoted.extend(["'\\", c.encode_utf8(&mut [0; 4]), "'"]),
            _ => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

/// The one argument that ssh hands to the login shell over there, whichever that is.
pub(super) fn line(script: &str) -> String {
    format!("exec /bin/sh -c {}", quote(script))
}

/// Finds a program and tells its path and hash.
pub(super) fn find(program: &str) -> String {
    let mut script = look(program);
    let _ = writeln!(script, "printf '{SAYS} found %s %s\\n' \"$steward_hash\" \"$steward_real\"");
    script
}

/// Runs a command if its program is what was authorized.
pub(super) fn run(command: &Command, authorized: &Executable, timeout: Duration) -> Result<String, RunError> {
    let program = program(command)?;
    let words: Vec<&str> = command.argv.iter().map(String::as_str).collect();
    let path = authorized.path.to_string_lossy();
    let cwd = command.cwd.as_ref().map_or("/".into(), |cwd| cwd.to_string_lossy());
    let carried = [&path, &cwd].into_iter().map(AsRef::as_ref).chain(words.iter().copied());
    if carried.into_iter().any(|word| word.contains('\0')) {
        return Err(RunError::Refused("a word of the command holds a NUL character".into()));
    }
    if let Some((name, _)) = command.env.iter().find(|(_, value)| value.contains(['\n', '\0'])) {
        let why =
            format!("the value of {name} has more than one line, which can't be brought to another host");
        return Err(RunError::Refused(why));
    }
    let mut script = look(program);
    script += &differs("steward_real", &path, "moved");
    script += &differs("steward_hash", &authorized.sha256, "changed");
    let _ = writeln!(script, "cd -- {} || {{ echo '{SAYS} no directory' >&2; exit 126; }}", quote(&cwd));
    let path = SYSTEM_PATH.join(":");
    let _ = writeln!(script, "PATH={path} LANG=C.UTF-8\nexport PATH LANG");
    for name in command.env.keys() {
        let _ = writeln!(script, "IFS= read -r {name} && export {name} || exit 126");
    }
    let rest: String = words.iter().skip(1).flat_map(|word| [" ".to_owned(), quote(word)]).collect();
    // Whole seconds, as every `timeout` knows them; none would mean for ever.
    let seconds = timeout.as_millis().div_ceil(1000).max(1);
    let grace = GRACE.as_secs();
    let _ = write!(
        script,
        "set -- \"$steward_path\"{rest}
echo '{SAYS} begins' >&2
if timeout -k 5 5 true 2>/dev/null; then timeout -k {grace} {seconds} \"$@\"; else \"$@\"; fi
steward_code=$?
printf '\\n{SAYS} ended %s\\n' \"$steward_code\" >&2
exit \"$steward_code\"
"
    );
    Ok(marked(&script))
}

/// What the script and the command read: the name of the run, the values of the command's variables, so that they stand
/// in no list of processes, and its input.
pub(super) fn input(command: &Command, name: &str) -> String {
    let values = std::iter::once(name).chain(command.env.values().map(String::as_str));
    let lines: String = values.flat_map(|value| [value, "\n"]).collect();
    lines + command.stdin.as_deref().unwrap_or_default()
}

fn look(program: &str) -> String {
    let look = LOOK.replace("DIRECTORIES", &SYSTEM_PATH.join(" ")).replace("SAYS", SAYS);
    format!("steward_name={}{look}", quote(program))
}

/// Ends the script if a variable is not what it should be, and says what it is.
fn differs(variable: &str, expected: &str, word: &str) -> String {
    let expected = quote(expected);
    format!(
        "if [ \"${variable}\" != {expected} ]; then printf '{SAYS} {word} %s\\n' \"${variable}\" >&2; exit 126; fi\n"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sh(script: &str) -> Vec<u8> {
        std::process::Command::new("/bin/sh").args(["-c", script]).output().unwrap().stdout
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_word_arrives_through_two_shells_as_it_is(
            words in prop::collection::vec("([ -~]|[\\n\\t\\\\'\"$`!*~#äß€]){0,12}", 1..6)
        ) {
            let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
            let printed = sh(&line(&format!("printf '%s\\0' {}", quoted.join(" "))));
            let expected: Vec<u8> = words.iter().flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect();
            prop_assert_eq!(printed, expected);
        }
    }
}
