//! Reads shell scripts: which commands would run, with which words, from where.
//!
//! Where a script can be read in two ways, or depends on what is only known when it runs, that part is opaque.
//! The grammar (`brush-parser`) says what is a command, a block, a redirection; what a word means is read here,
//! and the two have to agree.

mod ansi;
mod arithmetic;
mod brace;
mod builtins;
mod conditions;
mod declare;
mod expand;
mod functions;
mod limits;
mod names;
mod parameter;
mod redirect;
mod scope;
mod simple;
mod units;
mod walk;

#[cfg(test)]
mod tests;

use brush_parser::{ParserOptions, SourceInfo, ast};

use super::segment::Word;
use super::sight::{Context, Sight};

use functions::Function;
pub(super) use scope::{Dialect, Scope};

/// Reads one script, and those that it runs in its turn.
pub(super) struct Shell<'a> {
    sight: &'a mut Sight,
    functions: Vec<Function>,
    /// The functions that are being called right now.
    calls: Vec<String>,
}

/// Looks at every command that a script would run in a shell of its own. `arguments` are those of the script.
pub(super) fn judge(
    text: &str,
    dialect: Dialect,
    arguments: Option<Vec<String>>,
    context: &Context,
    sight: &mut Sight,
) {
    let before = sight.extent();
    let mut shell = Shell { sight, functions: Vec::new(), calls: Vec::new() };
    shell.script(text, &mut Scope::new(context.clone(), dialect, arguments));
    shell.judge_uncalled();
    if sight.extent() == before {
        // Nothing but `cd`, tests and the like: what that comes to is the same as `true`.
        sight.see(vec![Word::Known("true".into())], context);
    }
}

impl Shell<'_> {
    /// Looks at a script that runs in this very shell.
    fn script(&mut self, text: &str, scope: &mut Scope) {
        if !self.sight.may_look(scope.context.depth) {
            return;
        }
        match parse(text, scope.dialect) {
            Ok(program) => self.program(&program, scope),
            Err(why) => {
                if functions::looks_like_a_bomb(text) {
                    self.sight.menace(functions::FORK_BOMB);
                }
                self.sight.opaque(why, vec![text.to_owned()]);
            }
        }
    }

    /// Looks at a script that runs in a shell of its own that knows what this one knows.
    fn substitution(&mut self, text: &str, scope: &Scope) {
        let mut inner = scope.clone();
        inner.context.depth += 1;
        self.script(text, &mut inner);
    }
}

fn parse(text: &str, dialect: Dialect) -> Result<ast::Program, String> {
    // Extended patterns are off in scripts, and with them `!(reboot)` would be taken for one. A tilde is ours.
    let options = ParserOptions {
        enable_extended_globbing: false,
        posix_mode: false,
        sh_mode: false,
        tilde_expansion: false,
    };
    if let Some(why) = limits::refuses_text(text, dialect) {
        return Err(why);
    }
    let tokens = brush_parser::uncached_tokenize_str(text, &options.tokenizer_options())
        .map_err(|error| format!("no shell would read it: {error}"))?;
    if tokens.is_empty() {
        return Err("there is nothing in it".into());
    }
    if let Some(why) = limits::refuses_tokens(&tokens) {
        return Err(why);
    }
    brush_parser::parse_tokens(&tokens, &options, &SourceInfo::default())
        .map_err(|error| format!("no shell would read it: {error}"))
}
