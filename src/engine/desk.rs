//! The desk: where everything arrives, is decided in turn, is written, and only then has effects.
//!
//! One task owns the world. A turn takes all that waits, decides, and commits once; whoever left a message for a
//! durable answer hears only after that. If the store can't be written, the desk holds on to what it decided and
//! tries again: nothing is told and nothing is done in the meantime, and nothing is lost.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::activity;
use super::answers::Librarian;
use super::effect::Effect;
use super::heartbeat;
use super::message::{Envelope, Handle, Message};
use super::patience;
use super::ports::{Clock, Investigator, Keeper, SomeInvestigator};
use super::question::Question;
use super::repairs::Shop;
use super::route::Reply;
use super::schedule::{Asker, until};
use super::told::{Recipient, Told};
use super::vitals::Decided;
use super::vitals::pulse::Pulse;
use super::world::World;
use crate::domain::agent::{Keepsake, Proposed};
use crate::domain::incident::Event;
use crate::domain::signal::Timestamp;
use crate::store::batch::Batch;
use crate::store::{Metrics, Store, StoreError};

/// Messages taken in one turn.
const TURN: usize = 1024;
/// The first wait when the store can't be written; it doubles.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What is left to be told to people once a turn is written.
#[derive(Default)]
struct Asked {
    answered: Vec<(oneshot::Sender<Told>, Told)>,
    questions: Vec<(Recipient, Question)>,
    pulses: Vec<(oneshot::Sender<Pulse>, Pulse)>,
    proposed: Vec<(oneshot::Sender<Proposed>, Proposed)>,
}

impl Asked {
    /// Sees to it that somebody is told. What goes to a chat is part of the turn, so that it is said if it was
    /// decided; who is on the line waits for the turn to be written.
    fn reply(&mut self, world: &mut World, recipient: Recipient, reply: Option<Reply>, now: Timestamp) {
        let told = match reply {
            None => return,
            Some(Reply::Now(card)) => Told::yes(card),
            Some(Reply::No(card)) => Told::no(card),
            Some(Reply::Ask(question)) => return self.questions.push((recipient, question)),
        };
        match recipient {
            Recipient::Conversation { platform, conversation } => {
                world.answer(&platform, &conversation, &told.card, now);
            }
            Recipient::OnTheLine(line) => self.answered.push((line, told)),
        }
    }
}

/// What the desk works with.
pub struct Desk {
    /// What decisions are made from.
    pub world: World,
    /// Where they are written.
    pub store: Store,
    /// Where what was heard is kept, to be played again.
    pub metrics: Metrics,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What comes in.
    pub mailbox: mpsc::UnboundedReceiver<Envelope>,
    /// Where others leave messages.
    pub handle: Handle,
    /// Runs skills.
    pub skills: Asker,
    /// Runs repairs.
    pub shop: Shop,
    /// Answers questions.
    pub librarian: Librarian,
    /// Looks into what no runbook fits, where there is a model.
    pub agent: SomeInvestigator,
    /// Keeps what a person said yes to.
    pub keeper: Arc<dyn Keeper>,
    /// Rung when there may be something to deliver.
    pub bells: Vec<Arc<Notify>>,
    /// Rung when an incident opened or is over.
    pub heart: Arc<Notify>,
}

impl Desk {
    /// Works until told to end. Then it takes what waits, writes it, and returns.
    ///
    /// # Errors
    /// The store is lost for good (corrupt, its thread ended), or refuses what was decided: going on would lose what
    /// comes in. A start from what is stored is the better way on.
    pub async fn run(mut self, mut ending: watch::Receiver<bool>) -> Result<(), StoreError> {
        let mut envelopes = Vec::new();
        let mut ended = ending.clone();
        loop {
            let deadline = self.world.next_deadline();
            tokio::select! {
                biased;
                () = activity::told(&mut ended) => {
                    while let Ok(envelope) = self.mailbox.try_recv() {
                        envelopes.push(envelope);
                    }
                    return self.turn(&mut envelopes, &mut ending).await;
                }
                _ = self.mailbox.recv_many(&mut envelopes, TURN) => {}
                () = until(&*self.clock, deadline) => {}
            }
            self.turn(&mut envelopes, &mut ending).await?;
        }
    }

