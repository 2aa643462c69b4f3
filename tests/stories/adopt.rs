//! "Bring this into the cluster": from the sentence to the plan, the decisions, the yes, the running saga, and the
//! removal of what was kept.

use serde_json::{Value, json};
use steward::domain::signal::SignalState;

use super::support::{Bot, FakeOllama, Lab, min};

/// What the container has in its environment and nobody may ever see.
const SECRET: &str = "not-a-real-password-1";
const ID: &str = "8c0c3fef4ab3353a031837bb9578ba23c6797d126a0e5c9e49d2b8624ee454c1";
const IMAGE: &str = "sha256:2b75ffeeca9f9fce1bb8eb9a24556e7036db3feaf1c4afb3c4b9a3ce99768d45";
const HOSTS: &str = "[hosts.vm3]\naddress = \"ops@vm3.lan\"\n";

/// A container with one folder of data on `filesystem`, and `SQLite` in it.
fn container() -> Value {
    json!([{
        "Id": ID, "Name": "/notes", "Image": IMAGE, "Path": "/notes", "Args": [],
        "State": { "Status": "running", "Running": true },
        "HostConfig": {
            "Binds": ["/srv/notes:/data"], "NetworkMode": "bridge", "Privileged": false, "ReadonlyRootfs": false,
            "PortBindings": { "80/tcp": [{ "HostIp": "", "HostPort": "8222" }] },
            "RestartPolicy": { "Name": "always", "MaximumRetryCount": 0 }
        },
        "Mounts": [{ "Type": "bind", "Source": "/srv/notes", "Destination": "/data", "Mode": "", "RW": true }],
        "Config": {
            "Image": "acme/notes:1.4.2", "User": "", "Hostname": "8c0c3fef4ab3", "Cmd": ["/notes"], "Entrypoint": null,
            "Env": ["TITLE=Notes of the house", format!("ADMIN_PASSWORD={SECRET}"), "PATH=/usr/bin"],
            "ExposedPorts": { "80/tcp": {} }, "Labels": {}, "WorkingDir": "",
            "Healthcheck": { "Test": ["CMD-SHELL", "curl -f http://localhost:80/alive"], "Interval": 30_000_000_000_i64 }
        },
        "NetworkSettings": { "Networks": { "bridge": { "IPAddress": "172.17.0.2" } } }
    }])
}

fn image(digests: &[&str]) -> Value {
    json!([{ "Id": IMAGE, "RepoDigests": digests, "RepoTags": ["acme/notes:1.4.2"],
             "Config": { "Env": ["PATH=/usr/bin"], "Cmd": ["/notes"], "User": "1000" } }])
}

/// What the machine says of the container.
fn runs_notes(lab: &Lab, filesystem: &str, digests: &[&str]) {
    let host = &lab.host;
    host.prints("docker ps --all --quiet --no-trunc", &format!("{ID}\n"));
    host.prints(&format!("docker container inspect {ID}"), &container().to_string());
    host.prints(&format!("docker image inspect {IMAGE}"), &image(digests).to_string());
    host.prints("stat -L -c %F /srv/notes", "directory\n");
    host.prints("du -s -B1 /srv/notes", "1299227607\t/srv/notes\n");
    host.prints("df --output=fstype,source /srv/notes", &format!("Type Filesystem\n{filesystem}\n"));
    host.prints("df --output=target /srv/notes", "Mounted on\n/srv/notes\n");
    let find = "find /srv/notes -maxdepth 3 -type f ( -name *.db -o -name *.sqlite -o -name *.sqlite3 )";
    host.prints(find, "/srv/notes/notes.sqlite3\n");
}

/// One that needs no decision but a yes.
fn simple(more: &str) -> Lab {
    let lab = Lab::new(&format!("{HOSTS}{more}"));
    runs_notes(
        &lab,
        "ext4 /dev/sda1",
        &["acme/notes@sha256:aaaabbbbccccddddeeeeffff0000111122223333444455556666777788889999"],
    );
    lab
}

/// One of which two things have to be decided: its image is nowhere but there, and its database lies on NFS.
fn doubtful() -> Lab {
    let lab = Lab::new(HOSTS);
    runs_notes(&lab, "nfs4 nas:/export/notes", &[]);
    lab
}

/// The number of the request that waits for a yes in a case.
fn asked(lab: &Lab, case: u64) -> u64 {
    let state = lab.chat.field(case, "State");
    let number = state.split("approve ").nth(1).unwrap_or_else(|| panic!("nothing is asked: {state}"));
    number.split('`').next().unwrap().parse().unwrap()
}

