//! Secrets that stand in arguments: `--requirepass hunter2`, `--token=abc`, `mysqladmin -pabc`, `https://u:p@host`.

use std::ops::Range;

use super::names::{self, is_named, words};
use super::{inside, values};

/// A secret in one of the words of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Which word.
    pub(super) word: usize,
    /// Where in it.
    pub(super) range: Range<usize>,
    /// What a variable for it is called, without the service's name in front: `PASSWORD`, `API_KEY`.
    pub(super) key: String,
    /// Whether that name is what a person called it, and stays as it is.
    pub(super) is_name: bool,
}

/// Programs whose `-p` is a password, glued to it or not.
const MYSQL: &[&str] =
    &["mysql", "mysqladmin", "mysqldump", "mariadb", "mariadb-admin", "mariadb-dump", "healthcheck.sh"];
const WITH_P: &[&str] = &["mongo", "mongosh", "mongodump", "sshpass", "rabbitmqadmin", "smbclient", "influx"];
/// Programs with a password in capitals, or as `-a`.
const WITH_CAPITAL_P: &[&str] = &["mosquitto_pub", "mosquitto_sub", "mosquitto_rr", "sqlcmd", "ldapsearch"];
const WITH_A: &[&str] = &["redis-cli", "valkey-cli", "keydb-cli"];
/// Programs with a password behind `-k`.
const WITH_K: &[&str] = &["ssserver", "sslocal", "ss-server", "ss-local", "go-shadowsocks2", "kcptun"];
/// Programs that are given a user and a password after a `-b`.
const WITH_B: &[&str] = &["htpasswd", "mosquitto_passwd"];

/// One word of a line, and where it stands.
struct Token<'a> {
    word: usize,
    range: Range<usize>,
    text: &'a str,
}

/// The first secret that one or two whole words are, from this word on. It is taken out before the next is looked for.
pub(super) fn first(line: &[String], from: usize) -> Option<Found> {
    let whole = line.iter().enumerate().map(|(word, text)| Token { word, range: 0..text.len(), text });
    in_tokens(&whole.collect::<Vec<_>>(), from)
}

/// The first secret within one word: a line of shell, an address.
pub(super) fn first_within(word: usize, text: &str) -> Option<Found> {
    if text.contains(char::is_whitespace)
        && let Some(found) = in_tokens(&shell_words(word, text), 0)
    {
        return Some(found);
    }
    // Of known shapes, wherever they stand: passwords in addresses, tokens of well-known services.
    let of_shape = || {
        let is_plain =
            |range: &Range<usize>| !is_reference_in(text, range) && !is_within_reference(text, range);
        values::shapes(text).into_iter().find(is_plain)
    };
    let range = default(text).or_else(of_shape).or_else(|| inside::first(text))?;
    Some(Found { word, range, key: "PASSWORD".to_owned(), is_name: false })
}

/// What a shell puts where a secret is missing: `${PASSWORD:-hunter2}`.
fn default(text: &str) -> Option<Range<usize>> {
    text.match_indices("${").find_map(|(at, _)| {
        let rest = text.get(at + 2..)?;
        let inner = rest.get(..rest.find('}')?)?;
        let (name, value) = inner.split_once('-').or_else(|| inner.split_once('='))?;
        let start = at + 2 + inner.len() - value.len();
        let name = name.trim_end_matches(':');
        let is_secret = !is_no_value(value) && !names::is_deed(name) && is_named(name, value);
        is_secret.then(|| start..start + value.len())
    })
}

/// Whether a place lies in `${…}`.
fn is_within_reference(text: &str, range: &Range<usize>) -> bool {
    let before = text.get(..range.start).unwrap_or_default();
    before.rfind("${").is_some_and(|open| !before.get(open..).unwrap_or_default().contains('}'))
}

fn is_reference_in(text: &str, range: &Range<usize>) -> bool {
    text.get(range.clone()).is_none_or(is_no_value)
}

