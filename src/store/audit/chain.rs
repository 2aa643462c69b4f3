//! The chain: each line's hash covers the line and the hash before it.
//!
//! `hash = SHA-256("steward audit 1\0" ‖ prev ‖ seq ‖ at ‖ kind ‖ what ‖ incident ‖ remediation ‖ who ‖ body)`. A column is
//! a byte for its type (0 NULL, 1 integer, 2 text), then an integer's 8 bytes, or a text's length in 8 bytes and its
//! UTF-8; numbers are big-endian. The first line's `prev` is 32 zero bytes.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use crate::domain::signal::Timestamp;
use crate::store::StoreError;
use crate::store::columns::from_ms;

/// A hash of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link([u8; 32]);

/// Why a text is no hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no hash: write the 64 characters of 0-9 and a-f that `steward audit verify` printed")]
pub struct LinkError(String);

impl Link {
    /// What stands before the first line.
    pub const START: Self = Self([0; 32]);

    /// The hash of the line that comes next, from its columns.
    pub(super) fn next(self, columns: &[ValueRef<'_>]) -> Self {
        let mut hasher = Sha256::new_with_prefix(b"steward audit 1\0");
        hasher.update(self.0);
        columns.iter().for_each(|column| add(&mut hasher, *column));
        Self(hasher.finalize().into())
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn add(hasher: &mut Sha256, column: ValueRef<'_>) {
    let mut sized = |kind: u8, bytes: &[u8]| {
        hasher.update([kind]);
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    match column {
        ValueRef::Null => hasher.update([0]),
        ValueRef::Integer(number) => {
            hasher.update([1]);
            hasher.update(number.to_be_bytes());
        }
        ValueRef::Text(text) => sized(2, text),
        // Nothing in the trail is one of these, unless somebody put it there.
        ValueRef::Real(number) => sized(3, &number.to_be_bytes()),
        ValueRef::Blob(bytes) => sized(4, bytes),
    }
}

impl From<[u8; 32]> for Link {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Link {
    type Err = LinkError;
    fn from_str(text: &str) -> Result<Self, LinkError> {
        let wrong = || LinkError(text.to_owned());
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut link = [0; 32];
        for (index, byte) in link.iter_mut().enumerate() {
            let pair = text.get(2 * index..2 * index + 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(link))
    }
}

/// A text column.
pub(super) fn optional(text: Option<&str>) -> ValueRef<'_> {
    text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
}

/// The last line's number and hash, as they are kept apart from the trail.
pub(super) fn head(conn: &Connection) -> Result<(i64, Link), StoreError> {
    let mut query = conn.prepare_cached("SELECT seq, hash FROM audit_head")?;
    Ok(query.query_row([], |row| Ok((row.get(0)?, Link(row.get(1)?))))?)
}

pub(super) fn set_head(conn: &Connection, seq: i64, hash: Link) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE audit_head SET seq = ?1, hash = ?2")?.execute(params![seq, hash.0])?;
    Ok(())
}

/// A trail that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many lines it has.
    pub count: u64,
    /// When the first was written.
    pub first: Option<Timestamp>,
    /// When the last was written.
    pub last: Option<Timestamp>,
    /// The last line's hash: it stands for the whole trail. Kept elsewhere, it proves later what there was now.
    pub head: Link,
    /// The number of the line with the hash that was expected; 0 for what stands before the first.
    pub expected: Option<u64>,
}

/// Where, and how, a trail is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Lines are missing in its middle, or numbers occur that were never given out.
    #[error("line {wanted} is missing; the next one there is line {found}")]
    Missing {
        /// The line that should come.
        wanted: i64,
        /// The one that comes.
        found: i64,
    },
    /// A line is not what it was when it was written.
    #[error("line {seq} is not what was written: its content does not fit its hash")]
    Changed {
        /// The line.
        seq: i64,
    },
    /// A line does not follow the one before it: one of them was written anew.
    #[error("line {seq} does not follow from line {}: one of the two was written anew", seq - 1)]
    Unlinked {
        /// The second of the two.
        seq: i64,
    },
    /// The end does not fit what is kept of it apart.
    #[error("its end is not what was written: {head} lines were, and {found} are there")]
    End {
        /// The last line that was written.
        head: i64,
        /// The last line that is there.
        found: i64,
    },
    /// The hash that was expected is nobody's.
    #[error("no line has the hash {0}: the trail was cut off before it, or written anew from the start")]
    Unexpected(Link),
}

/// Goes through the whole trail and computes it anew. With `expect`, a hash that was its head once, the line with that
/// hash has to be there still.
///
/// # Errors
/// Whatever SQLite says. That the trail is broken is no error of this kind, but its result.
pub fn verify(conn: &Connection, expect: Option<Link>) -> Result<Result<Verified, Broken>, StoreError> {
    let (head_seq, head) = head(conn)?;
    let mut found = Verified { count: 0, first: None, last: None, head: Link::START, expected: None };
    let mut last = 0;
    let is_expected = |link: Link| expect == Some(link);
    if is_expected(Link::START) {
        found.expected = Some(0);
    }
    let mut query = conn.prepare(
        "SELECT seq, at, kind, what, incident, remediation, who, body, prev, hash FROM audit ORDER BY seq",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        if seq != last + 1 {
            return Ok(Err(Broken::Missing { wanted: last + 1, found: seq }));
        }
        let columns = (0..8).map(|column| row.get_ref(column)).collect::<Result<Vec<_>, _>>()?;
        let (prev, hash) = (Link(row.get(8)?), Link(row.get(9)?));
        if prev.next(&columns) != hash {
            return Ok(Err(Broken::Changed { seq }));
        }
        if prev != found.head {
            return Ok(Err(Broken::Unlinked { seq }));
        }
        let at = Some(from_ms(row.get(1)?));
        found.first = found.first.or(at);
        found.last = at;
        found.count += 1;
        found.head = hash;
        last = seq;
        if is_expected(hash) {
            found.expected = u64::try_from(seq).ok();
        }
    }
    if (last, found.head) != (head_seq, head) {
        return Ok(Err(Broken::End { head: head_seq, found: last }));
    }
    match expect {
        Some(link) if found.expected.is_none() => Ok(Err(Broken::Unexpected(link))),
        _ => Ok(Ok(found)),
    }
}
