//! Programs that run others each in a way of its own: `su -c`, `busybox`, `watch`, `flock`, `script`.

use super::super::segment::Word;
use super::super::sight::{Context, Input, Sight};
use super::options::Options;
use super::shells;

/// Whether this module knows programs of this name.
pub(super) fn is_one(name: &str) -> bool {
    matches!(name, "su" | "busybox" | "toybox" | "watch" | "flock" | "script")
}

/// Looks at what one of them runs.
pub(super) fn look(name: &str, words: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
    match name {
        "busybox" | "toybox" => applet(name, words, context, sight),
        "watch" => watch(words, context, sight),
        "flock" => flock(words, context, sight),
        "script" => typescript(words, context, sight),
        _ => su(words, context, sight),
    }
}

/// `su [USER] -c SCRIPT`, and `runuser` alike.
pub(super) fn su(words: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
    const OPTIONS: Options = Options {
        bare: &["-l", "-m", "-p", "--login", "--preserve-environment"],
        valued: &["-c", "--command"],
    };
    let mut script = None;
    let mut users = 0;
    let mut rest = &words[1..];
    loop {
        let found = OPTIONS.read(rest)?;
        script = found.values(&["-c", "--command"]).last().or(script);
        let Some((word, after)) = found.rest.split_first() else { break };
        users += usize::from(word.known().ok_or("the user isn't known before it runs")? != "-");
        rest = after;
    }
    let script = script.ok_or("without `-c` it opens a shell")?;
    if users > 1 {
        return Err("what it would run can't be told from its arguments".into());
    }
    let mut inner = context.inner();
    inner.places = vec![None];
    shells::script(script, &inner, sight);
    Ok(())
}

fn applet(name: &str, words: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
    match words.get(1).map(Word::known) {
        None => sight.see(words.to_vec(), context),
        Some(Some(applet)) if !applet.starts_with('-') && !applet.contains('/') => {
            super::see(words[1..].to_vec(), &context.inner(), sight);
        }
        Some(_) => return Err(format!("what `{name}` would do can't be told from its arguments")),
    }
    Ok(())
}

fn watch(words: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
    const OPTIONS: Options = Options {
        bare: &[
            "-d",
            "-t",
            "-b",
            "-e",
            "-g",
            "-c",
            "-C",
            "-p",
            "-x",
            "-w",
            "--differences",
            "--no-title",
            "--beep",
            "--errexit",
            "--chgexit",
            "--color",
            "--no-color",
            "--precise",
            "--exec",
            "--no-wrap",
        ],
        valued: &["-n", "--interval", "-q", "--equexit"],
    };
    let found = OPTIONS.read(&words[1..])?;
    let mut inner = context.inner();
    inner.input = Input::None;
    if found.rest.is_empty() {
        return Err("there is nothing to watch".into());
    }
    if found.has("-x") || found.has("--exec") {
        super::see(found.rest.to_vec(), &inner, sight);
        return Ok(());
    }
    let known: Option<Vec<&str>> = found.rest.iter().map(Word::known).collect();
    shells::script(&known.ok_or("what it would run isn't known before it runs")?.join(" "), &inner, sight);
    Ok(())
}

fn flock(words: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
    const OPTIONS: Options = Options {
        bare: &[
            "-s",
            "-x",
            "-e",
            "-n",
            "-u",
            "-o",
            "-F",
            "-v",
            "--shared",
            "--exclusive",
            "--nonblock",
            "--nb",
            "--unlock",
            "--close",
            "--no-fork",
            "--verbose",
        ],
        valued: &["-w", "--timeout", "--wait", "-E", "--conflict-exit-code"],
    };
    let found = OPTIONS.read(&words[1..])?;
    let (file, command) = found.rest.split_first().ok_or("it names no file to lock")?;
    let path = file.known().ok_or("the file to lock isn't known before it runs")?;
    // A file that isn't there is made, which matters but where locks belong; a number is a file that is open already.
    let open = command.is_empty() && path.chars().all(|c| c.is_ascii_digit());
    let for_locks = ["/run/lock/", "/var/lock/"].iter().any(|dir| path.starts_with(dir));
    if !open && (!for_locks || super::super::paths::climbs(path)) {
        sight.see(vec![Word::Known("touch".into()), file.clone()], context);
    }
    let inner = context.inner();
    match command {
        [] => sight.see(words.to_vec(), context),
        [Word::Known(flag), script] if flag == "-c" || flag == "--command" => {
            let script = script.known().ok_or("what it would run isn't known before it runs")?;
            shells::script(script, &inner, sight);
        }
        [Word::Known(flag), ..] if flag.starts_with('-') => {
            return Err("what it would run can't be told from its arguments".into());
        }
        _ => super::see(command.to_vec(), &inner, sight),
    }
    Ok(())
}

/// `script` writes down what it shows.
fn typescript(words: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
    const OPTIONS: Options = Options {
        bare: &["-q", "-e", "-f", "-a", "--quiet", "--return", "--flush", "--append"],
        valued: &["-c", "--command"],
    };
    let found = OPTIONS.read(&words[1..])?;
    let script = found.values(&["-c", "--command"]).last().ok_or("without `-c` it opens a shell")?;
    let file = match found.rest {
        [] => Word::Known("typescript".into()),
        [file] => file.clone(),
        _ => return Err("what it would run can't be told from its arguments".into()),
    };
    shells::script(script, &context.inner(), sight);
    if file.known() != Some("/dev/null") {
        sight.see(vec![Word::Known("tee".into()), file], &Context { input: Input::None, ..context.clone() });
    }
    Ok(())
}
