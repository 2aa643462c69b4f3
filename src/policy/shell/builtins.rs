//! What the shell itself does, and everything else that a simple command may be.

use super::super::paths;
use super::super::segment::Word;
use super::super::sight::{Input, texts};
use super::super::wrappers;
use super::Shell;
use super::scope::Scope;

/// Options of `set` that change nothing but when a script ends and what it shows.
const OPTIONS: [&str; 9] =
    ["errexit", "nounset", "xtrace", "pipefail", "noglob", "verbose", "errtrace", "functrace", "noclobber"];

impl Shell<'_> {
    /// Runs a command: a function, a builtin or a program.
    pub(super) fn run(&mut self, words: Vec<Word>, scope: &mut Scope) {
        if self.call(&words, scope) {
            return;
        }
        self.run_no_function(words, scope);
    }

    fn run_no_function(&mut self, words: Vec<Word>, scope: &mut Scope) {
        let Some(name) = words.first().and_then(Word::known) else {
            let why = "what it would run isn't known before it runs";
            return self.sight.opaque_command(why, &words, &scope.context);
        };
        match name {
            ":" | "true" | "false" | "exit" | "return" | "break" | "continue" | "wait" | "times"
            | "disown" | "jobs" | "type" => {}
            "shift" => scope.positional = None,
            "[" | "test" => self.test(&words, scope),
            "cd" | "pushd" => change_place(&words, scope),
            "popd" => scope.context.places = vec![None],
            "set" => self.set(&words, scope),
            "shopt" => self.shopt(&words),
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                let builtin = name.to_owned();
                let arguments = words.into_iter().skip(1).map(super::simple::Argument::Word).collect();
                self.declare(&builtin, arguments, scope);
            }
            "read" => self.read(&words, "adnNptu", "rs", scope),
            "mapfile" | "readarray" => self.read(&words, "dnOsu", "t", scope),
            "getopts" => self.read(&words[1..], "", "", scope),
            "printf" => self.printf(words, scope),
            "unset" => self.unset(&words, scope),
            "eval" => self.eval(&words, scope),
            "exec" => self.exec(words, scope),
            "command" | "builtin" => self.command_builtin(words, scope),
            "trap" => self.trap(&words, scope),
            "hash" if words.len() == 1 => {}
            "." | "source" | "alias" | "unalias" | "enable" | "hash" | "bind" | "complete" | "compgen"
            | "compopt" | "fc" | "history" | "let" | "coproc" | "dirs" | "suspend" | "fg" | "bg"
            | "caller" | "logout" | "select" | "function" => {
                let why = format!("`{name}` runs what stands elsewhere, or changes what the rest would run");
                self.sight.opaque_command(why, &words, &scope.context);
            }
            _ => wrappers::see(words, &scope.context, self.sight),
        }
    }

    fn set(&mut self, words: &[Word], scope: &mut Scope) {
        if words.len() == 1 {
            return self.sight.see(words.to_vec(), &scope.context);
        }
        let mut rest = words[1..].iter();
        while let Some(word) = rest.next() {
            let Some(text) = word.known() else {
                scope.positional = None;
                return self.sight.opaque("nobody knows what it sets", texts(words));
            };
            if text == "--" || text == "-" || !text.starts_with(['-', '+']) {
                scope.positional = None;
                return;
            }
            let letters = &text[1..];
            let options = letters.matches('o').count();
            let named =
                (0..options).all(|_| rest.next().and_then(Word::known).is_some_and(|o| OPTIONS.contains(&o)));
            if !named || !letters.chars().all(|c| "eufxvCETbo".contains(c)) {
                return self.sight.opaque("it changes how the shell reads what follows", texts(words));
            }
        }
    }

    fn shopt(&mut self, words: &[Word]) {
        const HARMLESS: [&str; 7] = ["-s", "-u", "-q", "nullglob", "failglob", "inherit_errexit", "globstar"];
        if !words[1..].iter().all(|word| word.known().is_some_and(|word| HARMLESS.contains(&word))) {
            self.sight.opaque("it changes how the shell reads what follows", texts(words));
        }
    }

    fn eval(&mut self, words: &[Word], scope: &mut Scope) {
        let known: Option<Vec<&str>> = words[1..].iter().map(Word::known).collect();
        match known {
            Some(known) if !known.is_empty() => {
                scope.context.depth += 1;
                self.script(&known.join(" "), scope);
                scope.context.depth = scope.context.depth.saturating_sub(1);
            }
            Some(_) => {}
            None => self.sight.opaque_command(
                "what it would run isn't known before it runs",
                words,
                &scope.context,
            ),
        }
    }

    fn exec(&mut self, words: Vec<Word>, scope: &mut Scope) {
        let mut at = 1;
        loop {
            match words.get(at).and_then(Word::known) {
                Some("-c" | "-l" | "-cl" | "-lc" | "--") => at += 1,
                Some("-a") => at += 2,
                _ => break,
            }
        }
        // No function is run by it, and no builtin.
        if at < words.len() {
            wrappers::see(words[at..].to_vec(), &scope.context, self.sight);
        }
    }

    fn command_builtin(&mut self, words: Vec<Word>, scope: &mut Scope) {
        match words.get(1).map(|word| word.known()) {
            None => {}
            Some(Some("-v" | "-V" | "-pv" | "-pV")) => {}
            Some(Some("-p" | "--")) => {
                let rest = [&words[..1], &words[2..]].concat();
                self.command_builtin(rest, scope);
            }
            Some(Some(flag)) if flag.starts_with('-') => {
                self.sight.opaque_command("nobody knows what it would run", &words, &scope.context);
            }
            Some(_) => {
                scope.context.depth += 1;
                if self.sight.may_look(scope.context.depth) {
                    self.run_no_function(words[1..].to_vec(), scope);
                }
                scope.context.depth = scope.context.depth.saturating_sub(1);
            }
        }
    }

    /// What a trap runs, it runs at any time after.
    fn trap(&mut self, words: &[Word], scope: &Scope) {
        let at_the_end = |word: &Word| matches!(word.known(), Some("EXIT" | "0"));
        match words.get(1).map(Word::known) {
            None | Some(Some("-" | "" | "-p" | "-l")) => {}
            Some(Some(script)) if !script.starts_with('-') && words.len() > 2 => {
                let mut inner = scope.clone();
                inner.variables.clear();
                inner.positional = None;
                inner.context.places = vec![None];
                inner.context.input = Input::Some;
                inner.context.depth += 1;
                self.script(script, &mut inner);
                if !words[2..].iter().all(at_the_end) {
                    let why = "what a trap changes may change what any later line runs";
                    self.sight.opaque_command(why, words, &scope.context);
                }
            }
            Some(_) => self.sight.opaque_command("nobody knows what it would run", words, &scope.context),
        }
    }
}

fn change_place(words: &[Word], scope: &mut Scope) {
    let target = match &words[1..] {
        [Word::Known(target)] => Some(target),
        [Word::Known(flag), Word::Known(target)] if flag == "--" || flag == "-L" => Some(target),
        _ => None,
    };
    let target = target.filter(|target| !target.is_empty() && !target.starts_with(['-', '~', '+']));
    scope.context.places = match target {
        Some(target) if target.starts_with('/') => vec![Some(paths::absolute(target, None).into())],
        Some(target) => {
            let below = |place: &Option<std::path::PathBuf>| {
                place.as_deref().map(|place| paths::absolute(target, Some(place)).into())
            };
            scope.context.places.iter().map(below).collect()
        }
        None => vec![None],
    };
}
