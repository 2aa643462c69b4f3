//! Sees through programs that run others: what is judged is what they run.

mod awk;
mod containers;
mod find;
mod opaque;
mod options;
mod others;
mod prefix;
mod sed;
mod shells;
mod ssh;

use super::paths::{base_name, known_name};
use super::segment::Word;
use super::sight::{Context, Sight};

/// Looks at a command as the system gets it, and at what it runs in its turn.
pub(super) fn see(words: Vec<Word>, context: &Context, sight: &mut Sight) {
    if !sight.may_look(context.depth) {
        return;
    }
    let Some(program) = words.first().and_then(Word::known) else {
        let why = "what it would run isn't known before it runs";
        return sight.opaque_command(why, &words, context);
    };
    let name = base_name(program);
    if known_name(program).is_none() {
        // Whatever it is, it is not what its name says.
        return if runs_others(name) {
            let why = format!("`{program}` isn't the `{name}` of the system, and may run anything");
            sight.opaque_command(why, &words, context)
        } else {
            sight.see(words, context)
        };
    }
    let name = name.to_owned();
    if let Err(why) = look(&name, &words, context, sight) {
        sight.opaque_command(why, &words, context);
    }
}

fn look(name: &str, words: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
    match name {
        "find" => return find::find(words, context, sight),
        "xargs" => return find::xargs(words, context, sight),
        "ssh" => return named("ssh", ssh::look(words, context, sight)),
        "runuser" if words.iter().any(|word| word.text().starts_with("-c")) => {
            return named(name, others::su(words, context, sight));
        }
        _ if shells::is_shell(name) => return shells::look(name, words, context, sight),
        _ if others::is_one(name) => return named(name, others::look(name, words, context, sight)),
        _ if containers::is_one(name) => return named(name, containers::look(name, words, context, sight)),
        _ => {}
    }
    if let Some(wrapper) = prefix::find(name) {
        return wrapper.look(words, context, sight);
    }
    let refusal = match name {
        "sed" => sed::refuses(words).map(|why| format!("`sed`: {why}")),
        _ if awk::is_awk(name) => awk::refuses(words).map(|why| format!("`{name}`: {why}")),
        _ => opaque::refuses(name, words),
    };
    if let Some(why) = refusal {
        return Err(why);
    }
    sight.see(words.to_vec(), context);
    Ok(())
}

fn named(name: &str, outcome: Result<(), String>) -> Result<(), String> {
    outcome.map_err(|why| if why.contains('`') { why } else { format!("`{name}`: {why}") })
}

/// Whether a program of this name runs whatever it is told to.
pub(super) fn runs_others(name: &str) -> bool {
    matches!(name, "ssh" | "xargs" | "sed")
        || awk::is_awk(name)
        || others::is_one(name)
        || shells::is_shell(name)
        || prefix::find(name).is_some()
        || opaque::runs_others(name)
}
