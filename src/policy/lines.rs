//! Where the rules of a file begin, so that a problem can name its line: the YAML reader keeps no positions.

/// The lines of one file's rules.
pub(super) struct Lines<'a> {
    lines: Vec<&'a str>,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds the items of the list below a key of the top, as block style writes them.
    pub(super) fn of(yaml: &'a str, key: &str) -> Self {
        let lines: Vec<&str> = yaml.lines().collect();
        let is_head = |line: &&str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
        let head = lines.iter().position(is_head).map_or(lines.len(), |at| at + 1);
        let is_key = |line: &&str| line.starts_with(|c: char| c.is_alphanumeric());
        let end = lines[head..].iter().position(is_key).map_or(lines.len(), |at| head + at);
        let lines: Vec<&str> = lines.into_iter().take(end).collect();
        let indent = lines[head..].iter().find_map(|line| item_indent(line));
        let is_start = |at: &usize| item_indent(lines[*at]).is_some() && item_indent(lines[*at]) == indent;
        let starts = (head..lines.len()).filter(is_start).collect();
        Self { lines, starts }
    }

    /// The line of the `rule`-th of `total` rules, or of a field within it. `None` where the file isn't
    /// written in block style.
    pub(super) fn find(&self, rule: usize, total: usize, field: Option<&str>) -> Option<usize> {
        if self.starts.len() != total {
            return None;
        }
        let start = *self.starts.get(rule)?;
        let end = self.starts.get(rule + 1).copied().unwrap_or(self.lines.len());
        let is_field = |line: &&str| {
            let text = line.trim_start().trim_start_matches("- ").trim_start();
            field.is_some_and(|name| text.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))
        };
        let offset = self.lines[start..end].iter().position(is_field).unwrap_or(0);
        Some(start + offset + 1)
    }
}

fn item_indent(line: &str) -> Option<usize> {
    let text = line.trim_start();
    (text == "-" || text.starts_with("- ")).then(|| line.len() - text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_their_fields_are_found_by_line() {
        let yaml = "# head\nrules:\n  - name: a\n    match:\n      - x\n\n  - name: b\n    effect: read\n";
        let lines = Lines::of(yaml, "rules");
        assert_eq!(lines.find(0, 2, None), Some(3));
        assert_eq!(lines.find(0, 2, Some("match")), Some(4));
        assert_eq!(lines.find(1, 2, Some("effect")), Some(8));
        assert_eq!(lines.find(1, 2, Some("undo")), Some(7));
        assert_eq!(lines.find(0, 3, None), None);
    }
}
