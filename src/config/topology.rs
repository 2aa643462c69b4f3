//! The topology's YAML form.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::document::{Document, keys};
use super::problem::{Problem, suggest};
use super::shape;
use crate::domain::target::Target;
use crate::domain::topology::TopologyEntry;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawTopology {
    targets: BTreeMap<String, Option<RawEntry>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawEntry {
    depends_on: Vec<String>,
    kind: Option<String>,
    labels: BTreeMap<String, String>,
}

/// Reads the text of a topology file. Only with nothing added to `problems` is the result to be used.
pub(super) fn parse(file: &Path, text: &str, problems: &mut Vec<Problem>) -> Vec<TopologyEntry> {
    let mut document = match Document::yaml(file, text) {
        Ok(document) => document,
        Err(syntax) => {
            problems.extend(syntax);
            return Vec::new();
        }
    };
    let raw: RawTopology = shape::read(&mut document, problems).unwrap_or_default();
    let named: Vec<&str> = raw.targets.keys().map(String::as_str).collect();
    let mut entries = Vec::new();
    for (name, entry) in &raw.targets {
        let place = keys(["targets", name]);
        let target = Target::parse(name)
            .map_err(|error| problems.push(document.problem(&place, error.to_string(), None)));
        let empty = RawEntry::default();
        let entry = entry.as_ref().unwrap_or(&empty);
        let mut depends_on = Vec::new();
        for (index, upstream) in entry.depends_on.iter().enumerate() {
            let place = document.item(&keys(["targets", name, "depends_on"]), index);
            match upstream_of(name, upstream, &named) {
                Ok(upstream) => depends_on.push(upstream),
                Err((what, hint)) => problems.push(document.problem(&place, what, hint)),
            }
        }
        if let Ok(target) = target {
            let (kind, labels) = (entry.kind.clone(), entry.labels.clone());
            entries.push(TopologyEntry { target, kind, depends_on, labels });
        }
    }
    entries
}

/// A dependency must be listed too, or lie below a listed target: what is not listed is most likely misspelt.
fn upstream_of(name: &str, upstream: &str, named: &[&str]) -> Result<Target, (String, Option<String>)> {
    let target = Target::parse(upstream).map_err(|error| (error.to_string(), None))?;
    if upstream == name {
        return Err((format!("`{name}` depends on itself"), Some("take it out".to_owned())));
    }
    let is_listed = |listed: &&str| Target::parse(listed).is_ok_and(|listed| target.is_within(&listed));
    if !named.iter().any(is_listed) {
        let near = suggest(upstream, named.iter().copied().filter(|word| *word != name));
        let hint = near.filter(|hint| hint.starts_with("did")).unwrap_or_default();
        let hint =
            format!("{hint} add `{upstream}: {{}}` to `targets`").trim_start().replace("? add", "? Else add");
        return Err((format!("`{upstream}` is not among the targets"), Some(hint)));
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<TopologyEntry>, Vec<String>) {
        let mut problems = Vec::new();
        let entries = parse(Path::new("topology.yaml"), text, &mut problems);
        (entries, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_topology_is_read_with_its_short_forms() {
        let (entries, problems) = read(
            "targets:\n  lab/proxy: { depends_on: [lab/api, nas/media], kind: service, labels: { team: home } }\n  lab/api:\n  nas: {}\n  100: {}\n",
        );
        assert!(problems.is_empty(), "{problems:?}");
        let proxy = entries.iter().find(|entry| entry.target.as_str() == "lab/proxy").unwrap();
        assert_eq!(proxy.depends_on.iter().map(Target::as_str).collect::<Vec<_>>(), ["lab/api", "nas/media"]);
        assert_eq!((proxy.kind.as_deref(), proxy.labels["team"].as_str()), (Some("service"), "home"));
        assert_eq!(entries.len(), 4);
        assert_eq!(read("").0, []);
    }

    #[test]
    fn each_fault_of_a_topology_is_told_with_its_line_and_field() {
        let (_, problems) = read(
            "target: {}\ntargets:\n  lab/proxy:\n    depends_on: [lab/ap]\n    knd: service\n  lab/api:\n    depends_on:\n      - lab/api\n      - \"-x\"\n  bad name: {}\n  x:\n    depends_on: [y]\n",
        );
        let expected = [
            "topology.yaml:1: target: no such key here; did you mean `targets`?",
            "topology.yaml:5: targets.lab/proxy.knd: no such key here; did you mean `kind`?",
            "topology.yaml:4: targets.lab/proxy.depends_on[0]: `lab/ap` is not among the targets; did you mean `lab/api`? Else add `lab/ap: {}` to `targets`",
            "topology.yaml:8: targets.lab/api.depends_on[0]: `lab/api` depends on itself; take it out",
            "topology.yaml:12: targets.x.depends_on[0]: `y` is not among the targets; add `y: {}` to `targets`",
        ];
        for problem in expected {
            assert!(problems.iter().any(|found| found == problem), "{problem:?} is not in {problems:#?}");
        }
        for start in [
            "topology.yaml:9: targets.lab/api.depends_on[1]: \"-x\"",
            "topology.yaml:10: targets.bad name: \"bad name\"",
        ] {
            assert!(
                problems.iter().any(|found| found.starts_with(start)),
                "{start:?} is not in {problems:#?}"
            );
        }
        assert_eq!(problems.len(), 7, "{problems:#?}");
    }
}
