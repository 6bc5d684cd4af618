//! Compares the contents of both sides while writers write and the stream streams.
//!
//! In: tables with a key. Out: rows and chunks compared, and the keys whose rows really differ. Chunks are ranges of the
//! key, told apart by count and 64-bit hash; what differs goes down to keys, and a key counts only by the bracket rule
//! (`suspect`). A migration's own comparison (`verify`) resumes after the last chunk that the journal holds and sends
//! tokens; one between any two databases (`scope`) writes nothing at all. Either compares everything, or as much as there is time for
//! (`sample`).

mod chunk;
mod key;
mod link;
mod read_only;
mod rest;
mod sample;
mod stride;
mod suspect;
mod way;

pub use read_only::{Scope, ScopeError, scope};
pub use rest::Rest;

use crate::failpoint::{self, Step};
use crate::inspect::Inventory;
use crate::journal;
use crate::spec::{Side, VerificationSpec};
use crate::step::{Job, StepError, failed};
use chunk::{Chunk, Sum};
use key::KeySql;
use std::time::Instant;
use stride::Stride;
use tokio_postgres::Client;
use way::Way;

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
    /// What isn't compared, as far as that is known: nothing once everything is.
    pub rest: Option<Rest>,
}

impl Comparison {
    /// So much differs that no more was looked for.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        self.mismatches.len() > MISMATCH_LIMIT
    }

    /// The share of rows that were compared and decided on, 0 to 1. `expected`: how many there are, where the rest isn't known.
    #[must_use]
    pub fn coverage(&self, expected: u64) -> f64 {
        let all = self.rest.map_or(expected, |rest| self.rows.saturating_add(rest.rows));
        let decided = self.rows.saturating_sub(self.undecided);
        if all == 0 { 1.0 } else { (decided as f64 / all as f64).min(1.0) }
    }
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
}

/// One table on both sides.
struct Queries {
    name: String,
    from: KeySql,
    to: KeySql,
}

/// Compares the moving tables as the spec says: all of each, or a sample.
///
/// # Errors
/// A token doesn't arrive, a statement fails, or a newer worker has begun: could not verify, which isn't a mismatch.
pub async fn verify(
    job: &Job,
    source: &Inventory,
    target: &Inventory,
    observer: &dyn Observer,
) -> Result<Comparison, StepError> {
    let pair =
        Pair { source: job.session(Side::Source, "verify").await?, target: job.session(Side::Target, "verify").await? };
    let way = Way::Journalled { job, journal: job.session(Side::Source, "journal").await? };
    let same_order = source.server.collation == target.server.collation;
    let mut copied = journal::chunk::rows(&pair.target, job.id()).await?;
    let mut tables = Vec::new();
    for table in source.tables.iter().filter(|table| table.stores()) {
        let Some(sql) = KeySql::new(&source.schema, table, same_order) else {
            return Err(StepError::Doomed(format!("{} has no key to compare rows by", table.name)));
        };
        let rows = copied.remove(&table.name).unwrap_or_default().max(table.rows);
        tables.push((Queries { name: table.name.clone(), from: sql.clone(), to: sql }, rows));
    }
    let mut total = Comparison::default();
    compare_all(&way, &pair, &tables, (job.spec.verification, job.id()), &mut total, observer).await?;
    Ok(total)
}

/// Compares tables, each with about how many rows it has. A sample follows from the seed.
async fn compare_all(
    way: &Way<'_>,
    pair: &Pair,
    tables: &[(Queries, u64)],
    (how, seed): (VerificationSpec, &str),
    total: &mut Comparison,
    observer: &dyn Observer,
) -> Result<(), StepError> {
    if let Some(limit) = how.limit() {
        return sample::compare(way, pair, tables, &sample::Bounds { limit, seed }, total, observer).await;
    }
    for (queries, _) in tables {
        if total.is_cut_short() {
            return Ok(());
        }
        compare_table(way, pair, queries, total, observer).await?;
    }
    if !total.is_cut_short() {
        total.rest = Some(Rest::default());
    }
    Ok(())
}

/// Forgets what has been compared: after a new copy everything has to be compared again.
///
/// # Errors
/// The statement fails, or a newer worker has begun.
pub async fn forget(job: &Job, source: &Client) -> Result<(), StepError> {
    let delete = "WITH held AS (SELECT rerp_split.hold_run($1, $2)) \
                  DELETE FROM rerp_split.verify_chunk USING held WHERE migration = $1";
    source.execute(delete, &[&job.id(), &job.run]).await.map(drop).map_err(failed("forget the comparison"))?;
    sample::forget(job, source).await
}

/// The one place a test can stop a worker at when a comparison has been written down, of a chunk or of a range.
async fn recorded() {
    failpoint::step(Step::ChunkRecorded).await;
}

async fn compare_table(
    way: &Way<'_>,
    pair: &Pair,
    queries: &Queries,
    total: &mut Comparison,
    observer: &dyn Observer,
) -> Result<(), StepError> {
    let name = &queries.name;
    let (mut resume, mut stride) = (way.resume(name).await?, Stride::default());
    let found = total.mismatches.len();
    total.rows += resume.rows;
    total.chunks += resume.chunks;
    while !resume.finished {
        let left = Chunk { after: resume.after.take(), upto: None };
        let begun = Instant::now();
        let upto = chunk::upper(&pair.source, &queries.from, &left, stride.rows()).await?;
        let chunk = Chunk { upto, ..left };
        let sum = chunk::sum(pair, queries, &chunk).await?;
        if !sum.same && stride.shorten() {
            resume.after = chunk.after;
            continue;
        }
        stride.done(sum.same, begun.elapsed());
        conclude(way, pair, queries, (&chunk, sum), total).await?;
        // Nothing is written down from the first chunk on that differs: the next run looks at it again, and goes on from there.
        if total.mismatches.len() == found {
            way.record(name, resume.chunks, &chunk, sum.rows).await?;
            recorded().await;
        }
        resume.chunks += 1;
        resume.finished = chunk.upto.is_none();
        resume.after = chunk.upto;
        observer.compared(total);
        if total.is_cut_short() {
            return Ok(());
        }
    }
    Ok(())
}

/// Decides on the keys of a chunk that differs, and adds up what the chunk came to.
async fn conclude(
    way: &Way<'_>,
    pair: &Pair,
    queries: &Queries,
    (chunk, sum): (&Chunk, Sum),
    total: &mut Comparison,
) -> Result<(), StepError> {
    let differing = if sum.same { Vec::new() } else { chunk::take_apart(pair, queries, chunk).await? };
    let verdict = suspect::judge(way, pair, queries, differing).await?;
    failpoint::step(Step::ChunkCompared).await;
    total.rows += sum.rows;
    total.chunks += 1;
    total.undecided += verdict.undecided;
    let told = |key: &chunk::KeyText| format!("{} ({})", queries.name, key.join(", "));
    total.mismatches.extend(verdict.mismatches.iter().map(told));
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
