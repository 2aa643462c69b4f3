//! The dialogue above the adapters: the next model, pauses, cuts, JSON instead of calls, prices, masks.

use steward::agent::dialogue::{Chain, Dialogue, Member};
use steward::domain::agent::{Purpose, Spending};

use super::*;
use crate::support::HandClock;

/// A chain of these servers' models.
fn chain(sections: &[String]) -> Chain {
    let members = models::each(&settings(&sections.concat())).unwrap();
    Chain { members: members.into_values().collect() }
}

/// With each provider's only model: its server, and its section.
macro_rules! both_dialogues {
    ($server:ident, $section:ident, $body:block) => {{
        let $server = FakeOllama::start().await;
        let $section = $server.section("m");
        $body
    }
    {
        let $server = FakeOpenAi::start().await;
        let $section = $server.section("m");
        $body
    }};
}

fn first() -> Question {
    question(vec![user("the blog is slow")])
}

#[tokio::test]
async fn where_the_local_model_fails_the_remote_one_is_asked_and_the_dialogue_stays_with_it() {
    let (local, remote) = (FakeOllama::start().await, FakeOpenAi::start().await);
    let chain = chain(&[local.section("a"), remote.section("b")]);
    let mut dialogue = Dialogue::new(&chain);
    local.refuses(500, "CUDA out of memory");
    remote.says("The disk is full.");
    let reply = dialogue.ask(&first()).await.unwrap();
    assert_eq!((reply.answer.text.as_str(), reply.model.as_str()), ("The disk is full.", "b"));
    assert_eq!(reply.fell_back, ["a can't be reached: it failed (500: CUDA out of memory)"]);
    remote.says("Still.");
    let reply = dialogue.ask(&first()).await.unwrap();
    assert_eq!((reply.model.as_str(), reply.fell_back.len(), local.requests().len()), ("b", 0, 1));
}

#[tokio::test]
async fn where_none_answers_the_last_reason_is_told_and_where_there_is_none_nothing() {
    let local = FakeOllama::start().await;
    let dead = format!("[agent.models.b]\nprovider = \"ollama\"\nmodel = \"m\"\nurl = \"{}\"\n", nobody());
    let chain = chain(&[local.section("a"), dead]);
    local.does(Act::Raw("?".to_owned()));
    let error = Dialogue::new(&chain).ask(&first()).await.unwrap_err().unwrap();
    assert!(matches!(&error, ModelError::Unreachable { model, .. } if model == "b"), "{error:?}");
    assert_eq!(Dialogue::new(&Chain::default()).ask(&first()).await.unwrap_err(), None);
}

#[tokio::test]
async fn whoever_gives_up_makes_room_for_the_next() {
    let (local, remote) = (FakeOllama::start().await, FakeOpenAi::start().await);
    let chain = chain(&[local.section("a"), remote.section("b")]);
    let mut dialogue = Dialogue::new(&chain);
    assert!(dialogue.next_model());
    remote.says("Here.");
    assert_eq!(dialogue.ask(&first()).await.unwrap().model, "b");
    assert!(!dialogue.next_model());
    assert!(dialogue.current().is_none() && local.requests().is_empty());
}

#[tokio::test]
async fn a_short_pause_is_waited_for_once_and_a_long_one_never() {
    let (local, remote) = (FakeOllama::start().await, FakeOpenAi::start().await);
    let chain = chain(&[local.section("a"), remote.section("b")]);
    let clock = Arc::new(HandClock::at("2026-11-21T08:00:00Z"));
    let ask = |clock: Arc<HandClock>| {
        let chain = chain.clone();
        tokio::spawn(async move { Dialogue::new(&chain).patient(clock).ask(&first()).await.unwrap() })
    };
    local.limits(Some(3));
    local.says("Thanks for waiting.");
    let asked = ask(clock.clone());
    local.asked(1).await;
    let begun = clock.time();
    while !asked.is_finished() {
        clock.step(clock.time() + chrono::TimeDelta::seconds(3));
        tokio::task::yield_now().await;
    }
    assert_eq!(asked.await.unwrap().model, "a");
    assert!(clock.time() - begun >= chrono::TimeDelta::seconds(3));

    local.limits(Some(3600));
    remote.says("I have time.");
    assert_eq!(ask(clock.clone()).await.unwrap().model, "b");

    local.limits(None);
    remote.says("I have time.");
    assert_eq!(ask(clock).await.unwrap().model, "b");
    assert_eq!(local.requests().len(), 4);
}

