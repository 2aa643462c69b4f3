//! `[exec]`: the user looked up.

use std::path::Path;

use super::{Check, keys};
use crate::config::raw::RawExec;
use crate::config::settings::{ExecSettings, User};

impl Check<'_> {
    pub(super) fn exec(&mut self, raw: RawExec) -> ExecSettings {
        let is_root = rustix::process::geteuid().is_root();
        let user = raw.user.and_then(|name| self.user(&name, is_root));
        ExecSettings { sandbox: raw.sandbox, user }
    }

    fn user(&mut self, name: &str, is_root: bool) -> Option<User> {
        let read = |file: &str| std::fs::read_to_string(Path::new(file)).unwrap_or_default();
        let fault = match find(name, &read("/etc/passwd"), &read("/etc/group")) {
            Some(user) if user.uid == 0 => {
                Some((format!("{name:?} is root again"), "name a user who may do less, or leave the key out"))
            }
            Some(user) if is_root => return Some(user),
            Some(_) => Some((
                "Steward does not run as root, so it can't become another user".to_owned(),
                "leave the key out, or start Steward as root",
            )),
            None => Some((
                format!("there is no user {name:?} in /etc/passwd"),
                "create one (`useradd --system NAME`), or leave the key out",
            )),
        };
        if let Some((what, hint)) = fault {
            self.report(&keys(["exec", "user"]), what, Some(hint.to_owned()));
        }
        None
    }
}

/// Looks a user up in the text of `/etc/passwd`, and their groups in that of `/etc/group`.
fn find(name: &str, passwd: &str, group: &str) -> Option<User> {
    let mut lines = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let line = lines.find(|fields| fields.first() == Some(&name))?;
    let (uid, gid) = (line.get(2)?.parse().ok()?, line.get(3)?.parse().ok()?);
    let home = line.get(5).filter(|home| home.starts_with('/')).map_or("/".into(), |home| (*home).into());
    let of_user = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let is_member = fields.get(3)?.split(',').any(|member| member == name);
        fields.get(2)?.parse().ok().filter(|number| is_member && *number != gid)
    };
    let groups = group.lines().filter_map(of_user).collect();
    Some(User { name: name.to_owned(), uid, gid, groups, home })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\nreader:x:990:990::/var/lib/reader:/bin/sh\n";
    const GROUP: &str = "root:x:0:\nadm:x:4:syslog,reader\ndocker:x:998:reader\nreader:x:990:reader\n";

    #[test]
    fn a_user_comes_with_every_group_of_theirs() {
        let reader = find("reader", PASSWD, GROUP).unwrap();
        assert_eq!((reader.uid, reader.gid, reader.groups), (990, 990, vec![4, 998]));
        assert_eq!(reader.home, Path::new("/var/lib/reader"));
        assert_eq!(find("nobody", PASSWD, GROUP).unwrap().groups, Vec::<u32>::new());
        assert_eq!(find("rea", PASSWD, GROUP), None);
    }
}
