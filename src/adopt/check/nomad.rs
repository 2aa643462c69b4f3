//! Proof of a Nomad job: it parses back, has what Nomad asks for, and whatever is named is there.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use hcl::expr::{Expression, TemplateExpr};
use hcl::structure::{Block, Body};
use regex::Regex;

use super::super::{Fault, Options, Settled, Written};

/// What is wrong with it.
pub(super) fn check(settled: &Settled, written: &Written, _options: &Options) -> Vec<Fault> {
    let mut check =
        Check { settled, file: format!("{}.nomad.hcl", settled.project.name), faults: Vec::new() };
    let [object] = written.objects.as_slice() else {
        check.fault("job", "was not written");
        return check.faults;
    };
    match hcl::parse(&object.text) {
        Ok(body) => check.file(&body),
        Err(error) => check.fault("job", format!("is no HCL: {error}")),
    }
    check.faults
}

struct Check<'a> {
    settled: &'a Settled,
    file: String,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, field: &str, what: impl Into<String>) {
        self.faults.push(Fault::of(&self.file, what).at(field));
    }

    fn file(&mut self, body: &Body) {
        let jobs = blocks(body, "job");
        let [job] = jobs.as_slice() else { return self.fault("job", "is not there once") };
        if attribute(job.body(), "datacenters").is_none() {
            self.fault("job", "has no datacenters");
        }
        let groups = blocks(job.body(), "group");
        if groups.is_empty() {
            self.fault("job", "has no group");
        }
        let mut tasks: Vec<String> = Vec::new();
        let mut names = BTreeSet::new();
        for group in groups {
            if !names.insert(label(group)) {
                self.fault(&format!("group.{}", label(group)), "is there twice");
            }
            self.group(group);
            tasks.extend(blocks(group.body(), "task").into_iter().map(|task| label(task).to_owned()));
        }
        for service in &self.settled.project.services {
            if tasks.iter().filter(|task| **task == service.name).count() != 1 {
                self.fault(&format!("task.{}", service.name), "is not there once");
            }
        }
    }

    fn group(&mut self, group: &Block) {
        let at = format!("group.{}", label(group));
        let volumes: BTreeSet<&str> = blocks(group.body(), "volume").into_iter().map(label).collect();
        let mut ports = BTreeSet::new();
        for network in blocks(group.body(), "network") {
            for port in blocks(network.body(), "port") {
                if !ports.insert(label(port)) {
                    self.fault(&at, format!("has the port `{}` twice", label(port)));
                }
            }
        }
        for service in blocks(group.body(), "service") {
            self.port(&at, service.body(), &ports);
            for check in blocks(service.body(), "check") {
                self.port(&at, check.body(), &ports);
                for needed in ["type", "interval", "timeout"] {
                    if attribute(check.body(), needed).is_none() {
                        self.fault(&at, format!("has a check without `{needed}`"));
                    }
                }
            }
        }
        let tasks = blocks(group.body(), "task");
        if tasks.is_empty() {
            self.fault(&at, "has no task");
        }
        let mut mounted = BTreeSet::new();
        for task in tasks {
            self.task(task, &ports);
            for mount in blocks(task.body(), "volume_mount") {
                let name = text(mount.body(), "volume").unwrap_or_default();
                if !volumes.contains(name.as_str()) {
                    self.fault(
                        &format!("task.{}.volume_mount", label(task)),
                        format!("names `{name}`, which is no volume of its group"),
                    );
                }
                mounted.insert(name);
            }
        }
        for volume in volumes {
            if !mounted.contains(volume) {
                self.fault(&at, format!("has the volume `{volume}`, which nothing mounts"));
            }
        }
    }

    /// A port is a label of the group's, or a number at the group's own address.
    fn port(&mut self, at: &str, body: &Body, ports: &BTreeSet<&str>) {
        let Some(port) = text(body, "port") else { return };
        let own = text(body, "address_mode").is_some_and(|mode| mode == "alloc");
        let is_number = port.parse::<u16>().is_ok_and(|number| number > 0);
        let known = ports.contains(port.as_str()) || (own && is_number);
        if !known {
            self.fault(at, format!("names the port `{port}`, which is not declared"));
        }
    }

    fn task(&mut self, task: &Block, ports: &BTreeSet<&str>) {
        let at = format!("task.{}", label(task));
        let body = task.body();
        if text(body, "driver").is_none() {
            self.fault(&at, "has no driver");
        }
        let configs = blocks(body, "config");
        if !configs.iter().any(|config| text(config.body(), "image").is_some_and(|image| !image.is_empty())) {
            self.fault(&at, "has no image");
        }
        for config in &configs {
            if let Some(Expression::Array(labels)) = attribute(config.body(), "ports") {
                for port in labels.iter().filter_map(string) {
                    if !ports.contains(port.as_str()) {
                        self.fault(&at, format!("names the port `{port}`, which is not declared"));
                    }
                }
            }
        }
        let given: Vec<String> = blocks(body, "template")
            .into_iter()
            .filter(|template| attribute(template.body(), "env").is_some())
            .filter_map(|template| text(template.body(), "data"))
            .collect();
        let service = self.settled.project.service(label(task));
        let secrets: BTreeSet<&str> = service.into_iter().flat_map(|service| service.secrets()).collect();
        let is_given = |name: &str| {
            given.iter().any(|data| data.lines().any(|line| line.starts_with(&format!("{name}={{{{"))))
        };
        for name in &secrets {
            if !is_given(name) {
                self.fault(&at, format!("is not given its secret `{name}`"));
            }
        }
        let mut filled = Vec::new();
        variables(body, false, &mut filled);
        for (name, in_config) in filled {
            if !(in_config && secrets.contains(name.as_str()) && is_given(&name)) {
                self.fault(&at, format!("fills in `{name}`, which is no secret of it"));
            }
        }
    }
}

