//! Which commands a rule speaks of. Strict throughout: what a rule doesn't name, it doesn't match.

use std::path::Path;

use regex::Regex;

use super::glob::Glob;
use super::segment::{Segment, Word};
use super::{paths, secrets};

/// The shape of a command.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// The first words in order, each a list of alternatives; the first is the program.
    pub(super) tokens: Vec<Vec<String>>,
    /// Flags that may stand between the tokens.
    pub(super) global_flags: Vec<Flag>,
    /// Flags that may stand after the tokens.
    pub(super) flags: Vec<Flag>,
    /// Names of flags of which at least one must be there, unless empty.
    pub(super) requires: Vec<String>,
    /// What else may follow.
    pub(super) args: Args,
}

/// A flag that a rule knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flag {
    /// With its dashes: `-n`, `--lines`, `-br`; `-#` stands for a dash and a number (`-20`).
    pub(super) name: String,
    pub(super) value: FlagValue,
}

/// Whether a flag has a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FlagValue {
    /// `--quiet`.
    No,
    /// `--lines=5`, `--lines 5`, `-n 5`, `-n5`. Written `--lines=` in a rule; `--output=json|wide` when it has to
    /// fit one of these globs, and then it is never taken for a path.
    Required(Vec<Glob>),
    /// `--color` or `--color=auto`, never a word of its own. Written `--color=?`.
    Optional,
}

impl Flag {
    /// Reads a flag as rules write it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            None => (text, FlagValue::No),
            Some((name, "?")) => (name, FlagValue::Optional),
            Some((name, "")) => (name, FlagValue::Required(Vec::new())),
            Some((name, globs)) => (name, FlagValue::Required(globs.split('|').map(Glob::new).collect())),
        };
        let bare = name.trim_start_matches('-');
        let dashes = name.len() - bare.len();
        let good = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
        let number = name == "-#" && value == FlagValue::No;
        if !number && (!(1..=2).contains(&dashes) || bare.is_empty() || !bare.chars().all(good)) {
            return Err(format!(
                "{text:?} is not a flag: write `--quiet`, `--lines=` (with a value), `--output=json|wide` (with one of these), `--color=?` (with or without) or `-#` (a number)"
            ));
        }
        Ok(Self { name: name.to_owned(), value })
    }
}

/// What may follow the tokens besides flags.
#[derive(Debug, Clone, Default)]
pub(super) struct Args {
    pub(super) min: usize,
    pub(super) max: usize,
    /// Globs of which each argument must fit one, unless empty.
    pub(super) allow: Vec<Glob>,
    /// Expressions of which each argument must fit one as a whole, unless empty.
    pub(super) like: Vec<Regex>,
    /// Globs that no argument may fit.
    pub(super) deny: Vec<Glob>,
    /// So many of the first arguments are text (a search pattern, a filter) and never taken for paths.
    pub(super) text: usize,
    /// Whether a path that holds secrets keeps the rule from matching.
    pub(super) no_secrets: bool,
    /// Whether the rest may be anything at all, flags and words that nobody knows included.
    pub(super) any: bool,
}

/// What a command gave, once its flags were told from its arguments.
#[derive(Default)]
struct Given<'a> {
    flags: Vec<&'a str>,
    values: Vec<&'a str>,
    args: Vec<&'a Word>,
}

impl Pattern {
    /// Whether the command is of this shape.
    pub(super) fn matches(&self, segment: &Segment) -> bool {
        let Some(given) = self.parse(&segment.words) else { return false };
        let cwd = segment.cwd.as_deref();
        let required = self.requires.is_empty() || self.requires.iter().any(|f| given.flags.contains(&&**f));
        let count = given.args.len();
        required
            && self.args.min <= count
            && (self.args.any || count <= self.args.max)
            && given.args.iter().enumerate().all(|(i, arg)| self.args.admits(i, arg, cwd))
            && given.values.iter().all(|value| self.args.admits_value(value, cwd))
    }

