//! What really happened, as the scripts wrote it down, and what must hold of it.

use std::collections::BTreeMap;

/// Says what is wrong with what happened, if anything is:
/// a step that began again although nobody had looked what its earlier attempt left, or an attempt that still
/// acted after somebody had looked (a child of a dead Steward that nobody had ended).
pub(crate) fn fault(effects: &[String]) -> Option<String> {
    let mut steps: BTreeMap<&str, Step> = BTreeMap::new();
    for (index, line) in effects.iter().enumerate() {
        let mut words = line.split(' ');
        let (what, step, pid) = (words.next()?, words.next()?, words.next()?);
        let state = steps.entry(step).or_default();
        let wrong = match what {
            "begin" if state.unchecked.is_some() => "it began again, and nobody had looked",
            "end" if state.unchecked != Some(pid) => "it still acted after somebody had looked",
            _ => "",
        };
        match what {
            "begin" => state.unchecked = Some(pid),
            "look" => state.unchecked = None,
            _ => {}
        }
        if !wrong.is_empty() {
            let from = index.saturating_sub(12);
            let shown = effects[from..=index].join("\n  ");
            return Some(format!("step {step}: {wrong}, line {}:\n  {shown}", index + 1));
        }
    }
    None
}

#[derive(Default)]
struct Step<'a> {
    /// The last attempt, until somebody looks.
    unchecked: Option<&'a str>,
}

#[test]
fn a_repetition_without_a_look_and_a_late_effect_are_faults() {
    let fault = |text: &str| fault(&text.lines().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(fault("begin a 1\nend a 1\nlook a 2\nbegin a 3\nlook a 4"), None);
    assert!(fault("begin a 1\nbegin b 2\nend b 2\nbegin a 3").unwrap().contains("step a: it began again"));
    assert!(fault("begin a 1\nlook a 2\nend a 1").unwrap().contains("still acted"));
}
