use proptest::prelude::*;

use super::*;

const BEFORE: &str = include_str!("../../../../tests/changes/docker-before.txt");
const AFTER: &str = include_str!("../../../../tests/changes/docker-after.txt");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn told(before: &str, after: &str) -> Vec<Change> {
    let before = Seen { at: at("2026-11-21T08:00:00Z"), snapshot: parse(before).0 };
    let (after, times) = parse(after);
    compare(&before, &after, &times, "nas", at("2026-11-21T08:02:00Z"))
}

#[test]
fn containers_that_run_something_else_came_or_went_are_told() {
    let lines: Vec<String> = told(BEFORE, AFTER)
        .iter()
        .map(|change| {
            let gist = change.gist.join("; ");
            format!("{} {} {}: {gist}", change.at.format("%H:%M:%S"), change.kind.as_str(), change.summary)
        })
        .collect();
    assert_eq!(
        lines,
        [
            "08:01:10 rollout container cache was made anew: from the same image, redis:7",
            "08:01:05 image container immich_server runs another image: another build of ghcr.io/immich-app/immich-server:release",
            "08:01:20 inventory container new is new: alpine:3",
            "08:00:00 inventory container old is gone: ",
            "08:01:00 image container web runs another image: image nginx 1.26 → 1.27",
        ]
    );
    assert_eq!(told(BEFORE, AFTER)[4].targets[0].as_str(), "nas/container/web");
    assert!(told(BEFORE, BEFORE).is_empty());
}

#[test]
fn docker_is_asked_for_nothing_that_could_hold_a_password() {
    let asked = format!("{} {}", list_action(), inspect_action(&["a".repeat(64)]));
    assert!(!asked.contains("Env") && !asked.contains("json") && !asked.contains("Cmd"), "{asked}");
}

proptest! {
    #[test]
    fn no_lines_make_it_panic(lines in "[\\PC\\n|/]{0,200}") {
        told(BEFORE, &lines);
        told(&lines, AFTER);
    }
}
