//! What the engine is told, and the handle through which everything tells it.

mod clean;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::activity::{Activity, Busy};
use super::digest::{Lately, Standing};
use super::ports::{Choice, Delivery, Ended, Inbound, Kind, Platform, Survey, Way};
use super::repairs::LateStep;
use super::told::{Recipient, Told};
use super::turn::Go;
use super::undo::WayBack;
use super::vitals::Vitals;
use super::vitals::pulse::Pulse;
use super::world::Knowledge;
use crate::adopt::{Fault, Project};
use crate::domain::action::Executable;
use crate::domain::agent::{Conclusion, LessonWords, Proposal, Proposed, Spending};
use crate::domain::card::Card;
use crate::domain::change::Change;
use crate::domain::ids::{IncidentId, RemediationId, RunId};
use crate::domain::incident::SuspectNote;
use crate::domain::redact::Redaction;
use crate::domain::remediation::Outcome;
use crate::domain::report::Report;
use crate::domain::signal::Signal;
use crate::store::sagas::Unfinished;

/// How many signals may wait at once; whoever brings more waits.
const SIGNALS_WAITING: usize = 16_384;

/// Something the engine is told.
#[derive(Debug)]
pub enum Message {
    /// Signals came in.
    Signals(Vec<Signal>),
    /// What was acknowledged is to be worked off: each delivery with its number in the inbox, in their order.
    Delivered(Vec<(i64, Delivery)>),
    /// A source sent something that was not understood.
    Refused {
        /// The source.
        source: String,
        /// What was wrong with it.
        why: String,
    },
    /// A skill ran and kept its contract.
    Reported {
        /// The skill.
        skill: String,
        /// What it reported.
        report: Arc<Report>,
    },
    /// A skill ran and did not do its job.
    SkillFailed {
        /// The skill.
        skill: String,
        /// Why.
        why: String,
        /// How often in a row.
        failures: u32,
        /// How often in a row it takes to be a problem.
        threshold: u32,
    },
    /// Somebody typed or pressed something.
    Said(Inbound),
    /// Somebody typed something and stays on the line for the answer.
    Asked {
        /// What they typed.
        inbound: Inbound,
        /// Where the answer goes, once what followed is durable.
        line: oneshot::Sender<Told>,
    },
    /// A query was answered.
    Answered {
        /// Where the question came from.
        platform: String,
        /// The adapter's own name for the conversation.
        conversation: String,
        /// The answer.
        card: Card,
    },
    /// It was worked out what takes a repair back.
    TakeBack {
        /// Who wants to know.
        recipient: Recipient,
        /// What would be done.
        way: Box<WayBack>,
    },
    /// What is to be brought into the cluster was looked at.
    Gathered {
        /// The case in which its adoption began.
        adoption: IncidentId,
        /// What it is, or why that can't be told.
        project: Box<Result<Project, Vec<Fault>>>,
    },
    /// A repair's turn has come: may it go ahead?
    Turn {
        /// The repair.
        repair: Box<Unfinished>,
        /// Where the answer goes.
        reply: oneshot::Sender<(Go, Busy)>,
    },
    /// A step of a repair did something.
    Step {
        /// The incident.
        incident: IncidentId,
        /// The repair.
        remediation: RemediationId,
        /// What it did, in words.
        text: String,
        /// The same as a change, if it changed anything.
        change: Option<Change>,
    },
    /// The values of a late step are known: may it run?
    LateStep(Box<LateStep>),
    /// A repair ended.
    RepairEnded {
        /// The incident.
        incident: IncidentId,
        /// The repair.
        remediation: RemediationId,
        /// The runbook.
        runbook: String,
        /// How.
        outcome: Outcome,
    },
    /// Which programs the commands of a question mean, in order.
    Fingerprinted {
        /// The question.
        approval: u64,
        /// The programs; `None` for one that could not be found.
        executables: Vec<Option<Executable>>,
    },
    /// The suspects of an incident were found.
    Suspects {
        /// The incident.
        incident: IncidentId,
        /// Most suspect first.
        suspects: Vec<SuspectNote>,
    },
    /// What the agent is doing now, for its line in the thread.
    Progress {
        /// The case.
        incident: IncidentId,
        /// The run.
        run: RunId,
        /// In words, one line.
        text: String,
    },
    /// The agent wants something done.
    Proposed {
        /// The case.
        incident: IncidentId,
        /// The run.
        run: RunId,
        /// What.
        proposal: Box<Proposal>,
        /// Where it is told what becomes of it, once that is durable.
        reply: oneshot::Sender<Proposed>,
    },
    /// A run of the agent has ended.
    Investigated {
        /// The case.
        incident: IncidentId,
        /// The run.
        run: RunId,
        /// What it came to.
        conclusion: Box<Conclusion>,
        /// What it took.
        spent: Spending,
    },
    /// A command answers what somebody wants in plain words.
    Understood {
        /// The case.
        incident: IncidentId,
        /// The run that found out.
        run: RunId,
        /// The command, as it would have been typed.
        command: String,
        /// What it answers.
        card: Card,
    },
    /// The agent has put a lesson into better words, or could not.
    Narrated {
        /// The run.
        run: RunId,
        /// The words; none, and the lesson stays as it is.
        words: Option<LessonWords>,
    },
    /// A goal's time has come.
    Goal {
        /// Its name.
        name: String,
    },
    /// A change to something of Steward's own was made, or could not be: see [`Effect::Keep`](super::effect::Effect::Keep).
    Kept {
        /// The offer's number.
        offer: u64,
        /// What was done, in words; or why not.
        result: Result<String, String>,
    },
    /// What the operator wrote has changed.
    Learned {
        /// What is in force now.
        knowledge: Box<Knowledge>,
        /// What changed, for "what changed?".
        changes: Vec<Change>,
    },
    /// Sources were asked for the topology; none, when only time has passed.
    Surveyed(Vec<Survey>),
    /// Something changed that only Steward knows of.
    Changed(Vec<Change>),
    /// Something for the lab's channel that belongs to no incident.
    Notice(Card),
    /// A platform's events were taken in up to here, and nothing follows from the last of them.
    Bookmark {
        /// The platform.
        platform: Platform,
        /// How far, in the adapter's own words.
        bookmark: String,
    },
    /// What could be meant by what somebody types?
    Complete {
        /// What stands there.
        kind: Kind,
        /// What was typed so far.
        typed: String,
        /// Where the choices go.
        reply: oneshot::Sender<Vec<Choice>>,
    },
    /// A line to or from a platform is cut, or works.
    Line {
        /// The platform.
        platform: Platform,
        /// Which way.
        way: Way,
        /// Why it is cut.
        state: Result<(), String>,
    },
    /// A platform had to make an incident's root message or thread anew, because somebody deleted it.
    Remade {
        /// The incident.
        incident: IncidentId,
    },
    /// Is anybody there? Answered once the turn that took this is written.
    Pulse {
        /// Where the answer goes.
        reply: oneshot::Sender<Pulse>,
    },
    /// What is so now? For `HEARTBEAT.md`.
    Standing {
        /// Where the answer goes.
        reply: oneshot::Sender<Standing>,
    },
    /// It is time to tell what happened lately.
    Digest(Box<Lately>),
    /// Look at what is live as if time had come: sent once at start.
    Wake,
}

