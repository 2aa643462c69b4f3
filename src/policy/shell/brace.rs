//! Brace expansion: `{a,b}` and `{1..5}` become several words.

use super::units::Unit;

/// More words than this, and nobody counts them.
const MAX_WORDS: usize = 256;

/// The words that come of one, in order.
///
/// # Errors
/// None if there are too many, or shells wouldn't agree on what comes out.
pub(super) fn expand(units: &[Unit]) -> Result<Vec<Vec<Unit>>, ()> {
    let count = |wanted: char| units.iter().filter(|unit| **unit == Unit::Plain(wanted)).count();
    if count('{') == 0 {
        return Ok(vec![units.to_vec()]);
    }
    let odd = count('{') != count('}') || count('{') > 8;
    if odd && (count(',') > 0 || units.windows(2).any(|pair| pair == [Unit::Plain('.'), Unit::Plain('.')])) {
        return Err(());
    }
    if odd { Ok(vec![units.to_vec()]) } else { expand_from(units, 0) }
}

fn expand_from(units: &[Unit], from: usize) -> Result<Vec<Vec<Unit>>, ()> {
    let Some(open) = (from..units.len()).find(|at| units[*at] == Unit::Plain('{')) else {
        return Ok(vec![units.to_vec()]);
    };
    let Some((close, commas)) = closing(units, open) else { return Err(()) };
    let inner = &units[open + 1..close];
    let parts = if commas.is_empty() {
        match sequence(inner)? {
            Some(parts) => parts,
            // Not an expression; but what is in it, or after it, may be one.
            None => return expand_from(units, open + 1),
        }
    } else {
        let ends = commas.iter().copied().chain([close]);
        let starts = [open].into_iter().chain(commas.iter().copied());
        starts.zip(ends).map(|(start, end)| units[start + 1..end].to_vec()).collect()
    };
    let mut words = Vec::new();
    let tails = expand_from(&units[close + 1..], 0)?;
    for part in parts {
        for middle in expand_from(&part, 0)? {
            for tail in &tails {
                if words.len() >= MAX_WORDS {
                    return Err(());
                }
                words.push([&units[..open], &middle, tail].concat());
            }
        }
    }
    Ok(words)
}

/// The brace that closes the one at `open`, and the commas between that belong to neither of the inner ones.
fn closing(units: &[Unit], open: usize) -> Option<(usize, Vec<usize>)> {
    let mut depth = 0usize;
    let mut commas = Vec::new();
    for (at, unit) in units.iter().enumerate().skip(open) {
        match unit {
            Unit::Plain('{') => depth += 1,
            Unit::Plain('}') if depth == 1 => return Some((at, commas)),
            Unit::Plain('}') => depth -= 1,
            Unit::Plain(',') if depth == 1 => commas.push(at),
            _ => {}
        }
    }
    None
}

/// `1..5`, `a..e`, `0..10..2`; none if it isn't one.
fn sequence(inner: &[Unit]) -> Result<Option<Vec<Vec<Unit>>>, ()> {
    let text: Option<String> =
        inner.iter().map(|u| if let Unit::Plain(c) = u { Some(*c) } else { None }).collect();
    let Some(text) = text else { return Ok(None) };
    let parts: Vec<&str> = text.split("..").collect();
    let (first, last, step) = match parts[..] {
        [first, last] => (first, last, "1"),
        [first, last, step] => (first, last, step),
        _ => return Ok(None),
    };
    let plain = |word: String| word.chars().map(Unit::Plain).collect();
    if let (Ok(from), Ok(to), Ok(step)) = (first.parse::<i32>(), last.parse::<i32>(), step.parse::<i32>()) {
        let padded = |text: &str| {
            text.trim_start_matches('-').len() > 1 && text.trim_start_matches('-').starts_with('0')
        };
        if padded(first) || padded(last) {
            return Err(());
        }
        return numbers(from, to, step).map(|n| Some(n.map(|n| plain(n.to_string())).collect()));
    }
    let letter = |text: &str| text.parse::<char>().ok().filter(char::is_ascii_alphabetic);
    match (letter(first), letter(last), step.parse::<i32>()) {
        (Some(from), Some(to), Ok(step)) if from.is_ascii_lowercase() == to.is_ascii_lowercase() => {
            let letters = numbers(i32::from(from as u8), i32::from(to as u8), step)?;
            Ok(Some(
                letters
                    .filter_map(|code| u8::try_from(code).ok())
                    .map(|b| plain(char::from(b).into()))
                    .collect(),
            ))
        }
        (Some(_), Some(_), _) => Err(()),
        _ => Ok(None),
    }
}

fn numbers(from: i32, to: i32, step: i32) -> Result<impl Iterator<Item = i32>, ()> {
    let step = step.unsigned_abs().max(1);
    let count = from.abs_diff(to) / step;
    if count as usize >= MAX_WORDS {
        return Err(());
    }
    let offset = move |i: u32| i32::try_from(i * step).unwrap_or(0);
    Ok((0..=count).map(move |i| if from <= to { from + offset(i) } else { from - offset(i) }))
}

#[cfg(test)]
mod tests {
    use super::super::scope::Dialect;
    use super::super::units;
    use super::*;

    fn expanded(word: &str) -> Option<Vec<String>> {
        let text = |units: Vec<Unit>| {
            units
                .iter()
                .filter_map(|u| if let Unit::Plain(c) | Unit::Quoted(c) = u { Some(*c) } else { None })
                .collect()
        };
        Some(expand(&units::read(word, Dialect::Bash).unwrap()).ok()?.into_iter().map(text).collect())
    }

    #[test]
    fn braces_become_what_bash_makes_of_them() {
        for (word, words) in [
            ("a{b,c}d", "abd acd"),
            ("{a,b{1,2}}", "a b1 b2"),
            ("{a,b}{1,2}", "a1 a2 b1 b2"),
            ("{1..3}", "1 2 3"),
            ("{3..1}", "3 2 1"),
            ("{a..e..2}", "a c e"),
            ("{a}", "{a}"),
            ("{}", "{}"),
            ("{a{b,c}}", "{ab} {ac}"),
            ("\\{a,b}", "{a,b}"),
            ("{'a,b',c}", "a,b c"),
            ("{a\\,b}", "{a,b}"),
            ("x{,y}", "x xy"),
            ("{1..a}", "{1..a}"),
        ] {
            let found = expanded(word);
            let expected: Vec<String> = words.split(' ').map(str::to_owned).collect();
            if word.starts_with("\\{") {
                // One that stands alone: shells print it as it is, and nothing vouches for that here.
                assert!(found.is_none_or(|found| found == expected), "{word}");
            } else {
                assert_eq!(found, Some(expected), "{word}");
            }
        }
    }

    #[test]
    fn too_many_words_and_odd_braces_are_nobodys_guess() {
        for word in [
            "{1..99999}",
            "{1..20}{1..20}",
            "{99999999999999999999..1}x",
            "{a,{b}",
            "{01..10}",
            "{0..03}",
            "{A..z}",
        ] {
            let found = expanded(word);
            assert!(found.is_none_or(|found| found == [word]), "{word}");
        }
    }
}
