//! What a call says that matters: the command, or else the arguments, as words.

use serde_json::Value;

/// Whether a tool changes something, or asks people to.
pub(super) fn acts(tool: &str) -> bool {
    matches!(tool, "run_runbook" | "propose" | "remember" | "adopt")
}

/// Whether a tool looks at the lab itself, and not at what Steward knows of it.
pub(super) fn looks(tool: &str) -> bool {
    matches!(tool, "run_command" | "read_file" | "git")
}

/// What a call is about, in small letters, with a blank between the words: of a command the command (and where it runs),
/// of a proposal its commands, of anything else the tool and its arguments. Reasons are left out: who gives as a reason
/// that something must not be done has not done it.
pub(super) fn of_call(tool: &str, arguments: &Value) -> String {
    let field = |name: &str| arguments.get(name).map(flat).unwrap_or_default();
    let words = match tool {
        "run_command" => format!("{} {}", field("argv"), field("host")),
        "propose" => {
            let steps = arguments.get("steps").and_then(Value::as_array);
            let runs = steps.into_iter().flatten().filter_map(|step| step.get("run")).map(flat);
            runs.collect::<Vec<_>>().join("; ")
        }
        "run_runbook" => format!("runbook {}", field("name")),
        _ if looks(tool) => format!("{tool} {}", flat(arguments)),
        _ => flat(arguments),
    };
    words.trim().to_owned()
}

/// The texts and numbers of some arguments.
fn flat(arguments: &Value) -> String {
    match arguments {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(),
        Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => fields.values().map(flat).collect::<Vec<_>>().join(" "),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Null => String::new(),
    }
}

/// Whether a phrase occurs in words, where one of them begins; `ls` is not in `tools`, and `get pod` is in `get pods`.
pub(super) fn has(words: &str, phrase: &str) -> bool {
    let phrase = phrase.to_lowercase();
    let begins = |at: usize| !words[..at].ends_with(|before: char| before.is_alphanumeric());
    let ends = |at: usize| !words[at + phrase.len()..].starts_with(|after: char| after.is_alphanumeric());
    // Two letters are a program or an option, and no beginning of one.
    words.match_indices(&phrase).any(|(at, _)| begins(at) && (phrase.len() > 2 || ends(at)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_phrase_is_found_where_a_word_begins() {
        for (words, phrase, found) in [
            ("kubectl -n tools get pods", "get pod", true),
            ("kubectl -n tools get pods", "ls", false),
            ("ls -la /var/log/adguardhome", "ls", true),
            ("ls -la /var/log/adguardhome", "adguard", true),
            ("ssh-keyscan nas", "ss", false),
            ("tail /var/log/nginx/access.log", "access.log", true),
            ("stop", "top", false),
            ("df -h", "", true),
        ] {
            assert_eq!(has(words, phrase), found, "{phrase:?} in {words:?}");
        }
    }

    #[test]
    fn of_a_call_counts_what_is_done_and_not_why() {
        let call = json!({ "argv": ["df", "-h"], "host": "NAS", "why": "before anybody runs mkfs" });
        assert_eq!(of_call("run_command", &call), "df -h nas");
        let call = json!({ "title": "no mkfs", "why": "mkfs is wrong", "confidence": 80, "steps": [
            { "name": "one", "run": ["zpool", "replace", "tank"], "undo": ["true"] },
            { "name": "two", "run": ["systemctl", "restart", "x"] } ] });
        assert_eq!(of_call("propose", &call), "zpool replace tank; systemctl restart x");
        assert_eq!(of_call("git", &json!({ "repository": "lab", "what": "log" })), "git lab log");
    }
}
