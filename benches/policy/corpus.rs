//! The command lines of `tests/corpus`.

use std::path::Path;

use anyhow::{Context, Result};

/// All commands, in the order of their files.
pub(crate) fn commands() -> Result<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .with_context(|| format!("reading {}", folder.display()))?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "tsv"))
        .collect();
    files.sort();
    let mut commands = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        commands
            .extend(lines.filter_map(|line| line.splitn(3, '\t').nth(2)).map(|line| line.replace('␤', "\n")));
    }
    Ok(commands)
}
