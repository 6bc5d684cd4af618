//! One range of keys, compared as a whole, and taken apart into keys if it differs.

use super::key::KeySql;
use super::{Pair, Queries};
use crate::step::{StepError, failed, within};
use std::collections::HashMap;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

/// How long one query on one chunk may take.
const LIMIT_S: u64 = 300;

/// Text forms of a key's columns.
pub(super) type KeyText = Vec<String>;

/// A range of keys: after the one, up to and including the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunk {
    pub(super) after: Option<KeyText>,
    pub(super) upto: Option<KeyText>,
}

impl Chunk {
    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.after.iter().chain(&self.upto).flatten().map(|text| text as &(dyn ToSql + Sync)).collect()
    }
}

/// A row as the comparison sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// Hash of the row.
    pub(super) hash: i64,
    /// The transaction that wrote this version, on the row's own server.
    pub(super) xmin: String,
}

/// Key -> version.
pub(super) type Versions = HashMap<KeyText, Version>;

/// The key of the `rows`-th row of a range; none if it has fewer.
pub(super) async fn upper(
    source: &Client,
    sql: &KeySql,
    range: &Chunk,
    rows: i64,
) -> Result<Option<KeyText>, StepError> {
    let query = sql.upper(range.after.is_some(), range.upto.is_some(), rows);
    let found = source.query_opt(&query, &range.parameters()).await.map_err(failed("find the end of a chunk"))?;
    Ok(found.map(|row| (0..sql.width()).map(|n| row.get(n)).collect()))
}

/// What both sides say of a chunk as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum {
    /// Rows on the source.
    pub(super) rows: u64,
    pub(super) same: bool,
}

/// Adds the chunk up on both sides at the same time, so what is on its way differs: that is for `suspect` to tell.
pub(super) async fn sum(pair: &Pair, queries: &Queries, chunk: &Chunk) -> Result<Sum, StepError> {
    let (lower, upper) = (chunk.after.is_some(), chunk.upto.is_some());
    let (ours, theirs) = (queries.from.digest(lower, upper), queries.to.digest(lower, upper));
    let both = async { tokio::try_join!(digest(&pair.source, &ours, chunk), digest(&pair.target, &theirs, chunk)) };
    let (from, to) = within("comparing a chunk", LIMIT_S, both).await?;
    Ok(Sum { rows: u64::try_from(from.0).unwrap_or(0), same: from == to })
}

/// Takes the chunk apart: the keys that differ.
pub(super) async fn take_apart(pair: &Pair, queries: &Queries, chunk: &Chunk) -> Result<Vec<KeyText>, StepError> {
    let (lower, upper) = (chunk.after.is_some(), chunk.upto.is_some());
    let (ours, theirs) = (queries.from.rows(lower, upper), queries.to.rows(lower, upper));
    let parameters = chunk.parameters();
    let both = async {
        tokio::try_join!(versions(&pair.source, &ours, &parameters), versions(&pair.target, &theirs, &parameters))
    };
    let (from, to) = within("comparing keys", LIMIT_S, both).await?;
    Ok(differing(&from, &to))
}

type Digest = (i64, String, i64);

async fn digest(client: &Client, query: &str, chunk: &Chunk) -> Result<Digest, StepError> {
    let row = client.query_one(query, &chunk.parameters()).await.map_err(failed("hash a chunk"))?;
    Ok((row.get(0), row.get(1), row.get(2)))
}

/// Runs a query that returns key, hash and xmin.
pub(super) async fn versions(
    client: &Client,
    query: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Versions, StepError> {
    let rows = client.query(query, parameters).await.map_err(failed("read the keys of a chunk"))?;
    Ok(rows.iter().map(version).collect())
}

fn version(row: &Row) -> (KeyText, Version) {
    (row.get(0), Version { hash: row.get(1), xmin: row.get(2) })
}

fn differing(source: &Versions, target: &Versions) -> Vec<KeyText> {
    let hash = |versions: &Versions, key: &KeyText| versions.get(key).map(|version| version.hash);
    let changed = source.keys().filter(|key| hash(source, key) != hash(target, key));
    let extra = target.keys().filter(|key| !source.contains_key(*key));
    changed.chain(extra).cloned().collect()
}
