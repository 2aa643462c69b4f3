use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::agent::dialogue::{Chain, Member};
use crate::agent::model::{Answer, Call, Model, ModelError, Question, ToolSpec, Turn};
use crate::agent::toolbox::{Outcome, Used};
use crate::config::{ModelSettings, Provider, ToolCalls};
use crate::domain::signal::Timestamp;

/// What a scripted model says to one question.
#[derive(Debug, Clone)]
enum Says {
    Text(&'static str),
    Calls(Vec<(&'static str, &'static str)>),
    CutOff,
    Unreachable,
    Nothing,
}

struct Scripted {
    name: &'static str,
    says: Mutex<VecDeque<Says>>,
    /// What it says when the script is over.
    then: Says,
    asked: Mutex<Vec<Question>>,
    spends: Spending,
}

impl Scripted {
    fn new(name: &'static str, says: impl IntoIterator<Item = Says>, then: Says) -> Self {
        let spends = Spending { tokens_in: 100, tokens_out: 10, ..Spending::default() };
        let says = Mutex::new(says.into_iter().collect());
        Self { name, says, then, asked: Mutex::default(), spends }
    }

    fn questions(&self) -> Vec<Question> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Model for Scripted {
    fn name(&self) -> &str {
        self.name
    }

    fn is_remote(&self) -> bool {
        false
    }

    async fn ask(&self, question: &Question) -> Result<Answer, ModelError> {
        self.asked.lock().unwrap().push(question.clone());
        let says = self.says.lock().unwrap().pop_front().unwrap_or_else(|| self.then.clone());
        let answer = Answer { text: String::new(), calls: Vec::new(), spent: self.spends, cut_off: false };
        match says {
            Says::Text(text) => Ok(Answer { text: text.to_owned(), ..answer }),
            Says::Calls(calls) => {
                let call = |(n, (name, arguments)): (usize, &(&str, &str))| Call {
                    id: n.to_string(),
                    name: (*name).to_owned(),
                    arguments: (*arguments).to_owned(),
                };
                Ok(Answer { calls: calls.iter().enumerate().map(call).collect(), ..answer })
            }
            Says::CutOff => Ok(Answer { text: "well, let me".to_owned(), cut_off: true, ..answer }),
            Says::Unreachable => {
                Err(ModelError::Unreachable { model: self.name.to_owned(), why: "connection refused".into() })
            }
            Says::Nothing => std::future::pending().await,
        }
    }

    async fn examine(&self) -> Result<String, ModelError> {
        Ok(self.name.to_owned())
    }
}

/// A clock that stands still until it is moved.
struct Hand(watch::Sender<Duration>);

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::from_std(*self.0.borrow()).unwrap()
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.sleep((at - self.now()).to_std().unwrap_or_default()).await;
    }

    async fn sleep(&self, duration: Duration) {
        let until = *self.0.borrow() + duration;
        let _ = self.0.subscribe().wait_for(|now| *now >= until).await;
    }
}

/// Tools: `look` says the same always, `count` something new each time, `act` changes something, `rm` is forbidden,
/// `break` fails, `hang` never comes back while it changes something.
#[derive(Default)]
struct Bench {
    calls: Mutex<Vec<String>>,
    count: AtomicUsize,
}

#[async_trait]
impl Toolbox for Bench {
    fn specs(&self) -> Vec<ToolSpec> {
        let spec = |name| ToolSpec { name, description: String::new(), parameters: serde_json::json!({}) };
        ["look", "count", "act", "rm", "break", "hang", "conclude"].map(spec).to_vec()
    }

    fn acts(&self, call: &Call) -> bool {
        call.name == "hang"
    }

