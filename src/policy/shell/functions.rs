//! Functions: what they run is judged where they are called, and those that start themselves twice over are found.

use std::rc::Rc;

use brush_parser::ast;

use super::super::segment::Word;
use super::Shell;
use super::scope::Scope;

/// A function of the script.
pub(super) struct Function {
    name: String,
    body: Rc<ast::FunctionBody>,
    /// What was known where it was defined.
    scope: Scope,
    called: bool,
}

pub(super) const FORK_BOMB: &str = "it starts itself again and again until the machine stands still";

impl Shell<'_> {
    pub(super) fn define(&mut self, function: &ast::FunctionDefinition, scope: &mut Scope) {
        let name = function.fname.value.as_str();
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "_-.:@+,%".contains(c)) {
            let why = format!("nobody knows what the function `{name}` would be called");
            return self.sight.opaque(why, vec![function.to_string()]);
        }
        if in_compound(&function.body.0, name, false) {
            self.sight.menace(FORK_BOMB);
        }
        scope.functions.insert(name.to_owned());
        let body = Rc::new(function.body.clone());
        self.functions.push(Function { name: name.to_owned(), body, scope: scope.clone(), called: false });
    }

    /// Looks at what a call runs, if the name is a function's; whether it is nothing else.
    pub(super) fn call(&mut self, words: &[Word], scope: &mut Scope) -> bool {
        let Some(name) = words.first().and_then(Word::known) else { return false };
        let mut bodies = Vec::new();
        for function in self.functions.iter_mut().filter(|function| function.name == name) {
            function.called = true;
            bodies.push(Rc::clone(&function.body));
        }
        let certain = scope.functions.contains(name);
        let arguments: Option<Vec<String>> =
            words[1..].iter().map(|word| word.known().map(str::to_owned)).collect();
        if self.calls.iter().any(|active| active == name) {
            self.sight.opaque_command(format!("`{name}` calls itself"), words, &scope.context);
            return certain;
        }
        self.calls.push(name.to_owned());
        for body in bodies {
            let mut inner = scope.clone();
            inner.positional.clone_from(&arguments);
            self.body(&body, &mut inner);
            inner.positional.clone_from(&scope.positional);
            scope.join(&inner);
        }
        self.calls.pop();
        certain
    }

    /// Looks at the functions that nobody seems to call.
    pub(super) fn judge_uncalled(&mut self) {
        while let Some(at) = self.functions.iter().position(|function| !function.called) {
            self.functions[at].called = true;
            let body = Rc::clone(&self.functions[at].body);
            let mut scope = self.functions[at].scope.clone();
            scope.variables.clear();
            scope.positional = None;
            scope.context.places = vec![None];
            self.body(&body, &mut scope);
        }
    }

    fn body(&mut self, body: &ast::FunctionBody, scope: &mut Scope) {
        if !self.sight.may_look(scope.context.depth) {
            return;
        }
        scope.context.depth += 1;
        self.redirected(&body.0, body.1.as_ref(), scope);
        scope.context.depth = scope.context.depth.saturating_sub(1);
    }
}

/// Whether a text that no grammar reads has a fork bomb in it all the same: a shell runs what stands before a mistake.
pub(super) fn looks_like_a_bomb(text: &str) -> bool {
    text.match_indices('(').any(|(at, _)| {
        let before = text[..at].trim_end();
        let name =
            before.rsplit(|c: char| c.is_whitespace() || ";&|{}()".contains(c)).next().unwrap_or_default();
        let body = text[at + 1..].trim_start().strip_prefix(')').map(str::trim_start);
        let body =
            body.and_then(|body| body.strip_prefix(['{', '('])).and_then(|body| body.split('}').next());
        let beside = |body: &str| {
            body.match_indices(name)
                .any(|(at, _)| body[at + name.len()..].trim_start().starts_with(['|', '&']))
        };
        !name.is_empty() && body.is_some_and(beside)
    })
}

/// Whether a block calls `name` beside something else that runs: in a pipeline, or in the background.
fn in_compound(compound: &ast::CompoundCommand, name: &str, beside: bool) -> bool {
    let list = |list: &ast::CompoundList| in_list(list, name, beside);
    match compound {
        ast::CompoundCommand::Arithmetic(_) => false,
        ast::CompoundCommand::ArithmeticForClause(clause) => list(&clause.body.list),
        ast::CompoundCommand::BraceGroup(group) => list(&group.list),
        ast::CompoundCommand::Subshell(subshell) => list(&subshell.list),
        ast::CompoundCommand::ForClause(clause) => list(&clause.body.list),
        ast::CompoundCommand::CaseClause(clause) => {
            clause.cases.iter().filter_map(|case| case.cmd.as_ref()).any(list)
        }
        ast::CompoundCommand::IfClause(clause) => {
            let parts = clause.elses.iter().flatten();
            let mut parts = parts.flat_map(|part| part.condition.iter().chain([&part.body]));
            list(&clause.condition) || list(&clause.then) || parts.any(list)
        }
        ast::CompoundCommand::WhileClause(clause) | ast::CompoundCommand::UntilClause(clause) => {
            list(&clause.0) || list(&clause.1.list)
        }
    }
}

fn in_list(list: &ast::CompoundList, name: &str, beside: bool) -> bool {
    list.0.iter().any(|ast::CompoundListItem(and_or, separator)| {
        let beside = beside || matches!(separator, ast::SeparatorOperator::Async);
        and_or.iter().any(|(_, pipeline)| {
            let beside = beside || pipeline.seq.len() > 1;
            pipeline.seq.iter().any(|command| in_command(command, name, beside))
        })
    })
}

fn in_command(command: &ast::Command, name: &str, beside: bool) -> bool {
    match command {
        ast::Command::Simple(simple) => {
            let unquoted = |word: &ast::Word| word.value.replace(['\\', '\'', '"'], "");
            beside && simple.word_or_name.as_ref().is_some_and(|word| unquoted(word) == name)
        }
        ast::Command::Compound(compound, _) => in_compound(compound, name, beside),
        ast::Command::Function(inner) => in_compound(&inner.body.0, name, beside),
        ast::Command::ExtendedTest(_) => false,
    }
}
