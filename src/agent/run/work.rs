//! A run at work: its dialogue, its counts and its record.

use std::collections::VecDeque;

use super::findings::Findings;
use super::seen::{Novelty, Seen};
use super::{Limits, Run, words};
use crate::agent::context::{Context, tokens};
use crate::agent::dialogue::{Dialogue, Reply};
use crate::agent::model::{Call, ModelError, Question, ToolSpec, Turn};
use crate::agent::record::{Entry, Recorder};
use crate::agent::toolbox::{CONCLUDE, Outcome, Toolbox, Used};
use crate::domain::agent::{Conclusion, Ending, Spending, Subject};
use crate::domain::signal::Timestamp;
use crate::engine::ports::Clock;

/// Useless answers in a row, of one model, until it is taken to have given up.
const SLIPS_IN_A_ROW: u32 = 3;
/// Useless answers of one model in all.
const SLIPS: u32 = 6;
/// Tokens that one answer may have at most; a model's own limit may be lower.
const LONGEST_ANSWER: u64 = 4096;
/// Tokens that have to be left for an answer, or there is no use in asking.
const SHORTEST_ANSWER: u64 = 500;

/// How it ended.
pub(super) enum End {
    /// With a conclusion of a model.
    Concluded(Box<Conclusion>),
    /// At this limit.
    Limit(String),
    /// No model was of use.
    GaveUp(String),
    /// No model answered.
    NoModel(String),
    /// Somebody stopped it.
    Stopped(String),
}

/// A run at work.
pub(super) struct Work<'a> {
    subject: &'a Subject,
    context: &'a Context,
    dialogue: Dialogue<'a>,
    toolbox: &'a dyn Toolbox,
    limits: Limits,
    clock: &'a dyn Clock,
    recorder: &'a dyn Recorder,
    progress: &'a (dyn Fn(String) + Send + Sync),
    tools: Vec<ToolSpec>,
    turns: Vec<Turn>,
    /// Calls that were asked for and have no result yet, the one under way first.
    open: VecDeque<Call>,
    under_way: bool,
    steps: u32,
    tokens: u64,
    asked: bool,
    slips_in_a_row: u32,
    slips: u32,
    seen: Seen,
    findings: Findings,
    /// The best conclusion of the models before this one.
    best: Option<Conclusion>,
    spent: Spending,
}

impl<'a> Work<'a> {
    pub(super) fn new(run: Run<'a>) -> Self {
        let Run { subject, context, dialogue, toolbox, limits, clock, recorder, progress, stop: _ } = run;
        Self {
            subject,
            context,
            dialogue,
            toolbox,
            limits,
            clock,
            recorder,
            progress,
            tools: toolbox.specs(),
            turns: vec![Turn::User { text: context.user.clone() }],
            open: VecDeque::new(),
            under_way: false,
            steps: 0,
            tokens: 0,
            asked: false,
            slips_in_a_row: 0,
            slips: 0,
            seen: Seen::default(),
            findings: Findings::default(),
            best: None,
            spent: Spending::default(),
        }
    }

    /// Asks and does, until there is a conclusion or no way on. May be dropped at any time.
    pub(super) async fn until_it_ends(&mut self) -> End {
        (self.progress)("thinking about it".to_owned());
        loop {
            let question = self.question(self.tools.clone());
            if let Some(limit) = self.no_room_for(&question) {
                return End::Limit(limit);
            }
            let reply = match self.ask(&question).await {
                Ok(reply) => reply,
                Err(error) => return self.nobody_answers(error),
            };
            if let Some(end) = self.take(reply).await {
                return end;
            }
        }
    }

    /// One more question, with nothing to call but `conclude`.
    pub(super) async fn last_question(&mut self, limit: &str) -> Option<Conclusion> {
        (self.progress)(format!("at its limit ({limit}); concluding"));
        self.close_open();
        self.say(words::last(limit)).await;
        let tools = self.tools.iter().filter(|tool| tool.name == CONCLUDE).cloned().collect();
        let question = self.question(tools);
        let needed = size(&question).saturating_add(SHORTEST_ANSWER);
        if self.tokens.saturating_add(needed) > self.limits.tokens {
            return None;
        }
        let reply = self.ask(&question).await.ok()?;
        for call in reply.answer.calls.iter().filter(|call| call.name == CONCLUDE) {
            match self.use_tool(call).await.outcome {
                Outcome::Concluded(conclusion) => return Some(self.findings.held(*conclusion, self.subject)),
                _ => self.findings.misfit(&call.arguments),
            }
        }
        // Not in the form that was asked for, and yet what it has to say.
        let said = reply.answer.text.trim();
        let is_words = reply.answer.calls.is_empty() && !said.is_empty() && !said.starts_with('{');
        is_words.then(|| self.findings.in_words(said))
    }

