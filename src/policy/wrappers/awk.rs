//! awk: a program in an argument, which may run commands and write files. One that provably does neither is a plain
//! command.

use super::super::segment::Word;
use super::options::Options;

const OPTIONS: Options = Options { bare: &[], valued: &["-F", "-v", "--field-separator", "--assign"] };

/// Words that run something, read or write another file, or reach what the program was called with.
const REACHING: [&str; 8] = ["system", "getline", "ARGV", "ARGC", "ENVIRON", "SYMTAB", "FUNCTAB", "PROCINFO"];

/// Words behind which a `/` begins an expression.
const KEYWORDS: [&str; 9] = ["print", "printf", "return", "in", "case", "else", "do", "delete", "exit"];

/// More places than this where a `/` may begin an expression or divide, and nobody tries them all.
const MAX_DOUBTS: u32 = 4;

/// Whether this is an awk.
pub(super) fn is_awk(name: &str) -> bool {
    matches!(name, "awk" | "gawk" | "mawk" | "nawk" | "original-awk")
}

/// Why no rule can see through this command, if so.
pub(super) fn refuses(words: &[Word]) -> Option<String> {
    let found = match OPTIONS.read(&words[1..]) {
        Ok(found) => found,
        Err(why) => return Some(why),
    };
    let Some(program) = found.rest.first().and_then(Word::known) else {
        return Some("its program isn't known before it runs".into());
    };
    if is_harmless(program) {
        return None;
    }
    Some("its program may run commands, or read and write other files; print, and use a pipe instead".into())
}

/// Whether a program does nothing but compute and print, however its slashes are read.
fn is_harmless(program: &str) -> bool {
    let chars: Vec<char> = program.chars().collect();
    let readings: Vec<Reading> =
        (0..1 << MAX_DOUBTS).map(|guess| Reader::new(&chars, guess).read()).collect();
    !readings.contains(&Reading::Harmful) && readings.contains(&Reading::Harmless)
}

#[derive(PartialEq, Eq)]
enum Reading {
    Harmless,
    Harmful,
    /// No awk would read it so.
    Impossible,
}

/// What stood before: it decides what a `/` means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Operand,
    Operator,
    /// It could be the end of an operand, or of a condition.
    Doubtful,
}

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
    before: Before,
    /// Whether a `print` has begun, and how many parentheses are open in it.
    printing: Option<usize>,
    /// A bit for each doubtful `/`: whether it divides.
    guess: u32,
    doubts: u32,
}

