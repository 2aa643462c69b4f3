//! Reads one word: what is quoted in it, and what is put in its place.
//!
//! The grammar has already said where the word ends. Whatever doesn't add up with that (a bare `;` in a word, a
//! quote without its partner) means that two readers disagree, and then nobody knows what a third one does.

use super::ansi;
use super::scope::Dialect;

/// The smallest part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unit {
    /// A character that may mean something: `*`, `{`, `~`.
    Plain(char),
    /// A character that only means itself.
    Quoted(char),
    /// A pair of quotes with nothing in it: a word all the same.
    Empty,
    /// Something to be put in its place.
    Expansion(Expansion),
}

/// What is put in a place of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expansion {
    pub(super) kind: Kind,
    /// As it stands in the script.
    pub(super) source: String,
    /// Whether it stands in double quotes.
    pub(super) quoted: bool,
}

/// What kind of thing is put there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// `$x`, `${x:-y}`: what stands within the braces.
    Parameter(String),
    /// The output of a script.
    Command(String),
    /// The value of an expression.
    Arithmetic(String),
}

/// Reads a word.
///
/// # Errors
/// Why it can't be told what it means.
pub(super) fn read(word: &str, dialect: Dialect) -> Result<Vec<Unit>, String> {
    let mut reader = Reader { chars: word.chars().collect(), at: 0, units: Vec::new(), dialect };
    reader.word()?;
    Ok(reader.units)
}

/// Whether the body of a here-document, or another text, has something in it that would be put in its place.
pub(super) fn may_expand(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '$' | '`' => return true,
            _ => {}
        }
    }
    false
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    units: Vec<Unit>,
    dialect: Dialect,
}

