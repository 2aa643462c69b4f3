//! Three nights of a homelab, with an agent: a power cut, a network card that hangs, a database that breaks again and
//! again.

use serde_json::{Value, json};

use super::support::llm::Said;
use super::support::{Bot, FakeOllama, Lab, min};

/// A plan with one step per command, each verified by the check that found the problem.
fn plan(title: &str, host: &str, commands: &[&str]) -> Value {
    let words = |command: &str| command.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let steps: Vec<Value> = commands
        .iter()
        .enumerate()
        .map(|(at, command)| json!({ "name": format!("step-{}", at + 1), "host": host, "run": words(command) }))
        .collect();
    json!({ "title": title, "why": "its log says so", "confidence": 90, "steps": steps })
}

fn conclusion(diagnosis: &str, root: &str, confidence: u8) -> Value {
    json!({
        "diagnosis": diagnosis, "root": root, "evidence": ["kubectl and the journal say so"],
        "confidence": confidence, "verification": "the check that found it", "rollback": "nothing to take back"
    })
}

/// A lab with this model, and without goals that run by themselves.
fn lab(ollama: &FakeOllama, more: &str) -> Lab {
    let lab = Lab::new(&format!("{}{more}", ollama.config()));
    lab.write("prompts/goals/proactive.md", "---\ntitle: Not here\nenabled: false\n---\nNothing.\n");
    lab
}

/// What a request tells the model: all of it, and what the last tool came to.
fn told(request: &Value) -> (String, String) {
    let messages = request["messages"].as_array().unwrap();
    let all =
        messages.iter().filter_map(|message| message["content"].as_str()).collect::<Vec<_>>().join("\n");
    (all, messages.last().unwrap()["content"].as_str().unwrap_or_default().to_owned())
}

// ── The power cut ──────────────────────────────────────────────────────────────────────────────────────────────────

const PODS: &str = "kubectl -n media get pods";
const JELLYFIN: &str = "kubectl -n media rollout restart deploy/jellyfin";
const SONARR: &str = "kubectl -n media rollout restart deploy/sonarr";

/// The power is back, the machines are, and the NAS is not: what needs its shares hangs.
fn after_the_power_cut(ollama: &FakeOllama) -> Lab {
    let lab = lab(ollama, "");
    lab.write(
        "topology.yaml",
        "targets:\n  pve1: {}\n  nas: {}\n  k8s/media/jellyfin: { depends_on: [nas, pve1] }\n  k8s/media/sonarr: { depends_on: [nas, pve1] }\n",
    );
    lab.skill("hosts", "*/5 * * * *", &["pve1"]);
    lab.skill("storage", "*/5 * * * *", &["nas"]);
    lab.skill("pods", "*/5 * * * *", &["k8s/media"]);
    lab.host.skill_says("hosts", 0, "STATUS:OK\ntarget: pve1\n");
    for target in ["k8s/media/jellyfin", "k8s/media/sonarr"] {
        lab.host.break_(target, "nfs-stuck");
    }
    lab.host.break_("nas", "unreachable");
    lab.host
        .prints(PODS, "jellyfin-0  0/1  ContainerCreating  MountVolume.SetUp failed: nas:/media timed out");
    lab.host.command(JELLYFIN, &["k8s/media/jellyfin"], 0);
    lab.host.command(SONARR, &["k8s/media/sonarr"], 0);
    lab
}

