//! The README's architecture map against the tree.

use std::collections::BTreeSet;

/// What is wrong with the map between `<!-- map -->` and `<!-- /map -->`, given the files under `src/`: a path
/// that does not exist, or a layer or a concept of the domain that is left out. Braces list siblings:
/// `src/domain/{card,command}`; an extension may be left out.
pub(crate) fn compare(readme: &str, files: &[String]) -> Vec<String> {
    let map = readme.split_once("<!-- map -->").and_then(|(_, rest)| rest.split_once("<!-- /map -->"));
    let Some((map, _)) = map else {
        return vec!["README.md has no map between <!-- map --> and <!-- /map -->".to_owned()];
    };
    let named: BTreeSet<String> =
        map.match_indices("src/").flat_map(|(at, _)| expand(path(&map[at + 4..]))).collect();
    let there: BTreeSet<String> = files.iter().flat_map(|file| names(file)).collect();
    let needed: BTreeSet<String> = files.iter().filter_map(|file| room(file)).collect();
    let known: BTreeSet<&str> = named.iter().map(|path| path.trim_end_matches(".rs")).collect();

    let fancies =
        named.difference(&there).map(|path| format!("README.md's map shows src/{path}, which is not there"));
    let gaps = needed.iter().filter(|path| !known.contains(path.as_str()));
    fancies.chain(gaps.map(|path| format!("README.md's map leaves out src/{path}"))).collect()
}

/// The path that the text begins with.
fn path(text: &str) -> &str {
    let mut in_braces = false;
    let end = text.find(|c: char| {
        in_braces = (in_braces || c == '{') && c != '}';
        !(c.is_ascii_alphanumeric() || "_-./{}".contains(c) || in_braces && ", ".contains(c))
    });
    text.get(..end.unwrap_or(text.len())).unwrap_or(text).trim_end_matches(['/', '.'])
}

fn expand(path: &str) -> Vec<String> {
    let braces = path.split_once('{').and_then(|(head, rest)| Some((head, rest.split_once('}')?)));
    let paths = match braces {
        None => vec![path.to_owned()],
        Some((head, (list, tail))) => {
            list.split(',').map(|name| format!("{head}{}{tail}", name.trim())).collect()
        }
    };
    paths.into_iter().filter(|path| !path.is_empty()).collect()
}

/// What a file may be called on the map: itself, without its extension, and the folders above it.
fn names(file: &str) -> Vec<String> {
    let folders = file.match_indices('/').map(|(at, _)| file[..at].to_owned());
    folders.chain([file.to_owned(), file.trim_end_matches(".rs").to_owned()]).collect()
}

/// What the map must name for this file: its layer, and in the domain its concept.
fn room(file: &str) -> Option<String> {
    let path = file.trim_end_matches(".rs");
    let mut parts = path.split('/');
    match (parts.next()?, parts.next()) {
        ("lib", None) | ("domain", Some("mod")) => None,
        ("domain", Some(concept)) => Some(format!("domain/{concept}")),
        (layer, _) => Some(layer.to_owned()),
    }
}