#[tokio::test]
async fn a_model_without_tools_is_driven_by_json_and_asked_so_from_then_on() {
    both_dialogues!(server, section, {
        let chain = chain(&[section]);
        let mut dialogue = Dialogue::new(&chain);
        server.has_no_tools();
        server.says(
            "Let me look.\n```json\n{\"tool\": \"run_command\", \"arguments\": {\"argv\": [\"df\"]}}\n```",
        );
        let reply = dialogue.ask(&first()).await.unwrap();
        assert_eq!((reply.malformed.clone(), reply.answer.text.as_str()), (None, "Let me look."));
        assert_eq!(arguments(&reply.answer.calls[0]), json!({ "argv": ["df"] }));
        server.says("I think the disk is full.");
        let reply = dialogue.ask(&second(&reply.answer)).await.unwrap();
        assert!(reply.malformed.unwrap().contains("{\"tool\": \"NAME\", \"arguments\": {…}}"));
        assert!(reply.answer.calls.is_empty());
        let request = server.last_request();
        assert!(request.get("tools").is_none());
        assert!(request.get("format").or(request.get("response_format")).is_some(), "{request}");
        let messages = request["messages"].as_array().unwrap();
        let roles: Vec<_> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["system", "user", "assistant", "user"]);
        assert!(messages[0]["content"].as_str().unwrap().contains("## run_command\nRuns a command"));
        assert_eq!(messages[3]["content"], "Result of run_command:\n97% full");
    });
}

#[tokio::test]
async fn a_server_that_knows_no_response_format_is_asked_without() {
    let openai = FakeOpenAi::start().await;
    let chain = chain(&[format!("{}tools = \"json\"\n", openai.section("m"))]);
    openai.refuses(400, "'response_format.type' must be 'json_schema' or 'text'");
    openai.says("{\"tool\": \"run_command\", \"arguments\": {}}");
    let reply = Dialogue::new(&chain).ask(&first()).await.unwrap();
    assert_eq!(reply.answer.calls.len(), 1);
    assert!(openai.last_request().get("response_format").is_none());
}

#[tokio::test]
async fn a_model_that_is_to_call_natively_and_can_not_is_passed_over() {
    let (local, remote) = (FakeOllama::start().await, FakeOpenAi::start().await);
    let chain = chain(&[format!("{}tools = \"native\"\n", local.section("a")), remote.section("b")]);
    local.has_no_tools();
    remote.says("Here.");
    let reply = Dialogue::new(&chain).ask(&first()).await.unwrap();
    assert_eq!((reply.model.as_str(), reply.fell_back.concat().as_str()), ("b", "a has no tools of its own"));
}

/// A dialogue with these results, the last of which nobody has answered yet.
fn long(results: &[usize]) -> Question {
    let mut turns = vec![user("the blog is slow")];
    for (at, length) in results.iter().enumerate() {
        let call = Call { id: format!("c{at}"), name: "run_command".to_owned(), arguments: "{}".to_owned() };
        turns.push(Turn::Assistant { text: String::new(), calls: vec![call.clone()] });
        turns.push(Turn::Result { id: call.id, name: call.name, text: "x".repeat(*length) });
    }
    question(turns)
}

#[tokio::test]
async fn a_dialogue_that_is_too_long_loses_its_oldest_results_before_it_is_sent() {
    let ollama = FakeOllama::start().await;
    let chain = chain(&[format!("{}context = 3000\n", ollama.section("m"))]);
    ollama.says("The disk is full.");
    Dialogue::new(&chain).ask(&long(&[14_000, 7_000])).await.unwrap();
    let request = ollama.last_request();
    let text = |at: usize| request["messages"][at]["content"].as_str().unwrap().to_owned();
    assert!(text(3).contains("14000 characters were cut here"), "{}", text(3));
    assert_eq!(text(5).len(), 7_000);
}

#[tokio::test]
async fn whoever_finds_a_dialogue_too_long_gets_a_shorter_one_once_and_then_the_next_is_asked() {
    let (local, remote) = (FakeOllama::start().await, FakeOpenAi::start().await);
    let chain = chain(&[local.section("a"), remote.section("b")]);
    let overflow = "the input length exceeds the context length";
    local.refuses(400, overflow);
    local.says("The disk is full.");
    assert_eq!(Dialogue::new(&chain).ask(&long(&[14_000, 7_000])).await.unwrap().model, "a");
    assert!(local.last_request().to_string().contains("were cut here"));
    local.refuses(400, overflow);
    local.refuses(400, overflow);
    remote.says("The disk is full.");
    let reply = Dialogue::new(&chain).ask(&long(&[14_000, 7_000])).await.unwrap();
    assert_eq!(
        (reply.model.as_str(), reply.fell_back.concat().as_str()),
        ("b", "the dialogue is too long for a")
    );
    assert!(!remote.last_request().to_string().contains("were cut here"), "the next model may be larger");
}

#[tokio::test]
async fn every_answer_is_priced_and_what_was_in_the_cache_is_cheaper() {
    let openai = FakeOpenAi::start().await;
    let prices = "price_in = 2.0\nprice_cached = 0.5\nprice_out = 8.0\n";
    let chain = chain(&[format!("{}{prices}", openai.section("m"))]);
    openai.cached(10);
    openai.says("The disk is full.");
    let spent = Dialogue::new(&chain).ask(&first()).await.unwrap().answer.spent;
    let fresh = spent.tokens_in - 10;
    assert!(fresh > 10 && spent.tokens_out > 0);
    assert_eq!(spent.micros, fresh * 2 + 5 + spent.tokens_out * 8);
    assert!(chain.members[0].is_paid() && chain.unpaid().members.is_empty());
    let member = Member { settings: chain.members[0].settings.clone(), ..chain.members[0].clone() };
    assert_eq!(member.price(&Spending { tokens_in: 1, tokens_cached: 1, ..Spending::default() }), 1);
    let much = Spending { tokens_in: u64::MAX, tokens_out: u64::MAX, ..Spending::default() };
    assert_eq!(member.price(&much), u64::MAX, "it saturates");
}

