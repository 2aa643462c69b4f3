//! Walks through a script: lists, pipelines, blocks.

use brush_parser::ast;

use super::super::segment::Word;
use super::super::sight::Input;
use super::scope::{Dialect, Scope, Value};
use super::{Shell, arithmetic};

/// A loop over more values than this isn't unrolled.
const MAX_ROUNDS: usize = 64;

impl Shell<'_> {
    pub(super) fn program(&mut self, program: &ast::Program, scope: &mut Scope) {
        for list in &program.complete_commands {
            self.list(list, scope);
        }
    }

    pub(super) fn list(&mut self, list: &ast::CompoundList, scope: &mut Scope) {
        for ast::CompoundListItem(and_or, separator) in &list.0 {
            match separator {
                ast::SeparatorOperator::Async => self.and_or(and_or, &mut scope.clone()),
                ast::SeparatorOperator::Sequence => self.and_or(and_or, scope),
            }
        }
    }

    /// After `cd x`, a shell is in `x`, or still where it was; behind `cd x &&` and `cd x || exit` it is in `x`.
    fn and_or(&mut self, and_or: &ast::AndOrList, scope: &mut Scope) {
        let places = scope.context.places.clone();
        self.pipeline(&and_or.first, scope);
        if and_or.first.bang {
            scope.context.or_in(&places);
        }
        let first = scope.clone();
        let plain =
            and_or.additional.iter().all(|next| matches!(next, ast::AndOr::And(pipeline) if !pipeline.bang));
        if plain {
            for next in &and_or.additional {
                let (ast::AndOr::And(pipeline) | ast::AndOr::Or(pipeline)) = next;
                self.pipeline(pipeline, scope);
            }
            let rest = scope.context.places.clone();
            scope.join(&first);
            scope.context.places = rest;
            scope.context.or_in(&places);
        } else if let [ast::AndOr::Or(last)] = &and_or.additional[..]
            && ends_the_script(last)
            && !and_or.first.bang
        {
            let mut failed = Scope { context: scope.context.clone(), ..scope.clone() };
            failed.context.places = places;
            self.pipeline(last, &mut failed);
        } else {
            scope.context.or_in(&places);
            for next in &and_or.additional {
                let (ast::AndOr::And(pipeline) | ast::AndOr::Or(pipeline)) = next;
                let before = scope.clone();
                self.pipeline(pipeline, scope);
                scope.join(&before);
            }
        }
    }

    fn pipeline(&mut self, pipeline: &ast::Pipeline, scope: &mut Scope) {
        // Behind a `!`, bash still takes `time` for a word of its own, and the grammar doesn't.
        if pipeline.bang
            && let Some(ast::Command::Simple(simple)) = pipeline.seq.first()
            && simple.word_or_name.as_ref().is_some_and(|word| word.value == "time")
        {
            self.sight.opaque("`! time` is read in two ways", vec![simple.to_string()]);
        }
        if let [only] = &pipeline.seq[..] {
            return self.command(only, scope);
        }
        for (i, command) in pipeline.seq.iter().enumerate() {
            let mut subshell = scope.clone();
            if i > 0 {
                subshell.context.input = Input::Some;
            }
            self.command(command, &mut subshell);
        }
    }

    fn command(&mut self, command: &ast::Command, scope: &mut Scope) {
        if !self.sight.may_look(scope.context.depth) {
            return;
        }
        scope.context.depth += 1;
        match command {
            ast::Command::Simple(simple) => self.simple(simple, scope),
            ast::Command::Compound(compound, redirects) => {
                self.redirected(compound, redirects.as_ref(), scope);
            }
            ast::Command::Function(function) => self.define(function, scope),
            ast::Command::ExtendedTest(test) => self.condition(&test.expr, scope),
        }
        scope.context.depth = scope.context.depth.saturating_sub(1);
    }

    /// A block and what is redirected for all of it.
    pub(super) fn redirected(
        &mut self,
        compound: &ast::CompoundCommand,
        redirects: Option<&ast::RedirectList>,
        scope: &mut Scope,
    ) {
        let outside = scope.context.input.clone();
        for redirect in redirects.into_iter().flat_map(|list| &list.0) {
            self.redirect(redirect, scope);
        }
        // Several commands share an input: which of them reads what, nobody knows.
        if matches!(scope.context.input, Input::Text(_)) {
            scope.context.input = Input::Some;
        }
        self.compound(compound, scope);
        scope.context.input = outside;
    }

    fn compound(&mut self, compound: &ast::CompoundCommand, scope: &mut Scope) {
        match compound {
            ast::CompoundCommand::Arithmetic(arithmetic) => {
                let why = "`((…))` is read as an expression or as two subshells, and an expression may run commands";
                self.sight.opaque(why, vec![arithmetic.expr.value.clone()]);
            }
            ast::CompoundCommand::ArithmeticForClause(clause) => self.count(clause, scope),
            ast::CompoundCommand::BraceGroup(group) => self.list(&group.list, scope),
            ast::CompoundCommand::Subshell(subshell) => self.list(&subshell.list, &mut scope.clone()),
            ast::CompoundCommand::ForClause(clause) => self.each(clause, scope),
            ast::CompoundCommand::CaseClause(clause) => self.case(clause, scope),
            ast::CompoundCommand::IfClause(clause) => self.choose(clause, scope),
            ast::CompoundCommand::WhileClause(clause) | ast::CompoundCommand::UntilClause(clause) => {
                self.endless(clause, compound);
                self.repeat(scope, |shell, scope| {
                    shell.list(&clause.0, scope);
                    shell.list(&clause.1.list, scope);
                });
            }
        }
    }

    /// A loop that starts something beside itself in every round, or that nothing ends.
    fn endless(&mut self, clause: &ast::WhileOrUntilClauseCommand, compound: &ast::CompoundCommand) {
        let background = |item: &ast::CompoundListItem| matches!(item.1, ast::SeparatorOperator::Async);
        let text = compound.to_string();
        let condition = clause.0.to_string();
        let constant = [":", "true", "false", "[ 1 ]", "test 1"];
        let ends = ["break", "exit", "return"].iter().any(|word| text.contains(word));
        if !constant.contains(&condition.trim().trim_end_matches(';').trim()) {
            return;
        }
        if clause.1.list.0.iter().any(background) {
            self.sight.menace(super::functions::FORK_BOMB);
        } else if !ends {
            self.sight.opaque("nothing ends its loop", vec![text]);
        }
    }

    /// Something that runs any number of times: at its start anything may have been set by the round before.
    fn repeat(&mut self, scope: &mut Scope, mut round: impl FnMut(&mut Self, &mut Scope)) {
        scope.variables.clear();
        scope.positional = None;
        let before = scope.clone();
        round(self, scope);
        let moved = scope.context.places != before.context.places || scope.context.env != before.context.env;
        scope.join(&before);
        if moved {
            scope.context.places = vec![None];
            let before = scope.clone();
            round(self, scope);
            scope.join(&before);
        }
    }

    fn each(&mut self, clause: &ast::ForClauseCommand, scope: &mut Scope) {
        let name = clause.variable_name.as_str();
        if !self.may_set(name, scope) {
            return;
        }
        let words: Vec<Word> = match &clause.values {
            Some(values) => values.iter().flat_map(|value| self.words(&value.value, scope)).collect(),
            None => match &scope.positional {
                Some(arguments) => arguments.iter().cloned().map(Word::Known).collect(),
                None => vec![Word::Unknown("$@".into())],
            },
        };
        let unknown = words.iter().any(|word| matches!(word, Word::Unknown(_)));
        if unknown || words.len() > MAX_ROUNDS {
            return self.repeat(scope, |shell, scope| {
                scope.set(name, None);
                shell.list(&clause.body.list, scope);
            });
        }
        let before = scope.clone();
        for word in words {
            // A `continue` may have left out anything that the round before would have done.
            let start = scope.clone();
            scope.set(
                name,
                match word {
                    Word::Known(text) => Some(Value::Known(text)),
                    Word::Files(pattern) => Some(Value::Files(pattern)),
                    Word::Unknown(_) => None,
                },
            );
            self.list(&clause.body.list, scope);
            scope.join(&start);
        }
        scope.join(&before);
    }

    fn count(&mut self, clause: &ast::ArithmeticForClauseCommand, scope: &mut Scope) {
        let expressions = [&clause.initializer, &clause.condition, &clause.updater];
        for expression in expressions.into_iter().flatten() {
            if let Some(why) = arithmetic::refuses(&expression.value, scope) {
                self.sight.opaque(why, vec![expression.value.clone()]);
            }
        }
        self.repeat(scope, |shell, scope| shell.list(&clause.body.list, scope));
    }

    fn case(&mut self, clause: &ast::CaseClauseCommand, scope: &mut Scope) {
        self.judge_word(&clause.value.value, scope);
        for pattern in clause.cases.iter().flat_map(|case| &case.patterns) {
            self.judge_word(&pattern.value, scope);
        }
        let before = scope.clone();
        for commands in clause.cases.iter().filter_map(|case| case.cmd.as_ref()) {
            // With `;&` a branch goes on where another ends.
            let start = scope.clone();
            self.list(commands, scope);
            scope.join(&start);
        }
        scope.join(&before);
    }

    fn choose(&mut self, clause: &ast::IfClauseCommand, scope: &mut Scope) {
        self.list(&clause.condition, scope);
        let otherwise = scope.clone();
        self.list(&clause.then, scope);
        let mut reached = otherwise.clone();
        for part in clause.elses.iter().flatten() {
            if let Some(condition) = &part.condition {
                self.list(condition, &mut reached);
            }
            let mut branch = reached.clone();
            self.list(&part.body, &mut branch);
            scope.join(&branch);
        }
        scope.join(&reached);
        scope.join(&otherwise);
    }

    /// A `[[ … ]]`, which only bash knows.
    fn condition(&mut self, test: &ast::ExtendedTestExpr, scope: &mut Scope) {
        if scope.dialect == Dialect::Posix {
            self.sight.opaque("`[[` is no test in every shell", vec![test.to_string()]);
        } else {
            self.extended_test(test, scope);
        }
    }
}

/// Whether nothing of the script runs after this.
fn ends_the_script(pipeline: &ast::Pipeline) -> bool {
    match &pipeline.seq[..] {
        [ast::Command::Simple(simple)] => {
            let plain = simple.prefix.is_none();
            let name = simple.word_or_name.as_ref().map(|word| word.value.as_str());
            plain && matches!(name, Some("exit" | "return"))
        }
        _ => false,
    }
}
