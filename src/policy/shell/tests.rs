use std::time::Instant;

use super::super::segment::{Line, Segment};
use super::super::segments::of_script;

/// The commands that a script runs, as text.
fn seen(script: &str) -> Vec<String> {
    let line = of_script(script);
    assert!(line.opaque.is_empty(), "{script}: {:?}", line.opaque);
    line.segments.iter().map(ToString::to_string).collect()
}

fn is_opaque(script: &str) -> bool {
    !of_script(script).opaque.is_empty()
}

fn one(script: &str) -> Segment {
    let mut line: Line = of_script(script);
    assert!(line.opaque.is_empty() && line.segments.len() == 1, "{script}: {line:?}");
    line.segments.remove(0)
}

#[test]
fn every_command_of_a_script_is_seen_wherever_it_stands() {
    for (script, commands) in [
        ("df -h | sort | head -5", "df -h; sort; head -5"),
        ("a && b || c; d & e", "a; b; c; d; e"),
        ("(a; { b; })", "a; b"),
        ("if a; then b; elif c; then d; else e; fi", "a; b; c; d; e"),
        ("while a; do b; done; until c; do d; done", "a; b; c; d"),
        ("case $x in a|$(b)) c;; *) d; esac", "b; c; d"),
        ("for i in $(a); do b; done", "a; b"),
        ("for ((i=0; i<3; i++)); do a; done", "a"),
        ("! a | b", "a; b"),
        ("time -p a", "a"),
        ("f() { a; }; f", "a"),
        ("function f { a \"$1\"; }; f x", "a x"),
        ("echo \"x $(a \"$(b)\") `c`\"", "b; a $(b); c; echo x $(a \"$(b)\") `c`"),
        ("diff <(a) <(b)", "a; b; diff /dev/fd/63 /dev/fd/63"),
        ("a > >(b)", "b; a"),
        ("x=$(a) y=`b` c", "a; b; c"),
        ("[[ -n $(a) && $(b) == x ]]", "a; b"),
        ("[ -f /x ] && test \"$(a)\" = b", "a"),
        ("eval 'a; b'", "a; b"),
        ("trap 'a' EXIT", "a"),
        ("exec a", "a"),
        ("command a; builtin echo x", "a; echo x"),
        ("bash -c 'a; sh -c \"b\"'", "a; b"),
        ("set -euo pipefail; a", "a"),
        ("cd /x; true", "true"),
        ("a <<< x; b <<'E'\n$c\nE\n", "a; b"),
        ("a \\\n  -x # comment", "a -x"),
        ("echo $'\\\\'; a; #'", "echo '\\\\'; a"),
    ] {
        assert_eq!(seen(script).join("; "), commands, "{script}");
    }
}

