//! What only reads may run as a user who may do less.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::config::User;

/// A user to run processes as, by util-linux's `setpriv`: what the standard library offers knows no further groups.
pub(super) struct Demotion {
    program: Option<PathBuf>,
    user: User,
}

impl Demotion {
    /// Looks for `setpriv` in the directories of `path`.
    pub(super) fn new(user: User, path: &[PathBuf]) -> Self {
        let program = path.iter().map(|dir| dir.join("setpriv")).find(|program| program.is_file());
        Self { program, user }
    }

    pub(super) fn user(&self) -> &User {
        &self.user
    }

    /// The words to put before a command. The error says why it must not run at all.
    pub(super) fn before(&self) -> Result<Vec<OsString>, String> {
        let User { name, uid, gid, groups, home: _ } = &self.user;
        let Some(program) = &self.program else {
            return Err(format!(
                "to become {name} takes `setpriv`, which is not installed (`apt install util-linux`)"
            ));
        };
        let list: Vec<String> = groups.iter().map(ToString::to_string).collect();
        let groups = if list.is_empty() {
            "--clear-groups".to_owned()
        } else {
            format!("--groups={}", list.join(","))
        };
        let words = [format!("--reuid={uid}"), format!("--regid={gid}"), groups];
        let rest = ["--inh-caps=-all", "--no-new-privs", "--"];
        let words = words.into_iter().map(OsString::from).chain(rest.map(OsString::from));
        Ok(std::iter::once(program.into()).chain(words).collect())
    }
}
