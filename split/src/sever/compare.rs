//! Compares a severed foreign key across databases: which keys of the child the parent doesn't have.
//!
//! In: sessions of the side that holds the child and of the one that holds the parent. Out: the known orphans in the
//! journal, each key once, however often and by whatever it was found: a key that the parent has lost (captured), a key
//! that was an orphan before, or a pass over all keys of the child in their order, which goes on where it was left. A key
//! counts if the child has it before and after the parent is asked for it: parents are looked for after their children.

use super::query::{batch_sql, children_sql, in_part_sql, missing_sql};
use super::rows::{self, Severed};
use crate::inspect::Edge;
use crate::step::{Job, StepError, failed, within};
use std::time::{Duration, Instant};
use tokio_postgres::types::{Json, ToSql};
use tokio_postgres::{Client, Row, Transaction};

/// Keys of one batch: little to hold in memory, and few round trips.
const BATCH: usize = 20_000;
/// Keys that are looked at again, or taken from the capture, in one go.
const SOME: i64 = 20_000;
/// Once so many keys are known to be missing, comparing all adds no more: something is systematically wrong.
pub(super) const KNOWN_LIMIT: u64 = 100_000;
/// How long the server lets one query go on.
pub(super) const QUERY_LIMIT: &str = "SET statement_timeout = '5min'";
/// After that, and a little more, the server itself is away.
const LIMIT_S: u64 = 330;

/// The text forms of a key's columns.
type Key = Vec<String>;

/// Sessions of one comparison.
pub(super) struct Ends<'a> {
    /// Where the child is.
    pub(super) child: &'a Client,
    /// Where the parent is.
    pub(super) parent: &'a Client,
    /// Both are in one database, so that the other one captures nothing.
    pub(super) journal: &'a mut Client,
    /// The target, if it owns the parent: what it has captured is there.
    pub(super) captured: Option<&'a mut Client>,
}

/// One turn: what was captured, what was known, and, if it is due, the pass over all keys, for about `limit`.
pub(super) async fn turn(job: &Job, ends: &mut Ends<'_>, key: &Severed, limit: Duration) -> Result<(), StepError> {
    captured(job, ends, key).await?;
    again(job, ends, key).await?;
    if key.due { pass(job, ends, key, limit).await } else { Ok(()) }
}

/// Keys that the parent has lost, wherever they were written down; once they are looked at they go.
async fn captured(job: &Job, ends: &mut Ends<'_>, key: &Severed) -> Result<(), StepError> {
    let lists = [
        Some(list(job, ends.journal, key).await?),
        match &ends.captured {
            Some(target) => Some(list(job, target, key).await?),
            None => None,
        },
    ];
    for (n, list) in lists.into_iter().enumerate() {
        let Some((ids, keys)) = list.filter(|(ids, _)| !ids.is_empty()) else { continue };
        let orphans = look(ends, &key.edge, &keys).await?;
        write(job, ends.journal, key, &keys, &orphans, None).await?;
        let client = if n == 0 { Some(&mut *ends.journal) } else { ends.captured.as_deref_mut() };
        if let Some(client) = client {
            let transaction = job.begin(client).await?;
            let delete = "DELETE FROM rerp_split.gone_key WHERE id = ANY($1)";
            transaction.execute(delete, &[&ids]).await.map_err(failed("take captured keys away"))?;
            transaction.commit().await.map_err(failed("take captured keys away"))?;
        }
    }
    Ok(())
}

async fn list(job: &Job, client: &Client, key: &Severed) -> Result<(Vec<i64>, Vec<Key>), StepError> {
    let select = "SELECT id, key FROM rerp_split.gone_key WHERE migration = $1 AND number = $2 ORDER BY id LIMIT $3";
    let rows = client.query(select, &[&job.id(), &key.number, &SOME]).await.map_err(failed("read captured keys"))?;
    Ok(rows.iter().map(|row| (row.get::<_, i64>(0), row.get::<_, Key>(1))).unzip())
}

/// Known orphans, those first that nobody has looked at for longest: parents come, children go.
async fn again(job: &Job, ends: &mut Ends<'_>, key: &Severed) -> Result<(), StepError> {
    let select = "SELECT key FROM rerp_split.orphan WHERE migration = $1 AND number = $2 AND key <> '{}' \
        ORDER BY checked_at, key LIMIT $3";
    let rows = ends.journal.query(select, &[&job.id(), &key.number, &SOME]).await;
    let keys: Vec<Key> = rows.map_err(failed("read the known orphans"))?.iter().map(|row| row.get(0)).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let orphans = look(ends, &key.edge, &keys).await?;
    write(job, ends.journal, key, &keys, &orphans, None).await
}

/// Goes on with the pass over all keys of the child.
async fn pass(job: &Job, ends: &mut Ends<'_>, key: &Severed, limit: Duration) -> Result<(), StepError> {
    let begun = Instant::now();
    let mut after = key.after.clone();
    loop {
        let keys = batch(ends.child, &key.edge, after.as_ref()).await?;
        let is_last = keys.len() < BATCH;
        let orphans = look(ends, &key.edge, &keys).await?;
        let looked_at: Vec<Key> = orphans.iter().map(|(key, _)| key.clone()).collect();
        let spent = key.pass_ms + begun.elapsed().as_secs_f64() * 1000.0;
        after = keys.into_iter().next_back();
        let progress = Progress { after: after.clone().filter(|_| !is_last), spent };
        if is_last {
            in_part(job, ends, key).await?;
        }
        write(job, ends.journal, key, &looked_at, &orphans, Some(progress)).await?;
        if is_last || begun.elapsed() > limit {
            return Ok(());
        }
    }
}

