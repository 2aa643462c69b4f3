//! sed: a script in an argument, which may run commands and write files. One that only edits what passes through is
//! a plain command.

use super::super::segment::Word;

/// Why no rule can see through this command, if so.
pub(super) fn refuses(words: &[Word]) -> Option<String> {
    let Ok(scripts) = scripts(words) else {
        return Some("an option of it may change files, or can't be told from them".into());
    };
    let harmless = Script { chars: scripts.join("\n").chars().collect(), at: 0 }.read();
    harmless.is_none().then(|| "its script may run commands, or read and write other files".into())
}

/// The scripts among the words. Options may stand anywhere.
fn scripts(words: &[Word]) -> Result<Vec<&str>, ()> {
    let mut scripts = Vec::new();
    let mut operands = Vec::new();
    let mut rest = words[1..].iter();
    let mut ended = false;
    while let Some(word) = rest.next() {
        let text = match word {
            Word::Known(text) => text.as_str(),
            Word::Files(pattern) if !pattern.starts_with(['*', '?', '[', '-']) => {
                operands.push(pattern.as_str());
                continue;
            }
            Word::Files(_) | Word::Unknown(_) => return Err(()),
        };
        match text {
            "--" if !ended => ended = true,
            _ if ended || text == "-" || !text.starts_with('-') => operands.push(text),
            "--quiet" | "--silent" | "--regexp-extended" | "--separate" | "--unbuffered" | "--null-data"
            | "--posix" | "--sandbox" => {}
            "--expression" => scripts.push(rest.next().and_then(Word::known).ok_or(())?),
            _ if text.starts_with("--expression=") => scripts.push(&text["--expression=".len()..]),
            _ if text.starts_with("--") => return Err(()),
            _ => {
                let letters = &text[1..];
                let at = letters.find('e');
                if !letters[..at.unwrap_or(letters.len())].chars().all(|c| "nErsuz".contains(c)) {
                    return Err(());
                }
                match at.map(|at| &letters[at + 1..]) {
                    None => {}
                    Some("") => scripts.push(rest.next().and_then(Word::known).ok_or(())?),
                    Some(script) => scripts.push(script),
                }
            }
        }
    }
    if scripts.is_empty() {
        let known = words[1..].iter().any(|word| word.known() == operands.first().copied());
        scripts.push(operands.first().copied().filter(|_| known).ok_or(())?);
    }
    Ok(scripts)
}

/// A script being read. Every step is `None` where it does, or may do, more than to edit.
struct Script {
    chars: Vec<char>,
    at: usize,
}

