//! How far a migration has come.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a migration has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum SplitPhase {
    /// Accepted, not begun.
    #[default]
    Pending,
    /// Both sides are being inspected; nothing changes.
    Preflight,
    /// Schema, publication and slot are being made.
    Prepare,
    /// Rows are being copied.
    Copy,
    /// Changes since the copy are being applied.
    CatchUp,
    /// Both sides are being compared.
    Verify,
    /// Waiting for approval or for the service's pods.
    ReadyForCutover,
    /// Writes move to the target.
    Cutover,
    /// The target owns the data; the migration watches.
    Observe,
    /// Side objects are being removed.
    Finalize,
    /// Done.
    Completed,
    /// Writes move back to the source.
    RollingBack,
    /// The source owns the data again; the target follows.
    RolledBack,
    /// Everything is being taken back.
    Aborting,
    /// Taken back; the source owns the data.
    Aborted,
    /// Can't go on without a person; the findings say why.
    Failed,
}

impl SplitPhase {
    /// Every phase, in the order of a successful run, then the others.
    pub const ALL: [Self; 16] = [
        Self::Pending,
        Self::Preflight,
        Self::Prepare,
        Self::Copy,
        Self::CatchUp,
        Self::Verify,
        Self::ReadyForCutover,
        Self::Cutover,
        Self::Observe,
        Self::Finalize,
        Self::Completed,
        Self::RollingBack,
        Self::RolledBack,
        Self::Aborting,
        Self::Aborted,
        Self::Failed,
    ];

    /// Whether nothing more will happen. Failed is not terminal: the migration goes on, or is taken back, when a person has acted.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Aborted)
    }
}

impl fmt::Display for SplitPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A text that is no phase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a phase of a split")]
pub struct UnknownPhase(pub String);

impl FromStr for SplitPhase {
    type Err = UnknownPhase;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|phase| phase.to_string() == text).ok_or_else(|| UnknownPhase(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_survive_text() {
        for phase in SplitPhase::ALL {
            assert_eq!(phase.to_string().parse(), Ok(phase));
        }
        assert!("copying".parse::<SplitPhase>().is_err());
    }
}
