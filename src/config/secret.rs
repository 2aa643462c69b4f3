//! Secrets: named in the configuration, kept elsewhere, and never shown.

use std::fmt;
use std::path::Path;

use serde::{Serialize, Serializer};

use super::settings::{ChatSettings, Config, Proof};
use super::{Loaded, files};

/// A value that is used and never shown: Debug, Display and serde give where it comes from, not what it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    source: String,
    value: String,
}

/// Reads an environment variable.
pub type ReadEnv<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Secret {
    /// Whether the text names a place that a secret is kept in.
    #[must_use]
    pub fn is_reference(text: &str) -> bool {
        text.starts_with("env:") || text.starts_with("file:")
    }

    /// Fetches the secret that `text` names: `env:NAME`, or `file:PATH` (relative to `folder`; the line end at
    /// its end is dropped).
    ///
    /// # Errors
    /// It is written in place instead of named, or it can't be had, or it is empty. The text never holds the value.
    pub fn resolve(text: &str, folder: &Path, env: ReadEnv<'_>) -> Result<Self, String> {
        let value = if let Some(name) = text.strip_prefix("env:") {
            env(name).ok_or_else(|| {
                format!("the environment has no variable `{name}`; set it where Steward is started")
            })?
        } else if let Some(path) = text.strip_prefix("file:") {
            let whole = files::read_text(&folder.join(path)).map_err(|problem| problem.to_string())?;
            whole
                .strip_suffix('\n')
                .map(|line| line.strip_suffix('\r').unwrap_or(line))
                .unwrap_or(&whole)
                .to_owned()
        } else {
            let hint = "write `env:NAME` or `file:PATH`, and keep the secret there";
            return Err(format!("a secret is written in place; {hint}"));
        };
        if value.is_empty() {
            return Err(format!("`{text}` is empty; put the secret there"));
        }
        Ok(Self { source: text.to_owned(), value })
    }

    /// A secret that is known already, with the name of where it came from.
    #[must_use]
    pub fn known(source: &str, value: &str) -> Self {
        Self { source: source.to_owned(), value: value.to_owned() }
    }

    /// The secret itself. For handing over, not for showing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.source)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

/// A parameter of a skill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Param {
    /// As it was written.
    Plain(String),
    /// Named by `env:` or `file:`.
    Secret(Secret),
}

impl Param {
    /// The value to hand to the skill.
    #[must_use]
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(secret) => secret.expose(),
        }
    }
}

impl Loaded {
    /// The values of all secrets that the configuration names, for taking them out of texts. Not for showing.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        secrets(&self.config).map(|secret| secret.expose().to_owned()).collect()
    }
}

fn secrets(config: &Config) -> impl Iterator<Item = &Secret> {
    let ChatSettings { console: _, discord, telegram } = &config.chat;
    let of_param = |param| match param {
        &Param::Plain(_) => None,
        Param::Secret(secret) => Some(secret),
    };
    let params = config.skills.params.values().flat_map(|params| params.values()).filter_map(of_param);
    let proofs = config.alerts.sources.values().filter_map(|source| match &source.proof {
        Proof::None => None,
        Proof::Token(secret) | Proof::Hmac { key: secret, .. } => Some(secret),
    });
    let keys = config.agent.models.values().filter_map(|model| model.key.as_ref());
    let params = params.chain(proofs).chain(config.watchdog.url.as_ref()).chain(keys);
    params.chain(discord.iter().map(|chat| &chat.token)).chain(telegram.iter().map(|chat| &chat.token))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const VALUE: &str = "hunter2-correct-horse";

    #[test]
    fn a_secret_is_used_and_never_shown() {
        let env = |name: &str| (name == "TOKEN").then(|| VALUE.to_owned());
        let secret = Secret::resolve("env:TOKEN", Path::new("/"), &env).unwrap();
        assert_eq!(secret.expose(), VALUE);
        let json = serde_json::to_string(&Param::Secret(secret.clone())).unwrap();
        for shown in [format!("{secret:?}"), format!("{secret:#?}"), secret.to_string(), json] {
            assert!(shown.contains("env:TOKEN") && !shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn a_secret_in_a_file_loses_only_its_line_end() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("token"), " a b \n").unwrap();
        let secret = Secret::resolve("file:token", dir.path(), &|_| None).unwrap();
        assert_eq!(secret.expose(), " a b ");
    }

    #[test]
    fn every_secret_that_the_configuration_names_is_among_those_that_are_taken_out_of_texts() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        let text = "[skills.params.look]\nA = \"env:A\"\nB = \"plain\"\n[skills.params.listen]\nC = \"env:C\"\n\
            [chat.discord]\ntoken = \"env:D\"\nguild = 1\nchannel = 2\noperators = [3]\n\
            [chat.telegram]\ntoken = \"env:E\"\nchat = -1\noperators = [4]\n\
            [alerts.sources.am]\nformat = \"alertmanager\"\ntoken = \"env:F\"\n\
            [alerts.sources.git]\nformat = \"deployment\"\nhmac = \"env:G\"\n\
            [agent.models.remote]\nprovider = \"openai\"\nmodel = \"m\"\nkey = \"env:H\"\n";
        std::fs::write(&file, text).unwrap();
        std::fs::create_dir(dir.path().join("skills")).unwrap();
        for skill in ["look", "listen"] {
            let path = dir.path().join("skills").join(skill);
            std::fs::write(&path, "#!/bin/sh\n#: schedule = \"0 * * * *\"\n#: targets = [\"vm\"]\n").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let env = |name: &str| Some(format!("value of {name}"));
        let options = crate::config::LoadOptions {
            file: Some(file),
            state_dir: None,
            host: "vm",
            timezone: "UTC",
            env: &env,
        };
        let loaded = crate::config::load(&options).unwrap();
        let mut values = loaded.secrets();
        values.sort();
        assert_eq!(values, ["A", "C", "D", "E", "F", "G", "H"].map(|name| format!("value of {name}")));
        let named = format!("{:?}", loaded.config).matches("Secret(").count() - 2; // Two are `Param::Secret(Secret(…))`.
        assert_eq!(values.len(), named);
    }

    #[test]
    fn what_is_no_reference_or_leads_nowhere_is_refused_without_showing_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("empty"), "\n").unwrap();
        let fault = |text: &str| Secret::resolve(text, dir.path(), &|_| None).unwrap_err();
        assert!(!fault(VALUE).contains(VALUE) && fault(VALUE).contains("written in place"));
        assert!(fault("env:TOKEN").contains("no variable `TOKEN`"));
        assert!(fault("file:absent").contains("can't be read"));
        assert!(fault("file:empty").contains("is empty"));
    }
}
