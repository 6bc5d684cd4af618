//! Compares the contents of both sides while writers write and the stream streams.
//!
//! In: tables with a key, a live stream. Out: rows and chunks compared, and the keys whose rows really differ. Chunks
//! are ranges of the key, told apart by count and 64-bit hash; what differs goes down to keys, and a key counts only
//! by the bracket rule (`suspect`). Resumes after the last chunk that the journal holds.

mod chunk;
mod key;
mod suspect;

use crate::failpoint::{self, Step};
use crate::inspect::{Inventory, Table};
use crate::spec::Side;
use crate::step::{Job, StepError, failed};
use chunk::Chunk;
use key::KeySql;
use tokio_postgres::Client;
use tokio_postgres::types::Json;

/// Rows of a chunk: small enough to hold its keys in memory, big enough that round trips don't matter.
const CHUNK_ROWS: i64 = 10_000;
/// More keys than this aren't looked for: something is systematically wrong.
const MISMATCH_LIMIT: usize = 1_000;

/// What the comparison came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Rows compared.
    pub rows: u64,
    /// Chunks compared.
    pub chunks: u64,
    /// Keys whose rows changed so often that no comparison was possible.
    pub undecided: u64,
    /// Keys whose rows differ: `table (key, …)`.
    pub mismatches: Vec<String>,
}

/// Told after each chunk.
pub trait Observer: Sync {
    /// What has been compared so far, this run's and earlier runs' chunks together.
    fn compared(&self, comparison: &Comparison);
}

/// Sessions of a comparison.
struct Pair {
    source: Client,
    target: Client,
    journal: Client,
}

/// Compares every moving table.
///
/// # Errors
/// A token doesn't arrive, a statement fails, or a newer worker has begun: could not verify, which isn't a mismatch.
pub async fn verify(
    job: &Job,
    source: &Inventory,
    target: &Inventory,
    observer: &dyn Observer,
) -> Result<Comparison, StepError> {
    let pair = Pair {
        source: job.session(Side::Source, "verify").await?,
        target: job.session(Side::Target, "verify").await?,
        journal: job.session(Side::Source, "journal").await?,
    };
    let same_order = source.server.collation == target.server.collation;
    let mut total = Comparison::default();
    for table in &source.tables {
        compare_table(job, &pair, &source.schema, table, same_order, &mut total, observer).await?;
    }
    Ok(total)
}

/// Forgets what has been compared: after a new copy everything has to be compared again.
///
/// # Errors
/// The statement fails, or a newer worker has begun.
pub async fn forget(job: &Job, source: &Client) -> Result<(), StepError> {
    let delete = "WITH held AS (SELECT rerp_split.hold_run($1, $2)) \
                  DELETE FROM rerp_split.verify_chunk USING held WHERE migration = $1";
    source.execute(delete, &[&job.id(), &job.run]).await.map(drop).map_err(failed("forget the comparison"))
}

async fn compare_table(
    job: &Job,
    pair: &Pair,
    schema: &str,
    table: &Table,
    same_order: bool,
    total: &mut Comparison,
    observer: &dyn Observer,
) -> Result<(), StepError> {
    let Some(sql) = KeySql::new(schema, table, same_order) else {
        return Err(StepError::Doomed(format!("{} has no key to compare rows by", table.name)));
    };
    let mut resume = resume(job, pair, &table.name).await?;
    total.rows += resume.rows;
    total.chunks += resume.chunks;
    while !resume.finished {
        let upper = chunk::upper(&pair.source, &sql, resume.after.as_deref(), CHUNK_ROWS).await?;
        let chunk = Chunk { after: resume.after.take(), upto: upper };
        let (rows, differing) = chunk::compare(&pair.source, &pair.target, &sql, &chunk).await?;
        let verdict = suspect::judge(job, pair, &sql, differing).await?;
        failpoint::step(Step::ChunkCompared).await;
        total.rows += rows;
        total.chunks += 1;
        total.undecided += verdict.undecided;
        total.mismatches.extend(verdict.mismatches.iter().map(|key| format!("{} ({})", table.name, key.join(", "))));
        // A chunk that differs isn't written down: the next run looks at it again.
        if verdict.mismatches.is_empty() {
            record(job, pair, &table.name, resume.chunks, &chunk, rows).await?;
            failpoint::step(Step::ChunkRecorded).await;
        }
        resume.chunks += 1;
        resume.finished = chunk.upto.is_none();
        resume.after = chunk.upto;
        observer.compared(total);
        if total.mismatches.len() > MISMATCH_LIMIT {
            return Ok(());
        }
    }
    Ok(())
}

/// Where an earlier run stopped.
#[derive(Default)]
struct Resume {
    after: Option<Vec<String>>,
    chunks: u64,
    rows: u64,
    finished: bool,
}

/// Chunks are resumed only as far as they follow one another without a gap.
async fn resume(job: &Job, pair: &Pair, table: &str) -> Result<Resume, StepError> {
    let select = "SELECT chunk, upper_key, rows FROM rerp_split.verify_chunk \
                  WHERE migration = $1 AND table_name = $2 ORDER BY chunk";
    let rows = pair.journal.query(select, &[&job.id(), &table]).await.map_err(failed("read compared chunks"))?;
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

async fn record(job: &Job, pair: &Pair, table: &str, number: u64, chunk: &Chunk, rows: u64) -> Result<(), StepError> {
    let insert = "WITH held AS (SELECT rerp_split.hold_run($1, $2)) \
        INSERT INTO rerp_split.verify_chunk (migration, table_name, chunk, upper_key, rows, mismatches) \
        SELECT $1, $3, $4, $5, $6, 0 FROM held ON CONFLICT (migration, table_name, chunk) DO UPDATE \
        SET upper_key = excluded.upper_key, rows = excluded.rows, at = now()";
    let upper = chunk.upto.as_ref().map(Json);
    let (number, rows) = (number.cast_signed(), rows.cast_signed());
    pair.journal
        .execute(insert, &[&job.id(), &job.run, &table, &number, &upper, &rows])
        .await
        .map(drop)
        .map_err(failed("write down a compared chunk"))
}