    fn parse<'a>(&'a self, words: &'a [Word]) -> Option<Given<'a>> {
        let (program, words) = words.split_first()?;
        let program = program.known()?;
        let (first, tokens) = self.tokens.split_first()?;
        if !first.iter().any(|name| is_program(name, program)) {
            return None;
        }
        let mut given = Given::default();
        let mut at = 0;
        for token in tokens {
            while !accepts(token, words.get(at)?.known()?) {
                at += take(&self.global_flags, &words[at..], &mut given)?;
            }
            at += 1;
        }
        let rest = &words[at..];
        if self.args.any {
            given.args = rest.iter().collect();
            return Some(given);
        }
        self.parse_rest(rest, given)
    }

    fn parse_rest<'a>(&'a self, words: &'a [Word], mut given: Given<'a>) -> Option<Given<'a>> {
        let mut at = 0;
        let mut flags_ended = false;
        while let Some(word) = words.get(at) {
            let flag = word.known().filter(|text| text.starts_with('-') && *text != "-");
            match (word, flag) {
                (Word::Known(_), None) => {
                    given.args.push(word);
                    at += 1;
                }
                (Word::Known(_), Some("--")) if !flags_ended => {
                    flags_ended = true;
                    at += 1;
                }
                // An argument that looks like a flag: not every program honours `--`.
                (Word::Known(_), Some(_)) if flags_ended => return None,
                (Word::Known(_), Some(_)) => at += take(&self.flags, &words[at..], &mut given)?,
                // A file's name may begin with a dash; behind a folder it can't be taken for a flag.
                (Word::Files(pattern), _) if !pattern.starts_with(['-', '*', '?', '[']) => {
                    given.args.push(word);
                    at += 1;
                }
                (Word::Files(_) | Word::Unknown(_), _) => return None,
            }
        }
        Some(given)
    }
}

/// A rule names a program bare, or by its full path; a bare name is matched only where it can't mislead.
fn is_program(name: &str, program: &str) -> bool {
    name == program || (!name.contains('/') && paths::known_name(program) == Some(name))
}

fn accepts(token: &[String], word: &str) -> bool {
    token.iter().any(|t| if t == "*" { !word.starts_with('-') && !paths::climbs(word) } else { t == word })
}

/// Takes the flag at the head of `words`; how many words it took, or `None` for one that isn't listed.
fn take<'a>(flags: &'a [Flag], words: &'a [Word], given: &mut Given<'a>) -> Option<usize> {
    let word = words.first()?.known()?;
    let known = |name: &str| flags.iter().find(|flag| flag.name == name);
    if let Some(flag) = known(word) {
        given.flags.push(&flag.name);
        return match &flag.value {
            FlagValue::No | FlagValue::Optional => Some(1),
            FlagValue::Required(globs) => take_next(globs, words, given),
        };
    }
    if let Some((name, value)) = word.split_once('=')
        && let Some(flag) = known(name)
    {
        given.flags.push(&flag.name);
        return match &flag.value {
            FlagValue::No => None,
            FlagValue::Optional => fit(&[], value, given),
            FlagValue::Required(globs) => fit(globs, value, given),
        };
    }
    let number =
        word.strip_prefix('-').is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()));
    if number && let Some(flag) = known("-#") {
        given.flags.push(&flag.name);
        return Some(1);
    }
    take_cluster(flags, words, given)
}

/// Takes short flags that share a dash: `-lh`, `-n5`.
fn take_cluster<'a>(flags: &'a [Flag], words: &'a [Word], given: &mut Given<'a>) -> Option<usize> {
    let cluster = words
        .first()?
        .known()?
        .strip_prefix('-')
        .filter(|rest| !rest.starts_with('-') && !rest.is_empty())?;
    for (i, c) in cluster.char_indices() {
        let flag =
            flags.iter().find(|flag| flag.name.strip_prefix('-').is_some_and(|n| n.chars().eq([c])))?;
        given.flags.push(&flag.name);
        let rest = &cluster[i + c.len_utf8()..];
        match &flag.value {
            FlagValue::No => {}
            FlagValue::Required(globs) if rest.is_empty() => return take_next(globs, words, given),
            FlagValue::Optional if rest.is_empty() => return Some(1),
            FlagValue::Required(globs) => return accept_value(globs, rest, given),
            FlagValue::Optional => return accept_value(&[], rest, given),
        }
    }
    Some(1)
}