impl Script {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += usize::from(c.is_some());
        c
    }

    fn skip(&mut self, what: &[char]) {
        while self.peek().is_some_and(|c| what.contains(&c)) {
            self.at += 1;
        }
    }

    fn read(mut self) -> Option<()> {
        loop {
            self.skip(&[' ', '\t', '\n', ';']);
            if self.peek().is_none() {
                return Some(());
            }
            self.addresses()?;
            self.command()?;
        }
    }

    fn addresses(&mut self) -> Option<()> {
        self.address()?;
        self.skip(&[' ', '\t']);
        if self.peek() == Some(',') {
            self.at += 1;
            self.skip(&[' ', '\t']);
            if matches!(self.peek(), Some('+' | '~')) {
                self.at += 1;
            }
            self.address()?;
        }
        self.skip(&[' ', '\t', '!']);
        Some(())
    }

    fn address(&mut self) -> Option<()> {
        match self.peek() {
            Some('$') => self.at += 1,
            Some(c) if c.is_ascii_digit() => {
                self.skip(&['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '~']);
            }
            Some('/') => {
                self.at += 1;
                self.until('/')?;
                self.skip(&['I', 'M']);
            }
            Some('\\') => {
                self.at += 1;
                let end = self.next().filter(|c| c.is_ascii_punctuation() && *c != '\\')?;
                self.until(end)?;
                self.skip(&['I', 'M']);
            }
            _ => {}
        }
        Some(())
    }

    /// Goes behind `end`. Within brackets, `end` is a part of the expression for some and its end for others.
    fn until(&mut self, end: char) -> Option<()> {
        let mut bracket = false;
        loop {
            match self.next()? {
                '\n' => return None,
                '\\' => drop(self.next()?),
                c if c == end => return (!bracket).then_some(()),
                // Whether a `]` that follows at once closes it is read in two ways.
                '[' if !bracket && matches!(self.chars[self.at..], [']', ..] | ['^', ']', ..]) => {
                    return None;
                }
                '[' => bracket = true,
                ']' => bracket = false,
                _ => {}
            }
        }
    }

    fn command(&mut self) -> Option<()> {
        let kind = self.next()?;
        match kind {
            '{' => Some(()),
            '}' | '=' | 'd' | 'D' | 'g' | 'G' | 'h' | 'H' | 'n' | 'N' | 'p' | 'P' | 'x' | 'z' | 'F' => {
                self.end()
            }
            'q' | 'Q' | 'l' => {
                self.skip(&[' ', '\t', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
                self.end()
            }
            'b' | 't' | 'T' | ':' => {
                let is_label = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
                self.skip(&[' ']);
                let begins = self.at;
                while self.peek().as_ref().is_some_and(is_label) {
                    self.at += 1;
                }
                // Back to an earlier line of a script that reads no further, it never ends.
                let label: String = self.chars[begins..self.at].iter().collect();
                let before: String = self.chars[..begins].iter().collect();
                let reads = self.chars.iter().any(|c| matches!(c, 'N' | 'n'));
                let back = kind == 'b' && !label.is_empty() && before.contains(&format!(":{label}"));
                if back && !reads {
                    return None;
                }
                self.end()
            }
            'a' | 'i' | 'c' => {
                self.text();
                Some(())
            }
            'y' => {
                let end = self.delimiter()?;
                self.until(end)?;
                self.until(end)?;
                self.end()
            }
            's' => {
                let end = self.delimiter()?;
                self.until(end)?;
                self.replacement(end)?;
                self.skip(&['g', 'p', 'i', 'I', 'm', 'M', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
                self.end()
            }
            '#' => {
                while self.peek().is_some_and(|c| c != '\n') {
                    self.at += 1;
                }
                Some(())
            }
            _ => None,
        }
    }

    fn delimiter(&mut self) -> Option<char> {
        self.next().filter(|c| c.is_ascii_punctuation() && *c != '\\')
    }

    fn replacement(&mut self, end: char) -> Option<()> {
        loop {
            match self.next()? {
                '\\' => drop(self.next()?),
                c if c == end => return Some(()),
                _ => {}
            }
        }
    }

    /// Text to insert: up to a line's end that has no backslash before it.
    fn text(&mut self) {
        self.skip(&[' ', '\t']);
        if self.peek() == Some('\\') {
            self.at += 1;
            self.skip(&[' ', '\t']);
            if self.peek() == Some('\n') {
                self.at += 1;
            }
        }
        while let Some(c) = self.next() {
            match c {
                '\\' => self.at += 1,
                '\n' => return,
                _ => {}
            }
        }
    }

    fn end(&mut self) -> Option<()> {
        self.skip(&[' ', '\t']);
        matches!(self.peek(), None | Some('\n' | ';' | '}' | '#')).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn harmless(words: &[&str]) -> bool {
        let words: Vec<Word> =
            [&["sed"], words].concat().iter().map(|word| Word::Known((*word).into())).collect();
        refuses(&words).is_none()
    }

    #[test]
    fn a_script_that_only_edits_is_harmless() {
        for script in [
            "p",
            "1,5p",
            "$d",
            "/a/,/b/p",
            "s/a/b/g",
            "s|/|_|2gp",
            "1~2d;$!N",
            "/x/{s/a/b/;p}",
            "10q",
            ":a;N;$!ba;s/\\n/ /g",
            "1i\\\nhead",
            "a tail e",
            "y/abc/xyz/",
            "\\,a,d",
            "/a/I!d",
            "s/[0-9]*//",
            "$=",
            "# comment e\np",
        ] {
            assert!(harmless(&["-n", script]), "{script}");
        }
        assert!(harmless(&["-nE", "-e", "p", "-e", "s/a/b/", "/etc/hosts"]));
        assert!(harmless(&["--expression=p", "/etc/hosts"]));
    }

    #[test]
    fn a_script_that_runs_writes_or_reads_elsewhere_is_not() {
        for script in [
            "e reboot",
            "1e",
            "s/a/b/e",
            "s/a/reboot/ge",
            "w /etc/passwd",
            "s/a/b/w x",
            "r /etc/shadow",
            "R x",
            "W x",
            "s/[/]/e;p/p/",
            "p;e",
            "{e reboot\n}",
            "$!{p;w x\n}",
            "s\na\nb\ne",
            "v",
            ":a;ba",
            "1i\\\nhead\ne reboot",
            "p e",
            "s/a",
        ] {
            assert!(!harmless(&["-n", script]), "{script}");
        }
        for words in [
            &["-i", "p", "x"][..],
            &["p", "x", "-i"],
            &["-ni", "p"],
            &["--in-place", "p"],
            &["-f", "x"],
            &["-e", "p", "-fx"],
            &["--expr=e"],
            &["-n"],
            &["p", "--", "-i", "-x"],
        ] {
            assert_eq!(harmless(words), words.contains(&"--"), "{words:?}");
        }
    }
}
