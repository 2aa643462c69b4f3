//! A dialogue that is longer than a model can take: what tools said first is cut first.

use crate::agent::context::tokens::estimate;
use crate::agent::model::{Question, Turn};

/// Tokens of the last result that stay at least, when nothing else is left to be cut.
const LEAST: usize = 200;
/// Bytes below which a result is not worth cutting.
const SMALL: usize = 240;

/// About how many tokens a question has, without its answer.
pub(super) fn size(question: &Question) -> usize {
    let tools = question.tools.iter().map(|tool| {
        estimate(tool.name) + estimate(&tool.description) + estimate(&tool.parameters.to_string())
    });
    let turns = question.turns.iter().map(|turn| match turn {
        Turn::User { text } | Turn::Result { text, .. } => estimate(text),
        Turn::Assistant { text, calls } => {
            let calls = calls.iter().map(|call| estimate(&call.name) + estimate(&call.arguments));
            estimate(text) + calls.sum::<usize>()
        }
    });
    // A few tokens a turn are the provider's own.
    estimate(&question.system) + tools.sum::<usize>() + turns.map(|tokens| tokens + 4).sum::<usize>()
}

/// Cuts results, the oldest first, until the question has at most so many tokens. What is cut is said. `false`: it is
/// still longer.
pub(super) fn shorten(question: &mut Question, limit: usize) -> bool {
    let mut size = size(question);
    let results = question.turns.iter_mut().filter_map(|turn| match turn {
        Turn::Result { text, .. } => Some(text),
        _ => None,
    });
    let mut results: Vec<&mut String> = results.collect();
    let last = results.pop();
    for text in results {
        if size <= limit {
            return true;
        }
        if text.len() > SMALL {
            let before = estimate(text);
            *text = format!(
                "[{} characters were cut here, because the dialogue is too long for you; call the tool again if you need them]",
                text.chars().count()
            );
            size -= before.saturating_sub(estimate(text));
        }
    }
    if let Some(text) = last.filter(|_| size > limit) {
        let before = estimate(text);
        let keep = before.saturating_sub(size - limit + 40).max(LEAST);
        if keep < before {
            *text = halves(text, keep * 3);
            size -= before.saturating_sub(estimate(text));
        }
    }
    size <= limit
}

/// The beginning and the end of a text: what matters of an output is mostly in one of them.
fn halves(text: &str, bytes: usize) -> String {
    let start = text.floor_char_boundary(bytes / 2);
    let end = text.ceil_char_boundary(text.len() - bytes / 2);
    let cut = text.get(start..end).map_or(0, |cut| cut.chars().count());
    format!(
        "{}\n[{cut} characters were cut here, because the dialogue is too long for you]\n{}",
        text.get(..start).unwrap_or_default(),
        text.get(end..).unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn question(results: &[usize]) -> Question {
        let result = |(at, length): (usize, &usize)| Turn::Result {
            id: at.to_string(),
            name: "look".to_owned(),
            text: "x".repeat(*length),
        };
        let turns = results.iter().enumerate().map(result).collect();
        let timeout = Duration::from_secs(1);
        Question { system: "s".repeat(300), turns, tools: Vec::new(), max_tokens: 10, timeout }
    }

    fn texts(question: &Question) -> Vec<&str> {
        fn text(turn: &Turn) -> &str {
            match turn {
                Turn::Result { text, .. } => text,
                _ => "",
            }
        }
        question.turns.iter().map(text).collect()
    }

    #[test]
    fn the_oldest_results_are_cut_first_and_only_as_many_as_needed() {
        let mut long = question(&[3000, 3000, 3000]);
        assert!(shorten(&mut long, 1000));
        let texts = texts(&long);
        assert!(texts[0].contains("3000 characters were cut here"));
        assert_eq!((texts[1].len(), texts[2].len()), (3000, 3000));
    }

    #[test]
    fn of_the_last_result_the_beginning_and_the_end_stay() {
        let mut long = question(&[9000]);
        let Some(Turn::Result { text, .. }) = long.turns.first_mut() else { panic!() };
        text.replace_range(..5, "first");
        text.push_str("läst");
        assert!(shorten(&mut long, 1000) && size(&long) <= 1000);
        let text = texts(&long)[0];
        assert!(text.starts_with("first") && text.ends_with("läst"), "{text}");
    }

    #[test]
    fn what_can_not_be_cut_is_said_to_be_too_long() {
        let mut long = question(&[100, 100]);
        assert!(!shorten(&mut long, 50));
        assert!(shorten(&mut long, 1000) && texts(&long) == ["x".repeat(100), "x".repeat(100)]);
    }
}