/// The value of a flag as a word of its own.
fn take_next<'a>(globs: &[Glob], words: &'a [Word], given: &mut Given<'a>) -> Option<usize> {
    accept_value(globs, words.get(1)?.known()?, given).map(|_| 2)
}

/// Takes a flag's value. One that begins with `-` may be a flag after all, unless it is a number (`-1h`, `-10M`).
fn accept_value<'a>(globs: &[Glob], value: &'a str, given: &mut Given<'a>) -> Option<usize> {
    let dashed = value.strip_prefix('-').is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
    if dashed { None } else { fit(globs, value, given) }
}

/// Takes a value that can't be anything else.
fn fit<'a>(globs: &[Glob], value: &'a str, given: &mut Given<'a>) -> Option<usize> {
    if value.chars().any(char::is_control) {
        return None;
    }
    if globs.is_empty() {
        given.values.push(value);
        return Some(1);
    }
    globs.iter().any(|glob| glob.matches(value)).then_some(1)
}

impl Args {
    fn admits(&self, position: usize, word: &Word, cwd: Option<&Path>) -> bool {
        match word {
            // What only a variable knows may be a secret, and then it is not for saying.
            Word::Unknown(text) if self.any => !secrets::is_telling(text),
            _ if self.any => true,
            Word::Known(text) if position < self.text => self.admits_text(text),
            Word::Known(text) => self.admits_path(text, cwd),
            Word::Files(pattern) => self.admits_files(pattern, cwd),
            Word::Unknown(_) => false,
        }
    }

    /// A search pattern or the like, in which a line break is nothing odd.
    fn admits_text(&self, text: &str) -> bool {
        let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
        !text.chars().any(odd) && !self.deny.iter().any(|glob| glob.matches(text))
    }

    fn admits_path(&self, arg: &str, cwd: Option<&Path>) -> bool {
        if !self.admits_value(arg, cwd) {
            return false;
        }
        let path = paths::absolute(arg, cwd);
        let means = |glob: &Glob| glob.matches(if glob.is_absolute() { &path } else { arg });
        // A relative path is held against what is denied, but never earns what is allowed by full path.
        let earns = |glob: &Glob| (!glob.is_absolute() || arg.starts_with('/')) && means(glob);
        (self.allow.is_empty() || self.allow.iter().any(earns))
            && (self.like.is_empty() || self.like.iter().any(|like| like.is_match(arg)))
            && !self.deny.iter().any(means)
    }

    /// Which files a pattern means can't be held against globs: a rule that has some doesn't match.
    fn admits_files(&self, pattern: &str, cwd: Option<&Path>) -> bool {
        let open = self.allow.is_empty() && self.like.is_empty() && self.deny.is_empty();
        open && !pattern.chars().any(char::is_control)
            && !paths::climbs(pattern)
            && !(self.no_secrets
                && (cwd.is_none() && !pattern.starts_with('/')
                    || secrets::may_hold_secrets(&paths::absolute(pattern, cwd))))
    }