#[tokio::test]
async fn after_a_power_cut_the_nas_is_the_root_and_the_pods_are_released_once_it_is_back() {
    let ollama = FakeOllama::start().await;
    let lab = after_the_power_cut(&ollama);
    ollama.answers(|request| {
        let (all, _) = told(request);
        for part in ["nas", "unreachable", "k8s/media/jellyfin", "nfs-stuck"] {
            assert!(all.contains(part), "{part}:\n{all}");
        }
        Said::call("run_command", json!({ "argv": PODS.split(' ').collect::<Vec<_>>() }))
    });
    ollama.answers(|request| {
        assert!(told(request).1.contains("nas:/media timed out"), "{request}");
        Said::call("propose", plan("Restart what hangs", "local", &[JELLYFIN, SONARR]))
    });
    ollama.answers(|request| {
        let (_, refused) = told(request);
        assert!(refused.contains("k8s/media/jellyfin only suffers from nas"), "{refused}");
        Said::call("conclude", conclusion("The NAS did not come back after the power cut.", "nas", 90))
    });
    let bot = lab.start().await;
    bot.pass(min(6)).await;
    assert!(lab.chat.field(1, "Root").starts_with("nas"), "{}", lab.chat.root(1));
    let story = lab.chat.thread(1);
    assert!(story.contains("The NAS did not come back after the power cut. Suspects nas."), "{story}");
    assert_eq!(lab.chat.calls(), 1, "{story}");
    // For hours nothing changes: nothing is touched, and the model is not asked again.
    bot.pass(min(120)).await;
    assert_eq!(lab.host.ran(), [PODS]);
    assert_eq!((ollama.requests().len(), lab.chat.calls()), (3, 1), "{}", lab.chat.thread(1));

    ollama.answers(|request| {
        let (all, _) = told(request);
        assert!(all.contains("nas has recovered and k8s/media/"), "{all}");
        Said::call("propose", plan("Release the pods", "local", &[JELLYFIN, SONARR]))
    });
    ollama.answers(|request| {
        assert!(told(request).1.contains("the check that found the problem passes"), "{request}");
        Said::call(
            "conclude",
            conclusion("The pods hung on the shares from before.", "k8s/media/jellyfin", 90),
        )
    });
    lab.host.mend("nas");
    bot.pass(min(60)).await;
    assert_eq!(lab.host.ran(), [JELLYFIN, SONARR]);
    assert!(lab.chat.field(1, "State").starts_with("resolved"), "{}", lab.chat.root(1));
    assert_eq!(bot.stored().await.len(), 1, "it was one fault");
    assert_eq!((ollama.unused(), lab.chat.calls()), (0, 1));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_runbook_for_the_pods_waits_for_the_nas_and_is_no_business_of_a_model_then() {
    let ollama = FakeOllama::start().await;
    let lab = after_the_power_cut(&ollama);
    lab.write(
        "runbooks/release.yaml",
        "name: release\ntitle: Release what hangs on NFS\nmatch: { signature: nfs-stuck }\nsteps:\n  - name: restart\n    run: [kubectl, -n, media, rollout, restart, \"deploy/{{ target.name }}\"]\n    verify: check\n",
    );
    ollama.says_call("run_runbook", json!({ "name": "release", "why": "they hang", "confidence": 95 }));
    ollama.answers(|request| {
        assert!(told(request).1.contains("only suffers from nas"), "{request}");
        Said::call("conclude", conclusion("The NAS is off.", "nas", 90))
    });
    let bot = lab.start().await;
    bot.pass(min(60)).await;
    assert!(lab.host.ran().is_empty());
    lab.host.mend("nas");
    bot.pass(min(60)).await;
    let mut ran = lab.host.ran();
    ran.sort();
    assert_eq!(ran, [JELLYFIN, SONARR]);
    assert!(lab.chat.field(1, "State").starts_with("resolved"), "{}", lab.chat.root(1));
    assert_eq!(ollama.requests().len(), 2, "{}", lab.chat.thread(1));
    bot.end_quietly().await;
}

// ── The network card ───────────────────────────────────────────────────────────────────────────────────────────────

const NETWORK: &str = "nic-reset eno1";
const OFFLOADING: &str = "ethtool -K eno1 tso off gso off";
const FOR_GOOD: &str = "systemctl enable offloading-off.service";

fn with_pve4(ollama: &FakeOllama) -> Lab {
    let lab = lab(ollama, "[escalation]\nwindow = \"24h\"\n[hosts.pve4]\naddress = \"root@pve4.lan\"\n");
    // What the operator's own script does, the operator says.
    lab.write(
        "policy.yaml",
        "rules:\n  - name: nic-reset\n    why: it takes the card down and up again\n    pattern: [nic-reset]\n    args: { min: 1, max: 1 }\n    effect: restorative\n    blast_radius: host\n    match: [nic-reset eno1]\n    not_match: [nic-reset --all]\n",
    );
    lab.skill("nics", "*/5 * * * *", &["pve4"]);
    lab.host.command(NETWORK, &["pve4"], 0);
    lab
}

/// The model restarts the network, and says why it had to.
fn restarts_the_network(ollama: &FakeOllama, knows: &'static [&'static str]) {
    ollama.answers(|request| {
        let (all, _) = told(request);
        knows.iter().for_each(|part| assert!(all.contains(part), "{part}:\n{all}"));
        Said::call("propose", plan("Reset the card", "pve4", &[NETWORK]))
    });
}

