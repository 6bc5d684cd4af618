//! Everything on the target that is better made once the rows are there: the rows are frozen, keys and indexes are built, then what refers to
//! them, at last statistics are taken.
//!
//! In: the post-data of a dump, rows. Out: a target that is complete. Tables, keys and indexes are worked on side by side, in as many sessions
//! as the copy has workers. What is built is written down in the transaction that builds it, so a worker that comes later does only the rest.

use super::parts::{Parts, parts};
use super::{as_owner, is_done};
use crate::failpoint::{self, Step};
use crate::journal;
use crate::spec::Side;
use crate::step::{Job, StepError, failed};
use futures::future::try_join_all;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_postgres::Client;

/// The intents that tell a restarted worker what has been done: one part, all of them and the rest, and statistics.
const PART: &str = "post-data part";
const BUILT: &str = "post-data";
const ANALYSED: &str = "statistics";
const ACTION: &str = "build indexes and constraints on the target";
/// Parts of one table may wait for each other for as long as an index takes, and nobody else has any business there.
const PATIENCE: &str = "SET LOCAL lock_timeout = '6h'";

/// A table that was made on the target.
struct Made {
    /// Quoted, with its schema.
    name: String,
    /// It only shows the rows of its partitions.
    partitioned: bool,
    /// It is a partition itself.
    partition: bool,
}

/// What one session does at a time.
enum Task {
    /// A statement that can be repeated: what for, and its text.
    Plain(&'static str, String),
    /// A part of the post-data.
    Build(String),
}

/// Builds indexes, constraints and triggers; a no-op if an earlier run has done it.
///
/// # Errors
/// The dump or a statement fails, or a newer worker has begun.
pub async fn complete(job: &Job, client: &mut Client, post_data: &str) -> Result<(), StepError> {
    let made = made(job, client).await?;
    let each = |what, statement, which: fn(&Made) -> bool| {
        let plain = |made: &Made| Task::Plain(what, format!("{statement} {}", made.name));
        made.iter().filter(|made| which(made)).map(plain).collect()
    };
    if !is_done(job, client, BUILT).await? {
        let partitioned: Vec<&str> =
            made.iter().filter(|made| made.partitioned).map(|made| made.name.as_str()).collect();
        let Parts { apart, rest } = parts(post_data, &partitioned);
        // Before the indexes, for what it doesn't have to look at: pages that are known to be visible to all and frozen
        // spare the new server its first great vacuum, and index-only scans their look at the heap.
        side_by_side(job, each("freeze the copied rows", "VACUUM (FREEZE)", |made| !made.partitioned)).await?;
        failpoint::step(Step::RowsFrozen).await;
        side_by_side(job, unbuilt(job, client, apart).await?).await?;
        failpoint::step(Step::IndexesBuilt).await;
        build_rest(job, client, &rest).await?;
        failpoint::step(Step::ConstraintsCommitted).await;
    }
    if !is_done(job, client, ANALYSED).await? {
        // That of a partitioned table goes down to its partitions.
        side_by_side(job, each("analyse the target", "ANALYZE", |made| !made.partition)).await?;
        failpoint::step(Step::Analysed).await;
        journal::cleanup::intend(client, job.id(), job.run, ANALYSED, &job.spec.target.schema).await?;
    }
    Ok(())
}

/// Whether an intent of this kind stands for work that is done, not for an object.
#[must_use]
pub fn is_mark(kind: &str) -> bool {
    [PART, BUILT, ANALYSED].contains(&kind)
}

/// Whether indexes, constraints and statistics are there.
///
/// # Errors
/// The journal can't be read.
pub async fn is_complete(job: &Job, client: &Client) -> Result<bool, StepError> {
    is_done(job, client, ANALYSED).await
}

/// The tables that an earlier step has made.
async fn made(job: &Job, client: &Client) -> Result<Vec<Made>, StepError> {
    let intents = journal::cleanup::pending(client, job.id()).await?;
    let names: Vec<String> =
        intents.into_iter().filter(|intent| intent.kind == "table").map(|intent| intent.name).collect();
    let select = "SELECT t.name, c.relkind = 'p', c.relispartition FROM unnest($1::text[]) WITH ORDINALITY AS t(name, n) \
                  JOIN pg_class c ON c.oid = to_regclass(t.name) ORDER BY t.n";
    let rows = client.query(select, &[&names]).await.map_err(failed("look at the tables on the target"))?;
    if rows.len() != names.len() {
        return Err(StepError::Doomed("a table that was made on the target is gone".into()));
    }
    Ok(rows.iter().map(|row| Made { name: row.get(0), partitioned: row.get(1), partition: row.get(2) }).collect())
}

/// Does all tasks, each once, in sessions of their own. The first failure ends them all: what a session was at is taken back by the server.
async fn side_by_side(job: &Job, tasks: Vec<Task>) -> Result<(), StepError> {
    let workers = job.spec.copy.workers as usize;
    let sessions = workers.clamp(1, tasks.len().max(1));
    // With fewer tasks than sessions could be, the server builds each with several processes.
    let processes = (workers / sessions).max(1);
    let (next, tasks) = (AtomicUsize::new(0), &tasks);
    let session = async || {
        let mut client = job.session(Side::Target, "build").await?;
        while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            match task {
                Task::Plain(what, statement) => client.batch_execute(statement).await.map_err(failed(*what))?,
                Task::Build(part) => build(job, &mut client, part, processes).await?,
            }
        }
        Ok::<(), StepError>(())
    };
    try_join_all((0..sessions).map(|_| session())).await.map(drop)
}

/// The parts that no earlier worker has built: none of theirs is under way any more once a run has been claimed.
async fn unbuilt(job: &Job, client: &Client, parts: Vec<String>) -> Result<Vec<Task>, StepError> {
    let intents = journal::cleanup::pending(client, job.id()).await?;
    let built: HashSet<String> =
        intents.into_iter().filter(|intent| intent.kind == PART).map(|intent| intent.name).collect();
    Ok(parts.into_iter().filter(|part| !built.contains(&digest(part))).map(Task::Build).collect())
}

/// By what a part is known again.
fn digest(part: &str) -> String {
    hex::encode(Sha256::digest(part))
}

/// One part.
async fn build(job: &Job, client: &mut Client, part: &str, processes: usize) -> Result<(), StepError> {
    let transaction = job.begin(client).await?;
    let script = format!("{PATIENCE}; SET LOCAL max_parallel_maintenance_workers = {processes};\n{part}");
    as_owner(job, &transaction, &script, ACTION).await?;
    journal::cleanup::intend(&transaction, job.id(), job.run, PART, &digest(part)).await?;
    failpoint::step(Step::IndexMade).await;
    transaction.commit().await.map_err(failed(ACTION))
}

/// All of it in one transaction, so that a killed worker leaves nothing half built.
async fn build_rest(job: &Job, client: &mut Client, script: &str) -> Result<(), StepError> {
    let transaction = job.begin(client).await?;
    as_owner(job, &transaction, script, ACTION).await?;
    journal::cleanup::intend(&transaction, job.id(), job.run, BUILT, &job.spec.target.schema).await?;
    failpoint::step(Step::ConstraintsMade).await;
    transaction.commit().await.map_err(failed(ACTION))
}
