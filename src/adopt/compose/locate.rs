//! Finds the line of a field in a YAML text: well enough for people, by its indentation.

use super::tree::Step;

/// A text in its lines, as far as keys and items go.
pub(super) struct Lines(Vec<Entry>);

struct Entry {
    line: usize,
    indent: usize,
    what: What,
}

#[derive(PartialEq)]
enum What {
    Dash,
    Key(String),
    Other,
}

impl Lines {
    /// Takes a text apart. `- a: 1` is an item, and in it a key.
    pub(super) fn of(text: &str) -> Self {
        let mut entries = Vec::new();
        for (index, raw) in text.lines().enumerate() {
            let mut rest = raw.trim_start_matches('\u{feff}');
            let mut indent = rest.len() - rest.trim_start_matches(' ').len();
            rest = rest.trim_start_matches(' ');
            if rest.is_empty() || rest.starts_with('#') || rest.starts_with("---") {
                continue;
            }
            while let Some(after) =
                rest.strip_prefix('-').filter(|after| after.is_empty() || after.starts_with(' '))
            {
                entries.push(Entry { line: index + 1, indent, what: What::Dash });
                let inner = after.trim_start_matches(' ');
                indent += 1 + after.len() - inner.len();
                rest = inner;
            }
            if !rest.is_empty() {
                let what = key(rest).map_or(What::Other, What::Key);
                entries.push(Entry { line: index + 1, indent, what });
            }
        }
        Self(entries)
    }

    /// The line of what is at the end of `steps`, or of what is nearest above it. `again` means the last of that name.
    pub(super) fn find(&self, steps: &[&Step], again: bool) -> Option<usize> {
        let mut range = &self.0[..];
        let mut line = None;
        for (number, step) in steps.iter().enumerate() {
            let Some(indent) = range.first().map(|entry| entry.indent) else { break };
            let last = again && number + 1 == steps.len();
            let Some(start) = (match step {
                Step::Key(name) => {
                    let fits = |entry: &Entry| {
                        entry.indent == indent && matches!(&entry.what, What::Key(key) if key == name)
                    };
                    if last { range.iter().rposition(fits) } else { range.iter().position(fits) }
                }
                Step::Item(index) => {
                    let items = range.iter().enumerate();
                    let mut items =
                        items.filter(|(_, entry)| entry.indent == indent && entry.what == What::Dash);
                    items.nth(*index).map(|(at, _)| at)
                }
            }) else {
                break;
            };
            line = Some(range[start].line);
            let inner = &range[start + 1..];
            let is_key = matches!(step, Step::Key(_));
            // Items of a list may stand as far left as the key above them.
            let end = inner.iter().position(|entry| {
                entry.indent < indent || (entry.indent == indent && !(is_key && entry.what == What::Dash))
            });
            range = &inner[..end.unwrap_or(inner.len())];
        }
        line
    }
}

/// The key that a line begins with.
fn key(line: &str) -> Option<String> {
    let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''));
    if let Some(quote) = quote {
        let end = line[1..].find(quote)?;
        let after = line[end + 2..].trim_start();
        return after.starts_with(':').then(|| line[1..=end].to_owned());
    }
    let end = line.match_indices(':').map(|(at, _)| at).find(|at| {
        let after = &line[at + 1..];
        after.is_empty() || after.starts_with([' ', '\t'])
    })?;
    Some(line[..end].trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_indentation() {
        let text = "services:\n  a:\n    ports:\n    - 1\n    - 2\n  # x\n  \"b\":\n    ports:\n      - target: 1\n        published: 2\n    image: x\n  b:\n    image: y\n";
        let lines = Lines::of(text);
        let find = |steps: &[Step], again| lines.find(&steps.iter().collect::<Vec<_>>(), again);
        let key = |name: &str| Step::Key(name.to_owned());
        assert_eq!(find(&[key("services"), key("a"), key("ports"), Step::Item(1)], false), Some(5));
        assert_eq!(
            find(&[key("services"), key("b"), key("ports"), Step::Item(0), key("published")], false),
            Some(10)
        );
        assert_eq!(find(&[key("services"), key("b"), key("nothing")], false), Some(7));
        assert_eq!(find(&[key("services"), key("b")], true), Some(12));
        assert_eq!(find(&[], false), None);
    }
}
