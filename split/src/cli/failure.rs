//! Why a command ended early: what a person reads, what mends it, and the exit code.
//!
//! No variant holds a URL or a password.

use super::exit::Exit;
use rerp_split::connect::ConnectError;
use rerp_split::journal::JournalError;
use rerp_split::phase::Phase;
use rerp_split::spec::{Side, SpecError};
use rerp_split::step::{Class, StepError, chain};
use std::error::Error;
use std::io::ErrorKind;
use std::path::PathBuf;
use tokio_postgres::error::SqlState;

/// A condition that isn't met: nothing has been changed, and a person has to do something first.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the {side} is missing: give its URL as --{side} or in the environment as {variable}")]
    NoUrl { side: Side, variable: &'static str },
    #[error("which schema? Give --schema, or --spec with a file; `status` also takes --migration alone")]
    NoSchema,
    #[error("read {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error(transparent)]
    Url(ConnectError),
    #[error("schema {schema} of the source holds no table: correct --schema, --table or the database in the URL")]
    NoTables { schema: String },
    #[error(
        "it can't be told what these roles are for: {}. Say so with --role-app (reads and writes every table on the target), \
         --role-read or --role-migrate, for all roles of the service, or take the rights away", list(.0)
    )]
    UnclearRoles(Vec<(String, String)>),
    #[error("there is no migration {migration} on the source{others}")]
    NoMigration { migration: String, others: String },
    #[error(
        "migration {migration} has been begun with other tables: {begun}. Give the same --schema and --table as then, or name \
         another migration with --migration"
    )]
    OtherTables { migration: String, begun: String },
    #[error("migration {migration} has been begun with plan {plan}, which isn't the approved one: {approved}")]
    OtherPlan { migration: String, plan: String, approved: String },
    #[error("migration {migration} is being taken back: finish that with `abort`, then run it again")]
    BeingAborted { migration: String },
    #[error(
        "the target owns the data of migration {migration}: there is nothing to take back, and nothing was changed"
    )]
    TargetOwns { migration: String },
    #[error(
        "the data of migration {migration} is changing hands: `run`, or `rollback` if that was asked for, finishes the switch, \
         and nothing else is possible before"
    )]
    Decided { migration: String },
    #[error(
        "the source owns the data of migration {migration} again, since a rollback: `rollback --undo --epoch {epoch}` takes it to \
         the target again, `abort` takes the migration back"
    )]
    RolledBack { migration: String, epoch: i64 },
    #[error("migration {migration} is at epoch {present}, not {asked}: see `status`; nothing was changed")]
    OtherEpoch { migration: String, present: i64, asked: i64 },
    #[error(
        "the source owns the data of migration {migration}: there is nothing to give back, and nothing was changed"
    )]
    SourceOwns { migration: String },
    #[error("there was no rollback of migration {migration} that could be undone; `run` goes on with it")]
    NotRolledBack { migration: String },
    #[error("migration {migration} is {phase}: what led back has been removed, and the target keeps the data")]
    NoWayBack { migration: String, phase: Phase },
    #[error("{0}")]
    Other(String),
}

fn list(roles: &[(String, String)]) -> String {
    roles.iter().map(|(role, has)| format!("{role} has {has}")).collect::<Vec<_>>().join("; ")
}

/// An error with the code that it ends the process with.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) text: String,
}

impl Failure {
    fn new(exit: Exit, error: &(dyn Error + 'static)) -> Self {
        let advice = advice(error).map(|advice| format!("; {advice}")).unwrap_or_default();
        Self { exit, text: chain(error) + &advice }
    }
}

impl From<Refusal> for Failure {
    fn from(error: Refusal) -> Self {
        Self::new(Exit::Refused, &error)
    }
}

impl From<SpecError> for Failure {
    fn from(error: SpecError) -> Self {
        Self::from(Refusal::Spec(error))
    }
}

impl From<StepError> for Failure {
    fn from(error: StepError) -> Self {
        let exit = match error.class() {
            Class::Superseded => Exit::Superseded,
            Class::Transient | Class::Doomed => Exit::Failed,
        };
        Self::new(exit, &error)
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        Self::new(Exit::Failed, &error)
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::from(StepError::from(error))
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::new(Exit::Failed, &error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failed, &error)
    }
}

/// What to do about an error of a server or of the way to it.
fn advice(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(one) = next {
        if let Some(code) = one.downcast_ref::<tokio_postgres::Error>().and_then(tokio_postgres::Error::code) {
            return by_code(code);
        }
        if let Some(io) = one.downcast_ref::<std::io::Error>() {
            return by_kind(io.kind());
        }
        next = one.source();
    }
    None
}

fn by_code(code: &SqlState) -> Option<&'static str> {
    let all = [
        (
            SqlState::INVALID_PASSWORD,
            "the password belongs into the URL, or into RERP_SOURCE_PASSWORD, RERP_TARGET_PASSWORD or PGPASSWORD",
        ),
        (
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            "see the user in the URL, and whether pg_hba.conf lets this host in",
        ),
        (SqlState::INVALID_CATALOG_NAME, "correct the database's name at the end of the URL"),
        (
            SqlState::INSUFFICIENT_PRIVILEGE,
            "plan, run and abort need superusers on both sides, verify needs to read the tables",
        ),
        (SqlState::TOO_MANY_CONNECTIONS, "lower --copy-workers, or raise max_connections"),
    ];
    all.into_iter().find(|(known, _)| known == code).map(|(_, advice)| advice)
}

fn by_kind(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::ConnectionRefused => Some("see whether the server runs, and host and port in the URL"),
        ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            Some("see host and port in the URL, and whether a firewall is in between")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_error_has_its_code() {
        let refused = Failure::from(Refusal::NoSchema);
        assert_eq!(refused.exit, Exit::Refused);
        assert_eq!(Failure::from(SpecError::NoTables).exit, Exit::Refused);
        assert_eq!(Failure::from(StepError::Lost("gone".into())).exit, Exit::Failed);
        assert_eq!(Failure::from(JournalError::Superseded).exit, Exit::Superseded);
    }

    #[test]
    fn what_to_do_is_said_where_it_is_known() {
        let io = std::io::Error::from(ErrorKind::ConnectionRefused);
        let failure = Failure::from(ConnectError::Reach { side: Side::Source, source: io });
        assert!(
            failure.text.ends_with("; see whether the server runs, and host and port in the URL"),
            "{}",
            failure.text
        );
    }
}