fn says_why(ollama: &FakeOllama) {
    ollama.says_call("conclude", conclusion("The e1000e of pve4 hangs under load.", "pve4", 90));
}

/// The plan that would keep it from happening: two changes that can be taken back.
fn mitigation() -> Value {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    json!({ "title": "Switch the offloading of eno1 off for good", "why": "third hang in 22 hours", "confidence": 85, "steps": [
        { "name": "now", "host": "pve4", "run": words(OFFLOADING), "verify": words("ethtool -k eno1"),
          "undo": words("ethtool -K eno1 tso on gso on") },
        { "name": "at-boot", "host": "pve4", "run": words(FOR_GOOD),
          "verify": words("systemctl is-enabled offloading-off.service"),
          "undo": words("systemctl disable offloading-off.service") },
    ] })
}

async fn hangs(bot: &Bot<'_>) {
    bot.lab.host.break_("pve4", "nic-hang");
    bot.pass(min(10)).await;
}

#[tokio::test]
async fn a_card_that_hangs_three_times_is_remembered_told_mitigated_with_a_yes_and_then_needs_no_model() {
    let ollama = FakeOllama::start().await;
    let lab = with_pve4(&ollama);
    let bot = lab.start().await;
    // The first time, the agent finds out, and what it found is kept with a yes.
    restarts_the_network(&ollama, &[]);
    says_why(&ollama);
    hangs(&bot).await;
    bot.pass(min(10)).await;
    assert!(lab.chat.field(1, "State").starts_with("resolved"), "{}", lab.chat.thread(1));
    let answer = bot.says("approve 2").await;
    assert!(answer.contains("Accepted by alex"), "{answer}");
    let memory = std::fs::read_to_string(lab.path().join("memory/MEMORY.md")).unwrap();
    assert!(
        memory.contains("Seen: nic-hang on pve4\nWhy: The e1000e of pve4 hangs under load.\n"),
        "{memory}"
    );

    // The second time it is told what it learned.
    bot.pass(min(11 * 60 - 20)).await;
    restarts_the_network(&ollama, &["Why: The e1000e of pve4 hangs under load.", "what worked"]);
    says_why(&ollama);
    hangs(&bot).await;
    let thread = lab.chat.thread(2);
    assert!(thread.contains("Second time on pve4 in 11 hours; what worked: agent-"), "{thread}");
    bot.pass(min(10 * 60 + 50)).await;
    let card = lab.chat.question(4);
    assert!(card.contains("shall this become a runbook?") && card.contains("nic-reset"), "{card}");
    assert_eq!(lab.chat.calls(), 0);

    // The third time within 22 hours it is a pattern: people are called, and asked for something that lasts.
    restarts_the_network(&ollama, &["Why: The e1000e of pve4 hangs under load."]);
    ollama.answers(|_| Said::call("propose", mitigation()));
    ollama.answers(|request| {
        assert!(told(request).1.contains("asked for in a case of its own, #4"), "{request}");
        Said::call("conclude", conclusion("The e1000e of pve4 hangs under load.", "pve4", 90))
    });
    lab.host.ran();
    hangs(&bot).await;
    let thread = lab.chat.thread(3);
    assert!(thread.contains("Third time on pve4 in 22 hours; what worked: agent-"), "{thread}");
    assert!(thread.contains("the agent asks for something in #4 (question 6)"), "{thread}");
    assert_eq!(lab.chat.calls(), 1, "{thread}");
    let card = lab.chat.question(6);
    assert!(card.contains(OFFLOADING) && card.contains(FOR_GOOD) && card.contains("approve 6"), "{card}");
    assert_eq!(lab.host.ran(), [NETWORK], "what lasts is asked for, and not done");
    let answer = bot.says("approve 6").await;
    assert!(answer.contains("Approved by alex"), "{answer}");
    bot.pass(min(5)).await;
    let ran = lab.host.ran();
    assert!(ran.iter().any(|line| line == OFFLOADING) && ran.iter().any(|line| line == FOR_GOOD), "{ran:?}");

    // What worked twice has become a runbook, with a yes; from then on no model is asked.
    let answer = bot.says("approve 4").await;
    assert!(answer.contains("Accepted by alex"), "{answer}");
    let runbook = std::fs::read_to_string(lab.path().join("runbooks/fix-nic-hang.yaml")).unwrap();
    assert!(runbook.contains("nic-reset") && runbook.contains("target: pve4"), "{runbook}");
    assert!(lab.chat.question(4).contains("in force"), "{}", lab.chat.question(4));
    let asked = ollama.requests().len();
    bot.pass(min(11 * 60)).await;
    hangs(&bot).await;
    assert_eq!(lab.host.ran(), [NETWORK]);
    assert!(lab.chat.thread(5).contains("runbook fix-nic-hang"), "{}", lab.chat.thread(5));
    assert!(lab.chat.field(5, "State").starts_with("resolved"), "{}", lab.chat.root(5));
    assert_eq!((ollama.requests().len(), ollama.unused()), (asked, 0));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_mitigation_that_somebody_declined_is_not_asked_for_again() {
    let ollama = FakeOllama::start().await;
    let lab = with_pve4(&ollama);
    let bot = lab.start().await;
    let round = |expected: &'static str| {
        restarts_the_network(&ollama, &[]);
        ollama.answers(|_| Said::call("propose", mitigation()));
        ollama.answers(move |request| {
            assert!(told(request).1.contains(expected), "{request}");
            Said::call("conclude", conclusion("The e1000e of pve4 hangs under load.", "pve4", 90))
        });
    };
    round("asked for in a case of its own, #2");
    hangs(&bot).await;
    let answer = bot.says("deny 2").await;
    assert!(answer.contains("Denied by alex"), "{answer}");
    bot.pass(min(120)).await;
    round("a person said no to exactly this");
    hangs(&bot).await;
    assert!(!lab.host.ran().contains(&OFFLOADING.to_owned()));
    assert_eq!(bot.stored().await.len(), 3);
    bot.end_quietly().await;
}

