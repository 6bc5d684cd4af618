//! The journal: schema `rerp_split` in both databases, the only memory of a migration.
//!
//! In: clients of the source or of the target. Out: wishes, progress, owner rows, run numbers, intents. Operator,
//! command line and worker talk through it; each may be killed, frozen or doubled at any moment. Whatever a worker
//! writes is fenced by its run number (`run`); nothing here remembers anything between two calls.

pub mod chunk;
pub mod cleanup;
pub mod client;
pub mod known;
pub mod owner;
pub mod rehearsal;
pub mod run;
pub mod turn;

pub use client::{beat, ensure, forget, read_status, read_wish, write_status, write_wish};
pub use known::{Known, known};
pub use owner::{OwnerRow, forget_owner, read_owner, register};
pub use rehearsal::{read_rehearsal, write_rehearsal};
pub use turn::{Turn, read_turn, write_turn};

use crate::phase::Phase;
use jiff::Timestamp;
use tokio_postgres::error::SqlState;

/// How far the operator or the command line lets a migration go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The last phase whose work may begin.
    pub advance_to: Phase,
    /// Take the migration back, as long as the source has not closed.
    pub abort: bool,
    /// Hold.
    pub suspend: bool,
    /// Every pod of the service holds connections to the next database.
    pub services_prepared: bool,
    /// From then on, by the source's clock, the data may not change hands for the first time: whoever reads it is told that the migration is
    /// held before the cutover. It holds whether or not somebody is there to write a new wish.
    pub until: Option<Timestamp>,
}

/// Why the journal could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The statement failed.
    #[error("{action} in the journal")]
    Query {
        /// What was attempted.
        action: &'static str,
        /// The reason.
        #[source]
        source: tokio_postgres::Error,
    },
    /// A newer worker has taken the migration over: stop at once.
    #[error("a newer worker has taken the migration over")]
    Superseded,
    /// Other workers kept taking the migration over, or a session of an older one could not be ended.
    #[error("the run number could not be taken in {tries} tries")]
    Contended {
        /// How often it was tried.
        tries: u32,
    },
    /// A row holds something that this version does not know.
    #[error("the {what} of migration {migration} can't be understood")]
    Malformed {
        /// Which row.
        what: &'static str,
        /// Whose.
        migration: String,
    },
    /// The schema on the source is not open: another migration has moved it away.
    #[error("schema {schema} of the source is not the owner of its data")]
    SourceClosed {
        /// The schema.
        schema: String,
    },
    /// The schema on the target is open, or on its way to be, for another migration.
    #[error("schema {schema} of the target is in use by migration {migration}")]
    TargetInUse {
        /// The schema.
        schema: String,
        /// Whose it is.
        migration: String,
    },
    /// The owner row still tells services where to write.
    #[error("the owner row of migration {migration} is still needed")]
    OwnerNeeded {
        /// Whose row.
        migration: String,
    },
}

impl JournalError {
    /// Wraps a failed statement; the refusal of `hold_run` becomes `Superseded`.
    pub fn query(action: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |source| if is_superseded(&source) { Self::Superseded } else { Self::Query { action, source } }
    }
}

/// Whether the server refused because the run number is no longer the present one (`RS001` of `hold_run`).
#[must_use]
pub fn is_superseded(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| code.code() == "RS001")
}

/// The journal has not been installed on this side, or by a version that didn't know what is read.
fn is_missing(error: &tokio_postgres::Error) -> bool {
    let missing = [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME, SqlState::UNDEFINED_COLUMN];
    error.code().is_some_and(|code| missing.contains(code))
}
