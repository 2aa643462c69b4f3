//! Texts that Kubernetes or a shell expands.

use crate::adopt::project::{Piece, Service};

/// An argument: Kubernetes puts in what `$(NAME)` is, so that all else that looks like it is kept from that.
pub(super) fn argument(service: &Service, text: &str) -> String {
    let pieces = service.pieces(text);
    let mut out = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Secret(name) => out.push_str(&format!("$({name})")),
            Piece::Text(text) => {
                out.push_str(&literal(text));
                // A dollar right before a secret would turn the secret into a text.
                if text.ends_with('$') && at + 1 < pieces.len() {
                    out.push('$');
                }
            }
        }
    }
    out
}

/// A text that stays as it is where Kubernetes expands `$(NAME)`: `$$` is a dollar to it.
pub(super) fn literal(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '$' && matches!(chars.peek(), Some('$' | '(')) {
            out.push('$');
        }
    }
    out
}

/// Words as one line of shell in which secrets are variables; `None` where there is no secret in them.
pub(super) fn line_of(service: &Service, words: &[String]) -> Option<String> {
    let is_secret =
        |word: &String| service.pieces(word).iter().any(|piece| matches!(piece, Piece::Secret(_)));
    if !words.iter().any(is_secret) {
        return None;
    }
    let word = |word: &String| {
        let piece = |piece: &Piece<'_>| match piece {
            Piece::Secret(name) => format!("\"${{{name}}}\""),
            Piece::Text(text) => shell_words::quote(text).into_owned(),
        };
        let pieces: String = service.pieces(word).iter().map(piece).collect();
        if pieces.is_empty() { "''".to_owned() } else { pieces }
    };
    Some(words.iter().map(word).collect::<Vec<_>>().join(" "))
}

/// A line of shell with `$(NAME)` for secrets as one in which they are variables, whatever quotes they stand in.
pub(super) fn line(service: &Service, line: &str) -> String {
    let (mut single, mut double) = (false, false);
    let mut out = String::new();
    for piece in service.pieces(line) {
        match piece {
            Piece::Secret(name) if single => out.push_str(&format!("'\"${{{name}}}\"'")),
            Piece::Secret(name) if double => out.push_str(&format!("${{{name}}}")),
            Piece::Secret(name) => out.push_str(&format!("\"${{{name}}}\"")),
            Piece::Text(text) => {
                let mut escaped = false;
                for c in text.chars() {
                    match c {
                        '\\' if !single => escaped = !escaped,
                        '\'' if !double && !escaped => single = !single,
                        '"' if !single && !escaped => double = !double,
                        _ => {}
                    }
                    escaped &= c == '\\';
                }
                out.push_str(text);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adopt::project::Value;

    fn service() -> Service {
        let mut service = Service::default();
        service.env.insert("TOKEN".into(), Value::Secret);
        service
    }

    #[test]
    fn kubernetes_expands_secrets_alone() {
        for (text, written) in [
            ("--token=$(TOKEN)", "--token=$(TOKEN)"),
            ("$(date)", "$$(date)"),
            ("$$x $x $", "$$$x $x $"),
            ("a$$(TOKEN)", "a$$$(TOKEN)"),
            ("$(TOKEN)$(OTHER)", "$(TOKEN)$$(OTHER)"),
        ] {
            assert_eq!(argument(&service(), text), written, "{text}");
        }
    }

    #[test]
    fn a_shell_finds_secrets_in_variables() {
        for (text, written) in [
            ("x -p$(TOKEN)", "x -p\"${TOKEN}\""),
            ("x \"a $(TOKEN)\"", "x \"a ${TOKEN}\""),
            ("x 'a $(TOKEN)' $(date)", "x 'a '\"${TOKEN}\"'' $(date)"),
            ("x \\\"$(TOKEN)", "x \\\"\"${TOKEN}\""),
        ] {
            assert_eq!(line(&service(), text), written, "{text}");
        }
        let words = ["x", "a b", "p=$(TOKEN)", ""].map(str::to_owned);
        assert_eq!(line_of(&service(), &words).as_deref(), Some("x 'a b' 'p='\"${TOKEN}\" ''"));
        assert_eq!(line_of(&service(), &words[..2]), None);
    }
}
