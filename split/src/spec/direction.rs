//! The two ways between the sides.

use super::Side;
use std::fmt;

/// Which way changes and ownership go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the source to the target: the migration.
    Forward,
    /// From the target to the source: the way back.
    Back,
}

impl Direction {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Forward, Self::Back];

    /// The side that publishes, and closes.
    #[must_use]
    pub fn start(self) -> Side {
        match self {
            Self::Forward => Side::Source,
            Self::Back => Side::Target,
        }
    }

    /// The side that subscribes, and opens.
    #[must_use]
    pub fn end(self) -> Side {
        self.opposite().start()
    }

    /// The other one.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Forward => Self::Back,
            Self::Back => Self::Forward,
        }
    }

    /// The table of the journal whose rows travel this way as tokens: one for each, or a token could come back.
    #[must_use]
    pub fn tokens(self) -> &'static str {
        match self {
            Self::Forward => "rerp_split.token_fwd",
            Self::Back => "rerp_split.token_rev",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forward => "fwd",
            Self::Back => "rev",
        })
    }
}
