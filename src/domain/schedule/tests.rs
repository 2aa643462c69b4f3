use chrono_tz::America::{Havana, New_York};
use chrono_tz::Australia::Lord_Howe;
use chrono_tz::Europe::Berlin;
use chrono_tz::UTC;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn schedule(text: &str) -> Schedule {
    Schedule::parse(text).unwrap()
}

/// The next `count` times after `after`, as local clocks show them, with their offset.
fn next(text: &str, tz: Tz, after: &str, count: usize) -> Vec<String> {
    let schedule = schedule(text);
    iter::successors(schedule.next_after(at(after), tz), |at| schedule.next_after(*at, tz))
        .take(count)
        .map(|at| at.with_timezone(&tz).format("%a %d %b %H:%M %z").to_string())
        .collect()
}

fn fault(text: &str) -> String {
    Schedule::parse(text).unwrap_err().to_string()
}

#[test]
fn lists_ranges_steps_and_names_mean_what_crontab_means() {
    let monday = "2026-06-01T00:00:00Z";
    assert_eq!(
        next("*/20,7 9-10 * * *", UTC, monday, 9),
        [
            "Mon 01 Jun 09:00 +0000",
            "Mon 01 Jun 09:07 +0000",
            "Mon 01 Jun 09:20 +0000",
            "Mon 01 Jun 09:40 +0000",
            "Mon 01 Jun 10:00 +0000",
            "Mon 01 Jun 10:07 +0000",
            "Mon 01 Jun 10:20 +0000",
            "Mon 01 Jun 10:40 +0000",
            "Tue 02 Jun 09:00 +0000",
        ]
    );
    assert_eq!(next("0 0 1 JAN,jul *", UTC, monday, 2), ["Wed 01 Jul 00:00 +0000", "Fri 01 Jan 00:00 +0000"]);
    assert_eq!(
        next("5-59/25 0 1 6 *", UTC, monday, 3)[..3],
        ["Mon 01 Jun 00:05 +0000", "Mon 01 Jun 00:30 +0000", "Mon 01 Jun 00:55 +0000"]
    );
}

#[test]
fn sunday_is_0_and_7_and_sun_and_a_week_may_run_over_its_end() {
    let monday = "2026-06-01T00:00:00Z";
    for sunday in ["0", "7", "sun", "Sunday"] {
        assert_eq!(
            next(&format!("0 6 * * {sunday}"), UTC, monday, 1),
            ["Sun 07 Jun 06:00 +0000"],
            "{sunday}"
        );
    }
    let weekend = [
        "Fri 05 Jun 06:00 +0000",
        "Sat 06 Jun 06:00 +0000",
        "Sun 07 Jun 06:00 +0000",
        "Fri 12 Jun 06:00 +0000",
    ];
    for range in ["5-7", "fri-sun", "5,6,0"] {
        assert_eq!(next(&format!("0 6 * * {range}"), UTC, monday, 4), weekend, "{range}");
    }
    assert_eq!(
        next("0 6 * * sat-mon", UTC, monday, 4),
        [
            "Mon 01 Jun 06:00 +0000",
            "Sat 06 Jun 06:00 +0000",
            "Sun 07 Jun 06:00 +0000",
            "Mon 08 Jun 06:00 +0000"
        ]
    );
    assert_eq!(next("0 6 * * 1-5", UTC, "2026-06-05T06:00:00Z", 1), ["Mon 08 Jun 06:00 +0000"]);
}

#[test]
fn two_restricted_day_fields_are_either_or_and_a_star_in_one_is_no_restriction() {
    assert_eq!(
        next("0 0 13 * fri", UTC, "2026-06-06T00:00:00Z", 4),
        [
            "Fri 12 Jun 00:00 +0000",
            "Sat 13 Jun 00:00 +0000",
            "Fri 19 Jun 00:00 +0000",
            "Fri 26 Jun 00:00 +0000"
        ]
    );
    // A Monday that is also an odd day: `*/2` has a star, so both must hold.
    assert_eq!(
        next("0 0 */2 * mon", UTC, "2026-06-02T00:00:00Z", 2),
        ["Mon 15 Jun 00:00 +0000", "Mon 29 Jun 00:00 +0000"]
    );
}

