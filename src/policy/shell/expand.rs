//! From a word as it is written to the words that a program gets.

use super::super::segment::Word;
use super::parameter::{self, Resolved};
use super::scope::{Dialect, Scope, Value};
use super::units::{self, Expansion, Kind, Unit};
use super::{Shell, arithmetic, brace};

/// How many bytes of values are put into one word: values in values would fill the memory.
const MAX_EXPANDED: usize = 16 * 1024;

/// A word in the making.
#[derive(Default)]
struct Field {
    text: String,
    /// Whether there is a part of it that nobody knows.
    unknown: bool,
    /// Whether it stands for the names of files, and whether a `[` has begun that would make it so.
    files: bool,
    bracket: bool,
    /// Whether it is a word even if there is nothing in it.
    present: bool,
}

impl Field {
    fn push_plain(&mut self, c: char) {
        self.files |= matches!(c, '*' | '?') || c == ']' && self.bracket;
        self.bracket |= c == '[';
        self.text.push(c);
    }

    fn finish(self, words: &mut Vec<Word>) {
        if self.unknown {
            words.push(Word::Unknown(self.text));
        } else if self.files && !is_address(&self.text) {
            words.push(Word::Files(self.text));
        } else if self.present || !self.text.is_empty() {
            words.push(Word::Known(self.text));
        }
    }
}

/// Whether a word is an address with a query in it (`http://nas/api?x=1`): no folder is called `http:`, so that it stands
/// for no file and stays as it is.
fn is_address(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
}

impl Shell<'_> {
    /// The words that come of one. What it runs on the way is judged, too.
    pub(super) fn words(&mut self, raw: &str, scope: &mut Scope) -> Vec<Word> {
        let Some(units) = self.units(raw, scope) else { return vec![Word::Unknown(raw.to_owned())] };
        let resolved = self.resolve_all(&units, scope);
        let Ok(expanded) = brace::expand(&units) else { return vec![Word::Unknown(raw.to_owned())] };
        if expanded.len() > 1 && scope.dialect == Dialect::Posix {
            return vec![Word::Unknown(raw.to_owned())];
        }
        let mut words = Vec::new();
        for units in expanded {
            let value = |expansion: &Expansion| {
                resolved.iter().find(|(known, _)| known == expansion).map(|(_, value)| value.clone())
            };
            fields(&units, value, &mut words);
        }
        // Wherever bash looks for a variable's name, it runs what stands in its index.
        if words.iter().any(|word| ["[$(", "[`"].iter().any(|index| word.text().contains(index))) {
            self.sight.opaque("it has an index in it that may run commands", vec![raw.to_owned()]);
        }
        words
    }

    /// A word where it stays one: behind a `=`, a `<`, a `case`.
    pub(super) fn word(&mut self, raw: &str, scope: &mut Scope) -> Word {
        match &mut self.words(raw, scope)[..] {
            [word] => std::mem::replace(word, Word::Known(String::new())),
            [] => Word::Known(String::new()),
            _ => Word::Unknown(raw.to_owned()),
        }
    }

    /// What a variable holds after this was assigned to it.
    pub(super) fn value(&mut self, raw: &str, scope: &mut Scope) -> Option<Value> {
        let units = self.units(raw, scope)?;
        let resolved = self.resolve_all(&units, scope);
        if let ([Unit::Expansion(_)], [(_, value)]) = (&units[..], &resolved[..]) {
            match value {
                Resolved::Number => return Some(Value::Number),
                Resolved::Files(pattern) => return Some(Value::Files(pattern.clone())),
                Resolved::Text(_) | Resolved::Several(_) | Resolved::Unknown => {}
            }
        }
        let mut text = String::new();
        for unit in &units {
            match unit {
                Unit::Plain(c) | Unit::Quoted(c) => text.push(*c),
                Unit::Empty => {}
                Unit::Expansion(expansion) => match resolved.iter().find(|(known, _)| known == expansion) {
                    Some((_, Resolved::Text(value))) if text.len() <= MAX_EXPANDED => text.push_str(value),
                    _ => return None,
                },
            }
        }
        Some(Value::Known(text))
    }

    /// Judges what a text runs in which nothing is split: a pattern, a condition.
    pub(super) fn judge_word(&mut self, raw: &str, scope: &mut Scope) {
        if let Some(units) = self.units(raw, scope) {
            self.resolve_all(&units, scope);
        }
    }

    fn units(&mut self, raw: &str, scope: &Scope) -> Option<Vec<Unit>> {
        match units::read(raw, scope.dialect) {
            Ok(units) => Some(units),
            Err(why) => {
                self.sight.opaque(why, vec![raw.to_owned()]);
                None
            }
        }
    }

    /// Everything that is put in a place of this word, once each.
    fn resolve_all(&mut self, units: &[Unit], scope: &mut Scope) -> Vec<(Expansion, Resolved)> {
        let mut resolved: Vec<(Expansion, Resolved)> = Vec::new();
        for unit in units {
            if let Unit::Expansion(expansion) = unit
                && !resolved.iter().any(|(known, _)| known == expansion)
            {
                let value = self.resolve(expansion, scope);
                resolved.push((expansion.clone(), value));
            }
        }
        resolved
    }

    fn resolve(&mut self, expansion: &Expansion, scope: &mut Scope) -> Resolved {
        let refusal = match &expansion.kind {
            Kind::Command(script) => {
                self.substitution(script, scope);
                return Resolved::Unknown;
            }
            Kind::Arithmetic(expression) => match arithmetic::refuses(expression, scope) {
                None => return Resolved::Number,
                Some(why) => why,
            },
            Kind::Parameter(parameter) => match parameter::resolve(parameter, expansion.quoted, scope) {
                Ok(resolved) => return resolved,
                Err(why) => why,
            },
        };
        self.sight.opaque(refusal, vec![expansion.source.clone()]);
        Resolved::Unknown
    }
}

