use super::*;

#[test]
fn all_tools_are_told_in_little_room() {
    let told = serde_json::to_string(&specs()).unwrap();
    // About 1,400 tokens by the careful estimate of three bytes each.
    assert!(told.len() < 4_200, "{} bytes:\n{told}", told.len());
    for noise in ["$schema", "$ref", "$defs", "null", "title\":\"", "additionalProperties", "format"] {
        assert!(!told.contains(noise), "{noise} in {told}");
    }
}

#[test]
fn what_a_model_is_told_of_each_tool_is_its_type() {
    let told: Vec<String> =
        specs().iter().map(|spec| format!("{} {}", spec.name, schema::shape(&spec.parameters))).collect();
    let wanted = r#"run_command {argv: [string], host?: string}
run_skill {name: string}
incidents {target?: string, signature?: string, since?: string}
incident {number: integer}
changes {target?: string, since?: string}
topology {target: string}
metrics {name: string, target?: string, labels?: object, since?: string}
search_memory {query: string}
read_file {repository: string, path: string, from_line?: integer}
git {repository: string, what: "log"|"show"|"diff", revision?: string, path?: string}
run_runbook {name: string, why: string, confidence: integer}
propose {title: string, why: string, confidence: integer, steps: [{name: string, host?: string, run: [string], verify?: [string], undo?: [string]}]}
remember {title: string, signature?: string, target?: string, why: string, fix: string, rule?: string}
conclude {diagnosis: string, root?: string, evidence?: [string], confidence: integer, verification?: string, rollback?: string, options?: [{title: string, why?: string, steps: [{what: string, risk?: string, undo?: string, host?: string, command?: [string]}]}]}"#;
    assert_eq!(told.join("\n"), wanted);
    assert!(specs().iter().all(|spec| !spec.description.is_empty()));
}

#[test]
fn a_name_that_does_not_exist_is_answered_with_the_nearest_or_with_all() {
    assert_eq!(instead("webb", ["web", "nas"]), "; did you mean web?");
    assert_eq!(instead("x", ["web", "nas"]), "; there is web, nas");
    assert_eq!(instead("x", []), "; there is none");
}