fn in_tokens(tokens: &[Token<'_>], from: usize) -> Option<Found> {
    let mut program = "";
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1).filter(|next| !next.text.starts_with('-'));
        let name = token.text.rsplit('/').next().unwrap_or_default();
        if [MYSQL, WITH_P, WITH_CAPITAL_P, WITH_A, WITH_K, WITH_B].iter().any(|known| known.contains(&name)) {
            program = name;
        }
        if token.word < from {
            continue;
        }
        let found = assigned(token)
            .or_else(|| by_program(program, token, next))
            .or_else(|| in_batch(program, tokens.get(..=index)?, tokens.get(index + 1)))
            .or_else(|| flagged(token, next?))
            .or_else(|| user_and_password(token, next?))
            .or_else(|| with_user(tokens, token, next?))
            .or_else(|| standing_alone(token));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// `--token=abc`, `NAME=abc`, `-Dx.password=abc`.
fn assigned(token: &Token<'_>) -> Option<Found> {
    let (name, value) = token.text.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let bare = unquoted(value);
    let secret = value.get(bare.clone())?;
    if !is_name || is_no_value(secret) || !named(name, secret) {
        return None;
    }
    let from = token.range.start + name.len() + 1;
    let is_variable = !name.starts_with('-')
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    Some(Found {
        word: token.word,
        range: from + bare.start..from + bare.end,
        key: key_of(name),
        is_name: is_variable,
    })
}

/// `--requirepass abc`. A word without dashes counts only where it can be nothing else.
fn flagged(token: &Token<'_>, next: &Token<'_>) -> Option<Found> {
    let is_flag = token.text.starts_with('-') || matches!(token.text, "requirepass" | "masterauth");
    let plain = token.text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    (is_flag
        && plain
        && !names::is_deed(token.text)
        && !is_no_value(next.text)
        && named(token.text, next.text))
    .then(|| of(next, next.range.clone(), key_of(token.text)))
}

/// `-pabc` and `-p abc` where that is a password.
fn by_program(program: &str, token: &Token<'_>, next: Option<&Token<'_>>) -> Option<Found> {
    let next = next.filter(|next| !is_no_value(next.text));
    let follows = |flag: &str| next.filter(|_| token.text == flag);
    let found = match program {
        _ if MYSQL.contains(&program) => {
            let glued =
                token.text.strip_prefix("-p").filter(|value| !value.is_empty() && !is_no_value(value))?;
            let bare = unquoted(glued);
            let start = token.range.start + 2;
            return Some(of(token, start + bare.start..start + bare.end, "PASSWORD".to_owned()));
        }
        _ if WITH_P.contains(&program) => {
            if let Some(glued) = token.text.strip_prefix("-p").filter(|_| program == "sshpass")
                && !is_no_value(glued)
            {
                return Some(of(token, token.range.start + 2..token.range.end, "PASSWORD".to_owned()));
            }
            follows("-p")
        }
        _ if WITH_K.contains(&program) => follows("-k"),
        _ if WITH_CAPITAL_P.contains(&program) => follows("-P").or_else(|| follows("-w")),
        _ if WITH_A.contains(&program) => follows("-a"),
        _ => None,
    }?;
    Some(of(found, found.range.clone(), "PASSWORD".to_owned()))
}

/// `htpasswd -bB FILE USER abc`: the last word of all.
fn in_batch(program: &str, to_here: &[Token<'_>], next: Option<&Token<'_>>) -> Option<Found> {
    let [.., batch, file, _, last] = to_here else { return None };
    let is_batch = |token: &Token<'_>| token.text.starts_with('-') && token.text.contains('b');
    let is_last = next.is_none_or(|next| next.text.starts_with('-'));
    let is_it = WITH_B.contains(&program) && is_last && (is_batch(batch) || is_batch(file));
    (is_it && !is_no_value(last.text)).then(|| of(last, last.range.clone(), "PASSWORD".to_owned()))
}

/// `-u user:abc`; not the numbers of a user and a group.
fn user_and_password(token: &Token<'_>, next: &Token<'_>) -> Option<Found> {
    let is_flag = matches!(
        token.text,
        "-u" | "-U"
            | "--user"
            | "--userpass"
            | "--auth"
            | "--basic-auth"
            | "--basicauth"
            | "--credentials"
            | "--login"
    );
    let at = next.text.find([':', ';'])?;
    let password = next.text.get(at + 1..)?.split(';').next()?;
    let is_number = password.bytes().all(|byte| byte.is_ascii_digit()) && password.len() < 6;
    let is_secret = is_flag
        && !password.is_empty()
        && !is_number
        && !is_no_value(password)
        && !password.starts_with("//");
    let start = next.range.start + at + 1;
    is_secret.then(|| of(next, start..start + password.len(), "PASSWORD".to_owned()))
}

/// `-u user -p abc` of a program that is not known.
fn with_user(tokens: &[Token<'_>], token: &Token<'_>, next: &Token<'_>) -> Option<Found> {
    let says_user = |token: &Token<'_>| matches!(token.text, "-u" | "-U" | "--user" | "--username");
    let value = next.text;
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') || values::is_path(value);
    (token.text == "-p" && tokens.iter().any(says_user) && !is_plain && !is_no_value(value))
        .then(|| of(next, next.range.clone(), "PASSWORD".to_owned()))
}

/// A long random word.
fn standing_alone(token: &Token<'_>) -> Option<Found> {
    let is_secret = !token.text.contains(['=', ' ', '@']) && values::is_secret(&[], token.text);
    (is_secret && !values::has_shape(token.text)).then(|| of(token, token.range.clone(), "TOKEN".to_owned()))
}

fn of(token: &Token<'_>, range: Range<usize>, key: String) -> Found {
    Found { word: token.word, range, key, is_name: false }
}

/// Whether a flag of that name holds a secret.
fn named(name: &str, value: &str) -> bool {
    is_named(property(name), value)
}

/// A flag's name without its dashes; `x.y` of Java's `-Dx.y`.
fn property(name: &str) -> &str {
    let name = name.trim_start_matches('-');
    name.strip_prefix('D').filter(|rest| rest.contains('.')).unwrap_or(name)
}

/// A reference, or nothing.
fn is_no_value(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    value.is_empty() || values::is_reference(value) || values::is_filled_in(value)
}

/// The part of a word within its quotes.
fn unquoted(value: &str) -> Range<usize> {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return 1..1 + rest.find(quote).unwrap_or(rest.len());
        }
    }
    0..value.len()
}

/// What a variable for the value of this flag is called.
fn key_of(name: &str) -> String {
    let words = words(property(name));
    match words.join("_").as_str() {
        "REQUIREPASS" | "PASS" | "PW" | "P" | "A" | "PASSWD" | "PWD" => "PASSWORD".to_owned(),
        "MASTERAUTH" => "MASTER_PASSWORD".to_owned(),
        "APIKEY" => "API_KEY".to_owned(),
        "" => "SECRET".to_owned(),
        other => other.to_owned(),
    }
}

/// The words of a line of shell, and where they stand; quotes around a whole word don't belong to it.
fn shell_words(word: usize, text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start: Option<usize> = None;
    let mut quote: Option<char> = None;
    let ends = |c: char| c.is_whitespace() || matches!(c, ';' | '|' | '&' | '(' | ')' | '>' | '<' | '`');
    // A space behind the end ends the last word.
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) if at < text.len() => {}
            _ if ends(c) => {
                if let Some(from) = start.take() {
                    let whole = text.get(from..at).unwrap_or_default();
                    let bare = unquoted(whole);
                    let bare = if bare.end + 1 >= whole.len() { bare } else { 0..whole.len() };
                    let range = from + bare.start..from + bare.end;
                    tokens.push(Token { word, text: text.get(range.clone()).unwrap_or_default(), range });
                }
            }
            _ => {
                start.get_or_insert(at);
                if matches!(c, '"' | '\'') {
                    quote = Some(c);
                }
            }
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(line: &[&str]) -> Option<(String, String)> {
        let line: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        let found = first(&line, 0);
        let within = || line.iter().enumerate().find_map(|(word, text)| first_within(word, text));
        found.or_else(within).map(|found| (line[found.word][found.range].to_owned(), found.key))
    }

    #[test]
    fn secrets_in_arguments_are_found_and_named() {
        for (line, value, key) in [
            (&["redis-server", "--requirepass", "hunter2"][..], "hunter2", "PASSWORD"),
            (&["--token=abc"], "abc", "TOKEN"),
            (&["tunnel", "run", "--token", "abcdef"], "abcdef", "TOKEN"),
            (&["mysqladmin", "ping", "-pnot-real"], "not-real", "PASSWORD"),
            (&["sh", "-c", "mysqladmin ping -h localhost -uroot -p'not real'"], "not real", "PASSWORD"),
            (&["sh", "-c", "redis-cli -a not-real ping"], "not-real", "PASSWORD"),
            (&["-u", "admin", "-p", "not-real"], "not-real", "PASSWORD"),
            (&["curl", "-u", "admin:not-real", "http://x"], "not-real", "PASSWORD"),
            (&["--from-url", "https://u:not-real-1@h/x"], "not-real-1", "PASSWORD"),
            (&["env", "API_KEY=not-real", "app"], "not-real", "API_KEY"),
            (&["sh", "-c", "export DB_PASSWORD=\"not real\"; app"], "not real", "DB_PASSWORD"),
            (&["--admin-password", "not real words"], "not real words", "ADMIN_PASSWORD"),
            (&["-Dspring.datasource.password=not-real"], "not-real", "SPRING_DATASOURCE_PASSWORD"),
            (&["-u", "alice;not-real"], "not-real", "PASSWORD"),
        ] {
            assert_eq!(secret(line), Some((value.to_owned(), key.to_owned())), "{line:?}");
        }
    }

    #[test]
    fn ordinary_arguments_are_none() {
        for line in [
            &["--port", "8080", "-p", "9000"][..],
            &["--token-ttl", "3600"],
            &["--password-file", "/run/secrets/x"],
            &["sh", "-c", "redis-cli -a $REDIS_PASSWORD ping"],
            &["sh", "-c", "mysqladmin ping -p\"$MYSQL_ROOT_PASSWORD\""],
            &["--user", "1000:1000"],
            &["--requirepass", "$(REDIS_PASSWORD)"],
            &["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.retention.time=30d"],
            &["curl", "-f", "http://localhost:8080/health"],
            &["pg_isready", "-U", "postgres", "-d", "app"],
        ] {
            assert_eq!(secret(line), None, "{line:?}");
        }
    }
}