    async fn turn(
        &mut self,
        envelopes: &mut Vec<Envelope>,
        ending: &mut watch::Receiver<bool>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let _busy = self.handle.activity().begin();
        let mut asked = Asked::default();
        self.world.overhear(envelopes.iter().flat_map(|envelope| envelope.message.signals()), now);
        let vitals = self.handle.vitals().clone();
        let taken = envelopes.len();
        envelopes.iter().for_each(|envelope| vitals.heard(&envelope.message, now));
        for envelope in envelopes.iter_mut() {
            let message = std::mem::replace(&mut envelope.message, Message::Changed(Vec::new()));
            self.take(message, &mut asked, now);
        }
        let (mut batch, effects) = self.world.end_turn(now);
        let heard = std::mem::take(&mut batch.heard);
        let decided = Decided::of(&batch);
        let turning = batch.events.iter().any(|(_, record)| heartbeat::is_turning_point(&record.event));
        self.commit(batch, ending).await?;
        vitals.decided(&decided);
        if turning {
            self.heart.notify_one();
        }
        self.metrics.hear(heard);
        for mut envelope in envelopes.drain(..) {
            if let Some(committed) = envelope.committed.take() {
                let _ = committed.send(());
            }
        }
        self.perform(effects);
        for (line, told) in asked.answered {
            // Whoever asked may have gone.
            let _ = line.send(told);
        }
        for (recipient, question) in asked.questions {
            self.librarian.answer(question, recipient, self.world.knowledge.clone());
        }
        for (reply, proposed) in asked.proposed {
            let _ = reply.send(proposed);
        }
        for (reply, pulse) in asked.pulses {
            let _ = reply.send(pulse);
        }
        vitals.turned(since(now, self.clock.now()), taken, self.mailbox.len());
        Ok(())
    }

    fn take(&mut self, message: Message, asked: &mut Asked, now: Timestamp) {
        let world = &mut self.world;
        match message {
            Message::Signals(signals) => {
                signals.into_iter().for_each(|signal| world.take_signal(signal, now))
            }
            Message::Delivered(deliveries) => {
                deliveries.into_iter().for_each(|(id, delivery)| world.delivered(id, delivery, now))
            }
            Message::Refused { source, why } => world.refused(&source, &why, now),
            Message::Reported { skill, report } => {
                world.looked(&skill, &report, now);
                world.take_report(&skill, &report, now);
            }
            Message::SkillFailed { skill, why, failures, threshold } => {
                world.could_not_look(&skill, &why, now);
                world.skill_failed(&skill, &why, failures, threshold, now);
            }
            Message::Said(inbound) => {
                let reply = world.said(&inbound, now);
                asked.reply(world, Recipient::in_chat(inbound), reply, now);
            }
            Message::Asked { inbound, line } => {
                let reply = world.said(&inbound, now);
                asked.reply(world, Recipient::OnTheLine(line), reply, now);
            }
            Message::Answered { platform, conversation, card } => {
                world.answer(&platform, &conversation, &card, now)
            }
            Message::TakeBack { recipient, way } => {
                let card = world.take_back(*way, now);
                let reply = if card.done { Reply::Now(card) } else { Reply::No(card) };
                asked.reply(world, recipient, Some(reply), now);
            }
            Message::Gathered { adoption, project } => world.gathered(adoption, *project, now),
            Message::Turn { repair, reply } => {
                // A repair that is gone by now is taken up at the next start.
                let _ = reply.send((world.turn(&repair, now), self.handle.activity().begin()));
            }
            Message::Step { incident, remediation, text, change } => {
                let changed = change.is_some();
                world.note_changes(change);
                world.record(incident, Event::RepairStep { remediation, text, changed }, now);
            }
            Message::LateStep(late) => world.late_step(*late, now),
            Message::RepairEnded { incident, remediation, runbook, outcome } => {
                world.repair_ended(incident, remediation, &runbook, &outcome, now);
            }
            Message::Fingerprinted { approval, executables } => {
                world.fingerprinted(approval, executables, now)
            }
            Message::Progress { incident, run, text } => world.progress(incident, run, &text, now),
            Message::Proposed { incident, run, proposal, reply } => {
                asked.proposed.push((reply, world.propose(incident, run, *proposal, now)));
            }
            Message::Investigated { incident, run, conclusion, spent } => {
                world.investigated(incident, run, *conclusion, spent, now);
            }
            Message::Understood { incident, run, command, card } => {
                world.understood(incident, run, &command, card, now);
            }
            Message::Narrated { run, words } => world.narrated(run, words.as_ref(), now),
            Message::Goal { name } => world.begin_goal(&name, now),
            Message::Kept { offer, result } => world.kept(offer, result, now),
            Message::Suspects { incident, suspects } => world.suspect(incident, suspects, now),
            Message::Learned { knowledge, changes } => {
                world.note_changes(changes);
                world.learn(*knowledge);
                world.forget_gone_skills(now);
                world.await_goals(now);
            }
            Message::Surveyed(surveys) => world.surveyed(surveys, now),
            Message::Changed(changes) => world.note_changes(changes),
            Message::Notice(card) => world.tell_lab(&card, now),
            Message::Bookmark { platform, bookmark } => world.keep_bookmark(&platform, bookmark),
            Message::Complete { kind, typed, reply } => {
                // Whoever asked may have stopped waiting.
                let _ = reply.send(world.complete(kind, &typed, now));
            }
            Message::Line { platform, way, state } => world.line(&platform, way, state, now),
            Message::Remade { incident } => world.put_questions_again(incident),
            Message::Standing { reply } => {
                let _ = reply.send(world.standing(now));
            }
            Message::Pulse { reply } => asked.pulses.push((reply, world.beat(now))),
            Message::Digest(lately) => world.digest(&lately, now),
            Message::Wake => world.forget_gone_skills(now),
        }
    }