/// Puts the values in their places, and splits the outcome where a shell does.
fn fields(units: &[Unit], value: impl Fn(&Expansion) -> Option<Resolved>, words: &mut Vec<Word>) {
    // `~+`, `~-` and `~2` are where the shell is, or was; `~sys` is the home of somebody, and may be anywhere.
    let unknown = matches!(
        units,
        [Unit::Plain('~'), Unit::Plain('+' | '-' | '_' | '0'..='9' | 'a'..='z' | 'A'..='Z'), ..]
    );
    let mut budget = MAX_EXPANDED;
    let mut field = Field { unknown, ..Field::default() };
    for unit in units {
        match unit {
            Unit::Plain(c) => field.push_plain(*c),
            Unit::Quoted(c) => {
                field.text.push(*c);
                field.present = true;
            }
            Unit::Empty => field.present = true,
            Unit::Expansion(expansion) => {
                field.present |= expansion.quoted;
                let value = value(expansion);
                let left = budget.checked_sub(value.as_ref().map_or(0, size));
                budget = left.unwrap_or_default();
                match value.filter(|_| left.is_some()) {
                    Some(Resolved::Text(text)) if expansion.quoted => field.text.push_str(&text),
                    Some(Resolved::Text(text)) => field = split(&text, field, words),
                    Some(Resolved::Files(pattern)) => {
                        field.text.push_str(&pattern);
                        field.files = true;
                    }
                    Some(Resolved::Several(several)) => field = each(&several, expansion, field, words),
                    Some(Resolved::Unknown | Resolved::Number) | None => {
                        field.text.push_str(&expansion.source);
                        field.unknown = true;
                    }
                }
            }
        }
    }
    field.finish(words);
}

/// How much a value adds to a word.
fn size(value: &Resolved) -> usize {
    match value {
        Resolved::Text(text) | Resolved::Files(text) => text.len(),
        Resolved::Several(several) => several.iter().map(String::len).sum(),
        Resolved::Unknown | Resolved::Number => 0,
    }
}

fn split(text: &str, mut field: Field, words: &mut Vec<Word>) -> Field {
    for c in text.chars() {
        if matches!(c, ' ' | '\t' | '\n') {
            std::mem::take(&mut field).finish(words);
        } else {
            field.push_plain(c);
        }
    }
    field
}

/// `"$@"`, or `$@`.
fn each(several: &[String], expansion: &Expansion, mut field: Field, words: &mut Vec<Word>) -> Field {
    if several.is_empty() && field.text.is_empty() {
        field.present = false;
    }
    for (i, text) in several.iter().enumerate() {
        if i > 0 {
            std::mem::take(&mut field).finish(words);
        }
        if expansion.quoted {
            field.present = true;
            field.text.push_str(text);
        } else {
            field = split(text, field, words);
        }
    }
    field
}
