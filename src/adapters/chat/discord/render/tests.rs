use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::sheet::Posting;
use super::*;
use crate::domain::card::{CardAction, Field};

fn json_of(card: &Card, look: Look) -> Vec<Value> {
    sheets(&card.cleaned(), look).iter().map(|sheet| sheet.create(Posting::default())).collect()
}

fn root() -> Card {
    Card::titled("#12 nas/media: mount is_stale on *3* nodes")
        .severity(Severity::Error)
        .field("State", "open")
        .field("Impact", "Jellyfin can't read `media`\n@everyone look: [here](https://evil)")
        .action("Approve", "approve 7")
        .action("Deny", "deny 7")
        .action("Acknowledge", "ack 12")
}

#[test]
fn a_root_message_is_an_embed_with_its_fields_and_buttons() {
    let sent = json_of(&root(), Look::Single);
    assert_eq!(
        sent,
        [json!({
            "embeds": [{
                "title": r"#12 nas/media: mount is\_stale on \*3\* nodes",
                "color": 0xda_36_33,
                "fields": [
                    { "name": "State", "value": "open", "inline": true },
                    {
                        "name": "Impact",
                        "value": "Jellyfin can't read \\`media\\`\n@\u{200b}everyone look: \\[here\\]\\(https\\://evil\\)",
                        "inline": false,
                    },
                ],
            }],
            "components": [{ "type": 1, "components": [
                { "type": 2, "style": 3, "label": "Approve", "custom_id": "approve 7" },
                { "type": 2, "style": 4, "label": "Deny", "custom_id": "deny 7" },
                { "type": 2, "style": 2, "label": "Acknowledge", "custom_id": "ack 12" },
            ] }],
            "allowed_mentions": { "parse": [], "replied_user": false },
            "flags": 4096,
        })]
    );
}

#[test]
fn what_is_over_is_green_whatever_it_was() {
    let mut card = root();
    card.done = true;
    assert_eq!(json_of(&card, Look::Single)[0]["embeds"][0]["color"], 0x2e_a0_43);
}

#[test]
fn a_question_that_is_over_is_green_only_if_it_was_permitted() {
    let mut card = Card::titled("may I run remount?").severity(Severity::Warning);
    card.done = true;
    assert_eq!(sheets(&card, Look::Question)[0].colour, 0x2e_a0_43);
    card.severity = None;
    assert_eq!(sheets(&card, Look::Question)[0].colour, NEUTRAL);
}

#[test]
fn an_update_in_the_thread_tells_the_story_line_by_line() {
    let card = Card::titled("#12")
        .line("08:00:10 seen   nas/media nfs-stale: mount_a is stale")
        .line("08:00:11 why    - 1. because of nas\nit goes_on")
        .line("                and 3 more joined.");
    let sent = json_of(&card, Look::InThread);
    assert_eq!(sent.len(), 1);
    let embed = &sent[0]["embeds"][0];
    assert_eq!(embed.get("title"), None, "the number is on the thread already");
    let told = [
        r"`08:00:10` 👀 **seen** nas/media nfs-stale: mount\_a is stale",
        r"`08:00:11` 🧭 **why** - 1. because of nas",
        r"it goes\_on",
        "and 3 more joined.",
    ];
    assert_eq!(embed["description"], told.join("\n"));
}

#[test]
fn rows_and_short_evidence_are_blocks_of_code_and_long_evidence_is_a_file() {
    let mut card =
        Card::titled("Skills").line("disk   ran ``` 08:00").line("nas    ran 09:00").line("and 2 more");
    let attachment = |name: &str, text: &str| Attachment { name: name.to_owned(), text: text.to_owned() };
    card.attachments.push(attachment("nas/media nfs-stale.txt", "stat: Stale file handle"));
    card.attachments.push(attachment("../all of it.txt", &"line\n".repeat(11)));
    let sheet = &sheets(&card.cleaned(), Look::Several)[0];
    let block = "```\ndisk   ran `\u{200b}`\u{200b}` 08:00\nnas    ran 09:00\n```\nand 2 more\n**nas/media nfs-stale.txt**\n```\nstat: Stale file handle\n```";
    assert_eq!(sheet.description, block);
    assert_eq!(
        sheet.files,
        [File { name: "all_of_it.txt".into(), text: "line\n".repeat(11).trim_end().to_owned() }]
    );
}

#[test]
fn a_row_that_is_too_wide_for_a_phone_is_told_column_by_column() {
    let what = "No messages, calls or automatic repair for a while; without a target, for this thread's.";
    let card = Card::titled("Help")
        .line(format!("silence [TARGET] for DURATION  {what}"))
        .line("status  How it is.");
    let told = format!("**silence \\[TARGET\\] for DURATION** {what}\n**status** How it is.");
    assert_eq!(sheets(&card, Look::Several)[0].description, told);
}

#[test]
fn a_question_says_that_reactions_answer_it_as_long_as_it_can_be_answered() {
    let card = Card::titled("Request 7: may I run remount?").action("Approve", "approve 7");
    assert_eq!(json_of(&card, Look::Question)[0]["embeds"][0]["footer"]["text"], REACTIONS);
    let answered = Card::titled("Request 7: may I run remount?");
    assert_eq!(json_of(&answered, Look::Question)[0]["embeds"][0].get("footer"), None);
}

