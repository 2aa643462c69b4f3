//! A patch as git prints it, file by file.

/// What a patch does to one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FilePatch {
    /// Its path, the new one.
    pub(super) path: String,
    /// The file before, if [`FilePatch::whole`]; else parts of it.
    pub(super) before: String,
    /// The file after, likewise.
    pub(super) after: String,
    /// Lines taken out.
    pub(super) removed: usize,
    /// Lines put in.
    pub(super) added: usize,
    /// Whether `before` and `after` are the file from its beginning to its end.
    pub(super) whole: bool,
    pub(super) is_new: bool,
    pub(super) is_gone: bool,
    pub(super) binary: bool,
    hunks: usize,
    trailing: usize,
}

/// The context that the patch was asked for with, in lines: a hunk that ends with less of it ends where the file does.
pub(in crate::adapters::changes) const CONTEXT: usize = 3000;

/// The files of a patch, in its order. Whatever is not of a patch's form is skipped.
pub(super) fn files(patch: &str) -> Vec<FilePatch> {
    let mut files: Vec<FilePatch> = Vec::new();
    let (mut old_left, mut new_left) = (0_usize, 0_usize);
    for line in patch.split('\n') {
        if let Some(file) = files.last_mut().filter(|_| old_left > 0 || new_left > 0) {
            file.take(line, &mut old_left, &mut new_left);
            continue;
        }
        if let Some(rest) = line.strip_prefix("diff --git ") {
            // `a/X b/X`; the lines below say it better where there are any.
            let path =
                rest.rsplit_once(" b/").map_or(rest, |(_, path)| path).trim_end_matches('"').to_owned();
            files.push(FilePatch { path, ..FilePatch::default() });
            continue;
        }
        let Some(file) = files.last_mut() else { continue };
        if let Some(path) = line.strip_prefix("+++ b/") {
            file.path = path.trim_end_matches('\t').to_owned();
        } else if line.starts_with("new file mode") {
            file.is_new = true;
        } else if line.starts_with("deleted file mode") {
            file.is_gone = true;
        } else if line.starts_with("Binary files ") || line.starts_with("GIT binary patch") {
            file.binary = true;
        } else if let Some((old, new)) = line.strip_prefix("@@ -").and_then(header) {
            file.hunks += 1;
            file.whole = file.hunks == 1 && old.0 <= 1 && new.0 <= 1;
            file.trailing = 0;
            (old_left, new_left) = (old.1, new.1);
        }
    }
    for file in &mut files {
        file.whole &= file.trailing < CONTEXT;
    }
    // A patch that was cut within a file says nothing sure about it.
    if let Some(last) = files.last_mut().filter(|_| old_left > 0 || new_left > 0) {
        last.whole = false;
    }
    files
}

impl FilePatch {
    /// Takes a line of a hunk of which so many lines are left.
    fn take(&mut self, line: &str, old_left: &mut usize, new_left: &mut usize) {
        let (sign, text) = (line.chars().next().unwrap_or(' '), line.get(1..).unwrap_or_default());
        match sign {
            '-' => {
                *old_left = old_left.saturating_sub(1);
                self.removed += 1;
                self.trailing = 0;
                push(&mut self.before, text);
            }
            '+' => {
                *new_left = new_left.saturating_sub(1);
                self.added += 1;
                self.trailing = 0;
                push(&mut self.after, text);
            }
            // `\\ No newline at end of file`
            '\\' => {}
            _ => {
                *old_left = old_left.saturating_sub(1);
                *new_left = new_left.saturating_sub(1);
                self.trailing += 1;
                push(&mut self.before, text);
                push(&mut self.after, text);
            }
        }
    }
}

fn push(to: &mut String, line: &str) {
    to.push_str(line);
    to.push('\n');
}

/// Where a hunk begins and how long it is, before and after: `1,7 +1,8 @@ …`.
fn header(rest: &str) -> Option<((usize, usize), (usize, usize))> {
    let (old, rest) = rest.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let range = |text: &str| match text.split_once(',') {
        Some((start, length)) => Some((start.parse().ok()?, length.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    };
    Some((range(old)?, range(new)?))
}
