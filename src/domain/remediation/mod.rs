//! The remediation: one run of a runbook, or of an agent's plan, as a persisted saga.
//!
//! A [`Saga`] is the pure fold of an append-only log of [`SagaEvent`]s over a [`Plan`]. One function,
//! [`Saga::apply`], takes an event or refuses it, and recovery replays through the same function. What comes
//! next is [`Saga::next`]: a decision from the state alone, so that a Steward that was killed decides as the
//! one before it would have. Nothing here runs a process, reads a clock or knows who approves; the engine's
//! driver does what `next` says and appends what came of it *before* it does anything else.
//!
//! # How a step goes
//!
//! 1. Its captures are read, its undo is filled with them and judged. If any of this fails, nothing has happened.
//! 2. [`SagaEvent::Started`] is committed: captured data, the action's digest, an attempt token.
//! 3. The process is spawned behind a gate. [`SagaEvent::Spawned`] is committed, then the gate opens. From here
//!    on the step counts as *let go*: it may have changed something.
//! 4. [`SagaEvent::Ran`] tells how it ended. That is a fact for people, not the verdict.
//! 5. [`SagaEvent::Verified`] is the verdict. Only a read step without a verify is judged by its exit code.
//!
//! A *late* step names what earlier steps captured. When it is its turn, and before its checks are asked,
//! [`SagaEvent::Filled`] puts the step with its values in the template's place, as it was judged and, where it had to
//! be, approved by then: from there on the commands of the event are those of the step, for its run, its undo, after a
//! crash and for taking it back. A late step that is not filled has not begun.
//!
//! # What the verdict means
//!
//! | effect of the step | passed | failed, may repeat | failed | unreadable |
//! | --- | --- | --- | --- | --- |
//! | read | succeeded | again | unwind | unwind |
//! | restorative | succeeded | again | unwind (itself needs no undo) | **stuck** |
//! | reversible or irreversible, with an undo | succeeded | again | undo it, unwind | undo it, unwind |
//! | irreversible, without an undo | succeeded | again | **stuck** | **stuck** |
//!
//! *May repeat*: the step reads, or is declared `idempotent`, needed nobody's yes, and has attempts left. Each further attempt waits
//! twice as long as the one before. An unreadable verdict is never answered with a repetition.
//!
//! # What must hold
//!
//! A plan may name checks ([`PlannedChecks`]). Each is a command, each answer a [`SagaEvent::Guarded`], and one that
//! can't be read counts as one that does not hold.
//!
//! | point | asked | not all hold |
//! | --- | --- | --- |
//! | before the first step | `before` | nothing begins: [`Outcome::Cancelled`], which is no failed attempt |
//! | before each attempt of a step | `always`; before an irreversible one the safety checks once more | unwind |
//! | after each step that succeeded | `always` | unwind |
//! | after the last step, before the final check | `after` | unwind |
//! | after each step that was taken back | `always` | it is on record, and the way back goes on |
//!
//! Where nothing was let go yet, there is nothing to unwind, and that is [`Outcome::Cancelled`], too. What was found
//! before a step counts for five minutes; after a longer break, and after a crash in the midst of it, it is asked again.
//! A step that destroys something relies on the safety checks only through [`Saga::safety_passed`].
//!
//! # After a crash
//!
//! | the log ends with | what happened | what follows |
//! | --- | --- | --- |
//! | nothing of this step, or captures being read | nothing | start it, with fresh captures |
//! | `Started` | nothing: the gate never opened | start it again; the attempt does not count |
//! | `Spawned` | unknown | end what still runs, then verify: the table above; the attempt does not count |
//! | `Ran` | as it says | verify |
//! | `UndoStarted` | nothing | start the undo again |
//! | `Spawned` of an undo | unknown | end what still runs, then read back; without captures to read: **stuck** |
//! | `Ran` of an undo | as it says | read back, where there are captures to read |
//!
//! The first [`MAX_INTERRUPTIONS`] interruptions of a step are not held against it; later ones are, so that a step
//! that takes Steward down with it each time comes to an end, too.
//!
//! # Unwinding
//!
//! It begins when a step failed for good, when the final check failed, or on a cancellation (after the step in
//! flight has finished with its verify). What was let go is taken back, newest first:
//!
//! | step | taken back by |
//! | --- | --- |
//! | never let go; read; restorative | nothing: there is nothing to take back |
//! | with an undo | its undo. Captures that the undo names are read again and must be as they were; without any, exit code 0 counts |
//! | without an undo | nobody: **stuck** |
//!
//! An undo that is denied, can't be spawned, fails, or can't be read back: **stuck**. Stuck stops everything
//! where it is; a person is called, and nothing further is tried behind their back.
//!
//! # How it ends
//!
//! Once every step succeeded, the check that had found the problem decides, unless it just has as the last
//! step's verify. Passed: [`Outcome::Succeeded`]. Not to be asked, as with an alert: [`Outcome::Deferred`].
//! Failed: unwind. Unreadable: **stuck**, since taking a repair back that may have worked would be a
//! second blind change.

mod checks;
mod event;
mod filling;
mod fold;
mod guard;
mod legal;
mod next;
mod plan;
mod saga;
mod take_back;
#[cfg(test)]
mod tests;

pub use checks::{PlannedCheck, PlannedChecks};
pub use event::{CheckVerdict, End, NotRun, Outcome, Part, Process, SagaEvent, Tail};
pub use filling::fill_captures;
pub use guard::{Point, is_fresh};
pub use legal::IllegalEvent;
pub use next::Next;
pub use plan::{MAX_ATTEMPTS, MAX_BACKOFF, Plan, PlanError, PlannedStep, PlannedVerify, Reading};
pub use saga::{Flight, MAX_INTERRUPTIONS, Phase, Saga, StepState, UndoPhase};
pub use take_back::{UNDO_OF, WhyNot, take_back};
