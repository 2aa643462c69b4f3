//! What came of a recording: the incidents as they ended, and what people would have read, in order.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::card::{Card, Mention, Place};
use crate::domain::incident::{Event, Incident, State};
use crate::domain::signal::Timestamp;
use crate::domain::target::{Signature, Target};
use crate::domain::topology::Topology;
use crate::store::batch::Batch;

/// What kind of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The root message of an incident that nobody had heard of.
    Root,
    /// A message in an incident's thread.
    Post,
    /// A question in an incident's thread.
    Question,
    /// A message in the lab's channel that belongs to no incident.
    Lab,
    /// An answer to what somebody said.
    Answer,
}

impl Kind {
    /// The stable word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Post => "post",
            Self::Question => "question",
            Self::Lab => "lab",
            Self::Answer => "answer",
        }
    }
}

/// A message that people would have read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// What kind of message.
    pub kind: Kind,
    /// The number of the incident that it belongs to.
    pub incident: Option<u64>,
    /// What it says.
    pub card: Card,
}

impl Said {
    /// Whether it calls people.
    #[must_use]
    pub fn calls(&self) -> bool {
        self.card.mention == Mention::Here
    }
}

/// What came of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// When the first signal came.
    pub from: Timestamp,
    /// When the last thing was looked at.
    pub until: Timestamp,
    /// How many signals were played: alerts, and findings of reports.
    pub signals: u64,
    /// The incidents as they were in the end, by number.
    pub incidents: BTreeMap<u64, Incident>,
    /// When each last resolved.
    pub resolved_at: BTreeMap<u64, Timestamp>,
    /// What people would have read, in order. Edits of root messages are only counted.
    pub messages: Vec<Said>,
    /// How often root messages were edited.
    pub edits: u64,
    /// The last root card of each incident that people were told of.
    pub roots: BTreeMap<u64, Card>,
    /// What hid each that was hidden, the last thing that did.
    pub hidden: BTreeMap<u64, String>,
    /// Reasons that held of an incident before its root was another.
    earlier: BTreeMap<u64, BTreeSet<String>>,
    /// What the root of each incident needs.
    above: BTreeMap<u64, BTreeSet<Target>>,
    told: BTreeSet<u64>,
    /// Those that will change by themselves: they are well, or flap.
    on_their_way: BTreeSet<u64>,
}

impl Outcome {
    pub(super) fn new(from: Timestamp) -> Self {
        Self {
            from,
            until: from,
            signals: 0,
            incidents: BTreeMap::new(),
            resolved_at: BTreeMap::new(),
            messages: Vec::new(),
            edits: 0,
            roots: BTreeMap::new(),
            hidden: BTreeMap::new(),
            earlier: BTreeMap::new(),
            above: BTreeMap::new(),
            told: BTreeSet::new(),
            on_their_way: BTreeSet::new(),
        }
    }

    /// Takes in what a turn decided.
    pub(super) fn note(&mut self, batch: Batch, now: Timestamp) {
        let numbers: BTreeMap<_, _> =
            batch.incidents.iter().map(|stored| (stored.incident.id, stored.incident.number)).collect();
        for (id, record) in &batch.events {
            if let (Event::Resolved { .. }, Some(number)) = (&record.event, numbers.get(id)) {
                self.resolved_at.insert(*number, now);
            }
        }
        for stored in batch.incidents {
            let incident = stored.incident;
            if matches!(incident.state, State::Mitigated | State::Resolved) || incident.flapping {
                self.on_their_way.insert(incident.number);
            } else {
                self.on_their_way.remove(&incident.number);
            }
            let before = self.incidents.get(&incident.number).filter(|before| before.root != incident.root);
            if let Some(before) = before {
                let reasons = reasons(before).into_iter().map(str::to_owned);
                self.earlier.entry(incident.number).or_default().extend(reasons);
            }
            self.incidents.insert(incident.number, incident);
        }
        let mut said: Vec<Said> = Vec::new();
        for message in batch.messages {
            let incident = message.place.incident().map(|(_, number)| number);
            let kind = match message.place {
                Place::Root { number, .. } => {
                    self.roots.insert(number, message.card.clone());
                    if !self.told.insert(number) {
                        self.edits += 1;
                        continue;
                    }
                    Kind::Root
                }
                Place::Thread { .. } => Kind::Post,
                Place::Question { .. } => Kind::Question,
                Place::Lab => Kind::Lab,
                Place::Answer { .. } => Kind::Answer,
            };
            said.push(Said { at: now, kind, incident, card: message.card });
        }
        // Of incidents that are told of in the same turn, the one with the lower number is told first.
        said.sort_by_key(|said| said.incident.unwrap_or(0));
        self.messages.extend(said);
    }

    /// Looks up what the roots need, in the topology as it is in the end.
    pub(super) fn place(&mut self, topology: &Topology) {
        for (number, incident) in &self.incidents {
            let above = topology.upstreams(&incident.root).into_iter().filter(|upstream| upstream.declared);
            self.above.insert(*number, above.map(|upstream| upstream.target).collect());
        }
    }

    /// Whether people were told of it.
    #[must_use]
    pub fn was_told(&self, number: u64) -> bool {
        self.told.contains(&number)
    }

    /// The targets that are part of an incident besides its root and what its root needs.
    #[must_use]
    pub fn victims<'a>(&self, incident: &'a Incident) -> BTreeSet<&'a Target> {
        let above = self.above.get(&incident.number);
        let targets = incident.members.iter().map(|member| &member.problem.target);
        targets
            .filter(|target| **target != incident.root)
            .filter(|target| above.is_none_or(|above| !above.contains(*target)))
            .collect()
    }

    /// Why things belong to an incident as it is in the end, and what was said of an earlier root.
    #[must_use]
    pub fn reasons<'a>(&self, incident: &'a Incident) -> (Vec<&'a str>, Vec<&'a str>) {
        let earlier = self.earlier.get(&incident.number);
        reasons(incident).into_iter().partition(|why| {
            *why == incident.root_why || earlier.is_none_or(|earlier| !earlier.contains(*why))
        })
    }

    /// Whether no incident changes any more by the passing of time alone.
    pub(super) fn is_settled(&self) -> bool {
        self.on_their_way.is_empty()
    }

    /// The incidents that were not merged into others.
    pub fn standing(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values().filter(|incident| incident.state != State::Merged)
    }

    /// How many messages of a kind there are.
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        self.messages.iter().filter(|said| said.kind == kind).count() as u64
    }

    /// How many messages call people.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.messages.iter().filter(|said| said.calls()).count() as u64
    }
}

/// What is broken at the root; where nobody saw the root fail, what began the incident.
#[must_use]
pub fn signature(incident: &Incident) -> &Signature {
    let of_root = || incident.members.iter().filter(|member| member.problem.target == incident.root);
    let own =
        of_root().find(|member| member.problem.signature == incident.signature).or_else(|| of_root().next());
    own.map_or(&incident.signature, |member| &member.problem.signature)
}

/// Why things belong to an incident, each reason once, in the order in which they were found.
#[must_use]
pub fn reasons(incident: &Incident) -> Vec<&str> {
    let mut reasons: Vec<&str> = Vec::new();
    let all = std::iter::once(&incident.root_why).chain(incident.members.iter().map(|member| &member.why));
    for why in all.map(String::as_str).filter(|why| !why.is_empty()) {
        if !reasons.contains(&why) {
            reasons.push(why);
        }
    }
    reasons
}
