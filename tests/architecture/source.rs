//! From a Rust file to its tokens: comments and literals left out, tests marked.

/// An identifier, `::`, or one character of punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
    /// Whether it belongs to an item under `#[cfg(test)]`.
    pub(crate) in_test: bool,
}

impl Token {
    pub(crate) fn is_name(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// The tokens of a file, in order.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { chars: source.chars().collect(), at: 0, line: 1, tokens: Vec::new() };
    while lexer.step() {}
    mark_tests(&mut lexer.tokens);
    lexer.tokens
}

/// How many lines of the file are not part of its tests.
pub(crate) fn lines_outside_tests(source: &str, tokens: &[Token]) -> usize {
    let tests = tokens.chunk_by(|a, b| a.in_test == b.in_test).filter(|run| run[0].in_test);
    let lines_of = |run: &[Token]| run[run.len() - 1].line + 1 - run[0].line;
    source.lines().count() - tests.map(lines_of).sum::<usize>()
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.line += usize::from(self.peek(0) == '\n');
            self.at += 1;
        }
    }

    fn skip_until(&mut self, end: &str) {
        let end: Vec<char> = end.chars().collect();
        while self.at < self.chars.len() && !self.chars[self.at..].starts_with(&end) {
            self.skip(1);
        }
        self.skip(end.len());
    }

    fn push(&mut self, text: String) {
        self.tokens.push(Token { text, line: self.line, in_test: false });
    }

    /// Reads one token, comment, literal or blank; false at the end.
    fn step(&mut self) -> bool {
        match (self.peek(0), self.peek(1)) {
            ('\0', _) if self.at >= self.chars.len() => return false,
            ('/', '/') => self.skip_until("\n"),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            (':', ':') => {
                self.push("::".to_owned());
                self.skip(2);
            }
            (c, _) if c.is_alphanumeric() || c == '_' => self.word(),
            (c, _) => {
                if !c.is_whitespace() {
                    self.push(c.to_string());
                }
                self.skip(1);
            }
        }
        true
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ if self.at >= self.chars.len() => return,
                _ => {
                    self.skip(1);
                    continue;
                }
            }
            self.skip(2);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.skip(1);
        while self.at < self.chars.len() && self.peek(0) != '"' {
            self.skip(1 + usize::from(self.peek(0) == '\\'));
        }
        self.skip(1);
    }

    /// A character, or the name of a lifetime.
    fn quote(&mut self) {
        if self.peek(1) == '\\' {
            self.skip(3);
            self.skip_until("'");
        } else if self.peek(2) == '\'' {
            self.skip(3);
        } else {
            self.skip(1);
        }
    }

    /// A name or a number, or the prefix of a literal.
    fn word(&mut self) {
        let rest = &self.chars[self.at..];
        let word: String = rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
        let after = &rest[word.chars().count()..];
        let hashes = after.iter().take_while(|c| **c == '#').count();
        let raw = matches!(word.as_str(), "r" | "br" | "cr") && after.get(hashes) == Some(&'"');
        if raw {
            self.skip(word.len() + hashes + 1);
            self.skip_until(&format!("\"{}", "#".repeat(hashes)));
        } else if matches!(word.as_str(), "b" | "c") && matches!(after.first(), Some('"' | '\'')) {
            self.skip(1);
        } else if word == "r" && hashes == 1 {
            self.skip(2);
        } else {
            let length = word.chars().count();
            self.push(word);
            self.skip(length);
        }
    }
}

/// Marks each item that follows `#[cfg(test)]`, up to its closing brace or semicolon.
fn mark_tests(tokens: &mut [Token]) {
    let starts: Vec<usize> = (0..tokens.len())
        .filter(|at| {
            let attribute = tokens[*at..].iter().take(7).map(|token| token.text.as_str());
            attribute.eq(["#", "[", "cfg", "(", "test", ")", "]"])
        })
        .collect();
    for start in starts {
        let mut depth = 0;
        for token in &mut tokens[start..] {
            token.in_test = true;
            match token.text.as_str() {
                "{" | "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                "}" => {
                    depth -= 1;
                    if depth <= 0 {
                        break;
                    }
                }
                ";" if depth == 0 => break,
                _ => {}
            }
        }
    }
}
