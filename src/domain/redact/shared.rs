//! One redactor for the whole process, which learns when the configuration is read again.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::Redactor;

/// The redactor in force, shared: what one handle learns, all know. At first it knows the shapes alone.
#[derive(Clone)]
pub struct Redaction(Arc<RwLock<Learned>>);

struct Learned {
    values: BTreeSet<String>,
    redactor: Redactor,
}

impl Redaction {
    /// Adds values to those that are known. None is forgotten before the process ends: what was a password until a
    /// moment ago may still be on its way somewhere.
    pub fn learn(&self, values: impl IntoIterator<Item = String>) {
        let mut learned = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = learned.values.len();
        learned.values.extend(values);
        if learned.values.len() != before {
            learned.redactor = Redactor::new(learned.values.iter().cloned());
        }
    }

    /// The redactor as it is now.
    #[must_use]
    pub fn now(&self) -> Redactor {
        self.0.read().unwrap_or_else(PoisonError::into_inner).redactor.clone()
    }

    /// See [`Redactor::redact`].
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.now().redact(text)
    }
}

impl Default for Redaction {
    fn default() -> Self {
        let learned = Learned { values: BTreeSet::new(), redactor: Redactor::shapes() };
        Self(Arc::new(RwLock::new(learned)))
    }
}

/// Never with the values that it knows.
impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redaction")
    }
}
