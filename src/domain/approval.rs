//! The approval: a durable, expiring permission for one plan. The first answer wins; where several people have to
//! say yes, the first no does, and the last yes that is needed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::action::{Action, BlastRadius, Effect, Executable};
use super::ids::{ApprovalId, IncidentId, RemediationId};
use super::remediation::{Plan, UNDO_OF};
use super::signal::{Problem, Timestamp};

/// Where an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalState {
    /// Nobody has answered yet.
    Pending,
    /// An operator said yes.
    Approved,
    /// An operator said no.
    Denied,
    /// Nobody answered in time, which is a no.
    Expired,
    /// The reason for it is gone: the incident recovered, or its root moved.
    Withdrawn,
}

impl ApprovalState {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// One action of the plan as it is shown, and as it must be when it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedAction {
    /// What would run.
    pub action: Action,
    /// Its digest when it was shown, as the policy computes it.
    pub digest: String,
    /// What it does, as the policy judged.
    pub effect: Effect,
    /// What else it touches.
    pub blast_radius: BlastRadius,
    /// Why it needs a person.
    pub reasons: Vec<String>,
    /// How it would be undone, in words.
    pub undo: Option<String>,
    /// What it is for, unless it does a step: "to verify", "to take it back if it fails".
    #[serde(default)]
    pub purpose: Option<String>,
    /// Whether it is there to look (a verify, a capture): such a command may be needed again, and may run again.
    #[serde(default)]
    pub looks: bool,
    /// Whether it waits for what earlier steps capture: it is shown with the names of the values, judged and asked for
    /// once more when they are known, and no yes to this covers it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// The program that it meant when it was shown; another one needs another yes.
    #[serde(default)]
    pub executable: Option<Executable>,
}

/// What is said of a step whose values are not known yet.
const LATE: &str = " (judged when its values are known, and asked for again if it has to be)";

impl fmt::Display for ApprovedAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.action)?;
        if let Some(surroundings) = self.action.surroundings() {
            write!(f, " ({surroundings})")?;
        }
        match &self.purpose {
            Some(purpose) => write!(f, " {purpose}"),
            None if self.late => f.write_str(LATE),
            None => Ok(()),
        }
    }
}

/// Somebody who answers, as far as they can be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The name that people know them by.
    pub name: String,
    /// The account that they spoke from: `discord:1333333333333333401`.
    pub account: String,
}

impl Person {
    /// Whether two answers come from one person: from one account, whatever its name is now, or from two that go by
    /// one name, as somebody does who is on two platforms. Who goes by two names on two platforms is not known.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let plain = |person: &Self| person.name.trim().to_lowercase();
        self.account == other.account || plain(self) == plain(other)
    }
}

/// What became of a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// It counts, and more are needed.
    Counted {
        /// How many more.
        left: usize,
    },
    /// The same person has said yes before, which counts once.
    Again {
        /// How many more are needed.
        left: usize,
    },
    /// It was the last that was needed: the plan may be approved.
    Enough,
}

/// A step of a repair that runs already, and waits for a permission of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfStep {
    /// The repair.
    pub remediation: RemediationId,
    /// Its step, from 0.
    pub step: usize,
}

/// A request for permission to run one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Its identity.
    pub id: ApprovalId,
    /// The number people use.
    pub number: u64,
    /// The incident it is for.
    pub incident: IncidentId,
    /// The problem that the plan is for.
    pub problem: Problem,
    /// The step of a running repair that it is for; none where it is for a repair as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_step: Option<OfStep>,
    /// The runbook that would run.
    pub runbook: String,
    /// The title of what would run, where its name says nothing to people: a plan of the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What would be done.
    pub plan: Plan,
    /// The plan's commands as they were judged and shown, in order.
    pub actions: Vec<ApprovedAction>,
    /// Where it stands.
    pub state: ApprovalState,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When no answer becomes a no.
    pub expires_at: Timestamp,
    /// How many people have to say yes.
    #[serde(default = "one")]
    pub needed: u8,
    /// Who said yes so far, each once.
    #[serde(default)]
    pub yes: Vec<Person>,
    /// Whether the agent proposed it: then a person is asked even where the policy alone would not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_agent: bool,
    /// Whose proposal it is and why, in words; empty where the runbook fits by itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub proposed_by: String,
    /// Who decided it.
    pub decided_by: Option<String>,
}

/// How many people had to say yes before it could be more.
fn one() -> u8 {
    1
}

impl Approval {
    /// Counts somebody's yes. It decides nothing yet: [`Approval::decide`] does, once there are enough.
    ///
    /// # Errors
    /// The state it already has, when it is no longer pending; nothing changes then.
    pub fn say_yes(&mut self, by: &Person) -> Result<Answered, ApprovalState> {
        if self.state != ApprovalState::Pending {
            return Err(self.state);
        }
        let again = self.yes.iter().any(|other| other.is(by));
        if !again {
            self.yes.push(by.clone());
        }
        Ok(match (self.left(), again) {
            (0, _) => Answered::Enough,
            (left, false) => Answered::Counted { left },
            (left, true) => Answered::Again { left },
        })
    }

    /// Whether it is for taking a repair back: its plan says which.
    #[must_use]
    pub fn is_for_undo(&self) -> bool {
        self.plan.undoes.is_some()
    }

