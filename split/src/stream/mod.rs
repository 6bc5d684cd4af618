//! The streams between source and target, either way: publication, replication role, subscription, tokens, lag.
//!
//! In: a direction, the moving tables and a slot. Out: PostgreSQL's own logical replication at work, and how far behind it
//! is, told by tokens that travel through it rather than by positions. The role's password exists only inside of the two
//! statements that need it; it is never logged here, and the servers are asked not to log it either.

mod lag;
mod subscribe;

pub use lag::{Lag, Slot, lag, slot, written};
pub(crate) use subscribe::UNLOGGED;
pub use subscribe::{Subscription, create_subscription, enable, find, role_sql, subscription_sql};

use crate::failpoint::{self, Step};
use crate::journal;
use crate::names;
use crate::spec::{Direction, Spec};
use crate::sql;
use crate::step::{Job, StepError, failed};
use std::time::{Duration, Instant};
use tokio_postgres::Client;
use uuid::Uuid;

/// How often the target is asked for a token.
const POLL: Duration = Duration::from_millis(2);

/// The publication: every moving table, and this migration's tokens. It must exist before the slot does.
#[must_use]
pub fn publication_sql<'a>(spec: &Spec, direction: Direction, tables: impl IntoIterator<Item = &'a str>) -> String {
    format!(
        "CREATE PUBLICATION {} FOR TABLE {}, {} WHERE (migration = {}) \
         WITH (publish = 'insert, update, delete, truncate')",
        sql::ident(&names::publication(&spec.migration, direction)),
        sql::tables(&spec.side(direction.start()).schema, tables),
        direction.tokens(),
        sql::literal(&spec.migration)
    )
}

/// Makes the publication anew. Only before the slot: changes from before it are lost for the subscriber.
///
/// # Errors
/// A statement fails, or a newer worker has begun.
pub async fn publish(job: &Job, direction: Direction, client: &mut Client, tables: &[&str]) -> Result<(), StepError> {
    let name = names::publication(job.id(), direction);
    journal::cleanup::intend(client, job.id(), job.run, "publication", &name).await?;
    failpoint::step(Step::PublicationIntended).await;
    let transaction = job.begin(client).await?;
    let script = format!(
        "SET LOCAL lock_timeout = '30s'; DROP PUBLICATION IF EXISTS {}; {}",
        sql::ident(&name),
        publication_sql(&job.spec, direction, tables.iter().copied())
    );
    transaction.batch_execute(&script).await.map_err(failed("create the publication"))?;
    transaction.commit().await.map_err(failed("create the publication"))
}

/// Sessions that send and look for tokens.
pub struct TokenLine {
    direction: Direction,
    start: Client,
    end: Client,
}

impl TokenLine {
    /// Opens both sessions.
    ///
    /// # Errors
    /// A server can't be reached.
    pub async fn open(job: &Job, direction: Direction) -> Result<Self, StepError> {
        Ok(Self {
            direction,
            start: job.session(direction.start(), "token").await?,
            end: job.session(direction.end(), "token").await?,
        })
    }

    /// Sends a token through the stream and waits for it: whatever had been committed before it was sent is at the end.
    ///
    /// # Errors
    /// The token isn't there within `limit`, a statement fails, or a newer worker has begun.
    pub async fn send(&self, job: &Job, limit: Duration) -> Result<Duration, StepError> {
        let token = Uuid::new_v4();
        let (begun, tokens) = (Instant::now(), self.direction.tokens());
        let insert = format!(
            "WITH held AS (SELECT rerp_split.hold_run($1, $2)) \
             INSERT INTO {tokens} (migration, token) SELECT $1, $3 FROM held"
        );
        self.start.execute(&insert, &[&job.id(), &job.run, &token]).await.map_err(failed("send a token"))?;
        let select = format!("SELECT EXISTS (SELECT FROM {tokens} WHERE migration = $1 AND token = $2)");
        let select = self.end.prepare(&select).await.map_err(failed("look for the token"))?;
        loop {
            let row = self.end.query_one(&select, &[&job.id(), &token]).await.map_err(failed("look for the token"))?;
            if row.get(0) {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > limit {
                return Err(StepError::Deadline {
                    what: "a token through the stream".into(),
                    seconds: limit.as_secs(),
                });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// How far behind the end is; none if there is no slot.
    ///
    /// # Errors
    /// As [`lag`].
    pub async fn lag(&self, job: &Job) -> Result<Option<Lag>, StepError> {
        lag(job, self.direction, &self.start, &self.end).await
    }
}