impl Message {
    /// The signals in it.
    pub(super) fn signals(&self) -> impl Iterator<Item = &Signal> {
        let (signals, deliveries): (&[Signal], &[(i64, Delivery)]) = match self {
            Self::Signals(signals) => (signals, &[]),
            Self::Delivered(deliveries) => (&[], deliveries),
            _ => (&[], &[]),
        };
        signals.iter().chain(deliveries.iter().flat_map(|(_, delivery)| &delivery.signals))
    }
}

/// A message on its way.
#[derive(Debug)]
pub struct Envelope {
    /// The message.
    pub message: Message,
    /// Told once what followed from it is durable.
    pub committed: Option<oneshot::Sender<()>>,
    pub(super) _busy: Busy,
    pub(super) _room: Option<OwnedSemaphorePermit>,
}

/// Where messages are left for the engine.
#[derive(Debug, Clone)]
pub struct Handle {
    mailbox: mpsc::UnboundedSender<Envelope>,
    room: Arc<Semaphore>,
    activity: Activity,
    redaction: Redaction,
    vitals: Vitals,
}

impl Handle {
    /// A mailbox and its reading end. Whatever is left in it goes through the redactor.
    #[must_use]
    pub fn new(activity: Activity, redaction: Redaction) -> (Self, mpsc::UnboundedReceiver<Envelope>) {
        let (mailbox, reader) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(SIGNALS_WAITING));
        (Self { mailbox, room, activity, redaction, vitals: Vitals::default() }, reader)
    }

    /// What whatever is told goes through.
    #[must_use]
    pub(super) fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    /// What is counted.
    #[must_use]
    pub fn vitals(&self) -> &Vitals {
        &self.vitals
    }

    /// What is under way.
    #[must_use]
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Leaves a message.
    pub fn send(&self, mut message: Message) {
        message.clean(&self.redaction.now());
        let envelope = Envelope { message, committed: None, _busy: self.activity.begin(), _room: None };
        // A closed mailbox means that the engine has ended; whoever sends is about to end too.
        let _ = self.mailbox.send(envelope);
    }

    /// Leaves a message and returns once what followed from it is durable.
    ///
    /// # Errors
    /// [`Ended`]: it is not known to be durable.
    pub async fn submit(&self, message: Message) -> Result<(), Ended> {
        self.leave(message, None)?.await.map_err(|_| Ended)
    }

    /// Asks on somebody's behalf, and returns what they are told once what followed from it is durable.
    ///
    /// # Errors
    /// [`Ended`]: nobody answers, and it is not known whether anything followed.
    pub async fn ask(&self, inbound: Inbound) -> Result<Told, Ended> {
        let (line, told) = oneshot::channel();
        self.send(Message::Asked { inbound, line });
        told.await.map_err(|_| Ended)
    }

    /// Leaves signals, waiting for room if many wait already, and returns once they are durable.
    ///
    /// # Errors
    /// [`Ended`]: they are not known to be durable.
    pub async fn signals(&self, signals: Vec<Signal>) -> Result<(), Ended> {
        let room = self.room_for(signals.len()).await?;
        self.leave(Message::Signals(signals), Some(room))?.await.map_err(|_| Ended)
    }

    /// As [`Handle::signals`], for deliveries from outside.
    ///
    /// # Errors
    /// [`Ended`]: it is not known whether they were worked off.
    pub(super) async fn deliver(&self, deliveries: Vec<(i64, Delivery)>) -> Result<(), Ended> {
        let room = self.room_for(deliveries.iter().map(|(_, one)| one.signals.len()).sum()).await?;
        self.leave(Message::Delivered(deliveries), Some(room))?.await.map_err(|_| Ended)
    }

    async fn room_for(&self, signals: usize) -> Result<OwnedSemaphorePermit, Ended> {
        let wanted = u32::try_from(signals.min(SIGNALS_WAITING)).unwrap_or(1);
        self.room.clone().acquire_many_owned(wanted).await.map_err(|_| Ended)
    }

    fn leave(
        &self,
        mut message: Message,
        room: Option<OwnedSemaphorePermit>,
    ) -> Result<oneshot::Receiver<()>, Ended> {
        message.clean(&self.redaction.now());
        let (committed, told) = oneshot::channel();
        let envelope =
            Envelope { message, committed: Some(committed), _busy: self.activity.begin(), _room: room };
        self.mailbox.send(envelope).map_err(|_| Ended)?;
        Ok(told)
    }
}