    /// What it is for, in words: a runbook, or one step of it.
    #[must_use]
    pub fn subject(&self) -> String {
        let undo = self.runbook.strip_prefix(UNDO_OF).map_or("", |_| UNDO_OF);
        let runbook = match &self.title {
            Some(title) => format!("{undo}\"{title}\""),
            None => self.runbook.clone(),
        };
        match (self.of_step, self.plan.steps.first()) {
            (Some(_), Some(step)) => format!("step {} of {runbook}", step.name),
            _ => runbook,
        }
    }

    /// How many people have yet to say yes.
    #[must_use]
    pub fn left(&self) -> usize {
        usize::from(self.needed.max(1)).saturating_sub(self.yes.len())
    }

    /// Whether it is known which program each of its commands means.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.actions.iter().all(|shown| shown.executable.is_some())
    }

    /// Who said yes so far: `anna`, `anna and ben`, `anna, ben and cleo`.
    #[must_use]
    pub fn said_yes(&self) -> String {
        let names: Vec<&str> = self.yes.iter().map(|person| person.name.as_str()).collect();
        match names.as_slice() {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        }
    }

    /// How many of how many said yes, and who: `1 of 2 said yes: anna`. `None` as long as nobody did, and where one
    /// is enough.
    #[must_use]
    pub fn tally(&self) -> Option<String> {
        let counts = self.needed > 1 && !self.yes.is_empty();
        counts.then(|| format!("{} of {} said yes: {}", self.yes.len(), self.needed, self.said_yes()))
    }

    /// Decides it. The first decision wins.
    ///
    /// # Errors
    /// The state it has, when it is no longer pending or too few have said yes to approve it; nothing changes then.
    pub fn decide(&mut self, state: ApprovalState, by: Option<&str>) -> Result<(), ApprovalState> {
        if self.state != ApprovalState::Pending || state == ApprovalState::Approved && self.left() > 0 {
            return Err(self.state);
        }
        self.state = state;
        self.decided_by = by.map(str::to_owned);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::target::{Signature, Target};

    fn person(name: &str, account: &str) -> Person {
        Person { name: name.into(), account: account.into() }
    }

    fn asking(needed: u8) -> Approval {
        let at: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let (target, signature) = (Target::parse("nas").unwrap(), Signature::parse("disk-fill").unwrap());
        Approval {
            id: ApprovalId(ulid::Ulid::from_parts(1, 1)),
            number: 1,
            incident: IncidentId(ulid::Ulid::from_parts(1, 2)),
            problem: Problem { target, signature },
            of_step: None,
            runbook: "vacuum".into(),
            plan: Plan::new("vacuum".into(), Vec::new()),
            actions: Vec::new(),
            state: ApprovalState::Pending,
            requested_at: at,
            expires_at: at,
            needed,
            yes: Vec::new(),
            title: None,
            by_agent: false,
            proposed_by: String::new(),
            decided_by: None,
        }
    }

    #[test]
    fn each_person_counts_once_from_whatever_account_and_under_whatever_name() {
        let mut approval = asking(2);
        assert_eq!(approval.say_yes(&person("anna", "discord:1")), Ok(Answered::Counted { left: 1 }));
        for same in
            [person("anna", "discord:1"), person("not anna", "discord:1"), person(" Anna", "telegram:9")]
        {
            assert_eq!(approval.say_yes(&same), Ok(Answered::Again { left: 1 }), "{same:?}");
        }
        assert_eq!(approval.tally().unwrap(), "1 of 2 said yes: anna");
        assert_eq!(approval.decide(ApprovalState::Approved, Some("anna")), Err(ApprovalState::Pending));
        assert_eq!((approval.state, &approval.decided_by), (ApprovalState::Pending, &None), "one is not two");

        assert_eq!(approval.say_yes(&person("ben", "telegram:2")), Ok(Answered::Enough));
        assert_eq!(approval.said_yes(), "anna and ben");
        assert_eq!(approval.decide(ApprovalState::Approved, Some("anna and ben")), Ok(()));
    }

    #[test]
    fn the_first_no_ends_it_however_many_said_yes_and_nothing_is_counted_after_that() {
        let mut approval = asking(3);
        approval.say_yes(&person("anna", "discord:1")).unwrap();
        approval.say_yes(&person("ben", "discord:2")).unwrap();
        approval.decide(ApprovalState::Denied, Some("cleo")).unwrap();
        assert_eq!(approval.say_yes(&person("dan", "discord:3")), Err(ApprovalState::Denied));
        assert_eq!(approval.decide(ApprovalState::Approved, Some("dan")), Err(ApprovalState::Denied));
        assert_eq!((approval.yes.len(), approval.decided_by.as_deref()), (2, Some("cleo")));
    }

    #[test]
    fn one_yes_is_enough_where_nothing_else_is_said_also_for_what_was_asked_before_it_could_be() {
        let mut written = serde_json::to_value(asking(1)).unwrap();
        for newer in ["needed", "yes"] {
            written.as_object_mut().unwrap().remove(newer).unwrap();
        }
        let mut approval: Approval = serde_json::from_value(written).unwrap();
        assert_eq!(approval.say_yes(&person("anna", "discord:1")), Ok(Answered::Enough));
        assert_eq!((approval.tally(), approval.said_yes()), (None, "anna".to_owned()));
        // What nobody would have to say yes to still takes one.
        assert_eq!(asking(0).decide(ApprovalState::Approved, Some("anna")), Err(ApprovalState::Pending));
    }
}
