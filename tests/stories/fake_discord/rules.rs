//! What the documentation forbids is refused as Discord refuses it, and kept as a violation.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Raw, discord, messages, says};
use crate::support::discord::{BOT, CHANNEL, FakeDiscord, GUILD, OPERATOR};

/// A message with one embed.
fn embed(embed: &Value) -> Value {
    json!({"embeds": [embed], "allowed_mentions": {"parse": []}})
}

/// A message with these rows of components.
fn rows(rows: &Value) -> Value {
    json!({"content": "x", "components": rows})
}

fn button(more: &Value) -> Value {
    let mut button = json!({"type": 2, "style": 1, "label": "Yes", "custom_id": "yes"});
    for (key, value) in more.as_object().unwrap() {
        button[key] = value.clone();
    }
    button.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    rows(&json!([{"type": 1, "components": [button]}]))
}

fn field(name: &str, value: &str) -> Value {
    embed(&json!({"fields": [{"name": name, "value": value}]}))
}

/// Requests for a message that are refused with 50035, and what is said of them.
fn forbidden() -> Vec<(&'static str, Value)> {
    let long = |length: usize| "x".repeat(length);
    let many = |count: usize, one: Value| vec![one; count];
    let row = json!({"type": 1, "components": [{"type": 2, "style": 1, "label": "a", "custom_id": "a"}]});
    let cells = |count: usize| {
        let cell = |n: usize| json!({"type": 2, "style": 1, "label": "a", "custom_id": n.to_string()});
        json!([{"type": 1, "components": (0..count).map(cell).collect::<Vec<_>>()}])
    };
    let menu = json!({"type": 3, "custom_id": "m", "options": [{"label": "a", "value": "a"}]});
    let mixed =
        json!([{"type": 1, "components": [menu, {"type": 2, "style": 1, "label": "a", "custom_id": "b"}]}]);
    let half = embed(&json!({"description": long(3001)}))["embeds"][0].clone();
    vec![
        ("content: Must be between", says(&long(2001))),
        // An emoji outside of the basic plane counts twice.
        ("content: Must be between", says(&"🔥".repeat(1001))),
        ("content: Could not interpret", json!({"content": 7})),
        ("contents: unknown field", json!({"contents": "x"})),
        ("tts: Must be either", json!({"content": "x", "tts": "no"})),
        ("embeds.0.title", embed(&json!({"title": long(257)}))),
        ("embeds.0.description", embed(&json!({"description": long(4097)}))),
        ("embeds.0.footer.text", embed(&json!({"title": "x", "footer": {"text": long(2049)}}))),
        ("embeds.0.author.name", embed(&json!({"title": "x", "author": {"name": long(257)}}))),
        ("embeds.0.url", embed(&json!({"title": "x", "url": "javascript:alert(1)"}))),
        ("embeds.0.color", embed(&json!({"title": "x", "color": 0x0100_0000}))),
        ("embeds.0.timestamp", embed(&json!({"title": "x", "timestamp": "yesterday"}))),
        (
            "embeds.0.fields: Must be 25",
            embed(&json!({"fields": many(26, json!({"name": "a", "value": "b"}))})),
        ),
        ("embeds.0.fields.0.name: This field", field(" ", "x")),
        ("embeds.0.fields.0.name: Must be", field(&long(257), "x")),
        ("embeds.0.fields.0.value: This field", field("x", "")),
        ("embeds.0.fields.0.value: Must be", field("x", &long(1025))),
        ("maximum size of 6000", json!({"embeds": [half, half]})),
        ("shows nothing", embed(&json!({"color": 1}))),
        ("embeds: Must be 10", json!({"embeds": many(11, json!({"title": "x"}))})),
        ("components: Must be 5", rows(&json!(many(6, row.clone())))),
        ("components.0.components: Must be 5", rows(&cells(6))),
        ("components.0: Must be between 1 and 5", rows(&json!([{"type": 1, "components": []}]))),
        ("has its row to itself", rows(&mixed)),
        ("custom_id: Component custom id cannot be duplicated", rows(&json!([row, row]))),
        ("custom_id: Must be", button(&json!({"custom_id": long(101)}))),
        ("a custom id and no url", button(&json!({"custom_id": null}))),
        ("label: Must be", button(&json!({"label": long(81)}))),
        ("has a label or an emoji", button(&json!({"label": null}))),
        ("style: This field", button(&json!({"style": null}))),
        ("a url and no custom_id", button(&json!({"style": 5, "url": "https://example.org"}))),
        ("a sku_id and nothing else", button(&json!({"style": 6}))),
        ("field \"type\" must be", button(&json!({"type": 9}))),
        (
            "mutually exclusive",
            json!({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}),
        ),
        ("allowed_mentions.parse.0", json!({"content": "x", "allowed_mentions": {"parse": ["here"]}})),
        ("nonce: ", json!({"content": "x", "nonce": long(26)})),
        ("enforce_nonce needs", json!({"content": "x", "enforce_nonce": true})),
        ("flags 0x40 cannot", json!({"content": "x", "flags": 64})),
        ("attachments.0.id: neither", json!({"content": "x", "attachments": [{"id": 0, "filename": "a"}]})),
        ("message_reference.message_id", json!({"content": "x", "message_reference": {"guild_id": "1"}})),
        ("poll: the fake", json!({"content": "x", "poll": {}})),
    ]
}

