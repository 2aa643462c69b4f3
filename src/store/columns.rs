//! How values travel into and out of columns: times as milliseconds, names as their text, the rest as JSON.
//!
//! Wrap on the way in (`params![Ms(at), Text(&target), Json(&card)]`), unwrap on the way out
//! (`row.get::<_, Json<Card>>("card")?.0`). A value that can't be read becomes
//! [`StoreError::Unreadable`](super::StoreError::Unreadable), naming its column.

use chrono::DateTime;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use serde::de::value::{Error as TextError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};

use crate::domain::signal::Timestamp;

/// Milliseconds since 1970, UTC. What is finer is cut off.
#[must_use]
pub fn ms(at: Timestamp) -> i64 {
    at.timestamp_millis()
}

/// The reverse of [`ms`]. What lies beyond the calendar (some 260,000 years) becomes its nearest end.
#[must_use]
pub fn from_ms(millis: i64) -> Timestamp {
    let end = if millis < 0 { Timestamp::MIN_UTC } else { Timestamp::MAX_UTC };
    DateTime::from_timestamp_millis(millis).unwrap_or(end)
}

/// A time in an INTEGER column of milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ms(pub Timestamp);

impl ToSql for Ms {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ms(self.0).into())
    }
}

impl FromSql for Ms {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|millis| Self(from_ms(millis)))
    }
}

/// A number that is never negative, in an INTEGER column. SQLite's integers end at 2^63 - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(pub u64);

impl ToSql for Count {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let number =
            i64::try_from(self.0).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(number.into())
    }
}

impl FromSql for Count {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number).map(Self).map_err(|_| FromSqlError::OutOfRange(number))
    }
}

/// A value in a TEXT column of JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(text.into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

/// A value whose serde form is a plain text (a target, an id, a severity), in a TEXT column, without quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<T>(pub T);

impl<T: Serialize> ToSql for Text<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_value(&self.0) {
            Ok(serde_json::Value::String(text)) => Ok(text.into()),
            Ok(other) => Err(rusqlite::Error::ToSqlConversionFailure(
                format!("{other} is no plain text: use Json for it").into(),
            )),
            Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
        }
    }
}

impl<T: for<'de> Deserialize<'de>> FromSql for Text<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text: StrDeserializer<'_, TextError> = value.as_str()?.into_deserializer();
        T::deserialize(text).map(Self).map_err(FromSqlError::other)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, params};

    use super::super::StoreError;
    use super::*;
    use crate::domain::ids::IncidentId;
    use crate::domain::signal::{Origin, Severity};
    use crate::domain::target::Target;

    #[test]
    fn a_time_keeps_its_milliseconds_and_absurd_ones_stay_within_the_calendar() {
        let at = from_ms(1_700_000_000_123);
        assert_eq!(ms(at), 1_700_000_000_123);
        assert_eq!(from_ms(i64::MAX), Timestamp::MAX_UTC);
        assert_eq!(from_ms(i64::MIN), Timestamp::MIN_UTC);
    }

    #[test]
    fn names_ids_and_words_are_stored_as_people_would_search_for_them() {
        let conn = Connection::open_in_memory().unwrap();
        let target = Target::parse("nas/media").unwrap();
        let id = IncidentId(ulid::Ulid::from_parts(1, 2));
        let sent =
            params![Text(&target), Text(Severity::Error), Text(Origin::Skill("disk".into())), Text(id)];
        let plain: [String; 4] = conn
            .query_row("SELECT ?1, ?2, ?3, ?4", sent, |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
            })
            .unwrap();
        assert_eq!(plain, ["nas/media".to_owned(), "error".into(), "skill:disk".into(), id.to_string()]);
        conn.query_row("SELECT ?1, ?2, ?3, ?4", sent, |row| {
            assert_eq!(row.get::<_, Text<Target>>(0)?.0, target);
            assert_eq!(row.get::<_, Text<Severity>>(1)?.0, Severity::Error);
            assert_eq!(row.get::<_, Text<Origin>>(2)?.0, Origin::Skill("disk".into()));
            assert_eq!(row.get::<_, Text<IncidentId>>(3)?.0, id);
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn a_stored_value_that_is_not_what_it_should_be_is_unreadable_and_not_a_panic() {
        let conn = Connection::open_in_memory().unwrap();
        let read = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, Text<Severity>>(0)).map(|_| ());
        assert!(matches!(read("SELECT 'dire'").map_err(StoreError::from), Err(StoreError::Unreadable(_))));
        assert!(matches!(read("SELECT 7").map_err(StoreError::from), Err(StoreError::Unreadable(_))));
        let json = conn.query_row("SELECT '[1,'", [], |row| row.get::<_, Json<Vec<u8>>>(0));
        assert!(matches!(json.map_err(StoreError::from), Err(StoreError::Unreadable(_))));
    }
}
