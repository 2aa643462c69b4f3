use std::collections::BTreeMap;

use super::*;
use crate::domain::signal::Severity;
use crate::domain::target::Signature;
use crate::store::columns::from_ms;

fn learning() -> Learning {
    let from = BTreeSet::from([SourceKind::Labels, SourceKind::Kubernetes, SourceKind::Compose]);
    Learning { rules: LearningRules { from, ..LearningRules::default() }, ..Learning::default() }
}

fn at(hours: i64) -> Timestamp {
    from_ms(hours * 3_600_000)
}

fn pod(name: &str) -> Signal {
    let labels = [("namespace", "media"), ("pod", name), ("node", "n3")];
    Signal {
        origin: Origin::alert("prometheus", name),
        target: Target::parse(&format!("media/{name}")).unwrap(),
        signature: Signature::parse("down").unwrap(),
        severity: Severity::Error,
        state: SignalState::Firing,
        summary: String::new(),
        impact: None,
        evidence: String::new(),
        labels: labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>(),
        at: at(0),
        received_at: at(0),
    }
}

fn on_node(pod: &str) -> Fact {
    Fact::of(pod, Relation::RunsOn, "n3", "it runs there").unwrap()
}

fn kubernetes(said: Result<Vec<Fact>, String>) -> Survey {
    Survey { kind: SourceKind::Kubernetes, found: vec![(Source::Kubernetes, said)] }
}

#[test]
fn a_label_that_is_seen_again_is_no_news_and_one_that_is_not_is_forgotten() {
    let (mut learning, mut writes) = (learning(), Vec::new());
    learning.hear(&pod("a"), at(0), &mut writes);
    assert!(std::mem::take(&mut learning.fresh).len() == 1 && writes.len() == 1);
    for hour in 0..24 {
        learning.hear(&pod("a"), at(hour), &mut writes);
    }
    assert!(learning.fresh.is_empty(), "nothing is put in force anew for what is known");
    writes.clear();
    learning.forget(at(23 + 7 * 24 - 1), &mut writes);
    assert!(writes.is_empty() && learning.all().count() == 1);
    learning.forget(at(23 + 7 * 24), &mut writes);
    assert!(learning.stale && writes.len() == 1 && learning.all().count() == 0);
}

#[test]
fn labels_teach_only_so_much() {
    let (mut learning, mut writes) = (learning(), Vec::new());
    for n in 0..MOST + 10 {
        learning.hear(&pod(&format!("p{n}")), at(0), &mut writes);
    }
    assert_eq!((learning.all().count(), writes.len()), (MOST, MOST));
}

#[test]
fn a_reading_replaces_what_the_source_said_and_one_that_fails_leaves_it() {
    let (mut learning, mut writes) = (learning(), Vec::new());
    learning.survey(kubernetes(Ok(vec![on_node("m/a"), on_node("m/b")])), at(1), &mut writes);
    assert!(std::mem::take(&mut learning.stale));
    learning.survey(kubernetes(Ok(vec![on_node("m/b"), on_node("m/a")])), at(2), &mut writes);
    learning.survey(kubernetes(Err("no kubectl".into())), at(3), &mut writes);
    assert!(!learning.stale && learning.all().count() == 2);
    let state = learning.states().next().unwrap();
    assert_eq!((state.read_at, state.problem.as_deref()), (Some(at(2)), Some("no kubectl")));
    writes.clear();
    learning.survey(kubernetes(Ok(vec![on_node("m/b")])), at(4), &mut writes);
    assert!(learning.stale && learning.all().count() == 1);
    assert!(writes.contains(&Write::Forgotten(Source::Kubernetes, on_node("m/a"))), "{writes:?}");
    assert_eq!(learning.all().next().unwrap().first_seen, at(1));
}

#[test]
fn a_compose_file_that_is_gone_is_forgotten_with_all_that_it_said() {
    let (mut learning, mut writes) = (learning(), Vec::new());
    let file = |name: &str| (Source::Compose(name.to_owned()), Ok(vec![on_node(name)]));
    let survey = |found| Survey { kind: SourceKind::Compose, found };
    learning.survey(survey(vec![file("a"), file("b")]), at(1), &mut writes);
    learning.survey(kubernetes(Ok(vec![on_node("m/a")])), at(1), &mut writes);
    learning.survey(survey(vec![file("b")]), at(2), &mut writes);
    assert_eq!(learning.all().count(), 2);
    assert!(writes.contains(&Write::Gone(Source::Compose("a".into()))));
}

#[test]
fn what_is_not_learned_from_any_more_is_given_up_at_the_start() {
    let learned =
        Learned { fact: on_node("m/a"), source: Source::Kubernetes, first_seen: at(0), last_seen: at(0) };
    let rules = LearningRules { from: BTreeSet::from([SourceKind::Labels]), ..LearningRules::default() };
    let (learning, writes) = Learning::recalled(rules, Kept { learned: vec![learned], sources: Vec::new() });
    assert_eq!((learning.all().count(), writes), (0, vec![Write::Gone(Source::Kubernetes)]));
}