#[test]
fn only_a_call_may_mention_and_says_nothing_else() {
    let mut card = Card::titled("@everyone").line("@here <@1> it burns");
    for calls in [false, true] {
        card.mention = if calls { Mention::Here } else { Mention::Nobody };
        let sent = &json_of(&card, Look::Several)[0];
        assert_eq!(sent.get("content"), calls.then(|| json!("@here")).as_ref());
        assert_eq!(sent["allowed_mentions"]["parse"], if calls { json!(["everyone"]) } else { json!([]) });
        assert_eq!(sent.get("flags"), (!calls).then(|| json!(4096)).as_ref(), "a call makes a sound");
    }
    let sent = call(&card, "#12 nas/media: it burns", Some(5))
        .create(Posting { reply_to: Some(3), ..Posting::default() });
    assert_eq!(sent["content"], "@here");
    assert_eq!(sent["message_reference"], json!({ "message_id": "3", "fail_if_not_exists": false }));
    let told = "#12 nas/media: it burns\n@\u{200b}here \\<\u{200b}@\u{200b}1\\> it burns\n<#5>";
    assert_eq!(sent["embeds"][0]["description"], told);
}

#[test]
fn a_value_that_is_too_long_is_cut_and_goes_along_as_a_file() {
    let long = "x_".repeat(2000);
    let card = Card::titled("Request").field("Would run", long.clone()).field("Why", "short");
    let sheet = &sheets(&card, Look::Question)[0];
    assert!(sheet.fields[0].value.ends_with('…') && length(&sheet.fields[0].value) <= FIELD_VALUE);
    assert_eq!(sheet.files, [File { name: "Would_run.txt".into(), text: long }]);
}

#[test]
fn what_is_edited_in_place_stays_one_message_and_loses_nothing() {
    let mut card = root();
    card.body = (0..400).map(|n| format!("line {n} of a very long story")).collect();
    let sheets = sheets(&card, Look::Single);
    assert_eq!(sheets.len(), 1);
    assert!(sheets[0].description.ends_with("\n…"));
    assert!(sheets[0].files[0].text.contains("line 399 of a very long story"));
}

#[test]
fn a_long_answer_is_several_messages_with_the_buttons_on_the_last() {
    let mut card = Card::titled("Help").action("Acknowledge", "ack 1");
    card.body = (0..300).map(|n| format!("{n:<5}  the command number {n}")).collect();
    let sheets = sheets(&card, Look::Several);
    assert!(sheets.len() > 1);
    assert_eq!(sheets[0].title, "Help");
    let (last, before) = sheets.split_last().unwrap();
    assert!(before.iter().all(|sheet| sheet.buttons.is_empty()) && last.buttons.len() == 1);
    let all: String = sheets.iter().map(|sheet| sheet.description.clone()).collect();
    assert!((0..300).all(|n| all.contains(&format!("the command number {n}"))));
}

#[test]
fn two_buttons_that_say_the_same_are_one_because_discord_refuses_them() {
    let card =
        Card::titled("x").action("Approve", "approve 7").action("Yes", "approve 7").action("", "deny 7");
    let commands: Vec<_> = buttons(&card).into_iter().map(|button| button.command).collect();
    assert_eq!(commands, ["approve 7"]);
}

#[test]
fn what_discord_gives_back_is_compared_by_what_a_person_sees() {
    let sent = json_of(&root(), Look::Single).remove(0);
    let mut shown = sent.clone();
    shown["embeds"][0]["type"] = "rich".into();
    assert!(super::super::sheet::shows(&shown, &sent));
    shown["embeds"][0]["fields"][0]["value"] = "resolved".into();
    assert!(!super::super::sheet::shows(&shown, &sent));
}

/// Cards of any text, with all their parts.
fn cards() -> impl Strategy<Value = Card> {
    let text = || r"([a-z]{1,9}|[ \n`*_@<>:#\[\]()-]|@everyone|  |😀){0,60}".prop_map(|text| text);
    let long = (text(), 1usize..60).prop_map(|(text, times)| text.repeat(times));
    let fields = prop::collection::vec((text(), long.clone()), 0..30);
    let attachments = prop::collection::vec((text(), long.clone()), 0..13);
    (long.clone(), prop::collection::vec(long, 0..8), fields, attachments).prop_map(
        |(title, body, fields, attachments)| {
            let fields = fields.into_iter().map(|(name, value)| Field { name, value }).collect();
            let attachments = attachments.into_iter().map(|(name, text)| Attachment { name, text }).collect();
            let actions = vec![CardAction { label: "Approve".into(), command: "approve 7".into() }];
            Card { title, body, fields, attachments, actions, ..Card::default() }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_message_is_within_the_limits_of_discord(card in cards(), which in 0usize..4) {
        let look = [Look::Single, Look::Question, Look::InThread, Look::Several][which];
        let sheets = sheets(&card.cleaned(), look);
        prop_assert!(!sheets.is_empty());
        prop_assert!(which > 1 || sheets.len() == 1);
        for sheet in sheets {
            let fields: usize = sheet.fields.iter().map(|f| length(&f.name) + length(&f.value)).sum();
            let all = length(&sheet.title) + length(&sheet.description) + fields + sheet.footer.map_or(0, length);
            prop_assert!((1..=EMBED).contains(&all), "{all}");
            prop_assert!(length(&sheet.title) <= TITLE && length(&sheet.description) <= DESCRIPTION);
            prop_assert!(sheet.fields.len() <= FIELDS && sheet.files.len() <= FILES);
            for field in &sheet.fields {
                prop_assert!((1..=FIELD_NAME).contains(&length(&field.name)));
                prop_assert!((1..=FIELD_VALUE).contains(&length(&field.value)));
            }
            let sent = sheet.create(Posting::default());
            prop_assert_eq!(sent.get("content"), None);
            prop_assert_eq!(&sent["allowed_mentions"]["parse"], &json!([]));
            prop_assert!(!sent.to_string().contains("@everyone"));
        }
    }
}
