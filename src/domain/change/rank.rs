//! Which change is the likeliest cause of an incident, and why: nearness in the topology first, then time.

use std::cmp::Ordering;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{Change, ONLY_COMMENTS, Target};
use crate::domain::signal::Timestamp;

/// After this time a change counts half as fresh.
const HALF_LIFE_MINUTES: f64 = 30.0;
/// How much of the score comes from nearness; the rest comes from freshness.
const NEARNESS_WEIGHT: f64 = 0.7;

/// What is left of the score of a change that runs nothing new: an edit of a document, a comment.
const HARMLESS: f64 = 0.5;
/// What is left of the score of a change of which nobody knows whether it changed what runs.
const UNKNOWN: f64 = 0.95;

/// How a change stands to what broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It touched the suspected root itself.
    Root,
    /// It touched what the root depends on, this many steps up.
    Upstream(u32),
    /// It touched what contains the root, or a part of it, this many path segments away.
    Around(u32),
    /// It touched a symptom, which can't have broken the root.
    Symptom,
    /// It maps to no target, so nobody knows.
    Unmapped,
    /// It touched something else.
    Elsewhere,
}

/// A change, and how likely it is to be the cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suspect {
    /// The change.
    pub change: Change,
    /// From 0 (can't be the cause) to 1.
    pub score: f64,
    /// The reason in words: `touched lab/api 40 s before it broke`.
    pub why: String,
    /// How it stands to what broke.
    pub relation: Relation,
    /// Whether it happened before the incident opened.
    pub before: bool,
}

impl Suspect {
    /// Whether it deserves the name: it happened before, and what it touched is near the root.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        self.before && matches!(self.relation, Relation::Root | Relation::Upstream(_) | Relation::Around(_))
    }
}

/// Ranks `changes` as causes of an incident that opened at `opened_at`, the likeliest first.
///
/// `incident_targets` has the suspected root first. `upstream_distance` tells how many steps above the root a
/// target is (0 the root itself, 1 what it depends on directly), `None` if it is not above it. What came after
/// the opening can't be the cause; it is listed last, with score 0. Pure and deterministic: equal scores go by
/// time, the later first, then by source and id.
#[must_use]
pub fn rank(
    changes: Vec<Change>,
    incident_targets: &[Target],
    upstream_distance: &dyn Fn(&Target) -> Option<u32>,
    opened_at: Timestamp,
    now: Timestamp,
) -> Vec<Suspect> {
    let mut suspects: Vec<Suspect> = changes
        .into_iter()
        .map(|change| judge(change, incident_targets, upstream_distance, opened_at, now))
        .collect();
    suspects.sort_by(order);
    suspects
}

fn order(a: &Suspect, b: &Suspect) -> Ordering {
    b.before
        .cmp(&a.before)
        .then_with(|| b.score.total_cmp(&a.score))
        .then_with(|| b.change.at.cmp(&a.change.at))
        .then_with(|| a.change.source.cmp(&b.change.source))
        .then_with(|| a.change.id.cmp(&b.change.id))
}

fn judge(
    change: Change,
    incident_targets: &[Target],
    upstream_distance: &dyn Fn(&Target) -> Option<u32>,
    opened_at: Timestamp,
    now: Timestamp,
) -> Suspect {
    let nearest = change
        .targets
        .iter()
        .map(|target| (relate(target, incident_targets, upstream_distance), target))
        .min_by(|a, b| nearness(b.0).total_cmp(&nearness(a.0)).then_with(|| a.1.cmp(b.1)));
    let relation = nearest.map_or(Relation::Unmapped, |(relation, _)| relation);
    let before = change.at <= opened_at;
    let score = if before {
        let near_and_fresh =
            NEARNESS_WEIGHT * nearness(relation) + (1.0 - NEARNESS_WEIGHT) * freshness(opened_at - change.at);
        near_and_fresh * weight(&change)
    } else {
        0.0
    };
    let touched = describe(relation, nearest.map(|(_, target)| target), incident_targets.first());
    let harmless = if is_harmless(&change) { " (documents and comments only)" } else { "" };
    let why = format!("{touched} {}{harmless}", when(change.at, opened_at, now));
    Suspect { change, score, why, relation, before }
}

/// From 0 to 1: how much a change of this kind can do. Of two that are as near and as fresh, the one that is known to
/// have changed what runs stands first.
fn weight(change: &Change) -> f64 {
    if is_harmless(change) {
        HARMLESS
    } else if change.baseline {
        1.0
    } else {
        UNKNOWN
    }
}

/// Whether all it touched are documents, or all that its diff shows are comments.
fn is_harmless(change: &Change) -> bool {
    let document = |name: &String| {
        let name = name.to_ascii_lowercase();
        let file = name.rsplit('/').next().unwrap_or_default();
        file.ends_with(".md")
            || file.ends_with(".rst")
            || file.ends_with(".adoc")
            || file.starts_with("license")
            || file.starts_with(".gitignore")
    };
    let all_documents = !change.files.is_empty()
        && change.files.len() == change.files_total
        && change.files.iter().all(document);
    let all_comments =
        !change.gist.is_empty() && change.gist.iter().all(|line| line.ends_with(ONLY_COMMENTS));
    all_documents || all_comments
}