    async fn call(&self, call: &Call) -> Used {
        self.calls.lock().unwrap().push(call.name.clone());
        let outcome = match call.name.as_str() {
            "look" => Outcome::Text("all is well\nreally".into()),
            "count" => Outcome::Text(format!("{} files", self.count.fetch_add(1, Ordering::SeqCst))),
            "act" => Outcome::Text("nginx restarted".into()),
            "rm" => Outcome::Blocked("it destroys data".into()),
            "break" => Outcome::Failed("no such host".into()),
            "hang" => std::future::pending().await,
            "conclude" => {
                let (confidence, diagnosis) = call.arguments.split_once(' ').unwrap_or_default();
                let confidence = confidence.parse().unwrap_or(0);
                // A model may claim to have done anything.
                let actions = vec!["I fixed it".to_owned()];
                let without = Conclusion::without(Ending::Concluded);
                let diagnosis = diagnosis.to_owned();
                Outcome::Concluded(Box::new(Conclusion { confidence, diagnosis, actions, ..without }))
            }
            other => Outcome::Misused(format!("there is no tool {other}")),
        };
        Used { outcome, what: format!("do {}", call.name), acted: ["act", "hang"].contains(&&*call.name) }
    }
}

#[derive(Default)]
struct Kept(Mutex<Vec<Entry>>);

#[async_trait]
impl Recorder for Kept {
    async fn keep(&self, entry: Entry) {
        self.0.lock().unwrap().push(entry);
    }
}

struct Lab {
    models: Vec<(Arc<Scripted>, u64)>,
    bench: Bench,
    kept: Kept,
    clock: Hand,
    limits: Limits,
    subject: Subject,
    stop: watch::Sender<Option<String>>,
    progress: Mutex<Vec<String>>,
}

impl Lab {
    fn with(models: impl IntoIterator<Item = (Scripted, u64)>) -> Self {
        Self {
            models: models.into_iter().map(|(model, price)| (Arc::new(model), price)).collect(),
            bench: Bench::default(),
            kept: Kept::default(),
            clock: Hand(watch::Sender::new(Duration::ZERO)),
            limits: Limits {
                steps: 20,
                tokens: 100_000,
                time: Duration::from_secs(600),
                micros: 1000,
                confidence: 60,
            },
            subject: Subject::Incident,
            stop: watch::Sender::new(None),
            progress: Mutex::default(),
        }
    }

    fn one(says: impl IntoIterator<Item = Says>, then: Says) -> Self {
        Self::with([(Scripted::new("llama", says, then), 0)])
    }

    async fn run(&self) -> (Conclusion, Spending) {
        let member = |(model, price): &(Arc<Scripted>, u64)| Member {
            model: model.clone(),
            settings: settings(*price),
        };
        let chain = Chain { members: self.models.iter().map(member).collect() };
        let context = Context { system: "be good".into(), user: "nginx is down".into(), parts: Vec::new() };
        let progress = |text: String| self.progress.lock().unwrap().push(text);
        run(Run {
            subject: &self.subject,
            context: &context,
            dialogue: Dialogue::new(&chain),
            toolbox: &self.bench,
            limits: self.limits,
            clock: &self.clock,
            recorder: &self.kept,
            progress: &progress,
            stop: self.stop.subscribe(),
        })
        .await
    }

    /// Runs while time passes as soon as nothing else moves, `step` by `step`; returns how long it took, too.
    async fn run_while_time_passes(&self, step: Duration) -> (Conclusion, Duration) {
        let passing = async {
            loop {
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                self.clock.0.send_modify(|now| *now += step);
            }
        };
        tokio::select! {
            (conclusion, _) = self.run() => (conclusion, *self.clock.0.borrow()),
            () = passing => unreachable!(),
        }
    }

    fn calls(&self) -> Vec<String> {
        self.bench.calls.lock().unwrap().clone()
    }

    fn last_question(&self) -> Question {
        self.models.iter().flat_map(|(model, _)| model.questions()).next_back().unwrap()
    }
}

/// A model whose usual answer costs so much, in millionths.
fn settings(price: u64) -> ModelSettings {
    ModelSettings {
        provider: Provider::Ollama,
        url: String::new(),
        model: String::new(),
        key: None,
        tools: ToolCalls::Native,
        context: 32_000,
        answer: 4096,
        timeout: Duration::from_secs(60),
        remote: false,
        mask: false,
        price_in: price * 10_000,
        price_cached: price * 10_000,
        price_out: 0,
    }
}

