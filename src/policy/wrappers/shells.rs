//! Shells: `sh -c SCRIPT`, and those that read their script from standard input.

use super::super::segment::Word;
use super::super::shell::{self, Dialect};
use super::super::sight::{Context, Input, Sight};

/// Shells whose scripts are read here.
const READ: [&str; 8] = ["sh", "bash", "dash", "ash", "rbash", "zsh", "ksh", "mksh"];

/// Shells of another kind.
const OTHER: [&str; 7] = ["fish", "csh", "tcsh", "rc", "elvish", "xonsh", "nu"];

/// Whether this is a shell.
pub(super) fn is_shell(name: &str) -> bool {
    READ.contains(&name) || OTHER.contains(&name)
}

/// Looks at what a shell runs.
pub(super) fn look(name: &str, words: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
    if OTHER.contains(&name) {
        return Err(format!("`{name}` is a shell whose scripts no rule can see through"));
    }
    let mut script_follows = false;
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let text =
            word.known().ok_or_else(|| format!("what `{name}` would run isn't known before it runs"))?;
        match text {
            "--" => {
                at += 1;
                break;
            }
            "--norc" | "--noprofile" | "--posix" | "--login" => at += 1,
            "-o" if words
                .get(at + 1)
                .and_then(Word::known)
                .is_some_and(|o| matches!(o, "pipefail" | "errexit")) =>
            {
                at += 2;
            }
            "--version" if words.len() == 2 => {
                sight.see(words.to_vec(), context);
                return Ok(());
            }
            _ if text.starts_with('-') && text.len() > 1 => {
                if !text[1..].chars().all(|c| "ceuxlsfv".contains(c)) {
                    return Err(format!("what `{text}` does to `{name}` is not known here"));
                }
                script_follows |= text.contains('c');
                at += 1;
            }
            _ => break,
        }
    }
    let rest = &words[at..];
    if script_follows {
        return of_argument(name, rest, context, sight);
    }
    match (rest.first(), &context.input) {
        (Some(_), _) => Err(format!("`{name}` runs a file; run the file itself, by its full path")),
        (None, Input::Text(script)) => {
            let mut inner = context.inner();
            // What it runs reads on where the shell has read.
            inner.input = Input::Some;
            script_of(name, script, Vec::new(), &inner, sight);
            Ok(())
        }
        (None, _) => Err(format!("`{name}` runs what it is given to read, which isn't known before it runs")),
    }
}

fn of_argument(name: &str, rest: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
    let (script, arguments) = rest.split_first().ok_or("there is no script to run")?;
    let script =
        script.known().ok_or_else(|| format!("what `{name}` would run isn't known before it runs"))?;
    if arguments.iter().any(|word| word.known().is_some()) && !script.contains('$') {
        let why = format!(
            "`{name} -c` runs its next word alone, and makes no use of the words behind it; quote the whole script"
        );
        sight.opaque_command(why, rest, context);
    }
    // The first one is what the script is called.
    let arguments: Option<Vec<String>> =
        arguments.iter().skip(1).map(|word| word.known().map(str::to_owned)).collect();
    script_in(name, script, arguments, &context.inner(), sight);
    Ok(())
}

fn script_of(name: &str, script: &str, arguments: Vec<String>, context: &Context, sight: &mut Sight) {
    script_in(name, script, Some(arguments), context, sight);
}

fn script_in(name: &str, script: &str, arguments: Option<Vec<String>>, context: &Context, sight: &mut Sight) {
    let dialect = match name {
        "bash" | "rbash" => Dialect::Bash,
        "zsh" | "ksh" | "mksh" if !is_plain(script) => {
            let why = format!("`{name}` reads some things in its own way; use `sh`");
            return sight.opaque(why, vec![script.to_owned()]);
        }
        _ => Dialect::Posix,
    };
    shell::judge(script, dialect, arguments, context, sight);
}

/// A script of some shell of which nobody knows more.
pub(super) fn script(script: &str, context: &Context, sight: &mut Sight) {
    shell::judge(script, Dialect::Posix, None, context, sight);
}

/// Whether every shell reads it alike: words, pipes and lists.
fn is_plain(script: &str) -> bool {
    let unquoted = script.split('\'').step_by(2);
    script.matches('\'').count().is_multiple_of(2)
        && unquoted.flat_map(str::chars).all(|c| c.is_ascii_alphanumeric() || " ./:,@%+_-|&;\n".contains(c))
}