#[tokio::test]
async fn every_limit_of_a_message_is_enforced_and_names_its_field() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    for (part, body) in forbidden() {
        let (status, answer) = raw.ask("POST", &messages(), &body).await;
        assert_eq!((status, &answer["code"]), (400, &json!(50035)), "{part}: {answer}");
        assert!(answer["errors"].is_object(), "{part}: {answer}");
        discord.nothing_but(part);
    }
    assert!(discord.messages(CHANNEL).is_empty(), "nothing of it was posted");
}

impl FakeDiscord {
    /// This is the one violation, whatever the case of its letters; it is taken out.
    fn nothing_but(&self, part: &str) {
        let wrong = self.look(|world| world.violations().to_vec());
        assert!(
            wrong.len() == 1 && wrong[0].to_lowercase().contains(&part.to_lowercase()),
            "{part:?}: {wrong:#?}"
        );
        self.expect_violation(&wrong[0]);
    }
}

#[tokio::test]
async fn what_is_just_within_the_limits_is_taken() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    raw.post(&says(&"🔥".repeat(1000))).await;
    let fields = vec![json!({"name": "n", "value": "v"}); 25];
    raw.post(&embed(&json!({"title": "t".repeat(256), "description": "d".repeat(4096), "fields": fields})))
        .await;
    let cell =
        |n: usize| json!({"type": 2, "style": 1, "label": "l".repeat(80), "custom_id": format!("{n:0100}")});
    let row =
        |r: usize| json!({"type": 1, "components": (0..5).map(|n| cell(5 * r + n)).collect::<Vec<_>>()});
    raw.post(&rows(&(0..5).map(row).collect())).await;
    let nothing = json!({"content": "x", "allowed_mentions": {"parse": ["users"], "users": []}, "tts": false,
        "embeds": [], "sticker_ids": [], "attachments": [], "enforce_nonce": false, "flags": 4096});
    raw.post(&nothing).await;
    assert_eq!(discord.messages(CHANNEL).len(), 4);
    discord.nothing_wrong();
}