fn call(name: &'static str, arguments: &'static str) -> Says {
    Says::Calls(vec![(name, arguments)])
}

fn conclude(arguments: &'static str) -> Says {
    call("conclude", arguments)
}

fn limit(conclusion: &Conclusion) -> &str {
    match &conclusion.ending {
        Ending::Limit { what } => what,
        other => panic!("it did not end at a limit: {other:?}"),
    }
}

fn told(question: &Question) -> String {
    let text = |turn: &Turn| match turn {
        Turn::User { text } | Turn::Result { text, .. } | Turn::Assistant { text, .. } => text.clone(),
    };
    question.turns.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// Every call that a model made has exactly one result, or its provider would refuse the dialogue.
fn assert_well_formed(question: &Question) {
    let mut open = 0;
    for turn in &question.turns {
        match turn {
            Turn::Assistant { calls, .. } => {
                assert_eq!(open, 0, "{question:#?}");
                open = calls.len();
            }
            Turn::Result { .. } => open -= 1,
            Turn::User { .. } => assert_eq!(open, 0, "{question:#?}"),
        }
    }
    assert_eq!(open, 0, "{question:#?}");
}

#[tokio::test]
async fn calls_are_done_in_their_order_and_the_model_hears_what_they_came_to() {
    let both = Says::Calls(vec![("look", "{}"), ("count", "{}")]);
    let lab = Lab::one([both, conclude("90 the disk is full")], Says::Nothing);
    let (conclusion, spent) = lab.run().await;
    assert_eq!((conclusion.diagnosis.as_str(), conclusion.confidence), ("the disk is full", 90));
    assert!(conclusion.is_conclusive(60));
    assert_eq!(lab.calls(), ["look", "count", "conclude"]);
    assert_eq!((spent.tokens_in, spent.tokens_out), (200, 20));
    let question = lab.last_question();
    let results: Vec<_> = question.turns.iter().filter(|turn| matches!(turn, Turn::Result { .. })).collect();
    assert_eq!(results.len(), 2);
    assert!(told(&question).contains("all is well\nreally\n0 files"), "{}", told(&question));
    let progress = lab.progress.lock().unwrap().clone();
    assert_eq!(progress, ["thinking about it", "step 1 of 20: look", "step 2 of 20: count", "concluding"]);
    assert_eq!(lab.kept.0.lock().unwrap().len(), 1 + 2 + 3, "told, two answers, three calls");
}

#[tokio::test]
async fn what_was_done_is_told_from_the_record_and_never_from_the_models_words() {
    let lab = Lab::one(
        [call("act", "{}"), call("rm", "{}"), call("look", "{}"), conclude("90 mended")],
        Says::Nothing,
    );
    let (conclusion, _) = lab.run().await;
    assert_eq!(conclusion.actions, ["ran: do act: nginx restarted", "not done: do rm: it destroys data"]);
}

#[tokio::test]
async fn words_without_a_call_are_answered_twice_and_then_the_model_has_given_up() {
    let lab = Lab::one([], Says::Text("I can't help with that."));
    let (conclusion, _) = lab.run().await;
    let Ending::GaveUp { why } = &conclusion.ending else { panic!("{conclusion:?}") };
    assert!(why.contains("llama: it calls no tool"), "{why}");
    assert_eq!((conclusion.diagnosis.as_str(), conclusion.confidence), ("I can't help with that.", 0));
    assert_eq!(lab.models[0].0.questions().len(), 3);
    assert!(told(&lab.last_question()).contains("Call one of the tools now"));
}

#[tokio::test]
async fn a_model_that_gives_up_is_followed_by_the_next_which_goes_on_from_there() {
    let lab = Lab::with([
        (Scripted::new("small", [call("count", "{}")], Says::Text("Hm.")), 0),
        (Scripted::new("big", [conclude("80 found")], Says::Nothing), 0),
    ]);
    let (conclusion, _) = lab.run().await;
    assert_eq!(conclusion.diagnosis, "found");
    assert!(told(&lab.last_question()).contains("0 files"), "what the first one found is not lost");
}

#[tokio::test]
async fn a_wrong_call_gets_its_error_back_and_the_tries_are_bounded_in_a_row_and_in_all() {
    let lab = Lab::one([call("lok", "{}"), call("look", "{}"), conclude("70 fine")], Says::Nothing);
    assert!(lab.run().await.0.is_conclusive(60));
    assert!(told(&lab.last_question()).contains("there is no tool lok"));

    let lab = Lab::one([], call("lok", "{}"));
    assert!(matches!(lab.run().await.0.ending, Ending::GaveUp { .. }));
    assert_eq!(lab.calls().len(), 3);

    let alternating = (0..40).map(|n| if n % 2 == 0 { call("lok", "{}") } else { call("count", "{}") });
    let lab = Lab::one(alternating, Says::Nothing);
    assert!(matches!(lab.run().await.0.ending, Ending::GaveUp { .. }));
    assert_eq!(lab.calls().iter().filter(|name| *name == "lok").count(), 6);
}

#[tokio::test]
async fn an_answer_that_was_cut_off_is_asked_for_again_and_shorter() {
    let lab = Lab::one([Says::CutOff, conclude("75 brief")], Says::Nothing);
    assert_eq!(lab.run().await.0.diagnosis, "brief");
    assert!(told(&lab.last_question()).contains("Be brief"));
}

#[tokio::test]
async fn at_the_limit_of_steps_it_is_asked_once_more_and_has_nothing_but_the_end_to_call() {
    let mut lab = Lab::one(vec![call("count", "{}"); 3], conclude("40 maybe the disk"));
    lab.limits.steps = 3;
    let (conclusion, _) = lab.run().await;
    assert_eq!((limit(&conclusion), conclusion.diagnosis.as_str()), ("3 steps", "maybe the disk"));
    assert!(!conclusion.is_conclusive(0), "what ends at a limit goes to a person");
    let question = lab.last_question();
    assert_eq!(question.tools.iter().map(|tool| tool.name).collect::<Vec<_>>(), ["conclude"]);
    assert_well_formed(&question);
}

#[tokio::test]
async fn calls_beyond_the_limit_are_not_done_however_many_an_answer_has() {
    let mut lab = Lab::one([Says::Calls(vec![("count", "{}"); 50])], conclude("40 x"));
    lab.limits.steps = 4;
    let (conclusion, _) = lab.run().await;
    assert_eq!(limit(&conclusion), "4 steps");
    assert_eq!(lab.calls().iter().filter(|name| *name == "count").count(), 4);
    assert_well_formed(&lab.last_question());
}

#[tokio::test]
async fn without_a_last_word_it_concludes_with_what_its_calls_brought() {
    let says = [call("look", "{}"), call("count", "{}"), call("break", "{}")];
    let mut lab = Lab::one(says, Says::Unreachable);
    lab.limits.steps = 3;
    let (conclusion, _) = lab.run().await;
    assert_eq!(conclusion.evidence, ["do look: all is well", "do count: 0 files"]);
    assert_eq!((conclusion.diagnosis.as_str(), conclusion.confidence), ("", 0));
}

#[tokio::test]
async fn tokens_are_counted_before_a_question_and_room_for_the_last_one_is_kept() {
    let mut model = Scripted::new("llama", [], call("count", "{}"));
    model.spends.tokens_in = 3000;
    let mut lab = Lab::with([(model, 0)]);
    lab.limits.tokens = 10_000;
    let (conclusion, spent) = lab.run().await;
    assert_eq!(limit(&conclusion), "10000 tokens");
    let questions = lab.models[0].0.questions();
    assert_eq!(questions.last().unwrap().tools.len(), 1, "the last question was asked");
    assert!(spent.tokens_in - 3000 < 10_000, "no question was asked beyond the limit: {spent:?}");

    let mut lab = Lab::one([], call("count", "{}"));
    lab.limits.tokens = 50;
    assert_eq!(limit(&lab.run().await.0), "50 tokens");
    assert!(lab.models[0].0.questions().is_empty(), "a prompt that does not fit is not sent");
}

#[tokio::test]
async fn a_model_that_counts_no_tokens_is_counted() {
    let mut model = Scripted::new("llama", [], call("count", "{}"));
    model.spends = Spending::default();
    let mut lab = Lab::with([(model, 0)]);
    (lab.limits.tokens, lab.limits.steps) = (3000, 1000);
    assert_eq!(limit(&lab.run().await.0), "3000 tokens");
}

#[tokio::test]
async fn a_model_that_never_answers_costs_no_more_than_the_runs_time() {
    let lab = Lab::one([call("look", "{}")], Says::Nothing);
    let (conclusion, took) = lab.run_while_time_passes(Duration::from_secs(10)).await;
    assert_eq!(limit(&conclusion), "10 minutes");
    assert_eq!(conclusion.evidence, ["do look: all is well"]);
    assert_eq!(took, Duration::from_secs(600));
}

#[tokio::test]
async fn what_was_being_changed_when_the_time_was_up_is_told() {
    let lab = Lab::one([Says::Calls(vec![("hang", "{}"), ("look", "{}")])], conclude("50 restarting it"));
    let (conclusion, took) = lab.run_while_time_passes(Duration::from_secs(10)).await;
    assert_eq!((limit(&conclusion), conclusion.diagnosis.as_str()), ("10 minutes", "restarting it"));
    assert_eq!(conclusion.actions, ["under way when the run ended: hang"]);
    assert_well_formed(&lab.last_question());
    assert!(took < Duration::from_secs(600), "the time for the last question is kept back: {took:?}");
}

#[tokio::test]
async fn the_same_call_is_warned_of_and_then_ends_the_run() {
    let lab = Lab::one(vec![call("look", "{}"); 3], conclude("30 in circles"));
    let (conclusion, _) = lab.run().await;
    assert!(limit(&conclusion).starts_with("repetition"), "{conclusion:?}");
    assert_eq!(conclusion.diagnosis, "in circles");
    assert_eq!(lab.calls(), ["look", "look", "look", "conclude"]);
    let warned = &lab.models[0].0.questions()[2];
    assert!(told(warned).contains("You made this very call before"), "{}", told(warned));
}

#[tokio::test]
async fn a_model_that_costs_money_is_not_asked_once_none_is_left() {
    let lab = Lab::with([(Scripted::new("paid", [], call("count", "{}")), 400)]);
    let (conclusion, spent) = lab.run().await;
    assert!(limit(&conclusion).contains("money"), "{conclusion:?}");
    assert_eq!(spent.micros, 1200, "asked while something was left, and not again");
    assert_eq!(conclusion.evidence.len(), 3);

    let mut lab = Lab::with([
        (Scripted::new("paid", [], conclude("90 paid")), 1),
        (Scripted::new("free", [], conclude("70 free")), 0),
    ]);
    lab.limits.micros = 0;
    assert_eq!(lab.run().await.0.diagnosis, "free");
    assert!(lab.models[0].0.questions().is_empty());
}

#[tokio::test]
async fn nobody_to_ask_is_told_at_once() {
    let lab = Lab::one([], Says::Unreachable);
    let (conclusion, _) = lab.run().await;
    let Ending::NoModel { why } = conclusion.ending else { panic!("{conclusion:?}") };
    assert!(why.contains("llama can't be reached: connection refused"), "{why}");
    assert!(matches!(Lab::with([]).run().await.0.ending, Ending::NoModel { .. }));
}

#[tokio::test]
async fn a_model_that_is_not_sure_is_followed_by_the_next_and_the_surer_of_the_two_counts() {
    for (second, expected) in [("80 the cable", "the cable"), ("20 no idea", "the switch")] {
        let lab = Lab::with([
            (Scripted::new("small", [conclude("40 the switch")], Says::Nothing), 0),
            (Scripted::new("big", [conclude(second)], Says::Nothing), 0),
        ]);
        let (conclusion, _) = lab.run().await;
        assert_eq!((conclusion.diagnosis.as_str(), conclusion.ending), (expected, Ending::Concluded));
        assert!(told(&lab.last_question()).contains("the switch"), "the second knows what the first thought");
        assert_well_formed(&lab.last_question());
    }
    let lab = Lab::with([
        (Scripted::new("small", [conclude("40 the switch")], Says::Nothing), 0),
        (Scripted::new("big", [], Says::Unreachable), 0),
    ]);
    assert_eq!(lab.run().await.0.diagnosis, "the switch", "what was found is not lost with the second model");
}

#[tokio::test]
async fn a_stop_ends_it_in_the_middle_of_an_answer_and_it_concludes_with_what_it_has() {
    let lab = Lab::one([call("act", "{}"), call("look", "{}")], Says::Nothing);
    let stopping = async {
        while lab.models[0].0.questions().len() < 3 {
            tokio::task::yield_now().await;
        }
        lab.stop.send_replace(Some("ann".into()));
        std::future::pending::<()>().await;
    };
    let (conclusion, spent) = tokio::select! {
        done = lab.run() => done,
        () = stopping => unreachable!(),
    };
    assert_eq!(conclusion.ending, Ending::Stopped { by: "ann".into() });
    assert_eq!(conclusion.evidence, ["do look: all is well"]);
    assert_eq!(conclusion.actions, ["ran: do act: nginx restarted"]);
    assert_eq!(spent.tokens_in, 200);
}

fn says() -> impl Strategy<Value = Says> {
    let one = prop_oneof![
        Just(("look", "{}")),
        Just(("count", "{}")),
        Just(("count", "not json")),
        Just(("act", "{\"n\":1}")),
        Just(("rm", "{}")),
        Just(("break", "{}")),
        Just(("nonsense", "{}")),
        Just(("conclude", "20 hm")),
        Just(("conclude", "90 yes")),
        Just(("conclude", "")),
    ];
    prop_oneof![
        2 => Just(Says::Text("I think so.")),
        1 => Just(Says::Text("")),
        1 => Just(Says::CutOff),
        1 => Just(Says::Unreachable),
        9 => prop::collection::vec(one, 0..5).prop_map(Says::Calls),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_models_answer_a_run_ends_within_its_limits(
        scripts in prop::collection::vec((prop::collection::vec(says(), 0..30), says(), 0..3_u64), 0..4),
        steps in 0..12_u32,
        tokens in 0..20_000_u64,
        micros in 0..2000_u64,
    ) {
        let names = ["a", "b", "c", "d"];
        let models = scripts.into_iter().zip(names).map(|((script, then, price), name)| {
            (Scripted::new(name, script, then), price * 300)
        });
        let mut lab = Lab::with(models);
        (lab.limits.steps, lab.limits.tokens, lab.limits.micros) = (steps, tokens, micros);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (conclusion, spent) = runtime.block_on(lab.run());

        let done = lab.calls().iter().filter(|name| *name != "conclude").count();
        prop_assert!(done <= steps as usize, "{done} calls");
        prop_assert!(spent.tokens_in + spent.tokens_out <= tokens, "{spent:?}");
        // The last question that money was left for may cost more than what was left.
        prop_assert!(spent.micros < micros + 600, "{spent:?} of {micros}");
        for (model, price) in &lab.models {
            prop_assert!(micros > 0 || *price == 0 || model.questions().is_empty());
            model.questions().iter().for_each(assert_well_formed);
        }
        prop_assert!(conclusion.actions.iter().all(|action| action != "I fixed it"));
        let ended = !matches!(conclusion.ending, Ending::Stopped { .. } | Ending::Interrupted { .. });
        prop_assert!(ended, "{conclusion:?}");
    }
}
