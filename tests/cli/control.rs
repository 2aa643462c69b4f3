//! `steward tell` and `steward incident undo`: what the command line says to the Steward that runs.

use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::past;
use crate::place::Place;
use crate::running::{QUIET, Running};

fn place() -> Place {
    let place = Place::empty();
    place.write("config.toml", QUIET);
    place
}

fn socket(place: &Place) -> PathBuf {
    place.state().join("control.sock")
}

fn connect(place: &Place) -> UnixStream {
    UnixStream::connect(socket(place)).unwrap()
}

/// The one line that comes back.
fn answer(stream: UnixStream) -> Value {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

fn ask(place: &Place, bytes: &[u8]) -> Value {
    let mut stream = connect(place);
    stream.write_all(bytes).unwrap();
    answer(stream)
}

#[test]
fn what_the_command_line_says_reaches_the_steward_that_runs_and_is_answered_there() {
    let place = place();
    let _running = Running::start(&place);
    place.run("tell status").told(0, &["All is well\n", "  Autonomy  full\n"]);
    place.run("tell pause").told(0, &["Paused by ", " (command line): I go on watching"]);
    place.run("tell Status").told(0, &["  Autonomy  paused by ", " (command line)"]);
    place.run("tell show 3").failed(1, &["error: There is no incident #3. `incidents all` lists them.\n"]);
    place.run("tell ack 3").failed(1, &["error: There is no open incident #3."]);
    place.run("tell pause").failed(1, &["error: Changes are paused already.\n"]);
    place.run("tell statsu").failed(1, &["error: I don't know", "\n    Did you mean `status`?\n"]);
    place.run("tell run nothing").failed(1, &["error: There is no skill nothing."]);
    place.run("incident undo 3").failed(1, &["error: "]);
    place.run("tell").failed(2, &["COMMAND"]);
    place.run("incident undo nas").failed(2, &["error: \"nas\" is no incident"]);
}

#[test]
fn what_was_answered_survives_a_kill_in_the_same_moment_and_a_dead_socket_is_replaced() {
    let place = place();
    let running = Running::start(&place);
    place.run("tell pause").told(0, &["Paused by"]);
    running.kill();
    assert!(socket(&place).exists(), "the dead one left its socket");
    place.run("tell status").failed(1, &["error: no Steward listens in ", "start it with `steward run`"]);

    let running = Running::start(&place);
    place.run("tell status").told(0, &["paused by"]);
    running.stop();
    assert!(!socket(&place).exists(), "one that ends takes its socket along");
}

#[test]
fn where_no_steward_runs_nothing_is_done_and_the_way_to_start_it_is_told() {
    let place = place();
    for line in ["tell status", "incident undo 3"] {
        place.run(line).failed(
            1,
            &[
                "error: no Steward listens in ",
                "/state\n  it means: nothing was done",
                "is it running? start it with `steward run`",
            ],
        );
    }
    assert!(!place.state().exists(), "asking made a state folder");
}

#[test]
fn what_is_no_request_is_told_so_and_the_next_one_is_answered() {
    let place = place();
    let _running = Running::start(&place);
    let long = [vec![b'x'; 70 * 1024], b"\n".to_vec()].concat();
    let refusals: [(&[u8], &str); 6] = [
        (b"status\n", "That is no request"),
        (b"{\"v\":1}\n", "missing field `command`"),
        (b"{\"v\":2,\"command\":\"status\"}\n", "version 2"),
        (b"{\"v\":1,\"command\":\"\\u001b[31m \"}\n", "The command is empty"),
        (b"\xff\xfe\n", "That is no request"),
        (&long, "longer than 65536 bytes; nothing was done"),
    ];
    for (request, why) in refusals {
        let told = ask(&place, request);
        assert_eq!((&told["v"], &told["ok"]), (&json!(1), &json!(false)), "{told}");
        assert!(told["answer"].as_str().unwrap().contains(why), "{told}");
    }
    let told = ask(&place, b"{\"v\":1,\"command\":\"help silence\"}\n");
    assert_eq!(told["ok"], json!(true), "{told}");

    // The end of what was said ends a line as well.
    let mut stream = connect(&place);
    stream.write_all(b"{\"v\":1,\"command\":\"status\"}").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(answer(stream)["ok"], json!(true));
}

#[test]
fn whoever_is_slow_holds_up_nobody_else() {
    let place = place();
    let _running = Running::start(&place);
    let mut slow = connect(&place);
    slow.write_all(b"{\"v\":1,").unwrap();
    place.run("tell pause").told(0, &["Paused by"]);
    slow.write_all(b"\"command\":\"resume\"}\n").unwrap();
    let told = answer(slow);
    assert!(told["answer"].as_str().unwrap().starts_with("Resumed"), "{told}");
}

#[test]
fn a_configuration_that_broke_meanwhile_is_no_reason_not_to_reach_steward() {
    let place = place();
    let _running = Running::start(&place);
    place.write("config.toml", &format!("autonomie = 1\n{QUIET}"));
    place.write("runbooks/broken.yaml", "name: [");
    place.run("tell pause").told(0, &["Paused by"]);
    place.write("config.toml", "state_dir =");
    place.run("tell status").failed(1, &["config.toml: is no TOML", "--state-dir"]);
    place.run("--state-dir state tell status").told(0, &["paused by"]);
}

#[test]
fn what_steward_runs_does_not_command_steward() {
    let place = place();
    place.write(
        "skills/sneaky",
        &format!(
            "#!/bin/sh\n#: schedule = \"0 0 1 1 *\"\n#: targets = [\"nas\"]\nsaid=$({} --state-dir {} tell pause 2>&1 | head -1)\necho STATUS:OK\necho \"summary: $said\"\n",
            env!("CARGO_BIN_EXE_steward"),
            place.state().display()
        ),
    );
    let running = Running::start(&place);
    place
        .run("tell run sneaky")
        .told(0, &["error: What Steward runs does not command Steward; a person has to."]);
    place.run("tell status").told(0, &["Autonomy  full"]);
    let log = running.stop();
    assert!(log.contains("a request on the control socket was refused"), "{log}");
}

#[test]
fn a_state_directory_that_others_may_write_gets_no_socket_and_both_sides_say_so() {
    let place = place();
    std::fs::create_dir(place.state()).unwrap();
    std::fs::set_permissions(place.state(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let _running = Running::until(&place, "may be written by others");
    place.run("tell status").failed(1, &["error: no Steward listens in", "its log says why"]);
    assert!(!socket(&place).exists());
}

#[tokio::test]
async fn an_incident_to_undo_may_be_named_by_its_long_id() {
    let place = place();
    let store = past::write(&place.state(), past::now()).await;
    store.close().await.unwrap();
    let _running = Running::start(&place);
    let by_id = place.run(&format!("incident undo {}", past::THIRD));
    let by_number = place.run("incident undo #3");
    assert_eq!((by_id.code, &by_id.out, &by_id.err), (by_number.code, &by_number.out, &by_number.err));
    by_number.failed(1, &["error: restart-store "]);
    place
        .run("incident undo 01KAG8Q2K3R5X7TZJ8C9V0B1ZZ")
        .failed(1, &["error: there is no incident 01KAG8Q2K3R5X7TZJ8C9V0B1ZZ"]);
}
