//! `find … -exec` and `xargs`: commands over files that are only found when they run.

use super::super::paths;
use super::super::segment::Word;
use super::super::sight::{Context, Input, Sight};
use super::options::Options;

const EXECUTES: [&str; 4] = ["-exec", "-execdir", "-ok", "-okdir"];

/// Looks at a `find` and at the commands within.
pub(super) fn find(words: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
    let mut own = Vec::new();
    let mut commands = Vec::new();
    let mut rest = words;
    while let Some((word, after)) = rest.split_first() {
        rest = after;
        if !word.known().is_some_and(|text| EXECUTES.contains(&text)) {
            own.push(word.clone());
            continue;
        }
        let end = end_of_command(after).ok_or("nobody knows where the command of its `-exec` ends")?;
        commands.push(&after[..end]);
        rest = &after[end + 1..];
    }
    if commands.is_empty() {
        sight.see(own, context);
        return Ok(());
    }
    let found = files(words, context);
    sight.see(own, context);
    for command in commands {
        let mut inner = context.inner();
        inner.places = vec![None];
        super::see(command.iter().flat_map(|word| filled(word, &found)).collect(), &inner, sight);
    }
    Ok(())
}

/// At `;`, or at a `+` behind a `{}`.
fn end_of_command(words: &[Word]) -> Option<usize> {
    let is = |at: usize, text: &str| words.get(at).and_then(Word::known) == Some(text);
    (0..words.len()).find(|at| is(*at, ";") || is(*at, "+") && *at > 0 && is(*at - 1, "{}"))
}

/// The files that it may find: the starting points and everything below.
fn files(words: &[Word], context: &Context) -> Vec<Word> {
    let unknown = || vec![Word::Unknown("{}".into())];
    if words.iter().any(|word| matches!(word.known(), Some("-L" | "-follow" | "-files0-from"))) {
        return unknown(); // links may lead anywhere
    }
    let [Some(place)] = &context.places[..] else { return unknown() };
    let starts = words[1..].iter().skip_while(|word| matches!(word.known(), Some("-H" | "-P")));
    let starts: Vec<&Word> = starts.take_while(|word| !word.text().starts_with(['-', '(', '!'])).collect();
    let here = Word::Known(".".into());
    let starts = if starts.is_empty() { vec![&here] } else { starts };
    let mut files = Vec::new();
    for start in starts {
        let (Word::Known(path) | Word::Files(path)) = start else { return unknown() };
        if path.starts_with('~') || paths::climbs(path) {
            return unknown();
        }
        let path = paths::absolute(path, Some(place));
        let below = format!("{}/**", path.trim_end_matches('/'));
        files.push(match start {
            Word::Known(_) => Word::Known(path),
            _ => Word::Files(path),
        });
        files.push(Word::Files(below));
    }
    files
}

fn filled(word: &Word, found: &[Word]) -> Vec<Word> {
    match word.text() {
        "{}" => found.to_vec(),
        text if text.contains("{}") => vec![Word::Unknown(text.to_owned())],
        _ => vec![word.clone()],
    }
}

const XARGS: Options = Options {
    bare: &[
        "-0",
        "-r",
        "-t",
        "-x",
        "-o",
        "-i",
        "-l",
        "-e",
        // Their values, if any, follow a `=`.
        "--replace",
        "--max-lines",
        "--eof",
        "--null",
        "--no-run-if-empty",
        "--verbose",
        "--exit",
        "--open-tty",
    ],
    valued: &[
        "-n",
        "-P",
        "-L",
        "-s",
        "-d",
        "-E",
        "-I",
        "-a",
        "--max-args",
        "--max-procs",
        "--max-lines",
        "--max-chars",
        "--delimiter",
        "--replace",
        "--eof",
        "--arg-file",
    ],
};

/// Looks at what `xargs` runs with words that it reads.
pub(super) fn xargs(words: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
    let found = XARGS.read(&words[1..])?;
    let head = &words[1..words.len().saturating_sub(found.rest.len())];
    if head.iter().any(|word| has_optional_value(word.text())) {
        return Err("a value that is attached to `-i`, `-l` or `-e` looks like more options".into());
    }
    let mut inner = context.inner();
    inner.input = Input::None;
    for file in found.values(&["-a", "--arg-file"]) {
        let file = vec![Word::Known("cat".into()), Word::Known(file.to_owned())];
        sight.see(file, &Context { input: Input::None, ..context.clone() });
        inner.input = context.input.clone();
    }
    let mut marks: Vec<&str> = found.values(&["-I", "--replace"]).collect();
    marks.extend((found.has("-i") || found.has("--replace")).then_some("{}"));
    // Of a mark and a number of words the last one counts: it may be either.
    let counted = ["-n", "-L", "-l", "--max-args", "--max-lines"].iter().any(|option| found.has(option));
    let read = Word::Unknown("…".into());
    let mut command =
        if found.rest.is_empty() { vec![Word::Known("echo".into())] } else { found.rest.to_vec() };
    for word in &mut command {
        if marks.iter().any(|mark| word.text().contains(mark)) {
            *word = Word::Unknown(word.text().to_owned());
        }
    }
    if marks.is_empty() || counted {
        command.push(read);
    }
    super::see(command, &inner, sight);
    Ok(())
}

/// Whether short options are joined with one that takes what follows at once for its value.
fn has_optional_value(text: &str) -> bool {
    text.len() > 2 && !text.starts_with("--") && text.starts_with('-') && text.contains(['i', 'l', 'e'])
}
