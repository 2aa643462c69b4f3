//! The paths a file names, in `use` and in passing, resolved as far as the text allows.

use std::collections::BTreeMap;

use crate::source::Token;

/// One path, absolute: `["crate", "domain", "signal"]`, `["std", "fs", "read"]`. A name that only the compiler
/// could resolve stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    pub(crate) in_test: bool,
}

impl Path {
    pub(crate) fn starts_with(&self, prefix: &str) -> bool {
        let mut segments = self.segments.iter();
        prefix.split("::").all(|part| segments.next().is_some_and(|segment| segment == part))
    }

    pub(crate) fn contains(&self, run: &str) -> bool {
        let run: Vec<&str> = run.split("::").collect();
        self.segments.windows(run.len()).any(|window| window == run)
    }
}

/// Every path in the file whose module path is `module` (`["domain", "command"]`).
pub(crate) fn paths(tokens: &[Token], module: &[String]) -> Vec<Path> {
    let mut reader = Reader { tokens, at: 0, module: module.to_vec(), found: Vec::new() };
    reader.file();
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut resolved = Vec::new();
    for found in reader.found {
        let segments = absolute(&found.segments, &found.module, &names);
        if let Some(name) = found.name {
            names.insert(name, segments.clone());
        }
        resolved.push(Path { segments, line: found.line, in_test: found.in_test });
    }
    resolved
}

fn absolute(segments: &[String], module: &[String], names: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let root = || vec!["crate".to_owned()];
    let Some((first, mut rest)) = segments.split_first() else { return root() };
    let mut base = match first.as_str() {
        "crate" | "steward" => root(),
        "self" | "super" => {
            let mut base = module.to_vec();
            if first == "super" {
                base.pop();
            }
            while let Some(("super", tail)) = rest.split_first().map(|(head, tail)| (head.as_str(), tail)) {
                base.pop();
                rest = tail;
            }
            [root(), base].concat()
        }
        name => names.get(name).cloned().unwrap_or_else(|| vec![name.to_owned()]),
    };
    base.extend_from_slice(rest);
    base
}

/// A path as it is written, the module it is written in, and the name that an import gives it.
struct Found {
    segments: Vec<String>,
    module: Vec<String>,
    name: Option<String>,
    line: usize,
    in_test: bool,
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    module: Vec<String>,
    found: Vec<Found>,
}

impl Reader<'_> {
    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.text)
    }

    fn is_name(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(Token::is_name)
    }

    fn file(&mut self) {
        // The depths at which inline modules were opened: `super` climbs out of those first.
        let mut inline = Vec::new();
        let mut depth = 0_usize;
        while self.at < self.tokens.len() {
            match self.text(self.at) {
                "use" if self.text(self.at + 1) != "<" => {
                    self.at += 1;
                    self.tree(&[]);
                    continue;
                }
                "mod" if self.text(self.at + 2) == "{" => {
                    self.module.push(self.text(self.at + 1).to_owned());
                    inline.push(depth);
                }
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    if inline.last() == Some(&depth) {
                        inline.pop();
                        self.module.pop();
                    }
                }
                _ if self.is_name(self.at) && self.text(self.at + 1) == "::" => {
                    self.in_passing();
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// `a::b::c` in an expression, a type or an attribute.
    fn in_passing(&mut self) {
        let start = self.at;
        let mut segments = vec![self.text(self.at).to_owned()];
        self.at += 1;
        while self.text(self.at) == "::" && self.is_name(self.at + 1) {
            segments.push(self.text(self.at + 1).to_owned());
            self.at += 2;
        }
        self.found(segments, None, start);
    }

    /// The tree of a `use`, after what leads to it.
    fn tree(&mut self, prefix: &[String]) {
        let start = self.at;
        let mut segments = prefix.to_vec();
        loop {
            match self.text(self.at) {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(self.at), "}" | "") {
                        self.tree(&segments);
                        self.at += usize::from(self.text(self.at) == ",");
                    }
                    self.at += 1;
                    return;
                }
                "*" => {
                    self.at += 1;
                    return self.found(segments, None, start);
                }
                "as" => {
                    let name = self.text(self.at + 1).to_owned();
                    self.at += 2;
                    return self.found(segments, Some(name), start);
                }
                // In a group, `self` is what leads to it.
                "self" if !segments.is_empty() => self.at += 1,
                text if self.is_name(self.at) => {
                    segments.push(text.to_owned());
                    self.at += 1;
                }
                // Whatever this is, it is no tree (`use $crate::…` in a macro); step over it rather than stay.
                _ if segments.is_empty() => {
                    self.at += 1;
                    return;
                }
                _ => {
                    let name = segments.last().cloned();
                    return self.found(segments, name, start);
                }
            }
        }
    }

    fn found(&mut self, segments: Vec<String>, name: Option<String>, start: usize) {
        let Some(token) = self.tokens.get(start) else { return };
        let (line, in_test) = (token.line, token.in_test);
        self.found.push(Found { segments, module: self.module.clone(), name, line, in_test });
    }
}
