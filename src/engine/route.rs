//! From what people type to what is done: commands change the world in the engine's own turn, questions are answered
//! beside it.

use std::collections::BTreeSet;

use super::answers::count_of;
use super::ears::bookmark_of;
use super::lifecycle::silences::Wish;
use super::ports::Inbound;
use super::question::Question;
use super::world::World;
use crate::domain::approval::Person;
use crate::domain::card::Card;
use crate::domain::command::{COMMANDS, ChatCommand, Misunderstood, help_for, parse, suggest};
use crate::domain::incident::State;
use crate::domain::runbook::{CommandTemplate, Runbook};
use crate::domain::signal::Timestamp;
use crate::domain::suppression::Scope;
use crate::store::batch::SignalRow;

/// What a command comes to.
pub(super) enum Reply {
    /// This answer.
    Now(Card),
    /// This is why it comes to nothing.
    No(Card),
    /// An answer that has to be looked for.
    Ask(Question),
}

impl World {
    /// Takes in what somebody said, and returns what they are to be told. `None`: it was not meant for Steward.
    pub(super) fn said(&mut self, inbound: &Inbound, now: Timestamp) -> Option<Reply> {
        if let Some(bookmark) = &inbound.bookmark {
            self.keep_bookmark(&inbound.platform, bookmark.clone());
        }
        let command = match parse(&inbound.text, now, self.settings.tz) {
            Ok(command) => command,
            Err(misunderstood)
                if misunderstood.is_sentence(&inbound.text) && self.settings.agent.is_some() =>
            {
                return self.prose(inbound, now);
            }
            // People who talk to each other in a thread are not interrupted, unless it is a slip of the keys.
            Err(misunderstood) if !inbound.addressed && !is_a_slip(&misunderstood) => return None,
            Err(misunderstood) => {
                return Some(Reply::No(not_understood(
                    &misunderstood,
                    &inbound.text,
                    self.settings.agent.is_some(),
                )));
            }
        };
        Some(if self.is_of_another_time(&command, inbound) {
            Reply::No(
                Card::titled("I don't know this card").line(
                    "It may be from before my records begin. `approvals` lists what waits for you now.",
                ),
            )
        } else if command.needs_operator() && !inbound.operator {
            let data = serde_json::json!({ "text": inbound.text });
            self.audit(&inbound.user, "refused", data, now);
            self.sign(inbound);
            Reply::No(not_an_operator(inbound))
        } else {
            let reply = self.obey(command, inbound, now);
            self.sign(inbound);
            reply
        })
    }

    /// Whether a button that was pressed is about a question, or a repair, of the same number that another message was
    /// about.
    fn is_of_another_time(&self, command: &ChatCommand, inbound: &Inbound) -> bool {
        let asked_in = match command {
            ChatCommand::Approve { approval } | ChatCommand::Deny { approval, .. } => {
                let asked = self.approvals.get(approval).map(|asked| self.number(asked.incident));
                asked.or_else(|| self.offers.get(approval).map(|offer| offer.case))
            }
            ChatCommand::Undo { incident, .. } | ChatCommand::Decide { incident, .. } => *incident,
            _ => return false,
        };
        inbound.pressed && asked_in.is_some() && asked_in != inbound.incident
    }

    /// Keeps how far a platform's events were taken in.
    pub(super) fn keep_bookmark(&mut self, platform: &str, bookmark: String) {
        self.batch.settings.push((bookmark_of(platform), bookmark));
    }

    /// Adds to what somebody did just now who that is, beyond the name that people know them by.
    fn sign(&mut self, inbound: &Inbound) {
        let theirs = self.batch.audit.iter_mut().rev().take_while(|line| line.body.get("platform").is_none());
        for line in theirs.filter(|line| line.who.as_deref() == Some(inbound.user.as_str())) {
            if let Some(data) = line.body.as_object_mut() {
                data.insert("platform".to_owned(), inbound.platform.clone().into());
                data.insert("user_id".to_owned(), inbound.user_id.clone().into());
            }
        }
    }

