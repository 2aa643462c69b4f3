//! Anybody may write anything in a chat.
#![no_main]

use chrono::DateTime;
use chrono_tz::Europe::Berlin;
use libfuzzer_sys::fuzz_target;
use steward::domain::command::parse;

fuzz_target!(|text: &str| {
    let now = DateTime::from_timestamp(1_772_366_400, 0).expect("a moment in 2026");
    if let Err(misunderstood) = parse(text, now, Berlin) {
        assert!(!misunderstood.what.is_empty());
    }
});
