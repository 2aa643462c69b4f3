//! Lists the skills, runbooks and recorded cases that come with the binary, so that it carries them along.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut code = String::new();
    for (name, folder) in [("SKILLS", "skills"), ("RUNBOOKS", "runbooks"), ("CASES", "prompts/eval")] {
        let folder = root.join(folder);
        writeln!(code, "static {name}: &[(&str, &str)] = &[")?;
        for path in shipped_in(&folder)? {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            writeln!(code, "    ({file:?}, include_str!({:?})),", path.display().to_string())?;
        }
        writeln!(code, "];")?;
        // A folder that is not there yet may not be named: cargo would build anew every time.
        let watched = if folder.is_dir() { &folder } else { &root };
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("shipped.rs"), code)?;
    Ok(())
}

/// The files of a folder that are skills (they name their interpreter) or runbooks.
fn shipped_in(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths = Vec::new();
    if !folder.is_dir() {
        return Ok(paths);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let is_runbook = path.extension().is_some_and(|ending| ending == "yaml");
        if path.is_file() && (is_runbook || fs::read(&path)?.starts_with(b"#!")) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
