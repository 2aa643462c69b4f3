use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::bare::Bare;
use super::*;
use crate::agent::dialogue::Member;
use crate::agent::model::{Answer, Call, Model, ModelError, Question, ToolSpec};
use crate::agent::toolbox::{Outcome, Used};
use crate::config::{ModelSettings, Provider, ToolCalls};
use crate::domain::agent::Subject;
use crate::domain::ids::IncidentId;
use crate::domain::redact::Redaction;
use crate::domain::topology::Topology;
use crate::engine::activity::Activity;
use crate::engine::message::Envelope;
use crate::policy::{Autonomy, Policy};
use crate::store::runs::RunRow;

/// A clock that stands still.
struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    async fn sleep_until(&self, _: Timestamp) {
        std::future::pending().await
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending().await
    }
}

/// A model that answers only while it may.
struct Gated(watch::Receiver<bool>);

#[async_trait]
impl Model for Gated {
    fn name(&self) -> &str {
        "llama"
    }

    fn is_remote(&self) -> bool {
        false
    }

    async fn ask(&self, _: &Question) -> Result<Answer, ModelError> {
        let _ = self.0.clone().wait_for(|open| *open).await;
        let arguments = r#"{"diagnosis":"the disk is full","confidence":80}"#.to_owned();
        Ok(Answer {
            text: String::new(),
            calls: vec![Call { id: "1".into(), name: "conclude".into(), arguments }],
            spent: Spending { tokens_in: 70, tokens_out: 7, ..Spending::default() },
            cut_off: false,
        })
    }

    async fn examine(&self) -> Result<String, ModelError> {
        Ok(String::new())
    }
}

/// Tools that panic.
struct Broken;

#[async_trait]
impl Toolbox for Broken {
    fn specs(&self) -> Vec<ToolSpec> {
        Vec::new()
    }

    async fn call(&self, _: &Call) -> Used {
        panic!("a mistake of ours");
    }
}

/// Tools that wait for a repair, at rest.
struct Waits(Arc<RestingClock>, Repairs);

const REPAIR: RemediationId = RemediationId(ulid::Ulid(7));

#[async_trait]
impl Toolbox for Waits {
    fn specs(&self) -> Vec<ToolSpec> {
        Vec::new()
    }

    async fn call(&self, call: &Call) -> Used {
        let how = self.0.rest(self.1.over(REPAIR)).await;
        let Used { outcome, .. } = Bare.call(call).await;
        let Outcome::Concluded(conclusion) = outcome else { panic!("{outcome:?}") };
        let outcome = Outcome::Concluded(Box::new(Conclusion { diagnosis: how, ..*conclusion }));
        Used { outcome, what: "wait".into(), acted: true }
    }
}

struct Lab {
    agent: Agent,
    store: Store,
    activity: Activity,
    mailbox: mpsc::UnboundedReceiver<Envelope>,
    stopping: watch::Sender<bool>,
    answers: watch::Sender<bool>,
    _dir: tempfile::TempDir,
}

impl Lab {
    fn new(
        toolbox: impl Fn(Arc<RestingClock>, &Repairs) -> Box<dyn Toolbox> + Send + Sync + 'static,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let activity = Activity::default();
        let (engine, mailbox) = Handle::new(activity.clone(), Redaction::default());
        let (stopping, told) = watch::channel(false);
        let (answers, open) = watch::channel(true);
        let settings = ModelSettings {
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
            price_in: 0,
            price_cached: 0,
            price_out: 0,
        };
        let repairs = Repairs::default();
        let waits = repairs.clone();
        let agent = Agent::new(Deps {
            triage: Chain::default(),
            narrate: Chain::default(),
            store: store.clone(),
            clock: Arc::new(Still),
            engine,
            stopping: told,
            chain: Chain { members: vec![Member { model: Arc::new(Gated(open)), settings }] },
            settings: AgentSettings::default(),
            sources: Sources {
                store: store.clone(),
                host: "pve1".to_owned(),
                hosts: Vec::new(),
                repositories: Vec::new(),
                autonomy: Autonomy::Full,
                tz: Tz::UTC,
                state_dir: dir.path().to_owned(),
                memory: None,
                prompts: None,
            },
            toolbox: Arc::new(move |_, _, clock| toolbox(clock, &waits)),
            repairs,
        });
        Self { agent, store, activity, mailbox, stopping, answers, _dir: dir }
    }

    fn bare() -> Self {
        Self::new(|_, _| Box::new(Bare))
    }

    fn begin(&self, number: u64) -> RunId {
        let run = RunId(ulid::Ulid::from_parts(number, 1));
        let assignment = Assignment {
            run,
            number,
            incident: IncidentId(ulid::Ulid::from_parts(5, 5)),
            subject: Subject::Incident,
            said: Vec::new(),
            spent: Spending::default(),
        };
        self.agent.begin(assignment, knowledge());
        run
    }

