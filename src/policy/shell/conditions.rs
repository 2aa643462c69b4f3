//! Tests: they only look, unless an expression or an index in them runs something.

use brush_parser::ast::{BinaryPredicate, ExtendedTestExpr, UnaryPredicate, Word as Raw};

use super::super::segment::Word;
use super::Shell;
use super::scope::{Scope, Value};

impl Shell<'_> {
    /// What stands in `[[ … ]]`.
    pub(super) fn extended_test(&mut self, test: &ExtendedTestExpr, scope: &mut Scope) {
        match test {
            ExtendedTestExpr::And(left, right) | ExtendedTestExpr::Or(left, right) => {
                self.extended_test(left, scope);
                self.extended_test(right, scope);
            }
            ExtendedTestExpr::Not(inner) | ExtendedTestExpr::Parenthesized(inner) => {
                self.extended_test(inner, scope);
            }
            ExtendedTestExpr::UnaryTest(
                UnaryPredicate::ShellVariableIsSetAndAssigned | UnaryPredicate::ShellVariableIsSetAndNameRef,
                operand,
            ) => {
                let name = self.word(&operand.value, scope);
                if !name.known().is_some_and(super::names::is_name) {
                    self.sight
                        .opaque("the index of a variable may run commands", vec![operand.value.clone()]);
                }
            }
            ExtendedTestExpr::UnaryTest(_, operand) => self.judge_word(&operand.value, scope),
            ExtendedTestExpr::BinaryTest(predicate, left, right) => match predicate {
                BinaryPredicate::ArithmeticEqualTo
                | BinaryPredicate::ArithmeticNotEqualTo
                | BinaryPredicate::ArithmeticLessThan
                | BinaryPredicate::ArithmeticLessThanOrEqualTo
                | BinaryPredicate::ArithmeticGreaterThan
                | BinaryPredicate::ArithmeticGreaterThanOrEqualTo => {
                    self.number(left, scope);
                    self.number(right, scope);
                }
                BinaryPredicate::StringMatchesRegex => {
                    self.judge_word(&left.value, scope);
                    self.judge_pattern(&right.value, scope);
                }
                _ => {
                    self.judge_word(&left.value, scope);
                    self.judge_word(&right.value, scope);
                }
            },
        }
    }

    /// In `[[ x -gt y ]]` both are expressions.
    fn number(&mut self, operand: &Raw, scope: &mut Scope) {
        let number = match self.value(&operand.value, scope) {
            Some(Value::Number) => true,
            Some(Value::Known(text)) => text.trim().parse::<i64>().is_ok(),
            Some(Value::Files(_)) | None => false,
        };
        if !number {
            let why =
                format!("nobody knows what `{}` holds, and `[[` takes it for an expression", operand.value);
            self.sight.opaque(why, vec![operand.value.clone()]);
        }
    }

    /// An expression with bare parentheses and bars in it.
    fn judge_pattern(&mut self, raw: &str, scope: &mut Scope) {
        if raw.contains(['$', '`', '\'', '"', '\\']) {
            self.judge_word(raw, scope);
        }
    }

    /// `test` and `[`, whose operands are no expressions. Ones that it doesn't know are for rules to judge.
    pub(super) fn test(&mut self, words: &[Word], scope: &Scope) {
        const OPERATORS: [&str; 34] = [
            "-a", "-o", "-b", "-c", "-d", "-e", "-f", "-g", "-G", "-h", "-k", "-L", "-n", "-N", "-O", "-p",
            "-r", "-s", "-S", "-t", "-u", "-w", "-x", "-z", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt",
            "-ot", "-ef", "-",
        ];
        let odd =
            |text: &str| text.starts_with('-') && !OPERATORS.contains(&text) && text.parse::<i64>().is_err();
        if words[1..].iter().filter_map(Word::known).any(odd) {
            self.sight.see(words.to_vec(), &scope.context);
        }
    }
}
