//! `MEMORY.md`: lessons as text that people read and write, too.

/// The lessons of a memory that have to do with a query, the best first, each as it is written; at most `limit`.
#[must_use]
pub fn search(memory: &str, query: &str, limit: usize) -> Vec<String> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let lessons = memory.split("\n## ").filter(|lesson| {
        let lesson = lesson.to_lowercase();
        words.iter().any(|word| lesson.contains(word.as_str()))
    });
    lessons.take(limit).map(str::to_owned).collect()
}
