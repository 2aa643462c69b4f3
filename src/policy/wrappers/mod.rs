//! Sees through programs that run others: what is judged is what they run.

mod opaque;
mod options;
mod prefix;
mod shells;

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
    if shells::is_shell(name) {
        return shells::look(name, words, context, sight);
    }
    if let Some(wrapper) = prefix::find(name) {
        return wrapper.look(words, context, sight);
    }
    if let Some(why) = opaque::refuses(name, words) {
        return Err(why);
    }
    sight.see(words.to_vec(), context);
    Ok(())
}

/// Whether a program of this name runs whatever it is told to.
pub(super) fn runs_others(name: &str) -> bool {
    shells::is_shell(name) || prefix::find(name).is_some() || opaque::runs_others(name)
}
