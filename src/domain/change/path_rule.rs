//! From a path in a repository to the targets that it configures: `apps/{name}/**` → `k8s/apps/{name}`.

use std::collections::BTreeSet;

use regex::Regex;

use super::Target;

/// A path pattern and the targets that a matching path belongs to.
///
/// In the pattern `*` stands for any characters within one segment, `**` for any number of segments, and
/// `{name}` for one or more characters within one segment, which the targets may repeat as `{name}`.
/// Everything else stands for itself. A pattern matches a whole path, relative to the repository's root.
#[derive(Debug, Clone)]
pub struct PathRule {
    pattern: String,
    regex: Regex,
    targets: Vec<String>,
}

/// Why a path rule can't be used. The text says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PathRuleError(String);

impl PathRule {
    /// The longest pattern, in bytes.
    pub const MAX_PATTERN: usize = 500;

    /// Parses a pattern and its targets.
    ///
    /// # Errors
    /// A brace without its partner, a capture used twice or unknown, a text that can't become a target.
    pub fn parse(pattern: &str, targets: &[String]) -> Result<Self, PathRuleError> {
        let (regex, captures) = compile(pattern)?;
        if targets.is_empty() {
            return Err(PathRuleError(format!(
                "the path pattern {pattern:?} has no targets: name at least one"
            )));
        }
        for target in targets {
            let filled = fill(target, |name| captures.contains(name).then(|| "x".to_owned()))
                .map_err(|why| PathRuleError(format!("the target {target:?} of {pattern:?}: {why}")))?;
            Target::parse(&filled).map_err(|why| PathRuleError(why.to_string()))?;
        }
        Ok(Self { pattern: pattern.to_owned(), regex, targets: targets.to_vec() })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The targets that `path` belongs to by this rule; none if it does not match, or if what it captured can't
    /// be part of a target (a segment with a space in it).
    #[must_use]
    pub fn targets(&self, path: &str) -> Vec<Target> {
        let Some(found) = self.regex.captures(path) else { return Vec::new() };
        let value = |name: &str| found.name(name).map(|m| m.as_str().to_owned());
        self.targets
            .iter()
            .filter_map(|target| fill(target, value).ok().and_then(|text| Target::parse(&text).ok()))
            .collect()
    }
}

impl PartialEq for PathRule {
    fn eq(&self, other: &Self) -> bool {
        // The regex follows from the pattern.
        self.pattern == other.pattern && self.targets == other.targets
    }
}

/// The targets that any of `paths` belongs to by any of `rules`, each once, sorted.
pub fn targets_of<'a>(rules: &[PathRule], paths: impl IntoIterator<Item = &'a str>) -> Vec<Target> {
    let mut targets = BTreeSet::new();
    for path in paths {
        for rule in rules {
            targets.extend(rule.targets(path));
        }
    }
    targets.into_iter().collect()
}

