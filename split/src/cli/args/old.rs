//! What is said of the tables that are left on the source.

use clap::{Args, ValueEnum};
use rerp_split::spec::{BackupSpec, CleanupPolicy, CleanupSpec, DEFAULT_AFTER_S};
use std::path::PathBuf;

/// What becomes of the old tables.
#[derive(Args)]
pub(crate) struct Old {
    /// What becomes of the tables that are left on the source, once nobody uses them.
    #[arg(long, value_enum, default_value_t = Cleanup::Keep)]
    pub(crate) cleanup: Cleanup,
    /// For how long nobody must have used them before they are renamed or dropped, from the end of the way back on, in seconds:
    /// 60 (the server's counters come up to a minute late) to 2592000. A week by default.
    #[arg(long, default_value_t = DEFAULT_AFTER_S, value_parser = clap::value_parser!(u64).range(60..=2_592_000))]
    pub(crate) cleanup_after_s: u64,
    /// With --cleanup drop: where pg_dump writes what is dropped, which is restored and compared before; or `none`, in so many letters.
    #[arg(long, value_name = "FILE|none")]
    pub(crate) backup: Option<PathBuf>,
}

impl Old {
    pub(crate) fn spec(&self) -> CleanupSpec {
        CleanupSpec {
            policy: match self.cleanup {
                Cleanup::Keep => CleanupPolicy::Keep,
                Cleanup::Rename => CleanupPolicy::Rename,
                Cleanup::Drop => CleanupPolicy::Drop,
            },
            after_s: self.cleanup_after_s,
            backup: self.backup.clone().map(|path| match path.to_str() {
                Some("none") => BackupSpec::None,
                // The same file for whoever goes on, from whatever folder.
                _ => BackupSpec::File(std::path::absolute(&path).unwrap_or(path)),
            }),
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Cleanup {
    /// They stay, closed to the service.
    Keep,
    /// They are called <table>_moved_<yyyymmdd>, and stay closed.
    Rename,
    /// They go, with the sequences that they own.
    Drop,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Arguments, Command};
    use clap::Parser;

    #[test]
    fn a_backup_is_a_file_unless_there_is_to_be_none() {
        let old = |more: &[&str]| match Arguments::parse_from(["rerp-split", "run"].iter().chain(more)).command {
            Command::Run { sides, .. } => sides.old.spec(),
            _ => unreachable!("run was asked for"),
        };
        assert!(old(&[]).is_default());
        let none = old(&["--cleanup", "drop", "--backup", "none"]);
        assert_eq!((none.policy, none.backup), (CleanupPolicy::Drop, Some(BackupSpec::None)));
        let file = old(&["--cleanup", "drop", "--backup", "./none", "--cleanup-after-s", "60"]);
        let there = std::path::absolute("none").unwrap();
        assert_eq!((file.backup, file.after_s), (Some(BackupSpec::File(there)), 60));
    }
}
