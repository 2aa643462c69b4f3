//! Secrets that can be told by their shape.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use super::{Span, key_value, known, pem};

/// Kinds with rules of their own; the others are in [`SHAPES`].
pub(super) const PRIVATE_KEY: &str = "private key";

/// What it is, and how it looks. With a group `s` only that is the secret, else all of it. `^` at the front is where a
/// word begins. Nothing here matches a quote or a line break, so that JSON stays JSON and lines stay lines; minimum
/// lengths are low, since the end of a text may have been cut off.
const SHAPES: &[(&str, &str)] = &[
    ("github token", r"^(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    ("gitlab token", r"^gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_-]{16,}"),
    ("slack token", r"^(?:xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,})"),
    ("slack webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>[A-Za-z0-9/_-]{16,})"),
    (
        "discord token",
        r"^(?:[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{20,}|mfa\.[A-Za-z0-9_-]{40,})",
    ),
    ("discord webhook", r"discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/[0-9]+/(?P<s>[A-Za-z0-9_-]{20,})"),
    ("telegram token", r"(?:(?-u:\b)|bot|\\[nrt])(?P<s>[0-9]{6,12}:[A-Za-z0-9_-]{34,40})"),
    ("stripe key", r"^(?:(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9]{20,})"),
    ("google key", r"^(?:AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,})"),
    ("aws key", r"^(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?-u:\b)"),
    ("azure key", r"(?:AccountKey|SharedAccessKey)=(?P<s>[A-Za-z0-9+/]{20,}={0,2})"),
    ("npm token", r"^npm_[A-Za-z0-9]{30,}"),
    ("pypi token", r"^pypi-[A-Za-z0-9_-]{40,}"),
    ("docker token", r"^dckr_(?:pat|oat)_[A-Za-z0-9_-]{16,}"),
    ("tailscale key", r"^tskey-[a-z]+-[A-Za-z0-9-]{10,}"),
    ("anthropic key", r"^sk-ant-[A-Za-z0-9_-]{16,}"),
    ("api key", r"^sk-(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_]{20,}[A-Za-z0-9_-]*"),
    ("api key", r"^sk-(?:proj|svcacct|admin|or-v1)-[A-Za-z0-9_-]{20,}"),
    ("huggingface token", r"^hf_[A-Za-z0-9]{24,}"),
    ("vault token", r"^hv[sbr]\.[A-Za-z0-9_-]{20,}"),
    ("digitalocean token", r"^do[opr]_v1_[a-f0-9]{32,}"),
    ("grafana token", r"^gl(?:c|sa)_[A-Za-z0-9_]{24,}"),
    ("sendgrid key", r"^SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    // Three parts, or what is left of them: the first two always begin with `{"`.
    ("json web token", r"^eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}"),
    ("age key", r"^AGE-(?:SECRET-KEY|PLUGIN-[A-Z0-9]+)-1[A-Z0-9]{20,}"),
    // The first bytes of every OpenSSH private key: `openssh-key-v1`.
    (PRIVATE_KEY, r"b3BlbnNzaC1rZXktdjEA[A-Za-z0-9+/=]*"),
    ("wireguard key", r"(?i-u:(?:private|preshared)[ _-]?key)[ \t]*[=:][ \t]*(?P<s>[A-Za-z0-9+/]{40,43}=?)"),
    (
        "password hash",
        r"\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9-]*)\$[./A-Za-z0-9$=,+-]{16,}",
    ),
    (
        "authorization",
        r"(?i-u:authorization)(?:\\*[\x22'])?[ \t]*[:=,][ \t]*(?:\\*[\x22'])?(?i-u:bearer|basic|token|digest|negotiate|apikey|bot)[ \t]+(?P<s>[A-Za-z0-9._~+/=:-]{4,})",
    ),
    (
        "authorization",
        r"(?i-u:authorization)(?:\\*[\x22'])?[ \t]*[:=,][ \t]*(?:\\*[\x22'])?(?P<s>[A-Za-z0-9._~+/=:-]{16,})",
    ),
    ("bearer token", r"(?i-u:bearer)[ \t]+(?P<s>[A-Za-z0-9._~+/-]{16,}=*)"),
    ("authorization", r"(?i-u:basic)[ \t]+(?P<s>[A-Za-z0-9+/]{6,}={1,2})"),
    ("cookie", r"(?i-u:cookie):[ \t]*(?P<s>[A-Za-z0-9_.-]+=[^\r\n\x22'\\]{4,})"),
    // The user's part may be missing, and a password may hold an `@`.
    ("password", r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@?#\x22'\\]*:(?P<s>[^\s/?#\x22'\\]+)@"),
    ("token", r"[A-Za-z][A-Za-z0-9+.-]*://(?P<s>[A-Za-z0-9_-]{20,})@"),
    (
        "password",
        r"(?-u:\bcurl\b)[^\n]*?[ \t](?:-u|--user|-U|--proxy-user)[= \t]*[\x22']?[^\s:\x22']+:(?P<s>[^\s\x22'\\]{3,})",
    ),
    ("password", r"sshpass[ \t]+-p[ \t]*(?P<s>[^\s\x22'\\]{3,})"),
    ("password", r"(?i-u:login)[ \t]+\S+[ \t]+(?i-u:password)[ \t]+(?P<s>[^\s\x22'\\]{3,})"),
    // A container registry's credentials, as in `~/.docker/config.json`.
    ("password", r"\x22auth\\?\x22[ \t]*:[ \t]*\\?\x22(?P<s>[A-Za-z0-9+/]{8,}={0,2})"),
];

/// A shape that is ready to be looked for.
struct Shape {
    kind: &'static str,
    regex: Regex,
    /// Whether only its group is the secret.
    has_group: bool,
}

struct Compiled {
    /// All at once: which are there at all. Their order is that of `each`; behind them come key-value forms and keys.
    set: RegexSet,
    each: Vec<Shape>,
}

/// Where a word begins; a line break before it may have been written as `\n`, which looks like a part of the word.
const WORD: &str = r"(?:(?-u:\b)|\\(?:[nrtbf]|u[0-9a-fA-F]{4}))";

static COMPILED: LazyLock<Option<Compiled>> = LazyLock::new(|| compile().ok());

fn compile() -> Result<Compiled, regex::Error> {
    let patterns = SHAPES.iter().map(|(_, pattern)| written_out(pattern));
    let others = [key_value::PATTERN, key_value::FLAG, pem::MARK].map(str::to_owned);
    let set = RegexSet::new(patterns.chain(others))?;
    let shape = |(kind, pattern): &(&'static str, &str)| {
        let regex = Regex::new(&written_out(pattern))?;
        let has_group = regex.capture_names().flatten().any(|name| name == "s");
        Ok(Shape { kind, regex, has_group })
    };
    Ok(Compiled { set, each: SHAPES.iter().map(shape).collect::<Result<_, _>>()? })
}

fn written_out(pattern: &str) -> String {
    match pattern.strip_prefix('^') {
        Some(word) if word.contains("(?P<s>") => format!("{WORD}(?:{word})"),
        Some(word) => format!("{WORD}(?P<s>{word})"),
        None => pattern.to_owned(),
    }
}

/// Every kind there is.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    let of_shapes = SHAPES.iter().map(|(kind, _)| *kind);
    of_shapes.chain(key_value::KINDS).chain([known::KIND])
}

/// What has a shape in `text`.
pub(super) fn find(text: &str, spans: &mut Vec<Span>) {
    // The patterns are constants, and a test compiles them.
    let Some(compiled) = COMPILED.as_ref() else { return };
    let there = compiled.set.matches(text);
    if !there.matched_any() {
        return;
    }
    for index in there.iter() {
        if let Some(shape) = compiled.each.get(index) {
            shape.find(text, spans);
        }
    }
    let last = compiled.each.len();
    if there.matched(last) || there.matched(last + 1) {
        key_value::find(text, spans);
    }
    if there.matched(last + 2) {
        pem::find(text, spans);
    }
}

impl Shape {
    fn find(&self, text: &str, spans: &mut Vec<Span>) {
        let kind = self.kind;
        if self.has_group {
            let found = self.regex.captures_iter(text).filter_map(|found| found.name("s"));
            let secret = found.filter(|found| !key_value::is_no_secret(found.as_str()));
            spans.extend(secret.map(|found| Span { range: found.range(), kind }));
        } else {
            spans.extend(self.regex.find_iter(text).map(|found| Span { range: found.range(), kind }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        compile().map(drop).unwrap();
    }
}
