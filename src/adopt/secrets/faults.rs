//! What is wrong with an input is told without the secrets in it.

use super::texts::Known;
use super::{inside, values};
use crate::adopt::Fault;
use crate::domain::redact::Redactor;

/// What stands for a value that is not shown.
const HIDDEN: &str = "…";
/// A word of an input that is no port, no device, no path is shown up to this length, in bytes, whatever it is.
const SHORT: usize = 8;

/// Takes the secrets of the inputs out of what is told of them. Names, lines and fields stay.
pub(in crate::adopt) fn clean(mut faults: Vec<Fault>, inputs: &[&str]) -> Vec<Fault> {
    let mut known = Known::default();
    for input in inputs {
        for range in inside::all(input) {
            known.add(input.get(range).unwrap_or_default().to_owned(), "", 0);
        }
    }
    // A short one stands in the words of any sentence.
    let finder = known.finder(|value| value.len() < 6);
    let redactor = Redactor::shapes();
    for fault in &mut faults {
        for text in std::iter::once(&mut fault.what).chain(&mut fault.field).chain(&mut fault.fix) {
            hide_quoted(text);
            finder.clean(text, HIDDEN);
            redactor.clean(text);
        }
    }
    faults
}

/// Hides what is quoted and could be a secret: a value in a place where another kind of value belongs.
fn hide_quoted(text: &mut String) {
    for (open, close) in [("`", "` is no "), ("string \"", "\", expected ")] {
        let Some(end) = text.find(close) else { continue };
        let Some(start) = text.get(..end).and_then(|text| text.rfind(open)).map(|at| at + open.len()) else {
            continue;
        };
        let quoted = text.get(start..end).unwrap_or_default();
        let could_be = quoted.len() > SHORT && !quoted.contains(['/', ':']) && values::looks_chosen(quoted);
        if could_be || values::is_secret(&[], quoted) {
            text.replace_range(start..end, HIDDEN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_tell_what_is_wrong_without_the_secrets_of_the_input() {
        let input = "environment:\n  - DB_PASSWORD=hunter2\n  ADMIN_TOKEN: tr0ub4dor\n";
        for (what, told) in [
            ("`hunter2secret` is no port", "`…` is no port"),
            ("`hunter2` is no path inside the container", "`…` is no path inside the container"),
            (
                "names the network `tr0ub4dor`, which isn't declared",
                "names the network `…`, which isn't declared",
            ),
            ("`808O:80` is no port", "`808O:80` is no port"),
            (
                "invalid type: string \"hunter2secret\", expected u64",
                "invalid type: string \"…\", expected u64",
            ),
            (
                "names the network `backend2`, which isn't declared",
                "names the network `backend2`, which isn't declared",
            ),
        ] {
            let faults = clean(vec![Fault::of("compose.yaml", what)], &[input]);
            assert_eq!(faults[0].what, told);
        }
    }
}