fn relate(
    target: &Target,
    incident_targets: &[Target],
    upstream_distance: &dyn Fn(&Target) -> Option<u32>,
) -> Relation {
    let root = incident_targets.first();
    if root == Some(target) {
        return Relation::Root;
    }
    // Below a dependency is as good as the dependency itself: its parts are what breaks it.
    let upstream = std::iter::successors(Some(target.clone()), Target::parent)
        .find_map(|above| upstream_distance(&above).filter(|steps| *steps > 0));
    let around = root.and_then(|root| around(target, root));
    match (upstream, around) {
        (Some(steps), Some(apart)) if steps > apart => Relation::Around(apart),
        (Some(steps), _) => Relation::Upstream(steps),
        (None, Some(apart)) => Relation::Around(apart),
        (None, None) if upstream_distance(target) == Some(0) => Relation::Root,
        (None, None) if incident_targets.contains(target) => Relation::Symptom,
        (None, None) => Relation::Elsewhere,
    }
}

/// How many segments lie between a path and one that contains it; `None` if neither contains the other.
fn around(a: &Target, b: &Target) -> Option<u32> {
    let depth = |target: &Target| target.as_str().split('/').count();
    (a.is_within(b) || b.is_within(a)).then(|| u32::try_from(depth(a).abs_diff(depth(b))).unwrap_or(u32::MAX))
}

/// From 0 to 1. A change that nobody could map may be anything, so it stands above one that is known to have
/// touched something else.
fn nearness(relation: Relation) -> f64 {
    match relation {
        Relation::Root => 1.0,
        Relation::Upstream(steps) | Relation::Around(steps) => 1.0 / (1.0 + f64::from(steps)),
        Relation::Symptom => 0.1,
        Relation::Unmapped => 0.05,
        Relation::Elsewhere => 0.0,
    }
}

/// From 0 to 1: halves with every [`HALF_LIFE_MINUTES`].
fn freshness(age: TimeDelta) -> f64 {
    let minutes = age.as_seconds_f64().max(0.0) / 60.0;
    (-minutes / HALF_LIFE_MINUTES).exp2()
}

fn describe(relation: Relation, target: Option<&Target>, root: Option<&Target>) -> String {
    let (Some(target), Some(root)) = (target, root) else {
        return match target {
            Some(target) => format!("touched {target}"),
            None => "touched nothing that maps to a target,".to_owned(),
        };
    };
    match relation {
        Relation::Root if target == root => format!("touched {target}"),
        Relation::Root => format!("touched {target}, which is {root},"),
        Relation::Upstream(1) => format!("touched {target}, which {root} depends on,"),
        Relation::Upstream(steps) => format!("touched {target}, {steps} steps upstream of {root},"),
        Relation::Around(_) if root.is_within(target) => format!("touched {target}, which contains {root},"),
        Relation::Around(_) => format!("touched {target}, a part of {root},"),
        Relation::Symptom => format!("touched {target}, which is only a symptom,"),
        Relation::Unmapped => "touched nothing that maps to a target,".to_owned(),
        Relation::Elsewhere => format!("touched {target}, which {root} does not depend on,"),
    }
}

fn when(at: Timestamp, opened_at: Timestamp, now: Timestamp) -> String {
    if at > now {
        return format!("and is dated {} in the future: check the clock where it was made", span(at - now));
    }
    if at > opened_at {
        return format!("{} after it broke, so it is not the cause", span(at - opened_at));
    }
    format!("{} before it broke", span(opened_at - at))
}