fn blocks<'a>(body: &'a Body, name: &str) -> Vec<&'a Block> {
    body.blocks().filter(|block| block.identifier() == name).collect()
}

fn label(block: &Block) -> &str {
    block.labels().first().map_or("", |label| label.as_str())
}

fn attribute<'a>(body: &'a Body, name: &str) -> Option<&'a Expression> {
    body.attributes().find(|attribute| attribute.key() == name).map(|attribute| attribute.expr())
}

fn text(body: &Body, name: &str) -> Option<String> {
    attribute(body, name).and_then(string)
}

fn string(expression: &Expression) -> Option<String> {
    match expression {
        Expression::String(text) => Some(text.clone()),
        Expression::TemplateExpr(template) => Some(raw(template).to_owned()),
        _ => None,
    }
}

fn raw(template: &TemplateExpr) -> &str {
    match template {
        TemplateExpr::QuotedString(text) => text,
        TemplateExpr::Heredoc(heredoc) => &heredoc.template,
    }
}

static FILLED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\$\$\{|%%\{|(?P<start>[$%])\{(?P<name>[^}]*)").ok());

/// What is filled in anywhere in a body, and whether that is in a `config`.
fn variables(body: &Body, in_config: bool, found: &mut Vec<(String, bool)>) {
    for attribute in body.attributes() {
        of_expression(attribute.expr(), in_config, found);
    }
    for block in body.blocks() {
        variables(block.body(), in_config || block.identifier() == "config", found);
    }
}

fn of_expression(expression: &Expression, in_config: bool, found: &mut Vec<(String, bool)>) {
    match expression {
        Expression::TemplateExpr(template) => {
            for captures in FILLED.iter().flat_map(|pattern| pattern.captures_iter(raw(template))) {
                if let Some(name) = captures.name("name") {
                    found.push((name.as_str().to_owned(), in_config));
                }
            }
        }
        Expression::Array(list) => list.iter().for_each(|one| of_expression(one, in_config, found)),
        Expression::Object(map) => map.values().for_each(|one| of_expression(one, in_config, found)),
        Expression::String(_) | Expression::Number(_) | Expression::Bool(_) => {}
        // A file that is read when the job is run: `file("./nginx.conf")`.
        Expression::FuncCall(call) if call.name.name.as_str() == "file" && call.args.len() == 1 => {}
        other => found.push((other.to_string(), in_config)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::project::{Project, Service, Value};
    use super::super::super::write::{Object, Phase};
    use super::*;

    const GOOD: &str = r#"job "x" {
  datacenters = ["dc1"]
  group "x" {
    network {
      port "http" {
        to = 80
      }
    }
    volume "data" {
      type = "host"
    }
    service {
      port = "http"
      check {
        type     = "tcp"
        interval = "1s"
        timeout  = "1s"
      }
    }
    service {
      port         = "5432"
      address_mode = "alloc"
    }
    task "web" {
      driver = "docker"
      config {
        image = "a"
        ports = ["http"]
        args  = ["--token=${API_TOKEN}", "$${HOME}"]
      }
      env {
        A = "$${B} %%{C}"
      }
      template {
        data = <<EOT
API_TOKEN={{ .API_TOKEN.Value | toJSON }}
EOT
        env = true
      }
      volume_mount {
        volume = "data"
      }
    }
  }
}
"#;

    fn faults(text: &str) -> Vec<String> {
        let mut service = Service { name: "web".into(), ..Service::default() };
        service.env.insert("API_TOKEN".into(), Value::Secret);
        let project = Project { name: "x".into(), services: vec![service], ..Project::default() };
        let settled = Settled { project, decisions: Vec::new(), public: Vec::new() };
        let object =
            Object { phase: Phase::Workload, kind: "job".into(), name: "x".into(), text: text.to_owned() };
        let written = Written { objects: vec![object], ..Written::default() };
        check(&settled, &written, &Options::default()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_job_in_which_all_is_there_is_right() {
        assert_eq!(faults(GOOD), Vec::<String>::new());
    }

    #[test]
    fn every_damage_is_found() {
        let cases = [
            ("}\n}\n", "", "is no HCL"),
            ("job \"x\"", "jobs \"x\"", "is not there once"),
            ("datacenters = [\"dc1\"]", "", "no datacenters"),
            ("task \"web\"", "task \"other\"", "task.web: is not there once"),
            ("task \"web\"", "tasks \"web\"", "has no task"),
            ("driver = \"docker\"", "", "no driver"),
            ("image = \"a\"", "", "no image"),
            ("volume \"data\"", "volume \"other\"", "names `data`"),
            ("volume = \"data\"", "volume = \"d\"", "`data`, which nothing mounts"),
            ("port = \"http\"", "port = \"web\"", "names the port `web`"),
            ("address_mode = \"alloc\"", "", "names the port `5432`"),
            ("ports = [\"http\"]", "ports = [\"db\"]", "names the port `db`"),
            ("timeout  = \"1s\"", "", "without `timeout`"),
            ("API_TOKEN={{", "OTHER={{", "is not given its secret"),
            ("env = true", "", "is not given its secret"),
            ("$${HOME}", "${HOME}", "fills in `HOME`"),
            ("$${B}", "${B}", "fills in `B`"),
            ("%%{C}", "x${API_TOKEN}", "fills in `API_TOKEN`"),
        ];
        for (from, to, expected) in cases {
            assert!(GOOD.contains(from), "{from}");
            let text = match from {
                "}\n}\n" => GOOD.trim_end().trim_end_matches('}').to_owned(),
                _ => GOOD.replacen(from, to, 1),
            };
            let faults = faults(&text);
            assert!(faults.iter().any(|fault| fault.contains(expected)), "{from} -> {to}: {faults:?}");
        }
    }
}
