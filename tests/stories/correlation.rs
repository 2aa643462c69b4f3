//! One fault, one thread: causes and victims in whatever order they are seen, siblings, moves of the root.

use super::shop::{restarting_mends, restarts, shop};
use super::support::{Bot, Lab, min, secs};

/// Everything is looked at by a skill of its own, so that the order is the story's.
fn one_by_one(settings: &str) -> Lab {
    let lab = shop(settings);
    std::fs::remove_file(lab.path().join("skills/ping")).unwrap();
    for target in ["nas", "store", "web", "api", "proxy", "mail"] {
        lab.skill(&format!("see-{target}"), "0 0 * * *", &[target]);
    }
    lab
}

impl Bot<'_> {
    /// Something breaks, and is seen to be broken a second later.
    async fn breaks(&self, target: &str) {
        self.lab.host.break_(target, "down");
        self.sees(target).await;
    }

    /// Something mends, and is seen to be well a second later.
    async fn mends(&self, target: &str) {
        self.lab.host.mend(target);
        self.sees(target).await;
    }

    async fn sees(&self, target: &str) {
        self.pass(secs(1)).await;
        self.says(&format!("run see-{target}")).await;
    }
}

#[tokio::test]
async fn victims_that_are_seen_first_join_their_cause_in_one_thread() {
    let lab = one_by_one("");
    let bot = lab.start().await;
    bot.breaks("web").await;
    bot.pass(secs(10)).await;
    bot.breaks("nas").await;
    bot.breaks("store").await;
    bot.breaks("proxy").await;
    bot.pass(min(1)).await;
    assert_eq!(
        lab.chat.root(1),
        "#1 nas: nas has down
State: open
Severity: error
Root: nas (web needs nas (web → store → nas), which is failing too)
Since: 2026-11-21 08:00:01
Symptoms: web down; store down; proxy down
Next: Nothing is repaired by itself: no runbook fits. This one is yours.
<Acknowledge: ack 1>"
    );
    assert_eq!(
        lab.chat.thread(1),
        "#1
08:00:01 seen   web has down (web down, found by the skill see-web).
08:00:11 next   Nothing is repaired by itself: no runbook fits. This one is yours.
#1
08:00:12 seen   Also nas has down (nas down): web needs nas (web → store → nas), which is failing too.
08:00:12 why    The suspected root is nas.
08:00:13 seen   Also store has down (store down): store needs nas.
08:00:14 seen   Also proxy has down (proxy down): proxy needs web."
    );
    assert_eq!(bot.stored().await.len(), 1);
    bot.end().await;
}