    fn obey(&mut self, command: ChatCommand, inbound: &Inbound, now: Timestamp) -> Reply {
        let by = inbound.user.as_str();
        let answer = match command {
            ChatCommand::Help { topic } => return Reply::Now(help(topic.as_deref())),
            ChatCommand::Status => return Reply::Now(self.status(now)),
            ChatCommand::Incidents { all } => return Reply::Ask(Question::Incidents { all }),
            ChatCommand::Silences => return Reply::Now(self.list_silences(now)),
            ChatCommand::Approvals => return Reply::Now(self.list_approvals(now)),
            ChatCommand::Skills => return Reply::Ask(Question::Skills),
            ChatCommand::Runbooks { name } => return self.list_runbooks(name.as_deref()),
            ChatCommand::Reload => return Reply::Ask(Question::Reload { by: by.to_owned() }),
            ChatCommand::Run { skill } => return self.run_skill(skill, by, now),
            ChatCommand::Show { incident } => match self.meant(incident, inbound, "show") {
                Ok(number) => return Reply::Ask(Question::Show { number }),
                Err(why) => Err(why),
            },
            ChatCommand::Undo { incident, repair } => {
                let meant = self.meant(incident, inbound, "undo");
                match meant.and_then(|number| self.undoable(number, repair)) {
                    Ok((incident, remediation)) => {
                        let by = person(inbound);
                        return Reply::Ask(Question::TakeBack { incident, remediation, by });
                    }
                    Err(why) => Err(why),
                }
            }
            ChatCommand::Topology { target } => return self.show_topology(target.as_ref(), now),
            ChatCommand::Trust => return Reply::Now(self.list_trust()),
            ChatCommand::WhatChanged { since, on, incident } => {
                // Who names a target means that one, in a thread, too.
                let incident = incident.or(inbound.incident.filter(|_| on.is_none()));
                return Reply::Ask(Question::WhatChanged { since, on, incident });
            }
            ChatCommand::Ack { incident } => {
                self.meant(incident, inbound, "ack").and_then(|n| self.acknowledge(n, by, now))
            }
            ChatCommand::Ignored { since } => {
                let since = since.unwrap_or_else(|| self.beginning_of_today(now));
                return Reply::Ask(Question::Ignored { since });
            }
            ChatCommand::Digest { since } => {
                let since = since.unwrap_or_else(|| now - chrono::TimeDelta::days(1));
                return Reply::Ask(Question::Digest { since, standing: Box::new(self.standing(now)) });
            }
            ChatCommand::Silence { scope, kind, from, duration, comment } => {
                self.meant_scope(scope, inbound).and_then(|scope| {
                    self.silence_for(Wish { scope, kind, from, duration, comment }, inbound, now)
                })
            }
            ChatCommand::Unsilence { silence } => {
                self.unsilence(i64::try_from(silence).unwrap_or(i64::MAX), by, now)
            }
            ChatCommand::Approve { approval } => self.approve(approval, &person(inbound), now),
            ChatCommand::Deny { approval, reason } => self.deny(approval, reason.as_deref(), by, now),
            ChatCommand::Pause => self.pause(true, by, now),
            ChatCommand::Resume => self.pause(false, by, now),
            ChatCommand::Merge { from, into } => self.merge_by_hand(from, into, by, now),
            ChatCommand::Split { incident, target } => self.split(incident, &target, by, now),
            ChatCommand::Clear { incident } => self.clear(incident, by, now),
            ChatCommand::Ask { incident, words } => {
                return self.asked_in_words(&words, incident, inbound, now);
            }
            ChatCommand::Adopt { container, host, to } => {
                return self.adopt_by_hand((container, host, to), inbound, now);
            }
            ChatCommand::Decide { incident, decision, choice } => {
                self.decide(incident.or(inbound.incident), decision, &choice, by, now)
            }
            ChatCommand::Investigate { incident } => {
                let meant = self.meant(incident, inbound, "investigate");
                meant.and_then(|number| self.investigate_by_hand(number, by, now))
            }
            ChatCommand::Stop { incident } => self.stop_runs(incident.or(inbound.incident), by, now),
            ChatCommand::Goal { name: None } => return Reply::Now(self.list_goals(now)),
            ChatCommand::Goal { name: Some(name) } => self.run_goal(&name, by, now),
        };
        match answer {
            Ok(done) => Reply::Now(Card { done: true, ..Card::titled(done) }),
            Err(why) => Reply::No(Card::titled(why)),
        }
    }

    /// The incident that a command means: the one it names, the thread's, or the only one there is.
    fn meant(&self, named: Option<u64>, inbound: &Inbound, verb: &str) -> Result<u64, String> {
        if let Some(number) = named.or(inbound.incident) {
            return Ok(number);
        }
        let faults = self.incidents.values().filter(|live| live.incident.is_fault());
        let mut open = faults.filter(|live| live.incident.state.is_unresolved());
        match (open.next(), open.next()) {
            (Some(only), None) => Ok(only.incident.number),
            (None, _) => {
                Err("There is no open incident. `incidents all` lists those that are over.".to_owned())
            }
            (Some(_), Some(_)) => {
                Err(format!("Several incidents are open. Name one: `{verb} 3`. `incidents` lists them."))
            }
        }
    }

