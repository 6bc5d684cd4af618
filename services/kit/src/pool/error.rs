//! What a database call can end in. Must not show values: a driver's text about a row stays in the source chain's
//! message part, never its detail.

use std::path::PathBuf;

/// Why the handle could not be opened, or its files not be used.
#[derive(Debug, thiserror::Error)]
pub enum BindingError {
    /// A binding file can't be read.
    #[error("reading the database binding {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A binding file holds nothing.
    #[error("the database binding {path} is empty")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A binding file holds no PostgreSQL address. The text is left out: it holds a password.
    #[error("the database binding {path} is not a postgresql:// address")]
    NotAnAddress {
        /// The file.
        path: PathBuf,
    },
}

/// Whose turn it is when something fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Trying again later may help.
    Transient,
    /// The statement itself is at fault.
    Bug,
}

/// A transaction that did not end well.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The server refused a statement for a reason that no repetition cures. Nothing was written.
    #[error("a statement was refused")]
    Refused(#[source] sqlx::Error),
    /// Aborted for a passing reason until the budget was used up. Nothing was written.
    #[error("gave up after {attempts} attempts, the last one aborted as {reason}")]
    GaveUp {
        /// Label of the last reason, as in the metrics.
        reason: &'static str,
        /// How often it was tried.
        attempts: u32,
        /// What the last attempt met.
        #[source]
        source: sqlx::Error,
    },
    /// No connection came free in the time the request had. Nothing was written.
    #[error("no connection in the time the request had")]
    NoConnection,
    /// The answer to COMMIT was lost: written or not, nobody here can tell, and the caller didn't declare that doing
    /// it twice is harmless.
    #[error("the answer to a commit was lost")]
    InDoubt(#[source] sqlx::Error),
}

impl DbError {
    /// Whether trying again may help.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Refused(_) => Class::Bug,
            Self::GaveUp { .. } | Self::NoConnection | Self::InDoubt(_) => Class::Transient,
        }
    }

    /// Name of the violated constraint, if that is what happened.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Refused(sqlx::Error::Database(error)) => error.constraint(),
            _ => None,
        }
    }

    /// Label for metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::GaveUp { .. } => "gave_up",
            Self::NoConnection => "no_connection",
            Self::InDoubt(_) => "in_doubt",
        }
    }
}