    /// The conclusion as it counts, and what it took.
    pub(super) fn finish(mut self, conclusion: Conclusion) -> (Conclusion, Spending) {
        self.close_open();
        let conclusion = match self.best.take() {
            Some(best) if better(&best, &conclusion) => {
                let keeps_its_ending = matches!(conclusion.ending, Ending::Stopped { .. });
                let ending = if keeps_its_ending { conclusion.ending } else { Ending::Concluded };
                Conclusion { ending, ..best }
            }
            _ => conclusion,
        };
        (self.findings.complete(conclusion, self.subject), self.spent)
    }

    fn question(&self, tools: Vec<ToolSpec>) -> Question {
        Question {
            system: self.context.system.clone(),
            turns: self.turns.clone(),
            tools,
            max_tokens: u32::try_from(LONGEST_ANSWER).unwrap_or(u32::MAX),
            timeout: self.limits.time,
        }
    }

    /// The limit that a question would go beyond.
    fn no_room_for(&self, question: &Question) -> Option<String> {
        if self.steps >= self.limits.steps {
            return Some(words::count(self.limits.steps, "step"));
        }
        let once = size(question).saturating_add(SHORTEST_ANSWER);
        // Once there is something to conclude from, the last question has to fit in as well.
        let needed = if self.asked { once.saturating_mul(2) } else { once };
        (self.tokens.saturating_add(needed) > self.limits.tokens)
            .then(|| format!("{} tokens", self.limits.tokens))
    }

    async fn ask(&mut self, question: &Question) -> Result<Reply, Option<ModelError>> {
        self.dialogue.only_free(self.spent.micros >= self.limits.micros);
        let begun = self.clock.now();
        let reply = self.dialogue.ask(question).await?;
        self.asked = true;
        let answer = &reply.answer;
        let Spending { tokens_in, tokens_out, .. } = answer.spent;
        let counted = tokens_in.saturating_add(tokens_out);
        // Who does not count is counted.
        let counted = if counted > 0 { counted } else { size(question) + length(&answer.text) };
        self.tokens = self.tokens.saturating_add(counted);
        self.spent += answer.spent;
        self.recorder
            .keep(Entry::Answered {
                model: reply.model.clone(),
                text: answer.text.clone(),
                calls: answer.calls.clone(),
                spent: answer.spent,
                millis: millis(begun, self.clock.now()),
                fell_back: reply.fell_back.clone(),
            })
            .await;
        Ok(reply)
    }

    fn nobody_answers(&self, error: Option<ModelError>) -> End {
        let broke = self.dialogue.is_broke();
        match error {
            None if broke => End::Limit("the money for this incident or for today".to_owned()),
            Some(error) if broke => {
                End::NoModel(format!("{error}; other models cost money, and none is left for it"))
            }
            Some(error) => End::NoModel(error.to_string()),
            None => End::NoModel("no model is configured for this".to_owned()),
        }
    }

    /// Does what an answer asks for, in its order.
    async fn take(&mut self, reply: Reply) -> Option<End> {
        let Reply { answer, model, malformed, .. } = reply;
        if answer.calls.is_empty() && !answer.cut_off {
            self.findings.said(&answer.text);
        }
        let calls = if malformed.is_some() { Vec::new() } else { answer.calls };
        self.turns.push(Turn::Assistant { text: answer.text, calls: calls.clone() });
        if calls.is_empty() {
            let (says, why) = match malformed {
                Some(why) => (words::malformed(&why), format!("its answers make no sense: {why}")),
                None if answer.cut_off => (words::CUT_OFF.to_owned(), "its answers are too long".to_owned()),
                None => (words::NO_CALL.to_owned(), "it calls no tool".to_owned()),
            };
            let end = self.slip(&format!("{model}: {why}")).await;
            if end.is_none() && self.slips > 0 {
                self.say(says).await;
            }
            return end;
        }
        self.open = calls.into();
        while let Some(call) = self.open.front().cloned() {
            if self.steps >= self.limits.steps && call.name != CONCLUDE {
                return Some(End::Limit(words::count(self.limits.steps, "step")));
            }
            if let Some(end) = self.call(&call, &model).await {
                return Some(end);
            }
        }
        None
    }

    /// Does one call, and has the model know what it came to.
    async fn call(&mut self, call: &Call, model: &str) -> Option<End> {
        if call.name == CONCLUDE {
            (self.progress)("concluding".to_owned());
        } else {
            self.steps += 1;
            let what = self.toolbox.in_words(call);
            (self.progress)(words::step(self.steps, self.limits.steps, &what));
        }
        let Used { outcome, acted, .. } = self.use_tool(call).await;
        let (raw, told) = match outcome {
            Outcome::Concluded(conclusion) => return self.concluded(*conclusion).await,
            Outcome::Misused(why) => {
                if call.name == CONCLUDE {
                    self.findings.misfit(&call.arguments);
                }
                self.result(call, words::misused(&why));
                let why = format!("{model}: its calls are wrong: {}", words::first_line(&why, 160));
                return self.slip(&why).await;
            }
            Outcome::Text(text) => (text.clone(), words::cut(&text)),
            Outcome::Blocked(why) => (why.clone(), words::blocked(&why)),
            Outcome::Failed(why) => (why.clone(), words::failed(&why)),
        };
        self.slips_in_a_row = 0;
        let novelty = self.seen.take(call, &raw, acted);
        match novelty {
            Novelty::New => self.result(call, told),
            Novelty::Again => self.result(call, format!("{told}\n{}", words::AGAIN)),
            Novelty::Circles(how) => {
                self.result(call, told);
                return Some(End::Limit(how));
            }
        }
        None
    }