    fn meant_scope(&self, scope: Option<Scope>, inbound: &Inbound) -> Result<Scope, String> {
        match (scope, inbound.incident) {
            (Some(scope), _) => Ok(scope),
            (None, Some(number)) => {
                let live = self.by_number.get(&number).and_then(|id| self.incidents.get(id));
                live.map(|live| Scope::Target(live.incident.root.clone()))
                    .ok_or_else(|| format!("Incident #{number} is over; name a target."))
            }
            (None, None) => Err("Name a target: `silence nas/media for 2h`.".to_owned()),
        }
    }

    fn run_skill(&mut self, skill: String, by: &str, now: Timestamp) -> Reply {
        if self.knowledge.skills.contains(&skill) {
            self.audit(by, "run", serde_json::json!({ "skill": skill }), now);
            return Reply::Ask(Question::Run { skill });
        }
        let near = suggest(&skill, self.knowledge.skills.iter().map(String::as_str));
        let hint = near
            .map_or_else(|| "`skills` lists them.".to_owned(), |near| format!("Did you mean `run {near}`?"));
        Reply::No(Card::titled(format!("There is no skill {skill}. {hint}")))
    }

    /// How the lab is, in a few lines.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Card {
        let faults =
            || self.incidents.values().map(|live| &live.incident).filter(|incident| incident.is_fault());
        let count = |state: State| faults().filter(|incident| incident.state == state).count();
        let broken: Vec<String> = [State::Open, State::Remediating, State::Stuck, State::Mitigated]
            .into_iter()
            .map(|state| (state, count(state)))
            .filter(|(_, n)| *n > 0)
            .map(|(state, n)| format!("{n} {state}"))
            .collect();
        let not_checked = self.not_checked();
        let looked = |skill: &&String| self.last_complete.contains_key(*skill) || self.unwatched.has(skill);
        let not_looked: Vec<&str> =
            self.knowledge.skills.iter().filter(|skill| !looked(skill)).map(String::as_str).collect();
        let title = match (broken.is_empty(), not_checked.is_empty()) {
            (true, true) if !not_looked.is_empty() => "Nothing is broken that I know of".to_owned(),
            (true, true) => "All is well".to_owned(),
            (true, false) => "Nothing is broken as far as I can see, and I can't see everything".to_owned(),
            (false, _) => format!("Incidents: {}", broken.join(", ")),
        };
        let is_wish = |row: &SignalRow| {
            row.incident.and_then(|id| self.incident(id)).is_some_and(|incident| !incident.is_fault())
        };
        let problems: BTreeSet<_> =
            self.signals.values().filter(|row| !is_wish(row)).map(|row| row.signal.problem()).collect();
        let firing = problems.iter().filter(|problem| self.is_firing(problem));
        let failing: Vec<String> = firing.map(ToString::to_string).take(10).collect();
        let mut card = Card::titled(title)
            .field(
                "Watching",
                format!(
                    "{}, {}",
                    count_of(self.knowledge.skills.len(), "skill"),
                    count_of(self.knowledge.runbooks.len(), "runbook")
                ),
            )
            .field("Broken now", failing.join("\n"))
            .field("Could not check", not_checked.join("\n"))
            .field("Not looked since I started", not_looked.join(", "))
            .field(
                "Waits for you",
                self.approvals
                    .values()
                    .map(|a| format!("approve {}: {}", a.number, a.subject()))
                    .chain(self.offers.values().map(|o| format!("approve {}: {}", o.number, o.title)))
                    .chain(self.adoptions_that_wait())
                    .collect::<Vec<_>>()
                    .join("\n"),
            )
            .field(
                "Silences",
                self.silences
                    .iter()
                    .filter(|s| s.is_active(now))
                    .map(|s| s.scope.to_string())
                    .collect::<Vec<_>>()
                    .join(", "),
            );
        let runs: Vec<String> = self
            .incidents
            .values()
            .filter_map(|live| {
                let run = live.incident.investigating()?;
                Some(format!("run {} looks into #{}", run.number, live.incident.number))
            })
            .collect();
        card = card
            .field("Reasoning", self.settings.models.join(", "))
            .field("Agent", runs.join("\n"))
            .field("Chat", self.lines_now())
            .field(
                "Autonomy",
                match &self.paused {
                    Some(by) => format!("paused by {by}: I ask before every one"),
                    None => self.settings.autonomy.to_string(),
                },
            );
        card
    }

    fn list_approvals(&self, now: Timestamp) -> Card {
        if self.approvals.is_empty() && self.offers.is_empty() {
            return Card::titled("Nothing waits for you");
        }
        let card = self.approvals.values().fold(Card::titled("Waiting for you"), |card, approval| {
            let left = super::cards::span(now, approval.expires_at);
            let number = approval.number;
            let card = card.line(format!(
                "{number}  {} for #{}, {left} left",
                approval.subject(),
                self.number(approval.incident)
            ));
            let card =
                approval.tally().into_iter().fold(card, |card, tally| card.line(format!("   {tally}")));
            approval.actions.iter().fold(card, |card, action| card.line(format!("   {action}")))
        });
        self.list_offers(card, now)
    }

    fn list_runbooks(&self, name: Option<&str>) -> Reply {
        if let Some(name) = name {
            let runbooks = &self.knowledge.runbooks;
            return match runbooks.iter().find(|runbook| runbook.name == name) {
                Some(runbook) => Reply::Now(show_runbook(runbook)),
                None => {
                    let near = suggest(name, runbooks.iter().map(|runbook| runbook.name.as_str()));
                    let hint = near.map_or_else(
                        || "`runbooks` lists them.".to_owned(),
                        |near| format!("Did you mean `runbooks {near}`?"),
                    );
                    Reply::No(Card::titled(format!("There is no runbook {name}. {hint}")))
                }
            };
        }
        Reply::Now(self.knowledge.runbooks.iter().fold(Card::titled("Runbooks"), |card, runbook| {
            let from = if runbook.shipped { "shipped" } else { "own" };
            card.line(format!("{:<28} {from:<8} {}", runbook.name, runbook.title))
        }))
    }
}

