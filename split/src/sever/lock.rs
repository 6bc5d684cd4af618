//! Changes under the locks of live tables: short tries with pauses between them, so that nobody waits for long behind a
//! request that itself waits for a long transaction.

use super::rows::{self, State};
use super::statement::locking_sql;
use crate::journal;
use crate::step::{Job, StepError, failed};
use std::time::{Duration, Instant};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};

/// The first pause between two tries; it doubles up to 32 times as much.
const PAUSE: Duration = Duration::from_millis(50);

/// What is done under the locks, all in one fenced transaction.
pub(super) struct Change<'a> {
    /// What this side's owner row must say; none: that doesn't matter.
    pub(super) owner: Option<bool>,
    /// Takes every lock that the statements need.
    pub(super) lock: String,
    /// In this order.
    pub(super) statements: Vec<String>,
    /// How long one statement may take, as PostgreSQL reads it.
    pub(super) limit: &'a str,
    /// What becomes of which key.
    pub(super) state: Option<(i32, State)>,
}

/// How long to go on.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// For all tries together.
    pub(super) limit: Duration,
    /// Stop once the wish is to take the migration back, or a pod is no longer prepared.
    pub(super) heed_wish: bool,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It is done.
    Done,
    /// Nothing has changed, and this is why.
    Held(String),
}

/// Tries until it is done or patience ends.
pub(super) async fn change(
    job: &Job,
    client: &mut Client,
    change: &Change<'_>,
    patience: Patience,
) -> Result<Ended, StepError> {
    let begun = Instant::now();
    let (mut tries, mut longest) = (0, Duration::ZERO);
    loop {
        if patience.heed_wish
            && let Some(why) = unwanted(job).await?
        {
            return Ok(Ended::Held(why));
        }
        tries += 1;
        match attempt(job, client, change, tries, &mut longest).await {
            Ok(()) => return Ok(Ended::Done),
            Err(error) if is_busy(&error) && begun.elapsed() < patience.limit => {
                tracing::info!(migration = job.id(), tries, waited = ?longest, lock = change.lock, "locks are not granted yet");
                tokio::time::sleep(PAUSE * 2_u32.pow(tries.min(6) - 1)).await;
            }
            Err(error) if is_busy(&error) => {
                return Ok(Ended::Held(format!("transactions did not let go within {tries} tries: {}", change.lock)));
            }
            Err(error) => return Err(error),
        }
    }
}

/// The wish, in words, if it is no longer to go on.
async fn unwanted(job: &Job) -> Result<Option<String>, StepError> {
    let source = job.session(crate::spec::Side::Source, "wish").await?;
    let wish = journal::read_wish(&source, job.id()).await?;
    Ok(match wish {
        Some(wish) if wish.abort => Some("the migration is to be taken back".to_owned()),
        Some(wish) if wish.suspend => Some("the migration is suspended".to_owned()),
        Some(wish) if !wish.advance_to.is_switched() => Some("the migration is held before the cutover".to_owned()),
        Some(wish) if wish.services_prepared => None,
        _ => Some("the service is not prepared for the switch".to_owned()),
    })
}

async fn attempt(
    job: &Job,
    client: &mut Client,
    change: &Change<'_>,
    tries: u32,
    longest: &mut Duration,
) -> Result<(), StepError> {
    let transaction = job.begin(client).await?;
    if let Some(is_owner) = change.owner {
        let hold = "SELECT rerp_split.hold_owner($1, $2)";
        transaction.execute(hold, &[&job.id(), &is_owner]).await.map_err(failed("hold the owner row"))?;
    }
    run(&transaction, &locking_sql()).await?;
    let asked = Instant::now();
    let locked = run(&transaction, &change.lock).await;
    *longest = asked.elapsed().max(*longest);
    locked?;
    run(&transaction, &format!("SET LOCAL statement_timeout = '{}'", change.limit)).await?;
    for statement in &change.statements {
        run(&transaction, statement).await?;
    }
    if let Some((number, state)) = change.state {
        rows::set_state(&transaction, job.id(), number, state, (tries, *longest)).await?;
    }
    transaction.commit().await.map_err(failed("commit a change of a foreign key"))
}

async fn run(transaction: &Transaction<'_>, statement: &str) -> Result<(), StepError> {
    transaction.batch_execute(statement).await.map_err(failed(statement))
}

/// Somebody holds what is asked for: later it may be free.
fn is_busy(error: &StepError) -> bool {
    let StepError::Query { source, .. } = error else { return false };
    let busy = [SqlState::LOCK_NOT_AVAILABLE, SqlState::QUERY_CANCELED, SqlState::T_R_DEADLOCK_DETECTED];
    source.code().is_some_and(|code| busy.contains(code))
}
