//! Where the data of a service is, remembered as annotations on the Secret with its app logins: it outlives migrations and status.
//! In: a Secret. Out: a `Record`, and back. Pure. The service's room writes it; a migration may go only once it is written.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use std::collections::BTreeMap;

/// The ServiceDatabase that holds the data.
const DATABASE: &str = "rerp.dev/data-in";
/// The ServiceDatabase that held the data before the last split.
const MOVED_FROM: &str = "rerp.dev/data-moved-from";
/// Creation of the migration that moved the data last, RFC 3339. Older migrations don't count any more.
const MOVED_BY: &str = "rerp.dev/data-moved-by-migration-of";

/// What is known for good about a service's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// ServiceDatabase that holds it.
    pub database: String,
    /// ServiceDatabase that held it before the last split.
    pub moved_from: Option<String>,
    /// Creation of the migration that moved it last.
    pub moved_by: Option<Timestamp>,
}

impl Record {
    /// What earlier passes wrote; none for a Secret without it.
    #[must_use]
    pub fn of(secret: &Secret) -> Option<Self> {
        let annotations = secret.metadata.annotations.as_ref()?;
        Some(Self {
            database: annotations.get(DATABASE)?.clone(),
            moved_from: annotations.get(MOVED_FROM).cloned(),
            moved_by: annotations.get(MOVED_BY).and_then(|time| time.parse().ok()),
        })
    }

    /// The annotations.
    #[must_use]
    pub fn annotations(&self) -> BTreeMap<String, String> {
        let notes = [
            (DATABASE, Some(self.database.clone())),
            (MOVED_FROM, self.moved_from.clone()),
            (MOVED_BY, self.moved_by.map(|time| time.to_string())),
        ];
        notes.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }

    /// Whether the move by the migration created then, or a later one, is in it.
    #[must_use]
    pub fn knows_of(&self, created: Timestamp) -> bool {
        self.moved_by.is_some_and(|last| last >= created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_being_written_and_read() {
        let at = Timestamp::from_second(100).unwrap();
        let plain = Record { database: "a".into(), moved_from: None, moved_by: None };
        let moved = Record { database: "b".into(), moved_from: Some("a".into()), moved_by: Some(at) };
        for record in [&plain, &moved] {
            let mut secret = Secret::default();
            secret.metadata.annotations = Some(record.annotations());
            assert_eq!(Record::of(&secret).as_ref(), Some(record));
        }
        assert!(moved.knows_of(at) && !plain.knows_of(at));
        assert!(!moved.knows_of(Timestamp::from_second(101).unwrap()));
        assert_eq!(Record::of(&Secret::default()), None);
    }
}