#[tokio::test]
async fn a_message_says_something_before_and_after_its_edit() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    assert_eq!(raw.ask("POST", &messages(), &says("  ")).await.1["code"], 50_006);
    discord.nothing_but("an empty message");
    let id = raw.post(&says("something")).await;
    let (status, answer) = raw.ask("PATCH", &format!("{}/{id}", messages()), &json!({"content": ""})).await;
    assert_eq!((status, &answer["code"]), (400, &json!(50006)));
    discord.nothing_but("an empty message");
    let flags = json!({"content": "x", "flags": 4096});
    raw.ask("PATCH", &format!("{}/{id}", messages()), &flags).await;
    discord.nothing_but("flags");
    let theirs = discord.says(OPERATOR, CHANNEL, "mine");
    let (status, _) =
        raw.ask("PATCH", &format!("{}/{theirs}", messages()), &json!({"content": "ours"})).await;
    assert_eq!(status, 403);
    discord.nothing_but("somebody else's");
}

#[tokio::test]
async fn requests_without_the_right_head_are_refused() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let bare = |agent: &str| reqwest::Client::builder().user_agent(agent.to_owned()).build().unwrap();
    let me = format!("{}/api/v10/users/@me", discord.api());
    let agent = "DiscordBot (https://example.org, 1)";
    let ask = async |client: reqwest::Client, token: &str| {
        let request = client.get(&me);
        let request = if token.is_empty() { request } else { request.header("Authorization", token) };
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(bare(agent), "").await, 401);
    discord.nothing_but("Authorization");
    assert_eq!(ask(bare(agent), "Bearer x").await, 401);
    discord.nothing_but("Authorization");
    assert_eq!(ask(bare("curl"), "Bot x").await, 403);
    discord.nothing_but("User-Agent");
    assert_eq!(ask(bare(agent), "Bot wrong").await, 401);
    let text = raw.request("POST", &messages()).body("hello").send().await.unwrap();
    assert_eq!(text.status(), 400);
    discord.nothing_but("content type");
    let half = raw.request("POST", &messages()).header("Content-Type", "application/json").body("{");
    assert_eq!(half.send().await.unwrap().json::<Value>().await.unwrap()["code"], 50109);
    discord.nothing_but("no JSON");
    assert_eq!(raw.ask("GET", "/users/@me/nonsense", &Value::Null).await.0, 404);
    discord.nothing_but("unknown route");
    assert_eq!(raw.ask("GET", &format!("{}?limit=3&page=2", messages()), &Value::Null).await.0, 400);
    discord.nothing_but("unknown query parameter \"page\"");
    let shown = discord.everything();
    assert!(!shown.contains(crate::support::discord::TOKEN), "a log shows no token: {shown}");
}

#[tokio::test]
async fn threads_have_a_name_and_a_duration_and_come_once() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let id = raw.post(&says("root")).await;
    let path = format!("{}/{id}/threads", messages());
    for (part, body) in [
        ("name: This field", json!({"name": ""})),
        ("name: Must be", json!({"name": "x".repeat(101)})),
        ("auto_archive_duration", json!({"name": "x", "auto_archive_duration": 30})),
    ] {
        assert_eq!(raw.ask("POST", &path, &body).await.0, 400);
        discord.nothing_but(part);
    }
    let fine = json!({"name": "x", "auto_archive_duration": 1440});
    let (status, thread) = raw.ask("POST", &path, &fine).await;
    assert_eq!((status, &thread["id"]), (200, &json!(id.to_string())), "it has the id of its message");
    assert_eq!(raw.ask("POST", &path, &fine).await.1["code"], 160_004);
    let edit = format!("/channels/{id}");
    assert_eq!(raw.ask("PATCH", &edit, &json!({"auto_archive_duration": 1})).await.0, 400);
    discord.nothing_but("auto_archive_duration");
    discord.delete_thread(id);
    assert_eq!(raw.ask("PATCH", &edit, &json!({"archived": true})).await.1["code"], 10_003);
    discord.threads_come_once();
    assert_eq!(raw.ask("POST", &path, &fine).await.0, 200, "a second one after the first is gone");
    discord.delete_thread(id);
    assert_eq!(raw.ask("POST", &path, &fine).await.1["code"], 160_004, "unless that is not allowed");
    discord.nothing_wrong();
}

