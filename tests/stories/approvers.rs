//! What several people have to say yes to.

use super::support::discord::FakeDiscord;
use super::support::runbooks::VACUUM;
use super::support::{Bot, FakeTelegram, Lab, discord, min, secs, telegram};

const VACUUMED: [&str; 1] = ["journalctl --vacuum-size=200M"];

/// The operator's rule: so many have to say yes before the journal shrinks.
fn rule(approvers: u8) -> String {
    format!(
        "rules:\n  - name: careful-vacuum\n    why: two of us look at what is deleted\n    pattern: [journalctl, --vacuum-size=200M]\n    effect: irreversible\n    blast_radius: host\n    approvers: {approvers}\n    match: [journalctl --vacuum-size=200M]\n    not_match: [journalctl --vacuum-size=1G]\n"
    )
}

fn lab(approvers: u8) -> Lab {
    let lab = Lab::new("");
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab.write("runbooks/vacuum.yaml", VACUUM);
    lab.write("policy.yaml", &rule(approvers));
    lab.host.command(VACUUMED[0], &["vm/disk"], 0);
    lab
}

/// A Steward that waits for answers about the journal.
async fn asked(lab: &Lab) -> Bot<'_> {
    let bot = lab.start().await;
    lab.host.break_("vm/disk", "disk-fill");
    bot.pass(min(6)).await;
    assert!(lab.chat.thread(1).contains("waits for you"), "{}", lab.chat.thread(1));
    bot
}

/// What the card says of who has to say yes and who did, on all three platforms; and both buttons are still there.
fn all_cards_say(lab: &Lab, discord: &FakeDiscord, telegram: &FakeTelegram, approvers: &str) {
    let console = lab.chat.question(1);
    assert!(console.contains(&format!("Approvers: {approvers}\n")), "{console}");
    assert!(console.contains("<Approve: approve 1> <Deny: deny 1>"), "{console}");
    let there = discord.question(1);
    assert_eq!((there.field("Approvers").as_str(), there.buttons.len()), (approvers, 2), "{there:?}");
    let there = telegram.question(1);
    assert!(there.text.contains(&format!("Approvers: {approvers}")), "{}", there.text);
    assert_eq!(there.buttons.iter().flatten().count(), 2, "{there:?}");
    assert_eq!(lab.host.ran(), [""; 0]);
}

