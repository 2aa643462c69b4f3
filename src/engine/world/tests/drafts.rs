//! The agent's fixes become runbooks once the same has held twice, and only where the loader and the policy agree.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{TimeDelta, TimeZone, Utc};

use super::super::*;
use super::sim::{knowledge, settings};
use crate::domain::agent::{Fixed, Keepsake};

const PLAN: &str = "name: agent-1a2b\ntitle: Restart the service\nmatch: { target: web, signature: down }\nsteps:\n  - name: restart\n    run: [systemctl, restart, web.service]\n    verify: check\n";

fn now() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 21, 8, 0, 0).unwrap()
}

fn world(plans: &[(&str, &str)]) -> World {
    let mut world = World::new(Arc::new(settings()), knowledge(&BTreeSet::new()));
    world.learned.plans = plans.iter().map(|(name, yaml)| ((*name).to_owned(), (*yaml).to_owned())).collect();
    world
}

/// A fix of the agent holds; what is offered then, and what is said.
fn held(world: &mut World, plan: &str, target: &str, hour: i64) -> (Vec<Keepsake>, String) {
    let at = now() + TimeDelta::hours(hour);
    let remediation = RemediationId(Ulid::from_parts(u64::try_from(at.timestamp_millis()).unwrap(), 1));
    let case = IncidentId(Ulid::from_parts(u64::try_from(at.timestamp_millis()).unwrap(), 2));
    let fixed = Fixed {
        remediation,
        plan: plan.to_owned(),
        signature: Signature::parse("down").unwrap(),
        target: Target::parse(target).unwrap(),
    };
    world.learned.watched.insert(remediation, (case, 7, fixed));
    world.fix_held(remediation, at);
    let (batch, _) = world.take_turn();
    let said = batch.messages.iter().map(|message| crate::domain::card::plain(&message.card)).collect();
    (batch.offers.into_iter().map(|(offer, _)| offer.keepsake).collect(), said)
}

#[test]
fn a_fix_that_held_once_is_luck_and_one_that_held_twice_is_offered_with_its_yaml() {
    let mut world = world(&[("agent-1", PLAN)]);
    assert_eq!(held(&mut world, "agent-1", "web", 0).0, []);
    let (offers, said) = held(&mut world, "agent-1", "web", 5);
    let [Keepsake::Runbook { name, yaml }] = offers.as_slice() else { panic!("{offers:?}") };
    assert_eq!(name, "fix-down");
    assert!(yaml.contains("{{ target.name }}.service") && yaml.contains("target: web"), "{yaml}");
    assert!(said.contains("shall this become a runbook?") && said.contains("{{ target.name }}"), "{said}");
    assert_eq!(held(&mut world, "agent-1", "web", 9).0, [], "what waits is not offered again");
}

#[test]
fn the_same_on_two_targets_fits_both_and_other_commands_are_another_fix() {
    let api = PLAN.replace("web", "api");
    let other = PLAN.replace("restart, web", "reload, web");
    let mut world = world(&[("agent-1", PLAN), ("agent-2", &api), ("agent-3", &other)]);
    assert_eq!(held(&mut world, "agent-1", "web", 0).0, []);
    assert_eq!(held(&mut world, "agent-3", "web", 1).0, []);
    let (offers, _) = held(&mut world, "agent-2", "api", 2);
    let [Keepsake::Runbook { yaml, .. }] = offers.as_slice() else { panic!("{offers:?}") };
    assert!(!yaml.contains("target: web") && !yaml.contains("target: api"), "{yaml}");
}

#[test]
fn what_the_policy_forbids_becomes_no_runbook_and_the_thread_hears_why() {
    let plan = PLAN.replace("[systemctl, restart, web.service]", "[zpool, destroy, tank]");
    let mut world = world(&[("agent-1", &plan)]);
    held(&mut world, "agent-1", "web", 0);
    let (offers, said) = held(&mut world, "agent-1", "web", 1);
    assert_eq!(offers, []);
    assert!(said.contains("makes no runbook: the policy forbids it"), "{said}");
}

#[test]
fn what_the_loader_refuses_becomes_no_runbook() {
    let plan = PLAN.replace("    verify: check\n", "    verify: sometimes\n");
    let mut world = world(&[("agent-1", &plan)]);
    held(&mut world, "agent-1", "web", 0);
    let (offers, said) = held(&mut world, "agent-1", "web", 1);
    assert_eq!(offers, []);
    assert!(said.contains("makes no runbook") && said.contains("sometimes"), "{said}");
}

#[test]
fn a_declined_draft_is_not_made_again_whatever_it_is_called_by_then() {
    let mut world = world(&[("agent-1", PLAN)]);
    held(&mut world, "agent-1", "web", 0);
    held(&mut world, "agent-1", "web", 1);
    let number = *world.offers.keys().next().unwrap();
    world.deny(number, None, "alex", now() + TimeDelta::hours(2)).unwrap();
    let (batch, _) = world.take_turn();
    assert_eq!(batch.declined.len(), 1);
    assert_eq!(held(&mut world, "agent-1", "web", 3).0, []);
}
