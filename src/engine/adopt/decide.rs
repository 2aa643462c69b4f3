//! What is people's to decide: asked, answered, and what follows from an answer.

use serde_json::json;

use super::cards::{self, Shown};
use super::words::{self, waiting};
use super::{Stage, WAITS};
use crate::adopt::{Adoption, Decision, Fault, adopt, plan};
use crate::domain::command::suggest;
use crate::domain::signal::Timestamp;
use crate::engine::people::Answer;
use crate::engine::world::World;
use crate::store::adoptions::Adopting;

/// The key of the card that lists all decisions that wait for nobody.
const LIST: &str = "";

impl World {
    /// Tells the plan with its files, and asks what is people's to decide.
    pub(super) fn show_plan(&mut self, adopting: Adopting, adoption: &Adoption, said: &str, now: Timestamp) {
        let adopting = numbered(adopting, adoption);
        let migration = plan::migration(adoption, &adopting.options);
        let host = self.host_name(&adopting);
        let shown = Shown {
            adoption,
            adopting: &adopting,
            migration: migration.as_ref().ok(),
            complete: ready(adoption),
            attempt: self.attempts(adopting.case),
            host: &host,
        };
        let card = cards::plan(&shown);
        self.post_in((adopting.case, adopting.number), &card, now);
        self.go_on(adopting, adoption, migration, said, now);
    }

    /// Asks for what still waits, or for the migration where nothing does.
    fn go_on(
        &mut self,
        mut adopting: Adopting,
        adoption: &Adoption,
        migration: Result<plan::Migration, Vec<Fault>>,
        said: &str,
        now: Timestamp,
    ) {
        self.put_decisions(&mut adopting, adoption);
        if ready(adoption) {
            return self.ask_to_move(adopting, migration, said, now);
        }
        let open = adoption.settled.decisions.iter().filter(|decision| decision.waits()).count();
        let waits = waiting(open);
        adopting.stage = Stage::Deciding;
        adopting.due = Some(now + WAITS);
        let case = adopting.case;
        self.keep_adoption(adopting);
        let text = format!("{said} {waits} before anything is moved.");
        self.tell_adoption(case, text, format!("{waits}, in the thread"), now);
    }

    /// Puts a card for each decision that waits, and one list of all others.
    fn put_decisions(&mut self, adopting: &mut Adopting, adoption: &Adoption) {
        let (case, number) = (adopting.case, adopting.number);
        for (at, id) in adopting.decisions.clone().iter().enumerate() {
            let decision = adoption.settled.decisions.iter().find(|decision| decision.id == *id);
            let card = adopting.cards.get(id).copied();
            match (decision.filter(|decision| decision.waits()), card) {
                (Some(decision), _) => {
                    let put = card.unwrap_or_else(|| self.next_card());
                    adopting.cards.insert(id.clone(), put);
                    self.put_in(case, put, cards::question(decision, at + 1, number), false);
                }
                (None, Some(put)) => {
                    adopting.cards.remove(id);
                    let answer = decision.map_or("no longer a question", |decision| decision.chosen.as_str());
                    self.settle_card(adopting, put, answer);
                }
                (None, None) => {}
            }
        }
        let settled: Vec<&Decision> = adoption.settled.decisions.iter().filter(|d| !d.waits()).collect();
        let put = adopting.cards.get(LIST).copied();
        if settled.is_empty() && put.is_none() {
            return;
        }
        let put = put.unwrap_or_else(|| self.next_card());
        adopting.cards.insert(LIST.to_owned(), put);
        self.put_in(case, put, cards::list(adopting, &settled), false);
    }

    /// Shows on a card what was decided; nobody can press anything on it any more.
    fn settle_card(&mut self, adopting: &Adopting, put: u64, answer: &str) {
        if let Some(card) = self.put_of(adopting.case, put).cloned() {
            self.put_in(adopting.case, put, cards::settled(card, answer), true);
        }
    }

    /// Takes the buttons from all cards that still wait.
    pub(super) fn close_decisions(&mut self, adopting: &mut Adopting, answer: &str) {
        for (id, put) in std::mem::take(&mut adopting.cards) {
            if id != LIST {
                self.settle_card(adopting, put, answer);
            } else if let Some(card) = self.put_of(adopting.case, put).cloned() {
                self.put_in(adopting.case, put, card, true);
            }
        }
    }

