//! Per-argument templates: `{{ target.name }}`, `{{ labels.unit }}`, `{{ capture.before }}`.
//!
//! One template fills one argument: what comes in from outside can never become a second argument, and never a
//! flag, since a rendered argument may begin with `-` only where the runbook's author wrote that `-`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One argument, of literal text and names in double braces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Name(String),
}

/// Why a template can't be read or filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its partner, or nothing between braces.
    #[error("{0:?} is not a template: write names as `{{{{ target.name }}}}`")]
    Malformed(String),
    /// Nothing has that name here.
    #[error("`{{{{ {0} }}}}` has no value here")]
    Unknown(String),
    /// The value would be read as a flag.
    #[error("`{{{{ {name} }}}}` is {value:?}, which a program would read as a flag")]
    Flag {
        /// The name in the template.
        name: String,
        /// Its value.
        value: String,
    },
    /// The value has a control character.
    #[error("`{{{{ {0} }}}}` has a control character in it")]
    Control(String),
}

impl Template {
    /// Parses one argument.
    ///
    /// # Errors
    /// [`TemplateError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let malformed = || TemplateError::Malformed(text.to_owned());
        let mut parts = Vec::new();
        let mut rest = text;
        let mut literal = String::new();
        while let Some((before, after)) = rest.split_once("{{") {
            literal.push_str(before);
            // Twice is once, as it stands: `{{{{ x }}` is the text `{{ x }}`.
            if let Some(after) = after.strip_prefix("{{") {
                literal.push_str("{{");
                rest = after;
                continue;
            }
            let (name, tail) = after.split_once("}}").ok_or_else(malformed)?;
            let name = name.trim();
            let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if name.is_empty() || !name.chars().all(good) {
                return Err(malformed());
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Name(name.to_owned()));
            rest = tail;
        }
        literal.push_str(rest);
        if !literal.is_empty() || parts.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self(parts))
    }

    /// A text as a template that says just that, whatever braces are in it.
    #[must_use]
    pub fn escape(text: &str) -> String {
        text.replace("{{", "{{{{")
    }

    /// The names it uses, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// Fills the names.
    ///
    /// # Errors
    /// A name without a value, a value that would be read as a flag, a value with a control character.
    pub fn render(&self, value_of: &dyn Fn(&str) -> Option<String>) -> Result<String, TemplateError> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Name(name) => {
                    let value = value_of(name).ok_or_else(|| TemplateError::Unknown(name.clone()))?;
                    if value.chars().any(char::is_control) {
                        return Err(TemplateError::Control(name.clone()));
                    }
                    if out.is_empty() && value.starts_with('-') {
                        return Err(TemplateError::Flag { name: name.clone(), value });
                    }
                    out.push_str(&value);
                }
            }
        }
        Ok(out)
    }

    /// Fills the names that have a value and leaves the others as they are, for what is only known later.
    ///
    /// # Errors
    /// As [`Template::render`], but for names without a value.
    pub fn render_known(&self, value_of: &dyn Fn(&str) -> Option<String>) -> Result<Self, TemplateError> {
        let mut out = Vec::with_capacity(self.0.len());
        for part in &self.0 {
            match part {
                Part::Name(name) if value_of(name).is_some() => {
                    out.push(Part::Literal(Self(vec![part.clone()]).render(value_of)?));
                }
                other => out.push(other.clone()),
            }
        }
        Ok(Self(out))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Literal(text) => f.write_str(&Self::escape(text))?,
                Part::Name(name) => write!(f, "{{{{ {name} }}}}")?,
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Template {
    type Error = TemplateError;
    fn try_from(text: String) -> Result<Self, TemplateError> {
        Self::parse(&text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str, value: &str) -> Result<String, TemplateError> {
        let name = |name: &str| (name == "labels.unit").then(|| value.to_owned());
        Template::parse(template).unwrap().render(&name)
    }

    #[test]
    fn a_value_stays_one_argument_and_never_becomes_a_flag() {
        assert_eq!(render("unit={{ labels.unit }}", "a b; rm -rf /").unwrap(), "unit=a b; rm -rf /");
        assert!(matches!(render("{{ labels.unit }}", "--now"), Err(TemplateError::Flag { .. })));
        assert_eq!(render("--unit={{labels.unit}}", "-x").unwrap(), "--unit=-x");
        assert!(matches!(render("{{ labels.unit }}", "a\nb"), Err(TemplateError::Control(_))));
        assert!(matches!(render("{{ labels.other }}", "a"), Err(TemplateError::Unknown(_))));
    }

    #[test]
    fn what_is_escaped_says_just_that() {
        for text in
            ["{{ labels.unit }}", "{{{ a }}}", "x {{{{", "{", "{{range .Env}}{{println .}}{{end}}", "}}"]
        {
            let template = Template::parse(&Template::escape(text)).unwrap();
            assert_eq!(template.names().count(), 0, "{text}");
            assert_eq!(template.render(&|_| None).unwrap(), text);
            assert_eq!(Template::parse(&template.to_string()).unwrap(), template, "written and read: {text}");
        }
        assert_eq!(render("{{{{ {{ labels.unit }} }}", "a").unwrap(), "{{ a }}");
    }

    #[test]
    fn broken_braces_are_malformed() {
        for bad in ["{{", "{{ }}", "{{ a b }}", "x {{ y"] {
            assert!(matches!(Template::parse(bad), Err(TemplateError::Malformed(_))), "{bad:?} passed");
        }
    }
}
