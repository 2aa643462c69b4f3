//! Whole directories that are removed, moved away or given to somebody else.

use super::places::{is_kept, is_of_the_system, is_vital};
use super::seen::Seen;
use crate::policy::paths::base_name;

/// Why this command must never run, if so.
pub(super) fn forbids(seen: Seen<'_>) -> Option<String> {
    match seen.name {
        "rm" => removes(seen),
        "find" => finds_and_deletes(seen),
        "mv" => moves_away(seen),
        "chmod" | "chown" | "chgrp" | "chattr" | "setfacl" => gives_away(seen),
        "rsync" => mirrors_over(seen),
        _ => None,
    }
}

fn removes(seen: Seen<'_>) -> Option<String> {
    let abbreviates = |word: &str, long: &str| word.len() > 5 && long.starts_with(word);
    if seen.texts().any(|word| abbreviates(word, "--no-preserve-root")) {
        return Some("`rm` with the protection of the root switched off".into());
    }
    let recursive = seen.short('r') || seen.short('R') || seen.long("--recursive");
    let victim = seen.plain().find(|word| is_kept(word, seen.cwd))?;
    // Without `-r` a directory stays; only its files go.
    // What a `find` in front of it finds, as a pattern; its filters are out of sight here.
    let found = seen
        .plain()
        .any(|word| word.ends_with("/**") && is_kept(word, seen.cwd) && !is_vital(word, seen.cwd));
    let files = || {
        found || victim.contains('*') && is_of_the_system(victim, seen.cwd) && !victim.starts_with("/var/")
    };
    (recursive || files()).then(|| format!("`rm` of everything below {victim}: that is not coming back"))
}

fn finds_and_deletes(seen: Seen<'_>) -> Option<String> {
    const RUNS: [&str; 4] = ["-exec", "-execdir", "-ok", "-okdir"];
    const REMOVERS: [&str; 7] = ["rm", "unlink", "shred", "mv", "chmod", "chown", "rmdir"];
    let runs = seen.texts().zip(seen.texts().skip(1));
    let removes = runs.into_iter().any(|(a, b)| RUNS.contains(&a) && REMOVERS.contains(&base_name(b)));
    if !seen.any(&["-delete"]) && !removes {
        return None;
    }
    let mut starts = seen.texts().take_while(|word| !word.starts_with(['-', '(', '!'])).peekable();
    let here = starts.peek().is_none() && is_vital(".", seen.cwd);
    // With a filter, what is old in /var/log may go; in the root or a home nobody can tell what a filter spares.
    let narrowed =
        seen.any(&["-name", "-iname", "-mtime", "-mmin", "-atime", "-ctime", "-path", "-newer", "-size"]);
    let spared = |dir: &str| {
        narrowed
            && (!is_vital(dir, seen.cwd)
                || ["/tmp", "/var/log", "/srv", "/data", "/mnt", "/media"].contains(&dir))
    };
    (here || starts.any(|dir| is_kept(dir, seen.cwd) && !spared(dir.trim_end_matches('/'))))
        .then(|| "`find` removes or changes all of a top-level directory: that is not coming back".into())
}

fn moves_away(seen: Seen<'_>) -> Option<String> {
    let mut moved: Vec<&str> = seen.plain().collect();
    if !seen.has(&["-t", "--target-directory"]) {
        moved.pop();
    }
    let victim = moved.into_iter().find(|word| is_of_the_system(word, seen.cwd))?;
    Some(format!("`mv` takes {victim} away from where the system needs it"))
}

fn gives_away(seen: Seen<'_>) -> Option<String> {
    let recursive = seen.short('R') || seen.long("--recursive");
    let victim = seen.plain().find(|word| word.contains('/') && is_of_the_system(word, seen.cwd))?;
    recursive.then(|| {
        let name = seen.name;
        format!("`{name}` on everything below {victim}: nobody knows afterwards how it was")
    })
}

fn mirrors_over(seen: Seen<'_>) -> Option<String> {
    let deletes = seen.texts().any(|word| word.starts_with("--del")) && !seen.rehearses(&["-n", "--dry-run"]);
    let last = seen.plain().last().filter(|word| is_vital(word, seen.cwd))?;
    deletes.then(|| format!("`rsync --delete` onto {last}: what it doesn't bring along is gone"))
}
