//! What tells of the agent's runs.

use serde_json::json;
use steward::domain::agent::{Conclusion, Ending, Spending, Subject};
use steward::domain::ids::{IncidentId, RunId};
use steward::domain::redact::Redactor;
use steward::domain::target::Target;
use steward::store::{Store, runs};

use crate::past;
use crate::place::Place;
use crate::shape::{documented, shape};

/// Leaves a run about incident 3, and a Steward that runs.
async fn left(place: &Place) -> Store {
    let store = past::write(&place.state(), past::now()).await;
    let (run, incident): (RunId, IncidentId) =
        (RunId(ulid::Ulid::from_parts(9, 9)), past::THIRD.parse().unwrap());
    let at = past::now();
    let work = move |conn: &rusqlite::Connection| {
        let redactor = Redactor::shapes();
        runs::begin(conn, run, 9, (incident, &Subject::Incident), at)?;
        let told = json!({ "kind": "told", "system": "You are Steward.", "user": "store does not answer" });
        runs::add_step(conn, &redactor, run, ("told", &told), at)?;
        let spent = Spending { tokens_in: 3900, tokens_cached: 0, tokens_out: 80, micros: 0 };
        let answered = json!({
            "kind": "answered", "model": "local", "text": "I look at the disk.", "spent": spent, "millis": 2100,
            "calls": [{ "id": "1", "name": "run_command", "arguments": "{\"argv\":[\"df\"]}" }],
            "fell_back": ["other can't be reached: connection refused"],
        });
        runs::add_step(conn, &redactor, run, ("answered", &answered), at)?;
        runs::took(conn, run, &["local".to_owned()], spent)?;
        let conclusion = Conclusion {
            diagnosis: "the disk is full".to_owned(),
            root: Some(Target::parse("lab/store").unwrap()),
            evidence: vec!["df says 100%".to_owned()],
            confidence: 80,
            actions: vec!["run runbook free-space: it worked".to_owned()],
            ..Conclusion::without(Ending::Limit { what: "20 steps".to_owned() })
        };
        runs::end(conn, &redactor, run, &conclusion, at)
    };
    store.call(work).await.unwrap();
    store
}

#[tokio::test]
async fn runs_are_listed_and_shown_while_steward_runs() {
    let place = Place::configured();
    let _running = left(&place).await;
    place.run("agent runs").told(0, &["incident #3", "local", "3980", "at its limit: 20 steps"]);
    place.run("agent show 9").told(
        0,
        &[
            "Run 9 about incident #3: at its limit: 20 steps",
            "3900 sent, 80 received",
            "You are Steward.",
            "local answered in 2.1 s",
            "before it: other can't be reached: connection refused",
            "→ run_command {\"argv\":[\"df\"]}",
            "At fault: lab/store",
            "- run runbook free-space: it worked",
        ],
    );
    for command in ["agent runs --json", "agent show RUN --json"] {
        let (document, example) = (place.json(&command.replace("RUN", "9")), documented(command));
        assert_eq!(shape(&document), shape(&example), "{command}");
    }
}

#[tokio::test]
async fn a_run_that_is_not_there_is_told_of_and_so_is_that_there_were_none() {
    let place = Place::configured();
    let _running = past::write(&place.state(), past::now()).await;
    place.run("agent runs").told(0, &["The agent has not run yet.", "docs/agent.md"]);
    let said = place.run("agent show 4");
    assert_ne!(said.code, 0);
    assert!(
        said.err.contains("there is no run 4") && said.err.contains("steward agent runs"),
        "{}",
        said.err
    );
}
