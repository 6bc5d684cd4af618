//! What an error of the driver says about the transaction. In come errors; out go facts: aborted for sure or in doubt,
//! and whether repeating it can help. Pure. Must not look at message texts for meaning: they are translated.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// Why an attempt was aborted. In every case the server has written nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// 42501, or 42P01: this side may have been closed to us. A fence revokes table rights and installs triggers that
    /// raise 42501; were schema USAGE revoked as well, tables would be missing (42P01) instead.
    Closed,
    /// 25006: this side is read-only. Closed, or a primary that was demoted.
    ReadOnly,
    /// 40001.
    Serialization,
    /// 40P01.
    Deadlock,
    /// The connection went away before COMMIT was sent.
    Lost,
    /// No connection could be opened: nothing was sent at all.
    Unavailable,
    /// Anything else: the statement is at fault.
    Fatal,
}

impl Fault {
    /// Label for metrics.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::ReadOnly => "read_only",
            Self::Serialization => "serialization",
            Self::Deadlock => "deadlock",
            Self::Lost => "connection_lost",
            Self::Unavailable => "unavailable",
            Self::Fatal => "fatal",
        }
    }
}

/// Two refusals with the same fingerprint have the same cause: when one was proven to have nothing to do with a
/// cutover, the next one a moment later needn't be investigated.
pub(crate) type Fingerprint = u64;

/// What a statement's error means.
pub(crate) fn of_statement(error: &sqlx::Error) -> Fault {
    let sqlx::Error::Database(database) = error else {
        return match error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
                Fault::Lost
            }
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => Fault::Unavailable,
            _ => Fault::Fatal,
        };
    };
    let postgres = database.try_downcast_ref::<PgDatabaseError>();
    match database.code().as_deref() {
        // Row level security refuses with the same code; only the C function that raised it tells it apart. A policy
        // says no to a row, not to us: never a sign of a closed side, and too frequent to ask about.
        Some("42501") if postgres.and_then(PgDatabaseError::routine) == Some("ExecWithCheckOptions") => Fault::Fatal,
        Some("42501" | "42P01") => Fault::Closed,
        Some("25006") => Fault::ReadOnly,
        Some("40001") => Fault::Serialization,
        Some("40P01") => Fault::Deadlock,
        _ if postgres.is_some_and(ends_the_session) => Fault::Lost,
        _ => Fault::Fatal,
    }
}

/// What an error while opening a connection means: nothing was sent, so every one of them may be tried again. A refused
/// password is no exception, since a rotated one arrives by file a moment later.
pub(crate) fn of_connecting(_error: &sqlx::Error) -> Fault {
    Fault::Unavailable
}

/// Whether an error in answer to COMMIT leaves open what happened. An ordinary error is a definite no (a deferred
/// constraint, a serialization failure); a session that ends may have committed first.
pub(crate) fn leaves_commit_in_doubt(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(database) => database.try_downcast_ref::<PgDatabaseError>().is_none_or(ends_the_session),
        _ => true,
    }
}

/// Whether the server closed the session with this error.
fn ends_the_session(error: &PgDatabaseError) -> bool {
    matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic)
        || error.code().starts_with("57P")
        || error.code().starts_with("08")
}

/// See [`Fingerprint`].
pub(crate) fn fingerprint(error: &sqlx::Error) -> Fingerprint {
    let mut hasher = DefaultHasher::new();
    match error {
        sqlx::Error::Database(database) => {
            database.code().hash(&mut hasher);
            database.message().hash(&mut hasher);
        }
        other => std::mem::discriminant(other).hash(&mut hasher),
    }
    hasher.finish()
}

/// How long to wait before attempt number `next` (2 for the first repetition). `jitter` is in `0.0..1.0`.
///
/// Conflicts are spread out so that the same two transactions don't meet again; a lost connection is replaced at once a
/// few times, because after a restart of the server every idle connection of the pool is dead.
pub(crate) fn pause(fault: Fault, next: u32, jitter: f64) -> Duration {
    let doubling = |first_ms: f64, most_ms: f64| {
        let grown = first_ms * f64::from(1_u32 << (next.saturating_sub(2)).min(10));
        Duration::from_secs_f64(grown.min(most_ms) * (0.5 + jitter / 2.0) / 1000.0)
    };
    match fault {
        Fault::Closed | Fault::Fatal => doubling(2.0, 25.0),
        Fault::Serialization | Fault::Deadlock => doubling(4.0, 100.0),
        Fault::Lost if next <= 4 => Duration::ZERO,
        Fault::Lost | Fault::ReadOnly | Fault::Unavailable => doubling(10.0, 200.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_of_the_driver_that_mean_a_gone_connection_are_lost() {
        let io = || std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert_eq!(of_statement(&sqlx::Error::Io(io())), Fault::Lost);
        assert_eq!(of_statement(&sqlx::Error::RowNotFound), Fault::Fatal);
        assert_eq!(of_statement(&sqlx::Error::PoolClosed), Fault::Unavailable);
        assert!(leaves_commit_in_doubt(&sqlx::Error::Io(io())));
    }

    #[test]
    fn pauses_grow_are_bounded_and_jittered() {
        assert_eq!(pause(Fault::Lost, 2, 0.9), Duration::ZERO);
        assert!(pause(Fault::Closed, 2, 0.0) >= Duration::from_millis(1));
        for fault in [Fault::Closed, Fault::Deadlock, Fault::Lost, Fault::Unavailable] {
            for attempt in 0..100 {
                assert!(pause(fault, attempt, 1.0) <= Duration::from_millis(200));
            }
        }
        assert!(pause(Fault::Deadlock, 4, 0.0) > pause(Fault::Deadlock, 2, 0.0));
    }
}
