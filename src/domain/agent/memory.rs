//! `MEMORY.md`: lessons as text that people read and write, too.
//!
//! ```markdown
//! ## NIC of pve4 hangs
//! Seen: nic-hang on pve4
//! Why: the e1000e driver hangs under load
//! Fix: restart-network
//! ```
//!
//! A lesson is a section with a heading of the second level. Of what stands below it only lines that begin with
//! `Seen:`, `Why:` and `Fix:` are looked at; whatever else people write stays as it is, and is found by a search.

use serde_yaml::Value;

use super::{Keepsake, Lesson};

/// How alike two titles have to be to tell of the same, from 0 to 1.
const ALIKE: f64 = 0.9;
/// What the file begins with where there is none yet.
const HEAD: &str = "# Memory\n\nLessons of this lab, newest last. Edit them freely: each is a section, and the lines \
`Seen:`, `Why:` and `Fix:`\nare what Steward looks for.\n";

/// A section of the memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// How it is broken and where, as `Seen:` has it.
    pub seen: Option<String>,
    /// Why it happens.
    pub why: Option<String>,
    /// What to do about it.
    pub fix: Option<String>,
    /// All of it, as it is written.
    pub text: String,
}

/// The lessons of a memory, in their order. What stands in fenced blocks is no heading.
#[must_use]
pub fn parse(memory: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut fenced = false;
    for line in memory.lines() {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        if let Some(title) = line.strip_prefix("## ").filter(|_| !fenced) {
            sections.push(Section {
                title: title.trim().to_owned(),
                seen: None,
                why: None,
                fix: None,
                text: line.to_owned(),
            });
            continue;
        }
        let Some(section) = sections.last_mut() else { continue };
        section.text.push('\n');
        section.text.push_str(line);
        let of = |name: &str| {
            let rest = line.trim().trim_start_matches(['-', '*', ' ']).strip_prefix(name)?;
            Some(rest.trim_start_matches('*').trim().to_owned())
        };
        section.seen = section.seen.take().or_else(|| of("Seen:"));
        section.why = section.why.take().or_else(|| of("Why:"));
        section.fix = section.fix.take().or_else(|| of("Fix:"));
    }
    for section in &mut sections {
        section.text = section.text.trim_end().to_owned();
    }
    sections
}

/// How it is broken and where, in one line; empty where the lesson says neither.
#[must_use]
pub fn seen(lesson: &Lesson) -> String {
    match (&lesson.signature, &lesson.target) {
        (Some(signature), Some(target)) => format!("{signature} on {target}"),
        (Some(signature), None) => signature.clone(),
        (None, Some(target)) => format!("on {target}"),
        (None, None) => String::new(),
    }
}

/// A lesson as it is written into the memory.
#[must_use]
pub fn entry(lesson: &Lesson) -> String {
    let mut lines = vec![format!("## {}", in_line(&lesson.title))];
    for (name, text) in [("Seen", seen(lesson)), ("Why", lesson.why.clone()), ("Fix", lesson.fix.clone())] {
        let text = in_line(&text);
        if !text.is_empty() {
            lines.push(format!("{name}: {text}"));
        }
    }
    lines.join("\n") + "\n"
}

/// The memory with one more lesson at its end; what is there stays to the letter.
#[must_use]
pub fn with(memory: &str, lesson: &Lesson) -> String {
    let before = if memory.trim().is_empty() { HEAD } else { memory };
    let gap = match (before.ends_with("\n\n"), before.ends_with('\n')) {
        (true, _) => "",
        (false, true) => "\n",
        (false, false) => "\n\n",
    };
    // Whoever left a fence open would swallow what comes after it.
    let fences = before.lines().filter(|line| line.trim_start().starts_with("```")).count();
    let fence = if fences % 2 == 1 { "```\n\n" } else { "" };
    format!("{before}{gap}{fence}{}", entry(lesson))
}

/// Whether a memory has this lesson: one of the same problem in the same place, or with nearly the same words.
#[must_use]
pub fn is_known(memory: &str, lesson: &Lesson) -> bool {
    let (place, title) = (seen(lesson), plain(&lesson.title));
    parse(memory).iter().any(|known| {
        let there = known.seen.as_deref().unwrap_or_default();
        if lesson.signature.is_some() && !there.is_empty() {
            // `nic-hang on pve4, pve5`, or `nic-hang` for wherever it happens.
            return is_seen(there, lesson);
        }
        let same_place = there.is_empty() || place.is_empty() || there == place;
        same_place && strsim::normalized_levenshtein(&plain(&known.title), &title) >= ALIKE
    })
}