    /// Somebody settles a decision, or changes one.
    ///
    /// # Errors
    /// Why nothing changes, for people.
    pub(in crate::engine) fn decide(
        &mut self,
        case: Option<u64>,
        number: u64,
        choice: &str,
        by: &str,
        now: Timestamp,
    ) -> Answer {
        let mut adopting = self.meant_adoption(case)?.clone();
        self.may_decide(&adopting)?;
        let project = adopting.project.clone().ok_or("It is still being looked at.")?;
        let before = adopt(project.clone(), &adopting.options).map_err(|why| words::faults(&why))?;
        let decision = meant_decision(&adopting, &before, number)?;
        let choice = meant_choice(decision, choice);
        let (id, question) = (decision.id.clone(), decision.question.clone());
        adopting.options.answers.insert(id.clone(), choice.clone());
        let after =
            adopt(project, &adopting.options).map_err(|why| not_so(decision, number, &choice, &why))?;
        self.audit(
            by,
            "decide",
            json!({ "incident": adopting.number, "decision": id, "choice": choice }),
            now,
        );
        self.take_up_again(adopting.case, &question, now);
        let adopting = numbered(adopting, &after);
        let said = format!("{by} decided {number} ({}): {choice}.", question.trim_end_matches(['?', '.']));
        let migration = plan::migration(&after, &adopting.options);
        let host = self.host_name(&adopting);
        let shown = Shown {
            adoption: &after,
            adopting: &adopting,
            migration: migration.as_ref().ok(),
            complete: ready(&after),
            attempt: self.attempts(adopting.case),
            host: &host,
        };
        // The files of a plan that still waits for other answers are told once it does not, or when they change.
        if let Some(card) = cards::changes(&shown, &before, &id) {
            self.post_in((adopting.case, adopting.number), &card, now);
        }
        self.go_on(adopting, &after, migration, &said, now);
        Ok(format!("Decision {number}: {choice}."))
    }

    /// The one that is meant: of the case that was named, or the only one there is.
    fn meant_adoption(&self, case: Option<u64>) -> Result<&Adopting, String> {
        if let Some(number) = case {
            let found = self.adoptions.values().find(|adopting| adopting.number == number);
            return found.ok_or_else(|| {
                format!(
                    "Nothing waits to be brought over in #{number}. `adopt CONTAINER on HOST` begins that."
                )
            });
        }
        let mut all = self.adoptions.values().filter(|adopting| {
            matches!(adopting.stage, Stage::Looking | Stage::Deciding | Stage::Moving | Stage::Resting)
        });
        match (all.next(), all.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => {
                Err("Nothing waits to be decided. `adopt CONTAINER on HOST` brings something over."
                    .to_owned())
            }
            (Some(one), Some(_)) => {
                Err(format!("Several cases wait for decisions. Name one: `decide #{} …`.", one.number))
            }
        }
    }

    /// Whether anything can still be decided.
    fn may_decide(&self, adopting: &Adopting) -> Result<(), String> {
        let number = adopting.number;
        let incident = self.incident(adopting.case).ok_or_else(|| format!("#{number} is closed."))?;
        if incident.running_repair().is_some() || incident.undoing.is_some() {
            return Err(format!(
                "#{number} is at work now, as it was approved; nothing can be decided meanwhile."
            ));
        }
        match adopting.stage {
            Stage::Looking => Err("It is still being looked at; the decisions follow.".to_owned()),
            Stage::Kept | Stage::Removing | Stage::Over => {
                Err("It runs in its new place already, so there is nothing left to decide.".to_owned())
            }
            Stage::Deciding | Stage::Moving | Stage::Resting => Ok(()),
        }
    }
}

/// Whether nothing waits for people any more.
fn ready(adoption: &Adoption) -> bool {
    !adoption.settled.decisions.iter().any(Decision::waits)
}

/// Gives each decision that has none a number: those that wait come first, as they are asked first.
fn numbered(mut adopting: Adopting, adoption: &Adoption) -> Adopting {
    let decisions = &adoption.settled.decisions;
    let (wait, others): (Vec<_>, Vec<_>) = decisions.iter().partition(|decision| decision.waits());
    for decision in wait.into_iter().chain(others) {
        if !adopting.decisions.contains(&decision.id) {
            adopting.decisions.push(decision.id.clone());
        }
    }
    adopting
}

fn meant_decision<'a>(
    adopting: &Adopting,
    adoption: &'a Adoption,
    number: u64,
) -> Result<&'a Decision, String> {
    let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let id = at.and_then(|at| adopting.decisions.get(at)).ok_or_else(|| {
        let most = adopting.decisions.len();
        format!("#{} has no decision {number}; they go from 1 to {most}.", adopting.number)
    })?;
    let found = adoption.settled.decisions.iter().find(|decision| decision.id == *id);
    found.ok_or_else(|| format!("Decision {number} is no longer a question, after what else was decided."))
}

/// The choice that was typed; other words are an answer of one's own, which some decisions take.
fn meant_choice(decision: &Decision, typed: &str) -> String {
    let typed = typed.trim();
    let choice = decision.choices.iter().find(|choice| choice.key.eq_ignore_ascii_case(typed));
    choice.map_or(typed, |choice| choice.key.as_str()).to_owned()
}

/// Why an answer is none.
fn not_so(decision: &Decision, number: u64, choice: &str, why: &[Fault]) -> String {
    let keys = || decision.choices.iter().map(|choice| choice.key.as_str());
    if keys().any(|key| key == choice) {
        return format!("That can't be done, so nothing changed. {}", words::faults(why));
    }
    let near = suggest(choice, keys()).map(|near| format!(" Did you mean `decide {number} {near}`?"));
    let all = keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    format!("Decision {number} has no such choice. There is {all}.{}", near.unwrap_or_default())
}