/// Whether it is a command but for a letter or an argument, and not prose that happens to begin like one.
fn is_a_slip(misunderstood: &Misunderstood) -> bool {
    let only_help = misunderstood.suggestion.as_ref().is_some_and(|command| command.starts_with("help"));
    !misunderstood.is_prose() && !only_help
}

/// Whoever said it.
fn person(inbound: &Inbound) -> Person {
    let account = format!("{}:{}", inbound.platform, inbound.user_id);
    Person { name: inbound.user.clone(), account }
}

/// Tells the id as well: whoever sets Steward up needs it for the configuration.
pub(super) fn not_an_operator(inbound: &Inbound) -> Card {
    let Inbound { user, user_id, platform, .. } = inbound;
    let card = Card::titled("That is for operators");
    if user == user_id {
        return card.line(format!("{user} is not listed as one, so nothing was done."));
    }
    card.line(format!(
        "{user} (id {user_id}) is not listed under `[chat.{platform}] operators`, so nothing was done."
    ))
}

/// A runbook, step by step. Its commands are shown as they are written, placeholders and all.
fn show_runbook(runbook: &Runbook) -> Card {
    let command = |command: &CommandTemplate| {
        command.argv.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let steps = runbook.steps.iter().enumerate().map(|(at, step)| {
        let undo = step.undo.as_ref().map(|undo| format!("; undo: {}", command(undo)));
        format!("{}. {}: {}{}", at + 1, step.name, command(&step.run), undo.unwrap_or_default())
    });
    let from = if runbook.shipped { "came with Steward" } else { "your own" };
    Card::titled(format!("{}: {}", runbook.name, runbook.title))
        .field("Steps", steps.collect::<Vec<_>>().join("\n"))
        .field("From", from)
}

fn help(topic: Option<&str>) -> Card {
    if let Some(topic) = topic {
        return match help_for(topic) {
            Some(command) => Card::titled(command.usage)
                .line(command.what)
                .line(format!("For example: {}", command.example)),
            None => {
                let near = suggest(topic, COMMANDS.iter().map(|c| c.name));
                Card::titled(match near {
                    Some(near) => format!("There is no command {topic}. Did you mean `help {near}`?"),
                    None => format!("There is no command {topic}. `help` lists them."),
                })
            }
        };
    }
    let width = COMMANDS.iter().map(|command| command.usage.len()).max().unwrap_or(0);
    COMMANDS.iter().fold(Card::titled("What you can type"), |card, command| {
        card.line(format!("{:<width$}  {}", command.usage, command.what))
    })
}

/// What is said to words that are no command. A sentence would have been for the agent: where there is none, that is
/// what there is to say, and not which word of it is unknown.
fn not_understood(misunderstood: &Misunderstood, text: &str, has_agent: bool) -> Card {
    if !has_agent && misunderstood.is_sentence(text) {
        return Card::titled("That is no command, and no model is configured that could understand it")
            .line("`help` lists the commands. docs/agent.md tells how to set up a model.");
    }
    let mut card = Card::titled(misunderstood.what.clone());
    if let Some(suggestion) = &misunderstood.suggestion {
        card = card.line(format!("Did you mean `{suggestion}`?"));
    }
    if let Some(usage) = &misunderstood.usage {
        card = card.line(format!("Usage: {usage}"));
    }
    card
}
