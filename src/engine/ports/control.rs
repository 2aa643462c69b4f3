//! What goes over the control socket, through which the command line reaches a Steward that runs: on each
//! connection one line of JSON there and one back.

use serde::{Deserialize, Serialize};

/// The socket's name in the state directory.
pub const CONTROL_SOCKET: &str = "control.sock";

/// The version of what is said. Another one is refused, so that an old program never half understands a new one.
const VERSION: u32 = 1;

/// A request: a command in the chat's grammar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlRequest {
    v: u32,
    /// The command: `ack 3`.
    pub command: String,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlAnswer {
    v: u32,
    /// Whether it is what was asked for; if not, the text says why.
    pub ok: bool,
    /// The text, for people; may have several lines.
    pub answer: String,
}

/// The version alone, of a request of any version.
#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

impl ControlRequest {
    /// A request to carry this command out.
    #[must_use]
    pub fn new(command: &str) -> Self {
        Self { v: VERSION, command: command.to_owned() }
    }

    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence for people.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        let malformed = |error: serde_json::Error| {
            format!(
                "That is no request ({error}). Write {{\"v\":{VERSION},\"command\":\"status\"}} on a line."
            )
        };
        let Versioned { v } = serde_json::from_slice(line).map_err(malformed)?;
        if v != VERSION {
            return Err(format!(
                "The request is of version {v}, and this Steward ({}) knows version {VERSION}. Use its own program.",
                env!("CARGO_PKG_VERSION")
            ));
        }
        serde_json::from_slice(line).map_err(malformed)
    }
}

impl ControlAnswer {
    /// What was asked for.
    #[must_use]
    pub fn yes(answer: impl Into<String>) -> Self {
        Self { v: VERSION, ok: true, answer: answer.into() }
    }

    /// Why there is nothing of what was asked for.
    #[must_use]
    pub fn no(answer: impl Into<String>) -> Self {
        Self { ok: false, ..Self::yes(answer) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let request = ControlRequest::new("deny 7 \"too\nrisky\"");
        let line = serde_json::to_vec(&request).unwrap();
        assert!(!line.contains(&b'\n'), "one line");
        assert_eq!(ControlRequest::parse(&line), Ok(request));
    }

    #[test]
    fn what_is_no_request_is_refused_with_what_to_write() {
        for line in [
            "",
            "status",
            "{}",
            "[]",
            r#"{"v":1}"#,
            r#"{"v":1,"command":3}"#,
            r#"{"v":1,"command":"x","as":"root"}"#,
        ] {
            let refused = ControlRequest::parse(line.as_bytes()).unwrap_err();
            assert!(refused.contains(r#"Write {"v":1,"command":"status"} on a line"#), "{line}: {refused}");
        }
        let newer = ControlRequest::parse(br#"{"v":2,"command":"x","more":true}"#).unwrap_err();
        assert!(newer.contains("version 2") && newer.contains("knows version 1"), "{newer}");
    }
}
