//! A bench to run one skill on: a PATH of nothing but plain text tools and stubs, and a scrubbed environment.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use steward::domain::skill::{Manifest, parse_manifest};
use steward::domain::target::Target;
use tempfile::TempDir;

use crate::report::Report;

/// What every Linux has and no skill has to do without.
const PLAIN_TOOLS: &[&str] = &[
    "awk", "bash", "cat", "cut", "date", "env", "grep", "head", "sed", "sh", "sleep", "sort", "tail",
    "timeout", "tr", "wc",
];

/// The machine's name in every test.
pub(crate) const HOST: &str = "pve1";

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The manifest of a shipped skill, as Steward reads it on [`HOST`].
pub(crate) fn manifest(skill: &str) -> Manifest {
    let source = std::fs::read_to_string(root().join("skills").join(skill)).unwrap();
    parse_manifest(skill, &source, &Target::parse(HOST).unwrap()).unwrap_or_else(|problems| {
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        panic!("skills/{skill}:\n{}", problems.join("\n"))
    })
}

pub(crate) struct Bench {
    pub(crate) skill: &'static str,
    bin: TempDir,
    params: Vec<(String, String)>,
}

impl Bench {
    pub(crate) fn new(skill: &'static str) -> Self {
        let bin = TempDir::new().unwrap();
        for tool in PLAIN_TOOLS {
            if let Some(real) = find(tool) {
                symlink(real, bin.path().join(tool)).unwrap();
            }
        }
        Self { skill, bin, params: Vec::new() }
    }

    /// Puts a stub in place of a tool: `sh` runs the body, in which `$F` is the folder of outputs.
    pub(crate) fn stub(self, tool: &str, body: &str) -> Self {
        let path = self.bin.path().join(tool);
        drop(std::fs::remove_file(&path));
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// Takes a tool away.
    pub(crate) fn without(self, tool: &str) -> Self {
        std::fs::remove_file(self.bin.path().join(tool)).unwrap();
        self
    }

    pub(crate) fn set(mut self, param: &str, value: &str) -> Self {
        self.params.retain(|(name, _)| name != param);
        self.params.push((param.to_owned(), value.to_owned()));
        self
    }

    /// Has the skill read an output instead of a file of the system.
    pub(crate) fn fixture(self, param: &str, name: &str) -> Self {
        self.set(param, fixture(name).to_str().unwrap())
    }

    /// Runs the skill, which has to end well, and reads its report.
    pub(crate) fn run(&self) -> Report {
        let output = Command::new(root().join("skills").join(self.skill))
            .env_clear()
            .env("PATH", self.bin.path())
            .env("HOME", self.bin.path())
            .env("LANG", "C.UTF-8")
            .env("STEWARD_HOST", HOST)
            .env("F", fixture(""))
            .envs(self.params.iter().cloned())
            .output()
            .unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} ended with {}:\n{stdout}\n{stderr}", self.skill, output.status);
        assert!(!stderr.contains("unbound variable") && !stderr.contains("syntax error"), "{stderr}");
        Report::read(&manifest(self.skill), &stdout)
    }
}

/// An output to replay, or another file for a skill to read.
pub(crate) fn fixture(name: &str) -> PathBuf {
    root().join("tests/skills").join(name)
}

/// Where a tool is on this machine.
pub(crate) fn find(tool: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|file| file.is_file())
}