#[tokio::test]
async fn open_incidents_of_one_cause_are_merged_into_the_oldest_and_the_others_point_there() {
    let lab = one_by_one("");
    let bot = lab.start().await;
    // While the store is seen to be well, its victims are two incidents.
    bot.breaks("web").await;
    lab.host.skill_says("see-store", 0, "STATUS:OK\ntarget: store\n");
    lab.host.skill_says("see-nas", 0, "STATUS:OK\ntarget: nas\n");
    bot.sees("store").await;
    bot.sees("nas").await;
    bot.breaks("api").await;
    bot.pass(secs(20)).await;
    assert_eq!((bot.is(1).await, bot.is(2).await), ("open web".into(), "open api".into()));
    assert_eq!((lab.chat.news(1).len(), lab.chat.news(2).len()), (1, 1));
    lab.host.skill_works("see-store");
    bot.breaks("store").await;
    bot.pass(min(1)).await;
    assert_eq!((bot.is(1).await, bot.is(2).await), ("open store".into(), "merged api".into()));
    assert_eq!(
        lab.chat.news(1),
        ["#1
08:00:25 seen   Also store has down (store down): web needs store, which is failing too.
08:00:25 why    Took in incident #2.
08:00:25 why    The suspected root is store."]
    );
    assert_eq!(lab.chat.field(1, "Symptoms"), "web down\napi down");
    assert_eq!(
        lab.chat.news(2),
        ["#2\n08:00:25 why    Went on as part of incident #1: web needs store, which is failing too."]
    );
    assert_eq!(
        lab.chat.root(2),
        "#2 api: api has down\nState: merged, see #1\nSeverity: error\nRoot: api\nSince: 2026-11-21 08:00:04"
    );
    // From now on there is one thread.
    bot.mends("api").await;
    bot.breaks("proxy").await;
    bot.mends("store").await;
    bot.pass(min(1)).await;
    assert!(lab.chat.news(2).is_empty(), "a merged thread is done");
    assert_eq!(bot.stored().await.len(), 2);
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn siblings_suspect_what_they_share_although_nobody_saw_it_fail_until_somebody_does() {
    let lab = one_by_one("");
    restarts(&lab, "down");
    let bot = lab.start().await;
    bot.breaks("web").await;
    bot.breaks("api").await;
    bot.pass(min(1)).await;
    let root = lab.chat.root(1);
    assert!(root.starts_with("#1 store: suspected, because 2 that need it fail"), "{root}");
    assert_eq!(
        lab.chat.thread(1),
        "#1
08:00:01 seen   web has down (web down, found by the skill see-web).
08:00:02 seen   Also api has down (api down): web and api both need store and began to fail within 1 s of each other; nobody has seen store itself fail.
08:00:02 why    The suspected root is store.
08:00:11 next   Nobody has seen store itself fail, so nothing is repaired by itself: look there first."
    );
    assert!(lab.host.ran().is_empty());
    restarting_mends(&lab, &["store", "web", "api"]);
    bot.breaks("store").await;
    assert_eq!(lab.chat.field(1, "Root"), "store (it was suspected, and is now seen failing itself)");
    assert_eq!(lab.host.ran()[0], "systemctl restart store.service");
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn siblings_whose_upstream_is_seen_to_be_well_stay_two() {
    let lab = one_by_one("");
    let bot = lab.start().await;
    let findings = "STATUS:PROBLEM\ntarget: web\n\nSTATUS:PROBLEM\ntarget: api\n\nSTATUS:OK\ntarget: store\n\nSTATUS:OK\ntarget: nas\n";
    lab.skill("ping", "0 0 * * *", &["nas", "store", "web", "api"]);
    lab.host.skill_says("ping", 0, findings);
    bot.says("reload").await;
    bot.pass(secs(10)).await;
    assert_eq!((bot.is(1).await, bot.is(2).await), ("open web".into(), "open api".into()));
    lab.chat.thread(1);
    lab.chat.thread(2);
    bot.end().await;
}

#[tokio::test]
async fn a_suspicion_is_given_up_when_the_suspect_is_seen_to_be_well() {
    let lab = one_by_one("");
    restarts(&lab, "down");
    restarting_mends(&lab, &["web", "api"]);
    let bot = lab.start().await;
    bot.breaks("web").await;
    bot.breaks("api").await;
    bot.pass(secs(15)).await;
    assert_eq!(bot.is(1).await, "open store");
    lab.chat.thread(1);
    lab.host.skill_says("see-store", 0, "STATUS:OK\ntarget: store\n");
    bot.sees("store").await;
    bot.pass(min(10)).await;
    assert_eq!(
        lab.chat.thread(1).split_once("look there first.\n").unwrap().1,
        "#1
08:02:18 why    The suspected root is web: store was looked at and is fine.
08:02:18 repair Restart it (runbook restart, safe to do without asking).
#1
08:02:18 repair ran `systemctl restart web.service`
08:02:18 good   restart worked: its problem is gone.
#1
08:04:18 why    The suspected root is api: web has recovered and api has not.
08:04:18 repair Restart it (runbook restart, safe to do without asking).
#1
08:04:18 repair ran `systemctl restart api.service`
08:04:18 good   restart worked: the problem is gone. Watching whether it stays away.
#1
08:06:18 good   Resolved: quiet for 2 min, and see-api and see-web have looked again."
    );
    bot.end().await;
}

#[tokio::test]
async fn faults_that_share_nothing_stay_two() {
    let lab = one_by_one("");
    let bot = lab.start().await;
    bot.breaks("web").await;
    bot.breaks("mail").await;
    bot.pass(min(1)).await;
    assert_eq!((bot.is(1).await, bot.is(2).await), ("open web".into(), "open mail".into()));
    assert_eq!((lab.chat.news(1).len(), lab.chat.news(2).len()), (1, 1));
    bot.end().await;
}

#[tokio::test]
async fn a_symptom_is_left_alone_while_its_root_is_broken_and_repaired_if_it_outlives_it() {
    let lab = one_by_one("");
    restarts(&lab, "down");
    restarting_mends(&lab, &["web"]);
    let bot = lab.start().await;
    bot.breaks("store").await;
    bot.breaks("web").await;
    bot.pass(min(2)).await;
    let ran = lab.host.ran();
    assert!(!ran.is_empty() && ran.iter().all(|line| line.contains("store")), "{ran:?}");
    bot.mends("store").await;
    bot.pass(secs(119)).await;
    assert!(lab.host.ran().is_empty(), "it may follow by itself");
    bot.pass(secs(1)).await;
    assert_eq!(lab.host.ran()[0], "systemctl restart web.service");
    assert_eq!(bot.is(1).await, "mitigated web");
    assert_eq!(lab.chat.field(1, "Root"), "web (store has recovered and web has not)");
    lab.chat.thread(1);
    bot.end().await;
}

#[tokio::test]
async fn a_question_about_what_is_no_longer_suspected_is_withdrawn() {
    let lab = one_by_one("");
    lab.write("runbooks/ask.yaml", ASKS);
    let bot = lab.start().await;
    bot.breaks("web").await;
    bot.pass(secs(10)).await;
    assert!(lab.chat.root(1).contains("<Approve: approve 1> <Deny: deny 1>"), "{}", lab.chat.root(1));
    bot.breaks("store").await;
    let root = lab.chat.root(1);
    assert!(root.contains("<Approve: approve 2>") && !root.contains("approve 1"), "{root}");
    let thread = lab.chat.thread(1);
    assert!(thread.contains("Approval 1 is withdrawn: the suspected root is now store."), "{thread}");
    let answer = bot.says("approve 1").await;
    assert!(answer.contains("it was answered, expired or withdrawn"), "{answer}");
    assert!(lab.host.ran().is_empty());
    bot.end().await;
}

#[tokio::test]
async fn a_repair_of_what_is_no_longer_suspected_is_called_off_before_its_next_step() {
    let lab = one_by_one("");
    lab.write("runbooks/slow.yaml", SLOW);
    lab.host.command("systemctl is-active --quiet web.service", &[], 3);
    let bot = lab.start().await;
    bot.breaks("web").await;
    bot.pass(secs(10)).await;
    assert_eq!(lab.host.ran().len(), 2, "its first step is tried, and tried again later");
    assert_eq!(bot.is(1).await, "remediating web");
    bot.breaks("store").await;
    bot.pass(min(2)).await;
    let ran = lab.host.ran();
    assert!(!ran.iter().any(|line| line.contains("web")), "{ran:?}");
    let thread = lab.chat.thread(1);
    assert!(thread.contains("slow was called off: the suspected root is now store"), "{thread}");
    bot.end().await;
}

#[tokio::test]
async fn a_node_with_two_hundred_pods_is_one_thread_with_few_lines() {
    let lab = Lab::new("[incidents]\nhold = \"10m\"\n");
    let mut topology = String::from("targets:\n  node: { kind: host }\n");
    for n in 0..200 {
        topology.push_str(&format!("  pods/app-{n}: {{ depends_on: [node] }}\n"));
    }
    lab.write("topology.yaml", &topology);
    lab.skill("pods", "* * * * *", &["pods"]);
    lab.skill("nodes", "* * * * *", &["node"]);
    (0..200).for_each(|n| lab.host.break_(&format!("pods/app-{n}"), "down"));
    lab.host.break_("node", "down");
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    assert_eq!(bot.stored().await.len(), 1);
    assert_eq!(bot.is(1).await, "open node");
    let symptoms = lab.chat.field(1, "Symptoms");
    assert_eq!(symptoms.lines().count(), 9);
    assert!(symptoms.ends_with("and 192 more; 200 of 200 still active"), "{symptoms}");
    let first = lab.chat.news(1);
    assert!(first.len() == 1 && first[0].lines().count() < 12, "{first:#?}");
    lab.host.mend("node");
    bot.pass(min(1)).await;
    assert_eq!(lab.chat.news(1), ["#1\n08:02:00 calm   node down has recovered."]);
    (0..100).for_each(|n| lab.host.mend(&format!("pods/app-{n}")));
    bot.pass(min(1)).await;
    let second = lab.chat.news(1);
    assert!(second.len() == 1 && second[0].contains("and 95 more recovered."), "{second:#?}");
    (100..200).for_each(|n| lab.host.mend(&format!("pods/app-{n}")));
    bot.pass(min(1)).await;
    let third = lab.chat.news(1).join("\n");
    assert_eq!(third.lines().count(), 2, "{third}");
    assert!(third.contains("It went away by itself."), "{third}");
    bot.end().await;
}

/// A runbook whose command no rule knows, so that it has to be asked for.
const ASKS: &str = r#"
name: ask
title: Do what nobody can judge
match: { signature: down }
steps:
  - name: one
    run: [fix-it, "{{ target.name }}"]
    verify: [systemctl, is-active, --quiet, "{{ target.name }}.service"]
"#;

/// A runbook that tries its first step again a minute later.
const SLOW: &str = r#"
name: slow
title: Restart it with patience
match: { signature: down }
steps:
  - name: one
    run: [systemctl, restart, "{{ target.name }}.service"]
    verify: [systemctl, is-active, --quiet, "{{ target.name }}.service"]
    retry: { attempts: 3, backoff: 60s }
    idempotent: true
"#;
