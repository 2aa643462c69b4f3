//! `steward doctor` looks at every model that is configured.

use std::process::Stdio;

use tokio::process::Command;

use super::*;

async fn doctor(config: &str, arguments: &[&str]) -> (String, Option<i32>) {
    let dir = tempfile::tempdir().unwrap();
    let quiet = "host = \"vm\"\n[alerts]\nlisten = \"off\"\n[paths]\nshipped_skills = false\nshipped_runbooks = false\n";
    std::fs::write(dir.path().join("config.toml"), format!("{quiet}{config}")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
    command.arg("doctor").args(arguments).current_dir(dir.path()).stdin(Stdio::null()).kill_on_drop(true);
    command.env("MODEL_KEY", KEY).env_remove("STEWARD_CONFIG").env_remove("STEWARD_LOG").env("TZ", "UTC");
    let ended = command.output().await.unwrap();
    assert!(ended.stderr.is_empty(), "{ended:?}");
    (String::from_utf8(ended.stdout).unwrap(), ended.status.code())
}

#[tokio::test]
async fn the_doctor_finds_models_well_without_asking_them_anything() {
    let (local, remote) = (FakeOllama::start().await, FakeOpenAi::start().await);
    let config = format!("{}{}", local.config(), remote.section("remote"));
    let (told, code) = doctor(&config, &[]).await;
    let local_at = local.url();
    let remote_at = remote.url().replace("/v1", "");
    assert_eq!(
        told,
        format!(
            "models\n  ok   local   qwen3:8b is there, at {local_at}\n  ok   remote  gpt-fake-mini is there, at {remote_at}\n\n\
             All is as it should be.\n"
        )
    );
    assert_eq!((code, local.requests().len() + remote.requests().len()), (Some(0), 0));
    let (told, _) = doctor(&config, &["--json"]).await;
    let json: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (&json["models"][1]["name"], &json["models"][1]["health"]),
        (&json!("remote"), &json!("good"))
    );
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong_with_a_model_and_what_to_do() {
    let local = FakeOllama::start().await;
    let missing = local.config().replace("qwen3:8b", "qwen3:80b");
    let dead = nobody();
    let gone = format!("[agent.models.gone]\nprovider = \"ollama\"\nmodel = \"m\"\nurl = \"{dead}\"\n");
    let (told, code) = doctor(&format!("{missing}{gone}"), &[]).await;
    for expected in [
        format!(
            "  BAD  gone   can't be reached: Connection refused (os error 111)\n       → see that it runs at {dead}"
        ),
        "  BAD  local  refuses: it has no model `qwen3:80b`\n       → get it with `ollama pull qwen3:80b`"
            .to_owned(),
        "2× keeps Steward from working there.".to_owned(),
    ] {
        assert!(told.contains(&expected), "{expected}\nis not in\n{told}");
    }
    assert_eq!(code, Some(1));
}
