//! What every step of a migration is given (`Job`), and how it fails (`StepError`).
//!
//! In: spec, endpoints, run number. Out: fenced transactions, errors that say whether trying again can help.

use crate::connect::{ConnectError, Endpoint};
use crate::inspect::InspectError;
use crate::journal::{self, JournalError};
use crate::spec::{Side, Spec};
use std::path::PathBuf;
use tokio_postgres::{Client, Transaction};

/// One migration in the hands of one worker.
#[derive(Clone, Debug)]
pub struct Job {
    /// What is wanted.
    pub spec: Spec,
    /// Where the data is; its sessions carry the run.
    pub source: Endpoint,
    /// Where it goes; its sessions carry the run.
    pub target: Endpoint,
    /// The worker's run number.
    pub run: i64,
    /// PostgreSQL's `pg_dump`.
    pub pg_dump: PathBuf,
}

impl Job {
    /// The migration's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.spec.migration
    }

    /// The endpoint of `side`.
    #[must_use]
    pub fn endpoint(&self, side: Side) -> &Endpoint {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    /// Opens a session on `side`.
    ///
    /// # Errors
    /// The server can't be reached or refuses.
    pub async fn session(&self, side: Side, purpose: &str) -> Result<Client, StepError> {
        Ok(self.endpoint(side).connect(purpose).await?)
    }

    /// Begins a transaction that fails at once if a newer worker has begun, and that a newer worker waits for.
    ///
    /// # Errors
    /// A newer worker has begun, or the session is gone.
    pub async fn begin<'a>(&self, client: &'a mut Client) -> Result<Transaction<'a>, StepError> {
        let transaction = client.transaction().await.map_err(failed("begin a transaction"))?;
        journal::run::hold(&transaction, self.id(), self.run).await?;
        Ok(transaction)
    }
}

/// Why a step did not finish.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The catalog could not be read.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// A statement failed.
    #[error("{action}")]
    Query {
        /// What was attempted.
        action: String,
        /// The reason.
        #[source]
        source: tokio_postgres::Error,
    },
    /// A child process or a file failed.
    #[error("{action}")]
    Io {
        /// What was attempted.
        action: String,
        /// The reason.
        #[source]
        source: std::io::Error,
    },
    /// `pg_dump` ended with an error.
    #[error("pg_dump failed: {stderr}")]
    Dump {
        /// What it printed.
        stderr: String,
    },
    /// The fence retreated.
    #[error(transparent)]
    Fence(crate::fence::FenceError),
    /// Something did not happen in time.
    #[error("{what} took longer than {seconds} s")]
    Deadline {
        /// What was waited for.
        what: String,
        /// How long, in seconds.
        seconds: u64,
    },
    /// What the work stood on is gone; begun anew it may succeed.
    #[error("{0}")]
    Lost(String),
    /// Trying again would come to the same.
    #[error("{0}")]
    Doomed(String),
}

/// What an error asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Try again after a while.
    Transient,
    /// Another worker is at it: stop.
    Superseded,
    /// A person has to act.
    Doomed,
}

impl StepError {
    /// The side that can't be reached, if that is what has failed.
    #[must_use]
    pub fn out_of_reach(&self) -> Option<Side> {
        match self {
            Self::Connect(error) => error.out_of_reach(),
            _ => None,
        }
    }

    /// What the error asks for.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Journal(JournalError::Superseded) => Class::Superseded,
            Self::Query { source, .. } if journal::is_superseded(source) => Class::Superseded,
            Self::Doomed(_) => Class::Doomed,
            _ => Class::Transient,
        }
    }
}

/// Wraps a failed statement with what was attempted.
pub fn failed(action: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> StepError {
    let action = action.into();
    move |source| StepError::Query { action, source }
}

/// Runs `work` for at most `seconds`.
///
/// # Errors
/// The work fails, or isn't done in time.
pub async fn within<T>(
    what: &str,
    seconds: u64,
    work: impl Future<Output = Result<T, StepError>>,
) -> Result<T, StepError> {
    tokio::time::timeout(std::time::Duration::from_secs(seconds), work)
        .await
        .unwrap_or_else(|_| Err(StepError::Deadline { what: what.to_owned(), seconds }))
}

/// An error and its causes in one line; server errors with their hint, without the statement.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.downcast_ref::<tokio_postgres::Error>().and_then(tokio_postgres::Error::as_db_error);
        let more = match said {
            Some(db) => format!("{} ({})", db.message(), db.code().code()),
            None => cause.to_string(),
        };
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        // What the server said is all there is to know of it.
        next = if said.is_some() { None } else { cause.source() };
    }
    text
}
