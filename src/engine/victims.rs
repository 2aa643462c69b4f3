//! Whether something that the agent wants done is for what merely suffers. As with runbooks, nothing is repaired there
//! while what it suffers from is broken: it would not help, and hide the cause.

use crate::domain::incident::Incident;
use crate::domain::runbook::Runbook;
use crate::domain::signal::Signal;
use crate::domain::target::Target;

/// The shortest name that is looked for in a command: a shorter one is in too many words.
const SHORTEST: usize = 3;

/// The target for which a plan is, where that only suffers from a root that is seen failing.
pub(super) fn repairs_a_victim<'a>(
    incident: &'a Incident,
    runbook: &Runbook,
    signal: &'a Signal,
) -> Option<&'a Target> {
    incident.active_at_root().next()?;
    if signal.target != incident.root {
        return Some(&signal.target);
    }
    let speaks_of = |target: &Target| {
        let name = target.name();
        name.chars().count() >= SHORTEST
            && runbook.steps.iter().any(|step| {
                let words = step.run.argv.iter().map(ToString::to_string);
                step.run.host == name || words.into_iter().any(|word| names(&word, name))
            })
    };
    if speaks_of(&incident.root) {
        return None;
    }
    incident.active_symptoms().map(|member| &member.problem.target).find(|target| speaks_of(target))
}

/// Whether a word has a name in it, by itself.
fn names(word: &str, name: &str) -> bool {
    let of_a_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    word.match_indices(name).any(|(at, found)| {
        let before = word[..at].chars().next_back();
        let after = word[at + found.len()..].chars().next();
        !before.is_some_and(of_a_name) && !after.is_some_and(of_a_name)
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_name_is_found_by_itself_and_not_within_another() {
        for word in ["jellyfin", "deploy/jellyfin", "jellyfin.service", "--app=jellyfin", "a,jellyfin"] {
            assert!(names(word, "jellyfin"), "{word}");
        }
        for word in ["jellyfin-backup", "myjellyfin", "jellyfin2", "jelly"] {
            assert!(!names(word, "jellyfin"), "{word}");
        }
    }
}
