//! Fits text into a budget: what matters most stays, and what is cut is said where it was.

use super::tokens::estimate;
use crate::engine::answers::count_of;

/// Tokens that the note of what was cut may take.
const NOTE: usize = 14;
/// Of a budget, one line may take this part.
const ONE_LINE: usize = 3;

/// Which lines matter most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// The first ones: the list is in the order of what matters.
    First,
    /// Some of the first and most of the last ones, this many percent of the budget for the first: what came last says
    /// most, and how it began says what it is about.
    Ends(usize),
}

/// Lines that fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fitted {
    /// The lines, with a note where others are missing.
    pub(super) lines: Vec<String>,
    /// What was cut, in words.
    pub(super) cut: Option<String>,
}

/// As many of the lines as fit into so many tokens. `thing` is what one of those that are cut is called.
pub(super) fn fit(lines: Vec<String>, budget: usize, keep: Keep, thing: &str) -> Fitted {
    let mut shortened = 0;
    let lines: Vec<String> = lines
        .into_iter()
        .map(|line| match shorter(&line, budget / ONE_LINE) {
            Some(short) => {
                shortened += 1;
                short
            }
            None => line,
        })
        .collect();
    let long = (shortened > 0).then(|| format!("{} shortened", count_of(shortened, "long line")));
    let cost = |line: &String| estimate(line) + 1;
    if lines.iter().map(cost).sum::<usize>() <= budget {
        return Fitted { lines, cut: long };
    }
    let room = budget.saturating_sub(NOTE);
    let head_room = match keep {
        Keep::First => room,
        Keep::Ends(percent) => room * percent / 100,
    };
    let head = taken(lines.iter().map(cost), head_room);
    let spent: usize = lines.iter().take(head).map(cost).sum();
    let tail = match keep {
        Keep::First => 0,
        Keep::Ends(_) => taken(lines.iter().skip(head).rev().map(cost), room.saturating_sub(spent)),
    };
    let missing = lines.len() - head - tail;
    let cut = format!("{} cut", count_of(missing, thing));
    let note = format!("… {cut}");
    let kept =
        lines.iter().take(head).cloned().chain([note]).chain(lines.iter().skip(head + missing).cloned());
    let said = [Some(cut), long].into_iter().flatten().collect::<Vec<_>>().join(", ");
    Fitted { lines: kept.collect(), cut: Some(said) }
}

/// How many of these, from the first on, fit.
fn taken(costs: impl Iterator<Item = usize>, room: usize) -> usize {
    let mut spent = 0;
    costs
        .take_while(|cost| {
            spent += cost;
            spent <= room
        })
        .count()
}

/// The beginning of a line that is too long; `None` where it is not.
fn shorter(line: &str, most: usize) -> Option<String> {
    let size = estimate(line);
    if size <= most {
        return None;
    }
    let mut end = line.len();
    loop {
        end = line.floor_char_boundary(end * most.max(1) / size.max(most + 1));
        let kept = line.get(..end).unwrap_or_default();
        if estimate(kept) <= most || end == 0 {
            return Some(format!("{kept} … ({} more characters cut)", line[kept.len()..].chars().count()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(count: usize) -> Vec<String> {
        (1..=count).map(|n| format!("line {n}")).collect()
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let fitted = fit(lines(3), 100, Keep::First, "line");
        assert_eq!((fitted.lines, fitted.cut), (lines(3), None));
    }

    #[test]
    fn what_is_cut_is_said_where_it_was() {
        let fitted = fit(lines(100), 50, Keep::First, "change");
        assert_eq!(fitted.lines.last().unwrap(), &format!("… {}", fitted.cut.clone().unwrap()));
        assert_eq!(fitted.cut.unwrap(), format!("{} changes cut", 101 - fitted.lines.len()));

        let fitted = fit(lines(100), 60, Keep::Ends(30), "older line");
        assert_eq!(fitted.lines.first().unwrap(), "line 1");
        assert_eq!(fitted.lines.last().unwrap(), "line 100");
        assert!(fitted.lines.iter().any(|line| line.contains("older lines cut")), "{fitted:?}");
    }

    #[test]
    fn one_endless_line_does_not_take_the_place_of_all_others() {
        let mut all = lines(3);
        all.insert(1, "x".repeat(100_000));
        let fitted = fit(all, 200, Keep::First, "line");
        assert_eq!(fitted.lines.len(), 4);
        assert!(fitted.lines[1].contains("more characters cut)"), "{fitted:?}");
        assert_eq!(fitted.cut.unwrap(), "1 long line shortened");
    }

    proptest! {
        #[test]
        fn a_budget_is_kept_and_no_line_is_lost_in_silence(
            lines in proptest::collection::vec("[a-z0-9äö/ .-]{0,120}", 0..80),
            budget in 60usize..400,
            percent in 0usize..60,
            first in any::<bool>(),
        ) {
            let keep = if first { Keep::First } else { Keep::Ends(percent) };
            let total = lines.len();
            let fitted = fit(lines, budget, keep, "line");
            let size: usize = fitted.lines.iter().map(|line| estimate(line) + 1).sum();
            prop_assert!(size <= budget + 14, "{size} > {budget}");
            let said = fitted.lines.iter().find_map(|line| {
                line.strip_prefix("… ")?.split(' ').next()?.parse::<usize>().ok()
            });
            let notes = usize::from(said.is_some());
            prop_assert_eq!(fitted.lines.len() - notes + said.unwrap_or(0), total);
        }
    }
}
