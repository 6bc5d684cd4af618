//! Why a cutover did not happen, and who owns the data then.

use super::step::Outcome;
use crate::connect::ConnectError;
use std::time::Duration;

/// What stood in the way last.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The server refused, or the session ended.
    #[error("a statement of the fence failed")]
    Query(#[source] tokio_postgres::Error),
    /// No session.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Deadline(Duration),
    /// The session that held the transaction is gone.
    #[error("the session of an open transaction is gone")]
    Gone,
    /// The locks were not granted.
    #[error("transactions on the moving tables did not end in time")]
    Locks,
    /// Writers had waited for as long as they may.
    #[error("the target had not replayed everything before the longest write pause was over")]
    Pause,
    /// The schema or the publication is not what the plan was made for.
    #[error("the moving tables or their publication have changed")]
    Changed,
    /// Tokens travel too slowly.
    #[error("the stream is too slow: a token took longer than {0:?}")]
    Slow(Duration),
}

/// Why the target does not own the data. Unless the variant says otherwise, the source does and is as it was.
#[derive(Debug, thiserror::Error)]
pub enum FenceError {
    /// The wish asks for it.
    #[error("the migration is to be taken back")]
    AbortWanted,
    /// Not every pod of the service holds connections to the target, or the migration is suspended or held before the cutover.
    #[error(
        "the switch is not wanted now: the service is not prepared, or the migration is suspended or held before it"
    )]
    NotPrepared,
    /// A newer worker has begun; it decides who owns.
    #[error("a newer worker has taken the migration over")]
    Superseded,
    /// `journal::register` has not been run for this migration.
    #[error("a side has no owner row of this migration")]
    NotRegistered,
    /// Both sides claim to own: one came back without its last commits. Nothing was changed.
    #[error("both sides claim to own the data: a server has lost commits")]
    BothOwn,
    /// No attempt succeeded in time.
    #[error("the cutover did not succeed within its budget, in {attempts} attempts")]
    Budget {
        /// How often the locks were asked for.
        attempts: u32,
        /// What stood in the way last.
        #[source]
        cause: Option<Cause>,
    },
    /// The target refused to open, so the source was opened again.
    #[error("the target refused to open, the source has been opened again")]
    TakenBack {
        /// Why it refused.
        #[source]
        cause: Option<Cause>,
    },
    /// The source is closed and the target is not open yet; anyone with the proof can open it, a later run will.
    #[error("the source is closed and the target could not be opened yet")]
    Stranded {
        /// What stood in the way.
        #[source]
        cause: Option<Cause>,
    },
}

impl FenceError {
    /// The error for an outcome that is not success.
    pub(super) fn of(outcome: Outcome, attempts: u32, cause: Option<Cause>) -> Self {
        match outcome {
            Outcome::AbortWanted => Self::AbortWanted,
            Outcome::NotPrepared => Self::NotPrepared,
            Outcome::Superseded => Self::Superseded,
            Outcome::NotRegistered => Self::NotRegistered,
            Outcome::BothOwn => Self::BothOwn,
            Outcome::TakenBack => Self::TakenBack { cause },
            Outcome::Stranded => Self::Stranded { cause },
            Outcome::TargetOwns | Outcome::SourceOwns | Outcome::BudgetSpent => Self::Budget { attempts, cause },
        }
    }
}
