//! What the spec says about the tables that are left on the source.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// The longest wait before old tables are touched, in seconds: 30 days.
const LONGEST_S: u64 = 30 * 24 * 3600;
/// The wait where none is given, in seconds: 7 days.
pub const DEFAULT_AFTER_S: u64 = 7 * 24 * 3600;

/// What becomes of the old tables once the target has owned the data for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CleanupSpec {
    /// What becomes of them.
    pub policy: CleanupPolicy,
    /// For how long nobody must have used them, from the end of the way back on, in seconds.
    pub after_s: u64,
    /// What is kept of tables that are dropped: has to be said where they are, and only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupSpec>,
}

/// What becomes of the old tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CleanupPolicy {
    /// They stay where they are, closed to the service.
    #[default]
    Keep,
    /// They get another name, and stay closed.
    Rename,
    /// They go.
    Drop,
}

/// What is kept of tables that are dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackupSpec {
    /// Nothing: somebody has said so.
    None,
    /// A file, written by `pg_dump`, and proved before they go.
    File(PathBuf),
}

/// Why the old tables can't be dealt with so.
#[derive(Debug, thiserror::Error)]
pub enum CleanupError {
    /// Nobody has said what is kept of tables that are to be dropped.
    #[error("cleanup.backup is missing: where old tables are dropped it has to be a file, or said to be none")]
    NoBackup,
    /// A backup of tables that stay.
    #[error("cleanup.backup means nothing unless cleanup.policy is Drop")]
    NothingToBackUp,
    /// A wait that is too long.
    #[error("cleanup.after_s must be at most {LONGEST_S}, it is {0}")]
    After(u64),
}

impl Default for CleanupSpec {
    fn default() -> Self {
        Self { policy: CleanupPolicy::Keep, after_s: DEFAULT_AFTER_S, backup: None }
    }
}

impl CleanupSpec {
    /// Nothing is asked for.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// How long the old tables are waited for.
    #[must_use]
    pub fn after(&self) -> Duration {
        Duration::from_secs(self.after_s)
    }

    /// Where the backup goes that has to be there before anything is dropped.
    #[must_use]
    pub fn file(&self) -> Option<&PathBuf> {
        match &self.backup {
            Some(BackupSpec::File(path)) => Some(path),
            _ => None,
        }
    }

    pub(super) fn check(&self) -> Result<(), CleanupError> {
        match (self.policy, &self.backup) {
            _ if self.after_s > LONGEST_S => Err(CleanupError::After(self.after_s)),
            (CleanupPolicy::Drop, None) => Err(CleanupError::NoBackup),
            (CleanupPolicy::Keep | CleanupPolicy::Rename, Some(_)) => Err(CleanupError::NothingToBackUp),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_dropped_only_where_somebody_has_said_what_is_kept_of_them() {
        let check = |policy, backup| CleanupSpec { policy, backup, ..CleanupSpec::default() }.check();
        assert!(matches!(check(CleanupPolicy::Drop, None), Err(CleanupError::NoBackup)));
        assert!(matches!(check(CleanupPolicy::Rename, Some(BackupSpec::None)), Err(CleanupError::NothingToBackUp)));
        assert!(check(CleanupPolicy::Drop, Some(BackupSpec::None)).is_ok());
        assert!(check(CleanupPolicy::Keep, None).is_ok());
        let long = CleanupSpec { after_s: LONGEST_S + 1, ..CleanupSpec::default() };
        assert!(matches!(long.check(), Err(CleanupError::After(_))));
    }

    #[test]
    fn a_backup_is_a_file_or_none() {
        let read = |text: &str| serde_json::from_str::<CleanupSpec>(text).unwrap();
        let file = read(r#"{"policy":"Drop","backup":{"file":"/b"}}"#);
        assert_eq!((file.file().unwrap().to_str(), file.after_s), (Some("/b"), DEFAULT_AFTER_S));
        assert_eq!(read(r#"{"policy":"Drop","backup":"none"}"#).backup, Some(BackupSpec::None));
    }
}
