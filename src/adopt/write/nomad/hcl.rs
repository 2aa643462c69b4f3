//! HCL as `nomad fmt` leaves it: equals signs of neighbours below each other, a blank line around blocks.

/// The body of a file or a block.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Body(Vec<Item>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Attribute(String, String),
    Block(String, Body),
    Comment(String),
}

impl Body {
    /// Adds an attribute with a value as it is written.
    pub(super) fn raw(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.0.push(Item::Attribute(name.to_owned(), value.into()));
        self
    }

    /// Adds an attribute with a text.
    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.raw(name, quoted(text))
    }

    /// Adds `name = true` where it is.
    pub(super) fn flag(&mut self, name: &str, is: bool) -> &mut Self {
        if is { self.raw(name, "true") } else { self }
    }

    /// Adds a list of texts, where there are some.
    pub(super) fn texts<T: AsRef<str>>(&mut self, name: &str, texts: &[T]) -> &mut Self {
        let words: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
        if words.is_empty() { self } else { self.raw(name, list(&words)) }
    }

    /// Adds keys and texts, where there are some.
    pub(super) fn map<'a>(
        &mut self,
        name: &str,
        pairs: impl Iterator<Item = (&'a str, String)>,
    ) -> &mut Self {
        let mut body = Self::default();
        for (key, value) in pairs {
            body.raw(&quoted(key), value);
        }
        if body.0.is_empty() {
            return self;
        }
        let mut out = String::from("{\n");
        body.write(&mut out, 1);
        out.push('}');
        self.raw(name, out)
    }

    /// Adds a block, where something is in it: `head` is its type and its labels.
    pub(super) fn block(&mut self, head: impl Into<String>, body: Self) -> &mut Self {
        if !body.0.is_empty() {
            self.0.push(Item::Block(head.into(), body));
        }
        self
    }

    /// Takes over all that is in another one.
    pub(super) fn extend(&mut self, other: &Self) -> &mut Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// Whether there is such a block.
    pub(super) fn has_block(&self, head: &str) -> bool {
        self.0.iter().any(|item| matches!(item, Item::Block(known, _) if known == head))
    }

    /// Adds a remark.
    pub(super) fn comment(&mut self, text: &str) -> &mut Self {
        self.0.push(Item::Comment(text.to_owned()));
        self
    }

    /// The text of a file.
    pub(super) fn print(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        let pad = "  ".repeat(depth);
        for (index, item) in self.0.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| self.0.get(before));
            match item {
                Item::Comment(text) => {
                    if before.is_some() {
                        out.push('\n');
                    }
                    out.push_str(&format!("{pad}# {text}\n"));
                }
                Item::Attribute(name, value) => {
                    if matches!(before, Some(Item::Block(..))) {
                        out.push('\n');
                    }
                    let width = self.width(index);
                    out.push_str(&format!("{pad}{name:width$} = {}\n", indented(value, &pad)));
                }
                Item::Block(head, body) => {
                    if matches!(before, Some(Item::Block(..) | Item::Attribute(..))) {
                        out.push('\n');
                    }
                    out.push_str(&format!("{pad}{head} {{\n"));
                    body.write(out, depth + 1);
                    out.push_str(&format!("{pad}}}\n"));
                }
            }
        }
    }

    /// The width of the names of the attributes on one line each around the one at `index`.
    fn width(&self, index: usize) -> usize {
        let short = |item: &&Item| matches!(item, Item::Attribute(_, value) if !value.contains('\n'));
        let name = |item: &Item| match item {
            Item::Attribute(name, _) => name.chars().count(),
            _ => 0,
        };
        let (before, after) = self.0.split_at(index);
        let Some((this, after)) = after.split_first() else { return 0 };
        if !short(&this) {
            return name(this);
        }
        let near = before.iter().rev().take_while(short).chain(after.iter().take_while(short));
        near.map(name).chain([name(this)]).max().unwrap_or(0)
    }
}

/// Lines after the first one further in; not those of a heredoc, which stand where they stand.
fn indented(value: &str, pad: &str) -> String {
    if value.starts_with("<<") { value.to_owned() } else { value.replace('\n', &format!("\n{pad}")) }
}

/// A text in quotes, in which HCL finds nothing to fill in.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// The inside of the quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    without_templates(&out)
}

/// A text in which `${` and `%{` are themselves.
fn without_templates(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// A text over several lines, as it stands.
pub(super) fn heredoc(text: &str) -> String {
    let mut mark = "EOT".to_owned();
    while text.lines().any(|line| line.trim() == mark) {
        mark.push('_');
    }
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("<<{mark}\n{}{end}{mark}", without_templates(text))
}

/// Values on one line where they fit there, else a line for each.
pub(super) fn list(words: &[String]) -> String {
    let short = words.iter().map(|word| word.len() + 2).sum::<usize>() <= 80;
    if short && !words.iter().any(|word| word.contains('\n')) {
        return format!("[{}]", words.join(", "));
    }
    let lines: Vec<String> =
        words.iter().map(|word| format!("  {},\n", word.replace('\n', "\n  "))).collect();
    format!("[\n{}]", lines.concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_body_looks_as_nomad_formats_it() {
        let mut inner = Body::default();
        inner.text("a", "1").raw("long", "2").map("m", [("k", quoted("v"))].into_iter()).raw("b", "3");
        inner.raw("data", heredoc("x\n"));
        let mut body = Body::default();
        body.text("x", "y")
            .block("job \"a\"", inner.clone())
            .block("empty", Body::default())
            .flag("no", false);
        let expected = "x = \"y\"\n\njob \"a\" {\n  a    = \"1\"\n  long = 2\n  m = {\n    \"k\" = \"v\"\n  }\n  b = 3\n  data = <<EOT\nx\nEOT\n}\n";
        assert_eq!(body.print(), expected);
        assert!(hcl::parse(&body.print()).is_ok());
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(text in "\\PC{0,12}|[$%{}\"\\\\a\n\t ~]{0,12}") {
            let mut body = Body::default();
            body.text("a", &text).texts("l", &[&text]);
            let printed = body.print();
            let read: hcl::Value = hcl::from_str(&printed).map_err(|error| TestCaseError::fail(format!("{error}: {printed}")))?;
            prop_assert_eq!(read.as_object().and_then(|map| map.get("a")).and_then(|a| a.as_str()), Some(text.as_str()), "{}", printed);
        }
    }
}
