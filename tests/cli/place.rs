//! A folder of an operator's own, and the real binary started in it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) struct Place {
    dir: tempfile::TempDir,
}

/// What a command left.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    /// A folder with nothing in it.
    pub(crate) fn empty() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// A folder with a configuration, so that what lies beside it is read.
    pub(crate) fn configured() -> Self {
        let place = Self::empty();
        place.write(
            "config.toml",
            "host = \"pve4\"\ntimezone = \"Europe/Berlin\"\n[changes]\ndetect = false\n",
        );
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// Writes a file; scripts become executable.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        if text.starts_with("#!") {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        path
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
        command.args(line.split_whitespace()).current_dir(self.path()).stdin(Stdio::null());
        for name in ["STEWARD_CONFIG", "STEWARD_LOG", "NO_COLOR", "RUST_LOG"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs `steward` with these words and waits for its end.
    pub(crate) fn run(&self, line: &str) -> Said {
        Said::of(&self.command(line).output().unwrap())
    }

    /// Runs `steward` with these words, which must succeed, and reads its document.
    pub(crate) fn json(&self, line: &str) -> Value {
        let said = self.run(line);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{line}: {}", said.out);
        serde_json::from_str(&said.out).unwrap()
    }
}

impl Said {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// It must have ended so, and said all of this on standard output.
    #[track_caller]
    pub(crate) fn told(&self, code: i32, parts: &[&str]) {
        self.check(code, &self.out, parts);
        assert_eq!(self.err, "");
    }

    /// It must have failed so, and said all of this on standard error and nothing else.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, parts: &[&str]) {
        self.check(code, &self.err, parts);
        assert_eq!(self.out, "");
    }

    #[track_caller]
    fn check(&self, code: i32, text: &str, parts: &[&str]) {
        for part in parts {
            assert!(
                text.contains(part),
                "{part:?} is missing; exit code {}:\n{}\n{}",
                self.code,
                self.out,
                self.err
            );
        }
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
    }
}