#[test]
fn nicknames_stand_for_their_fields_and_display_is_as_written() {
    let monday = "2026-06-01T00:00:00Z";
    for (nickname, first) in [
        ("@hourly", "Mon 01 Jun 01:00 +0000"),
        ("@daily", "Tue 02 Jun 00:00 +0000"),
        ("@weekly", "Sun 07 Jun 00:00 +0000"),
        ("@monthly", "Wed 01 Jul 00:00 +0000"),
        ("@yearly", "Fri 01 Jan 00:00 +0000"),
    ] {
        assert_eq!(next(nickname, UTC, monday, 1), [first], "{nickname}");
        assert_eq!(schedule(nickname).to_string(), nickname);
    }
    assert_eq!(schedule(" @every 90s ").to_string(), "@every 90s");
}

#[test]
fn every_is_aligned_to_the_epoch_and_never_returns_the_same_moment() {
    let tens = schedule("@every 10s");
    assert_eq!(tens.next_after(at("2026-06-01T00:00:00Z"), Berlin), Some(at("2026-06-01T00:00:10Z")));
    assert_eq!(tens.next_after(at("2026-06-01T00:00:09.999Z"), Berlin), Some(at("2026-06-01T00:00:10Z")));
    assert_eq!(tens.next_after(at("1969-12-31T23:59:59Z"), UTC), Some(at("1970-01-01T00:00:00Z")));
    assert_eq!(
        schedule("@every 24h").next_after(at("2026-06-01T12:00:00Z"), Lord_Howe),
        Some(at("2026-06-02T00:00:00Z"))
    );
    for bad in
        ["@every", "@every 0s", "@every 25h", "@every 1500ms", "@every soon", "@every -5s", "@every10s"]
    {
        assert!(Schedule::parse(bad).is_err(), "{bad:?} passed");
    }
}

#[test]
fn the_next_time_is_strictly_after_and_a_fraction_of_a_second_is_not_lost() {
    assert_eq!(
        schedule("* * * * *").next_after(at("2026-06-01T10:00:00Z"), UTC),
        Some(at("2026-06-01T10:01:00Z"))
    );
    assert_eq!(
        schedule("* * * * *").next_after(at("2026-06-01T09:59:59.5Z"), UTC),
        Some(at("2026-06-01T10:00:00Z"))
    );
    assert_eq!(
        schedule("* * * * *").next_after(at("2026-06-01T10:00:00.5Z"), UTC),
        Some(at("2026-06-01T10:01:00Z"))
    );
}

#[test]
fn a_day_that_never_comes_is_none_and_the_29th_of_february_waits_for_its_year() {
    assert_eq!(schedule("0 0 30 2 *").next_after(at("2026-06-01T00:00:00Z"), Berlin), None);
    assert_eq!(next("0 0 29 2 *", UTC, "2026-06-01T00:00:00Z", 1), ["Tue 29 Feb 00:00 +0000"]);
    for extreme in [Timestamp::MIN_UTC, Timestamp::MAX_UTC] {
        for text in ["* * * * *", "0 0 29 2 *", "@every 1s"] {
            let _ = schedule(text).next_after(extreme, Lord_Howe);
        }
    }
    assert_eq!(schedule("* * * * *").next_after(Timestamp::MAX_UTC, UTC), None);
}

#[test]
fn a_fixed_time_that_the_clocks_skip_runs_once_at_the_next_minute_they_show() {
    assert_eq!(
        next("15,45 2 * * *", Berlin, "2026-03-28T12:00:00Z", 3),
        ["Sun 29 Mar 03:00 +0200", "Mon 30 Mar 02:15 +0200", "Mon 30 Mar 02:45 +0200"]
    );
    assert_eq!(
        next("30 2 * * *", New_York, "2026-03-07T12:00:00Z", 2),
        ["Sun 08 Mar 03:00 -0400", "Mon 09 Mar 02:30 -0400"]
    );
    assert_eq!(
        next("15 2 * * *", Lord_Howe, "2026-10-03T00:00:00Z", 2),
        ["Sun 04 Oct 02:30 +1100", "Mon 05 Oct 02:15 +1100"]
    );
    // Havana's clocks skip midnight itself.
    assert_eq!(
        next("@daily", Havana, "2026-03-07T12:00:00Z", 2),
        ["Sun 08 Mar 01:00 -0400", "Mon 09 Mar 00:00 -0400"]
    );
    assert_eq!(next("30 2 29 3 *", UTC, "2026-03-28T12:00:00Z", 1), ["Sun 29 Mar 02:30 +0000"]);
}

