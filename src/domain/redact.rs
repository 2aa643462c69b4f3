//! The one redactor: what must not be read by others is taken out of a text before that goes to a log, a chat, a
//! model, the store or an error.
//!
//! It knows secrets by their value, where the configuration names them ([`Redactor::new`]), and by their shape, where
//! they have one (tokens of well-known services, private keys, `password=…`). Each is replaced by what it was, as in
//! `[redacted: github token]`; all else stays as it is, line breaks included.
//!
//! What a secret without a shape looks like nobody can know: this is a net under the house's own care, not its
//! replacement.

mod key_value;
mod known;
mod pem;
mod shapes;
mod shared;
mod texts;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use self::known::Known;

pub use shared::Redaction;

/// What stands around the kind of what was taken out.
const OPEN: &str = "[redacted: ";
const CLOSE: &str = "]";
/// Taking something out can lay bare a beginning or an end that was none before (two tokens in one word): the text is
/// looked through again, but no more often than this.
const PASSES: usize = 6;

/// Takes secrets out of texts. Cheap to clone.
#[derive(Clone)]
pub struct Redactor {
    known: Option<Arc<Known>>,
}

/// Something to take out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    range: Range<usize>,
    kind: &'static str,
}

impl Redactor {
    /// Knows these values, those of at least [`Redactor::SHORTEST`] characters, also as base64 and in URLs, and all
    /// shapes.
    #[must_use]
    pub fn new(known: impl IntoIterator<Item = String>) -> Self {
        Self { known: Known::of(known).map(Arc::new) }
    }

    /// Knows the shapes alone.
    #[must_use]
    pub fn shapes() -> Self {
        Self { known: None }
    }

    /// A known value shorter than this, in characters, is not looked for: it would be found in ordinary words.
    pub const SHORTEST: usize = 6;

    /// The text without its secrets. Redacting twice changes nothing more. Takes time in proportion to the text.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut clean = Cow::Borrowed(text);
        for _ in 0..PASSES {
            let spans = self.find(&clean);
            if spans.is_empty() {
                break;
            }
            clean = Cow::Owned(replaced(&clean, &spans));
        }
        clean
    }

    /// Whether [`Redactor::redact`] would take anything out.
    #[must_use]
    pub fn holds_secret(&self, text: &str) -> bool {
        !self.find(text).is_empty()
    }

    /// What is to be taken out: in order, without overlaps.
    fn find(&self, text: &str) -> Vec<Span> {
        let mut spans = Vec::new();
        if let Some(known) = &self.known {
            known.find(text, &mut spans);
        }
        shapes::find(text, &mut spans);
        if spans.is_empty() {
            return spans;
        }
        let done = placeholders(text);
        spans.retain(|span| !span.range.is_empty() && !is_done(span, &done));
        if spans.is_empty() {
            return spans;
        }
        joined(spans, done)
    }
}

/// Never with the values that it knows.
impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").field("knows_values", &self.known.is_some()).finish()
    }
}

/// Whether the span lies in something that was taken out earlier.
fn is_done(span: &Span, done: &[Span]) -> bool {
    let index = done.partition_point(|done| done.range.end < span.range.end);
    done.get(index).is_some_and(|done| done.range.start <= span.range.start)
}

/// What was taken out earlier.
fn placeholders(text: &str) -> Vec<Span> {
    let of = |(start, _): (usize, &str)| {
        let rest = text.get(start + OPEN.len()..)?;
        let kind = shapes::kinds()
            .find(|kind| rest.strip_prefix(kind).is_some_and(|rest| rest.starts_with(CLOSE)))?;
        Some(Span { range: start..start + OPEN.len() + kind.len() + CLOSE.len(), kind })
    };
    text.match_indices(OPEN).filter_map(of).collect()
}

/// The spans in order; those that overlap become one, of the first one's kind. What was taken out earlier is part of
/// what it overlaps, and else stays as it is.
fn joined(spans: Vec<Span>, done: Vec<Span>) -> Vec<Span> {
    let new = spans.into_iter().map(|span| (span, true));
    let mut all: Vec<(Span, bool)> = new.chain(done.into_iter().map(|span| (span, false))).collect();
    // Of those that begin together the longest says best what it is.
    all.sort_by(|(a, _), (b, _)| (a.range.start, b.range.end).cmp(&(b.range.start, a.range.end)));
    let mut joined: Vec<(Span, bool)> = Vec::with_capacity(all.len());
    for (span, is_new) in all {
        match joined.last_mut() {
            Some((last, holds_new)) if span.range.start < last.range.end => {
                last.range.end = last.range.end.max(span.range.end);
                *holds_new |= is_new;
            }
            _ => joined.push((span, is_new)),
        }
    }
    joined.into_iter().filter(|(_, holds_new)| *holds_new).map(|(span, _)| span).collect()
}

fn replaced(text: &str, spans: &[Span]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    for span in spans {
        clean.push_str(text.get(from..span.range.start).unwrap_or_default());
        clean.push_str(OPEN);
        clean.push_str(span.kind);
        clean.push_str(CLOSE);
        from = span.range.end;
    }
    clean.push_str(text.get(from..).unwrap_or_default());
    clean
}

#[cfg(test)]
mod tests;
