//! From a fix of the agent that has worked to a runbook: adaptive becomes deterministic.

use serde_yaml::{Mapping, Value};

use crate::domain::ids::RemediationId;
use crate::domain::target::{Signature, Target};

/// What the names of the agent's plans begin with.
pub const PLAN_PREFIX: &str = "agent-";
/// What the names of migrations begin with, which bring something into the cluster.
pub const ADOPT_PREFIX: &str = "adopt-";

/// Whether a runbook's name stands for a plan that nobody wrote down, so that people know it by its title.
#[must_use]
pub fn is_plan(runbook: &str) -> bool {
    runbook.starts_with(PLAN_PREFIX) || runbook.starts_with(ADOPT_PREFIX)
}

/// The shortest name of a target that is replaced within an argument: a shorter one is in too many words.
const SHORTEST: usize = 3;

/// A fix of the agent that worked, and whose problem stayed away for as long as it was watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// The run.
    pub remediation: RemediationId,
    /// The plan's name.
    pub plan: String,
    /// What it was for.
    pub signature: Signature,
    /// Where.
    pub target: Target,
}

/// Drafts a runbook from a plan of the agent that worked on the first of `targets`, and with the same steps on the
/// others. The steps, with their verification and undo, are kept; what names the target becomes a template. It fits the
/// signature, and where it worked on one target only, that target: nobody knows yet whether it helps elsewhere.
///
/// # Errors
/// Why there is no draft, for people.
pub fn draft_runbook(signature: &Signature, plan_yaml: &str, targets: &[Target]) -> Result<String, String> {
    let first = targets.first().ok_or("it has worked nowhere yet")?;
    let steps = steps_of(plan_yaml, first)?;
    let plan: Mapping =
        serde_yaml::from_str(plan_yaml).map_err(|error| format!("the plan is no YAML: {error}"))?;
    let mut places: Vec<String> = targets.iter().map(ToString::to_string).collect();
    places.sort_unstable();
    places.dedup();
    let mut fits = Mapping::new();
    fits.insert("signature".into(), signature.to_string().into());
    if let [only] = places.as_slice() {
        fits.insert("target".into(), only.as_str().into());
    }
    // A title that names one target is none for others.
    let title = plan.get("title").and_then(Value::as_str).filter(|_| places.len() == 1);
    let title = title.map_or_else(|| format!("What helped against {signature}"), str::to_owned);
    let mut runbook = Mapping::new();
    runbook.insert("name".into(), format!("fix-{signature}").into());
    runbook.insert("title".into(), title.into());
    let description = format!(
        "Drafted by Steward from what its agent did about {signature} on {}, which worked {} times and lasted.",
        places.join(", "),
        targets.len()
    );
    runbook.insert("description".into(), description.into());
    runbook.insert("match".into(), fits.into());
    runbook.insert("steps".into(), steps);
    for key in ["checks", "limits"] {
        if let Some(value) = plan.get(key) {
            runbook.insert(key.into(), value.clone());
        }
    }
    serde_yaml::to_string(&runbook).map_err(|error| format!("the draft can't be written: {error}"))
}

