//! The program itself, as a process, on both platforms: what whoever sets it up does first.

use std::process::{Output, Stdio};
use std::sync::Arc;

use serde_json::json;
use tokio::process::Command;

use super::support::discord::permission;
use super::support::telegram::Standing;
use super::support::transcript::same_as_kept;
use super::support::{FakeDiscord, FakeTelegram, HandClock, discord, telegram};

/// Both platforms, and a folder with a configuration that names them.
struct Place {
    dir: tempfile::TempDir,
    discord: FakeDiscord,
    telegram: FakeTelegram,
}

impl Place {
    async fn new() -> Self {
        let clock = Arc::new(HandClock::at("2026-11-21T08:00:00Z"));
        let (discord, telegram) = (FakeDiscord::start(clock.clone()).await, FakeTelegram::start(clock).await);
        telegram.forum(true);
        let dir = tempfile::tempdir().unwrap();
        let config = format!(
            "host = \"vm\"\n[alerts]\nlisten = \"off\"\n[paths]\nshipped_skills = false\nshipped_runbooks = false\n[chat.console]\nenabled = false\n\
             [chat.discord]\ntoken = \"env:DISCORD_TOKEN\"\nguild = {}\nchannel = \"{}\"\noperators = [{}]\napi = \"{}\"\n\
             [chat.telegram]\ntoken = \"env:TELEGRAM_TOKEN\"\nchat = {}\noperators = [{}]\napi = \"{}\"\n",
            discord::GUILD,
            discord::CHANNEL,
            discord::OPERATOR,
            discord.api(),
            telegram::GROUP,
            telegram::OPERATOR,
            telegram.api(),
        );
        std::fs::write(dir.path().join("config.toml"), config).unwrap();
        Self { dir, discord, telegram }
    }

    fn steward(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
        command.args(arguments).current_dir(self.dir.path()).stdin(Stdio::null()).kill_on_drop(true);
        command.env("DISCORD_TOKEN", discord::TOKEN).env("TELEGRAM_TOKEN", telegram::TOKEN);
        command.env_remove("STEWARD_CONFIG").env_remove("STEWARD_LOG").env("TZ", "UTC");
        command
    }

    async fn doctor(&self, arguments: &[&str]) -> Output {
        let mut all = vec!["doctor"];
        all.extend(arguments);
        self.steward(&all).output().await.unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn the_doctor_finds_nothing_to_do_where_all_is_as_the_readme_says() {
    let place = Place::new().await;
    let examined = place.doctor(&[]).await;
    same_as_kept("doctor-well", &text(&examined.stdout));
    assert!(examined.status.success() && text(&examined.stderr).is_empty(), "{examined:?}");
    let json: serde_json::Value = serde_json::from_slice(&place.doctor(&["--json"]).await.stdout).unwrap();
    assert_eq!(json["platforms"][0]["platform"], "discord");
    assert_eq!(json["platforms"][1]["checks"][0]["health"], "good");
    assert!(place.discord.messages(discord::CHANNEL).is_empty(), "it says nothing in the chat");
    assert!(place.telegram.messages(telegram::GROUP).is_empty());
    place.discord.nothing_wrong();
    place.telegram.nothing_wrong();
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong_and_where_to_click() {
    let place = Place::new().await;
    place.discord.take_permission(permission::CREATE_PUBLIC_THREADS | permission::MENTION_EVERYONE);
    place.telegram.bot_is(telegram::GROUP, Standing::Member);
    let examined = place.doctor(&[]).await;
    same_as_kept("doctor-rights-missing", &text(&examined.stdout));
    assert_eq!(examined.status.code(), Some(1));

    place.discord.change_token("another");
    place.telegram.revoke_token();
    let examined = place.doctor(&[]).await;
    same_as_kept("doctor-tokens-refused", &text(&examined.stdout));
    let all = text(&examined.stdout) + &text(&examined.stderr);
    assert!(!all.contains(discord::TOKEN) && !all.contains(telegram::TOKEN), "{all}");
    assert_eq!(examined.status.code(), Some(1));
}

#[tokio::test]
async fn the_program_answers_on_both_platforms_and_ends_when_it_is_told_to() {
    let place = Place::new().await;
    let steward = place.steward(&["run"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    place.discord.until("the commands", |world| (!world.commands().is_empty()).then_some(())).await;
    let asked = place.discord.slash(discord::OPERATOR, discord::CHANNEL, "status", &json!({}));
    let answer = place.discord.answer(asked).await;
    assert_eq!(answer.title(), "All is well");
    place.telegram.says(telegram::OPERATOR, telegram::GROUP, "/status@steward_bot");
    let answered = |view: &telegram::View<'_>| view.find(telegram::GROUP, "All is well");
    place.telegram.until("an answer on Telegram", answered).await;

    let pid = i32::try_from(steward.id().unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let ended = steward.wait_with_output().await.unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let told = text(&ended.stdout) + &text(&ended.stderr);
    assert!(!told.contains("ERROR"), "{told}");
    place.discord.nothing_wrong();
    place.telegram.nothing_wrong();
}
