//! Every migration is one that the policy lets people say yes to.

use crate::adopt::plan::migration;
use crate::adopt::tests::{KINDS, inputs, options};
use crate::adopt::{Options, adopt};
use crate::config::runbook_from;
use crate::domain::action::Effect;
use crate::engine::plan::{Part, draft};
use crate::engine::review::example;
use crate::policy::{Decision, Facts, Policy};

#[test]
fn every_migration_of_what_homelabs_run_is_a_runbook_that_a_person_may_approve_and_that_can_go_back() {
    let policy = Policy::shipped().unwrap();
    let host = crate::domain::target::Target::parse("lab").unwrap();
    let vm3 = crate::config::HostSettings {
        address: "root@vm3.lan".into(),
        port: None,
        identity_file: None,
        known_hosts: None,
        connections: 2,
        connect_timeout: std::time::Duration::from_secs(10),
    };
    let hosts = [("vm3".to_owned(), vm3)].into();
    for (name, projects) in inputs() {
        for (to, _) in KINDS {
            for project in &projects {
                let options = Options { copy_to: Some("root@nas:/srv".into()), ..options(to) };
                let options = match to {
                    crate::adopt::Kind::Compose => Options { copy_to: None, ..options },
                    _ => options,
                };
                let adoption = adopt(project.clone(), &options).unwrap();
                let plan = match migration(&adoption, &options) {
                    Ok(plan) => plan,
                    // Where the data of a volume lies is not always in the input.
                    Err(why) => {
                        assert!(
                            why.iter().all(|fault| fault.what.contains("on the old host")
                                || to == crate::adopt::Kind::Compose),
                            "{name}: {why:?}"
                        );
                        continue;
                    }
                };
                for text in
                    [Some(plan.runbook("adopt-it")), plan.decommission("adopt-it")].into_iter().flatten()
                {
                    let runbook = runbook_from("adopt-it", &text, &hosts)
                        .unwrap_or_else(|problems| panic!("{name} for {to}: {problems:?}"));
                    let signal = example(&runbook, &host).unwrap().signal;
                    let drafted = draft(&runbook, &signal, &host, &policy, &Facts::plain())
                        .unwrap_or_else(|why| panic!("{name} for {to}: {why}"));
                    // With Kubernetes, its own pod fetches the data. What a guardrail takes for secrets leaves its host
                    // by no command of Steward's: then people copy it.
                    if drafted.decision == Decision::Forbid && to == crate::adopt::Kind::Nomad {
                        assert!(
                            drafted.forbidden().contains("holds secrets"),
                            "{name}: {}",
                            drafted.forbidden()
                        );
                        continue;
                    }
                    assert_eq!(
                        drafted.decision,
                        Decision::Approve,
                        "{name} for {to}: {}",
                        drafted.forbidden()
                    );
                    for step in &drafted.plan.steps {
                        let run = drafted
                            .judged
                            .iter()
                            .find(|j| j.part == Part::Run && j.step.as_deref() == Some(step.name.as_str()));
                        let effect = run.unwrap().evaluation.effect;
                        let can_go_back = step.undo.is_some() || effect == Effect::Read;
                        assert!(
                            can_go_back || step.name == "remove-the-old-one",
                            "{name} for {to}: {}",
                            step.name
                        );
                    }
                }
            }
        }
    }
}