impl<'a> Reader<'a> {
    fn new(chars: &'a [char], guess: u32) -> Self {
        Self { chars, at: 0, before: Before::Operator, printing: None, guess, doubts: 0 }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn read(mut self) -> Reading {
        while let Some(c) = self.peek() {
            let reading = match c {
                ' ' | '\t' => {
                    self.at += 1;
                    None
                }
                '"' => self.skip('"', Before::Operand),
                '#' => {
                    let rest = self.chars[self.at..].iter();
                    self.at += rest.take_while(|c| **c != '\n').count();
                    None
                }
                '/' => self.slash(),
                _ if c.is_ascii_alphabetic() || c == '_' => self.word(),
                _ if c.is_ascii_digit() => {
                    self.at += 1;
                    self.before = Before::Operand;
                    None
                }
                _ => self.sign(c),
            };
            if let Some(reading) = reading {
                return reading;
            }
        }
        Reading::Harmless
    }

    /// Goes behind the end of a string or an expression.
    fn skip(&mut self, end: char, before: Before) -> Option<Reading> {
        self.at += 1;
        loop {
            match self.peek() {
                None | Some('\n') => return Some(Reading::Impossible),
                Some('\\') => self.at += 2,
                // In brackets, a slash ends the expression for some and not for others.
                Some('[') if end == '/' => {
                    let rest = &self.chars[self.at..];
                    let close = rest.iter().skip(2).position(|c| *c == ']');
                    let close = close.map_or(rest.len(), |at| at + 2);
                    if rest[..close].contains(&'/') {
                        return Some(Reading::Harmful);
                    }
                    self.at += 1;
                }
                Some(c) => {
                    self.at += 1;
                    if c == end {
                        self.before = before;
                        return None;
                    }
                }
            }
        }
    }

    fn slash(&mut self) -> Option<Reading> {
        let divides = match self.before {
            Before::Operand => true,
            Before::Operator => false,
            Before::Doubtful => {
                self.doubts += 1;
                if self.doubts > MAX_DOUBTS {
                    return Some(Reading::Harmful);
                }
                self.guess >> (self.doubts - 1) & 1 == 1
            }
        };
        if !divides {
            return self.skip('/', Before::Operand);
        }
        self.at += 1;
        self.before = Before::Operator;
        None
    }

    fn word(&mut self) -> Option<Reading> {
        let rest = self.chars[self.at..].iter();
        let word: String = rest.take_while(|c| c.is_ascii_alphanumeric() || **c == '_').collect();
        self.at += word.len();
        if REACHING.contains(&word.as_str())
            || matches!(word.as_str(), "while" | "do")
            || self.is_endless(&word)
        {
            return Some(Reading::Harmful);
        }
        if matches!(word.as_str(), "print" | "printf") {
            self.printing = Some(0);
        }
        self.before = if KEYWORDS.contains(&word.as_str()) { Before::Operator } else { Before::Operand };
        None
    }

    /// Whether a `for` begins here whose condition is empty or constant.
    fn is_endless(&self, word: &str) -> bool {
        let rest = self.chars[self.at..].iter().collect::<String>();
        let condition = rest.split(';').nth(1).map(str::trim).filter(|_| word == "for");
        let head_ends = rest.split(';').next().is_some_and(|head| head.contains(')'));
        !head_ends && condition.is_some_and(|text| !text.contains(|c: char| c.is_ascii_alphabetic()))
    }

    fn sign(&mut self, c: char) -> Option<Reading> {
        self.at += 1;
        let next = self.peek();
        // Behind an operator a line goes on, and so does what it prints.
        let goes_on = matches!(self.before, Before::Operator);
        self.before = Before::Operator;
        match c {
            '|' if next == Some('|') => self.at += 1,
            '|' | '@' | '\\' | '`' => return Some(Reading::Harmful),
            '>' if next == Some('>') || self.printing == Some(0) => return Some(Reading::Harmful),
            '(' | '[' => self.printing = self.printing.map(|open| open + 1),
            ')' | ']' => {
                self.printing = self.printing.map(|open| open.saturating_sub(1));
                self.before = if c == ')' { Before::Doubtful } else { Before::Operand };
            }
            '\n' if goes_on || self.printing.is_some_and(|open| open > 0) => {}
            ';' | '\n' | '{' | '}' => self.printing = None,
            '$' => {}
            '+' | '-' if next == Some(c) => {
                self.at += 1;
                self.before = Before::Doubtful;
            }
            '<' | '>' | '=' | '!' | '&' | '~' | '?' | ':' | ',' | '+' | '-' | '*' | '%' | '^' | '.' => {}
            _ => return Some(Reading::Harmful),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_compute_and_print_are_harmless() {
        for program in [
            "{print $1}",
            "NR>1 {print $2, $NF}",
            "$5+0 > 80 {print $6 \": \" $5}",
            "BEGIN{FS=\":\"} /root|adm/ {print $1} # all",
            "{s+=$1} END{printf \"%.1f\\n\", s/1024/1024}",
            "{print ($2/1024), ($3>4 ? \"a\" : \"b\")}",
            "{ if ($1 > 3 || $2 ~ /a[0-9]/) print; else next }",
            "/^Mem/ {print $3/$2 * 100.0}",
            "!seen[$0]++",
            "{print length($0) / 2}",
        ] {
            assert!(is_harmless(program), "{program}");
        }
    }

    #[test]
    fn programs_that_run_write_or_reach_elsewhere_are_not() {
        for program in [
            "BEGIN{system(\"reboot\")}",
            "{print > \"/etc/passwd\"}",
            "BEGIN{print \"x\",\n\"\" > \"/etc/cron.d/x\"}",
            "BEGIN{print (1\n) > \"x\"}",
            "BEGIN{while(1) x=1}",
            "BEGIN{for(;;) x=1}",
            "{print $1, $2 >> \"x\"}",
            "{printf(\"%s\", $1) > \"x\"}",
            "{print | \"sh\"}",
            "{\"date\" | getline x}",
            "BEGIN{while ((getline line < \"/etc/shadow\") > 0) print line}",
            "@load \"x\"",
            "BEGIN{f=\"sys\"; @f(\"x\")}",
            "BEGIN{ARGV[1]=\"/etc/shadow\"; ARGC=2} {print}",
            "BEGIN{for (k in ENVIRON) print k}",
            "{if (x) /\"/; system(\"reboot\"); if (x) /\"/}",
            "{x++ /\"/; system(\"reboot\"); y = \"/\"}",
            "{print \"a",
            "/[/]/ {print}",
            "awk::system(\"x\")",
        ] {
            assert!(!is_harmless(program), "{program}");
        }
    }
}
