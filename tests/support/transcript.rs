//! Transcripts as files: what a person sees, kept beside the stories, so that a change of it is read by a person.

use std::path::Path;

/// Compares with `tests/stories/transcripts/NAME.txt`. `UPDATE_TRANSCRIPTS=1 cargo test` writes it anew.
#[track_caller]
pub fn same_as_kept(name: &str, seen: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/stories/transcripts/{name}.txt"));
    let seen = format!("{}\n", seen.trim_end());
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, seen).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == seen,
        "what people see has changed; read it, and write it anew with UPDATE_TRANSCRIPTS=1 if it is meant.\n--- kept in {}\n{kept}\n--- seen\n{seen}",
        path.display()
    );
}
