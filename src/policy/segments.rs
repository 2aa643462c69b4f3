//! Takes actions apart into the commands that they would run.

use crate::domain::action::{Action, Command};

use super::segment::{Line, Word};
use super::shell::{self, Dialect};
use super::sight::{Context, Input, Sight};
use super::wrappers;

/// Takes an action apart.
pub(super) fn of_action(action: &Action) -> Line {
    let Action::Command(command) = action;
    of_command(command)
}

fn of_command(command: &Command) -> Line {
    let mut context = Context::plain();
    context.env.extend(command.env.keys().cloned());
    if let Some(text) = &command.stdin {
        context.input = Input::Text(text.clone());
    }
    if let Some(cwd) = &command.cwd {
        context.places = vec![Some(cwd.clone())];
    }
    of_words(&command.argv, &context)
}

/// Takes a shell script apart.
pub(super) fn of_script(script: &str) -> Line {
    let mut sight = Sight::new();
    shell::judge(script, Dialect::Bash, Some(Vec::new()), &Context::plain(), &mut sight);
    sight.into_line()
}

/// Takes a plain argument vector apart, in the default place.
pub(super) fn of_argv(argv: &[String]) -> Line {
    of_words(argv, &Context::plain())
}

fn of_words(argv: &[String], context: &Context) -> Line {
    let mut sight = Sight::new();
    if argv.is_empty() {
        sight.opaque("the command is empty", Vec::new());
    } else {
        wrappers::see(argv.iter().cloned().map(Word::Known).collect(), context, &mut sight);
    }
    sight.into_line()
}

/// Whether a program of this name runs whatever it is told to.
pub(super) fn is_interpreter(name: &str) -> bool {
    wrappers::runs_others(name)
}
