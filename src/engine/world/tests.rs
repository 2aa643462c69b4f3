//! Whatever happens in whatever order, the world stays in one piece: random signals, runs of skills, repairs, people,
//! restarts and leaps of time on a small topology.

mod drafts;
mod sim;

use proptest::prelude::*;

use sim::{Op, Sim};

/// A small lab's settings and knowledge, for others who drive a world.
pub(in crate::engine) fn small_lab() -> (super::Settings, super::Knowledge) {
    (sim::settings(), sim::knowledge(&std::collections::BTreeSet::new()))
}

fn any_op() -> impl Strategy<Value = Op> {
    let problem = 0..sim::PROBLEMS.len();
    let skill = 0..sim::SKILLS.len();
    let incident = 1..8_u64;
    let target = 0..sim::TARGETS.len();
    prop_oneof![
        6 => problem.clone().prop_map(Op::Break),
        5 => problem.clone().prop_map(Op::Mend),
        8 => skill.clone().prop_map(Op::Run),
        1 => (skill.clone(), any::<bool>()).prop_map(|(skill, whole)| Op::RunBadly(skill, whole)),
        2 => (problem.clone(), any::<bool>()).prop_map(|(problem, firing)| Op::Alert(problem, firing)),
        1 => (problem.clone(), 1..7_u8).prop_map(|(problem, times)| Op::Bounce(problem, times)),
        1 => target.clone().prop_map(Op::Fine),
        4 => (1..15_i64).prop_map(Op::Seconds),
        4 => (1..50_i64).prop_map(Op::Minutes),
        4 => (0..5_u8).prop_map(Op::EndRepair),
        1 => incident.clone().prop_map(Op::Ack),
        1 => incident.clone().prop_map(Op::Clear),
        1 => (incident.clone(), incident.clone()).prop_map(|(from, into)| Op::Merge(from, into)),
        1 => (incident, target.clone()).prop_map(|(incident, target)| Op::Split(incident, target)),
        1 => (target, 1..90_u64).prop_map(|(target, minutes)| Op::Silence(target, minutes)),
        1 => (1..4_i64).prop_map(Op::Unsilence),
        1 => any::<bool>().prop_map(Op::Answer),
        1 => any::<bool>().prop_map(Op::Pause),
        1 => (skill, any::<bool>()).prop_map(|(skill, there)| Op::Learn(skill, there)),
        1 => Just(Op::Restart),
    ]
}

proptest! {


    #[test]
    fn whatever_happens_the_world_stays_in_one_piece_and_comes_to_rest(
        ops in prop::collection::vec((any_op(), prop::bool::weighted(0.7)), 1..80)
    ) {
        let mut sim = Sim::new();
        for (op, ends_turn) in ops {
            sim.perform(op, ends_turn);
            if ends_turn {
                sim.check();
            }
        }
        sim.come_to_rest();
    }
}
