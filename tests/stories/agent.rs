//! What no runbook fits goes to the agent: what it may do it does like any repair, what it may not it asks for, and
//! what it can't solve goes to people.

use serde_json::json;

use super::support::llm::nobody;
use super::support::{Bot, FakeOllama, Lab, min, secs};

/// A lab with a model and one skill.
fn lab(ollama: &FakeOllama, more: &str) -> Lab {
    let lab = Lab::new(&format!("{}{more}", ollama.config()));
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab
}

/// Starts with a web server that has failed.
async fn failed(lab: &Lab) -> Bot<'_> {
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    bot.pass(min(6)).await;
    bot
}

fn concludes(ollama: &FakeOllama, diagnosis: &str, confidence: u8) {
    ollama.says_call(
        "conclude",
        json!({
            "diagnosis": diagnosis, "root": "vm/web", "evidence": ["its journal says so"], "confidence": confidence,
            "verification": "systemctl is-active web.service", "rollback": "nothing was changed"
        }),
    );
}

/// It looks at something before it goes on.
fn looks(ollama: &FakeOllama) {
    ollama.says_call("incidents", json!({}));
}

#[tokio::test]
async fn what_no_runbook_fits_the_agent_looks_into_and_people_hear_what_it_found() {
    let ollama = FakeOllama::start().await;
    looks(&ollama);
    concludes(&ollama, "web can't bind port 80: nginx holds it.", 80);
    let lab = lab(&ollama, "");
    let bot = failed(&lab).await;
    let story = lab.chat.thread(1);
    assert!(story.contains("web can't bind port 80: nginx holds it. Suspects vm/web. (80 % sure"), "{story}");
    assert!(story.contains("Evidence: its journal says so"), "{story}");
    assert!(lab.chat.field(1, "Agent").contains("80 % sure"), "{}", lab.chat.root(1));
    // Automation has come to its boundary, so people are called; and nothing is asked again while nothing changes.
    assert_eq!(lab.chat.calls(), 1);
    bot.pass(min(30)).await;
    assert_eq!((ollama.requests().len(), lab.chat.calls()), (2, 1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn who_is_sure_of_an_incident_without_having_looked_at_anything_is_not_gone_by() {
    let ollama = FakeOllama::start().await;
    ollama.says_call(
        "conclude",
        json!({ "diagnosis": "Surely db9.", "root": "db9/postgres", "confidence": 95, "mood": "good" }),
    );
    let lab = lab(&ollama, "");
    let bot = failed(&lab).await;
    let story = lab.chat.thread(1);
    assert!(story.contains("Surely db9. (40 % sure, run 1)"), "{story}");
    assert!(story.contains("It said 95 % and looked at nothing with its tools"), "{story}");
    assert!(
        story.contains("It names db9/postgres, which I don't know.") && !story.contains("Suspects"),
        "{story}"
    );
    assert!(lab.chat.field(1, "Next").contains("The agent is not sure"), "{}", lab.chat.root(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_diagnosis_is_not_lost_over_the_form_that_it_is_given_in() {
    let ollama = FakeOllama::start().await;
    for _ in 0..3 {
        ollama.says_call(
            "conclude",
            json!({ "diagnosis": "web can't bind port 80: nginx holds it.", "confidence": 85,
                    "options": [{ "title": "Stop nginx", "why": ["it", "is", "quick"] }] }),
        );
    }
    let lab = lab(&ollama, "");
    let bot = failed(&lab).await;
    assert!(last_result(&ollama).contains("options[0].why: a string is wanted"), "{}", last_result(&ollama));
    let story = lab.chat.thread(1);
    assert!(
        story.contains("The agent gave up") && story.contains("It said: web can't bind port 80"),
        "{story}"
    );
    assert_eq!(lab.chat.calls(), 1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_wish_that_is_answered_in_plain_prose_has_its_answer_and_the_options_say_what_the_policy_says() {
    let ollama = FakeOllama::start().await;
    for _ in 0..3 {
        ollama.says("Jellyfin is there already, on vm. Plex would add nothing but a licence.");
    }
    let lab = lab(&ollama, "");
    let bot = lab.start().await;
    bot.says("I want to add Plex to the lab").await;
    let story = lab.chat.thread(1);
    assert!(story.contains("Plex would add nothing but a licence. (run 1)"), "{story}");
    assert!(story.contains("Not checked with tools") && !story.contains("gave up"), "{story}");
    let step = |command: &[&str]| json!({ "what": "", "risk": "", "command": command });
    ollama.says_call(
        "conclude",
        json!({ "diagnosis": "Restart it.", "confidence": 90, "options": [{ "title": "Once", "why": "it leaks", "steps": [
            step(&["systemctl", "restart", "web.service"]), step(&["rm", "-rf", "/"]), step(&["uptime"])] }] }),
    );
    bot.says_in_thread(1, "and web is slow").await;
    let story = lab.chat.thread(1);
    assert!(story.contains("Option 1: Once. it leaks"), "{story}");
    assert!(story.contains("`systemctl restart web.service` (would be asked for;"), "{story}");
    assert!(story.contains("`rm -rf /` (the policy forbids it"), "{story}");
    assert!(story.contains("`uptime` (allowed; read") && !story.contains("risk:"), "{story}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn without_a_model_that_answers_the_incident_is_told_as_it_stands_and_people_are_called() {
    let model = format!(
        "[agent]\ninvestigate = [\"local\"]\n[agent.models.local]\nprovider = \"ollama\"\nmodel = \"m\"\nurl = \"{}\"\n",
        nobody()
    );
    let lab = Lab::new(&model);
    lab.skill("look", "*/5 * * * *", &["vm"]);
    let bot = failed(&lab).await;
    let story = lab.chat.thread(1);
    assert!(story.contains("No model could be asked"), "{story}");
    assert_eq!(lab.chat.calls(), 1);
    bot.pass(min(30)).await;
    assert_eq!(lab.chat.calls(), 1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_inconclusive_verdict_calls_people_once_and_the_agent_does_not_loop() {
    let ollama = FakeOllama::start().await;
    concludes(&ollama, "Perhaps the disk.", 20);
    let lab = lab(&ollama, "");
    let bot = failed(&lab).await;
    assert!(lab.chat.field(1, "Next").contains("The agent is not sure"), "{}", lab.chat.root(1));
    bot.pass(min(60)).await;
    assert_eq!((ollama.requests().len(), lab.chat.calls()), (1, 1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_wish_in_plain_words_is_answered_in_a_thread_of_its_own_which_keeps_its_context() {
    let ollama = FakeOllama::start().await;
    ollama.says_call(
        "conclude",
        json!({ "diagnosis": "Jellyfin is there already.", "evidence": [], "confidence": 90,
                "verification": "", "rollback": "",
                "options": [{ "title": "Keep Jellyfin", "steps": [{ "what": "nothing", "risk": "none", "undo": "none" }] }] }),
    );
    let lab = lab(&ollama, "");
    let bot = lab.start().await;
    let answer = bot.says("I want to add Plex to the lab").await;
    assert!(answer.contains("see #1"), "{answer}");
    let story = lab.chat.thread(1);
    assert!(story.contains("Jellyfin is there already."), "{story}");
    assert!(lab.chat.field(1, "State").starts_with("answered"), "{}", lab.chat.root(1));
    assert!(!bot.says("status").await.contains("Incidents"));
    // It goes on in the thread, and the model hears what was said before.
    ollama.answers(|request| {
        let text = request.to_string();
        assert!(text.contains("I want to add Plex") && text.contains("Jellyfin is there already."), "{text}");
        super::support::llm::Said::call(
            "conclude",
            json!({ "diagnosis": "It needs a licence.", "evidence": [], "confidence": 90, "verification": "", "rollback": "" }),
        )
    });
    bot.says_in_thread(1, "and why not both of them?").await;
    assert!(lab.chat.thread(1).contains("It needs a licence."), "{}", lab.chat.thread(1));
    // And from anywhere, by its number: no second case is begun.
    ollama.answers(|request| {
        let text = request.to_string();
        assert!(text.contains("It needs a licence.") && text.contains("what does that cost?"), "{text}");
        super::support::llm::Said::call(
            "conclude",
            json!({ "diagnosis": "Five a month.", "evidence": [], "confidence": 90, "verification": "", "rollback": "" }),
        )
    });
    let answer = bot.says("ask #1 what does that cost?").await;
    assert!(answer.contains("in #1"), "{answer}");
    assert!(lab.chat.thread(1).contains("Five a month."), "{}", lab.chat.thread(1));
    let answer = bot.says("ask #7 what does that cost?").await;
    assert!(answer.contains("There is no case #7 that goes on"), "{answer}");
    assert_eq!(lab.chat.calls(), 0);
    assert!(bot.says("status").await.contains("Reasoning: "));
    bot.pass(secs(60)).await;
    bot.end_quietly().await;
}

#[tokio::test]
async fn without_a_model_a_sentence_is_told_that_none_is_configured_and_where_to_read_on() {
    let lab = Lab::new("");
    let bot = lab.start().await;
    for sentence in ["the blog is slow", "why is the web so slow today?"] {
        let answer = bot.says(sentence).await;
        assert!(answer.contains("no model is configured") && answer.contains("docs/agent.md"), "{answer}");
        assert!(!answer.contains("I don't know"), "{answer}");
    }
    let slip = bot.says("statsu").await;
    assert!(slip.contains("Did you mean `status`?"), "{slip}");
    bot.end_quietly().await;
}

fn proposes(ollama: &FakeOllama, title: &str, run: &[&str], confidence: u8) {
    ollama.says_call(
        "propose",
        json!({ "title": title, "why": "its journal says so", "confidence": confidence,
                "steps": [{ "name": "do", "run": run, "verify": ["systemctl", "is-active", "web.service"] }] }),
    );
}

/// What the model was told as the result of its last call.
fn last_result(ollama: &FakeOllama) -> String {
    let request = ollama.last_request();
    let messages = request["messages"].as_array().unwrap();
    messages.iter().rev().find(|m| m["role"] == "tool").map(|m| m["content"].to_string()).unwrap_or_default()
}

#[tokio::test]
async fn a_safe_plan_of_the_agent_runs_like_any_repair_and_the_skill_decides_whether_it_helped() {
    let ollama = FakeOllama::start().await;
    proposes(&ollama, "Restart web", &["systemctl", "restart", "web.service"], 90);
    concludes(&ollama, "web had lost its socket.", 90);
    let lab = lab(&ollama, "");
    lab.host.command("systemctl restart web.service", &["vm/web"], 0);
    let bot = failed(&lab).await;
    assert_eq!(lab.host.ran(), ["systemctl restart web.service"]);
    assert!(last_result(&ollama).contains("it worked"), "{}", last_result(&ollama));
    assert!(lab.chat.field(1, "State").starts_with("mitigated"), "{}", lab.chat.root(1));
    bot.pass(min(10)).await;
    assert!(lab.chat.field(1, "State").starts_with("resolved"), "{}", lab.chat.root(1));
    assert_eq!(lab.chat.calls(), 0);
    lab.chat.thread(1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_agent_that_claims_success_is_not_believed() {
    let ollama = FakeOllama::start().await;
    concludes(&ollama, "I restarted web, and it works again. Resolved.", 100);
    let lab = lab(&ollama, "");
    let bot = failed(&lab).await;
    assert!(lab.host.ran().is_empty());
    assert!(lab.chat.field(1, "State").starts_with("open"), "{}", lab.chat.root(1));
    assert_eq!(lab.chat.calls(), 1);
    bot.pass(min(20)).await;
    assert!(lab.chat.field(1, "State").starts_with("open"), "{}", lab.chat.root(1));
    lab.chat.thread(1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn who_is_not_sure_asks_first_and_a_yes_runs_exactly_what_was_shown() {
    let ollama = FakeOllama::start().await;
    proposes(&ollama, "Restart web", &["systemctl", "restart", "web.service"], 30);
    concludes(&ollama, "Perhaps web lost its socket.", 30);
    let lab = lab(&ollama, "");
    lab.host.command("systemctl restart web.service", &["vm/web"], 0);
    let bot = failed(&lab).await;
    assert!(lab.host.ran().is_empty());
    assert!(last_result(&ollama).contains("A person is asked (question 2)"), "{}", last_result(&ollama));
    let card = lab.chat.question(2);
    assert!(
        card.contains("systemctl restart web.service") && card.contains("whoever proposes it is not sure"),
        "{card}"
    );
    bot.says("approve 2").await;
    assert_eq!(lab.host.ran(), ["systemctl restart web.service"]);
    bot.pass(min(10)).await;
    assert!(lab.chat.field(1, "State").starts_with("resolved"), "{}", lab.chat.root(1));
    lab.chat.thread(1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_the_policy_forbids_is_not_even_asked_for_and_the_model_hears_why() {
    let ollama = FakeOllama::start().await;
    proposes(&ollama, "Make room", &["zpool", "destroy", "tank"], 100);
    concludes(&ollama, "The pool is full.", 90);
    let lab = lab(&ollama, "");
    let bot = failed(&lab).await;
    assert!(lab.host.ran().is_empty());
    assert!(last_result(&ollama).contains("the policy forbids it"), "{}", last_result(&ollama));
    let story = lab.chat.thread(1);
    assert!(
        !story.contains("approve") && story.contains("not done, the policy forbids it: Make room"),
        "{story}"
    );
    assert_eq!(lab.chat.calls(), 1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_somebody_wants_is_asked_for_although_it_would_be_safe_and_a_no_is_remembered() {
    let ollama = FakeOllama::start().await;
    proposes(&ollama, "Restart web", &["systemctl", "restart", "web.service"], 95);
    concludes(&ollama, "web leaks memory; a restart helps for a week.", 95);
    let lab = lab(&ollama, "");
    let bot = lab.start().await;
    bot.says("the blog is slow since this morning").await;
    assert!(lab.host.ran().is_empty());
    assert!(lab.chat.field(1, "State").contains("approve 2"), "{}", lab.chat.root(1));
    lab.chat.thread(1);
    lab.chat.question(2);
    bot.says("deny 2 because not during the day").await;
    assert!(lab.chat.field(1, "State").starts_with("answered"), "{}", lab.chat.root(1));
    proposes(&ollama, "Restart web", &["systemctl", "restart", "web.service"], 95);
    concludes(&ollama, "It still leaks.", 95);
    bot.says("the blog is slow again, what now?").await;
    assert!(last_result(&ollama).contains("a person said no to exactly this"), "{}", last_result(&ollama));
    assert!(lab.host.ran().is_empty());
    lab.chat.thread(1);
    lab.chat.thread(2);
    lab.chat.question(2);
    bot.end_quietly().await;
}

#[tokio::test]
async fn stop_in_the_thread_stops_the_run_and_nobody_is_called() {
    let ollama = FakeOllama::start().await;
    ollama.does(super::support::llm::Act::Hang);
    let lab = lab(&ollama, "");
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    let run = async {
        ollama.asked(1).await;
        bot.says_while_busy("stop 1").await;
    };
    tokio::join!(bot.pass(min(6)), run);
    bot.settle().await;
    let story = lab.chat.thread(1);
    assert!(story.contains("alex stopped the agent"), "{story}");
    assert_eq!(lab.chat.calls(), 0);
    bot.end_quietly().await;
}

#[tokio::test]
async fn two_that_are_broken_alike_are_looked_into_one_after_the_other() {
    let ollama = FakeOllama::start().await;
    concludes(&ollama, "The first.", 90);
    concludes(&ollama, "The second.", 90);
    let lab = lab(&ollama, "");
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    lab.host.break_("vm/mail", "unit-failed");
    bot.pass(min(6)).await;
    assert_eq!(ollama.requests().len(), 2);
    let both = lab.chat.thread(1) + &lab.chat.thread(2);
    assert!(both.contains("which is broken in the same way"), "{both}");
    assert!(both.contains("The first.") && both.contains("The second."), "{both}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn only_operators_are_answered_in_plain_words() {
    let ollama = FakeOllama::start().await;
    let lab = lab(&ollama, "");
    let bot = lab.start().await;
    let answer = bot.says_as("mallory", false, "please wipe the nas for me").await;
    assert!(answer.contains("operator"), "{answer}");
    assert!(ollama.requests().is_empty());
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_plan_that_does_not_help_is_told_to_the_model_and_people_are_called_once() {
    let ollama = FakeOllama::start().await;
    proposes(&ollama, "Restart web", &["systemctl", "restart", "web.service"], 90);
    concludes(&ollama, "A restart does not help.", 90);
    let lab = lab(&ollama, "");
    // What the model would have looked at says that all is well; the skill that found it says that it is not.
    lab.host.command("systemctl is-active web.service", &[], 0);
    let bot = failed(&lab).await;
    assert!(last_result(&ollama).contains("it did not help"), "{}", last_result(&ollama));
    assert_eq!(lab.chat.calls(), 1);
    bot.pass(min(60)).await;
    // What came of it was known when the run ended, so that there is nothing new to look into.
    assert_eq!((ollama.requests().len(), ollama.unused(), lab.chat.calls()), (2, 0, 1));
    assert_eq!(lab.host.ran().iter().filter(|line| line.contains("restart")).count(), 1);
    lab.chat.thread(1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_run_that_a_crash_cut_short_is_begun_anew_and_told_as_interrupted() {
    let ollama = FakeOllama::start().await;
    ollama.does(super::support::llm::Act::Hang);
    let lab = lab(&ollama, "");
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    tokio::select! {
        () = bot.pass(min(6)) => panic!("a model that hangs keeps it busy"),
        () = ollama.asked(1) => {}
    }
    bot.crash().await;
    ollama.release();
    concludes(&ollama, "web can't bind port 80.", 80);
    let bot = lab.start().await;
    bot.pass(min(6)).await;
    let story = lab.chat.thread(1);
    assert!(story.contains("was interrupted (run 1): Steward was started anew"), "{story}");
    assert!(story.contains("web can't bind port 80."), "{story}");
    assert_eq!((ollama.requests().len(), lab.chat.calls()), (2, 1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn where_the_local_model_is_away_the_remote_one_is_asked() {
    let remote = super::support::FakeOpenAi::start().await;
    remote.says_call(
        "conclude",
        json!({ "diagnosis": "web is out of file handles.", "root": "vm/web", "evidence": ["EMFILE in its journal"],
                "confidence": 80, "verification": "the skill", "rollback": "nothing was changed" }),
    );
    let config = format!(
        "[agent]\ninvestigate = [\"local\", \"remote\"]\n[agent.models.local]\nprovider = \"ollama\"\nmodel = \"m\"\nurl = \"{}\"\n{}",
        nobody(),
        remote.section("remote")
    );
    let lab = Lab::new(&config);
    lab.skill("look", "*/5 * * * *", &["vm"]);
    let bot = failed(&lab).await;
    assert!(lab.chat.thread(1).contains("web is out of file handles."), "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_recovery_ends_the_run_and_nothing_more_is_done() {
    let ollama = FakeOllama::start().await;
    ollama.does(super::support::llm::Act::Hang);
    let lab = lab(&ollama, "");
    let bot = lab.start().await;
    bot.alert("vm/web", "down", steward::domain::signal::SignalState::Firing).await;
    let rest = async {
        ollama.asked(1).await;
        bot.alert_while_busy("vm/web", "down", steward::domain::signal::SignalState::Resolved).await;
    };
    tokio::join!(bot.pass(min(1)), rest);
    bot.settle().await;
    let story = lab.chat.thread(1);
    assert!(story.contains("It went away by itself."), "{story}");
    assert_eq!((ollama.requests().len(), lab.chat.calls()), (1, 0));
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_does_not_show_that_it_is_about_the_root_is_asked_for_however_sure_the_model_is() {
    let ollama = FakeOllama::start().await;
    ollama.says_call(
        "propose",
        json!({ "title": "Stop the database", "why": "it is in the way", "confidence": 100,
                "steps": [{ "name": "stop", "run": ["docker", "stop", "db"], "undo": ["docker", "start", "db"] }] }),
    );
    concludes(&ollama, "db is in the way.", 100);
    let lab = lab(&ollama, "");
    let bot = failed(&lab).await;
    assert!(lab.host.ran().is_empty(), "{:?}", lab.host.ran());
    assert!(lab.chat.question(2).contains("docker stop db"), "{}", lab.chat.question(2));
    lab.chat.thread(1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn the_same_commands_under_another_name_are_the_same_to_a_no() {
    let ollama = FakeOllama::start().await;
    proposes(&ollama, "Restart web", &["systemctl", "restart", "web.service"], 30);
    concludes(&ollama, "Perhaps.", 90);
    let lab = lab(&ollama, "");
    let bot = failed(&lab).await;
    lab.chat.question(2);
    bot.says("deny 2").await;
    ollama.says_call(
        "propose",
        json!({ "title": "Something new", "why": "please", "confidence": 100,
                "steps": [{ "name": "quite-another", "run": ["systemctl", "restart", "web.service"] }] }),
    );
    concludes(&ollama, "Still.", 90);
    bot.says("investigate 1").await;
    assert!(last_result(&ollama).contains("a person said no to exactly this"), "{}", last_result(&ollama));
    assert!(lab.host.ran().is_empty());
    lab.chat.thread(1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn nothing_is_repaired_in_a_silence_by_the_agent_either_nor_unasked_where_a_person_only_asked() {
    let ollama = FakeOllama::start().await;
    concludes(&ollama, "I do not know.", 90);
    let lab = lab(&ollama, "");
    let bot = failed(&lab).await;
    lab.chat.thread(1);
    proposes(&ollama, "Restart web", &["systemctl", "restart", "web.service"], 95);
    concludes(&ollama, "web leaks.", 95);
    bot.says("investigate 1").await;
    assert!(last_result(&ollama).contains("A person is asked"), "{}", last_result(&ollama));
    assert!(lab.host.ran().is_empty());
    let number = lab.chat.field(1, "Next");
    let asked: u64 = number.split("approve ").nth(1).unwrap().split('`').next().unwrap().parse().unwrap();
    lab.chat.question(asked);
    bot.says(&format!("deny {asked}")).await;
    bot.says("silence vm for 1h").await;
    lab.chat.take_notice();
    proposes(&ollama, "Reload web", &["systemctl", "reload", "web.service"], 95);
    concludes(&ollama, "web leaks.", 95);
    bot.says("investigate 1").await;
    assert!(last_result(&ollama).contains("it is silenced"), "{}", last_result(&ollama));
    assert!(lab.host.ran().is_empty());
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_was_done_for_a_wish_and_is_verified_is_never_told_as_a_failure() {
    let ollama = FakeOllama::start().await;
    proposes(&ollama, "Restart web", &["systemctl", "restart", "web.service"], 95);
    concludes(&ollama, "web leaks memory.", 95);
    let lab = lab(&ollama, "");
    let bot = lab.start().await;
    bot.says("please restart the blog").await;
    // Who decides reads what it is, and not what it is filed under.
    assert!(bot.says("status").await.contains("approve 2: \"Restart web\""));
    assert!(bot.says("approvals").await.contains("\"Restart web\" for #1"));
    assert!(lab.chat.question(2).contains("may I run \"Restart web\"?"), "{}", lab.chat.question(2));
    bot.says("approve 2").await;
    assert!(lab.chat.field(1, "State").starts_with("answered"), "{}", lab.chat.root(1));
    assert_eq!(lab.chat.field(1, "Tried"), "\"Restart web\": worked");
    bot.pass(min(90)).await;
    assert!(lab.chat.field(1, "State").starts_with("answered"), "{}", lab.chat.root(1));
    let story = lab.chat.thread(1);
    assert!(story.contains("\"Restart web\" is done, and its steps are verified."), "{story}");
    for wrong in ["agent-", "confirm", "for good", "problem is gone", "did not"] {
        assert!(!story.contains(wrong), "{wrong}: {story}");
    }
    assert!(bot.says("trust").await.contains("No repair has proved itself or failed yet"));
    // Nothing broke.
    let digest = bot.says("digest").await;
    assert!(digest.contains("Asked: 1") && !digest.contains("incident"), "{digest}");
    assert_eq!((lab.host.ran().len(), lab.chat.calls()), (2, 0));
    lab.chat.question(2);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_wish_that_nothing_answered_is_not_told_as_answered() {
    let model = format!(
        "[agent]\ninvestigate = [\"local\"]\n[agent.models.local]\nprovider = \"ollama\"\nmodel = \"m\"\nurl = \"{}\"\n",
        nobody()
    );
    let lab = Lab::new(&model);
    lab.skill("look", "*/5 * * * *", &["vm"]);
    let bot = lab.start().await;
    bot.says("I want to add Plex to the lab").await;
    let state = lab.chat.field(1, "State");
    assert!(state.starts_with("not answered: no model could be asked"), "{}", lab.chat.root(1));
    assert!(state.ends_with("Ask again in the thread."), "{state}");
    assert!(!lab.chat.root(1).contains('✓'), "{}", lab.chat.root(1));
    lab.chat.thread(1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_plan_that_waits_for_a_yes_keeps_its_name_and_the_card_says_whose_it_is_and_why() {
    let ollama = FakeOllama::start().await;
    proposes(&ollama, "Restart web", &["systemctl", "restart", "web.service"], 30);
    proposes(&ollama, "A harmless look", &["systemctl", "restart", "web.service"], 30);
    concludes(&ollama, "Perhaps web lost its socket.", 30);
    let lab = lab(&ollama, "");
    lab.host.command("systemctl restart web.service", &["vm/web"], 0);
    let bot = failed(&lab).await;
    let card = lab.chat.question(2);
    assert!(card.contains("Proposed by: the agent (run 1, 30 % sure): its journal says so"), "{card}");
    assert!(card.contains("whoever proposes it is not sure") && !card.contains("says read"), "{card}");
    bot.says("approve 2").await;
    let story = lab.chat.thread(1);
    assert!(story.contains("Restart web (a plan of the agent, approved by alex)"), "{story}");
    assert!(!story.contains("A harmless look (") && !story.contains("agent-"), "{story}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_somebody_wants_to_know_is_looked_into_anew_after_a_crash() {
    let ollama = FakeOllama::start().await;
    concludes(&ollama, "Perhaps the disk.", 20);
    ollama.does(super::support::llm::Act::Hang);
    let lab = lab(&ollama, "");
    let bot = failed(&lab).await;
    bot.says_while_busy("investigate 1").await;
    ollama.asked(2).await;
    bot.crash().await;
    ollama.release();
    concludes(&ollama, "web can't bind port 80.", 80);
    let bot = lab.start().await;
    bot.pass(min(6)).await;
    let story = lab.chat.thread(1);
    assert!(story.contains("web can't bind port 80."), "{story}");
    assert_eq!((ollama.requests().len(), story.matches("alex wants to know.").count()), (3, 2), "{story}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_incident_whose_cause_has_an_incident_of_its_own_says_which() {
    let ollama = FakeOllama::start().await;
    ollama.loops(
        "conclude",
        json!({ "diagnosis": "mail is full.", "root": "vm/mail", "evidence": ["df says so"], "confidence": 90,
                "verification": "df", "rollback": "nothing was changed" }),
    );
    let lab = lab(&ollama, "");
    let bot = lab.start().await;
    lab.host.break_("vm/web", "unit-failed");
    lab.host.break_("vm/mail", "disk-full");
    bot.pass(min(6)).await;
    let both = lab.chat.thread(1) + &lab.chat.thread(2);
    assert_eq!(both.matches("It suspects vm/mail, which is broken itself: see #").count(), 1, "{both}");
    bot.end_quietly().await;
}