#[tokio::test]
async fn an_archived_thread_opens_when_somebody_writes_and_takes_no_edits_before() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let id = raw.post(&says("root")).await;
    raw.ask("POST", &format!("{}/{id}/threads", messages()), &json!({"name": "x"})).await;
    let there = format!("/channels/{id}/messages");
    let (_, told) = raw.ask("POST", &there, &says("an update")).await;
    let told = told["id"].as_str().unwrap().to_owned();
    raw.ask("PATCH", &format!("/channels/{id}"), &json!({"archived": true})).await;
    assert!(discord.threads(CHANNEL)[0].archived);
    for (method, path, body) in [
        ("PATCH", format!("{there}/{told}"), says("edited")),
        ("PUT", format!("{there}/{told}/reactions/%E2%9C%85/@me"), Value::Null),
        ("PATCH", format!("/channels/{id}"), json!({"archived": true})),
    ] {
        assert_eq!(raw.ask(method, &path, &body).await.1["code"], 50_083, "{method} {path}");
    }
    assert_eq!(raw.ask("POST", &there, &says("again")).await.0, 200);
    assert!(!discord.threads(CHANNEL)[0].archived, "it is open again");
    discord.lock(id);
    assert_eq!(raw.ask("POST", &there, &says("locked out")).await.1["code"], 50_083);
    let (_, active) = raw.ask("GET", &format!("/guilds/{GUILD}/threads/active"), &Value::Null).await;
    assert_eq!(active["threads"], json!([]));
    let (_, archived) =
        raw.ask("GET", &format!("/channels/{CHANNEL}/threads/archived/public"), &Value::Null).await;
    assert_eq!(archived["threads"][0]["id"], json!(id.to_string()));
    discord.nothing_wrong();
}

#[tokio::test]
async fn commands_are_named_described_and_ordered_as_documented() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let path = format!("/applications/{BOT}/guilds/{GUILD}/commands");
    let with = |options: Value| json!({"name": "c", "description": "d", "options": options});
    let option = |name: &str| json!({"type": 3, "name": name, "description": "d"});
    let required = |name: &str| json!({"type": 3, "name": name, "description": "d", "required": true});
    let many = (0..26).map(|n| option(&format!("o{n}"))).collect::<Value>();
    let choices = |count: usize, name: &str| {
        let mut one = option("o");
        one["choices"] = vec![json!({"name": name, "value": "v"}); count].into();
        with(json!([one]))
    };
    let mut both = choices(1, "n");
    both["options"][0]["autocomplete"] = true.into();
    let sub = json!({"type": 1, "name": "s", "description": "d"});
    let mut numbers = choices(1, "n");
    numbers["options"][0]["type"] = 4.into();
    for (part, command) in [
        ("0.name: Command name is invalid", json!({"name": "Upper", "description": "d"})),
        ("0.name", json!({"name": "two words", "description": "d"})),
        ("0.name", json!({"name": "x".repeat(33), "description": "d"})),
        ("0.description: This field", json!({"name": "c", "description": ""})),
        ("0.description: Must be", json!({"name": "c", "description": "x".repeat(101)})),
        ("0.options: Must be 25", with(many)),
        ("Required options must be placed before", with(json!([option("a"), required("b")]))),
        ("choices: Must be 25", choices(26, "n")),
        ("choices.0.name", choices(1, &"x".repeat(101))),
        ("autocomplete may not", both),
        ("mutually exclusive", with(json!([sub, option("a")]))),
        ("Option name must be unique", with(json!([option("a"), option("a")]))),
        ("choices.0.value", numbers),
        ("colour: unknown field", json!({"name": "c", "description": "d", "colour": 1})),
    ] {
        let (status, answer) = raw.ask("PUT", &path, &json!([command])).await;
        assert_eq!((status, &answer["code"]), (400, &json!(50035)), "{part}");
        discord.nothing_but(part);
    }
    let twice = json!([{"name": "c", "description": "d"}, {"name": "c", "description": "e"}]);
    raw.ask("PUT", &path, &twice).await;
    discord.nothing_but("Command name must be unique");
    let (status, known) = raw.ask("PUT", &path, &json!([with(json!([required("a"), option("b")]))])).await;
    assert_eq!(status, 200);
    assert_eq!(raw.ask("GET", &path, &Value::Null).await.1, known, "it is registered");
    assert_eq!(raw.ask("PUT", "/applications/7/commands", &json!([])).await.1["code"], 10_002);
    discord.nothing_wrong();
}

