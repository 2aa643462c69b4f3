//! The topology's YAML form.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use super::document::{Document, keys};
use super::problem::{Problem, suggest};
use super::shape;
use crate::domain::target::Target;
use crate::domain::topology::{Overrules, TopologyEntry};

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
    aliases: Vec<String>,
    not_depends_on: Vec<String>,
    learn: Option<bool>,
}

/// What a topology file says.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) entries: Vec<TopologyEntry>,
    pub(super) overrules: Overrules,
}

/// Reads the text of a topology file. Only with nothing added to `problems` is the result to be used.
pub(super) fn parse(file: &Path, text: &str, problems: &mut Vec<Problem>) -> Written {
    let mut document = match Document::yaml(file, text) {
        Ok(document) => document,
        Err(syntax) => {
            problems.extend(syntax);
            return Written::default();
        }
    };
    let raw: RawTopology = shape::read(&mut document, problems).unwrap_or_default();
    let named: Vec<&str> = raw.targets.keys().map(String::as_str).collect();
    let mut written = Written::default();
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
            let reading = Reading { document: &document, name, target: &target, entry };
            reading.overrules(&named, &mut written.overrules, problems);
            let (kind, labels) = (entry.kind.clone(), entry.labels.clone());
            written.entries.push(TopologyEntry { target, kind, depends_on, labels });
        }
    }
    written
}

/// One entry, while what it says about names and learning is read.
struct Reading<'a> {
    document: &'a Document,
    name: &'a str,
    target: &'a Target,
    entry: &'a RawEntry,
}

impl Reading<'_> {
    fn overrules(&self, named: &[&str], overrules: &mut Overrules, problems: &mut Vec<Problem>) {
        let mut each = |field: &str, texts: &[String], take: &mut dyn FnMut(Target) -> Fault| {
            for (index, text) in texts.iter().enumerate() {
                let found =
                    Target::parse(text).map_err(|error| (error.to_string(), None)).and_then(&mut *take);
                if let Err((what, hint)) = found {
                    let place = self.document.item(&keys(["targets", self.name, field]), index);
                    problems.push(self.document.problem(&place, what, hint));
                }
            }
        };
        each("aliases", &self.entry.aliases, &mut |alias| self.alias(alias, named, &mut overrules.aliases));
        let mut denied = BTreeSet::new();
        each("not_depends_on", &self.entry.not_depends_on, &mut |other| self.denies(other, &mut denied));
        if !denied.is_empty() {
            overrules.not_depends_on.insert(self.target.clone(), denied);
        }
        if self.entry.learn == Some(false) {
            overrules.unlearned.insert(self.target.clone());
        }
    }

    fn alias(&self, alias: Target, named: &[&str], aliases: &mut BTreeMap<Target, Target>) -> Fault {
        if alias == *self.target {
            return Err((format!("`{alias}` is the target's own name"), Some("take it out".to_owned())));
        }
        if named.contains(&alias.as_str()) {
            let hint = "take one of them out: what is one thing has one entry".to_owned();
            return Err((format!("`{alias}` is a target of its own"), Some(hint)));
        }
        if self.target.is_within(&alias) {
            return Err((format!("`{alias}` contains `{}`, so it can't be the same", self.target), None));
        }
        match aliases.get(&alias) {
            Some(other) if other != self.target => {
                let hint = "leave it to the one that alerts mean by it".to_owned();
                Err((format!("`{alias}` is an alias of `{other}` too"), Some(hint)))
            }
            _ => {
                aliases.insert(alias, self.target.clone());
                Ok(())
            }
        }
    }

    fn denies(&self, other: Target, denied: &mut BTreeSet<Target>) -> Fault {
        if self.entry.depends_on.iter().any(|upstream| upstream == other.as_str()) {
            let hint = "take it out of one of them".to_owned();
            return Err((format!("`{other}` is under `depends_on` too"), Some(hint)));
        }
        denied.insert(other);
        Ok(())
    }
}

/// What is wrong with one item, and what to do about it.
type Fault = Result<(), (String, Option<String>)>;

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
        let (written, problems) = read_all(text);
        (written.entries, problems)
    }

    fn read_all(text: &str) -> (Written, Vec<String>) {
        let mut problems = Vec::new();
        let written = parse(Path::new("topology.yaml"), text, &mut problems);
        (written, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn other_names_and_what_is_not_to_be_learned_are_read() {
        let (written, problems) = read_all(
            "targets:\n  nas: { aliases: [10.0.0.5, nas.lan], not_depends_on: [n3] }\n  lab: { learn: false }\n",
        );
        assert!(problems.is_empty(), "{problems:?}");
        let names: Vec<_> = written.overrules.aliases.iter().map(|(a, t)| format!("{a}={t}")).collect();
        assert_eq!(names, ["10.0.0.5=nas", "nas.lan=nas"]);
        let denied = &written.overrules.not_depends_on[&Target::parse("nas").unwrap()];
        assert_eq!(denied.iter().map(Target::as_str).collect::<Vec<_>>(), ["n3"]);
        assert!(written.overrules.unlearned.contains(&Target::parse("lab").unwrap()));
    }

    #[test]
    fn each_fault_of_a_name_is_told_with_its_line_and_field() {
        let (_, problems) = read_all(
            "targets:\n  nas:\n    aliases: [box, nas, web]\n  web:\n    depends_on: [nas]\n    aliases:\n      - box\n    not_depends_on: [nas, \"-x\"]\n    lern: false\n",
        );
        let expected = [
            "topology.yaml:3: targets.nas.aliases[1]: `nas` is the target's own name; take it out",
            "topology.yaml:3: targets.nas.aliases[2]: `web` is a target of its own; take one of them out: what is one thing has one entry",
            "topology.yaml:7: targets.web.aliases[0]: `box` is an alias of `nas` too; leave it to the one that alerts mean by it",
            "topology.yaml:8: targets.web.not_depends_on[0]: `nas` is under `depends_on` too; take it out of one of them",
            "topology.yaml:9: targets.web.lern: no such key here; did you mean `learn`?",
        ];
        for problem in expected {
            assert!(problems.iter().any(|found| found == problem), "{problem:?} is not in {problems:#?}");
        }
        assert_eq!(problems.len(), 6, "{problems:#?}");
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
