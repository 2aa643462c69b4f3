//! The shipped host skills, run for real: bash runs the skill, and the tools it asks are stubs that print what
//! such a tool prints (`tests/skills/README.md` says which outputs were captured and which written by hand). A
//! tool without a stub is missing.

#[cfg(test)]
#[path = "skills/bench.rs"]
mod bench;
#[cfg(test)]
#[path = "skills/report.rs"]
mod report;

#[cfg(test)]
#[path = "skills/clock.rs"]
mod clock;
#[cfg(test)]
#[path = "skills/containers.rs"]
mod containers;
#[cfg(test)]
#[path = "skills/contract.rs"]
mod contract;
#[cfg(test)]
#[path = "skills/disk.rs"]
mod disk;
#[cfg(test)]
#[path = "skills/kernel.rs"]
mod kernel;
#[cfg(test)]
#[path = "skills/memory.rs"]
mod memory;
#[cfg(test)]
#[path = "skills/mounts.rs"]
mod mounts;
#[cfg(test)]
#[path = "skills/net.rs"]
mod net;
#[cfg(test)]
#[path = "skills/recorded.rs"]
mod recorded;
#[cfg(test)]
#[path = "skills/runbooks.rs"]
mod runbooks;
#[cfg(test)]
#[path = "skills/units.rs"]
mod units;
