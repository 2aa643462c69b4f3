//! The head comment of a script, and the TOML that its `#:` lines carry.

/// The most of a file that is looked at, in bytes and in lines. A manifest is a screenful.
const MAX_BYTES: usize = 64 * 1024;
const MAX_LINES: usize = 1_000;

/// How a line comment begins, and a line of the manifest with it.
const MARKS: [(&str, &str); 3] = [("#", "#:"), ("//", "//:"), ("--", "--:")];

/// What the head of a script holds.
pub(super) struct Head {
    /// The manifest's lines, each on the line that it has in the script; the others are empty.
    pub toml: String,
    /// The first line of the manifest, from 1.
    pub first: Option<usize>,
    /// The first manifest line below the first line of code, which is too late.
    pub late: Option<usize>,
    /// Whether the first line ends as on Windows, so that its interpreter won't be found.
    pub windows: bool,
}

/// Reads the head of a script: the leading comment lines and the blank lines between them.
pub(super) fn read_head(source: &str) -> Head {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let source = &source[..source.floor_char_boundary(MAX_BYTES)];
    let shebang = source.split('\n').next().unwrap_or_default();
    let windows = shebang.starts_with("#!") && shebang.ends_with('\r');
    let mut head = Head { toml: String::new(), first: None, late: None, windows };
    let mut code = false;
    for (index, line) in source.lines().take(MAX_LINES).enumerate() {
        code = code || !(is_comment(line) || line.trim().is_empty());
        match manifest_part(line) {
            Some(_) if code => {
                head.late = Some(index + 1);
                break;
            }
            Some(toml) => {
                head.first.get_or_insert(index + 1);
                head.toml.push_str(toml);
            }
            None => {}
        }
        head.toml.push('\n');
    }
    head
}

fn is_comment(line: &str) -> bool {
    MARKS.iter().any(|(comment, _)| line.starts_with(comment))
}

fn manifest_part(line: &str) -> Option<&str> {
    MARKS.iter().find_map(|(_, mark)| line.strip_prefix(mark))
}