/// Everything that anybody was told about a case.
fn all_told(lab: &Lab, case: u64) -> String {
    format!("{}\n{}", lab.chat.root(case), lab.chat.thread(case))
}

fn no_secret(lab: &Lab, case: u64) {
    let told = all_told(lab, case);
    assert!(!told.contains(SECRET), "{told}");
    for file in ["state/steward.db", "state/steward.db-wal"] {
        let bytes = std::fs::read(lab.path().join(file)).unwrap_or_default();
        assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "it is in {file}");
    }
}

async fn days(bot: &Bot<'_>, days: u64) {
    bot.pass(min(days * 24 * 60)).await;
}

#[tokio::test]
async fn a_sentence_brings_a_container_over_and_the_old_one_goes_only_after_a_second_yes() {
    let lab = simple("");
    let bot = lab.start().await;
    let answer = bot.says("bring notes on vm3 into the cluster").await;
    assert!(answer.contains("I look at notes on vm3: see #1."), "{answer}");
    let story = lab.chat.thread(1);
    assert!(story.contains("The plan: notes from vm3 to Kubernetes"), "{story}");
    assert!(
        story.contains("[notes.yaml]")
            && story.contains("kind: Deployment") | story.contains("kind: StatefulSet"),
        "{story}"
    );
    assert!(story.contains("[migration.yaml]") && story.contains("[DECISIONS.md]"), "{story}");
    assert!(story.contains("/data (/srv/notes, 1.2 GiB): copied to"), "{story}");
    assert!(story.contains("I have looked at notes on vm3. Nothing else is open"), "{story}");
    let number = asked(&lab, 1);
    let card = lab.chat.question(number);
    assert!(card.contains("Proposed by: adopt, for alex") && card.contains("docker stop"), "{card}");
    // Nothing but looks ran so far.
    assert!(!lab.host.ran().iter().any(|line| line.contains("docker stop") || line.contains("kubectl")));
    no_secret(&lab, 1);

    bot.says(&format!("approve {number}")).await;
    let ran = lab.host.ran().join("\n");
    assert!(ran.contains("kubectl apply --filename=-") && ran.contains("docker stop"), "{ran}");
    let story = lab.chat.thread(1);
    assert!(
        story.contains("notes runs in the cluster. The old containers are kept, stopped, until 2026-11-28"),
        "{story}"
    );
    assert!(lab.chat.field(1, "State").starts_with("notes runs in the cluster"), "{}", lab.chat.root(1));
    let names = story.lines().filter(|line| line.contains("adopt-notes") && !line.starts_with("name: "));
    assert_eq!(names.count(), 0, "people read titles: {story}");

    days(&bot, 6).await;
    assert!(!lab.host.ran().iter().any(|line| line.contains("docker rm")));
    days(&bot, 1).await;
    let number = asked(&lab, 1);
    assert!(lab.chat.question(number).contains("docker rm"), "{}", lab.chat.question(number));
    assert!(lab.chat.thread(1).contains("May they go? Their data stays."), "{}", lab.chat.thread(1));
    bot.says(&format!("approve {number}")).await;
    assert!(lab.host.ran().iter().any(|line| line.contains("docker rm")));
    assert!(lab.chat.thread(1).contains("The old containers are removed."), "{}", lab.chat.thread(1));
    no_secret(&lab, 1);
    days(&bot, 30).await;
    assert_eq!(lab.chat.calls(), 0);
    assert!(!lab.chat.has_root(2));
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_is_peoples_to_decide_waits_for_a_button_or_for_words_over_restarts_and_can_be_changed() {
    let lab = doubtful();
    let bot = lab.start().await;
    bot.says("adopt notes on vm3").await;
    assert!(lab.chat.field(1, "State").starts_with("2 decisions wait for you"), "{}", lab.chat.root(1));
    assert!(bot.says("status").await.contains("decide: notes on vm3 in #1"));
    let story = lab.chat.thread(1);
    assert!(
        story.contains("Decision 1: ") && story.contains("Decision 2: ") && !story.contains("May I run"),
        "{story}"
    );
    let buttons = lab.chat.buttons(1);
    assert_eq!(buttons[0].1.split(' ').take(3).collect::<Vec<_>>(), ["decide", "#1", "1"], "{buttons:?}");
    assert!(buttons[0].0.ends_with("(recommended)"), "{buttons:?}");

    // A restart before anybody answered loses nothing.
    bot.crash().await;
    let bot = lab.start().await;
    bot.pass(min(60)).await;
    assert!(lab.chat.field(1, "State").starts_with("2 decisions wait for you"), "{}", lab.chat.root(1));
    let refused = bot.presses("eve", false, 1, &buttons[0].1).await;
    assert!(refused.contains("That is for operators"), "{refused}");
    let wrong = bot.says_in_thread(1, "decide 1 nonsense!").await;
    assert!(wrong.contains("Decision 1 has no such choice. There is `"), "{wrong}");
    let wrong = bot.says_in_thread(1, "decide 77 local").await;
    assert!(wrong.contains("#1 has no decision 77"), "{wrong}");
    let answer = bot.presses("alex", true, 1, &buttons[0].1).await;
    assert!(answer.contains("Decision 1: "), "{answer}");
    assert!(
        lab.chat.question(1).contains("Answer: ") && lab.chat.buttons(1).is_empty(),
        "{}",
        lab.chat.question(1)
    );
    assert!(lab.chat.field(1, "State").starts_with("1 decision waits for you"), "{}", lab.chat.root(1));

    bot.crash().await;
    let bot = lab.start().await;
    let second = lab.chat.buttons(2)[0].1.replace("#1 ", "");
    bot.says_in_thread(1, &second).await;
    let first = asked(&lab, 1);
    assert!(lab.chat.thread(1).contains("alex decided 2 ("), "{}", lab.chat.thread(1));
    // What was decided as recommended can be changed while the yes is still to come: another plan is asked for.
    let list = lab.chat.question(3);
    assert!(list.contains("Decided as recommended") && list.contains("`decide NUMBER CHOICE`"), "{list}");
    let own = bot.says_in_thread(1, "decide 1 registry.example.org/notes:1.4.2").await;
    let other = bot.says_in_thread(1, "decide 2 registry.example.org/notes:1.4.2").await;
    assert!(own.starts_with("Decision 1: ") || other.starts_with("Decision 2: "), "{own} {other}");
    let now = asked(&lab, 1);
    assert_ne!(first, now);
    let story = lab.chat.thread(1);
    assert!(
        story.contains("withdrawn: the plan has changed") && !story.contains("Nothing was moved"),
        "{story}"
    );
    assert!(
        story.contains("What that changes") && story.contains("registry.example.org/notes:1.4.2"),
        "{story}"
    );
    let gone = bot.says(&format!("approve {first}")).await;
    assert!(gone.contains(&format!("No approval {first} waits")), "{gone}");
    assert!(!lab.host.ran().iter().any(|line| line.contains("docker stop")));
    no_secret(&lab, 1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_no_moves_nothing_and_the_same_decision_again_asks_again() {
    let lab = simple("");
    let bot = lab.start().await;
    bot.says("adopt notes on vm3").await;
    let number = asked(&lab, 1);
    bot.says(&format!("deny {number} because not this week")).await;
    let story = lab.chat.thread(1);
    assert!(story.contains("Nothing was moved: the answer was no."), "{story}");
    assert!(lab.chat.field(1, "State").starts_with("not moved"), "{}", lab.chat.root(1));
    bot.pass(min(60)).await;
    // `claim` is what counts already.
    bot.says_in_thread(1, "decide 1 claim").await;
    assert_ne!(asked(&lab, 1), number);
    let again = bot.says("adopt notes on vm3").await;
    assert!(again.contains("is being brought over already: see #1"), "{again}");
    assert!(!lab.host.ran().iter().any(|line| line.contains("docker stop")));
    bot.end_quietly().await;
}

#[tokio::test]
async fn who_may_not_and_what_is_not_there_is_told_so() {
    let lab = simple("");
    let bot = lab.start().await;
    let refused = bot.says_as("eve", false, "bring notes on vm3 into the cluster").await;
    assert!(refused.contains("That is for operators"), "{refused}");
    let host = bot.says("adopt notes on vm4").await;
    assert!(host.contains("I know no host vm4. Did you mean vm3?"), "{host}");
    let host = bot.says("adopt notes on mainframe").await;
    assert!(host.contains("I know vm3, vm") && host.contains("[hosts.mainframe]"), "{host}");
    let what = bot.says("bring this into the cluster").await;
    assert!(what.contains("`adopt paperless on vm3`"), "{what}");
    let nothing = bot.says("decide 1 local").await;
    assert!(nothing.contains("Nothing waits to be decided"), "{nothing}");
    assert!(!lab.chat.has_root(1) && lab.host.ran().is_empty());

    bot.says("adopt nots on vm3").await;
    let story = lab.chat.thread(1);
    assert!(
        story.contains("I can't bring nots on vm3 over.") && story.contains("did you mean notes?"),
        "{story}"
    );
    assert!(lab.chat.field(1, "State").starts_with("not brought over"), "{}", lab.chat.root(1));
    assert!(!lab.chat.root(1).contains('✓'));
    // In the same thread it is begun anew.
    bot.says_in_thread(1, "adopt notes on vm3").await;
    asked(&lab, 1);
    assert!(!lab.chat.has_root(2));
    lab.chat.thread(1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn this_in_the_thread_of_an_incident_is_what_that_is_about() {
    let lab = simple("");
    let bot = lab.start().await;
    bot.alert("vm3/docker/notes", "down", SignalState::Firing).await;
    bot.pass(min(1)).await;
    let answer = bot.says_in_thread(1, "bring this into the cluster").await;
    assert!(answer.contains("I look at notes on vm3: see #2."), "{answer}");
    assert!(lab.chat.thread(2).contains("The plan: notes from vm3"), "{}", lab.chat.thread(2));
    lab.chat.thread(1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_look_that_fails_is_told_and_one_that_was_interrupted_is_begun_again() {
    let lab = simple("");
    lab.host.command("docker ps --all --quiet --no-trunc", &[], 1);
    lab.host.complains("docker ps --all --quiet --no-trunc", "permission denied while trying to connect");
    let bot = lab.start().await;
    bot.says("adopt notes on vm3").await;
    let story = lab.chat.thread(1);
    assert!(
        story.contains("I can't bring notes on vm3 over.") && story.contains("permission denied"),
        "{story}"
    );
    lab.host.command("docker ps --all --quiet --no-trunc", &[], 0);
    lab.host.hang("docker ps --all --quiet --no-trunc");
    bot.says_while_busy("adopt notes on vm3").await;
    bot.crash().await;
    lab.host.release();
    let bot = lab.start().await;
    bot.settle().await;
    assert!(lab.chat.thread(2).contains("The plan: notes from vm3"), "{}", lab.chat.thread(2));
    asked(&lab, 2);
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_the_policy_forbids_is_not_asked_for_and_the_reason_is_told() {
    let lab = simple("");
    lab.write(
        "policy.yaml",
        "never:\n  - name: leave-notes\n    why: notes stays where it is\n    mentions: [notes]\n    match: [docker stop notes]\n    not_match: [docker ps]\n",
    );
    let bot = lab.start().await;
    bot.says("adopt notes on vm3").await;
    let story = lab.chat.thread(1);
    assert!(story.contains("I can't ask to move it: the policy forbids it"), "{story}");
    assert!(story.contains("[notes.yaml]"), "the files are still there to be read: {story}");
    assert!(
        lab.chat.field(1, "State").starts_with("not moved: the policy forbids it"),
        "{}",
        lab.chat.root(1)
    );
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_fails_on_its_way_is_taken_back_and_can_be_tried_again() {
    let lab = simple("");
    let bot = lab.start().await;
    bot.says("adopt notes on vm3").await;
    let number = asked(&lab, 1);
    let wait = lab.chat.question(number);
    let ready =
        wait.split("; ").find(|line| line.contains("pod") && line.contains("kubectl")).map(str::to_owned);
    assert!(ready.is_some(), "{wait}");
    lab.host.command("kubectl create --filename=-", &[], 1);
    lab.host.command("kubectl --namespace notes rollout status --timeout=10m statefulset/notes", &[], 1);
    bot.says(&format!("approve {number}")).await;
    let ran = lab.host.ran().join("\n");
    assert!(ran.contains("docker start"), "{ran}");
    let story = lab.chat.thread(1);
    assert!(
        story.contains(
            "was not moved. What had been done of it was taken back; the old containers run as before."
        ),
        "{story}"
    );
    // Once what was wrong is right, the same can be tried again, by another yes.
    lab.host.command("kubectl create --filename=-", &[], 0);
    lab.host.command("kubectl --namespace notes rollout status --timeout=10m statefulset/notes", &[], 0);
    bot.says_in_thread(1, "decide 1 claim").await;
    let again = asked(&lab, 1);
    bot.says(&format!("approve {again}")).await;
    assert!(lab.chat.thread(1).contains("notes runs in the cluster."), "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_failed_is_never_removed_later() {
    let lab = simple("");
    let bot = lab.start().await;
    bot.says("adopt notes on vm3").await;
    // A check before the first step: a secret that nobody has created.
    lab.host.command("kubectl --namespace notes get secret notes --output=name", &[], 1);
    bot.says(&format!("approve {}", asked(&lab, 1))).await;
    let story = lab.chat.thread(1);
    assert!(
        story.contains("was not moved.") && !lab.host.ran().contains(&"docker stop notes".to_owned()),
        "{story}"
    );
    days(&bot, 20).await;
    assert!(!lab.host.ran().iter().any(|line| line.contains("docker rm")));
    bot.end_quietly().await;
}

#[tokio::test]
async fn decisions_that_nobody_takes_end_the_case_and_a_removal_that_nobody_answers_is_asked_for_once_more() {
    let lab = doubtful();
    let bot = lab.start().await;
    bot.says("adopt notes on vm3").await;
    days(&bot, 8).await;
    let story = lab.chat.thread(1);
    assert!(story.contains("Nobody decided within 7 days, so nothing was moved."), "{story}");
    assert!(
        lab.chat.buttons(1).is_empty() && lab.chat.field(1, "State").starts_with("not moved: nobody decided")
    );
    let late = bot.says("decide #1 1 push").await;
    assert!(late.contains("Nothing waits to be brought over in #1"), "{late}");
    runs_notes(
        &lab,
        "ext4 /dev/sda1",
        &["acme/notes@sha256:aaaabbbbccccddddeeeeffff0000111122223333444455556666777788889999"],
    );
    bot.says("adopt notes on vm3").await;
    bot.says(&format!("approve {}", asked(&lab, 2))).await;
    bot.crash().await;
    let bot = lab.start().await;
    days(&bot, 7).await;
    let first = asked(&lab, 2);
    days(&bot, 9).await;
    let last = if lab.chat.has_root(3) { 3 } else { 2 };
    let second = asked(&lab, last);
    assert_ne!(first, second);
    days(&bot, 30).await;
    let told = all_told(&lab, last);
    assert!(told.contains("I don't ask again"), "{told}");
    assert!(!lab.chat.has_root(4) && !lab.host.ran().iter().any(|line| line.contains("docker rm")));
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_was_moved_and_is_taken_back_is_never_removed() {
    let lab = simple("");
    let bot = lab.start().await;
    bot.says("adopt notes on vm3").await;
    bot.says(&format!("approve {}", asked(&lab, 1))).await;
    lab.host.ran();
    bot.says("undo 1").await;
    bot.says(&format!("approve {}", asked(&lab, 1))).await;
    let ran = lab.host.ran().join("\n");
    assert!(ran.contains("docker start"), "{ran}");
    assert!(lab.chat.thread(1).contains("so they are not removed"), "{}", lab.chat.thread(1));
    days(&bot, 20).await;
    assert!(!lab.host.ran().iter().any(|line| line.contains("docker rm")));
    bot.end_quietly().await;
}

#[tokio::test]
async fn the_agent_brings_over_what_a_person_asks_for_in_the_same_case_and_has_no_such_tool_for_faults() {
    let ollama = FakeOllama::start().await;
    ollama.answers(|request| {
        assert!(request.to_string().contains("\"adopt\""), "{request}");
        super::support::llm::Said::call("adopt", json!({ "container": "notes", "host": "vm3" }))
    });
    ollama.says_call(
        "conclude",
        json!({ "diagnosis": "It is being brought over.", "evidence": [], "confidence": 90, "verification": "", "rollback": "" }),
    );
    let lab = simple(&ollama.config());
    let bot = lab.start().await;
    bot.says("I would like to have our notes in the cluster one day, they run on vm3").await;
    let story = lab.chat.thread(1);
    assert!(
        story.contains("The plan: notes from vm3 to Kubernetes")
            && story.contains("It is being brought over."),
        "{story}"
    );
    asked(&lab, 1);
    assert!(!lab.chat.has_root(2));
    ollama.answers(|request| {
        assert!(!request["tools"].to_string().contains("\"adopt\""), "{request}");
        super::support::llm::Said::call(
            "conclude",
            json!({ "diagnosis": "No idea.", "evidence": [], "confidence": 10, "verification": "", "rollback": "" }),
        )
    });
    bot.alert("vm/web", "down", SignalState::Firing).await;
    bot.pass(min(2)).await;
    lab.chat.thread(2);
    bot.end_quietly().await;
}
