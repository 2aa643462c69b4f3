use chrono::{DateTime, Utc};
use chrono_tz::Europe::Berlin;
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;

/// A Saturday afternoon in Berlin, 14:30 there.
const NOW: &str = "2026-11-21T13:30:00Z";

fn at(text: &str) -> Timestamp {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

fn read(text: &str) -> Result<ChatCommand, Misunderstood> {
    parse(text, at(NOW), Berlin)
}

fn good(text: &str) -> ChatCommand {
    read(text).unwrap_or_else(|why| panic!("{text:?}: {why}"))
}

fn bad(text: &str) -> Misunderstood {
    read(text).expect_err(text)
}

fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

fn since(text: &str) -> Timestamp {
    match good(text) {
        ChatCommand::WhatChanged { since: Some(since), .. } => since,
        other => panic!("{text:?}: {other:?}"),
    }
}

fn target(text: &str) -> Target {
    Target::parse(text).unwrap()
}

#[test]
fn every_example_in_help_can_be_typed_as_it_stands() {
    for help in COMMANDS {
        assert_eq!(good(help.example).name(), help.name, "{}", help.example);
    }
}

#[test]
fn every_command_can_be_registered_as_a_slash_command_and_begun_in_one_way_only() {
    let mut ways = std::collections::BTreeSet::new();
    for help in COMMANDS {
        assert!(help.name.len() <= 32 && help.name.chars().all(|c| c.is_ascii_lowercase()), "{}", help.name);
        assert!(!help.what.is_empty() && help.what.chars().count() <= 140, "{}", help.name);
        for way in std::iter::once(&help.name).chain(help.aliases) {
            assert!(ways.insert(*way), "{way:?} begins two commands");
        }
    }
}

#[test]
fn commands_read_as_people_type_them() {
    use ChatCommand::*;
    for (text, command) in [
        ("help", Help { topic: None }),
        ("?", Help { topic: None }),
        ("help mute", Help { topic: Some("silence".into()) }),
        ("Status?", Status),
        ("/status@steward_lab_bot", Status),
        ("@steward: please status", Status),
        ("Steward, status please!", Status),
        ("incidents", Incidents { all: false }),
        ("list incidents", Incidents { all: false }),
        ("incidents all", Incidents { all: true }),
        ("show", Show { incident: None }),
        ("show this incident", Show { incident: None }),
        ("SHOW #3.", Show { incident: Some(3) }),
        ("incident 3", Show { incident: Some(3) }),
        ("ack", Ack { incident: None }),
        ("ack incident 3", Ack { incident: Some(3) }),
        ("show silences", Silences),
        ("unmute #2", Unsilence { silence: 2 }),
        ("approve 7", Approve { approval: 7 }),
        ("deny 7", Deny { approval: 7, reason: None }),
        ("Deny 7, because Too risky!", Deny { approval: 7, reason: Some("Too risky!".into()) }),
        ("approvals", Approvals),
        ("run skill disk-space", Run { skill: "disk-space".into() }),
        ("pause", Pause),
        ("unpause", Resume),
        ("reload", Reload),
        ("merge 4 into 3", Merge { from: 4, into: 3 }),
        ("merge #4 with incident #3", Merge { from: 4, into: 3 }),
        ("split lab/api from 3", Split { incident: 3, target: target("lab/api") }),
        ("split lab/api out of 3", Split { incident: 3, target: target("lab/api") }),
        ("clear 3", Clear { incident: 3 }),
        ("skills", Skills),
        ("list runbooks", Runbooks { name: None }),
        ("topology", Topology { target: None }),
        ("topology of nas/media", Topology { target: Some(target("nas/media")) }),
    ] {
        assert_eq!(good(text), command, "{text}");
    }
}

#[test]
fn what_can_be_seen_needs_no_operator_and_what_changes_something_does() {
    for text in ["help", "status", "incidents", "show 3", "what changed?", "silences", "approvals", "skills"]
    {
        assert!(!good(text).needs_operator(), "{text}");
    }
    for text in
        ["ack 3", "silence nas for 2h", "unsilence 2", "approve 7", "deny 7", "pause", "resume", "clear 3"]
    {
        assert!(good(text).needs_operator(), "{text}");
    }
}

#[test]
fn a_silence_has_a_target_or_this_threads_a_duration_and_perhaps_a_reason() {
    let silence = |name: Option<&str>, duration, comment: Option<&str>| ChatCommand::Silence {
        scope: name.map(|name| Scope::Target(target(name))),
        kind: Suppression::Silence,
        from: None,
        duration,
        comment: comment.map(str::to_owned),
    };
    for (text, command) in [
        ("silence nas/media for 2h because new disk", silence(Some("nas/media"), hours(2), Some("new disk"))),
        ("mute nas 90 minutes", silence(Some("nas"), Duration::from_secs(5400), None)),
        ("silence NAS/Media for 1h30m.", silence(Some("NAS/Media"), Duration::from_secs(5400), None)),
        ("silence nas for 2 hours 30 min – disk swap", {
            silence(Some("nas"), Duration::from_secs(9000), Some("disk swap"))
        }),
        ("silence nas for 2h 3 disks died", silence(Some("nas"), hours(2), Some("3 disks died"))),
        ("silence nas for half an hour", silence(Some("nas"), Duration::from_secs(1800), None)),
        ("silence nas for 30 days", silence(Some("nas"), MAX_SILENCE, None)),
        ("silence this for 2h", silence(None, hours(2), None)),
        ("silence this thread for an hour", silence(None, hours(1), None)),
        ("silence for 2h because I'm on it", silence(None, hours(2), Some("I'm on it"))),
        ("silence 2h", silence(None, hours(2), None)),
    ] {
        assert_eq!(good(text), command, "{text}");
    }
}

#[test]
fn a_silence_takes_matchers_whose_quotes_are_not_lost() {
    let scope = |text: &str| match good(text) {
        ChatCommand::Silence { scope: Some(Scope::Matchers(matchers)), comment, .. } => {
            (matchers.to_string(), comment)
        }
        other => panic!("{other:?}"),
    };
    for (text, matchers) in [
        (r#"silence {alertname="X", instance=~"nas.*"} for 2h"#, r#"{alertname="X", instance=~"nas.*"}"#),
        (r#"silence { summary="a  b } c" , x!="" } for 2h"#, r#"{summary="a  b } c", x!=""}"#),
        ("@steward silence {alertname=“Disk Full”} for 2h, please", r#"{alertname="Disk Full"}"#),
        ("silence alertname=X for 2h", r#"{alertname="X"}"#),
        (r#"maintenance instance!~"a.*" 2h"#, ""),
    ] {
        if !matchers.is_empty() {
            assert_eq!(scope(text).0, matchers, "{text}");
        }
    }
    assert_eq!(scope(r#"silence {a="b"} for 2h because "new" disk"#).1.as_deref(), Some("\"new\" disk"));
    for (text, part) in [
        (r#"silence {a="b" for 2h"#, "closing brace is missing"),
        ("silence {a=~\"(\"} for 2h", "no regular expression"),
        ("silence {a!=\"b\"} for 2h", "would match everything"),
        ("silence {} for 2h", "no matcher"),
        ("silence {a=\"b\"}", "For how long?"),
    ] {
        let told = read(text).unwrap_err().to_string();
        assert!(told.contains(part), "{text}: {told}");
    }
    assert!(read("silence {a=`b`} for 2h").is_err(), "what stands in code doesn't count");
}

#[test]
fn a_silence_may_begin_later_and_be_for_maintenance() {
    for (text, expected, start) in [
        ("silence nas from 22:00 for 2h", Suppression::Silence, "2026-11-21T21:00:00Z"),
        ("maintenance nas from 14:00 for 2h", Suppression::Maintenance, "2026-11-22T13:00:00Z"),
        ("maintenance nas from tomorrow at 8:00 for 2h", Suppression::Maintenance, "2026-11-22T07:00:00Z"),
        ("silence nas from 2026-12-01 08:00 for 1d", Suppression::Silence, "2026-12-01T07:00:00Z"),
    ] {
        let ChatCommand::Silence { kind, from, .. } = good(text) else { panic!("{text}") };
        assert_eq!((kind, from), (expected, Some(at(start))), "{text}");
    }
    for text in [
        "silence nas from 2026-11-20 08:00 for 2h",
        "silence nas from lunch for 2h",
        "silence nas from 22:00",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    assert!(good("maintenance nas for 2h").needs_operator());
}

#[test]
fn what_was_ignored_can_be_asked_in_a_persons_own_words() {
    for (text, since) in [
        ("what did you ignore today?", Some("2026-11-20T23:00:00Z")),
        ("ignored", None),
        ("ignored since yesterday", Some("2026-11-19T23:00:00Z")),
        ("what was held back in the last 2h", Some("2026-11-21T11:30:00Z")),
    ] {
        assert_eq!(good(text), ChatCommand::Ignored { since: since.map(at) }, "{text}");
        assert!(!good(text).needs_operator());
    }
}

#[test]
fn a_silence_that_could_mean_something_else_is_asked_for_again() {
    for text in [
        "silence",
        "silence nas",
        "silence nas for",
        "silence nas for ever",
        "silence nas fro 2h",
        "silence nas for 0h",
        "silence nas for 31d",
        "silence nas for 99999999999999999999w",
        "silence nas for 18446744073709551615 weeks",
        "silence 3 for 2h",
        "silence incident 3 for 2h",
        "silence for 2h nas",
        "silence a//b for 2h",
        "silence --all for 2h",
    ] {
        assert_eq!(bad(text).usage.as_deref(), help_for("silence").map(|help| help.usage), "{text}");
    }
    assert_eq!(bad("silence nas").suggestion.as_deref(), Some("silence nas for 2h"));
    assert_eq!(bad("silence nas fro 2h").suggestion.as_deref(), Some("silence nas for 2h"));
}

#[test]
fn what_changed_takes_its_clauses_in_any_order() {
    let changed = |since: Option<&str>, on: Option<&str>, incident| ChatCommand::WhatChanged {
        since: since.map(at),
        on: on.map(target),
        incident,
    };
    let two_hours_ago = Some("2026-11-21T11:30:00Z");
    for (text, command) in [
        ("what changed?", changed(None, None, None)),
        ("What’s changed lately?", changed(None, None, None)),
        ("changes", changed(None, None, None)),
        ("changes since 2h", changed(two_hours_ago, None, None)),
        ("what changed since 2 hours ago", changed(two_hours_ago, None, None)),
        ("what changed in the last 2h on nas", changed(two_hours_ago, Some("nas"), None)),
        ("what changed on nas/media over the past 2 hours?", changed(two_hours_ago, Some("nas/media"), None)),
        ("what changed in nas", changed(None, Some("nas"), None)),
        ("what changed for incident 3", changed(None, None, Some(3))),
        ("what changed for #3 since 2h", changed(two_hours_ago, None, Some(3))),
        ("what changed for this incident", changed(None, None, None)),
        ("what changed before this broke?", changed(None, None, None)),
        ("what changed just before it happened?", changed(None, None, None)),
        ("what changed before this incident started", changed(None, None, None)),
        ("what changed before #3 broke?", changed(None, None, Some(3))),
        ("what changed before incident 3", changed(None, None, Some(3))),
        ("what changed since 2h before this broke", changed(two_hours_ago, None, None)),
        ("what changed on nas since yesterday?", changed(Some("2026-11-19T23:00:00Z"), Some("nas"), None)),
        ("what changed in the last 2 hours", changed(two_hours_ago, None, None)),
        ("what changed since monday", changed(Some("2026-11-15T23:00:00Z"), None, None)),
    ] {
        assert_eq!(good(text), command, "{text}");
    }
}

#[test]
fn before_a_time_is_not_taken_for_since_it() {
    for text in
        ["what changed before yesterday", "what changed before 14:00", "what changed before nas broke"]
    {
        assert!(bad(text).what.contains("before an incident, or since a time"), "{text}");
    }
}

#[test]
fn times_are_the_labs_local_ones() {
    for (when, utc) in [
        ("yesterday", "2026-11-19T23:00:00Z"),
        ("yesterday 14:00", "2026-11-20T13:00:00Z"),
        ("yesterday at 9:30", "2026-11-20T08:30:00Z"),
        ("today", "2026-11-20T23:00:00Z"),
        ("this morning", "2026-11-20T23:00:00Z"),
        ("last night", "2026-11-20T17:00:00Z"),
        ("monday", "2026-11-15T23:00:00Z"),
        ("saturday", "2026-11-20T23:00:00Z"),
        ("14:00", "2026-11-21T13:00:00Z"),
        ("16:00", "2026-11-20T15:00:00Z"),
        ("2026-11-20", "2026-11-19T23:00:00Z"),
        ("2026-11-20 14:00", "2026-11-20T13:00:00Z"),
        ("2026-11-20T14:00:30", "2026-11-20T13:00:30Z"),
        ("2026-11-20T14:00:00Z", "2026-11-20T14:00:00Z"),
        ("2026-07-01 12:00", "2026-07-01T10:00:00Z"),
        ("the last hour", "2026-11-21T12:30:00Z"),
        ("1d", "2026-11-20T13:30:00Z"),
        ("an hour ago", "2026-11-21T12:30:00Z"),
    ] {
        assert_eq!(since(&format!("what changed since {when}?")), at(utc), "{when}");
    }
}

#[test]
fn a_local_time_that_never_was_is_the_next_one_and_one_that_came_twice_the_first() {
    // Berlin went from 02:00 to 03:00 on 29 March and back from 03:00 to 02:00 on 25 October.
    assert_eq!(since("changes since 2026-03-29 02:30"), at("2026-03-29T01:00:00Z"));
    assert_eq!(since("changes since 2026-10-25 02:30"), at("2026-10-25T00:30:00Z"));
    // Samoa had no 30 December 2011 at all.
    let apia = parse("changes since 2011-12-30", at(NOW), chrono_tz::Pacific::Apia).unwrap();
    let day_after =
        ChatCommand::WhatChanged { since: Some(at("2011-12-30T10:00:00Z")), on: None, incident: None };
    assert_eq!(apia, day_after);
}

#[test]
fn a_time_that_is_none_or_still_to_come_is_refused() {
    for text in [
        "what changed since",
        "what changed since the reboot",
        "what changed since tomorrow",
        "what changed since 2026-11-22",
        "what changed since 25:00",
        "what changed since 2026-02-30",
        "what changed since 2",
        "what changed since 99999999999w",
        "what changed since 2h since 3h",
        "what changed on nas on pve",
        "what changed on",
        "what changed nas/media",
    ] {
        assert!(bad(text).usage.is_some(), "{text}");
    }
    assert_eq!(bad("what changed nas/media").suggestion.as_deref(), Some("what changed on nas/media"));
}

#[test]
fn near_misses_are_answered_with_the_whole_command() {
    for (typed, meant) in [
        ("aprove 7", "approve 7"),
        ("incidnets", "incidents"),
        ("Incidets all", "incidents all"),
        ("waht changed since 2h?", "what changed since 2h?"),
        ("what chagned", "what changed"),
        ("slience nas for 2h because disk", "silence nas for 2h because disk"),
        ("list skils", "list skills"),
        ("stat", "status"),
        ("help aprove", "help approve"),
        ("aprove", "help approve"),
    ] {
        assert_eq!(bad(typed).suggestion.as_deref(), Some(meant), "{typed}");
    }
}

#[test]
fn a_command_with_wrong_arguments_says_how_it_is_written() {
    for (text, name) in [
        ("approve", "approve"),
        ("approve seven", "approve"),
        ("approve 7 8", "approve"),
        ("approve 7 not yet", "approve"),
        ("approve -7", "approve"),
        ("approve 99999999999999999999", "approve"),
        ("show me the money", "show"),
        ("ack 3 4", "ack"),
        ("merge 4", "merge"),
        ("merge 4 into 4", "merge"),
        ("split 3", "split"),
        ("split lab/api", "split"),
        ("run", "run"),
        ("run disk space", "run"),
        ("run ../../bin/sh", "run"),
        ("clear", "clear"),
        ("pause 3", "pause"),
        ("help nonsense", "help"),
    ] {
        assert_eq!(bad(text).usage.as_deref(), help_for(name).map(|help| help.usage), "{text}");
    }
}

#[test]
fn what_was_quoted_or_pasted_approves_nothing() {
    for text in [
        "> approve 7",
        ">>> look\napprove 7",
        "`approve 7`",
        "```\napprove 7\n```",
        "```approve 7",
        "`unclosed\napprove 7",
        "<@42> approve 7",
        "@bob approve 7",
        "/approve@other_bot 7",
        "don't approve 7",
    ] {
        assert!(read(text).is_err(), "{text:?} was obeyed");
    }
    assert_eq!(good("> it wants to restart jellyfin\napprove 7"), ChatCommand::Approve { approval: 7 });
    assert_eq!(good("approve 7\n```\ndeny 7\n```"), ChatCommand::Approve { approval: 7 });
    assert!(read("approve 7\nno, wait").is_err(), "a second line was ignored");
}

#[test]
fn prose_is_told_from_a_mistyped_command() {
    for text in ["jellyfin feels slow tonight", "why did the nas reboot?", "hello there", "what is broken"] {
        assert!(bad(text).is_prose(), "{text}: {}", bad(text));
    }
    for text in ["", "   ", "@steward", "aprove 7", "approve"] {
        assert!(!bad(text).is_prose(), "{text}");
    }
}

#[test]
fn a_message_of_any_length_is_answered() {
    let long = format!("deny 7 {}", "x".repeat(MAX_MESSAGE));
    assert!(bad(&long).what.contains("4096"));
    assert!(bad(&"é".repeat(MAX_MESSAGE)).what.chars().count() < 120);
}

proptest! {
    #[test]
    fn nothing_that_is_typed_makes_it_panic(text in any::<String>(), seconds in 0_i64..4_102_444_800) {
        let _ = parse(&text, DateTime::from_timestamp(seconds, 0).unwrap(), Berlin);
    }

    #[test]
    fn whatever_follows_a_command_keeps_to_its_limits(
        name in prop::sample::select(COMMANDS.iter().map(|help| help.name).collect::<Vec<_>>()),
        words in proptest::collection::vec(prop_oneof![
            prop::sample::select(vec![
                "what changed", "since", "in", "the", "last", "for", "on", "this", "silence", "because", "ago",
                "yesterday", "today", "sunday", "at", "an", "half", "hour", "w", "merge", "into", "split", "from",
                "2h", "1w2d", "#", "#3", "0", "14:00", "24:00", "2026-11-20", "9999-12-31", "0001-01-01",
                "9999-12-31T23:59:59+23:59", "18446744073709551615w", "18446744073709551616", "nas/media", ">", "`",
            ]).prop_map(str::to_owned),
            "[0-9]{1,20}[smhdw]?", "[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}", "[0-9]{1,2}:[0-9]{1,2}", "\\PC{0,6}",
        ], 0..8),
        seconds in 0_i64..4_102_444_800,
        zone in prop::sample::select(chrono_tz::TZ_VARIANTS.to_vec()),
    ) {
        let (now, zone): (Timestamp, Tz) = (DateTime::from_timestamp(seconds, 0).unwrap(), zone);
        match parse(&format!("{name} {}", words.join(" ")), now, zone) {
            Ok(ChatCommand::WhatChanged { since: Some(since), .. }) => prop_assert!(since <= now),
            Ok(ChatCommand::Silence { duration, .. }) => {
                prop_assert!(duration <= MAX_SILENCE && duration > Duration::ZERO);
            }
            Ok(ChatCommand::Merge { from, into }) => prop_assert!(from != into),
            // A suggestion is something that works.
            Err(Misunderstood { suggestion: Some(suggestion), .. }) => {
                prop_assert!(parse(&suggestion, now, zone).is_ok(), "{suggestion}");
            }
            _ => {}
        }
    }
}

#[test]
fn a_citation_in_front_is_not_obeyed_and_what_follows_it_is() {
    let now = "2026-11-21T08:00:00Z".parse().unwrap();
    for text in ["\"approve 7\"", "@steward “approve 7”.", "\"approve 7", "\"deny\"", "\""] {
        assert!(parse(text, now, chrono_tz::Tz::UTC).is_err(), "{text}");
    }
    let after = parse("\"it is down\" approve 7", now, chrono_tz::Tz::UTC);
    assert_eq!(after, Ok(ChatCommand::Approve { approval: 7 }));
}

#[test]
fn a_case_that_is_asked_about_is_named_with_its_mark() {
    let ask = |incident, words: &str| ChatCommand::Ask { incident, words: words.to_owned() };
    assert_eq!(good("ask #3 and what does that cost?"), ask(Some(3), "and what does that cost?"));
    assert_eq!(good("ask 3 nodes or 5?"), ask(None, "3 nodes or 5?"));
    assert_eq!(good("ask why is #3 back"), ask(None, "why is #3 back"));
    assert!(bad("ask #3").usage.is_some());
}

fn adopt(container: &str, host: &str, to: Option<Cluster>) -> ChatCommand {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    ChatCommand::Adopt { container: given(container), host: given(host), to }
}

#[test]
fn what_is_to_be_brought_into_the_cluster_is_understood_as_people_say_it() {
    let (k8s, nomad, compose) = (Some(Cluster::K8s), Some(Cluster::Nomad), Some(Cluster::Compose));
    for (text, wanted) in [
        ("adopt paperless", adopt("paperless", "", None)),
        ("adopt paperless on vm3", adopt("paperless", "vm3", None)),
        ("adopt paperless on vm3 to nomad", adopt("paperless", "vm3", nomad)),
        ("adopt vm3/docker/paperless to compose", adopt("paperless", "vm3", compose)),
        ("adopt this", adopt("", "", None)),
        ("Bring paperless on vm3 into the cluster", adopt("paperless", "vm3", None)),
        ("please bring Paperless_1 on vm3 into the cluster, thanks!", adopt("Paperless_1", "vm3", None)),
        ("bring paperless from vm3 to kubernetes", adopt("paperless", "vm3", k8s)),
        ("can you bring the paperless container on vm3 into our cluster?", adopt("paperless", "vm3", None)),
        ("bring the container paperless into the cluster from vm3", adopt("paperless", "vm3", None)),
        ("move jellyfin on the host nas2 into the cluster", adopt("jellyfin", "nas2", None)),
        ("move jellyfin running on nas2 over to the k8s cluster", adopt("jellyfin", "nas2", k8s)),
        ("migrate vault.warden from pi to nomad", adopt("vault.warden", "pi", nomad)),
        ("get grafana into the cluster", adopt("grafana", "", None)),
        ("bring grafana over", adopt("grafana", "", None)),
        ("bring grafana on vm3 over", adopt("grafana", "vm3", None)),
        ("bring this into the cluster", adopt("", "", None)),
        ("I'd like to move it to docker compose", adopt("", "", compose)),
    ] {
        assert_eq!(good(text), wanted, "{text}");
        assert!(good(text).needs_operator(), "{text}");
    }
}

#[test]
fn what_only_sounds_like_bringing_something_into_the_cluster_is_no_such_command() {
    for text in [
        "bring the logs of jellyfin",
        "bring me the logs over here",
        "get the disk usage of nas",
        "move the nightly backup to 3 in the morning",
        "should I move jellyfin into the cluster?",
        "move jellyfin on vm3",
        "put paperless on vm3 and bring grafana into the cluster",
        "bring --help into the cluster",
        "take a look at the cluster",
    ] {
        assert!(!matches!(read(text), Ok(ChatCommand::Adopt { .. })), "{text}");
    }
    for text in ["adopt", "adopt a b", "adopt paperless on", "adopt -rf on vm3", "adopt x on vm3 on vm4"] {
        assert!(bad(text).usage.is_some(), "{text}");
    }
}

#[test]
fn a_decision_is_settled_by_its_number_in_its_thread_or_with_the_case() {
    let decide =
        |incident, choice: &str| ChatCommand::Decide { incident, decision: 3, choice: choice.to_owned() };
    assert_eq!(good("decide 3 share"), decide(None, "share"));
    assert_eq!(good("decide #14 3 Host-Path"), decide(Some(14), "host-path"));
    assert_eq!(good("decide #14 decision 3 as share"), decide(Some(14), "share"));
    for own in ["=some Value", "registry.example.org/App:1.0", "Europe/Berlin"] {
        assert_eq!(good(&format!("decide 3 {own}")), decide(None, own));
    }
    for text in ["decide", "decide share", "decide 3"] {
        assert!(bad(text).usage.is_some(), "{text}");
    }
}