const UNPAIRED: &str = "its quotes can be read in two ways";

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += usize::from(c.is_some());
        c
    }

    fn source(&self, from: usize) -> String {
        self.chars[from..self.at].iter().collect()
    }

    fn word(&mut self) -> Result<(), String> {
        while let Some(c) = self.next() {
            match c {
                '\\' => {
                    let escaped = self.next().ok_or(UNPAIRED)?;
                    self.units.push(Unit::Quoted(escaped));
                }
                '\'' => self.single()?,
                '"' => self.double()?,
                '$' => self.dollar(false)?,
                '`' => self.backquote(false)?,
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => return Err(UNPAIRED.into()),
                _ => self.units.push(Unit::Plain(c)),
            }
        }
        Ok(())
    }

    fn single(&mut self) -> Result<(), String> {
        let from = self.units.len();
        loop {
            match self.next().ok_or(UNPAIRED)? {
                '\'' => break,
                c => self.units.push(Unit::Quoted(c)),
            }
        }
        self.mark_empty(from);
        Ok(())
    }

    fn mark_empty(&mut self, from: usize) {
        if self.units.len() == from {
            self.units.push(Unit::Empty);
        }
    }

    fn double(&mut self) -> Result<(), String> {
        let from = self.units.len();
        loop {
            match self.next().ok_or(UNPAIRED)? {
                '"' => break,
                '\\' => match self.peek() {
                    Some(c @ ('$' | '`' | '"' | '\\')) => {
                        self.at += 1;
                        self.units.push(Unit::Quoted(c));
                    }
                    _ => self.units.push(Unit::Quoted('\\')),
                },
                '$' => self.dollar(true)?,
                '`' => self.backquote(true)?,
                c => self.units.push(Unit::Quoted(c)),
            }
        }
        self.mark_empty(from);
        Ok(())
    }

    fn dollar(&mut self, quoted: bool) -> Result<(), String> {
        let from = self.at - 1;
        let kind = match self.peek() {
            Some('(') if self.chars.get(self.at + 1) == Some(&'(') => Kind::Arithmetic(self.arithmetic()?),
            Some('(') => {
                self.at += 1;
                let start = self.at;
                self.skip_command()?;
                Kind::Command(self.chars[start..self.at - 1].iter().collect())
            }
            Some('{') => Kind::Parameter(self.braces()?),
            Some('\'') if !quoted => return self.ansi(),
            Some('"') if !quoted => {
                self.bash_only()?;
                self.at += 1;
                return self.double();
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let name =
                    self.chars[self.at..].iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_');
                let name: String = name.collect();
                self.at += name.len();
                Kind::Parameter(name)
            }
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                self.at += 1;
                Kind::Parameter(c.into())
            }
            _ => {
                self.units.push(Unit::Quoted('$'));
                return Ok(());
            }
        };
        let source = self.source(from);
        self.units.push(Unit::Expansion(Expansion { kind, source, quoted }));
        Ok(())
    }

    fn bash_only(&self) -> Result<(), String> {
        match self.dialect {
            Dialect::Bash => Ok(()),
            Dialect::Posix => Err("it is quoted in a way that only bash reads so".into()),
        }
    }

    fn ansi(&mut self) -> Result<(), String> {
        self.bash_only()?;
        self.at += 1;
        let (text, length) = ansi::decode(&self.chars[self.at..])?;
        self.at += length;
        let from = self.units.len();
        self.units.extend(text.chars().map(Unit::Quoted));
        self.mark_empty(from);
        Ok(())
    }

    /// The expression of `$((…))`, from the first parenthesis on.
    fn arithmetic(&mut self) -> Result<String, String> {
        self.at += 2;
        let start = self.at;
        let mut open = 0usize;
        loop {
            match self.next().ok_or(UNPAIRED)? {
                '(' => open += 1,
                ')' if open > 0 => open -= 1,
                ')' if self.next() == Some(')') => {
                    return Ok(self.chars[start..self.at - 2].iter().collect());
                }
                ')' | '\'' | '"' | '`' | '\\' => return Err("its `$((` may be no arithmetic at all".into()),
                '$' if self.peek() == Some('(') => {
                    return Err("it runs a command within an expression".into());
                }
                _ => {}
            }
        }
    }

    /// What stands in `${…}`, as long as it is plain.
    fn braces(&mut self) -> Result<String, String> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.next().ok_or(UNPAIRED)? {
                '}' => return Ok(self.chars[start..self.at - 1].iter().collect()),
                '\'' | '"' | '`' | '\\' | '{' | '\n' | '(' | ')' | '<' | '>' => {
                    return Err("what is in its `${…}` is too involved".into());
                }
                _ => {}
            }
        }
    }

    fn backquote(&mut self, quoted: bool) -> Result<(), String> {
        let start = self.at;
        loop {
            match self.next().ok_or(UNPAIRED)? {
                '`' => break,
                '\\' => return Err("it has a backslash within backquotes, which is read in two ways".into()),
                _ => {}
            }
        }
        let script: String = self.chars[start..self.at - 1].iter().collect();
        let source = self.source(start - 1);
        self.units.push(Unit::Expansion(Expansion { kind: Kind::Command(script), source, quoted }));
        Ok(())
    }

    /// Goes behind the parenthesis that closes a command.
    fn skip_command(&mut self) -> Result<(), String> {
        let mut open = 1usize;
        while open > 0 {
            match self.next().ok_or(UNPAIRED)? {
                '\\' => drop(self.next()),
                '\'' => self.skip_to('\'')?,
                '"' => self.skip_double()?,
                '`' => self.skip_to('`')?,
                '$' if self.peek() == Some('\'') => {
                    self.at += 1;
                    self.at += ansi::decode(&self.chars[self.at..])?.1;
                }
                '(' => open += 1,
                ')' => open -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    fn skip_double(&mut self) -> Result<(), String> {
        loop {
            match self.next().ok_or(UNPAIRED)? {
                '"' => return Ok(()),
                '\\' => drop(self.next()),
                '`' => self.skip_to('`')?,
                '$' if self.peek() == Some('(') => {
                    self.at += 1;
                    self.skip_command()?;
                }
                _ => {}
            }
        }
    }

    fn skip_to(&mut self, end: char) -> Result<(), String> {
        while self.next().ok_or(UNPAIRED)? != end {}
        Ok(())
    }
}
