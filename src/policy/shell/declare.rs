//! Builtins that set variables: `export`, `declare`, `read` and the like.

use super::super::segment::Word;
use super::super::sight::texts;
use super::Shell;
use super::scope::{Scope, Value};
use super::simple::Argument;

impl Shell<'_> {
    /// `export`, `declare`, `typeset`, `local`, `readonly`.
    pub(super) fn declare(&mut self, builtin: &str, arguments: Vec<Argument<'_>>, scope: &mut Scope) {
        let mut exported = builtin == "export";
        let mut plain = true;
        let mut named = false;
        for argument in &arguments {
            match argument {
                Argument::Word(Word::Known(flag)) if flag.starts_with(['-', '+']) && !named => {
                    exported |= flag.starts_with('-') && flag.contains('x');
                    plain &= !flag.contains(['a', 'A', 'l', 'u']);
                    if flag[1..].contains(|c: char| !"xgrlauA-".contains(c)) {
                        let why = format!("`{builtin} {flag}` changes how the shell reads what follows");
                        return self.sight.opaque(why, vec![builtin.to_owned(), flag.clone()]);
                    }
                }
                Argument::Word(Word::Known(text)) => {
                    named = true;
                    let (name, value) =
                        text.split_once('=').map_or((text.as_str(), None), |(n, v)| (n, Some(v)));
                    if self.may_set(name, scope) {
                        if let Some(value) = value {
                            scope.set(name, plain.then(|| Value::Known(value.to_owned())));
                        }
                        if exported {
                            scope.context.env.insert(name.to_owned());
                        }
                    }
                }
                Argument::Word(word) => {
                    let why = "nobody knows which variable it sets";
                    return self.sight.opaque(why, vec![builtin.to_owned(), word.text().to_owned()]);
                }
                Argument::Assignment(assignment) => {
                    named = true;
                    self.assign(assignment, exported, scope);
                    if !plain {
                        let name = assignment.name.to_string();
                        scope.set(&name, None);
                    }
                }
            }
        }
        if !named {
            // Without names it lists what is set, secrets among it.
            self.sight.see(vec![Word::Known(builtin.to_owned())], &scope.context);
        }
    }

    /// `read` and `mapfile`: flags, then names. `valued` are the flags with a value, `bare` those without.
    pub(super) fn read(&mut self, words: &[Word], valued: &str, bare: &str, scope: &mut Scope) {
        let mut at = 1;
        let mut names: Vec<String> = Vec::new();
        while let Some(word) = words.get(at) {
            at += 1;
            let Some(text) = word.known() else {
                return self.sight.opaque("nobody knows which variable it sets", texts(words));
            };
            match text.strip_prefix('-').filter(|_| names.is_empty()) {
                None => names.push(text.to_owned()),
                Some("-") => {}
                Some(flags) => {
                    let value = flags.find(|c| valued.contains(c));
                    if flags.is_empty()
                        || !flags[..value.unwrap_or(flags.len())].chars().all(|c| bare.contains(c))
                    {
                        return self
                            .sight
                            .opaque(format!("nobody knows what `-{flags}` does to it"), texts(words));
                    }
                    let Some(position) = value else { continue };
                    let inline = &flags[position + 1..];
                    let array = flags[position..].starts_with('a');
                    if array && !inline.is_empty() {
                        names.push(inline.to_owned());
                    } else if inline.is_empty() {
                        if array {
                            names.extend(words.get(at).map(|word| word.text().to_owned()));
                        }
                        at += 1;
                    }
                }
            }
        }
        for name in names {
            if self.may_set(&name, scope) {
                scope.set(&name, None);
            }
        }
    }

    /// `printf -v NAME`; without it, `printf` is a command like any other.
    pub(super) fn printf(&mut self, words: Vec<Word>, scope: &mut Scope) {
        match words.get(1) {
            Some(Word::Known(flag)) if flag.starts_with("-v") => {
                let name =
                    if flag == "-v" { words.get(2).map_or("", Word::text) } else { &flag[2..] }.to_owned();
                if self.may_set(&name, scope) {
                    scope.set(&name, None);
                }
            }
            None | Some(Word::Known(_)) => self.sight.see(words, &scope.context),
            Some(_) => self.sight.opaque("nobody knows whether it sets a variable", texts(&words)),
        }
    }

    /// `unset`.
    pub(super) fn unset(&mut self, words: &[Word], scope: &mut Scope) {
        for word in &words[1..] {
            match word.known() {
                Some("-v") => {}
                Some(name) if !name.starts_with('-') && !scope.functions.contains(name) => {
                    if self.may_set(name, scope) {
                        scope.set(name, None);
                    }
                }
                _ => return self.sight.opaque("nobody knows what it takes away", texts(words)),
            }
        }
    }
}
