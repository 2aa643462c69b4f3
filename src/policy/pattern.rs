//! Which command lines a rule speaks of. Strict throughout: what a rule doesn't name, it doesn't match.

use std::path::Path;

use super::glob::Glob;
use super::{paths, secrets};

/// The shape of a command line.
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
    /// With its dashes: `-n`, `--lines`, `-br`.
    pub(super) name: String,
    pub(super) value: FlagValue,
}

/// Whether a flag has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlagValue {
    /// `--quiet`.
    No,
    /// `--lines=5`, `--lines 5`, `-n 5`, `-n5`. Written `--lines=` in a rule.
    Required,
    /// `--color` or `--color=auto`, never a word of its own. Written `--color=?`.
    Optional,
}

impl Flag {
    /// Reads a flag as rules write it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = if let Some(name) = text.strip_suffix("=?") {
            (name, FlagValue::Optional)
        } else if let Some(name) = text.strip_suffix('=') {
            (name, FlagValue::Required)
        } else {
            (text, FlagValue::No)
        };
        let bare = name.trim_start_matches('-');
        let dashes = name.len() - bare.len();
        let good = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
        if !(1..=2).contains(&dashes) || bare.is_empty() || !bare.chars().all(good) {
            return Err(format!(
                "{text:?} is not a flag: write `--quiet`, `--lines=` (with a value) or `--color=?` (with or without)"
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
    /// Globs that no argument may fit.
    pub(super) deny: Vec<Glob>,
    /// Whether a path that holds secrets keeps the rule from matching.
    pub(super) no_secrets: bool,
}

/// What a command line gave, once its flags were told from its arguments.
#[derive(Default)]
struct Given<'a> {
    flags: Vec<&'a str>,
    values: Vec<&'a str>,
    args: Vec<&'a str>,
}

impl Pattern {
    /// Whether `argv`, run in `cwd`, is of this shape.
    pub(super) fn matches(&self, argv: &[String], cwd: Option<&Path>) -> bool {
        let Some(given) = self.parse(argv) else { return false };
        let required = self.requires.is_empty() || self.requires.iter().any(|f| given.flags.contains(&&**f));
        required
            && (self.args.min..=self.args.max).contains(&given.args.len())
            && given.args.iter().all(|arg| self.args.admits(arg, cwd))
            && given.values.iter().all(|value| self.args.admits_value(value, cwd))
    }

    fn parse<'a>(&'a self, argv: &'a [String]) -> Option<Given<'a>> {
        let (program, words) = argv.split_first()?;
        let (first, tokens) = self.tokens.split_first()?;
        if !first.iter().any(|name| is_program(name, program)) {
            return None;
        }
        let mut given = Given::default();
        let mut at = 0;
        for token in tokens {
            while !accepts(token, words.get(at)?) {
                at += take(&self.global_flags, &words[at..], &mut given)?;
            }
            at += 1;
        }
        let mut flags_ended = false;
        while let Some(word) = words.get(at) {
            if word == "--" && !flags_ended {
                flags_ended = true;
                at += 1;
            } else if !word.starts_with('-') {
                given.args.push(word);
                at += 1;
            } else if flags_ended {
                return None; // an argument that looks like a flag: not every program honours `--`
            } else {
                at += take(&self.flags, &words[at..], &mut given)?;
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
fn take<'a>(flags: &'a [Flag], words: &'a [String], given: &mut Given<'a>) -> Option<usize> {
    let word = words.first()?.as_str();
    let known = |name: &str| flags.iter().find(|flag| flag.name == name);
    if let Some(flag) = known(word) {
        given.flags.push(&flag.name);
        return match flag.value {
            FlagValue::No | FlagValue::Optional => Some(1),
            FlagValue::Required => take_next(words, given),
        };
    }
    if let Some((name, value)) = word.split_once('=')
        && let Some(flag) = known(name)
    {
        given.flags.push(&flag.name);
        given.values.push(value);
        return (flag.value != FlagValue::No).then_some(1);
    }
    take_cluster(flags, words, given)
}

/// Takes short flags that share a dash: `-lh`, `-n5`.
fn take_cluster<'a>(flags: &'a [Flag], words: &'a [String], given: &mut Given<'a>) -> Option<usize> {
    let cluster =
        words.first()?.strip_prefix('-').filter(|rest| !rest.starts_with('-') && !rest.is_empty())?;
    for (i, c) in cluster.char_indices() {
        let flag =
            flags.iter().find(|flag| flag.name.strip_prefix('-').is_some_and(|n| n.chars().eq([c])))?;
        given.flags.push(&flag.name);
        let rest = &cluster[i + c.len_utf8()..];
        match flag.value {
            FlagValue::No => {}
            FlagValue::Required if rest.is_empty() => return take_next(words, given),
            FlagValue::Optional if rest.is_empty() => return Some(1),
            FlagValue::Required | FlagValue::Optional => {
                given.values.push(rest);
                return (!rest.starts_with('-')).then_some(1);
            }
        }
    }
    Some(1)
}

/// The value of a flag as a word of its own. One that begins with `-` may be a flag after all: no match.
fn take_next<'a>(words: &'a [String], given: &mut Given<'a>) -> Option<usize> {
    let value = words.get(1).filter(|value| !value.starts_with('-'))?;
    given.values.push(value);
    Some(2)
}

impl Args {
    fn admits(&self, arg: &str, cwd: Option<&Path>) -> bool {
        if !self.admits_value(arg, cwd) {
            return false;
        }
        let path = paths::absolute(arg, cwd);
        let means = |glob: &Glob| glob.matches(if glob.is_absolute() { &path } else { arg });
        // A relative path is held against what is denied, but never earns what is allowed by full path.
        let earns = |glob: &Glob| (!glob.is_absolute() || arg.starts_with('/')) && means(glob);
        (self.allow.is_empty() || self.allow.iter().any(earns)) && !self.deny.iter().any(means)
    }

    /// What holds for every word from outside: no control characters, no climbing, and no secrets if the
    /// rule says so (also behind the `:` of a revision's path).
    fn admits_value(&self, value: &str, cwd: Option<&Path>) -> bool {
        if value.chars().any(char::is_control) || paths::climbs(value) {
            return false;
        }
        let secret = |text: &str| secrets::holds_secrets(&paths::absolute(text, cwd));
        !(self.no_secrets && (secret(value) || value.split_once(':').is_some_and(|(_, path)| secret(path))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
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
        pattern(args).matches(&words(line), None)
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
            "systemctl status -n-5 a",
            "systemctl status -n",
            "systemctl status --quiet=yes a",
            "systemctl status -- --now",
            "systemctl status -",
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
        let args = Args { min: 1, max: 1, allow: glob("/mnt/**"), deny: glob("/mnt/x"), no_secrets: true };
        let admits = |arg: &str| args.admits(arg, Some(Path::new("/mnt")));
        assert!(admits("/mnt/a/b") && admits("//mnt/a"));
        for bad in ["/etc/a", "a", "/mnt/x", "/mnt//x", "x", "./x", "/mnt/../etc", "/mnt/.env", "/mnt/a\nb"] {
            assert!(!admits(bad), "{bad:?} passed");
        }
        assert!(!matches("systemctl status", args));
    }

    #[test]
    fn a_secret_is_found_behind_a_revision_in_a_flag_and_by_the_working_directory() {
        let args = Args { max: 1, no_secrets: true, ..Args::default() };
        assert!(!args.admits("HEAD:prod/.env", None));
        assert!(!args.admits("shadow", Some(Path::new("/etc"))));
        assert!(!args.admits("server.crt", Some(Path::new("/etc/ssl/private"))));
        assert!(!matches("systemctl show --lines=/etc/shadow", args));
    }

    #[test]
    fn of_the_required_flags_one_must_be_there() {
        let mut pattern = pattern(two());
        pattern.requires = vec!["-q".into(), "--lines".into()];
        assert!(pattern.matches(&words("systemctl status --lines=5"), None));
        assert!(pattern.matches(&words("systemctl status -lq"), None));
        assert!(!pattern.matches(&words("systemctl status -l"), None));
    }
}
