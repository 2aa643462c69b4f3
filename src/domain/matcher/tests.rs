use std::collections::BTreeMap;

use chrono::{TimeZone, Utc};
use proptest::prelude::*;

use super::*;
use crate::domain::signal::{Severity, SignalState};
use crate::domain::target::{Signature, Target};

fn signal(labels: &[(&str, &str)]) -> Signal {
    let at = Utc.with_ymd_and_hms(2026, 11, 21, 8, 0, 0).unwrap();
    Signal {
        origin: Origin::alert("am", "1"),
        target: Target::parse("nas/media").unwrap(),
        signature: Signature::parse("host-down").unwrap(),
        severity: Severity::Critical,
        state: SignalState::Firing,
        summary: String::new(),
        impact: None,
        evidence: String::new(),
        labels: labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>(),
        at,
        received_at: at,
    }
}

fn accepts(matchers: &str, labels: &[(&str, &str)]) -> bool {
    Matchers::parse(matchers).unwrap().match_signal(&signal(labels))
}

#[test]
fn the_four_comparisons_mean_what_alertmanager_means_by_them() {
    let here = [("instance", "nas.lan:9100")];
    for (text, expected) in [
        (r#"instance="nas.lan:9100""#, true),
        (r#"instance="nas.lan""#, false),
        (r#"instance!="nas.lan""#, true),
        (r#"instance=~"nas.*""#, true),
        (r#"instance=~"nas""#, false),
        (r#"instance=~"lan|nas.*00""#, true),
        (r#"instance!~"nas""#, true),
        (r#"instance!~"nas.*""#, false),
    ] {
        assert_eq!(accepts(text, &here), expected, "{text}");
    }
}

#[test]
fn a_label_that_is_not_there_equals_the_empty_text() {
    for (text, expected) in [
        (r#"job="""#, true),
        (r#"job!="""#, false),
        (r#"job=~".*""#, true),
        (r#"job=~".+""#, false),
        (r#"job!="x""#, true),
        (r#"job!~"x""#, true),
        (r#"job="x""#, false),
    ] {
        assert_eq!(accepts(text, &[]), expected, "{text}");
    }
}

#[test]
fn braces_quotes_commas_and_spaces_are_read_as_alertmanager_reads_them() {
    let shown =
        |text: &str| Matchers::parse(text).map(|m| m.to_string()).unwrap_or_else(|e| format!("! {e}"));
    for (text, expected) in [
        ("foo=bar", r#"{foo="bar"}"#),
        ("{foo=bar}", r#"{foo="bar"}"#),
        (r#" { foo = "bar" , baz =~ "a,b" , } "#, r#"{foo="bar", baz=~"a,b"}"#),
        (r#"foo="a\"b""#, r#"{foo="a\"b"}"#),
        (r#"foo="a\\b""#, r#"{foo="a\\b"}"#),
        (r#"foo=~"nas\.lan""#, r#"{foo=~"nas\\.lan"}"#),
        (r#"foo="a\tb""#, r#"{foo="a\tb"}"#),
        (r#"foo="\u00fc""#, r#"{foo="ü"}"#),
        (r#""größe in m"="1""#, r#"{"größe in m"="1"}"#),
        ("größe=1", r#"{"größe"="1"}"#),
        ("foo=", r#"{foo=""}"#),
        ("{foo=~a.{3}}", r#"{foo=~"a.{3}"}"#),
        ("foo=a=b", r#"{foo="a=b"}"#),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
    assert!(
        accepts(r#"{x=~"nas\.lan"}"#, &[("x", "nas.lan")])
            && !accepts(r#"{x=~"nas\.lan"}"#, &[("x", "nas-lan")])
    );
}

#[test]
fn what_can_not_be_read_is_told_with_what_to_write() {
    for (text, part) in [
        ("", "no matcher"),
        ("{}", "no matcher"),
        ("{foo=bar", "closing brace"),
        ("foo", "can't read `foo`"),
        ("=x", "no label's name"),
        (r#"foo="bar"#, "quotation mark is missing"),
        (r#"foo="bar"x"#, "follows the value"),
        (r#"foo=b"a"r"#, "stands inside the value"),
        ("foo==~bar,,b=c", "can't read ``"),
        (r#"foo=~"(""#, "no regular expression"),
        (r#"foo=~"a)|(b""#, "no regular expression"),
        ("a b=c", "no label's name"),
        (&format!("a=~\"{}\"", "(a{1000}){1000}"), "no regular expression"),
        (&vec!["a=b"; 33].join(","), "33 matchers are too many"),
        (&"x".repeat(5000), "too long"),
    ] {
        let error = Matchers::parse(text).unwrap_err();
        assert!(error.what.contains(part), "{text}: {error}");
        assert!(!error.hint.is_empty());
    }
}

#[test]
fn what_people_see_of_a_signal_can_be_matched_and_goes_before_labels_of_the_same_name() {
    let own = [("severity", "page"), ("target", "x"), ("source", "y")];
    assert!(accepts(r#"target="nas/media",signature="host-down",severity="critical",source="am""#, &own));
    assert!(accepts(r#"alertname="host-down""#, &[]), "the signature stands in for the alert's name");
    assert!(accepts(r#"alertname="HostDown""#, &[("alertname", "HostDown")]));
}

#[test]
fn a_silence_needs_a_matcher_that_the_empty_text_does_not_fit() {
    let narrow = |text: &str| Matchers::parse(text).unwrap().narrow().is_ok();
    assert!(!narrow(r#"foo="""#) && !narrow(r#"foo=~".*""#) && !narrow(r#"foo!="bar", x!~"y""#));
    assert!(narrow("foo=bar") && narrow(r#"foo=~".+""#) && narrow(r#"foo!="""#) && narrow(r#"a="", b=c"#));
}

proptest! {
    #[test]
    fn whatever_is_matched_is_read_again_as_it_was_written(name in ".{1,12}", value in ".{0,24}") {
        let matcher = Matcher::new(&name, Comparison::Equal, &value).unwrap();
        let text = matcher.to_string();
        let read = Matchers::parse(&text).unwrap();
        prop_assert_eq!(read.as_slice(), &[matcher], "{}", text);
    }

    #[test]
    fn no_text_makes_the_reader_fall_over(text in ".{0,64}") {
        let _ = Matchers::parse(&text);
    }
}
