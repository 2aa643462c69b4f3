//! Who sends: tokens and signatures, compared in a time that tells nothing of them.

use axum::http::{HeaderMap, HeaderName, header};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::config::{Proof, Secret};

/// The digest of a token. Digests are of one length, so that comparing them tells not even how long the token is.
type Digested = [u8; 32];

/// What a source has to show.
pub(super) enum Key {
    Nothing,
    Token(Digested),
    Signature {
        header: HeaderName,
        key: Secret,
    },
    /// The configuration names no header that there could be: nobody can show anything.
    Impossible,
}

impl Key {
    pub(super) fn of(proof: &Proof) -> Self {
        match proof {
            Proof::None => Self::Nothing,
            Proof::Token(token) => Self::Token(digest(token.expose().as_bytes())),
            Proof::Hmac { header, key } => match HeaderName::from_bytes(header.as_bytes()) {
                Ok(header) => Self::Signature { header, key: key.clone() },
                Err(_) => Self::Impossible,
            },
        }
    }

    /// Whether the head alone shows that the source sends this; of a signature, whether there is one at all.
    pub(super) fn fits_head(&self, headers: &HeaderMap, presented: Option<&Token>) -> bool {
        match self {
            Self::Nothing => true,
            Self::Token(_) => presented.is_some_and(|token| self.is(token)),
            Self::Signature { header, .. } => signature(headers, header).is_some(),
            Self::Impossible => false,
        }
    }

    /// Whether this is the source's token.
    pub(super) fn is(&self, presented: &Token) -> bool {
        match self {
            Self::Token(token) => token.ct_eq(&presented.0).into(),
            Self::Nothing | Self::Signature { .. } | Self::Impossible => false,
        }
    }

    /// Whether the body is signed, where it has to be.
    pub(super) fn fits_body(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let Self::Signature { header, key } = self else { return true };
        let Some(signature) = signature(headers, header) else { return false };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()) else { return false };
        mac.update(body);
        mac.verify_slice(&signature).is_ok()
    }
}

/// A token that somebody sent.
pub(super) struct Token(Digested);

impl Token {
    /// The token in the head: a bearer's, or the password of basic authentication, whatever the user's name.
    pub(super) fn in_head(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (all.next(), all.next()) else { return None };
        let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
            return Some(Self(digest(rest.as_bytes())));
        }
        if scheme.eq_ignore_ascii_case("basic") {
            let decoded = base64(rest)?;
            let colon = decoded.iter().position(|byte| *byte == b':')?;
            return Some(Self(digest(decoded.get(colon + 1..)?)));
        }
        None
    }
}

fn digest(bytes: &[u8]) -> Digested {
    Sha256::digest(bytes).into()
}

/// The signature in the head.
fn signature(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    let mut all = headers.get_all(name).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return None };
    let text = value.to_str().ok()?.trim();
    hex(text.strip_prefix("sha256=").unwrap_or(text))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 {
        return None;
    }
    let digit = |c: &u8| char::from(*c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes().chunks(2).map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?)).collect()
}

/// Decodes base64 of the standard alphabet, with or without padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = text.trim_end_matches('=');
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut decoded = Vec::with_capacity(text.len() * 3 / 4);
    for byte in text.bytes() {
        let six = ALPHABET.iter().position(|letter| *letter == byte)?;
        bits = bits << 6 | u32::try_from(six).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push(u8::try_from(bits >> held & 0xff).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn head(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())])
    }

    fn token(text: &str) -> Key {
        Key::of(&Proof::Token(Secret::known("env:T", text)))
    }

    #[test]
    fn a_token_is_taken_as_a_bearers_and_as_a_password_and_no_other_way() {
        let key = token("s3cret:with=colons");
        let fits = |value: &str| {
            let headers = head("authorization", value);
            key.fits_head(&headers, Token::in_head(&headers).as_ref())
        };
        assert!(fits("Bearer s3cret:with=colons"));
        assert!(fits("bearer  s3cret:with=colons"));
        // `anybody:s3cret:with=colons`
        assert!(fits("Basic YW55Ym9keTpzM2NyZXQ6d2l0aD1jb2xvbnM="));
        for wrong in [
            "s3cret:with=colons",
            "Bearer",
            "Bearer ",
            "Bearer s3cret",
            "Bearer s3cret:with=colonss",
            "Digest s3cret:with=colons",
            "Basic s3cret:with=colons",
            "Basic czNjcmV0OndpdGg9Y29sb25z",
        ] {
            assert!(!fits(wrong), "{wrong}");
        }
        assert!(!key.fits_head(&HeaderMap::new(), None));
    }

    #[test]
    fn two_tokens_at_once_are_none() {
        let mut headers = head("authorization", "Bearer right");
        headers.append(header::AUTHORIZATION, HeaderValue::from_static("Bearer wrong"));
        assert!(Token::in_head(&headers).is_none());
    }

    #[test]
    fn a_signature_is_of_the_body_and_of_nothing_else() {
        let key = Key::of(&Proof::Hmac {
            header: "X-Hub-Signature-256".to_owned(),
            key: Secret::known("env:K", "It's a Secret to Everybody"),
        });
        // The example of GitHub's documentation.
        let right = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        for good in [right.to_owned(), format!("sha256={right}"), right.to_uppercase()] {
            let headers = head("x-hub-signature-256", &good);
            assert!(key.fits_head(&headers, None) && key.fits_body(&headers, b"Hello, World!"), "{good}");
            assert!(!key.fits_body(&headers, b"Hello, World"));
        }
        for bad in [&right[2..], &format!("sha1={right}"), "", &format!("{}zz", &right[2..])] {
            let headers = head("x-hub-signature-256", bad);
            assert!(!key.fits_head(&headers, None), "{bad}");
        }
        assert!(!key.fits_body(&head("x-other", right), b"Hello, World!"));
    }
}