/// A length of time in its largest whole unit.
fn span(delta: TimeDelta) -> String {
    match delta.num_seconds() {
        seconds if seconds < 120 => format!("{} s", seconds.max(0)),
        seconds if seconds < 2 * 3600 => format!("{} min", seconds / 60),
        seconds if seconds < 2 * 86_400 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::ChangeKind;
    use proptest::prelude::*;

    fn target(text: &str) -> Target {
        Target::parse(text).unwrap()
    }

    fn opened() -> Timestamp {
        Timestamp::from_timestamp(1_750_000_000, 0).unwrap()
    }

    fn change(id: &str, seconds_before: i64, targets: &[&str]) -> Change {
        Change {
            id: id.into(),
            source: "git:lab".into(),
            at: opened() - TimeDelta::seconds(seconds_before),
            author: "Alex".into(),
            summary: "tidy up".into(),
            files: vec!["a".into()],
            files_total: 1,
            targets: targets.iter().map(|t| target(t)).collect(),
            ..Change::new(ChangeKind::Commit, "", "", opened(), "")
        }
    }

    /// proxy → api → store; the incident's root is api, proxy its symptom.
    fn ranked(changes: Vec<Change>) -> Vec<Suspect> {
        let distance = |t: &Target| match t.as_str() {
            "lab/api" => Some(0),
            "lab/store" => Some(1),
            "nas" => Some(2),
            _ => None,
        };
        let targets = [target("lab/api"), target("lab/proxy")];
        rank(changes, &targets, &distance, opened(), opened() + TimeDelta::minutes(1))
    }

    fn ids(suspects: &[Suspect]) -> Vec<&str> {
        suspects.iter().map(|s| s.change.id.as_str()).collect()
    }

    #[test]
    fn the_nearest_comes_first_though_others_are_fresher() {
        let found = ranked(vec![
            change("elsewhere", 1, &["lab/web"]),
            change("unmapped", 1, &[]),
            change("symptom", 1, &["lab/proxy"]),
            change("far upstream", 1, &["nas/disk"]),
            change("upstream", 1, &["lab/store"]),
            change("root", 7000, &["lab/api", "lab/web"]),
        ]);
        assert_eq!(ids(&found), ["root", "upstream", "far upstream", "symptom", "unmapped", "elsewhere"]);
        assert_eq!(found.iter().filter(|s| s.is_suspect()).count(), 3);
    }

    #[test]
    fn of_two_equally_near_the_later_is_the_likelier() {
        let found = ranked(vec![change("old", 3600, &["lab/api"]), change("new", 40, &["lab/api"])]);
        assert_eq!(ids(&found), ["new", "old"]);
        assert_eq!(found[0].why, "touched lab/api 40 s before it broke");
        assert!(found[0].score > found[1].score);
    }

    #[test]
    fn what_came_after_the_opening_is_listed_last_and_never_a_suspect() {
        let found = ranked(vec![change("after", -20, &["lab/api"]), change("before", 9000, &["lab/web"])]);
        assert_eq!(ids(&found), ["before", "after"]);
        assert!(!found[1].is_suspect());
        assert_eq!(found[1].score, 0.0);
        assert_eq!(found[1].why, "touched lab/api 20 s after it broke, so it is not the cause");
    }

    #[test]
    fn a_change_dated_in_the_future_is_told_as_a_clock_to_check() {
        let found = ranked(vec![change("future", -3600 * 5, &["lab/api"])]);
        assert!(found[0].why.contains("4 h in the future"), "{}", found[0].why);
    }

    #[test]
    fn the_reason_says_how_the_change_stands_to_the_root() {
        for (touched, why) in [
            (vec!["lab/store"], "touched lab/store, which lab/api depends on, 5 min before it broke"),
            (vec!["nas"], "touched nas, 2 steps upstream of lab/api, 5 min before it broke"),
            (vec!["lab"], "touched lab, which contains lab/api, 5 min before it broke"),
            (vec!["lab/api/tls"], "touched lab/api/tls, a part of lab/api, 5 min before it broke"),
            (vec!["lab/proxy"], "touched lab/proxy, which is only a symptom, 5 min before it broke"),
            (vec!["dns"], "touched dns, which lab/api does not depend on, 5 min before it broke"),
            (vec![], "touched nothing that maps to a target, 5 min before it broke"),
        ] {
            assert_eq!(ranked(vec![change("c", 300, &touched)])[0].why, why);
        }
    }

    #[test]
    fn of_two_as_near_and_as_fresh_the_one_that_changed_what_runs_stands_first() {
        let readme =
            Change { files: vec!["apps/api/README.md".into()], ..change("a readme", 60, &["lab/api"]) };
        let gist = vec![format!("api.yaml: {ONLY_COMMENTS}")];
        let comment = Change { gist, ..change("b comment", 60, &["lab/api"]) };
        let image = Change { baseline: true, ..change("c image", 60, &["lab/api"]) };
        let found = ranked(vec![readme, comment, change("d unknown", 60, &["lab/api"]), image]);
        assert_eq!(ids(&found), ["c image", "d unknown", "a readme", "b comment"]);
        assert_eq!(found[2].why, "touched lab/api 60 s before it broke (documents and comments only)");
    }

    proptest! {
        #[test]
        fn the_order_does_not_depend_on_the_order_of_arrival(
            seed in proptest::collection::vec((0_i64..4, 0_usize..6, 0_u8..9), 0..12)
        ) {
            let places: [&[&str]; 6] = [&["lab/api"], &["lab/store"], &["nas"], &["lab/proxy"], &["dns"], &[]];
            let changes: Vec<Change> = seed
                .iter()
                .map(|(minutes, place, id)| change(&id.to_string(), minutes * 60 - 60, places[*place]))
                .collect();
            let mut reversed = changes.clone();
            reversed.reverse();
            let forward = ranked(changes);
            prop_assert!(forward.iter().all(|s| (0.0..=1.0).contains(&s.score)));
            let key = |s: &[Suspect]| -> Vec<_> {
                s.iter().map(|s| (s.change.id.clone(), s.change.at, s.why.clone())).collect()
            };
            // Equal source, id and time would be the same change.
            let mut seen = std::collections::BTreeSet::new();
            prop_assume!(forward.iter().all(|s| seen.insert((s.change.id.clone(), s.change.at))));
            prop_assert_eq!(key(&forward), key(&ranked(reversed)));
        }
    }
}
