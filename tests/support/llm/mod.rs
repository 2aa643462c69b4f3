//! Language models at the wire: an Ollama and an OpenAI-compatible API on loopback. They are strict (what their
//! documentation does not have is a fault, and a fault fails the test at its end), follow a script, remember every
//! request, and can misbehave.
//!
//! ```ignore
//! let ollama = FakeOllama::start().await;
//! ollama.says_call("run_command", json!({ "argv": ["df"] }));
//! ollama.says("The disk is full.");
//! let lab = Lab::new(&ollama.config());
//! // …
//! assert_eq!(ollama.requests().len(), 2);
//! ```

mod dialogue;
mod ollama;
mod openai;
mod server;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use ollama::FakeOllama;
pub use openai::{FakeOpenAi, KEY};
use serde_json::Value;
use tokio::sync::watch;

/// What a fake does with one request.
pub enum Act {
    /// It answers, with words, calls, or both.
    Say(Said),
    /// 200 with this body, whatever it is: no JSON, wrong types.
    Raw(String),
    /// A good answer whose second half never comes: the connection breaks.
    BreakOff(Said),
    /// Nothing comes until the fake is released.
    Hang,
    /// An error with this status, these words, and `Retry-After` in seconds.
    Refuse(u16, String, Option<u64>),
    /// Like a gateway that is in between: this status and a body that is no JSON.
    Page(u16, String),
    /// It looks at the request first.
    Look(Box<dyn FnOnce(&Value) -> Act + Send>),
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Said {
    pub text: String,
    pub calls: Vec<(String, Value)>,
    /// It was cut off at the tokens that it may answer with.
    pub cut_off: bool,
}

impl Said {
    pub fn text(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    pub fn call(tool: &str, arguments: Value) -> Self {
        Self { calls: vec![(tool.to_owned(), arguments)], ..Self::default() }
    }
}

/// What is done with requests for which nothing is scripted.
type Always = Box<dyn FnMut(&Value) -> Act + Send>;

#[derive(Default)]
struct State {
    queue: VecDeque<Act>,
    always: Option<Always>,
    requests: Vec<Value>,
    faults: Vec<String>,
    /// Tokens of each prompt that were in the provider's cache.
    cached: u64,
    tools: bool,
}

/// The script of a fake and what it has seen. Both fakes are one.
pub struct Script {
    state: Mutex<State>,
    released: watch::Sender<bool>,
}

impl Script {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State { tools: true, ..State::default() }),
            released: watch::channel(false).0,
        })
    }

    /// It answers the next request with these words.
    pub fn says(&self, text: &str) {
        self.does(Act::Say(Said::text(text)));
    }

    /// It answers the next request with a call.
    pub fn says_call(&self, tool: &str, arguments: Value) {
        self.does(Act::Say(Said::call(tool, arguments)));
    }

    /// It answers the next request with several calls.
    pub fn says_calls<const N: usize>(&self, calls: [(&str, Value); N]) {
        let calls = calls.into_iter().map(|(tool, arguments)| (tool.to_owned(), arguments)).collect();
        self.does(Act::Say(Said { calls, ..Said::default() }));
    }

    /// It answers the next request with what this makes of the request.
    pub fn answers(&self, answer: impl FnOnce(&Value) -> Said + Send + 'static) {
        self.does(Act::Look(Box::new(|request| Act::Say(answer(request)))));
    }

    /// What it does with the next request.
    pub fn does(&self, act: Act) {
        self.state.lock().unwrap().queue.push_back(act);
    }

    /// What it does with every request for which nothing (more) is scripted.
    pub fn always(&self, act: impl FnMut(&Value) -> Act + Send + 'static) {
        self.state.lock().unwrap().always = Some(Box::new(act));
    }

    /// It makes the same call forever.
    pub fn loops(&self, tool: &str, arguments: Value) {
        let tool = tool.to_owned();
        self.always(move |_| Act::Say(Said::call(&tool, arguments.clone())));
    }

    /// It refuses the next request.
    pub fn refuses(&self, status: u16, words: &str) {
        self.does(Act::Refuse(status, words.to_owned(), None));
    }

    /// It asks for a pause in answer to the next request.
    pub fn limits(&self, seconds: Option<u64>) {
        self.does(Act::Refuse(429, "Rate limit reached for requests".to_owned(), seconds));
    }

    /// Its model has no tools of its own: a request that brings some is refused as the real server refuses it.
    pub fn has_no_tools(&self) {
        self.state.lock().unwrap().tools = false;
    }

    /// So many tokens of each prompt were in its cache.
    pub fn cached(&self, tokens: u64) {
        self.state.lock().unwrap().cached = tokens;
    }

    /// Whoever hangs gets an answer after all: an error, which nobody should be there to hear.
    pub fn release(&self) {
        self.released.send_replace(true);
    }

    /// The bodies of all dialogues that it was asked to continue, in order.
    pub fn requests(&self) -> Vec<Value> {
        self.state.lock().unwrap().requests.clone()
    }

    /// The last of them.
    pub fn last_request(&self) -> Value {
        self.requests().pop().unwrap()
    }

    /// Waits until it was asked so many times.
    pub async fn asked(&self, times: usize) {
        for _ in 0..2_000 {
            if self.state.lock().unwrap().requests.len() >= times {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it was asked {} times, not {times}", self.requests().len());
    }

    /// What was scripted and not used.
    pub fn unused(&self) -> usize {
        self.state.lock().unwrap().queue.len()
    }

    /// What was wrong with the requests so far; taking them is for tests of the fakes.
    pub fn take_faults(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().faults)
    }

    fn fault(&self, what: String) {
        self.state.lock().unwrap().faults.push(what);
    }

    fn next(&self, request: &Value) -> Act {
        let mut state = self.state.lock().unwrap();
        state.requests.push(request.clone());
        let scripted = state.queue.pop_front();
        match (scripted, &mut state.always) {
            (Some(act), _) => act,
            (None, Some(always)) => always(request),
            (None, None) => {
                state.faults.push("it was asked, and nothing is scripted".to_owned());
                Act::Refuse(500, "nothing is scripted".to_owned(), None)
            }
        }
    }
}

/// The test's side of a fake. When it goes, a fault fails the test.
struct Guard(Arc<Script>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.release();
        let faults = self.0.take_faults();
        if !std::thread::panicking() {
            assert!(faults.is_empty(), "the model's server found faults:\n{}", faults.join("\n"));
        }
    }
}

/// An address at which nobody listens.
pub fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// About as many tokens as a text has.
fn tokens(text: &str) -> u64 {
    u64::try_from(text.len().div_ceil(4)).unwrap()
}
