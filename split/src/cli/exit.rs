//! What the caller of the process learns from its exit code: the one table that `--help`, the events and the docs follow.

use serde::Serialize;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Exit {
    Done = 0,
    Failed = 1,
    Refused = 2,
    Doomed = 3,
    Mismatch = 4,
    NotVerified = 5,
    Superseded = 6,
    Stopped = 7,
}

impl Exit {
    /// All of them, by code.
    pub(crate) const ALL: [Self; 8] = [
        Self::Done,
        Self::Failed,
        Self::Refused,
        Self::Doomed,
        Self::Mismatch,
        Self::NotVerified,
        Self::Superseded,
        Self::Stopped,
    ];

    /// The code.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// Its name in the events.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Doomed => "doomed",
            Self::Mismatch => "mismatch",
            Self::NotVerified => "not-verified",
            Self::Superseded => "superseded",
            Self::Stopped => "stopped",
        }
    }

    /// What it means, and what helps.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done as asked",
            Self::Failed => "broken off or not finished, such as for want of a connection: the same command goes on",
            Self::Refused => "wrong arguments, a fatal finding, or a condition that isn't met: mend it first",
            Self::Doomed => "the migration can't go on: `abort` takes it back, then mend the cause and run again",
            Self::Mismatch => "contents differ",
            Self::NotVerified => "whether contents differ could not be found out",
            Self::Superseded => "another process has taken the migration over",
            Self::Stopped => "stopped by a signal: the same command goes on",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table for `--help`.
pub(crate) fn help() -> String {
    let line = |exit: Exit| format!("\n  {}  {:<12}  {}", exit.code(), exit.name(), exit.meaning());
    let lines: String = Exit::ALL.into_iter().map(line).collect();
    format!("Exit codes:{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = include_str!("../../../docs/rerp-split.md");

    #[test]
    fn the_document_has_every_code() {
        for exit in Exit::ALL {
            let row = format!("| {} | `{}` | {} |", exit.code(), exit.name(), exit.meaning());
            assert!(DOCUMENT.contains(&row), "missing in docs/rerp-split.md: {row}");
        }
    }

    #[test]
    fn codes_follow_one_another_and_names_are_those_of_the_events() {
        for (code, exit) in (0u8..).zip(Exit::ALL) {
            assert_eq!(exit.code(), code);
            assert_eq!(serde_json::to_value(exit).unwrap(), exit.name());
        }
    }
}
