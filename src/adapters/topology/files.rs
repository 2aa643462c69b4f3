//! Files by patterns such as `/srv/*/compose.yaml`.

use std::path::{Component, Path, PathBuf};

/// The most files of one pattern.
const MOST: usize = 500;

/// The files that fit a pattern, in order; `*` and `?` stand for parts of one name, and a name that begins with a dot is
/// only found by one that does. Folders that can't be read have none.
pub(super) fn find(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let name = component.as_os_str().to_string_lossy();
        let is_wild = matches!(component, Component::Normal(_)) && name.contains(['*', '?']);
        if is_wild {
            found = found.iter().flat_map(|folder| inside(folder, &name)).take(MOST).collect();
        } else {
            found.iter_mut().for_each(|path| path.push(component));
        }
    }
    found.retain(|path| path.is_file());
    found.sort();
    found
}

fn inside(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = entries
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with('.') == pattern.starts_with('.') && fits(&name, pattern)
        })
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

/// Whether a name fits a pattern. Takes at most name × pattern steps.
fn fits(name: &str, pattern: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    // after[i]: the pattern so far fits the first i characters.
    let mut after = vec![false; name.len() + 1];
    after[0] = true;
    for part in pattern.chars() {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            let before = at > 0 && after[at - 1];
            next[at] = match part {
                '*' => after[at] || (at > 0 && next[at - 1]),
                '?' => before,
                literal => before && name[at - 1] == literal,
            };
        }
        after = next;
    }
    after[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_a_part_of_one_name_and_hidden_folders_are_not_meant() {
        let dir = tempfile::tempdir().unwrap();
        for file in
            ["a/compose.yaml", "b/compose.yaml", "b/deep/compose.yaml", ".c/compose.yaml", "a/other.yaml"]
        {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let names = |pattern: &str| -> Vec<String> {
            let found = find(&dir.path().join(pattern));
            found.iter().map(|p| p.strip_prefix(dir.path()).unwrap().display().to_string()).collect()
        };
        assert_eq!(names("*/compose.yaml"), ["a/compose.yaml", "b/compose.yaml"]);
        assert_eq!(names("?/comp*.y*ml"), ["a/compose.yaml", "b/compose.yaml"]);
        assert_eq!(names("a/other.yaml"), ["a/other.yaml"]);
        assert!(names("a/none.yaml").is_empty() && names("gone/*").is_empty());
    }
}
