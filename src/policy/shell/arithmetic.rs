//! Arithmetic. An expression looks harmless, but the text of a variable in it is an expression again, and an index
//! in that runs commands: only numbers and variables that hold numbers are let through.

use super::names::{Governs, governs, is_name};
use super::scope::{Scope, Value};

/// Why this expression can't be let through, if so. What it sets holds a number from then on.
pub(super) fn refuses(expression: &str, scope: &mut Scope) -> Option<String> {
    let good = |c: char| {
        c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || "_+-*/%()<>=!&|^~?:,;#${}".contains(c)
    };
    if !expression.chars().all(good) {
        return Some(format!("`{expression}` may run commands, as expressions can"));
    }
    let bare =
        |rest: &str| rest.trim_start_matches('{').starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if expression.split('$').skip(1).any(|rest| !bare(rest)) {
        return Some(format!("nobody knows what is put into `{expression}`, and an expression may run it"));
    }
    let names = expression
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| is_name(word))
        .map(str::to_owned);
    for name in names {
        let number = match scope.variables.get(&name) {
            Some(Value::Number) => true,
            Some(Value::Known(text)) => text.parse::<i64>().is_ok(),
            Some(Value::Files(_)) => false,
            None => is_set_first(expression, &name) && governs(&name) == Governs::Nothing,
        };
        if !number {
            return Some(format!("nobody knows what `{name}` holds, and an expression may run it"));
        }
        scope.set(&name, Some(Value::Number));
    }
    None
}

/// Whether an expression begins with giving the name a value.
fn is_set_first(expression: &str, name: &str) -> bool {
    let rest = expression.trim_start().strip_prefix(name).map(str::trim_start);
    rest.is_some_and(|rest| rest.starts_with('=') && !rest.starts_with("=="))
}
