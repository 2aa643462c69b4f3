//! Simple commands: words, with assignments before them and redirections in between.

use brush_parser::ast::{
    Assignment, AssignmentName, AssignmentValue, CommandPrefixOrSuffixItem as Item, ProcessSubstitutionKind,
    SimpleCommand, SubshellCommand,
};

use super::super::segment::Word;
use super::super::sight::Input;
use super::Shell;
use super::names::{Governs, governs, is_name};
use super::scope::Scope;

/// An argument of a command; assignments matter to `export` and its like.
pub(super) enum Argument<'a> {
    Word(Word),
    Assignment(&'a Assignment),
}

/// Builtins that take assignments as arguments.
const DECLARING: [&str; 5] = ["export", "declare", "typeset", "local", "readonly"];

impl Shell<'_> {
    pub(super) fn simple(&mut self, simple: &SimpleCommand, scope: &mut Scope) {
        let outside = (scope.context.input.clone(), scope.context.env.clone());
        let prefix = simple.prefix.iter().flat_map(|prefix| &prefix.0);
        let suffix: Vec<&Item> = simple.suffix.iter().flat_map(|suffix| &suffix.0).collect();
        let mut words = match &simple.word_or_name {
            Some(word) => self.words(&word.value, scope),
            None => Vec::new(),
        };
        let declares =
            words.first().and_then(Word::known).filter(|name| DECLARING.contains(name)).map(str::to_owned);
        let mut arguments = Vec::new();
        for (at, item) in suffix.iter().enumerate() {
            let redirected = matches!(suffix.get(at + 1), Some(Item::IoRedirect(_)));
            self.argument(item, declares.is_some(), redirected, scope, &mut arguments);
        }
        let mut assigned = Vec::new();
        for item in prefix {
            match item {
                Item::AssignmentWord(assignment, _) => assigned.push(assignment),
                Item::IoRedirect(redirect) => self.redirect(redirect, scope),
                Item::Word(_) | Item::ProcessSubstitution(..) => {}
            }
        }
        for item in &suffix {
            if let Item::IoRedirect(redirect) = item {
                self.redirect(redirect, scope);
            }
        }
        if let Some(name) = declares {
            self.before(&assigned, scope);
            self.declare(&name, arguments, scope);
            scope.context.input = outside.0;
            return;
        }
        words.extend(arguments.into_iter().filter_map(|argument| match argument {
            Argument::Word(word) => Some(word),
            Argument::Assignment(_) => None,
        }));
        if words.is_empty() {
            for assignment in assigned {
                self.assign(assignment, false, scope);
            }
            scope.context.input = outside.0;
            return;
        }
        // A bare `exec` redirects the shell itself, for good.
        let lasting = words.len() == 1 && words[0].known() == Some("exec");
        self.before(&assigned, scope);
        self.run(words, scope);
        if !lasting {
            scope.context.input = outside.0;
        }
        scope.context.env = outside.1;
    }

    fn argument<'a>(
        &mut self,
        item: &'a Item,
        declares: bool,
        redirected: bool,
        scope: &mut Scope,
        arguments: &mut Vec<Argument<'a>>,
    ) {
        match item {
            Item::IoRedirect(_) => {}
            Item::Word(word) => {
                let named = word.value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
                if redirected && named.is_some_and(is_name) {
                    self.sight.opaque("it redirects a descriptor by name", vec![word.value.clone()]);
                }
                arguments.extend(self.words(&word.value, scope).into_iter().map(Argument::Word));
            }
            Item::AssignmentWord(assignment, _) if declares => {
                arguments.push(Argument::Assignment(assignment))
            }
            Item::AssignmentWord(assignment, word) => {
                if matches!(assignment.value, AssignmentValue::Array(_)) {
                    self.sight.opaque("it has a list where no shell expects one", vec![word.value.clone()]);
                } else {
                    arguments.extend(self.words(&word.value, scope).into_iter().map(Argument::Word));
                }
            }
            Item::ProcessSubstitution(kind, subshell) => {
                arguments.push(Argument::Word(self.process(kind, subshell, scope)));
            }
        }
    }

    /// `<(…)` is a file from which its output is read.
    fn process(&mut self, kind: &ProcessSubstitutionKind, subshell: &SubshellCommand, scope: &Scope) -> Word {
        let mut inner = scope.clone();
        if matches!(kind, ProcessSubstitutionKind::Write) {
            inner.context.input = Input::Some;
        }
        self.list(&subshell.list, &mut inner);
        Word::Known("/dev/fd/63".into())
    }

    /// Assignments before a command: for that command alone.
    fn before(&mut self, assigned: &[&Assignment], scope: &mut Scope) {
        for assignment in assigned {
            self.judge_value(&assignment.value, scope);
            let (AssignmentName::VariableName(name) | AssignmentName::ArrayElementName(name, _)) =
                &assignment.name;
            scope.context.env.insert(name.clone());
            if let AssignmentValue::Scalar(word) = &assignment.value {
                scope.context.env.extend(super::super::paths::foreign_locale(name, &word.value));
            }
            // Before a builtin, some shells keep it.
            scope.set(name, None);
        }
    }

    fn judge_value(&mut self, value: &AssignmentValue, scope: &mut Scope) {
        match value {
            AssignmentValue::Scalar(word) => self.judge_word(&word.value, scope),
            AssignmentValue::Array(elements) => {
                for (key, element) in elements {
                    if let Some(key) = key
                        && !key.value.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
                    {
                        self.sight.opaque("an index may run commands", vec![key.value.clone()]);
                    }
                    self.words(&element.value, scope);
                }
            }
        }
    }

    /// An assignment that lasts.
    pub(super) fn assign(&mut self, assignment: &Assignment, exported: bool, scope: &mut Scope) {
        let name = match &assignment.name {
            AssignmentName::VariableName(name) => name,
            AssignmentName::ArrayElementName(name, index) => {
                if !index.chars().all(|c| c.is_ascii_digit()) {
                    self.sight.opaque("an index may run commands", vec![assignment.to_string()]);
                }
                name
            }
        };
        let value = match &assignment.value {
            AssignmentValue::Scalar(word) => self.value(&word.value, scope),
            AssignmentValue::Array(_) => {
                self.judge_value(&assignment.value, scope);
                None
            }
        };
        let plain = matches!(assignment.name, AssignmentName::VariableName(_)) && !assignment.append;
        if let AssignmentValue::Scalar(word) = &assignment.value {
            scope.context.env.extend(super::super::paths::foreign_locale(name, &word.value));
        }
        if self.may_set(name, scope) {
            scope.set(name, value.filter(|_| plain));
            if exported {
                scope.context.env.insert(name.clone());
            }
        }
    }

    /// Whether a script may set this variable and still be seen through; it is part of the environment from then on
    /// if programs go by it.
    pub(super) fn may_set(&mut self, name: &str, scope: &mut Scope) -> bool {
        if !is_name(name) {
            self.sight.opaque(format!("`{name}` is no variable"), vec![name.to_owned()]);
            return false;
        }
        match governs(name) {
            Governs::Nothing => true,
            Governs::Programs => {
                scope.context.env.insert(name.to_owned());
                true
            }
            Governs::Shell => {
                let why = format!("it sets `{name}`, which decides what the rest of it runs");
                self.sight.opaque(why, vec![name.to_owned()]);
                false
            }
        }
    }
}