#[test]
fn a_fixed_time_that_the_clocks_show_twice_runs_the_first_time_only() {
    assert_eq!(
        next("0,30 2 * * *", Berlin, "2026-10-24T12:00:00Z", 3),
        ["Sun 25 Oct 02:00 +0200", "Sun 25 Oct 02:30 +0200", "Mon 26 Oct 02:00 +0100"]
    );
    assert_eq!(
        next("30 1 * * *", New_York, "2026-10-31T12:00:00Z", 2),
        ["Sun 01 Nov 01:30 -0400", "Mon 02 Nov 01:30 -0500"]
    );
    assert_eq!(
        next("45 1 * * *", Lord_Howe, "2026-04-04T00:00:00Z", 2),
        ["Sun 05 Apr 01:45 +1100", "Mon 06 Apr 01:45 +1030"]
    );
    // Asked in the middle of the second pass, it has already run.
    assert_eq!(next("30 2 * * *", Berlin, "2026-10-25T01:10:00Z", 1), ["Mon 26 Oct 02:30 +0100"]);
}

#[test]
fn a_wildcard_hour_runs_by_real_time_through_both_passes() {
    assert_eq!(
        next("*/30 * * * *", Berlin, "2026-10-24T23:30:00Z", 6),
        [
            "Sun 25 Oct 02:00 +0200",
            "Sun 25 Oct 02:30 +0200",
            "Sun 25 Oct 02:00 +0100",
            "Sun 25 Oct 02:30 +0100",
            "Sun 25 Oct 03:00 +0100",
            "Sun 25 Oct 03:30 +0100",
        ]
    );
    assert_eq!(
        next("45 * * * *", Lord_Howe, "2026-04-04T13:00:00Z", 4),
        [
            "Sun 05 Apr 00:45 +1100",
            "Sun 05 Apr 01:45 +1100",
            "Sun 05 Apr 01:45 +1030",
            "Sun 05 Apr 02:45 +1030"
        ]
    );
    assert_eq!(
        next("30 * * * *", New_York, "2026-11-01T05:00:00Z", 3),
        ["Sun 01 Nov 01:30 -0400", "Sun 01 Nov 01:30 -0500", "Sun 01 Nov 02:30 -0500"]
    );
}

#[test]
fn five_minutes_stay_five_minutes_through_every_change_of_the_clocks() {
    let five = schedule("*/5 * * * *");
    for (tz, day) in [
        (Berlin, "2026-03-28T12:00:00Z"),
        (Berlin, "2026-10-24T12:00:00Z"),
        (New_York, "2026-03-07T12:00:00Z"),
        (New_York, "2026-10-31T12:00:00Z"),
        (Lord_Howe, "2026-04-04T06:00:00Z"),
        (Lord_Howe, "2026-10-03T06:00:00Z"),
    ] {
        let mut now = at(day);
        for _ in 0..24 * 12 {
            let next = five.next_after(now, tz).unwrap();
            assert_eq!(next - now, TimeDelta::minutes(5), "{tz} after {now}");
            now = next;
        }
    }
}

#[test]
fn an_error_names_the_field_and_what_is_allowed() {
    for (bad, field, said) in [
        ("61 * * * *", "minute", "0 to 59"),
        ("* 24 * * *", "hour", "0 to 23"),
        ("* * 0 * *", "day of month", "1 to 31"),
        ("* * * 13 *", "month", "1 to 12 and names such as `jan`"),
        ("* * * * 8", "day of week", "0 to 7 and names such as `sun`"),
        ("* * * * mo", "day of week", "names such as"),
        ("*/0 * * * *", "minute", "a step is 1 to 59"),
        ("*/60 * * * *", "minute", "a step is 1 to 59"),
        ("5/15 * * * *", "minute", "5-59/N"),
        ("* 22-4 * * *", "hour", "`22-23,0-4`"),
        ("1,,2 * * * *", "minute", "0 to 59"),
        ("+5 * * * *", "minute", "0 to 59"),
        ("* * L * ?", "day of month", "1 to 31"),
    ] {
        let error = Schedule::parse(bad).unwrap_err();
        assert_eq!(error.field, Some(field), "{bad}: {error}");
        assert!(error.to_string().starts_with(field) && error.hint.contains(said), "{bad}: {error}");
    }
    assert!(fault("0 */5 * * * *").contains("@every"));
    assert!(fault("* * * *").contains("4 fields"));
    assert!(fault("").contains("empty"));
    assert!(fault("@reboot").contains("@hourly"));
}

