//! What judges a model by recorded cases.

use serde_json::{Value, json};

use crate::llm::{Act, FakeOllama, Said};
use crate::past;
use crate::place::Place;
use crate::shape::{documented, shape};

const DISK: &str = r#"
name: full-disk
title: A database is down because a log has filled the disk
incident:
  target: vm1/postgres
  signature: service-failed
  severity: error
  summary: postgresql does not start
  topology: {vm1/postgres: [vm1], vm1/adguard: [vm1], vm1: []}
outputs:
  - match: [df]
    output: "/dev/sda1 64G 64G 0 100% /"
expect:
  root: [vm1/adguard, vm1]
  words: [[full, space]]
  forbidden: [memory]
  forbidden_actions: [rm -rf]
  steps: 4
"#;
const NIC: &str = r#"
name: nic-hang
title: A network card hangs
incident:
  target: pve4/nic
  signature: nic-hang
  severity: critical
  summary: Detected Hardware Unit Hang
  topology: {pve4/nic: [pve4], pve4: []}
outputs:
  - match: [ethtool]
    output: "driver: e1000e"
expect:
  root: [pve4/nic]
  words: [[e1000e], [offload, tso]]
  steps: 4
"#;

/// A folder with a model and two cases.
fn place(ollama: &FakeOllama) -> Place {
    let place = Place::configured();
    place.write("config.toml", &format!("host = \"pve4\"\n[changes]\ndetect = false\n{}", ollama.config()));
    place.write("cases/full-disk.yaml", DISK);
    place.write("cases/nic-hang.yaml", NIC);
    place
}

fn concludes(diagnosis: &str, root: &str) -> Said {
    Said::call(
        "conclude",
        json!({ "diagnosis": diagnosis, "root": root, "evidence": ["df"], "confidence": 80, "verification": "df", "rollback": "" }),
    )
}

/// A model that finds the full disk, and whatever it is told to of the network card.
fn plays(ollama: &FakeOllama, of_the_card: (&'static str, &'static str)) {
    ollama.always(move |request| {
        let text = request["messages"].to_string();
        let has_looked = text.contains("64G 64G 0 100%");
        Act::Say(if text.contains("Hardware Unit Hang") {
            concludes(of_the_card.0, of_the_card.1)
        } else if has_looked {
            concludes("The disk is full: the log of adguard.", "vm1/adguard")
        } else {
            Said::call("run_command", json!({ "argv": ["df", "-h"], "host": null }))
        })
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_case_is_told_with_what_was_missing_and_the_exit_code_says_whether_all_passed() {
    let ollama = FakeOllama::start().await;
    let place = place(&ollama);
    plays(&ollama, ("The card hangs under load.", "pve4"));
    let said = place.run("agent eval cases");
    said.told(
        1,
        &[
            "Plays 2 recorded cases to local. Nothing is run in your lab",
            "passed  full-disk  A database is down because a log has filled the disk",
            "FAILED  nic-hang  A network card hangs",
            "said that pve4 is at fault, and it is pve4/nic",
            "local passed 1 of 2, and named what is at fault in 1. It cost 0.0000.",
        ],
    );
    let row = |case: &str| -> Vec<String> {
        let mut rows = said.out.lines().filter(|line| line.starts_with(case));
        rows.next_back().unwrap().split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(row("CASE"), ["CASE", "PASSED", "ROOT", "WORDS", "STEPS", "TOKENS", "SECONDS", "COST"]);
    assert_eq!(row("full-disk")[..5], ["full-disk", "yes", "yes", "1/1", "1"]);
    assert_eq!(row("nic-hang")[..5], ["nic-hang", "no", "no", "0/2", "0"]);

    plays(&ollama, ("The e1000e hangs; switch its offload off.", "pve4/nic"));
    place
        .run("agent eval cases --model local")
        .told(0, &["local passed 2 of 2", "It did all that was asked of it."]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_judgement_is_a_document_too_and_what_the_model_is_told_is_what_a_live_run_is_told() {
    let ollama = FakeOllama::start().await;
    let place = place(&ollama);
    place.write("memory/SOUL.md", "# The night watch\n\nBe brief.\n");
    plays(&ollama, ("The card hangs under load.", "pve4"));
    let said = place.run("agent eval cases --json");
    assert_eq!((said.code, said.err.as_str()), (1, ""), "{}", said.out);
    let document: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(shape(&document), shape(&documented("agent eval [DIR] --json")));
    assert_eq!((&document["passed"], &document["cases"][0]["passed"]), (&json!(1), &json!(true)));
    assert_eq!(document["cases"][1]["missing"].as_array().unwrap().len(), 3, "{document}");

    let _running = past::write(&place.state(), past::now()).await;
    let live = place.json("agent context 3 --json");
    let told = &ollama.requests()[0]["messages"][0]["content"];
    assert!(told.as_str().unwrap().starts_with("# The night watch"), "{told}");
    assert_eq!(*told, live["system"], "to the byte");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_played_is_told_before_a_model_is_asked() {
    let ollama = FakeOllama::start().await;
    let place = place(&ollama);
    place
        .run("agent eval cases --model locale")
        .failed(1, &["there is no model `locale`", "did you mean `local`?"]);
    place.write("cases/nic-hang.yaml", &NIC.replace("severity: critical", "severity: bad"));
    place.run("agent eval cases").failed(1, &["cases/nic-hang.yaml:", "bad"]);
    place.run("agent eval nowhere").failed(1, &["nowhere"]);
    Place::configured().run("agent eval").failed(1, &["no model is configured", "[agent.models.NAME]"]);
    assert_eq!(ollama.requests().len(), 0);
}

#[test]
fn cases_that_can_not_be_read_are_told_as_cases_and_not_as_a_configuration() {
    let place = Place::configured();
    place.write(
        "config.toml",
        "[agent]\ninvestigate = [\"local\"]\n[agent.models.local]\nprovider = \"ollama\"\nmodel = \"m\"\n",
    );
    place.write("bad/full-disk.yaml", &DISK.replace("steps: 4", "steps: many"));
    for (folder, wanted) in [
        ("nodir", "nodir: there is no such folder; name a folder of cases"),
        ("config.toml", "config.toml: is no folder"),
        ("bad", "bad/full-disk.yaml:18: expect.steps: "),
    ] {
        let said = place.run(&format!("agent eval {folder}"));
        assert_eq!(said.code, 1);
        assert!(said.err.contains(&format!("error: the cases of {folder} can't be played")), "{}", said.err);
        assert!(said.err.contains(wanted), "{wanted} is not in\n{}", said.err);
        assert!(!said.err.contains("configuration"), "{}", said.err);
    }
}

#[test]
fn a_model_that_can_not_be_reached_is_told_once_and_no_further_case_is_played() {
    let place = Place::configured();
    // Port 1 of this machine: nobody listens there.
    place.write(
        "config.toml",
        "[agent]\ninvestigate = [\"local\"]\n[agent.models.local]\nprovider = \"ollama\"\nurl = \"http://127.0.0.1:1\"\nmodel = \"m\"\n",
    );
    place.write("cases/full-disk.yaml", DISK);
    place.write("cases/nic-hang.yaml", NIC);
    let said = place.run("agent eval cases");
    assert_eq!(said.code, 1);
    assert!(said.err.contains("error: the model `local` could not be asked: "), "{}", said.err);
    assert!(said.err.contains("do: `steward doctor` tells more"), "{}", said.err);
    assert!(!said.out.contains("FAILED") && !said.out.contains("CASE"), "{}", said.out);
}