/// Whether what a section says of where it was seen covers a lesson's problem and place.
fn is_seen(seen: &str, lesson: &Lesson) -> bool {
    let (signature, places) = seen.split_once(" on ").unwrap_or((seen, ""));
    if lesson.signature.as_deref() != Some(signature.trim()) {
        return false;
    }
    let places = places.trim();
    let mut named =
        places.split([',', ' ']).map(|place| place.trim_matches(['.', ';'])).filter(|p| !p.is_empty());
    places.is_empty() || lesson.target.as_deref().is_some_and(|target| named.any(|place| place == target))
}

/// The lessons of a memory that have to do with a query, the best first, each as it is written; at most `limit`.
#[must_use]
pub fn search(memory: &str, query: &str, limit: usize) -> Vec<String> {
    let words = words(query);
    let mut found: Vec<(usize, Section)> = parse(memory)
        .into_iter()
        .map(|section| {
            let (title, text) = (section.title.to_lowercase(), section.text.to_lowercase());
            let seen = section.seen.clone().unwrap_or_default().to_lowercase();
            let weigh = |word: &String| {
                // Where it was seen says more than its name, and that more than its words.
                3 * usize::from(seen.contains(word.as_str()))
                    + 2 * usize::from(title.contains(word.as_str()))
                    + usize::from(text.contains(word.as_str()))
            };
            (words.iter().map(weigh).sum(), section)
        })
        .filter(|(weight, _)| *weight > 0)
        .collect();
    // Of two that say as much, the newer one is better: the sort keeps the order.
    found.reverse();
    found.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    found.into_iter().take(limit).map(|(_, section)| section.text).collect()
}

