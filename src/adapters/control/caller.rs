//! Who is on the line: told by the system, never by themselves.

use tokio::net::UnixStream;

/// The users of this machine.
const USERS: &str = "/etc/passwd";
/// The most ancestors that are looked at.
const GENERATIONS: usize = 64;

/// Somebody who may command Steward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) uid: u32,
    pub(super) name: String,
}

impl Caller {
    /// Who is at the other end of a connection.
    ///
    /// # Errors
    /// Why they may not command Steward, in a sentence for people.
    pub(super) fn of(stream: &UnixStream) -> Result<Self, String> {
        let them =
            stream.peer_cred().map_err(|error| format!("The system does not say who asks: {error}."))?;
        let (uid, own) = (them.uid(), rustix::process::geteuid().as_raw());
        if uid != 0 && uid != own {
            return Err(format!(
                "Only root and the user that runs Steward may command it, and user {uid} is neither."
            ));
        }
        if them.pid().is_some_and(|pid| descends(pid, std::process::id(), parent_of)) {
            return Err("What Steward runs does not command Steward; a person has to.".to_owned());
        }
        let users = std::fs::read_to_string(USERS).unwrap_or_default();
        Ok(Self { uid, name: name_of(uid, &users) })
    }
}

/// Whether a process was started by another, or by what that started. So a skill or a step that says yes to its own
/// question, by intent or by accident, is noticed. (One that goes to lengths to hide where it comes from is not; but
/// then, whatever runs as Steward's user could write Steward's database as well.)
fn descends(process: i32, from: u32, parent_of: impl Fn(u32) -> Option<u32>) -> bool {
    let first = u32::try_from(process).ok();
    let line = std::iter::successors(first, |process| parent_of(*process).filter(|parent| *parent > 0));
    line.take(GENERATIONS).skip(1).any(|ancestor| ancestor == from)
}

/// The process that a process belongs to, as the kernel tells it.
fn parent_of(process: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name comes before it, in parentheses, and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// The name of a user, from the text of the file of users.
fn name_of(uid: u32, users: &str) -> String {
    let named = users.lines().find_map(|line| {
        let mut parts = line.split(':');
        let (name, _, id) = (parts.next()?, parts.next()?, parts.next()?);
        (id.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| if uid == 0 { "root".to_owned() } else { format!("user {uid}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_goes_by_the_name_that_the_machine_has_for_them() {
        let users = "root:x:0:0:root:/root:/bin/bash\n# odd\nann:x:1000:1000:Ann:/home/ann:/bin/sh\n";
        assert_eq!(name_of(1000, users), "ann");
        assert_eq!(name_of(1001, users), "user 1001");
        assert_eq!(name_of(0, ""), "root");
    }

    #[test]
    fn what_steward_started_is_known_over_generations_and_steward_itself_is_no_child_of_its_own() {
        let parent = |process| match process {
            9 => Some(8),
            8 => Some(7),
            7 => Some(1),
            1 => Some(0),
            _ => None,
        };
        assert!(descends(9, 7, parent) && descends(9, 8, parent));
        assert!(!descends(7, 7, parent), "not its own child");
        assert!(!descends(7, 9, parent) && !descends(3, 7, parent));
        assert!(!descends(9, 7, Some), "and a circle has an end");
    }

    #[test]
    fn the_kernel_says_whose_child_a_process_is() {
        assert_eq!(parent_of(std::process::id()), Some(std::os::unix::process::parent_id()));
    }
}