/// Turns the pattern into a regex, and collects the names that it captures.
fn compile(pattern: &str) -> Result<(Regex, BTreeSet<String>), PathRuleError> {
    let fault = |why: &str| PathRuleError(format!("the path pattern {pattern:?} {why}"));
    if pattern.is_empty() || pattern.starts_with('/') || pattern.len() > PathRule::MAX_PATTERN {
        return Err(fault(
            "is not usable: write a path relative to the repository, such as `apps/{name}/**`",
        ));
    }
    let mut regex = String::from("(?s)^");
    let mut names = BTreeSet::new();
    let mut rest = pattern;
    let mut at_segment_start = true;
    while let Some(c) = rest.chars().next() {
        if at_segment_start && rest.starts_with("**/") {
            regex.push_str("(?:.*/)?");
            rest = &rest[3..];
            continue;
        }
        at_segment_start = c == '/';
        if let Some(after) = rest.strip_prefix("**") {
            regex.push_str(".*");
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let (name, after) = after.split_once('}').ok_or_else(|| fault("has a `{` without its `}`"))?;
            if !is_name(name) {
                return Err(fault("has a capture that is no name: write `{name}`, of a-z, 0-9 and _"));
            }
            if !names.insert(name.to_owned()) {
                return Err(fault(&format!("captures `{{{name}}}` twice: give the second another name")));
            }
            regex.push_str(&format!("(?P<{name}>[^/]+)"));
            rest = after;
        } else {
            match c {
                '*' => regex.push_str("[^/]*"),
                '}' => return Err(fault("has a `}` without its `{`")),
                _ => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    regex.push('$');
    let regex = Regex::new(&regex).map_err(|_| fault("is too complicated: use fewer wildcards"))?;
    Ok((regex, names))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Replaces each `{name}` by its value.
fn fill(template: &str, value_of: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').ok_or("it has a `{` without its `}`")?;
        out.push_str(before);
        out.push_str(&value_of(name).ok_or_else(|| format!("its pattern captures no `{{{name}}}`"))?);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(pattern: &str, target: &str) -> PathRule {
        PathRule::parse(pattern, &[target.to_owned()]).unwrap()
    }

    fn maps(pattern: &str, target: &str, path: &str) -> Vec<String> {
        rule(pattern, target).targets(path).into_iter().map(String::from).collect()
    }

    #[test]
    fn a_capture_carries_a_segment_of_the_path_into_the_target() {
        assert_eq!(
            maps("apps/{name}/**", "k8s/apps/{name}", "apps/jellyfin/hr/values.yaml"),
            ["k8s/apps/jellyfin"]
        );
        assert_eq!(maps("{name}.toml", "lab/{name}", "api.toml"), ["lab/api"]);
        assert_eq!(maps("hosts/{host}/{unit}.conf", "{host}/{unit}", "hosts/nas/nfs.conf"), ["nas/nfs"]);
    }

    #[test]
    fn one_star_stays_within_a_segment_and_two_cross_them() {
        assert_eq!(maps("dns/*", "dns", "dns/zone"), ["dns"]);
        assert!(maps("dns/*", "dns", "dns/a/zone").is_empty());
        assert_eq!(maps("**/Caddyfile", "proxy", "Caddyfile"), ["proxy"]);
        assert_eq!(maps("**/Caddyfile", "proxy", "a/b/Caddyfile"), ["proxy"]);
        assert!(maps("**/Caddyfile", "proxy", "a/notCaddyfile").is_empty());
        assert_eq!(maps("a/**/z", "t", "a/z"), ["t"]);
        assert!(maps("apps/{name}/**", "t", "apps/README.md").is_empty());
    }

    #[test]
    fn everything_else_stands_for_itself() {
        assert!(maps("a.toml", "t", "aXtoml").is_empty());
        assert_eq!(maps("a+(b)/[c]?", "t", "a+(b)/[c]?"), ["t"]);
    }

    #[test]
    fn a_captured_text_that_is_no_part_of_a_target_maps_to_nothing() {
        for hostile in ["my app.toml", "-rf.toml", "a\nb.toml", "ä.toml"] {
            assert!(maps("{name}.toml", "lab/{name}", hostile).is_empty(), "{hostile:?} became a target");
        }
    }

    #[test]
    fn a_rule_that_could_never_work_is_refused_with_what_to_write() {
        for (pattern, target) in [
            ("", "t"),
            ("/etc/*", "t"),
            ("{name", "t"),
            ("name}", "t"),
            ("{}/x", "t"),
            ("{a}/{a}", "t"),
            ("apps/*", "k8s/{name}"),
            ("apps/{name}", "k8s/{name"),
            ("apps/{name}", "k8s//{name}"),
        ] {
            assert!(
                PathRule::parse(pattern, &[target.to_owned()]).is_err(),
                "{pattern:?} → {target:?} passed"
            );
        }
        assert!(PathRule::parse("a", &[]).is_err());
    }

    #[test]
    fn several_rules_and_paths_name_each_target_once() {
        let rules = [rule("{name}.toml", "lab/{name}"), rule("**", "lab")];
        let found = targets_of(&rules, ["api.toml", "api.toml", "x/y"]);
        assert_eq!(found, [Target::parse("lab").unwrap(), Target::parse("lab/api").unwrap()]);
    }
}