fn words(query: &str) -> Vec<String> {
    let mut words: Vec<String> = query
        .split(|c: char| c.is_whitespace() || ",;:?!()\"'".contains(c))
        .filter(|word| word.chars().count() > 2)
        .map(str::to_lowercase)
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// The rules of a lesson as a file of rules has them: a list, a single one, or a whole file are all taken. Those that go
/// by the words of a command (`mentions`) stand under `never`, the others under `rules`.
///
/// # Errors
/// Why it is no list of rules, for people.
pub fn rules_in(rule: &str) -> Result<String, String> {
    let text = sorted(rule)?.iter().map(|(key, items)| format!("{key}:\n{}", indented(items, 2))).collect();
    Ok(text)
}

/// The rules under the key that each belongs to, as the text of a list without a margin.
fn sorted(rule: &str) -> Result<Vec<(&'static str, String)>, String> {
    let value: Value = serde_yaml::from_str(rule).map_err(|error| format!("it is no YAML: {error}"))?;
    let mut lists: [(&'static str, Vec<Value>); 2] = [("rules", Vec::new()), ("never", Vec::new())];
    match value {
        Value::Mapping(mut map) if lists.iter().any(|(key, _)| map.contains_key(key)) => {
            for (key, list) in &mut lists {
                match map.remove(*key) {
                    Some(Value::Sequence(items)) => *list = items,
                    Some(_) => return Err(format!("`{key}:` is no list")),
                    None => {}
                }
            }
            if !map.is_empty() {
                return Err("something else stands beside `rules:` and `never:`".to_owned());
            }
        }
        one @ Value::Mapping(_) => lists[usize::from(is_never(&one))].1.push(one),
        Value::Sequence(items) => {
            for item in items {
                lists[usize::from(is_never(&item))].1.push(item);
            }
        }
        _ => return Err("it is no list of rules".to_owned()),
    }
    if lists.iter().all(|(_, list)| list.is_empty()) {
        return Err("there is no rule in it".to_owned());
    }
    let filled = lists.into_iter().filter(|(_, list)| !list.is_empty());
    let written = filled.map(|(key, list)| {
        let text = serde_yaml::to_string(&list).map_err(|error| format!("it can't be written: {error}"))?;
        Ok((key, text))
    });
    written.collect()
}

fn is_never(rule: &Value) -> bool {
    rule.get("mentions").is_some()
}

fn indented(text: &str, by: usize) -> String {
    let margin = " ".repeat(by);
    text.lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{margin}{line}\n") })
        .collect()
}

/// What a fenced block of rules in `SOUL.md` begins with.
const FENCE: &str = "```yaml policy";

/// `SOUL.md` with further rules in its block of rules, which is made if there is none. What is there stays to the
/// letter. Also returns the block alone, to be checked.
///
/// # Errors
/// Why the rules can't be added, for people: what they say, or how the block is written.
pub fn with_rules(soul: &str, rule: &str) -> Result<(String, String), String> {
    let added = sorted(rule)?;
    let Some(begin) = line_at(soul, 0, |line| line.trim_end() == FENCE) else {
        let before = if soul.trim().is_empty() { "# Soul\n" } else { soul };
        let gap = if before.ends_with('\n') { "\n" } else { "\n\n" };
        let rules = rules_in(rule)?;
        let text = format!("{before}{gap}{FENCE}\n{rules}```\n");
        return Ok((text, rules));
    };
    let begin = begin + soul[begin..].find('\n').map_or(soul.len() - begin, |at| at + 1);
    let end = line_at(soul, begin, |line| line.trim() == "```")
        .ok_or_else(|| "the block of rules in SOUL.md has no end; close it with ```".to_owned())?;
    let block =
        added.iter().fold(soul[begin..end].to_owned(), |block, (key, items)| into_list(&block, key, items));
    Ok((format!("{}{block}{}", &soul[..begin], &soul[end..]), block))
}

/// A block with further items at the end of one of its lists, which is made at its end if there is none.
fn into_list(block: &str, key: &str, items: &str) -> String {
    let mut lines: Vec<&str> = block.lines().collect();
    let head = format!("{key}:");
    let at = lines.iter().position(|line| {
        let rest = line.strip_prefix(&head).map(|rest| rest.split('#').next().unwrap_or_default().trim());
        rest.is_some_and(|rest| rest.is_empty() || rest == "[]")
    });
    let Some(at) = at else {
        let gap = if block.is_empty() || block.ends_with('\n') { "" } else { "\n" };
        return format!("{block}{gap}{head}\n{}", indented(items, 2));
    };
    if lines[at].contains("[]") {
        lines[at] = head.as_str();
    }
    let is_key = |line: &&str| line.starts_with(|c: char| c.is_alphanumeric() || c == '"' || c == '\'');
    let next = lines[at + 1..].iter().position(is_key).map_or(lines.len(), |after| at + 1 + after);
    // What stands right before the next list, blank lines and comments, belongs to that.
    let is_item = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    let end = lines[at + 1..next].iter().rposition(is_item).map_or(at + 1, |last| at + 2 + last);
    let first = lines[at + 1..end].iter().find(|line| line.trim_start().starts_with("- "));
    let margin = first.map_or(2, |line| line.len() - line.trim_start().len());
    let part = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    format!("{}{}{}", part(&lines[..end]), indented(items, margin), part(&lines[end..]))
}

/// Where the first line begins that is `wanted`, at or after a place.
fn line_at(text: &str, from: usize, wanted: impl Fn(&str) -> bool) -> Option<usize> {
    let mut at = from;
    for line in text.get(from..)?.split_inclusive('\n') {
        if wanted(line.trim_end_matches('\n')) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

impl Keepsake {
    /// What stays the same over time, so that the same is not offered twice: the problem and the place of a lesson, what a
    /// runbook does.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Lesson(lesson) => {
                let what = match &lesson.signature {
                    Some(_) => seen(lesson),
                    None => plain(&lesson.title),
                };
                let rule =
                    lesson.rule.as_deref().map(|rule| format!(" rule {}", plain(rule))).unwrap_or_default();
                format!("lesson {what}{rule}")
            }
            // Its name may have been taken, and its title be put into other words.
            Self::Runbook { yaml, .. } => {
                let does = |line: &&str| {
                    !["name:", "title:", "description:"].iter().any(|key| line.starts_with(key))
                };
                format!("runbook {}", plain(&yaml.lines().filter(does).collect::<Vec<_>>().join(" ")))
            }
        }
    }

    /// One line for people.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Lesson(Lesson { title, rule, .. }) => {
                format!("{} {}", if rule.is_some() { "lesson and rule:" } else { "lesson:" }, in_line(title))
            }
            Self::Runbook { name, .. } => format!("runbook {name}"),
        }
    }
}

/// A text as one line, in which nothing begins a heading or a fence.
fn in_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.trim_start_matches(['#', ' ']).replace("```", "`")
}

/// A text without what does not matter to whether two are the same: case, punctuation, white space.
fn plain(text: &str) -> String {
    let words: String = text.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { ' ' }).collect();
    words.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
