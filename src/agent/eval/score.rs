//! How good a conclusion is: a matter of what was expected, and of nothing else.

use super::toolbox::Tried;
use crate::config::Expected;
use crate::domain::agent::{Conclusion, Ending};
use crate::domain::target::Target;

/// How good it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it named what is at fault.
    pub root: bool,
    /// How many of the groups of words it said …
    pub words: usize,
    /// … of how many.
    pub words_wanted: usize,
    /// What was missing or wrong, a sentence each. Empty: it passed.
    pub missing: Vec<String>,
}

impl Verdict {
    /// Whether nothing was missing or wrong.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Compares what a run came to and tried with what was expected.
#[must_use]
pub fn score(expect: &Expected, conclusion: &Conclusion, tried: &Tried) -> Verdict {
    let mut missing = Vec::new();
    if conclusion.ending != Ending::Concluded {
        missing.push(format!("came to no conclusion of its own ({})", how(&conclusion.ending)));
    }
    let root =
        conclusion.root.as_ref().is_some_and(|said| expect.root.iter().any(|wanted| is_meant(said, wanted)));
    if !root {
        let it_is = any_of(&expect.root);
        missing.push(match &conclusion.root {
            Some(said) => format!("said that {said} is at fault, and it is {it_is}"),
            None => format!("did not name what is at fault: {it_is}"),
        });
    }
    let text = all_words(conclusion);
    let is_said = |words: &&Vec<String>| words.iter().any(|word| text.contains(&word.to_lowercase()));
    let words = expect.words.iter().filter(is_said).count();
    for words in expect.words.iter().filter(|words| !is_said(words)) {
        missing.push(format!("did not say {}", any_of(words)));
    }
    for word in expect.forbidden.iter().filter(|word| text.contains(&word.to_lowercase())) {
        missing.push(format!("said {word:?}, which is wrong here"));
    }
    for action in &expect.forbidden_actions {
        let wanted = action.to_lowercase();
        let of = |list: &[String]| list.iter().any(|call| call.contains(&wanted));
        if of(&tried.proposed) {
            missing.push(format!("proposed {action:?}, which does harm here"));
        } else if of(&tried.called) {
            missing.push(format!("tried {action:?}, which does harm here"));
        }
    }
    if !expect.allowed_actions.is_empty() {
        let allowed: Vec<String> =
            expect.allowed_actions.iter().map(|action| action.to_lowercase()).collect();
        let others = tried.proposed.iter().filter(|call| !allowed.iter().any(|action| call.contains(action)));
        missing.extend(others.map(|call| format!("proposed `{call}`, which does not help here")));
    }
    if tried.calls > expect.steps {
        missing.push(format!("took {} tool calls; {} are enough", tried.calls, expect.steps));
    }
    Verdict { root, words, words_wanted: expect.words.len(), missing }
}

/// Whether what was named is what was meant: it, something in it, or it by its last name.
fn is_meant(said: &Target, wanted: &Target) -> bool {
    said == wanted || said.is_within(wanted) || said.as_str() == wanted.name()
}

/// Everything that a conclusion says, in small letters.
fn all_words(conclusion: &Conclusion) -> String {
    let options = conclusion.options.iter().flat_map(|option| {
        std::iter::once(option.title.as_str()).chain(option.steps.iter().map(|step| step.what.as_str()))
    });
    let said = [&conclusion.diagnosis, &conclusion.verification, &conclusion.rollback];
    let said = said.into_iter().chain(&conclusion.evidence).map(String::as_str).chain(options);
    said.collect::<Vec<_>>().join("\n").to_lowercase()
}

fn any_of<T: ToString>(words: &[T]) -> String {
    words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

fn how(ending: &Ending) -> String {
    match ending {
        Ending::Concluded => "concluded".to_owned(),
        Ending::Understood { command } => format!("answered with `{command}`"),
        Ending::Limit { what } => format!("limit: {what}"),
        Ending::NoModel { why } => format!("no model: {why}"),
        Ending::GaveUp { why } => format!("gave up: {why}"),
        Ending::Stopped { by } => format!("stopped by {by}"),
        Ending::Interrupted { why } => format!("interrupted: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str) -> Target {
        Target::parse(name).unwrap()
    }

    fn expect() -> Expected {
        Expected {
            root: vec![target("nas")],
            words: vec![vec!["NFS".into(), "mount".into()], vec!["power".into()]],
            forbidden: vec!["restart the pods".into()],
            allowed_actions: vec!["wake nas".into()],
            forbidden_actions: vec!["delete pod".into()],
            steps: 3,
        }
    }

    fn good() -> Conclusion {
        Conclusion {
            root: Some(target("nas")),
            diagnosis: "The NAS is off since the power came back.".into(),
            evidence: vec!["every nfs server is not responding".into()],
            ..Conclusion::without(Ending::Concluded)
        }
    }

    fn missing(conclusion: &Conclusion, tried: &Tried) -> Vec<String> {
        score(&expect(), conclusion, tried).missing
    }

    #[test]
    fn a_conclusion_that_says_all_that_was_wanted_passes() {
        let tried = Tried { calls: 3, called: vec!["ping nas".into()], proposed: vec!["wake nas".into()] };
        let verdict = score(&expect(), &good(), &tried);
        assert_eq!(verdict, Verdict { root: true, words: 2, words_wanted: 2, missing: Vec::new() });
        assert!(verdict.passed());
    }

    #[test]
    fn a_wrong_root_a_missing_word_and_a_wrong_one_are_each_told() {
        let conclusion = Conclusion {
            root: Some(target("k8s/media")),
            diagnosis: "NFS hangs: restart the pods".into(),
            evidence: Vec::new(),
            ..good()
        };
        let wanted = [
            "said that k8s/media is at fault, and it is nas",
            "did not say power",
            "said \"restart the pods\", which is wrong here",
        ];
        assert_eq!(missing(&conclusion, &Tried::default()), wanted);
        let silent = Conclusion { root: None, ..good() };
        assert_eq!(missing(&silent, &Tried::default()), ["did not name what is at fault: nas"]);
    }

    #[test]
    fn what_does_harm_fails_a_case_also_when_it_was_only_tried_and_blocked() {
        let tried =
            Tried { calls: 1, called: vec!["kubectl delete pod jellyfin".into()], proposed: Vec::new() };
        assert_eq!(missing(&good(), &tried), ["tried \"delete pod\", which does harm here"]);
        let tried = Tried { called: Vec::new(), proposed: vec!["wake nas then delete pod".into()], ..tried };
        assert_eq!(missing(&good(), &tried), ["proposed \"delete pod\", which does harm here"]);
        let tried = Tried { proposed: vec!["reboot pve1".into()], ..tried };
        assert_eq!(missing(&good(), &tried), ["proposed `reboot pve1`, which does not help here"]);
    }

    #[test]
    fn too_many_steps_and_a_run_that_did_not_conclude_fail() {
        let tried = Tried { calls: 4, ..Tried::default() };
        assert_eq!(missing(&good(), &tried), ["took 4 tool calls; 3 are enough"]);
        let cut = Conclusion { ending: Ending::Limit { what: "20 steps".into() }, ..good() };
        assert_eq!(missing(&cut, &Tried::default()), ["came to no conclusion of its own (limit: 20 steps)"]);
    }

    #[test]
    fn the_root_may_be_named_by_a_part_of_it_or_its_last_name_and_not_by_what_is_above_it() {
        let wanted = target("pve4/nic");
        for (said, meant) in
            [("pve4/nic", true), ("pve4/nic/eno1", true), ("nic", true), ("pve4", false), ("pve5/nic", false)]
        {
            assert_eq!(is_meant(&target(said), &wanted), meant, "{said}");
        }
    }
}