#[tokio::test]
async fn a_masked_model_is_told_no_name_and_its_calls_reach_the_real_ones() {
    let openai = FakeOpenAi::start().await;
    let chain = chain(&[format!("{}mask = true\n", openai.section("m"))]);
    let mut dialogue = Dialogue::new(&chain).masking(["pve4", "nas"]);
    let mut asked = first();
    asked.system = "You look after pve4 and nas at 10.0.0.9.".to_owned();
    asked.turns = vec![user("cloud.example.org on pve4 is slow, says root@example.org")];
    asked.tools[0].description = "Runs a command on pve4 or nas.".to_owned();
    openai.answers(|request| {
        let told = request["messages"][1]["content"].as_str().unwrap().to_owned();
        let host = told.split(' ').nth(2).unwrap().to_owned();
        let calls = vec![("run_command".to_owned(), json!({ "argv": ["ping", host, "a\nip-1"] }))];
        Said { text: format!("{host} it is."), calls, cut_off: false }
    });
    let reply = dialogue.ask(&asked).await.unwrap();
    assert_eq!(reply.answer.text, "pve4 it is.");
    assert_eq!(arguments(&reply.answer.calls[0]), json!({ "argv": ["ping", "pve4", "a\n10.0.0.9"] }));
    // What it called is told back, and masked again, the same way.
    asked.turns.push(Turn::Assistant { text: reply.answer.text, calls: reply.answer.calls.clone() });
    let id = reply.answer.calls[0].id.clone();
    let text = "PING pve4 (10.0.0.4)\nfe80::4 nas.lan".to_owned();
    asked.turns.push(Turn::Result { id, name: "run_command".to_owned(), text });
    openai.says("Fine.");
    dialogue.ask(&asked).await.unwrap();
    let [first, last] = openai.requests().try_into().unwrap();
    for name in ["pve4", "nas", "10.0.0.", "fe80", "example.org", "root@"] {
        assert!(!first.to_string().contains(name) && !last.to_string().contains(name), "{name} in {last}");
    }
    let messages = last["messages"].as_array().unwrap();
    assert_eq!(
        messages[..2],
        first["messages"].as_array().unwrap()[..],
        "what was sent is sent the same again"
    );
}

#[tokio::test]
async fn what_stays_the_same_comes_first_and_is_sent_byte_for_byte() {
    both_dialogues!(server, section, {
        let chain = chain(&[section]);
        let mut dialogue = Dialogue::new(&chain);
        server.says_call("run_command", json!({ "argv": ["df"], "b": 1, "a": 2 }));
        let reply = dialogue.ask(&first()).await.unwrap();
        server.says("Full.");
        dialogue.ask(&second(&reply.answer)).await.unwrap();
        let [one, two] = server.requests().try_into().unwrap();
        let text = |request: &Value, upto: usize| {
            serde_json::to_string(&request["messages"].as_array().unwrap()[..upto]).unwrap()
        };
        assert_eq!(text(&one, 2), text(&two, 2));
        assert_eq!(one["tools"].to_string(), two["tools"].to_string());
        assert_eq!(one["messages"][0]["content"], "You look after a lab.");
    });
}

#[tokio::test]
async fn a_model_may_loop_forever_without_anybody_waiting_for_its_end() {
    let ollama = FakeOllama::start().await;
    let chain = chain(&[ollama.section("m")]);
    let mut dialogue = Dialogue::new(&chain);
    ollama.loops("run_command", json!({ "argv": ["df"] }));
    let one = dialogue.ask(&first()).await.unwrap();
    let two = dialogue.ask(&second(&one.answer)).await.unwrap();
    assert_eq!(one.answer.calls[0].arguments, two.answer.calls[0].arguments);
    assert_ne!(one.answer.calls[0].id, two.answer.calls[0].id);
}

#[tokio::test]
async fn models_are_chained_per_purpose_as_configured() {
    let (local, remote) = (FakeOllama::start().await, FakeOpenAi::start().await);
    let toml = format!(
        "[agent]\ninvestigate = [\"a\", \"b\"]\nnarrate = [\"b\"]\n{}{}",
        local.section("a"),
        remote.section("b")
    );
    let models = models::build(&settings(&toml)).unwrap();
    let names = |purpose| {
        let members = models.chain(purpose).members;
        members.iter().map(|member| member.model.name().to_owned()).collect::<Vec<_>>()
    };
    // A purpose without models of its own asks none: its work is done without, or by the investigation.
    assert_eq!(names(Purpose::Triage), [""; 0]);
    assert_eq!(names(Purpose::Investigate), ["a", "b"]);
    assert_eq!(names(Purpose::Narrate), ["b"]);
    let remote: Vec<_> =
        models.chain(Purpose::Investigate).members.iter().map(|member| member.model.is_remote()).collect();
    assert_eq!(remote, [false, true]);
}
