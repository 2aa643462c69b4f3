//! One run's dialogue with the models of a purpose: the next is asked where one fails or gives up, models without tool
//! calls are driven by JSON, and what leaves the lab is masked where that is wanted.

mod by_json;
mod fit;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

pub(super) use by_json::objects;

use super::context::tokens::estimate;
use super::mask::Mask;
use super::model::{Answer, Model, ModelError, Question, Turn};
use crate::config::{ModelSettings, ToolCalls};
use crate::domain::agent::{Purpose, Spending};
use crate::engine::ports::Clock;

/// The longest pause that is waited for when a model asks for one; for a longer one the next model is asked.
const SHORT_PAUSE: Duration = Duration::from_secs(10);

/// A model and how it is configured.
#[derive(Clone)]
pub struct Member {
    /// The model.
    pub model: Arc<dyn Model>,
    /// Its prices, its size, how it calls tools, whether it is masked.
    pub settings: ModelSettings,
}

impl Member {
    /// Whether asking it costs money.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        let ModelSettings { price_in, price_cached, price_out, .. } = self.settings;
        price_in > 0 || price_cached > 0 || price_out > 0
    }

    /// What so many tokens cost, in millionths; part of a millionth counts as one.
    #[must_use]
    pub fn price(&self, spent: &Spending) -> u64 {
        let Spending { tokens_in, tokens_cached, tokens_out, .. } = *spent;
        let fresh = tokens_in.saturating_sub(tokens_cached);
        let parts = [
            (fresh, self.settings.price_in),
            (tokens_cached, self.settings.price_cached),
            (tokens_out, self.settings.price_out),
        ];
        let whole: u128 = parts.iter().map(|&(tokens, price)| u128::from(tokens) * u128::from(price)).sum();
        u64::try_from(whole.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

/// Sets up the models that are configured, by name, short of connecting to them. Fails with the reason, for people.
pub type MakeModels = Arc<dyn Fn() -> Result<BTreeMap<String, Member>, String> + Send + Sync>;

/// Calls taken of one answer; more is no plan but a fault.
const CALLS: usize = 20;
/// Tokens of one question or answer, at most: no model is as large.
const TOKENS: u64 = 10_000_000;

/// What a server says it took, within reason: one that says nothing is taken to have counted as we do.
fn sober(spent: &mut Spending, question: &Question, text: &str) {
    let counted = |told: u64, reckoned: usize| match told {
        0 => u64::try_from(reckoned).unwrap_or(TOKENS),
        told => told,
    };
    spent.tokens_in = counted(spent.tokens_in, fit::size(question)).min(TOKENS);
    spent.tokens_out = counted(spent.tokens_out, estimate(text)).min(TOKENS);
    spent.tokens_cached = spent.tokens_cached.min(spent.tokens_in);
}

/// The models of one purpose, in the order in which they are asked.
#[derive(Clone, Default)]
pub struct Chain {
    /// Them.
    pub members: Vec<Member>,
}

impl Chain {
    /// Those of them that cost nothing.
    #[must_use]
    pub fn unpaid(&self) -> Self {
        Self { members: self.members.iter().filter(|member| !member.is_paid()).cloned().collect() }
    }
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

/// A dialogue: remembers which model it has come to, what it has found out about it, and what stands for what.
pub struct Dialogue<'a> {
    chain: &'a Chain,
    at: usize,
    clock: Option<Arc<dyn Clock>>,
    mask: Mask,
    /// The members that turned out to have no tools of their own.
    without_tools: BTreeSet<usize>,
    only_free: bool,
    broke: bool,
    form: Option<serde_json::Value>,
}

impl<'a> Dialogue<'a> {
    /// A dialogue with the first of these models.
    #[must_use]
    pub fn new(chain: &'a Chain) -> Self {
        Self {
            chain,
            at: 0,
            clock: None,
            mask: Mask::default(),
            without_tools: BTreeSet::new(),
            only_free: false,
            broke: false,
            form: None,
        }
    }

    /// Waits on this clock, once per question, where a model asks for a short pause. Without a clock the next model is
    /// asked at once.
    #[must_use]
    pub fn patient(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Wants each answer as one JSON object of this schema, as far as a provider can hold a model to that. For questions
    /// without tools.
    #[must_use]
    pub fn in_form(mut self, form: serde_json::Value) -> Self {
        self.form = Some(form);
        self
    }

    /// Masks these names, too, for models that are configured so: names of hosts, parts of targets. Addresses, domains
    /// and e-mail addresses are masked anyway.
    #[must_use]
    pub fn masking<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Self {
        self.mask = Mask::of(names);
        self
    }

    /// The model that is asked next.
    #[must_use]
    pub fn current(&self) -> Option<&'a Member> {
        self.chain.members.get(self.at)
    }

    /// Asks the model that the dialogue has come to; where it does not answer, the next.
    ///
    /// # Errors
    /// What the last of them said; `None` if there is none.
    pub async fn ask(&mut self, question: &Question) -> Result<Reply, Option<ModelError>> {
        let mut fell_back = Vec::new();
        let mut last = None;
        while let Some(member) = self.current() {
            if self.only_free && member.is_paid() {
                fell_back.push(format!("{} costs money, and none is left", member.model.name()));
                self.broke = true;
                self.at += 1;
                continue;
            }
            match self.ask_one(member, question).await {
                Ok((mut answer, malformed)) => {
                    answer.calls.truncate(CALLS);
                    sober(&mut answer.spent, question, &answer.text);
                    answer.spent.micros = member.price(&answer.spent);
                    let model = member.model.name().to_owned();
                    return Ok(Reply { answer, model, malformed, fell_back });
                }
                Err(error) => {
                    tracing::info!("{error}");
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

    /// The answer of one model, and what was wrong with its form. Once each: a short pause is waited for, a dialogue
    /// that is too long is cut, and a model that turns out to have no tools is asked by JSON.
    async fn ask_one(
        &mut self,
        member: &Member,
        question: &Question,
    ) -> Result<(Answer, Option<String>), ModelError> {
        let mut asked = self.as_sent(member, question)?;
        let (mut paused, mut cut) = (false, false);
        loop {
            match self.send(member, &asked).await {
                Err(ModelError::NoTools { .. })
                    if member.settings.tools == ToolCalls::Auto && self.without_tools.insert(self.at) => {}
                Err(ModelError::TooLong { model }) => {
                    let less = fit::size(&asked) * 2 / 3;
                    if cut || !fit::shorten(&mut asked, less) {
                        return Err(ModelError::TooLong { model });
                    }
                    cut = true;
                }
                Err(ModelError::Limited { model, pause }) => {
                    let pause_for = pause.filter(|pause| *pause <= SHORT_PAUSE && !paused);
                    let (Some(clock), Some(short)) = (&self.clock, pause_for) else {
                        return Err(ModelError::Limited { model, pause });
                    };
                    clock.sleep(short).await;
                    paused = true;
                }
                other => return other,
            }
        }
    }

    /// The question as this model is asked it: within its limits, and masked if it is to be.
    fn as_sent(&mut self, member: &Member, question: &Question) -> Result<Question, ModelError> {
        let settings = &member.settings;
        let mut asked = Question {
            max_tokens: question.max_tokens.min(settings.answer),
            timeout: question.timeout.min(settings.timeout),
            ..question.clone()
        };
        if settings.mask {
            self.hide(&mut asked);
        }
        let room = usize::try_from(settings.context.saturating_sub(asked.max_tokens)).unwrap_or(usize::MAX);
        if fit::size(&asked) > room && !fit::shorten(&mut asked, room) {
            return Err(ModelError::TooLong { model: member.model.name().to_owned() });
        }
        Ok(asked)
    }

    async fn send(&self, member: &Member, asked: &Question) -> Result<(Answer, Option<String>), ModelError> {
        let by_json = match member.settings.tools {
            ToolCalls::Json => true,
            ToolCalls::Native => false,
            ToolCalls::Auto => self.without_tools.contains(&self.at),
        };
        let mut malformed = None;
        let form = self.form.as_ref().filter(|_| asked.tools.is_empty());
        let mut answer = if let Some(form) = form {
            member.model.ask_in_form(asked, form).await?
        } else if by_json && !asked.tools.is_empty() {
            let form = by_json::form(&asked.tools);
            let mut answer = member.model.ask_in_form(&by_json::question(asked), &form).await?;
            malformed = by_json::read(&mut answer, &asked.tools, asked.turns.len()).err();
            answer
        } else if by_json {
            member.model.ask(&by_json::question(asked)).await?
        } else {
            member.model.ask(asked).await?
        };
        if member.settings.mask {
            answer.text = self.mask.unmask(&answer.text);
            malformed = malformed.map(|text| self.mask.unmask(&text));
            for call in &mut answer.calls {
                call.arguments = in_json(&call.arguments, |text| self.mask.unmask(text));
            }
        }
        Ok((answer, malformed))
    }

    /// Masks everything that is sent, short of the names of tools and of their parameters.
    fn hide(&mut self, asked: &mut Question) {
        asked.system = self.mask.mask(&asked.system);
        for tool in &mut asked.tools {
            tool.description = self.mask.mask(&tool.description);
            self.mask.mask_descriptions(&mut tool.parameters);
        }
        for turn in &mut asked.turns {
            match turn {
                Turn::User { text } | Turn::Result { text, .. } => *text = self.mask.mask(text),
                Turn::Assistant { text, calls } => {
                    *text = self.mask.mask(text);
                    for call in calls {
                        call.arguments = in_json(&call.arguments, |text| self.mask.mask(text));
                    }
                }
            }
        }
    }
}

/// Changes the texts in arguments, which are JSON if the model kept to it: an escape such as `\n` is no letter before
/// a name.
fn in_json(arguments: &str, mut change: impl FnMut(&str) -> String) -> String {
    fn walk(value: &mut serde_json::Value, change: &mut dyn FnMut(&str) -> String) {
        match value {
            serde_json::Value::String(text) => *text = change(text),
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
            serde_json::Value::Object(map) => map.values_mut().for_each(|item| walk(item, change)),
            _ => {}
        }
    }
    match serde_json::from_str(arguments) {
        Ok(mut value) => {
            walk(&mut value, &mut change);
            value.to_string()
        }
        Err(_) => change(arguments),
    }
}