// ── The database ───────────────────────────────────────────────────────────────────────────────────────────────────

const RULE: &str = "name: no-sqlite-on-cephfs
why: SQLite's locks don't hold on CephFS; Jellyfin's database was corrupted five times
mentions: [[cephfs], [sqlite, jellyfin, sonarr]]
match: [rsync -a /srv/jellyfin.db /mnt/cephfs/]
not_match: [rsync -a /srv/photos /mnt/cephfs/]
";
const TO_CEPHFS: &str = "rsync -a /srv/jellyfin/jellyfin.db /mnt/cephfs/jellyfin/";
const TO_SSD: &str = "rsync -a /srv/jellyfin/jellyfin.db /mnt/ssd/jellyfin/";

fn moves(command: &str) -> Value {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    json!({ "title": "Move Jellyfin's database", "why": "as asked", "confidence": 90, "steps": [
        { "name": "copy", "run": words(command), "verify": ["ls", "/mnt/ssd/jellyfin"] },
    ] })
}

#[tokio::test]
async fn the_fifth_corruption_becomes_a_rule_that_stops_the_agents_own_next_proposal() {
    let ollama = FakeOllama::start().await;
    let lab = lab(&ollama, "");
    lab.skill("media", "*/5 * * * *", &["k8s/media"]);
    let bot = lab.start().await;
    for _ in 0..4 {
        ollama.says_call("conclude", conclusion("The database is malformed.", "k8s/media/jellyfin", 30));
        lab.host.break_("k8s/media/jellyfin", "sqlite-corrupt");
        bot.pass(min(10)).await;
        lab.host.mend("k8s/media/jellyfin");
        bot.pass(min(300)).await;
    }
    for offer in bot.stored().await.iter().flat_map(|incident| incident.offered.clone()) {
        bot.says(&format!("deny {offer}")).await;
    }
    ollama.answers(|request| {
        let (all, _) = told(request);
        assert!(all.contains("Fifth time on k8s/media/jellyfin"), "{all}");
        Said::call(
            "remember",
            json!({ "title": "SQLite does not live on CephFS", "signature": "sqlite-corrupt",
                    "why": "its locks don't hold there: corrupted five times",
                    "fix": "keep the databases on local disks", "rule": RULE }),
        )
    });
    ollama.says_call("conclude", conclusion("CephFS breaks SQLite's locks.", "k8s/media/jellyfin", 90));
    lab.host.break_("k8s/media/jellyfin", "sqlite-corrupt");
    bot.pass(min(10)).await;
    assert!(lab.chat.thread(5).contains("Fifth time on k8s/media/jellyfin"), "{}", lab.chat.thread(5));
    let offer = *bot.incident(5).await.offered.last().unwrap();
    let card = lab.chat.question(offer);
    assert!(
        card.contains("SQLite does not live on CephFS") && card.contains("no-sqlite-on-cephfs"),
        "{card}"
    );
    let answer = bot.says(&format!("approve {offer}")).await;
    assert!(answer.contains("Accepted by alex"), "{answer}");
    assert!(lab.chat.question(offer).contains("its rule is in force"), "{}", lab.chat.question(offer));
    let kept = |name: &str| std::fs::read_to_string(lab.path().join("memory").join(name)).unwrap();
    assert!(kept("MEMORY.md").contains("## SQLite does not live on CephFS\nSeen: sqlite-corrupt\n"));
    let soul = kept("SOUL.md");
    assert!(soul.contains("```yaml policy\nnever:\n  - name: no-sqlite-on-cephfs\n"), "{soul}");
    assert!(soul.contains("## Hard rules"), "who it is stays with it:\n{soul}");

    // The next proposal is stopped by the policy, whatever the model makes of what it was told.
    ollama.answers(|request| {
        let (all, _) = told(request);
        assert!(
            all.contains("no-sqlite-on-cephfs") && all.contains("keep the databases on local disks"),
            "{all}"
        );
        Said::call("propose", moves(TO_CEPHFS))
    });
    ollama.answers(move |request| {
        let (_, refused) = told(request);
        assert!(refused.contains("no-sqlite-on-cephfs (SOUL.md) forbids it"), "{refused}");
        Said::call("propose", moves(TO_SSD))
    });
    ollama.says_call("conclude", conclusion("It would go to the SSD.", "k8s/media/jellyfin", 90));
    bot.says("move the database of jellyfin to the shared storage").await;
    bot.settle().await;
    let asked = bot.incident(6).await.approval.map(|(_, number)| number).unwrap();
    let card = lab.chat.question(asked);
    assert!(card.contains(TO_SSD) && !card.contains("cephfs"), "{card}");
    assert!(lab.host.ran().is_empty());
    let asked = lab.chat.thread(6).matches("May I run").count();
    assert_eq!(asked, 1, "what is forbidden is not asked:\n{}", lab.chat.thread(6));
    assert_eq!(ollama.unused(), 0);
    bot.end_quietly().await;
}