async fn batch(child: &Client, edge: &Edge, after: Option<&Key>) -> Result<Vec<Key>, StepError> {
    let sql = batch_sql(edge, after.is_some(), BATCH);
    let parameters: Vec<&(dyn ToSql + Sync)> = after.into_iter().flatten().map(|text| text as _).collect();
    let rows = query(child, &sql, &parameters, "read the keys of the child").await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Which of the keys the child has and the parent doesn't, and how many rows have each.
async fn look(ends: &Ends<'_>, edge: &Edge, keys: &[Key]) -> Result<Vec<(Key, i64)>, StepError> {
    let missing = by_place(ends.parent, &missing_sql(edge), edge, keys, "look for parents").await?;
    let missing: Vec<Key> = missing.iter().filter_map(|row| at(keys, row)).cloned().collect();
    let rows = by_place(ends.child, &children_sql(edge), edge, &missing, "look for children").await?;
    let counted = rows.iter().filter_map(|row| Some((at(&missing, row)?.clone(), row.get::<_, i64>(1))));
    Ok(counted.filter(|(_, rows)| *rows > 0).collect())
}

fn at<'a>(keys: &'a [Key], row: &Row) -> Option<&'a Key> {
    keys.get(usize::try_from(row.get::<_, i64>(0)).ok()?.checked_sub(1)?)
}

/// Runs a query on keys, given column by column.
async fn by_place(client: &Client, sql: &str, edge: &Edge, keys: &[Key], action: &str) -> Result<Vec<Row>, StepError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let column = |n: usize| keys.iter().map(|key| key.get(n).map(String::as_str)).collect::<Vec<_>>();
    let columns: Vec<Vec<Option<&str>>> = (0..edge.columns.len()).map(column).collect();
    let parameters: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as _).collect();
    query(client, sql, &parameters, action).await
}

async fn query(
    client: &Client,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
    action: &str,
) -> Result<Vec<Row>, StepError> {
    within(action, LIMIT_S, async { client.query(sql, parameters).await.map_err(failed(action)) }).await
}

/// Keys that are NULL in part, where MATCH FULL forbids it: they need no parent to be wrong.
async fn in_part(job: &Job, ends: &mut Ends<'_>, key: &Severed) -> Result<(), StepError> {
    let Some(sql) = in_part_sql(&key.edge) else { return Ok(()) };
    let rows = query(ends.child, &sql, &[], "count keys that are NULL in part").await?;
    let count: i64 = rows.first().map_or(0, |row| row.get(0));
    let found = if count > 0 { vec![(Key::new(), count)] } else { Vec::new() };
    write(job, ends.journal, key, &[Key::new()], &found, None).await
}

/// Where the pass is: the last key, none at its end; and what it took so far, milliseconds.
struct Progress {
    after: Option<Key>,
    spent: f64,
}

/// Writes down what a look came to: `looked_at` are no orphans but for those that were found.
async fn write(
    job: &Job,
    journal: &mut Client,
    key: &Severed,
    looked_at: &[Key],
    orphans: &[(Key, i64)],
    progress: Option<Progress>,
) -> Result<(), StepError> {
    // What was found by its own key is written down in any case.
    let room = progress.is_none() || rows::known(journal, job.id(), key).await?.keys < KNOWN_LIMIT;
    let transaction = job.begin(journal).await?;
    replace(job, &transaction, key, looked_at, if room { orphans } else { &[] }).await?;
    if let Some(progress) = progress {
        let update = "UPDATE rerp_split.foreign_key SET key_after = $3::text[], note = NULL, \
            pass_ms = CASE WHEN $3::text[] IS NULL THEN 0 ELSE $4::float8 END, \
            compared_at = CASE WHEN $3::text[] IS NULL THEN now() ELSE compared_at END, \
            compared_ms = CASE WHEN $3::text[] IS NULL THEN $4::float8 ELSE compared_ms END WHERE migration = $1 AND number = $2";
        let parameters: [&(dyn ToSql + Sync); 4] = [&job.id(), &key.number, &progress.after, &progress.spent];
        transaction.execute(update, &parameters).await.map_err(failed("write down how far a comparison is"))?;
    }
    transaction.commit().await.map_err(failed("write down orphans"))
}

async fn replace(
    job: &Job,
    transaction: &Transaction<'_>,
    key: &Severed,
    looked_at: &[Key],
    orphans: &[(Key, i64)],
) -> Result<(), StepError> {
    let delete = "DELETE FROM rerp_split.orphan WHERE migration = $1 AND number = $2 AND key IN ( \
        SELECT ARRAY(SELECT jsonb_array_elements_text(k)) FROM jsonb_array_elements($3::jsonb) AS k)";
    if !looked_at.is_empty() {
        let looked_at = Json(looked_at);
        transaction.execute(delete, &[&job.id(), &key.number, &looked_at]).await.map_err(failed("forget orphans"))?;
    }
    let insert = "INSERT INTO rerp_split.orphan (migration, number, key, rows) \
        SELECT $1, $2, ARRAY(SELECT jsonb_array_elements_text(o -> 0)), (o ->> 1)::bigint \
        FROM jsonb_array_elements($3::jsonb) AS o \
        ON CONFLICT (migration, number, key) DO UPDATE SET rows = excluded.rows, checked_at = now()";
    if !orphans.is_empty() {
        let orphans = Json(orphans);
        transaction.execute(insert, &[&job.id(), &key.number, &orphans]).await.map_err(failed("write down orphans"))?;
    }
    Ok(())
}