    /// What the engine is told next, short of progress.
    async fn ended(&mut self) -> (RunId, Conclusion, Spending) {
        loop {
            match self.mailbox.recv().await.unwrap().message {
                Message::Investigated { run, conclusion, spent, .. } => return (run, *conclusion, spent),
                Message::Progress { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Nothing more than progress is left to be heard once all is at rest.
    async fn nothing_more(&mut self) {
        self.agent.at_rest().await;
        while let Ok(envelope) = self.mailbox.try_recv() {
            assert!(matches!(envelope.message, Message::Progress { .. }), "{envelope:?}");
        }
    }

    async fn row(&self, number: u64) -> RunRow {
        self.store.read(move |conn| runs::show(conn, number)).await.unwrap().unwrap().0
    }
}

fn knowledge() -> Knowledge {
    Knowledge {
        topology: Arc::new(Topology::default()),
        runbooks: Arc::default(),
        policy: Arc::new(Policy::shipped().unwrap()),
        skills: Arc::default(),
        watched: Arc::new(BTreeMap::new()),
        goals: Arc::default(),
        memory: "".into(),
    }
}

#[tokio::test]
async fn a_run_is_told_of_once_and_is_on_record_with_all_it_said_and_took() {
    let mut lab = Lab::bare();
    let run = lab.begin(4);
    let (of, conclusion, spent) = lab.ended().await;
    assert_eq!((of, conclusion.diagnosis.as_str(), spent.tokens_in), (run, "the disk is full", 70));
    lab.nothing_more().await;
    let row = lab.row(4).await;
    assert_eq!((row.spent, row.models, row.conclusion), (spent, vec!["llama".to_owned()], Some(conclusion)));
    let steps = lab.store.read(|conn| runs::show(conn, 4)).await.unwrap().unwrap().1;
    let kinds: Vec<_> = steps.iter().map(|step| step.kind.as_str()).collect();
    assert_eq!(kinds, ["told", "answered", "called"]);
}

#[tokio::test]
async fn the_second_run_waits_for_the_first_and_says_so() {
    let mut lab = Lab::bare();
    lab.answers.send_replace(false);
    let (first, second) = (lab.begin(1), lab.begin(2));
    let waits = loop {
        match lab.mailbox.recv().await.unwrap().message {
            Message::Progress { run, text, .. } if run == second => break text,
            _ => {}
        }
    };
    assert_eq!(waits, "waits for another run to end");
    lab.answers.send_replace(true);
    assert_eq!(lab.ended().await.0, first);
    assert_eq!(lab.ended().await.0, second);
    lab.nothing_more().await;
}

#[tokio::test]
async fn a_run_that_is_stopped_ends_whether_it_waits_for_its_turn_or_for_an_answer() {
    let mut lab = Lab::bare();
    lab.answers.send_replace(false);
    let (first, second) = (lab.begin(1), lab.begin(2));
    for run in [second, first] {
        lab.agent.stop(run, "ann");
        let (of, conclusion, _) = lab.ended().await;
        assert_eq!((of, conclusion.ending), (run, Ending::Stopped { by: "ann".into() }));
    }
    lab.nothing_more().await;
    assert!(lab.row(2).await.ended_at.is_some());
}

#[tokio::test]
async fn when_steward_ends_its_runs_end_first() {
    let mut lab = Lab::bare();
    lab.answers.send_replace(false);
    lab.begin(1);
    lab.begin(2);
    lab.stopping.send_replace(true);
    lab.agent.at_rest().await;
    for _ in 0..2 {
        let ending = lab.ended().await.1.ending;
        assert!(matches!(ending, Ending::Interrupted { .. }), "{ending:?}");
    }
}

#[tokio::test]
async fn an_error_of_our_own_ends_the_run_and_nothing_else() {
    let mut lab = Lab::new(|_, _| Box::new(Broken));
    lab.begin(1);
    let (_, conclusion, spent) = lab.ended().await;
    assert!(matches!(conclusion.ending, Ending::Interrupted { .. }), "{conclusion:?}");
    assert_eq!(spent.tokens_in, 70, "what it spent is known all the same");
    lab.begin(2);
    lab.ended().await;
    lab.nothing_more().await;
}

#[tokio::test]
async fn a_run_that_waits_for_a_repair_is_at_rest_and_wakes_when_that_is_over() {
    let mut lab = Lab::new(|clock, repairs| Box::new(Waits(clock, repairs.clone())));
    lab.begin(1);
    // Progress that nobody has read is under way as well.
    while lab.activity.count() > 0 {
        let _ = lab.mailbox.try_recv();
        tokio::task::yield_now().await;
    }
    assert!(lab.row(1).await.ended_at.is_none());
    lab.agent.repair_over(REPAIR, "it worked");
    assert_eq!(lab.ended().await.1.diagnosis, "it worked");
}

#[test]
fn money_is_counted_by_the_days_of_the_lab() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let zone = chrono_tz::Europe::Berlin;
    assert_eq!(midnight(at("2026-11-21T22:59:00Z"), zone), at("2026-11-20T23:00:00Z"));
    assert_eq!(midnight(at("2026-11-21T23:01:00Z"), zone), at("2026-11-21T23:00:00Z"));
}
