//! How many tokens each part may have. What is never cut (the soul, how to work) is limited where it is loaded.

use super::page::Budget;

const fn of(name: &'static str, tokens: usize) -> Budget {
    Budget { name, tokens }
}

// The stable part.
pub(super) const SOUL: Budget = of("who it is (SOUL.md)", 1_600);
pub(super) const RULES: Budget = of("what the policy enforces", 300);
pub(super) const HOW: Budget = of("how to work", 1_400);
pub(super) const PREFERENCES: Budget = of("preferences", 200);
pub(super) const AT_HAND: Budget = of("runbooks and skills", 250);
pub(super) const LIMITS: Budget = of("limits", 250);
pub(super) const TOOLS: Budget = of("tools", 1_400);

// The case.
pub(super) const CASE: Budget = of("the case", 700);
pub(super) const HEARTBEAT: Budget = of("the lab now (HEARTBEAT.md)", 250);
pub(super) const LESSONS: Budget = of("lessons (MEMORY.md)", 400);
pub(super) const RECORD: Budget = of("this problem before", 160);
pub(super) const INCIDENTS: Budget = of("last incidents", 250);
pub(super) const CHANGES: Budget = of("changes", 260);
pub(super) const TOPOLOGY: Budget = of("topology", 180);
pub(super) const SYMPTOMS: Budget = of("what is broken", 350);
pub(super) const TIMELINE: Budget = of("timeline", 400);
pub(super) const EVIDENCE: Budget = of("evidence of the root", 500);
pub(super) const MORE_EVIDENCE: Budget = of("other evidence", 250);
pub(super) const SAID: Budget = of("the thread", 600);
pub(super) const DECLINED: Budget = of("declined", 150);
pub(super) const CLOSING: Budget = of("closing", 30);
