//! Everyone who belongs to a process: its group, its descendants, and the groups that those opened (as
//! `timeout` does for its command). Once a parent has ended its children can't be told from others, so a family
//! remembers whom it has seen.

use std::collections::BTreeSet;

use rustix::process::Signal;

use crate::engine::ports::Child;

use super::proc::{self, Stat};

/// A process and all that came of it.
pub(super) struct Family {
    head: Child,
    members: Vec<Stat>,
    /// Groups of its own. A group's number stays taken while it has a member, so only those are kept.
    groups: BTreeSet<u32>,
}

impl Family {
    /// The family as it is now.
    pub(super) fn of(head: &Child) -> Self {
        let mut family = Self { head: head.clone(), members: Vec::new(), groups: BTreeSet::new() };
        family.look();
        family
    }

    /// Looks again who runs.
    pub(super) fn look(&mut self) {
        let all = proc::all();
        let mut found = self.of_head(&all);
        found.extend(self.of_members(&all));
        self.groups
            .extend(found.iter().filter(|p| p.group == p.pid || p.group == self.head.pid).map(|p| p.group));
        let known = |process: &Stat| found.contains(process) || self.groups.contains(&process.group);
        let members: Vec<Stat> =
            all.iter().filter(|process| !process.ended && known(process)).copied().collect();
        self.groups.retain(|group| members.iter().any(|member| member.group == *group));
        self.members = members;
    }

    /// Whether nobody was running at the last look.
    pub(super) fn is_gone(&self) -> bool {
        self.members.is_empty()
    }

    /// Signals everyone seen at the last look; by group where it can be, so that a child that is being started
    /// just now is not missed.
    pub(super) fn signal(&self, signal: Signal) {
        self.groups.iter().for_each(|group| proc::signal_group(*group, signal));
        let alone = self.members.iter().filter(|member| !self.groups.contains(&member.group));
        alone.for_each(|member| proc::signal_process(member, signal));
    }

    /// Those seen at the last look that still run, and their descendants: with the head gone, nobody else leads to
    /// what they started since.
    fn of_members(&self, all: &[Stat]) -> Vec<Stat> {
        let same = |p: &&Stat| self.members.iter().any(|m| (m.pid, m.start_ticks) == (p.pid, p.start_ticks));
        let alive = all.iter().filter(same);
        alive.flat_map(|member| std::iter::once(*member).chain(proc::descendants(member.pid, all))).collect()
    }

    /// The head, its group and its descendants. With the head gone, a group of its number may be another's by
    /// now: only those of it count that began later and carry the mark of this house.
    fn of_head(&self, all: &[Stat]) -> Vec<Stat> {
        let Child { pid, start_ticks, boot_id: _ } = self.head;
        match all.iter().find(|process| process.pid == pid) {
            Some(head) if head.start_ticks == start_ticks => {
                let mut found = proc::descendants(pid, all);
                found.extend(all.iter().filter(|process| process.group == pid));
                found
            }
            Some(_) => Vec::new(),
            None => {
                let orphan =
                    |p: &&Stat| p.group == pid && p.start_ticks >= start_ticks && proc::is_marked(p.pid);
                all.iter().filter(orphan).copied().collect()
            }
        }
    }
}