    /// Has the toolbox do a call, and records it.
    async fn use_tool(&mut self, call: &Call) -> Used {
        let begun = self.clock.now();
        self.under_way = true;
        let used = self.toolbox.call(call).await;
        self.under_way = false;
        self.findings.used(&used);
        let (outcome, text) = match &used.outcome {
            Outcome::Text(text) => ("text", text.clone()),
            Outcome::Blocked(why) => ("blocked", why.clone()),
            Outcome::Failed(why) => ("failed", why.clone()),
            Outcome::Misused(why) => ("misused", why.clone()),
            Outcome::Concluded(conclusion) => ("concluded", conclusion.diagnosis.clone()),
        };
        self.recorder
            .keep(Entry::Called {
                tool: call.name.clone(),
                what: used.what.clone(),
                outcome: outcome.to_owned(),
                text,
                millis: millis(begun, self.clock.now()),
            })
            .await;
        used
    }

    /// A model concluded. If it is not sure, the next one goes on from there.
    async fn concluded(&mut self, conclusion: Conclusion) -> Option<End> {
        let conclusion = Conclusion { ending: Ending::Concluded, ..conclusion };
        let conclusion = self.findings.held(conclusion, self.subject);
        let best = match self.best.take() {
            Some(before) if better(&before, &conclusion) => before,
            _ => conclusion,
        };
        if best.confidence >= self.limits.confidence || !self.dialogue.next_model() {
            return Some(End::Concluded(Box::new(best)));
        }
        let says = words::second_opinion(&best);
        self.best = Some(best);
        self.next_begins(says).await;
        None
    }

    /// A useless answer. Too many of them, and it is the next model's turn.
    async fn slip(&mut self, why: &str) -> Option<End> {
        self.slips += 1;
        self.slips_in_a_row += 1;
        if self.slips < SLIPS && self.slips_in_a_row < SLIPS_IN_A_ROW {
            return None;
        }
        if !self.dialogue.next_model() {
            return Some(End::GaveUp(why.to_owned()));
        }
        self.next_begins(words::take_over(why)).await;
        None
    }

    async fn next_begins(&mut self, says: String) {
        self.close_open();
        (self.slips, self.slips_in_a_row) = (0, 0);
        // It may look at what the one before it looked at.
        self.seen = Seen::default();
        (self.progress)("asking another model".to_owned());
        self.say(says).await;
    }

    async fn say(&mut self, text: String) {
        let turn = Turn::User { text };
        self.recorder.keep(Entry::Said { turn: turn.clone() }).await;
        self.turns.push(turn);
    }

    fn result(&mut self, call: &Call, text: String) {
        self.open.pop_front();
        self.turns.push(Turn::Result { id: call.id.clone(), name: call.name.clone(), text });
    }

    /// Every call has a result, or a provider does not take the dialogue.
    fn close_open(&mut self) {
        if std::mem::take(&mut self.under_way)
            && let Some(call) = self.open.front()
            && self.toolbox.acts(call)
        {
            self.findings.left_under_way(&self.toolbox.in_words(call));
        }
        while let Some(call) = self.open.front().cloned() {
            self.result(&call, words::NOT_DONE.to_owned());
        }
    }
}

/// Whether the first says more than the second.
fn better(first: &Conclusion, second: &Conclusion) -> bool {
    second.diagnosis.trim().is_empty() || first.confidence > second.confidence
}

/// A question's size in tokens, estimated.
fn size(question: &Question) -> u64 {
    let turn = |turn: &Turn| match turn {
        Turn::User { text } | Turn::Result { text, .. } => length(text),
        Turn::Assistant { text, calls } => {
            length(text) + calls.iter().map(|call| length(&call.name) + length(&call.arguments)).sum::<u64>()
        }
    };
    let tool = |tool: &ToolSpec| length(&tool.description) + length(&tool.parameters.to_string());
    length(&question.system)
        + question.turns.iter().map(turn).sum::<u64>()
        + question.tools.iter().map(tool).sum::<u64>()
}

fn length(text: &str) -> u64 {
    tokens::estimate(text) as u64
}

fn millis(begun: Timestamp, now: Timestamp) -> u64 {
    u64::try_from((now - begun).num_milliseconds()).unwrap_or(0)
}
