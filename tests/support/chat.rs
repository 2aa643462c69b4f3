//! A chat that remembers what people see, and can be unreachable.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use steward::domain::card::{Card, Mention, Place};
use steward::engine::ports::{Capabilities, Chat, Delivered, DeliveryError, Outbound, Threads};

pub struct FakeChat {
    platform: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    roots: BTreeMap<u64, Card>,
    root_edits: BTreeMap<u64, usize>,
    threads: BTreeMap<u64, Vec<String>>,
    seen: BTreeMap<u64, usize>,
    lab: VecDeque<String>,
    questions: BTreeMap<u64, (u64, Card)>,
    answers: BTreeMap<String, VecDeque<String>>,
    delivered: Vec<i64>,
    calls: usize,
    failing: Option<DeliveryError>,
    threads_fail: bool,
    tries: usize,
}

impl FakeChat {
    pub fn new(platform: &str) -> Self {
        Self { platform: platform.into(), state: Mutex::default() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// From now on nothing is delivered.
    pub fn go_down(&self) {
        self.state().failing = Some(DeliveryError::Transient { why: "down".into(), hold: None });
    }

    /// From now on the platform asks for this pause.
    pub fn limit_rate(&self, seconds: u64) {
        let pause = Duration::from_secs(seconds);
        self.state().failing = Some(DeliveryError::Limited { pause, everything: true });
    }

    /// From now on everything is refused for good.
    pub fn refuse(&self, why: &str) {
        self.state().failing = Some(DeliveryError::Permanent { why: why.into() });
    }

    /// From now on nothing is delivered to threads.
    pub fn refuse_threads_for_now(&self) {
        self.state().threads_fail = true;
    }

    /// How often a delivery was tried.
    pub fn tries(&self) -> usize {
        self.state().tries
    }

    pub fn come_back(&self) {
        let mut state = self.state();
        state.failing = None;
        state.threads_fail = false;
    }

    /// The root message of an incident as it stands.
    pub fn root(&self, number: u64) -> String {
        let state = self.state();
        let card = state.roots.get(&number).unwrap_or_else(|| panic!("no root message for #{number}"));
        render(card)
    }

    pub fn has_root(&self, number: u64) -> bool {
        self.state().roots.contains_key(&number)
    }

    /// How often the root message was sent or edited.
    pub fn root_edits(&self, number: u64) -> usize {
        self.state().root_edits.get(&number).copied().unwrap_or(0)
    }

    /// A field of the root message; empty when it is not there.
    pub fn field(&self, number: u64, name: &str) -> String {
        let state = self.state();
        let card = state.roots.get(&number).unwrap_or_else(|| panic!("no root message for #{number}"));
        card.fields.iter().find(|f| f.name == name).map_or_else(String::new, |f| f.value.clone())
    }

    /// What the thread said since it was last looked at.
    pub fn news(&self, number: u64) -> Vec<String> {
        let mut state = self.state();
        let from = state.seen.get(&number).copied().unwrap_or(0);
        let thread = state.threads.get(&number).cloned().unwrap_or_default();
        state.seen.insert(number, thread.len());
        thread[from..].to_vec()
    }

    /// The whole thread.
    pub fn thread(&self, number: u64) -> String {
        self.messages(number).join("\n")
    }

    /// The whole thread, message by message.
    pub fn messages(&self, number: u64) -> Vec<String> {
        let mut state = self.state();
        let thread = state.threads.get(&number).cloned().unwrap_or_default();
        state.seen.insert(number, thread.len());
        thread
    }

    /// How many messages each thread has.
    pub fn threads(&self) -> BTreeMap<u64, usize> {
        self.state().threads.iter().map(|(number, thread)| (*number, thread.len())).collect()
    }

    /// The card of a question as it stands.
    pub fn question(&self, approval: u64) -> String {
        render(&self.card(approval).1)
    }

    /// The incident for which a question is put, and its card.
    fn card(&self, approval: u64) -> (u64, Card) {
        let found = self.state().questions.get(&approval).cloned();
        found.unwrap_or_else(|| panic!("question {approval} was not put"))
    }

    /// The buttons of a question: the label of each, and what it sends.
    pub fn buttons(&self, approval: u64) -> Vec<(String, String)> {
        let (_, card) = self.card(approval);
        card.actions.into_iter().map(|action| (action.label, action.command)).collect()
    }

    /// The incident for which a question is put.
    pub fn asked_for(&self, approval: u64) -> u64 {
        self.card(approval).0
    }

    /// The next notice to the lab.
    pub fn take_notice(&self) -> Option<String> {
        self.state().lab.pop_front()
    }

    pub fn take_answer(&self, conversation: &str) -> Option<String> {
        self.state().answers.get_mut(conversation)?.pop_front()
    }

    /// How often people were called.
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// The numbers of the messages in the order of their delivery.
    pub fn delivered(&self) -> Vec<i64> {
        self.state().delivered.clone()
    }

    /// Everything that was said has been looked at.
    pub fn nothing_unseen(&self) {
        let state = self.state();
        for (number, thread) in &state.threads {
            let seen = state.seen.get(number).copied().unwrap_or(0);
            assert_eq!(
                seen,
                thread.len(),
                "nobody looked at this of #{number}:\n{}",
                thread[seen..].join("\n")
            );
        }
        assert!(state.lab.is_empty(), "nobody looked at these notices: {:?}", state.lab);
        let unread: Vec<_> = state.answers.values().flatten().collect();
        assert!(unread.is_empty(), "nobody looked at these answers: {unread:?}");
    }
}

/// A card as text: what any platform would show in some way.
pub fn render(card: &Card) -> String {
    let mut lines = Vec::new();
    if card.mention == Mention::Here {
        lines.push("@here".to_owned());
    }
    lines.push(card.title.clone());
    lines.extend(card.body.iter().cloned());
    lines.extend(card.fields.iter().map(|f| format!("{}: {}", f.name, f.value.replace('\n', "; "))));
    lines.extend(card.attachments.iter().map(|a| format!("[{}]\n{}", a.name, a.text)));
    let actions: Vec<_> = card.actions.iter().map(|a| format!("<{}: {}>", a.label, a.command)).collect();
    if !actions.is_empty() {
        lines.push(actions.join(" "));
    }
    lines.join("\n")
}

#[async_trait]
impl Chat for FakeChat {
    fn platform(&self) -> String {
        self.platform.clone()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            threads: Threads::Own,
            edits: true,
            buttons: true,
            reactions: None,
            files: true,
            private_answers: false,
            drops_doubles: false,
            longest_text: None,
            edit_every: Duration::ZERO,
            at_once: 1,
        }
    }

    async fn deliver(&self, message: &Outbound) -> Result<Delivered, DeliveryError> {
        let mut state = self.state();
        state.tries += 1;
        if let Some(error) = &state.failing {
            return Err(error.clone());
        }
        if state.threads_fail && matches!(message.place, Place::Thread { .. }) {
            return Err(DeliveryError::Transient { why: "no threads now".into(), hold: None });
        }
        state.delivered.push(message.id);
        let mut delivered = Delivered::default();
        match &message.place {
            Place::Root { number, .. } => {
                let known = state.roots.insert(*number, message.card.clone()).is_some();
                assert_eq!(
                    known,
                    message.refs.own.is_some(),
                    "#{number}: a root message is made once and then edited"
                );
                *state.root_edits.entry(*number).or_default() += 1;
                delivered.own = (!known).then(|| format!("root-{number}"));
            }
            Place::Thread { number, .. } => {
                assert!(message.refs.root.is_some(), "#{number}: the thread comes after its root message");
                let first = message.refs.thread.is_none();
                delivered.thread = first.then(|| format!("thread-{number}"));
                state.calls += usize::from(message.card.mention == Mention::Here);
                let text = render(&message.card);
                state.threads.entry(*number).or_default().push(text);
            }
            Place::Question { number, approval, .. } => {
                let known = state.questions.insert(*approval, (*number, message.card.clone())).is_some();
                if !known {
                    let text = render(&message.card);
                    state.threads.entry(*number).or_default().push(text);
                }
                assert_eq!(known, message.refs.own.is_some(), "a question is put once and then edited");
                delivered.own = (!known).then(|| format!("question-{approval}"));
            }
            Place::Lab => state.lab.push_back(render(&message.card)),
            Place::Answer { conversation } => {
                let text = render(&message.card);
                state.answers.entry(conversation.clone()).or_default().push_back(text);
            }
        }
        Ok(delivered)
    }
}
