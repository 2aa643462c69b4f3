//! How many tokens a text is likely to be: an estimate that errs on the high side.

/// The estimate. Providers' tokenizers differ; text for people has about four bytes to a token, paths, numbers and JSON
/// about three.
#[must_use]
pub fn estimate(text: &str) -> usize {
    text.len().div_ceil(3)
}
