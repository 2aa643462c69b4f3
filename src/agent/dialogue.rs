//! One run's dialogue with the models of a purpose: the next is asked where one fails or gives up, models without tool
//! calls are driven by JSON, and what leaves the lab is masked where that is wanted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::model::{Answer, Model, ModelError, Question};
use crate::config::ModelSettings;
use crate::domain::agent::Purpose;

/// A model and how it is configured.
#[derive(Clone)]
pub struct Member {
    /// The model.
    pub model: Arc<dyn Model>,
    /// Its prices, its size, how it calls tools, whether it is masked.
    pub settings: ModelSettings,
}

impl Member {
    /// Whether asking it costs nothing.
    #[must_use]
    pub fn is_free(&self) -> bool {
        let ModelSettings { price_in, price_cached, price_out, .. } = self.settings;
        price_in == 0 && price_cached == 0 && price_out == 0
    }
}

/// The models of one purpose, in the order in which they are asked.
#[derive(Clone, Default)]
pub struct Chain {
    /// Them.
    pub members: Vec<Member>,
}

/// The models of every purpose.
#[derive(Clone, Default)]
pub struct Models {
    /// Them.
    pub chains: BTreeMap<Purpose, Chain>,
}

impl Models {
    /// The models of a purpose; none, if there are none.
    #[must_use]
    pub fn chain(&self, purpose: Purpose) -> Chain {
        self.chains.get(&purpose).cloned().unwrap_or_default()
    }
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The answer; `spent` is priced.
    pub answer: Answer,
    /// The model that answered, by its name in the configuration.
    pub model: String,
    /// What was wrong with the form of the answer, where it was: to be told to the model. There are no calls then.
    pub malformed: Option<String>,
    /// Why the models before it did not answer.
    pub fell_back: Vec<String>,
}

/// A dialogue: remembers which model it has come to.
pub struct Dialogue<'a> {
    chain: &'a Chain,
    at: usize,
    only_free: bool,
    broke: bool,
}

impl<'a> Dialogue<'a> {
    /// A dialogue with the first of these models.
    #[must_use]
    pub fn new(chain: &'a Chain) -> Self {
        Self { chain, at: 0, only_free: false, broke: false }
    }

    /// Asks the model that the dialogue has come to; where it does not answer, the next.
    ///
    /// # Errors
    /// What the last of them said; `None` if there is none.
    pub async fn ask(&mut self, question: &Question) -> Result<Reply, Option<ModelError>> {
        let mut fell_back = Vec::new();
        let mut last = None;
        while let Some(member) = self.chain.members.get(self.at) {
            if self.only_free && !member.is_free() {
                fell_back.push(format!("{} costs money, and none is left", member.model.name()));
                self.broke = true;
                self.at += 1;
                continue;
            }
            match member.model.ask(question).await {
                Ok(answer) => {
                    let model = member.model.name().to_owned();
                    return Ok(Reply { answer, model, malformed: None, fell_back });
                }
                Err(error) => {
                    fell_back.push(error.to_string());
                    last = Some(error);
                    self.at += 1;
                }
            }
        }
        Err(last)
    }

    /// Whether only models without a price may be asked from now on, because no money is left.
    pub fn only_free(&mut self, only: bool) {
        self.only_free = only;
    }

    /// Whether a model was passed over because it costs money.
    #[must_use]
    pub fn is_broke(&self) -> bool {
        self.broke
    }

    /// Goes on to the next model, because this one gives up. `false`: there is none.
    pub fn next_model(&mut self) -> bool {
        self.at += 1;
        self.at < self.chain.members.len()
    }
}
