use super::*;
use crate::domain::signal::Timestamp;
use crate::domain::topology::{Fact, Source, TopologyEntry};

fn t(text: &str) -> Target {
    Target::parse(text).unwrap()
}

fn written(edges: &[(&str, &[&str])]) -> Topology {
    let entry = |(target, needs): &(&str, &[&str])| TopologyEntry {
        target: t(target),
        kind: None,
        depends_on: needs.iter().map(|n| t(n)).collect(),
        labels: BTreeMap::new(),
    };
    Topology::new(edges.iter().map(entry).collect()).unwrap()
}

fn learned(facts: &[(&str, Relation, &str)]) -> Vec<Arc<Learned>> {
    let at = |n: usize| Timestamp::UNIX_EPOCH + chrono::TimeDelta::seconds(i64::try_from(n).unwrap());
    let one = |(n, (target, relation, other)): (usize, &(&str, Relation, &str))| {
        let fact = Fact::of(target, *relation, other, "it is so").unwrap();
        Arc::new(Learned { fact, source: Source::Kubernetes, first_seen: at(n), last_seen: at(n) })
    };
    facts.iter().enumerate().map(one).collect()
}

fn left_out(topology: &Topology) -> Vec<String> {
    topology.left_out().map(|(l, why)| format!("{} {}: {why}", l.fact.target, l.fact.other)).collect()
}

use Relation::{Is, MadeFrom, MadeOf, Needs, RunsOn};

#[test]
fn what_is_learned_counts_like_what_is_written_and_says_that_it_was_learned() {
    let lab = written(&[("n3", &["pdu"]), ("pdu", &[])]);
    let lab = lab.with_learned(learned(&[("media/a", RunsOn, "n3"), ("media/b", RunsOn, "n3")]));
    let ups = lab.upstreams(&t("media/a"));
    let pdu = ups.iter().find(|u| u.target == t("pdu")).unwrap();
    assert!(pdu.declared && pdu.learned && pdu.distance == 2);
    assert!(!lab.upstreams(&t("n3"))[0].learned);
    assert_eq!(lab.chain(&t("media/a"), &t("pdu")).unwrap(), [t("media/a"), t("n3"), t("pdu")]);
    assert_eq!(lab.dependents(&t("pdu")), [t("n3"), t("media/a"), t("media/b")]);
    assert_eq!(
        lab.needed_by(&t("n3")).iter().map(|e| e.from.as_str()).collect::<Vec<_>>(),
        ["media/a", "media/b"]
    );
    let again = lab.with_learned(learned(&[("media/c", RunsOn, "n3")]));
    assert!(
        again.upstreams(&t("media/a")).iter().all(|u| !u.declared),
        "what was learned before is replaced"
    );
}

#[test]
fn what_is_written_wins_then_what_matters_more_then_what_is_older() {
    let lab = written(&[("web", &["db"]), ("db", &[])]);
    let lab = lab.with_learned(learned(&[
        ("db", Needs, "web"),
        ("a", Needs, "b"),
        ("b", Needs, "c"),
        ("c", Needs, "a"),
        ("x", MadeOf, "y"),
        ("y", RunsOn, "x"),
        ("host", Needs, "host/disk"),
    ]));
    assert_eq!(
        left_out(&lab),
        [
            "db web: it would close a circle",
            "c a: it would close a circle",
            "host host/disk: it would close a circle",
            "x y: it would close a circle",
        ]
    );
}

#[test]
fn what_is_learned_bit_by_bit_is_what_is_learned_at_once_and_whom_it_concerns_is_known() {
    let facts =
        [("m/a", RunsOn, "n3"), ("m/b", RunsOn, "n3/vm"), ("web", MadeOf, "m/a"), ("n3", MadeFrom, "web")];
    let lab = written(&[("shop", &["web"])]);
    let mut grown = lab.clone();
    learned(&facts).into_iter().for_each(|one| grown.learn_more([one]));
    let whole = lab.with_learned(learned(&facts));
    for target in ["m/a", "m/b", "web", "shop", "n3"] {
        assert_eq!(grown.upstreams(&t(target)), whole.upstreams(&t(target)), "{target}");
    }
    assert_eq!(left_out(&grown), ["n3 web: it would close a circle"]);
    let mut below: Vec<String> = grown.below([t("n3")]).iter().map(ToString::to_string).collect();
    below.sort();
    assert_eq!(below, ["m/a", "m/b", "n3", "shop", "web"]);
}

#[test]
fn the_operator_overrules_an_edge_or_all_that_is_learned_of_a_target() {
    let overrules = Overrules {
        not_depends_on: BTreeMap::from([(t("media"), BTreeSet::from([t("n3")]))]),
        unlearned: BTreeSet::from([t("test")]),
        ..Overrules::default()
    };
    let lab = written(&[("media", &[]), ("test", &[])]).overruled(overrules);
    let lab = lab.with_learned(learned(&[
        ("media/a", RunsOn, "n3"),
        ("media/a", Needs, "nas"),
        ("test/a", RunsOn, "n3"),
        ("testing", RunsOn, "n3"),
    ]));
    assert_eq!(
        left_out(&lab),
        [
            "media/a n3: overruled under media in topology.yaml",
            "test/a n3: overruled under test in topology.yaml",
        ]
    );
    assert_eq!(lab.distance(&t("media/a"), &t("nas")), Some(1));
    assert_eq!(lab.distance(&t("testing"), &t("n3")), Some(1));
}

#[test]
fn a_name_stands_for_its_target_whole_or_at_the_beginning_of_a_path() {
    let overrules = Overrules {
        aliases: BTreeMap::from([(t("10.0.0.5"), t("nas")), (t("box/old"), t("nas/new"))]),
        ..Overrules::default()
    };
    let lab = written(&[("nas", &[])]).overruled(overrules);
    for (name, meant) in [
        ("10.0.0.5", "nas"),
        ("10.0.0.5/media", "nas/media"),
        ("10.0.0.50", "10.0.0.50"),
        ("box/old/x", "nas/new/x"),
        ("box", "box"),
    ] {
        assert_eq!(lab.canonical(&t(name)), t(meant));
    }
    let lab = lab.with_learned(learned(&[
        ("10.0.0.13", Is, "n3"),
        ("n3", Is, "other"),
        ("10.0.0.5", Is, "n9"),
        ("nas", Is, "n9"),
        ("media/a", Needs, "10.0.0.5"),
        ("media/b", RunsOn, "10.0.0.13"),
    ]));
    assert_eq!(lab.canonical(&t("10.0.0.13/disk")), t("n3/disk"));
    assert_eq!(lab.canonical(&t("10.0.0.5")), t("nas"), "what is written wins");
    assert_eq!(left_out(&lab).len(), 3, "{:?}", left_out(&lab));
    assert_eq!(lab.distance(&t("media/a"), &t("nas")), Some(1));
    assert_eq!(lab.distance(&t("media/b"), &t("n3")), Some(1));
    assert_eq!(lab.names_of(&t("n3")).len(), 1);
}
