//! `steward adopt --from`: files of every kind, and no secret in what is said.

use std::io::Write as _;
use std::process::Stdio;

use crate::place::{Place, Said};

const SECRET: &str = "not-a-real-password-1";

fn compose() -> String {
    format!("services:\n  app:\n    image: nginx:1.27\n    environment:\n      DB_PASSWORD: {SECRET}\n")
}

fn piped(place: &Place, bytes: &[u8]) -> Said {
    let mut command = place.command("adopt --from - --json");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    Said::of(&child.wait_with_output().unwrap())
}

#[test]
fn a_compose_file_is_taken_from_its_folder_from_a_pipe_and_from_standard_input() {
    let place = Place::configured();
    place.write("web/compose.yaml", &compose());
    place.write("web/docker-compose.yml", "services: {}\n");
    for to in ["k8s", "nomad", "compose"] {
        for way in ["", " --json"] {
            let said = place.run(&format!("adopt --from web --to {to}{way}"));
            said.told(0, &["nginx", "DB_PASSWORD"]);
            assert!(!said.out.contains(SECRET), "{}", said.out);
        }
    }
    let said = piped(&place, compose().as_bytes());
    said.told(0, &["nginx"]);
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(compose().encode_utf16()).flat_map(u16::to_le_bytes).collect();
    piped(&place, &utf16).told(0, &["nginx"]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "cat web/compose.yaml | \"$0\" adopt --from /dev/fd/0 --json"]);
    let said = command.arg(env!("CARGO_BIN_EXE_steward")).current_dir(place.path()).output().unwrap();
    Said::of(&said).told(0, &["nginx"]);
}

#[test]
fn what_is_no_input_is_told_with_a_way_out_and_nothing_hangs() {
    let place = Place::configured();
    place.write("stack/media.yml", &compose());
    place.write("empty.json", " \n");
    place.write("neither.json", "{\"a\": 1}");
    std::fs::write(place.path().join("binary"), [0x1f, 0x8b, 0x00, 0xff]).unwrap();
    let large = std::fs::File::create(place.path().join("large.json")).unwrap();
    large.set_len(17 * 1024 * 1024).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(place.path().join("fifo")).status().unwrap().success());
    for (file, parts) in [
        ("absent.yaml", &["absent.yaml: can't be read", "look at its name"][..]),
        ("stack", &["is a folder without a compose file", "stack/media.yml"]),
        ("empty.json", &["empty.json: is empty"]),
        ("neither.json", &["neither.json"]),
        ("binary", &["binary:1: is no UTF-8 text"]),
        ("large.json", &["is larger than 16 MiB"]),
        ("fifo", &["fifo: is empty"]),
        ("/dev/zero", &["/dev/zero: is no file"]),
    ] {
        place.run(&format!("adopt --from {file}")).failed(1, parts);
    }
    place.run("adopt").failed(2, &["--from"]);
    place.run("adopt --from stack/media.yml --to mesos").failed(2, &["mesos"]);
}

#[test]
fn only_what_lies_beside_a_compose_file_is_read() {
    let place = Place::configured();
    place.write("elsewhere/deep/secrets", &format!("DB_PASSWORD={SECRET}\n"));
    place.write("lab/web/compose.yaml", "services:\n  app:\n    image: nginx:1.27\n");
    let env = place.path().join("lab/web/.env");
    std::os::unix::fs::symlink(place.path().join("elsewhere/deep/secrets"), &env).unwrap();
    place.run("adopt --from lab/web").failed(1, &[".env", "it lies elsewhere"]);
    std::fs::remove_file(&env).unwrap();
    place.write(
        "lab/web/compose.yaml",
        "services:\n  app:\n    image: nginx:1.27\n    env_file: /etc/passwd\n",
    );
    place.run("adopt --from lab/web").failed(1, &["compose.yaml:4", "/etc/passwd", "it lies elsewhere"]);
}

#[test]
fn a_broken_file_is_told_of_without_its_secrets_and_nothing_is_written() {
    let place = Place::configured();
    place.write("compose.yaml", &format!("{}    ports: {SECRET}\n", compose()));
    let said = place.run("adopt --from compose.yaml --out made");
    said.failed(1, &["compose.yaml:6", "services.app.ports"]);
    assert!(!said.err.contains(SECRET), "{}", said.err);
    assert!(!place.path().join("made").exists());
}
