//! What the documentation forbids is refused, and remembered.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::Raw;
use crate::support::telegram::{GROUP, NAMELESS, OPERATOR, STRANGER};

fn text(text: &str) -> Value {
    json!({ "chat_id": GROUP, "text": text })
}

fn html(text: &str) -> Value {
    json!({ "chat_id": GROUP, "text": text, "parse_mode": "HTML" })
}

fn marked(text: &str, entities: Value) -> Value {
    json!({ "chat_id": GROUP, "text": text, "entities": entities })
}

fn with_key(key: Value) -> Value {
    json!({ "chat_id": GROUP, "text": "?", "reply_markup": { "inline_keyboard": [[key]] } })
}

#[tokio::test]
#[should_panic(expected = "unknown parameter `colour`")]
async fn a_violation_that_no_story_expects_ends_it() {
    let raw = Raw::start().await;
    raw.call("sendMessage", json!({ "chat_id": GROUP, "text": "hi", "colour": "red" })).await.ok();
    raw.telegram.nothing_wrong();
}

#[tokio::test]
#[should_panic(expected = "expected, but it did not happen")]
async fn an_expected_violation_that_does_not_come_ends_a_story() {
    let raw = Raw::start().await;
    raw.telegram.expect_violation("message is too long");
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn methods_and_parameters_are_those_of_the_documentation() {
    let raw = Raw::start().await;
    raw.telegram.expect_violation("no method `sendTelegram`");
    raw.call("sendTelegram", json!({})).await.is(404, "Not Found");
    for old in ["reply_to_message_id", "disable_web_page_preview"] {
        raw.telegram.expect_violation(&format!("deprecated parameter `{old}`"));
        raw.call("sendMessage", json!({ "chat_id": GROUP, "text": "hi", old: 1 })).await.ok();
    }
    raw.forbidden("sendMessage", json!({ "chat_id": GROUP, "text": 7 }), "`text` of sendMessage must be Str")
        .await;
    raw.forbidden("getChat", json!({ "chat_id": true }), "`chat_id` of getChat must be Chat").await;
    let quiet = json!({ "chat_id": GROUP, "text": "hi", "disable_notification": "true" });
    raw.forbidden("sendMessage", quiet, "`disable_notification` of sendMessage must be Bool").await;
    raw.forbidden("sendMessage", json!({ "text": "hi" }), "chat_id is empty").await;
    raw.forbidden("createForumTopic", json!({ "chat_id": GROUP }), "there is no name in the request").await;
    // Names of methods are case-insensitive, and a query or a form is as good as JSON.
    raw.call("SENDMESSAGE", text("loud")).await.ok();
    let query = format!("{}?chat_id={GROUP}&text=query&disable_notification=true", raw.url("sendMessage"));
    assert!(raw.http.get(query).send().await.unwrap().status().is_success());
    let form =
        raw.http.post(raw.url("sendMessage")).header("content-type", "application/x-www-form-urlencoded");
    assert!(form.body(format!("chat_id={GROUP}&text=a+form")).send().await.unwrap().status().is_success());
    let last: Vec<_> = raw.telegram.messages(GROUP).into_iter().map(|m| (m.text, m.loud)).collect();
    let wanted =
        [("loud", true), ("query", false), ("a form", true)].map(|(text, loud)| (text.to_owned(), loud));
    assert_eq!(last[2..], wanted);
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn a_text_has_1_to_4096_units_after_parsing_and_a_caption_1024() {
    let raw = Raw::start().await;
    raw.forbidden("sendMessage", text(" \n\u{200b} "), "message text is empty").await;
    raw.forbidden("sendMessage", html("<b></b>"), "message text is empty").await;
    raw.forbidden("sendMessage", text(&"x".repeat(4097)), "message is too long").await;
    raw.call("sendMessage", text(&"x".repeat(4096))).await.ok();
    raw.call("sendMessage", html(&"<b>&lt;</b>".repeat(90))).await.ok();
    raw.call("sendMessage", text(&"🦀".repeat(2048))).await.ok();
    raw.forbidden("sendMessage", text(&"🦀".repeat(2049)), "message is too long").await;
    let file = || Part::text("x").file_name("x.txt");
    let form = |caption: usize| {
        Form::new()
            .text("chat_id", GROUP.to_string())
            .text("caption", "x".repeat(caption))
            .part("document", file())
    };
    raw.upload("sendDocument", form(1024)).await.ok();
    raw.telegram.expect_violation("message caption is too long");
    raw.upload("sendDocument", form(1025)).await.is(400, "message caption is too long");
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn entities_lie_within_the_text_between_characters_and_nest_as_documented() {
    let raw = Raw::start().await;
    let one =
        |kind: &str, offset: i64, length: i64| json!([{ "type": kind, "offset": offset, "length": length }]);
    let cases = [
        (marked("abc", one("bold", 1, 3)), "ends after the end of the text"),
        (marked("abc", one("bold", 4, 1)), "begins after the end of the text"),
        (marked("🦀", one("bold", 1, 1)), "begins in a middle of a UTF-16 symbol"),
        (marked("🦀", one("bold", 0, 1)), "ends in a middle of a UTF-16 symbol"),
        (marked("abc", one("bold", 0, 0)), "is empty"),
        (marked("abc", one("bold", -1, 1)), "field \"offset\" must be a Number"),
        (marked("abc", one("loud", 0, 1)), "unsupported type specified"),
        (marked("abc", one("text_link", 0, 1)), "a text_link needs its url"),
    ];
    for (params, why) in cases {
        raw.forbidden("sendMessage", params, why).await;
    }
    let two = |a: (&str, i64, i64), b: (&str, i64, i64)| {
        let entity = |(kind, offset, length)| json!({ "type": kind, "offset": offset, "length": length });
        marked("abcdef", json!([entity(a), entity(b)]))
    };
    raw.forbidden("sendMessage", two(("bold", 0, 3), ("italic", 2, 3)), "overlap without one inside").await;
    raw.forbidden("sendMessage", two(("pre", 0, 3), ("bold", 1, 1)), "can't contain each other").await;
    raw.call("sendMessage", two(("bold", 0, 3), ("italic", 1, 1))).await.ok();
    let many: Vec<_> = (0..101).map(|at| json!({ "type": "bold", "offset": 2 * at, "length": 1 })).collect();
    raw.telegram.expect_violation("more than 100 entities");
    let sent = raw.call("sendMessage", marked(&"x ".repeat(101), json!(many))).await.ok();
    assert_eq!(sent["entities"].as_array().unwrap().len(), 100);
    let both = json!({ "chat_id": GROUP, "text": "x", "parse_mode": "HTML", "entities": one("bold", 0, 1) });
    raw.forbidden("sendMessage", both, "exclude each other").await;
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn markup_is_parsed_as_documented() {
    let raw = Raw::start().await;
    for (bad, why) in [
        ("a < b", "Unclosed start tag"),
        ("a && b", "'&' must be escaped"),
        ("a > b", "'>' must be escaped"),
        ("<h1>x</h1>", "Unsupported start tag \"h1\""),
        ("<b>x", "Can't find end tag corresponding to start tag \"b\""),
        ("<b>x</i>", "Unmatched end tag"),
        ("x</b>", "Unexpected end tag"),
    ] {
        raw.forbidden("sendMessage", html(bad), why).await;
    }
    let v2 = |text: &str| json!({ "chat_id": GROUP, "text": text, "parse_mode": "MarkdownV2" });
    raw.forbidden("sendMessage", v2("1.5"), "Character '.' is reserved").await;
    raw.forbidden("sendMessage", v2("*x"), "Can't find end of the entity *").await;
    let legacy = json!({ "chat_id": GROUP, "text": "x", "parse_mode": "Markdown" });
    raw.forbidden("sendMessage", legacy, "unsupported parse_mode").await;
    let source = "<b>a<i>b</i></b> <pre><code class=\"language-sh\">ls &amp;</code></pre> \
                  <a href=\"https://x.io/\">c</a> <a href=\"tg://user?id=5000000003\">Sam</a>";
    raw.call("sendMessage", html(source)).await.ok();
    raw.call("sendMessage", v2("*a _b_* `c\\`` [d](https://x\\.io/) ||e|| 1\\.5")).await.ok();
    let shown = "\
=== Homelab ===
Steward 🔔:
    **a_b_** ```sh
    ls &
    ``` [c](https://x.io/) [Sam](to Sam)
Steward 🔔:
    **a _b_** `c`` [d](https://x.io/) ||e|| 1.5
";
    assert_eq!(raw.telegram.transcript(), shown);
    assert_eq!(raw.telegram.messages(GROUP)[0].mentions, [NAMELESS]);
    let kinds: Vec<_> = raw.telegram.messages(GROUP).remove(1).entities.into_iter().map(|e| e.kind).collect();
    assert_eq!(kinds, ["bold", "italic", "code", "text_link", "spoiler"]);
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn people_are_mentioned_by_their_name_and_by_a_link_but_not_in_code() {
    let raw = Raw::start().await;
    raw.send("@alex and @Mallory, not x@alex nor @nobody_here").await;
    raw.call("sendMessage", html("<code>@alex</code> <pre>@mallory</pre>")).await.ok();
    let link = json!([{ "type": "text_mention", "offset": 0, "length": 3, "user": { "id": NAMELESS } }]);
    raw.call("sendMessage", marked("Sam", link)).await.ok();
    let mentions: Vec<_> = raw.telegram.messages(GROUP).into_iter().map(|m| m.mentions).collect();
    assert_eq!(mentions, [vec![OPERATOR, STRANGER], vec![], vec![NAMELESS]]);
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn text_is_cleaned_before_people_see_it() {
    let raw = Raw::start().await;
    let bold = json!([{ "type": "bold", "offset": 5, "length": 2 }]);
    let sent = raw.call("sendMessage", marked(" \u{1b}\u{202e}\r\nab \n", bold)).await.ok();
    assert_eq!(sent["text"], "ab");
    assert_eq!(sent["entities"], json!([{ "type": "bold", "offset": 0, "length": 2 }]));
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn a_button_has_a_text_and_exactly_one_action_that_fits() {
    let raw = Raw::start().await;
    for (key, why) in [
        (json!({ "text": "x", "callback_data": "x".repeat(65) }), "BUTTON_DATA_INVALID"),
        (json!({ "text": "x", "callback_data": "ä".repeat(33) }), "BUTTON_DATA_INVALID"),
        (json!({ "text": "x", "callback_data": "" }), "BUTTON_DATA_INVALID"),
        (json!({ "text": "x" }), "text buttons are unallowed"),
        (json!({ "text": "x", "callback_data": "a", "url": "https://a.b" }), "exactly one"),
        (json!({ "text": " ", "callback_data": "a" }), "\"text\" must be a non-empty String"),
        (json!({ "text": "x", "url": "http://localhost:3000/" }), "Wrong HTTP URL"),
        (json!({ "text": "x", "copy_text": { "text": "" } }), "COPY_TEXT_INVALID"),
    ] {
        raw.forbidden("sendMessage", with_key(key), why).await;
    }
    raw.telegram.expect_violation("has no `colour`");
    raw.call("sendMessage", with_key(json!({ "text": "x", "callback_data": "a", "colour": "red" })))
        .await
        .ok();
    let keys = vec![json!({ "text": "x", "callback_data": "a" }); 101];
    let many = json!({ "chat_id": GROUP, "text": "?", "reply_markup": { "inline_keyboard": [keys] } });
    raw.forbidden("sendMessage", many, "reply markup is too long").await;
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn topics_commands_reactions_and_answers_keep_their_limits() {
    let raw = Raw::start().await;
    raw.telegram.forum(true);
    let topic = |name: &str| json!({ "chat_id": GROUP, "name": name });
    raw.forbidden("createForumTopic", topic(&"x".repeat(129)), "a topic name is 1-128 characters").await;
    raw.forbidden("createForumTopic", topic("  "), "topic name must be non-empty").await;
    let colour = json!({ "chat_id": GROUP, "name": "x", "icon_color": 1 });
    raw.forbidden("createForumTopic", colour, "TOPIC_ICON_COLOR_INVALID").await;
    let command =
        |name: &str, about: &str| json!({ "commands": [{ "command": name, "description": about }] });
    for name in ["", "Status", "what-changed", "/status", &"x".repeat(33)] {
        raw.forbidden("setMyCommands", command(name, "about"), "BOT_COMMAND_INVALID").await;
    }
    raw.forbidden("setMyCommands", command("status", ""), "BOT_COMMAND_DESCRIPTION_INVALID").await;
    let long = command("status", &"x".repeat(257));
    raw.forbidden("setMyCommands", long, "BOT_COMMAND_DESCRIPTION_INVALID").await;
    let many = json!({ "commands": vec![json!({ "command": "a", "description": "b" }); 101] });
    raw.forbidden("setMyCommands", many, "BOT_COMMANDS_TOO_MUCH").await;
    let id = raw.send("x").await;
    for emoji in ["✅", "❌", "x"] {
        let reaction = json!([{ "type": "emoji", "emoji": emoji }]);
        let params = json!({ "chat_id": GROUP, "message_id": id, "reaction": reaction });
        raw.forbidden("setMessageReaction", params, "REACTION_INVALID").await;
    }
    let two = json!([{ "type": "emoji", "emoji": "👍" }, { "type": "emoji", "emoji": "👎" }]);
    let params = json!({ "chat_id": GROUP, "message_id": id, "reaction": two });
    raw.forbidden("setMessageReaction", params, "REACTIONS_TOO_MANY").await;
    let thumb = json!([{ "type": "emoji", "emoji": "👍" }]);
    raw.call("setMessageReaction", json!({ "chat_id": GROUP, "message_id": id, "reaction": thumb }))
        .await
        .ok();
    assert_eq!(raw.telegram.messages(GROUP)[0].reactions.len(), 1);
    raw.forbidden("answerCallbackQuery", json!({ "callback_query_id": "1" }), "query ID is invalid").await;
    let long = json!({ "callback_query_id": "1", "text": "x".repeat(201) });
    raw.forbidden("answerCallbackQuery", long, "MESSAGE_TOO_LONG").await;
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn a_file_comes_with_the_request_is_not_empty_and_has_at_most_50_mb() {
    let raw = Raw::start().await;
    let base = || Form::new().text("chat_id", GROUP.to_string());
    let part = |content: Vec<u8>| Part::bytes(content).file_name("a.bin");
    let attached = base().text("document", "attach://it").part("it", part(vec![1]));
    let sent = raw.upload("sendDocument", attached).await.ok();
    let again = json!({ "chat_id": GROUP, "document": sent["document"]["file_id"] });
    raw.call("sendDocument", again).await.ok();
    assert_eq!(raw.telegram.messages(GROUP)[1].file.as_ref().unwrap().name, "a.bin");
    for (form, why) in [
        (base().text("document", "attach://it"), "attached file `it` not found"),
        (base().part("document", part(vec![])), "file must be non-empty"),
        (base().text("caption", "x"), "there is no document in the request"),
        (base().text("document", "no-such-file"), "wrong file identifier"),
    ] {
        raw.telegram.expect_violation(why);
        raw.upload("sendDocument", form).await.is(400, why);
    }
    raw.telegram.expect_violation("nothing names the file part `other`");
    let other = base().part("document", part(vec![1])).part("other", part(vec![1]));
    raw.upload("sendDocument", other).await.ok();
    raw.telegram.expect_violation("Request Entity Too Large");
    let large = base().part("document", part(vec![0; 50 * 1024 * 1024 + 1]));
    raw.upload("sendDocument", large).await.is(413, "Request Entity Too Large");
    raw.telegram.expect_violation("IMAGE_PROCESS_FAILED");
    raw.upload("sendPhoto", base().part("photo", part(vec![1]))).await.is(400, "IMAGE_PROCESS_FAILED");
    raw.upload("sendPhoto", base().part("photo", part(b"\x89PNG\r\n\x1a\n".to_vec()))).await.ok();
    raw.telegram.nothing_wrong();
}

#[tokio::test]
async fn updates_are_asked_for_as_documented() {
    let raw = Raw::start().await;
    for (params, why) in [
        (json!({ "allowed_updates": ["message", "telepathy"] }), "no updates of the kind `telepathy`"),
        (json!({ "limit": 101 }), "limit is 1-100"),
        (json!({ "timeout": -1 }), "timeout should be positive"),
    ] {
        raw.telegram.expect_violation(why);
        raw.call("getUpdates", params).await.ok();
    }
    raw.telegram.nothing_wrong();
}
