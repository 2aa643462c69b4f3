//! Takes actions apart into the commands that they would run. The seam for a shell grammar: whoever can take a
//! script apart returns its commands here.

use crate::domain::action::{Action, Command};

use super::paths::base_name;
use super::segment::{Line, Opaque, Segment};

/// Programs that run a script or another program that rules can't see.
const OPAQUE: [&str; 66] = [
    "sh",
    "bash",
    "dash",
    "zsh",
    "ksh",
    "mksh",
    "ash",
    "fish",
    "csh",
    "tcsh",
    "busybox",
    "toybox",
    "env",
    "sudo",
    "doas",
    "su",
    "pkexec",
    "runuser",
    "setpriv",
    "xargs",
    "parallel",
    "nice",
    "ionice",
    "chrt",
    "taskset",
    "nohup",
    "setsid",
    "stdbuf",
    "script",
    "time",
    "watch",
    "strace",
    "ltrace",
    "gdb",
    "unshare",
    "nsenter",
    "chroot",
    "systemd-run",
    "systemd-inhibit",
    "flock",
    "exec",
    "eval",
    "ssh",
    "ansible",
    "ansible-playbook",
    "make",
    "sed",
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "expect",
    "at",
    "batch",
    "crontab",
    "tclsh",
    "deno",
    "bun",
    "node",
    "nodejs",
    "ed",
    "ex",
    "vi",
    "vim",
    "prlimit",
    "chpst",
];

/// Interpreters that carry their version in their name: `python3.12`.
const INTERPRETERS: [&str; 7] = ["python", "pypy", "perl", "ruby", "lua", "php", "guile"];

/// Programs that run others only with one of these words.
const OPAQUE_WITH: [(&[&str], &[&str]); 5] = [
    (&["find"], &["-exec", "-execdir", "-ok", "-okdir"]),
    (&["docker", "podman", "nerdctl", "lxc", "incus"], &["exec", "run"]),
    (&["kubectl", "oc", "k3s", "microk8s", "crictl"], &["exec", "run", "debug"]),
    (&["machinectl"], &["shell"]),
    (&["qm", "pct"], &["exec", "guest"]),
];

/// Takes an action apart.
pub(super) fn of_action(action: &Action) -> Line {
    let Action::Command(command) = action;
    of_command(command)
}

fn of_command(command: &Command) -> Line {
    let mut line = of_argv(&command.argv);
    for segment in &mut line.segments {
        segment.cwd = command.cwd.clone().or_else(|| segment.cwd.take());
        segment.env.extend(command.env.keys().cloned());
        segment.stdin |= command.stdin.is_some();
    }
    for opaque in &mut line.opaque {
        opaque.texts.extend(command.stdin.clone());
    }
    line
}

/// Takes a shell script apart.
pub(super) fn of_script(script: &str) -> Line {
    of_argv(&script.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
}

/// Takes a plain argument vector apart, in the default place.
pub(super) fn of_argv(argv: &[String]) -> Line {
    let opaque = |why: String| Line { opaque: vec![Opaque { why, texts: argv.to_vec() }], ..Line::default() };
    let Some(program) = argv.first() else { return opaque("the command is empty".into()) };
    let name = base_name(program);
    if name == "timeout" {
        return match inner_of_timeout(argv) {
            Some(inner) => of_argv(inner),
            None => opaque("what `timeout` would run can't be told from its arguments".into()),
        };
    }
    if let ("bash", [_, flag, script]) = (name, argv)
        && flag == "-c"
        && !script.contains(|c: char| !(c.is_ascii_alphanumeric() || " ./:=,@%+_-".contains(c)))
    {
        return of_script(script);
    }
    if is_interpreter(name) {
        return opaque(format!(
            "`{name}` runs whatever its arguments say, which no rule can see through; run the program itself, or put the script into a file and name that by its full path"
        ));
    }
    match opaque_word(name, argv) {
        Some(word) => opaque(format!("`{name} {word}` runs another command, which no rule can see through")),
        None => Line { segments: vec![Segment::plain(argv)], ..Line::default() },
    }
}

/// Whether a program of this name runs whatever it is told to.
pub(super) fn is_interpreter(name: &str) -> bool {
    let versioned = |known: &&str| {
        name.strip_prefix(*known).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
    };
    OPAQUE.contains(&name) || INTERPRETERS.iter().any(versioned)
}

fn opaque_word<'a>(name: &str, argv: &'a [String]) -> Option<&'a str> {
    let (_, words) = OPAQUE_WITH.iter().find(|(names, _)| names.contains(&name))?;
    argv[1..].iter().map(String::as_str).find(|word| words.contains(word))
}

/// The command that `timeout` runs, if its own arguments are all well known.
fn inner_of_timeout(argv: &[String]) -> Option<&[String]> {
    let mut at = 1;
    loop {
        let word = argv.get(at)?.as_str();
        match word {
            "--foreground" | "--preserve-status" | "-v" | "--verbose" => at += 1,
            "-k" | "--kill-after" | "-s" | "--signal" => at += 2,
            _ if word.starts_with("--kill-after=") || word.starts_with("--signal=") => at += 1,
            _ if word.starts_with('-') => return None,
            _ => break,
        }
    }
    let duration = argv[at].strip_suffix(['s', 'm', 'h', 'd']).unwrap_or(&argv[at]);
    let inner = argv.get(at + 1..).filter(|inner| !inner.is_empty() && !inner[0].starts_with('-'))?;
    duration.parse::<f64>().is_ok_and(f64::is_finite).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_line(line: &str) -> Line {
        of_action(&Action::local(line.split_whitespace().map(str::to_owned).collect()))
    }

    fn is_opaque(line: &str) -> bool {
        !of_line(line).opaque.is_empty()
    }

    #[test]
    fn shells_interpreters_and_wrappers_cannot_be_seen_through() {
        for line in [
            "",
            "sh -c true",
            "/opt/own/bash x",
            "python3.12 -c x",
            "perl -e x",
            "sudo df",
            "find / -name x -exec rm {} +",
            "docker exec web df",
            "kubectl -n media exec pod -- df",
            "ssh pve4 df",
            "timeout",
            "timeout 5",
            "timeout -x 5 df",
            "timeout soon df",
            "timeout 5 sh -c df",
        ] {
            assert!(is_opaque(line), "{line:?} was seen through");
        }
        for line in ["df -h", "find / -name x", "docker restart web", "perldoc x", "kubectl get pods"] {
            assert!(!is_opaque(line), "{line:?} is plain");
        }
    }

    #[test]
    fn timeout_is_judged_by_the_command_within() {
        let stat = of_line("stat /mnt/x");
        for line in [
            "timeout 5 stat /mnt/x",
            "timeout -k 1 --signal=KILL 2.5s stat /mnt/x",
            "/usr/bin/timeout 1m timeout 5 stat /mnt/x",
        ] {
            assert_eq!(of_line(line), stat, "{line}");
        }
    }
}