/// Whether two plans do the same, each to its own target.
#[must_use]
pub fn does_the_same(one: (&str, &Target), other: (&str, &Target)) -> bool {
    match (steps_of(one.0, one.1), steps_of(other.0, other.1)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// The steps of a plan with what names its target made a template.
fn steps_of(plan_yaml: &str, target: &Target) -> Result<Value, String> {
    let mut plan: Mapping =
        serde_yaml::from_str(plan_yaml).map_err(|error| format!("the plan is no YAML: {error}"))?;
    let Some(Value::Sequence(mut steps)) = plan.remove("steps") else {
        return Err("the plan has no steps".to_owned());
    };
    if steps.is_empty() {
        return Err("the plan has no steps".to_owned());
    }
    for step in steps.iter_mut().filter_map(Value::as_mapping_mut) {
        for part in ["run", "verify", "undo"] {
            if let Some(command) = step.get_mut(part) {
                command_of(command, target);
            }
        }
        if let Some(Value::Mapping(captures)) = step.get_mut("capture") {
            captures.values_mut().for_each(|command| command_of(command, target));
        }
    }
    Ok(Value::Sequence(steps))
}

/// A command: a list of words, or a table with `argv`.
fn command_of(command: &mut Value, target: &Target) {
    let words = match command {
        Value::Mapping(table) => table.get_mut("argv"),
        other => Some(other),
    };
    let Some(Value::Sequence(words)) = words else { return };
    // The program stays: a target that is called like it is none.
    for word in words.iter_mut().skip(1) {
        if let Value::String(text) = word {
            *text = general(text, target);
        }
    }
}

/// An argument with what names the target made a template: its whole path, or its name as a word.
fn general(argument: &str, target: &Target) -> String {
    if argument.contains("{{") {
        return argument.to_owned();
    }
    let (path, name) = (target.to_string(), target.name());
    if argument == path && path != name {
        return "{{ target }}".to_owned();
    }
    if argument == name {
        return "{{ target.name }}".to_owned();
    }
    if name.chars().count() < SHORTEST {
        return argument.to_owned();
    }
    let mut out = String::new();
    let mut rest = argument;
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let is_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        let touches = before.chars().next_back().or_else(|| out.chars().next_back()).is_some_and(is_word)
            || after.chars().next().is_some_and(is_word);
        out.push_str(before);
        out.push_str(if touches { name } else { "{{ target.name }}" });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "name: agent-1a2b
title: Restart the network of pve4
match: { target: pve4, signature: nic-hang }
steps:
  - name: restart
    run: { host: pve4, argv: [ifreload, -a, --host=pve4, pve4-backup, pve4.lan] }
    verify: [ping, -c, '1', pve4]
    undo: [ifup, pve4]
limits: { watch: 30m }
";

    fn target(path: &str) -> Target {
        Target::parse(path).unwrap()
    }

    fn nic_hang() -> Signature {
        Signature::parse("nic-hang").unwrap()
    }

    fn drafted(plan: &str, targets: &[&str]) -> Value {
        let targets: Vec<Target> = targets.iter().map(|path| target(path)).collect();
        serde_yaml::from_str(&draft_runbook(&nic_hang(), plan, &targets).unwrap()).unwrap()
    }

    #[test]
    fn what_names_the_target_becomes_a_template_and_all_else_stays() {
        let draft = drafted(PLAN, &["pve4", "pve4"]);
        let step = &draft["steps"][0];
        let words: Vec<&str> =
            step["run"]["argv"].as_sequence().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(
            words,
            ["ifreload", "-a", "--host={{ target.name }}", "pve4-backup", "{{ target.name }}.lan"]
        );
        assert_eq!(step["run"]["host"], "pve4", "a host is a name of the configuration");
        assert_eq!(step["verify"][3], "{{ target.name }}");
        assert_eq!(step["undo"][1], "{{ target.name }}");
        assert_eq!(draft["name"], "fix-nic-hang");
        assert_eq!(draft["limits"]["watch"], "30m");
    }

    #[test]
    fn it_fits_only_where_it_worked_until_it_worked_elsewhere_too() {
        assert_eq!(drafted(PLAN, &["pve4", "pve4"])["match"]["target"], "pve4");
        let wide = drafted(PLAN, &["pve4", "pve5"]);
        assert_eq!(wide["match"]["signature"], "nic-hang");
        assert!(wide["match"].get("target").is_none());
    }

    #[test]
    fn a_path_is_one_template_and_a_short_name_is_left_in_words() {
        let plan = "title: x\nsteps: [{ name: a, run: [check, k8s/media/db, mydb, db, a.db] }]";
        let draft = drafted(plan, &["k8s/media/db", "k8s/media/db"]);
        let words: Vec<&str> =
            draft["steps"][0]["run"].as_sequence().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(words, ["check", "{{ target }}", "mydb", "{{ target.name }}", "a.db"]);
    }

    #[test]
    fn the_same_steps_on_another_target_are_the_same_fix() {
        // What is merely called like the target is another thing, and makes another fix.
        let same = PLAN.replace("host: pve4", "host: local").replace(" pve4-backup,", "");
        let other = same.replace("pve4", "pve5");
        assert!(does_the_same((&same, &target("pve4")), (&other, &target("pve5"))));
        assert!(!does_the_same((&same, &target("pve4")), (&other.replace("-a", "-b"), &target("pve5"))));
    }

    #[test]
    fn what_is_no_plan_is_refused_with_a_reason() {
        for (plan, why) in [("steps: []", "no steps"), ("title: x", "no steps"), ("a: [", "no YAML")] {
            let error = draft_runbook(&nic_hang(), plan, &[target("a")]).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert!(draft_runbook(&nic_hang(), PLAN, &[]).is_err());
    }
}
