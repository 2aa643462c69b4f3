//! Programs that run what no rule can see: interpreters, editors, schedulers, debuggers.

use super::super::segment::Word;

const OPAQUE: [&str; 76] = [
    "setpriv",
    "systemd-nspawn",
    "parallel",
    "sem",
    "strace",
    "ltrace",
    "gdb",
    "gdbserver",
    "lldb",
    "valgrind",
    "perf",
    "bpftrace",
    "systemd-run",
    "systemd-inhibit",
    "eval",
    "exec",
    "source",
    "ansible",
    "ansible-playbook",
    "ansible-console",
    "make",
    "gmake",
    "ninja",
    "cmake",
    "expect",
    "unbuffer",
    "at",
    "batch",
    "crontab",
    "tclsh",
    "wish",
    "deno",
    "bun",
    "node",
    "nodejs",
    "npm",
    "npx",
    "ed",
    "ex",
    "vi",
    "vim",
    "view",
    "vimdiff",
    "nvim",
    "nano",
    "emacs",
    "pico",
    "prlimit",
    "chpst",
    "fakeroot",
    "proxychains",
    "proxychains4",
    "torsocks",
    "firejail",
    "bwrap",
    "numactl",
    "cgexec",
    "setarch",
    "linux32",
    "linux64",
    "start-stop-daemon",
    "daemonize",
    "run-parts",
    "tmux",
    "screen",
    "dbus-run-session",
    "rlwrap",
    "entr",
    "socat",
    "ncat",
    "telnet",
    "gcc",
    "cc",
    "java",
    "go",
    "cargo",
];

/// Interpreters that carry their version in their name: `python3.12`.
const INTERPRETERS: [&str; 9] = ["python", "pypy", "perl", "ruby", "irb", "lua", "luajit", "php", "guile"];

/// Whether a program of this name runs whatever it is told to.
pub(super) fn runs_others(name: &str) -> bool {
    let versioned = |known: &&str| {
        name.strip_prefix(*known).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
    };
    OPAQUE.contains(&name) || INTERPRETERS.iter().any(versioned)
}

/// Why no rule can see through this command, if so.
pub(super) fn refuses(name: &str, words: &[Word]) -> Option<String> {
    if !runs_others(name) {
        return None;
    }
    let version = matches!(words, [_, Word::Known(flag)] if flag == "--version" || flag == "-V");
    if version || name == "crontab" && lists_a_crontab(words) {
        return None;
    }
    Some(format!(
        "`{name}` runs whatever its arguments say, which no rule can see through; run the program itself, or put the script into a file and name that by its full path"
    ))
}

fn lists_a_crontab(words: &[Word]) -> bool {
    let words: Option<Vec<&str>> = words[1..].iter().map(Word::known).collect();
    matches!(words.as_deref(), Some(["-l"] | ["-l", "-u", _] | ["-u", _, "-l"]))
}