#[tokio::test]
async fn files_come_as_parts_that_the_message_may_describe() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let part = |text: &str| reqwest::multipart::Part::text(text.to_owned()).file_name("log.txt");
    let form = reqwest::multipart::Form::new()
        .text("payload_json", json!({"attachments": [{"id": 0, "filename": "log.txt"}]}).to_string())
        .part("files[0]", part("one\ntwo"));
    let posted = raw.request("POST", &messages()).multipart(form).send().await.unwrap();
    let message: Value = posted.json().await.unwrap();
    assert_eq!(message["attachments"][0]["size"], 7);
    let seen = discord.messages(CHANNEL)[0].clone();
    assert_eq!(
        (seen.files[0].name.as_str(), seen.files[0].text.as_str(), seen.files[0].size),
        ("log.txt", "one\ntwo", 7)
    );
    let path = format!("{}/{}", messages(), seen.id);
    let form = reqwest::multipart::Form::new().text("payload_json", "{}").part("files[1]", part("more"));
    raw.request("PATCH", &path).multipart(form).send().await.unwrap();
    assert_eq!(discord.messages(CHANNEL)[0].files.len(), 2, "an edit adds");
    let kept = json!({"attachments": [{"id": message["attachments"][0]["id"]}]});
    raw.ask("PATCH", &path, &kept).await;
    assert_eq!(discord.messages(CHANNEL)[0].files.len(), 1, "and keeps what it lists");
    discord.nothing_wrong();
    let stray = reqwest::multipart::Form::new().part("file", part("x"));
    let refused = raw.request("POST", &messages()).multipart(stray).send().await.unwrap();
    assert_eq!(refused.status(), 400);
    discord.nothing_but("neither files[n] nor payload_json");
}

#[tokio::test]
async fn only_the_content_calls_people_and_only_where_that_is_allowed() {
    let (discord, _) = discord().await;
    let raw = Raw::to(&discord);
    let user = format!("<@{OPERATOR}>");
    let none = json!({"parse": []});
    for (body, everyone, pinged) in [
        (json!({"content": "@here"}), true, "@here"),
        (json!({"content": "@everyone", "allowed_mentions": {"parse": ["everyone"]}}), true, "@everyone"),
        (json!({"content": "@here", "allowed_mentions": none}), false, ""),
        (json!({"embeds": [{"title": "@here"}]}), false, ""),
        (json!({"content": user}), false, "@alex"),
        (json!({"content": user, "allowed_mentions": none}), false, ""),
        (json!({"content": user, "allowed_mentions": {"users": [OPERATOR.to_string()]}}), false, "@alex"),
        (json!({"content": "@here", "flags": 4096}), true, ""),
    ] {
        raw.post(&body).await;
        let seen = discord.messages(CHANNEL).pop().unwrap();
        let all = seen.pinged.iter().fold(String::new(), |mut all, one| {
            write!(all, "{one}").unwrap();
            all
        });
        assert_eq!((seen.mentions_everyone, all.as_str()), (everyone, pinged), "{body}");
    }
    discord.take_permission(crate::support::discord::permission::MENTION_EVERYONE);
    raw.post(&json!({"content": "@here"})).await;
    assert!(!discord.messages(CHANNEL).pop().unwrap().mentions_everyone);
    discord.nothing_wrong();
}
