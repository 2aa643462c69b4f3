//! Programs that run the command that follows their own arguments, and change little about it.

use super::super::segment::Word;
use super::super::sight::{Context, Sight};
use super::options::{Found, Options};

/// A program that runs what follows its own arguments.
pub(super) struct Prefix {
    names: &'static [&'static str],
    options: Options,
    /// How many arguments of its own it has behind its options.
    own: usize,
    /// Whether `NAME=value` may stand before the command.
    variables: bool,
    /// Whether the command runs somewhere else, where relative paths mean something else.
    elsewhere: bool,
}

const fn plain(
    names: &'static [&'static str],
    bare: &'static [&'static str],
    valued: &'static [&'static str],
    own: usize,
) -> Prefix {
    Prefix { names, options: Options { bare, valued }, own, variables: false, elsewhere: false }
}

const PREFIXES: [Prefix; 17] = [
    plain(
        &["timeout"],
        &["--foreground", "--preserve-status", "-v", "--verbose", "-p", "-f"],
        &["-k", "--kill-after", "-s", "--signal"],
        1,
    ),
    plain(&["nice"], &[], &["-n", "--adjustment"], 0),
    plain(&["ionice"], &["-t", "--ignore"], &["-c", "--class", "-n", "--classdata"], 0),
    plain(
        &["chrt"],
        &["-b", "-d", "-f", "-i", "-o", "-r", "-R", "-v", "--batch", "--fifo", "--idle", "--other", "--rr"],
        &["-T", "-P", "-D"],
        1,
    ),
    plain(&["taskset"], &["-a", "-c", "--cpu-list", "--all-tasks"], &[], 1),
    plain(&["nohup"], &[], &[], 0),
    plain(&["setsid"], &["-c", "-f", "-w", "--ctty", "--fork", "--wait"], &[], 0),
    plain(&["stdbuf"], &[], &["-i", "-o", "-e", "--input", "--output", "--error"], 0),
    plain(&["time"], &["-p", "-v", "-q", "-a", "--portability", "--verbose"], &["-f", "--format"], 0),
    Prefix {
        variables: true,
        ..plain(
            &["sudo"],
            &[
                "-n",
                "-H",
                "-E",
                "-S",
                "-A",
                "-b",
                "-k",
                "-P",
                "-B",
                "-i",
                "-s",
                "--non-interactive",
                "--set-home",
                "--preserve-env",
                "--stdin",
                "--askpass",
                "--background",
                "--login",
                "--shell",
            ],
            &[
                "-u",
                "-g",
                "-p",
                "-C",
                "-T",
                "--user",
                "--group",
                "--prompt",
                "--close-from",
                "--command-timeout",
                "--preserve-env",
            ],
            0,
        )
    },
    plain(&["doas"], &["-n"], &["-u"], 0),
    plain(&["runuser"], &["-l", "-", "--login", "-m", "-p"], &["-u", "--user", "-g", "-G"], 0),
    plain(&["pkexec"], &["--keep-cwd", "--disable-internal-agent"], &["--user"], 0),
    Prefix {
        variables: true,
        ..plain(&["env"], &["-i", "-v", "--ignore-environment", "--debug"], &["-u", "--unset"], 0)
    },
    Prefix { elsewhere: true, ..plain(&["chroot"], &["--skip-chdir"], &["--userspec", "--groups"], 1) },
    Prefix {
        elsewhere: true,
        ..plain(
            &["nsenter"],
            &[
                "-a",
                "-m",
                "-u",
                "-i",
                "-n",
                "-p",
                "-C",
                "-U",
                "-T",
                "-F",
                "--all",
                "--mount",
                "--uts",
                "--ipc",
                "--net",
                "--pid",
                "--cgroup",
                "--user",
                "--time",
                "--no-fork",
            ],
            &[
                "-t", "--target", "-S", "--setuid", "-G", "--setgid", "--mount", "--net", "--uts", "--ipc",
                "--pid",
            ],
            0,
        )
    },
    Prefix {
        elsewhere: true,
        ..plain(
            &["unshare"],
            &[
                "-m",
                "-u",
                "-i",
                "-n",
                "-p",
                "-U",
                "-C",
                "-T",
                "-f",
                "-r",
                "-c",
                "--mount",
                "--uts",
                "--ipc",
                "--net",
                "--pid",
                "--user",
                "--cgroup",
                "--time",
                "--fork",
                "--map-root-user",
                "--map-current-user",
                "--mount-proc",
                "--kill-child",
            ],
            &[],
            0,
        )
    },
];

