//! How a comparison waits for what is under way, and what it remembers.
//!
//! In: a job with a live stream, or nothing but two databases. Out: chunks to go on after, written down or not, and
//! brackets: whatever the source had committed before one was opened is on the target once it is closed.

use super::chunk::Chunk;
use super::link::Link;
use super::{Pair, Resume};
use crate::spec::Direction;
use crate::step::{Job, StepError, failed};
use crate::stream::TokenLine;
use std::time::Duration;
use tokio_postgres::Client;
use tokio_postgres::types::Json;

/// How long a token may take.
const TOKEN_LIMIT: Duration = Duration::from_secs(60);

/// One of the two.
pub(super) enum Way<'a> {
    /// By the migration's journal: compared chunks are written down, tokens are sent.
    Journalled {
        job: &'a Job,
        /// A session on the source.
        journal: Client,
    },
    /// Nothing is written anywhere.
    ReadOnly(Link),
}

/// What is between two looks at a key.
pub(super) enum Bracket<'a> {
    Tokens(&'a Job, Box<TokenLine>),
    Link(&'a Link),
}

impl Way<'_> {
    /// Where an earlier run stopped. Chunks are resumed only as far as they follow one another without a gap.
    pub(super) async fn resume(&self, table: &str) -> Result<Resume, StepError> {
        let Self::Journalled { job, journal } = self else { return Ok(Resume::default()) };
        let select = "SELECT chunk, upper_key, rows FROM rerp_split.verify_chunk \
                      WHERE migration = $1 AND table_name = $2 ORDER BY chunk";
        let rows = journal.query(select, &[&job.id(), &table]).await.map_err(failed("read compared chunks"))?;
        let mut resume = Resume::default();
        for row in rows {
            let (number, upper): (i64, Option<Json<Vec<String>>>) = (row.get(0), row.get(1));
            if u64::try_from(number).ok() != Some(resume.chunks) {
                break;
            }
            resume.chunks += 1;
            resume.rows += u64::try_from(row.get::<_, i64>(2)).unwrap_or(0);
            resume.finished = upper.is_none();
            resume.after = upper.map(|Json(key)| key);
        }
        Ok(resume)
    }

    /// Writes down that a chunk has been compared and is the same on both sides.
    pub(super) async fn record(&self, table: &str, number: u64, chunk: &Chunk, rows: u64) -> Result<(), StepError> {
        let Self::Journalled { job, journal } = self else { return Ok(()) };
        let insert = "WITH held AS (SELECT rerp_split.hold_run($1, $2)) \
            INSERT INTO rerp_split.verify_chunk (migration, table_name, chunk, upper_key, rows, mismatches) \
            SELECT $1, $3, $4, $5, $6, 0 FROM held ON CONFLICT (migration, table_name, chunk) DO UPDATE \
            SET upper_key = excluded.upper_key, rows = excluded.rows, at = now()";
        let upper = chunk.upto.as_ref().map(Json);
        let (number, rows) = (number.cast_signed(), rows.cast_signed());
        journal
            .execute(insert, &[&job.id(), &job.run, &table, &number, &upper, &rows])
            .await
            .map(drop)
            .map_err(failed("write down a compared chunk"))
    }

    /// Opens what `Bracket::drain` needs. Only when there are suspects: between two of them the server would end an idle session.
    pub(super) async fn bracket(&self) -> Result<Bracket<'_>, StepError> {
        Ok(match self {
            Self::Journalled { job, .. } => {
                Bracket::Tokens(job, Box::new(TokenLine::open(job, Direction::Forward).await?))
            }
            Self::ReadOnly(link) => Bracket::Link(link),
        })
    }
}

impl Bracket<'_> {
    /// Waits until the target has what the source had committed when this was called, as far as that can be known.
    pub(super) async fn drain(&self, pair: &Pair) -> Result<(), StepError> {
        match self {
            Self::Tokens(job, tokens) => tokens.send(job, TOKEN_LIMIT).await.map(drop),
            Self::Link(link) => link.drain(&pair.source, &pair.target).await,
        }
    }
}