    /// Writes what was decided, for as long as it takes.
    async fn commit(&self, batch: Batch, ending: &mut watch::Receiver<bool>) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let batch = Arc::new(batch);
        let mut wait = FIRST_WAIT;
        loop {
            let (writing, begun) = (batch.clone(), self.clock.now());
            match self.store.write(writing).await {
                Ok(()) => {
                    self.handle.vitals().wrote(since(begun, self.clock.now()));
                    break;
                }
                Err(error) if patience::is_pointless(&error) || *ending.borrow() => return Err(error),
                Err(error) => {
                    self.handle.vitals().not_written(&error);
                    tracing::error!(%error, retry_in = ?wait, "decisions can't be written; nothing is told or done until they are");
                    let patience = async {
                        tokio::select! {
                            () = self.clock.sleep(wait) => {}
                            () = activity::told(ending) => {}
                        }
                    };
                    self.handle.activity().stalled(patience).await;
                    wait = wait.saturating_mul(2).min(LONGEST_WAIT);
                }
            }
        }
        if !batch.messages.is_empty() {
            self.bells.iter().for_each(|bell| bell.notify_one());
        }
        Ok(())
    }

    fn perform(&self, effects: Vec<Effect>) {
        let mut inquiries = Vec::new();
        for effect in effects {
            match effect {
                Effect::RunSkill { skill, why } => self.skills.run(&skill, &why),
                Effect::Repair(repair, reach) => self.shop.run(*repair, reach),
                Effect::Fingerprint { approval, actions } => self.shop.fingerprint(approval, actions),
                Effect::Answer { of, word } => self.shop.answer(of, *word),
                Effect::CallOff { remediation, why } => self.shop.call_off(remediation, &why),
                Effect::FindSuspects(inquiry) => inquiries.push(inquiry),
                Effect::Investigate(assignment) => self.with_agent(|agent| {
                    agent.begin(*assignment.clone(), self.world.knowledge.clone());
                }),
                Effect::Narrate(assignment, draft) => self.with_agent(|agent| {
                    agent.narrate(*assignment, *draft, self.world.knowledge.clone());
                }),
                Effect::StopRun { run, by } => self.with_agent(|agent| agent.stop(run, &by)),
                Effect::RepairOver { remediation, how } => {
                    self.with_agent(|agent| agent.repair_over(remediation, &how));
                }
                Effect::Gather { adoption, container, host } => {
                    self.librarian.gather(adoption, container, host);
                }
                Effect::Keep { offer, keepsake, by } => self.keep(offer, *keepsake, by),
            }
        }
        if !inquiries.is_empty() {
            self.librarian.find_suspects(inquiries, self.world.knowledge.topology.clone());
        }
    }
}

impl Desk {
    fn with_agent(&self, with: impl FnOnce(&dyn Investigator)) {
        if let Some(agent) = &self.agent {
            with(&**agent);
        }
    }

    /// Has something kept that a person said yes to, beside the desk: files and git are slow.
    fn keep(&self, offer: u64, keepsake: Keepsake, by: String) {
        let (keeper, engine) = (self.keeper.clone(), self.handle.clone());
        self.handle.activity().spawn(async move {
            let result = keeper.keep(&keepsake, &by).await;
            engine.send(Message::Kept { offer, result });
        });
    }
}

/// The time between two looks at the clock; nothing if it went back.
fn since(begun: Timestamp, now: Timestamp) -> Duration {
    (now - begun).to_std().unwrap_or_default()
}