    /// What holds for every word from outside: no control characters, no climbing, and no secrets if the
    /// rule says so (also behind the `:` of a revision's path).
    fn admits_value(&self, value: &str, cwd: Option<&Path>) -> bool {
        if value.chars().any(char::is_control) || paths::climbs(value) {
            return false;
        }
        if !self.no_secrets {
            return true;
        }
        let nowhere = cwd.is_none() && !value.starts_with('/');
        let secret = |text: &str| secrets::holds_secrets(&paths::absolute(text, cwd));
        !nowhere && !secret(value) && !value.split_once(':').is_some_and(|(_, path)| secret(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn plain(line: &str) -> Segment {
        Segment::plain(&words(line))
    }

    /// `systemctl [--user] status|show [flags] [up to two arguments]`
    fn pattern(args: Args) -> Pattern {
        let flags = |text: &str| text.split_whitespace().map(|f| Flag::parse(f).unwrap()).collect();
        Pattern {
            tokens: vec![words("systemctl"), words("status show")],
            global_flags: flags("--user"),
            flags: flags("-q -l -n= --lines= --color=? -br"),
            requires: Vec::new(),
            args,
        }
    }

    fn matches(line: &str, args: Args) -> bool {
        pattern(args).matches(&Segment::plain(&words(line)))
    }

    fn two() -> Args {
        Args { max: 2, ..Args::default() }
    }

    #[test]
    fn a_flag_that_is_not_listed_or_stands_elsewhere_keeps_the_rule_from_matching() {
        for good in [
            "systemctl status a",
            "/usr/bin/systemctl --user show a b",
            "systemctl status -ql -n 5 a",
            "systemctl status -qn5 --lines=3 --lines 4 --color --color=auto -br",
            "systemctl status -- a",
            "systemctl status -n -5 --lines=-all -n-5 a",
        ] {
            assert!(matches(good, two()), "{good:?} should match");
        }
        for bad in [
            "systemctl",
            "systemctl restart a",
            "systemctl status --user a",
            "systemctl -q status a",
            "systemctl status --root=/x a",
            "systemctl status -qx a",
            "systemctl status -n --now a",
            "systemctl status -n",
            "systemctl status --quiet=yes a",
            "systemctl status -- --now",
            "systemctl status a b c",
            "/tmp/systemctl status a",
            "./systemctl status a",
        ] {
            assert!(!matches(bad, two()), "{bad:?} should not match");
        }
    }

    #[test]
    fn arguments_fit_a_glob_fit_no_denied_one_and_never_climb() {
        let glob = |text: &str| vec![Glob::new(text)];
        let args = Args {
            min: 1,
            max: 1,
            allow: glob("/mnt/**"),
            deny: glob("/mnt/x"),
            no_secrets: true,
            ..Args::default()
        };
        let admits = |arg: &str| args.admits(0, &Word::Known(arg.into()), Some(Path::new("/mnt")));
        assert!(admits("/mnt/a/b") && admits("//mnt/a"));
        for bad in ["/etc/a", "a", "/mnt/x", "/mnt//x", "x", "./x", "/mnt/../etc", "/mnt/.env", "/mnt/a\nb"] {
            assert!(!admits(bad), "{bad:?} passed");
        }
        assert!(!matches("systemctl status", args));
    }

    #[test]
    fn a_secret_is_found_behind_a_revision_in_a_flag_and_by_the_working_directory() {
        let args = Args { max: 1, no_secrets: true, ..Args::default() };
        let admits = |arg: &str, cwd| args.admits(0, &Word::Known(arg.into()), cwd);
        assert!(!admits("HEAD:prod/.env", Some(Path::new("/"))));
        assert!(!admits("shadow", Some(Path::new("/etc"))));
        assert!(!admits("server.crt", Some(Path::new("/etc/ssl/private"))));
        assert!(!admits("notes", None), "nobody knows where it is");
        assert!(!matches("systemctl show --lines=/etc/shadow", args));
    }

    #[test]
    fn of_the_required_flags_one_must_be_there() {
        let mut pattern = pattern(two());
        pattern.requires = vec!["-q".into(), "--lines".into()];
        assert!(pattern.matches(&plain("systemctl status --lines=5")));
        assert!(pattern.matches(&plain("systemctl status -lq")));
        assert!(!pattern.matches(&plain("systemctl status -l")));
    }
}