#[test]
fn a_schedule_is_written_to_files_and_read_back_as_text() {
    let read: Schedule = serde_json::from_str("\"*/5 * * * *\"").unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), "\"*/5 * * * *\"");
    assert!(serde_json::from_str::<Schedule>("\"61 * * * *\"").unwrap_err().to_string().contains("minute"));
}

/// A field, and the values it names, worked out without the parser.
fn field(min: u32, max: u32) -> impl Strategy<Value = (String, Vec<u32>)> {
    let value = min..=max;
    prop_oneof![
        3 => Just(("*".to_owned(), (min..=max).collect())),
        2 => value.clone().prop_map(|v| (v.to_string(), vec![v])),
        1 => (value.clone(), value.clone()).prop_map(|(a, b)| {
            let (a, b) = (a.min(b), a.max(b));
            (format!("{a}-{b}"), (a..=b).collect())
        }),
        1 => (1..=max).prop_map(move |n| (format!("*/{n}"), (min..=max).step_by(n as usize).collect())),
    ]
}

fn zone() -> impl Strategy<Value = Tz> {
    prop_oneof![Just(UTC), Just(Berlin), Just(New_York), Just(Lord_Howe)]
}

/// Moments of 2026, half of them near a change of the clocks of one of the zones.
fn moment() -> impl Strategy<Value = Timestamp> {
    let year = (1_767_225_600_000_i64..1_798_761_600_000)
        .prop_map(|ms| DateTime::from_timestamp_millis(ms).unwrap());
    const CHANGES: [&str; 6] = [
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-03-08T07:00:00Z",
        "2026-11-01T06:00:00Z",
        "2026-04-04T15:00:00Z",
        "2026-10-03T15:30:00Z",
    ];
    let near = (prop::sample::select(&CHANGES[..]), -10_800_000_i64..10_800_000)
        .prop_map(|(change, ms)| at(change) + TimeDelta::milliseconds(ms));
    prop_oneof![year, near]
}

proptest! {
    #[test]
    fn the_next_time_comes_later_matches_its_fields_and_none_is_left_out(
        (minute, minutes) in field(0, 59),
        (hour, hours) in field(0, 23),
        (day, days) in field(1, 31),
        (weekday, weekdays) in field(0, 6),
        tz in zone(),
        after in moment(),
    ) {
        let schedule = schedule(&format!("{minute} {hour} {day} * {weekday}"));
        let Some(next) = schedule.next_after(after, tz) else { return Ok(()) };
        prop_assert!(next > after);

        let either = !day.contains('*') && !weekday.contains('*');
        let named = |at: NaiveDateTime| {
            let (day, weekday) = (days.contains(&at.day()), weekdays.contains(&at.weekday().num_days_from_sunday()));
            minutes.contains(&at.minute()) && hours.contains(&at.hour())
                && if either { day || weekday } else { day && weekday }
        };
        // Straight from the promise: a minute's turn comes if clocks show a named time, unless it is the second
        // showing of a fixed one, or if they have just skipped a named time.
        let due = |at: Timestamp| {
            let local = at.with_timezone(&tz).naive_local();
            let first = tz.from_local_datetime(&local).earliest().unwrap().with_timezone(&Utc) == at;
            let before = (at - TimeDelta::minutes(1)).with_timezone(&tz).naive_local();
            let skipped = (local - before).num_minutes();
            let hole = (1..skipped).any(|minute| named(before + TimeDelta::minutes(minute)));
            hole || (named(local) && (first || hour.contains('*') || hours.len() == 24))
        };
        prop_assert!(due(next), "{next} is not due");
        let mut minute = after.with_second(0).unwrap().with_nanosecond(0).unwrap() + TimeDelta::minutes(1);
        let horizon = next.min(after + TimeDelta::days(2));
        while minute < horizon {
            prop_assert!(!due(minute), "{minute} was left out");
            minute += TimeDelta::minutes(1);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[-0-9a-zA-Z*/,@ ?#.\u{e9}]{0,30}", any in ".*") {
        let _ = Schedule::parse(&text);
        let _ = Schedule::parse(&any);
    }
}
