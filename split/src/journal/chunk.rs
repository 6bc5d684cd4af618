//! Ranges that have been copied, on the target: each row is committed together with the rows of its range, once.
//!
//! In: a transaction that is fenced by the run. Out: what is there. The primary key is what keeps a range from being
//! committed twice, by whomever.

use super::JournalError;
use std::collections::BTreeMap;
use std::ops::Add;
use tokio_postgres::GenericClient;

/// How much was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Rows.
    pub rows: u64,
    /// Bytes of COPY data.
    pub bytes: u64,
}

impl Copied {
    /// The larger of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { rows: self.rows.max(other.rows), bytes: self.bytes.max(other.bytes) }
    }
}

impl Add for Copied {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { rows: self.rows + other.rows, bytes: self.bytes + other.bytes }
    }
}

/// What has been copied as range `number` of `table`; none if it hasn't been committed.
///
/// # Errors
/// The statement failed.
pub async fn find<C: GenericClient + Sync>(
    client: &C,
    migration: &str,
    table: &str,
    number: i64,
) -> Result<Option<Copied>, JournalError> {
    let select = "SELECT rows, bytes FROM rerp_split.chunk WHERE migration = $1 AND table_name = $2 AND chunk = $3";
    let row = client.query_opt(select, &[&migration, &table, &number]).await;
    let count = |value: i64| u64::try_from(value).unwrap_or(0);
    let row = row.map_err(JournalError::query("look for a copied range"))?;
    Ok(row.map(|row| Copied { rows: count(row.get(0)), bytes: count(row.get(1)) }))
}

/// Writes a range down; fails if it is there already. Belongs into the transaction that holds the range's rows.
///
/// # Errors
/// The range has been committed before, or the statement failed.
pub async fn record<C: GenericClient + Sync>(
    transaction: &C,
    migration: &str,
    table: &str,
    number: i64,
    copied: Copied,
) -> Result<(), JournalError> {
    let insert = "INSERT INTO rerp_split.chunk (migration, table_name, chunk, rows, bytes) VALUES ($1, $2, $3, $4, $5)";
    let (rows, bytes) = (copied.rows.cast_signed(), copied.bytes.cast_signed());
    transaction
        .execute(insert, &[&migration, &table, &number, &rows, &bytes])
        .await
        .map(drop)
        .map_err(JournalError::query("write down a copied range"))
}

/// How many ranges have been copied.
///
/// # Errors
/// The statement failed.
pub async fn count<C: GenericClient + Sync>(client: &C, migration: &str) -> Result<usize, JournalError> {
    let select = "SELECT count(*) FROM rerp_split.chunk WHERE migration = $1";
    let row = client.query_one(select, &[&migration]).await.map_err(JournalError::query("count the copied ranges"))?;
    Ok(usize::try_from(row.get::<_, i64>(0)).unwrap_or(0))
}

/// How many rows have been copied, by table.
///
/// # Errors
/// The statement failed.
pub async fn rows<C: GenericClient + Sync>(client: &C, migration: &str) -> Result<BTreeMap<String, u64>, JournalError> {
    let select = "SELECT table_name, sum(rows)::int8 FROM rerp_split.chunk WHERE migration = $1 GROUP BY 1";
    let rows = client.query(select, &[&migration]).await.map_err(JournalError::query("add up the copied rows"))?;
    Ok(rows.iter().map(|row| (row.get(0), u64::try_from(row.get::<_, i64>(1)).unwrap_or(0))).collect())
}

/// Forgets all of them. Belongs into the transaction that empties the tables.
///
/// # Errors
/// The statement failed.
pub async fn forget<C: GenericClient + Sync>(transaction: &C, migration: &str) -> Result<(), JournalError> {
    transaction
        .execute("DELETE FROM rerp_split.chunk WHERE migration = $1", &[&migration])
        .await
        .map(drop)
        .map_err(JournalError::query("forget the copied ranges"))
}
