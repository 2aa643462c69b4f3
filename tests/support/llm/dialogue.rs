//! What both providers want of a dialogue: roles in order, a result for every call and a call before every result.

use serde_json::Value;

/// Which result belongs to a call.
pub(super) enum Belongs {
    /// In the order of the calls, with the tool's name.
    ByOrder,
    /// By the call's id.
    ById,
}

/// The keys of an object that are not among those known.
pub(super) fn strangers(value: &Value, known: &[&str], what: &str) -> Vec<String> {
    let Some(object) = value.as_object() else { return vec![format!("{what} is no object: {value}")] };
    let unknown = object.keys().filter(|key| !known.contains(&key.as_str()));
    unknown.map(|key| format!("{what} has an unknown field `{key}`")).collect()
}

/// Whether these are tools as JSON schema has them.
pub(super) fn tools(tools: &Value) -> Vec<String> {
    let Some(tools) = tools.as_array().filter(|tools| !tools.is_empty()) else {
        return vec!["`tools` is no list of tools".to_owned()];
    };
    let mut faults = Vec::new();
    for tool in tools {
        let function = &tool["function"];
        let name = function["name"].as_str().unwrap_or_default();
        faults.extend(strangers(tool, &["type", "function"], "a tool"));
        faults.extend(strangers(function, &["name", "description", "parameters", "strict"], "a function"));
        if tool["type"] != "function" {
            faults.push(format!("the type of the tool `{name}` is {}", tool["type"]));
        }
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            faults.push(format!("{name:?} is no name for a tool"));
        }
        if function["description"].as_str().is_none_or(str::is_empty) {
            faults.push(format!("the tool `{name}` is not described"));
        }
        if function["parameters"]["type"] != "object" {
            faults.push(format!("the parameters of the tool `{name}` are no object's schema"));
        }
    }
    faults
}

/// Goes through the messages.
pub(super) fn messages(request: &Value, belongs: &Belongs) -> Vec<String> {
    let Some(messages) = request["messages"].as_array().filter(|messages| !messages.is_empty()) else {
        return vec!["there are no messages".to_owned()];
    };
    let mut faults = Vec::new();
    let mut open: Vec<String> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        let text = message["content"].as_str();
        let calls = message["tool_calls"].as_array().map_or(&[][..], Vec::as_slice);
        if role != "tool" && !open.is_empty() {
            faults.push(format!("message {at}: no result for {open:?}"));
            open.clear();
        }
        match role {
            "system" if at > 0 => faults.push(format!("message {at}: system after the beginning")),
            "system" | "user" if text.is_none_or(str::is_empty) => {
                faults.push(format!("message {at}: {role} says nothing"));
            }
            "system" | "user" => {}
            "assistant" => {
                if text.is_none_or(str::is_empty) && calls.is_empty() {
                    faults.push(format!("message {at}: assistant says and calls nothing"));
                }
                open = calls.iter().map(|call| name_of(call, belongs)).collect();
            }
            "tool" => {
                let key = if matches!(belongs, Belongs::ById) { "tool_call_id" } else { "tool_name" };
                let key = message[key].as_str().unwrap_or_default();
                let next = match belongs {
                    Belongs::ByOrder => open.first().is_some_and(|name| name == key).then_some(0),
                    Belongs::ById => open.iter().position(|id| id == key),
                };
                match next {
                    Some(next) => drop(open.remove(next)),
                    None => faults.push(format!("message {at}: a result of {key:?}, which was not called")),
                }
                if text.is_none() {
                    faults.push(format!("message {at}: a result without text"));
                }
            }
            other => faults.push(format!("message {at}: there is no role {other:?}")),
        }
    }
    if !open.is_empty() {
        faults.push(format!("at the end: no result for {open:?}"));
    }
    let last = messages.last().and_then(|message| message["role"].as_str());
    if !matches!(last, Some("user" | "tool")) {
        faults.push(format!("the last to speak is {last:?}"));
    }
    faults
}

fn name_of(call: &Value, belongs: &Belongs) -> String {
    let name = match belongs {
        Belongs::ByOrder => &call["function"]["name"],
        Belongs::ById => &call["id"],
    };
    name.as_str().unwrap_or_default().to_owned()
}
