//! What is loud, and that nothing else is: whatever the text says that somebody else wrote.

use serde_json::json;

use super::super::support::telegram::NAMELESS;
use super::super::support::transcript::same_as_kept;
use super::*;

/// Breaks and mends three times within the hour.
async fn breaks_too_often(bot: &Bot<'_>) {
    for _ in 0..3 {
        bot.lab.host.break_("vm/nas", "down");
        bot.pass(min(6)).await;
        bot.lab.host.mend("vm/nas");
        bot.pass(min(11)).await;
    }
}

/// Every message of Steward in the places where it writes.
fn all_said(telegram: &FakeTelegram) -> Vec<Seen> {
    let places = [GROUP, OPERATOR, STRANGER, NAMELESS];
    places.iter().flat_map(|chat| telegram.messages(*chat)).filter(|m| m.from == "Steward").collect()
}

#[tokio::test]
async fn a_call_is_one_message_with_sound_that_mentions_who_is_on_call_and_all_else_is_silent() {
    for forum in [true, false] {
        let lab = lab("");
        let telegram = lab.on_telegram(forum).await;
        lab.append("config.toml", &format!("on_call = [{OPERATOR}, {NAMELESS}]\n"));
        let bot = lab.start().await;
        breaks_too_often(&bot).await;
        let (loud, quiet): (Vec<_>, Vec<_>) = all_said(&telegram).into_iter().partition(|m| m.loud);
        assert_eq!(loud.len(), 1, "{}", telegram.transcript());
        assert_eq!(loud[0].mentions, [OPERATOR, NAMELESS]);
        assert!(loud[0].text.contains("Repairing it again is not enough"), "{}", loud[0].text);
        assert!(quiet.len() > 5 && quiet.iter().all(|m| m.mentions.is_empty()));
        same_as_kept(&format!("telegram-called-{}", kind(forum)), &telegram.transcript());
        bot.end().await;
    }
}

/// Text that wants to be more than text.
const HOSTILE: &str = "@alex @all /approve 1 /pause@steward_bot [x](tg://user?id=5000000001) <a href=\"tg://user?id=5000000001\">a</a> https://t.me/alex ||s|| `b` *c* _d_ #tag \u{202e}evil\u{1b}[31m";

#[tokio::test]
async fn no_text_of_anybody_else_can_call_command_or_mark_up_anything() {
    for forum in [true, false] {
        let lab = lab_with_console("");
        let telegram = lab.on_telegram(forum).await;
        lab.write(
            "runbooks/vacuum.yaml",
            &VACUUM.replace(
                "[journalctl, --vacuum-size=200M]",
                "[journalctl, \"@alex\", \"/approve\", \"{{ labels.unit }}\"]",
            ),
        );
        let bot = lab.start().await;
        let finding = format!(
            "unit: @alex\nsummary: {HOSTILE}\nimpact: {HOSTILE}\nmetric: x 1\n\n  {HOSTILE}\n  {}",
            format!("{HOSTILE}\n  ").repeat(40)
        );
        lab.host.break_with("vm/disk", "disk-fill", &finding);
        bot.pass(min(6)).await;
        // Somebody whose very name is a mention, and who says such things.
        let named = json!({ "id": STRANGER, "is_bot": false, "first_name": "@alex /approve 1" });
        let chat = json!({ "id": GROUP, "type": "supergroup", "title": "Homelab", "is_forum": forum });
        for text in [format!("/{HOSTILE}"), format!("/silence nas for 1h because {HOSTILE}"), "/pause".into()]
        {
            let message = telegram.says(STRANGER, GROUP, "…");
            telegram.queue_update(json!({ "message": { "message_id": message, "date": 1_763_712_360,
                "chat": chat, "from": named, "text": text } }));
        }
        let message = telegram.says(OPERATOR, GROUP, &format!("/silence nas for 1h because {HOSTILE}"));
        telegram.says(OPERATOR, GROUP, "/silences");
        telegram.says(OPERATOR, GROUP, "/show 1");
        telegram.says(OPERATOR, GROUP, "/approvals");
        telegram.replies(OPERATOR, GROUP, card(&telegram).id, &format!("deny 1 {HOSTILE}"));
        heard(&bot, &telegram).await;
        bot.pass(min(5)).await;
        let said = all_said(&telegram);
        assert!(said.iter().any(|m| m.reply_to == Some(message)), "{}", telegram.transcript());
        assert!(said.iter().filter(|m| m.text.contains("alex")).count() > 8);
        for message in &said {
            assert!(!message.loud && message.mentions.is_empty(), "{message:?}");
            let active = ["mention", "text_mention", "bot_command", "text_link", "hashtag", "cashtag"];
            let found =
                message.entities.iter().find(|e| active.contains(&e.kind.as_str()) && e.kind != "hashtag");
            assert_eq!(found, None, "{}", message.text);
            assert!(!message.text.contains(['\u{202e}', '\u{1b}']), "{:?}", message.text);
        }
        let topics = telegram.see(|view| view.topics());
        assert!(topics.iter().all(|topic| !topic.name.contains(['\u{202e}', '\u{1b}', '\n'])), "{topics:?}");
        same_as_kept(&format!("telegram-hostile-{}", kind(forum)), &telegram.transcript());
        bot.end_quietly().await;
    }
}