/// The one of this name.
pub(super) fn find(name: &str) -> Option<&'static Prefix> {
    PREFIXES.iter().find(|prefix| prefix.names.contains(&name))
}

impl Prefix {
    /// Looks at what it runs.
    pub(super) fn look(&self, words: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
        let name = self.names[0];
        let found = self.read(name, &words[1..])?;
        if let Some(own) = found.rest.get(..self.own).and_then(<[Word]>::first)
            && name == "timeout"
            && !own.known().is_some_and(is_duration)
        {
            return Err("what `timeout` would run can't be told from its arguments".into());
        }
        if name == "chroot" || name == "nsenter" && enters_another_root(&found) {
            return Err(format!("`{name}` runs a program of another root, whatever its name says"));
        }
        if let Some(own) = found.rest.first().and_then(Word::known)
            && name == "timeout"
            && seconds(own).is_none_or(|seconds| seconds <= 0.0 || seconds > MAX_SECONDS)
        {
            return Err("what `timeout` runs may run for more than an hour".into());
        }
        let mut inner = context.inner();
        if self.elsewhere {
            inner.places = vec![None];
        }
        let mut rest = found.rest.get(self.own..).unwrap_or_default();
        while self.variables
            && let Some((word, after)) = rest.split_first()
            && let Some((variable, value)) = word.text().split_once('=')
        {
            inner.env.extend(super::super::paths::foreign_locale(variable, value));
            inner.env.insert(variable.to_owned());
            rest = after;
        }
        if rest.is_empty() {
            return self.alone(name, words, &found, context, sight);
        }
        super::see(rest.to_vec(), &inner, sight);
        Ok(())
    }

    fn read<'a>(&self, name: &str, words: &'a [Word]) -> Result<Found<'a>, String> {
        // `nice -5 df` and `env - df` are older than options.
        let old = match (name, words.first().and_then(Word::known)) {
            ("nice", Some(text)) => text.strip_prefix('-').is_some_and(|rest| rest.parse::<i8>().is_ok()),
            ("env", Some("-")) => true,
            _ => false,
        };
        self.options.read(if old { &words[1..] } else { words }).map_err(|why| format!("`{name}`: {why}"))
    }

    /// Without a command, most of them run a shell; `env` shows what is set.
    fn alone(
        &self,
        name: &str,
        words: &[Word],
        found: &Found<'_>,
        context: &Context,
        sight: &mut Sight,
    ) -> Result<(), String> {
        if name == "env" && found.options.is_empty() {
            sight.see(words.to_vec(), context);
            return Ok(());
        }
        Err(format!("what `{name}` would run can't be told from its arguments"))
    }
}

/// Whether `nsenter` sees other files than those of this machine's first process.
fn enters_another_root(found: &Found<'_>) -> bool {
    let names = ["-m", "--mount", "-a", "--all"];
    let mut targets = found.values(&["-t", "--target"]).peekable();
    let first = targets.peek().is_some() && targets.all(|target| target == "1");
    names.iter().any(|name| found.has(name)) && (!first || found.values(&["--mount"]).next().is_some())
}

/// More than this isn't a limit that anybody waits for.
const MAX_SECONDS: f64 = 3600.0;

fn seconds(text: &str) -> Option<f64> {
    let (number, unit) = match text.chars().last()? {
        's' => (text.strip_suffix('s')?, 1.0),
        'm' => (text.strip_suffix('m')?, 60.0),
        'h' => (text.strip_suffix('h')?, 3600.0),
        'd' => (text.strip_suffix('d')?, 86_400.0),
        _ => (text, 1.0),
    };
    number.parse::<f64>().ok().map(|number| number * unit)
}

fn is_duration(text: &str) -> bool {
    let number = text.strip_suffix(['s', 'm', 'h', 'd']).unwrap_or(text);
    number.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && number.parse::<f64>().is_ok_and(f64::is_finite)
}