#[tokio::test]
async fn two_people_have_to_say_yes_and_one_alone_or_the_same_on_three_platforms_starts_nothing() {
    let lab = lab(2);
    let discord = lab.on_discord().await;
    let telegram = lab.on_telegram(true).await;
    let bot = asked(&lab).await;
    discord.connected().await;
    all_cards_say(&lab, &discord, &telegram, "2 people have to say yes");

    let press = discord.press(discord::OPERATOR, discord.question(1).id, "Approve");
    let answer = discord.answer(press).await;
    assert_eq!(answer.title(), "Noted, alex: one more person has to say yes.");
    bot.pass(secs(5)).await;
    let one = "1 of 2 said yes: alex; one more is needed";
    all_cards_say(&lab, &discord, &telegram, one);
    let waiting = bot.says_as("mallory", false, "approvals").await;
    assert!(waiting.contains("1 of 2 said yes: alex"), "{waiting}");

    // The same again, by every way there is.
    let press = discord.press(discord::OPERATOR, discord.question(1).id, "Approve");
    let again = "Your yes counts once, alex: one more person has to say yes.";
    assert_eq!(discord.answer(press).await.title(), again);
    discord.react(discord::OPERATOR, discord.question(1).id, "✅");
    telegram.press(telegram::OPERATOR, telegram::GROUP, telegram.question(1).id, "Approve");
    telegram.handled().await;
    bot.settle().await;
    assert_eq!(telegram.see(|view| view.popups()).pop().unwrap().text, again);
    assert_eq!(bot.says("approve 1").await, again);
    let refused = bot.says_as("mallory", false, "approve 1").await;
    assert!(refused.contains("That is for operators"), "{refused}");
    bot.pass(secs(5)).await;
    all_cards_say(&lab, &discord, &telegram, one);

    let answer = bot.says_as("ben", true, "approve 1").await;
    assert_eq!(answer, "Approved by alex and ben: vacuum runs now, exactly as shown.");
    bot.pass(secs(5)).await;
    assert_eq!(lab.host.ran(), VACUUMED);
    let result = "yes, by alex and ben at ";
    let there = discord.question(1);
    assert!(there.field("Answer").starts_with(result) && there.buttons.is_empty(), "{there:?}");
    let there = telegram.question(1);
    assert!(there.text.contains(&format!("Answer: {result}")) && there.buttons.is_empty(), "{}", there.text);
    assert!(!lab.chat.question(1).contains("Approvers"), "{}", lab.chat.question(1));
    let late = bot.says_as("cleo", true, "approve 1").await;
    assert!(late.contains("it was answered, expired or withdrawn"), "{late}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn the_first_no_ends_it_whoever_said_yes_before() {
    let lab = lab(3);
    let bot = asked(&lab).await;
    assert_eq!(bot.says("approve 1").await, "Noted, alex: 2 more people have to say yes.");
    bot.says_as("ben", true, "approve 1").await;
    assert_eq!(bot.says_as("cleo", true, "deny 1 not tonight").await, "Denied by cleo. Nothing was run.");
    let late = bot.says_as("dan", true, "approve 1").await;
    assert!(late.contains("No approval 1 waits"), "{late}");
    bot.pass(min(20)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    let card = lab.chat.question(1);
    assert!(card.contains("Answer: no, by cleo at 08:06:00: not tonight"), "{card}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn who_has_said_yes_is_known_after_a_crash() {
    let lab = lab(2);
    let bot = asked(&lab).await;
    bot.says("approve 1").await;
    bot.crash().await;
    let bot = lab.start().await;
    assert!(
        bot.says("approve 1").await.starts_with("Your yes counts once"),
        "not twice after a restart either"
    );
    assert_eq!(lab.host.ran(), [""; 0]);
    let answer = bot.says_as("ben", true, "approve 1").await;
    assert!(answer.starts_with("Approved by alex and ben"), "{answer}");
    assert_eq!(lab.host.ran(), VACUUMED);
    bot.end_quietly().await;
}

#[tokio::test]
async fn too_few_in_time_is_a_no_and_told_as_what_it_was() {
    let lab = lab(2);
    let bot = asked(&lab).await;
    bot.says("approve 1").await;
    bot.pass(min(30)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    let card = lab.chat.question(1);
    let few = "only 1 of 2 said yes: alex";
    assert!(card.contains(&format!("Answer: not enough: {few}; it expired at 08:35:10")), "{card}");
    let story = lab.chat.thread(1);
    assert!(story.contains(&format!("Approval 1 expired: {few}. Nothing was run.")), "{story}");
    assert!(bot.says_as("ben", true, "approve 1").await.contains("No approval 1 waits"));
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_rule_that_wants_more_people_while_the_question_waits_is_asked_anew() {
    let lab = lab(1);
    let bot = asked(&lab).await;
    assert!(!lab.chat.question(1).contains("Approvers"), "{}", lab.chat.question(1));
    lab.write("policy.yaml", &rule(2));
    assert!(bot.says("reload").await.starts_with("Reloaded"));
    bot.pass(min(6)).await;
    let old = lab.chat.question(1);
    assert!(old.contains("withdrawn") && old.contains("the yes of more or of fewer people"), "{old}");
    assert!(lab.chat.question(2).contains("Approvers: 2 people have to say yes"), "{}", lab.chat.question(2));
    assert!(bot.says("approve 1").await.contains("No approval 1 waits"));
    assert!(bot.says("approve 2").await.starts_with("Noted, alex"));
    assert_eq!(lab.host.ran(), [""; 0]);
    bot.end_quietly().await;
}