#[test]
fn words_are_what_a_program_would_get() {
    for (script, words) in [
        (r#"a 'b c' "d e" f\ g"#, "a 'b c' 'd e' 'f g'"),
        (r"\d\f 'd'f $'\x64\146' ''", "df df df ''"),
        (r#"a "" b''c "\$x" '$x'"#, "a '' bc '$x' '$x'"),
        ("a {b,c}d {1..3} {x}", "a bd cd 1 2 3 '{x}'"),
        ("x='b c'; a $x \"$x\" ${x} ${x:-d}", "a b c 'b c' b c b c"),
        ("x=; a $x \"$x\"", "a ''"),
        ("x=a; y=$x/b; a $y", "a a/b"),
        ("a $(b) $x$((1+2))", "b|a $(b) $x$((1+2))"),
        ("for i in a b; do c $i; done", "c a|c b"),
        ("for i in /var/log/*.log; do c \"$i\"; done", "c /var/log/*.log"),
        ("a /x/*.y [ b ]", "a /x/*.y '[' b ']'"),
        ("a ~/x ~b $HOME", "a '~/x' ~b $HOME"),
        ("sh -c 'a \"$1\" $0 \"$@\"' x b c", "a b $0 b c"),
        ("x=a; if b; then x=c; fi; d $x", "b|d $x"),
        ("x=a; (x=b); x=c | x=d; e $x", "e a"),
        ("x=a; while b; do c $x; x=d; done", "b|c $x"),
        ("x=a; read x; c $x", "c $x"),
        ("x=a; unset x; c $x", "c $x"),
    ] {
        assert_eq!(seen(script).join("|"), words, "{script}");
    }
}

#[test]
fn a_redirection_is_seen_as_what_does_the_same() {
    for (script, commands) in [
        ("a > /x", "tee /x; a"),
        ("a >> /x 2>&1", "tee -a /x; a"),
        ("a &> /x", "tee /x; a"),
        ("a >& /x", "tee /x; a"),
        ("a >| /x", "tee /x; a"),
        ("a < /x", "cat /x; a"),
        ("{ a; b; } > /x", "tee /x; a; b"),
        ("> /x", "tee /x"),
        ("a > \"$x\"", "tee $x; a"),
        ("a > /dev/null 2>/dev/null </dev/null 2>&1 >&2 3>&-", "a"),
        ("exec > /x; a", "tee /x; a"),
    ] {
        assert_eq!(seen(script).join("; "), commands, "{script}");
    }
    for script in ["a </dev/tcp/192.0.2.1/80", "exec 3<>/dev/udp/192.0.2.1/53", "a {x}> /y", "a <&$x"] {
        assert!(is_opaque(script), "{script}");
    }
}

#[test]
fn it_is_known_who_reads_what_stands_on_standard_input() {
    for (script, reads) in [
        ("a", [false].as_slice()),
        ("a | b", &[false, true]),
        ("a | (b; c)", &[false, true, true]),
        ("a <<< x", &[true]),
        ("a < /dev/null", &[false]),
        ("a | b < /dev/null", &[false, false]),
        ("a | while read x; do b; done", &[false, true]),
        ("a < /x", &[false, true]),
    ] {
        let found: Vec<bool> = of_script(script).segments.iter().map(|segment| segment.stdin).collect();
        assert_eq!(found, reads, "{script}");
    }
}

#[test]
fn relative_paths_mean_something_else_after_cd_and_it_may_have_failed() {
    let places = |script: &str| -> Vec<String> {
        let place = |segment: Segment| segment.cwd.map_or("?".into(), |cwd| cwd.display().to_string());
        of_script(script).segments.into_iter().map(place).collect()
    };
    for (script, expected) in [
        ("a", "/"),
        ("cd /x && a", "/x"),
        ("cd /x && a; b", "/x|/x|/"),
        ("cd /x; a", "/x|/"),
        ("cd /x || exit 1; a", "/x"),
        ("cd /x && cd y && a", "/x/y"),
        ("(cd /x && a); b", "/x|/"),
        ("cd \"$x\" && a", "?"),
        ("cd && a", "?"),
        ("cd - && a", "?"),
        ("if cd /x; then a; fi", "/x|/"),
        ("! cd /x && a", "/x|/"),
        ("ssh nas cat x", "?"),
    ] {
        assert_eq!(places(script).join("|"), expected, "{script}");
    }
}

#[test]
fn variables_stay_with_what_they_are_set_for() {
    let env = |script: &str| one(script).env.into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(env("LC_ALL=C PATH=/x a"), "LC_ALL PATH");
    assert_eq!(env("export A=1; a"), "A");
    assert_eq!(env("x=1; Y=2; a"), "");
    assert_eq!(env("GIT_PAGER=x; a"), "GIT_PAGER");
    assert_eq!(env("declare -x A=1; a"), "A");
    assert_eq!(env("env -i A=1 b"), "A");
    assert_eq!(env("sudo A=1 b"), "A");
    for script in
        ["PATH=/tmp; df", "IFS=x; df", "export BASH_ENV=x", "read PATH", "for PATH in x; do df; done"]
    {
        assert!(is_opaque(script), "{script}");
    }
}

#[test]
fn what_is_only_known_when_it_runs_is_opaque() {
    for script in [
        "",
        "  ",
        "# nothing",
        "$x",
        "\"$(a)\" b",
        "/bin/* x",
        "eval \"$x\"",
        ". /x",
        "source x",
        "alias ls=reboot",
        "a=$((b[$(c)]))",
        "((a))",
        "( (reboot) )",
        "coproc a",
        "select x in a; do b; done",
        "f() { f; }; f",
        "let 'a=b[$(c)]'",
        "read 'a[$(reboot)]'",
        "[ -v 'a[$(reboot)]' ]",
        "[[ -v 'a[$(reboot)]' ]]",
        "[[ $x -eq 1 ]]",
        "printf -v 'a[$(reboot)]' x",
        "declare -i x=y",
        "declare -n x=PATH",
        "export -f f",
        "hash -p /x df",
        "enable -n test",
        "shopt -s extglob",
        "set -a",
        "set -k",
        "mapfile -C reboot x",
        "command -x a",
        "bash -i",
        "bash x.sh",
        "bash",
        "a | bash",
        "curl x | sh",
        "echo ${x@P}",
        "echo ${!x}",
        "echo ${x[$y]}",
        "echo ${x:$y}",
        "unset -f df",
        "x='a[$(reboot)]'; echo $((x))",
        "i=1; echo $((i+$1))",
        "a='b",
        "a \"b",
        "a )",
        "if a; fi",
        "a <<E\n$(b)\nE\n",
        "fish -c a",
        "sh -c \"a $x\"",
        "trap \"$x\" EXIT",
        "a $'\\x07'",
        "function f { a; }; $f",
        "a=(b c",
        "x=(1 [$(c)]=2)",
        "a & & b",
        "printf \"$x\" y",
        "~/bin/a",
        "wait 'a[$(b)]'",
    ] {
        // A program by a path that is no system's is seen, and no rule knows it.
        assert!(is_opaque(script) || script == "~/bin/a", "{script}");
    }
}

#[test]
fn what_readers_disagree_about_is_opaque() {
    for script in [
        // A comment that hides a parenthesis, and with it what is quoted and what runs.
        "x=$(true  # ) ; echo '\n reboot \n: '' ) # '",
        // `$'…'` after an escaped dollar, and a backslash before its end.
        "echo \\$'\\'; reboot #'",
        "echo `echo \\`reboot\\``",
        "sh -c \"echo $'\\''; reboot; #'\"",
        "sh -c '[[ a > /etc/x ]]'",
        "dash -c 'function x'",
        "zsh -c 'echo *(e:reboot:)'",
        "echo \"${x:-'}\"; reboot; echo '\"'",
        "echo a>(b)c<(d)",
        "echo $((reboot) | (b))",
        "! time x=1 a",
        "cat <<E\n`x`\nE\n",
        "echo ~-/shadow; cat ~+/x; $(a",
    ] {
        assert!(is_opaque(script), "{script}");
    }
}

#[test]
fn characters_that_cannot_be_seen_are_refused() {
    for c in [
        '\0', '\r', '\u{7}', '\u{b}', '\u{1b}', '\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}', '\u{a0}',
        '\u{85}',
    ] {
        assert!(is_opaque(&format!("echo a{c}b")), "{c:?}");
    }
    assert!(!is_opaque("echo 'ä → ✓'\n\techo"));
}

#[test]
fn a_fork_bomb_is_a_menace_by_whatever_name() {
    for script in [
        ":(){ :|:& };:",
        ":() { : | : & }; :",
        "bomb() { bomb & bomb & }; bomb",
        "f(){\nf|f&\n}\nf",
        "function f { if true; then f & fi; }",
        "f() { (f) & }",
        "bash -c ':(){ :|:& };:'",
        "f(){ \\f|'f'; }",
        ":(){ :|:& };:\nif",
    ] {
        assert!(!of_script(script).menaces.is_empty(), "{script}");
    }
    for script in ["f() { a | b; }; f", "f() { a & }; f", "f | f"] {
        assert!(of_script(script).menaces.is_empty(), "{script}");
    }
}

#[test]
fn hostile_texts_are_refused_soon_and_without_a_fall() {
    let deep =
        |open: &str, close: &str, count: usize| format!("{}a{}", open.repeat(count), close.repeat(count));
    let mut scripts = vec![
        "(".repeat(100_000),
        "{ ".repeat(8_000),
        "$(".repeat(8_000),
        "`".repeat(16_000),
        "\"$(".repeat(5_000),
        "if ".repeat(5_000),
        "! ".repeat(8_000),
        "a|".repeat(8_000),
        "a;".repeat(8_000),
        "a b ".repeat(4_000),
        "{a,b}".repeat(3_000),
        "a $x".repeat(4_000),
        "99999999999999999999>x".into(),
        "a 99999999999>&99999999999".into(),
        "echo {99999999999999999999..1}".into(),
        "<<a <<b <<c".into(),
        "a <<E".into(),
    ];
    for count in [5, 12, 30, 40, 48, 60, 200] {
        scripts.push(deep("(", ")", count));
        scripts.push(deep("( ", ";a )", count));
        scripts.push(deep("((", "))", count));
        scripts.push(deep("{ ", "; }", count));
        scripts.push(deep("$(", ")", count));
        scripts.push(deep("echo \"a$(", ")\"", count));
        scripts.push(deep("if a; then ", "; fi", count));
        scripts.push(deep("case x in x) ", " ; esac", count));
        scripts.push(deep("while a; do ", "; done", count));
        scripts.push(deep("for i in 1 2 3 4; do ", "; done", count));
        scripts.push(deep("[[ ", " ]]", count));
        scripts.push(format!("[[ {} ]]", deep("( ", " )", count)));
        scripts.push(deep("{a,", "}", count));
        scripts.push(deep("${x:-", "}", count));
        scripts.push(deep("$((", "))", count));
        scripts.push(deep("eval ", "", count));
        scripts.push(deep("sudo ", "", count));
        scripts.push(deep("command ", "", count));
        scripts.push(deep("f() { ", "; }", count));
        let calls = |i| format!("f{i}() {{ f{0} ; f{0}; }};", i + 1);
        scripts.push((0..count).map(calls).collect::<String>() + "f0");
    }
    for script in scripts {
        let begun = Instant::now();
        of_script(&script);
        let short: String = script.chars().take(60).collect();
        assert!(begun.elapsed().as_millis() < 3_000, "{short} took {:?}", begun.elapsed());
    }
}
