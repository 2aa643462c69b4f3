//! What is odd in what the operator says of the agent, but no reason to refuse it: what has no effect, or not the one
//! that was most likely meant.

use std::path::Path;

use super::Text;
use super::document::{Document, below, keys};
use super::files;
use super::problem::{Problem, did_you_mean};
use super::settings::{AgentSettings, Config, Paths};

/// With fewer tokens than these a run is told its case, and has hardly any left to look at something.
const FEW_TOKENS: u64 = 8_000;

/// Adds what is odd to `warnings`.
pub(super) fn look(document: &Document, config: &Config, warnings: &mut Vec<Problem>) {
    models(document, &config.agent, warnings);
    prompts(&config.paths, warnings);
    soul(&config.paths, warnings);
}

fn models(document: &Document, agent: &AgentSettings, warnings: &mut Vec<Problem>) {
    let mut add = |place: &[super::document::Part], what: String, hint: &str| {
        warnings.push(document.problem(place, what, Some(hint.to_owned())));
    };
    for (purpose, chain) in &agent.chains {
        let repeated = chain.iter().enumerate().filter(|(index, name)| chain[..*index].contains(*name));
        for (index, name) in repeated {
            let place = document.item(&keys(["agent", purpose.as_str()]), index);
            add(&place, format!("`{name}` is there twice"), "the second is never asked: take it out");
        }
    }
    for (name, model) in &agent.models {
        let place = keys(["agent", "models", name]);
        if !agent.chains.values().flatten().any(|used| used == name) {
            let hint = "put it into `investigate`, `triage` or `narrate` of [agent]";
            add(&place, format!("no purpose asks the model `{name}`"), hint);
        }
        if model.answer >= model.context {
            let (answer, context) = (model.answer, model.context);
            let what = format!("is {answer}, and no more than {context} fit into the model (`context`)");
            add(&below(&place, "answer"), what, "write less, so that room is left for the question");
        }
    }
    if agent.is_there() && agent.tokens < FEW_TOKENS {
        let what = format!("is {}, and a typical incident alone takes up to 4000", agent.tokens);
        let hint = "a run of a few steps takes some 20000; write more, or it mostly ends at the limit";
        add(&keys(["agent", "tokens"]), what, hint);
    }
}

/// Files in `prompts/` that nothing reads.
fn prompts(paths: &Paths, warnings: &mut Vec<Problem>) {
    let Some(folder) = paths.prompts.as_deref().filter(|folder| folder.is_dir()) else { return };
    let known: Vec<String> = Text::ALL
        .into_iter()
        .filter_map(|text| Some(text.file(None, Some(folder))?.file_name()?.to_str()?.to_owned()))
        .collect();
    // A folder that can't be read is told where its files are read.
    for path in files::list_documents(folder).unwrap_or_default() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if known.contains(&name) {
            continue;
        }
        let hint = match did_you_mean(&name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}; a goal belongs into goals/", known.join(", ")),
        };
        warnings.push(Problem::of_file(&path, "nothing reads a file of this name", Some(hint)));
    }
}

/// A block of rules that the policy does not see, because its head does not say that it is for it.
fn soul(paths: &Paths, warnings: &mut Vec<Problem>) {
    let Some(file) = Text::Soul.file(paths.memory.as_deref(), None) else { return };
    let Ok(text) = files::read_text(&file) else { return };
    warnings.extend(unseen_rules(&text).into_iter().map(|line| Problem {
        line: Some(line),
        ..Problem::of_file(
            Path::new(&file),
            "these rules are words to the model only; the policy does not hold to them",
            Some("write ```yaml policy in this line, and they are enforced".to_owned()),
        )
    }));
}

/// The lines of the heads of YAML blocks that look like rules and are not marked as such.
fn unseen_rules(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut block: Option<(usize, bool)> = None;
    for (index, line) in text.lines().enumerate() {
        if let Some(info) = line.trim_start().strip_prefix("```") {
            block = match block {
                Some(_) => None,
                None => {
                    let words: Vec<String> = info.split_whitespace().map(str::to_lowercase).collect();
                    let is_yaml = words.iter().any(|word| word == "yaml" || word == "yml");
                    Some((index + 1, is_yaml && !words.iter().any(|word| word == "policy")))
                }
            };
            continue;
        }
        if let Some((head, true)) = block
            && ["rules:", "never:"].iter().any(|key| line.starts_with(key))
        {
            found.push(head);
            block = Some((head, false));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_the_policy_does_not_see_are_found_and_others_are_not() {
        let soul = "# Me\n```yaml\nnever:\n  - x\nrules: []\n```\n```yaml policy\nnever: []\n```\n```yaml\na: b\n```\n";
        assert_eq!(unseen_rules(soul), [2]);
        assert_eq!(unseen_rules("never: say never\n"), [0; 0]);
    }
}
