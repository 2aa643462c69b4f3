//! Finds where the options of a program end, and with them where the command within begins.

use super::super::segment::Word;

/// The options of a program, each with its dashes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    /// Those without a value.
    pub(super) bare: &'static [&'static str],
    /// Those with one.
    pub(super) valued: &'static [&'static str],
}

/// What was found before the first argument.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    /// The options in order, with their values.
    pub(super) options: Vec<(&'static str, Option<&'a str>)>,
    /// What follows them.
    pub(super) rest: &'a [Word],
}

impl<'a> Found<'a> {
    /// Whether an option is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(option, _)| *option == name)
    }

    /// The values of an option.
    pub(super) fn values<'b>(&'b self, names: &'b [&str]) -> impl Iterator<Item = &'a str> + use<'a, 'b> {
        self.options.iter().filter(|(option, _)| names.contains(option)).filter_map(|(_, value)| *value)
    }
}

impl Options {
    /// Reads the options at the head of `words`, which follow the program's name.
    ///
    /// # Errors
    /// Why it can't be told where they end.
    pub(super) fn read<'a>(&self, words: &'a [Word]) -> Result<Found<'a>, String> {
        let mut found = Found { options: Vec::new(), rest: words };
        while let Some(word) = found.rest.first() {
            let Some(text) = word.known() else { return Err(unknown(word)) };
            if text == "--" {
                found.rest = &found.rest[1..];
                break;
            }
            if !text.starts_with('-') || text == "-" {
                break;
            }
            let taken = self.take(text, found.rest, &mut found.options)?;
            found.rest = &found.rest[taken..];
        }
        Ok(found)
    }

    fn take<'a>(
        &self,
        text: &'a str,
        words: &'a [Word],
        options: &mut Vec<(&'static str, Option<&'a str>)>,
    ) -> Result<usize, String> {
        let named =
            |list: &'static [&'static str], name: &str| list.iter().copied().find(|known| *known == name);
        if let Some(option) = named(self.bare, text) {
            options.push((option, None));
            return Ok(1);
        }
        if let Some(option) = named(self.valued, text) {
            let word = words.get(1).ok_or_else(|| format!("`{text}` lacks its value"))?;
            options.push((option, Some(word.known().ok_or_else(|| unknown(word))?)));
            return Ok(2);
        }
        if let Some((name, value)) = text.split_once('=')
            && let Some(option) = named(self.valued, name).filter(|option| option.starts_with("--"))
        {
            options.push((option, Some(value)));
            return Ok(1);
        }
        self.cluster(text, words, options)
    }

    /// Short options that share a dash: `-it`, `-n5`.
    fn cluster<'a>(
        &self,
        text: &'a str,
        words: &'a [Word],
        options: &mut Vec<(&'static str, Option<&'a str>)>,
    ) -> Result<usize, String> {
        let refused = || format!("what `{text}` does to it is not known here");
        let letters = text.strip_prefix('-').filter(|rest| !rest.starts_with('-')).ok_or_else(refused)?;
        let short = |list: &'static [&'static str], c: char| {
            list.iter()
                .copied()
                .find(|known| known.strip_prefix('-').is_some_and(|name| name.chars().eq([c])))
        };
        for (at, c) in letters.char_indices() {
            if let Some(option) = short(self.bare, c) {
                options.push((option, None));
                continue;
            }
            let option = short(self.valued, c).ok_or_else(refused)?;
            let rest = &letters[at + c.len_utf8()..];
            if !rest.is_empty() {
                options.push((option, Some(rest)));
                return Ok(1);
            }
            let word = words.get(1).ok_or_else(|| format!("`-{c}` lacks its value"))?;
            options.push((option, Some(word.known().ok_or_else(|| unknown(word))?)));
            return Ok(2);
        }
        Ok(1)
    }
}

fn unknown(word: &Word) -> String {
    format!("`{}` isn't known before it runs, so nobody knows where the command within begins", word.text())
}
