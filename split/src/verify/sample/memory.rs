//! What the journal remembers of a sampled comparison: how tables were cut, and what ranges have come to.
//!
//! In: a way. Out: the same again for whoever goes on. All ranges of a table are written down at once, before any is compared; without a
//! journal nothing is remembered.

use super::super::chunk::Chunk;
use super::super::way::Way;
use crate::step::{Job, StepError, failed};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_postgres::Client;
use tokio_postgres::types::Json;

/// A range of one table.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) chunk: Chunk,
    /// Rows, by statistics.
    pub(super) expected: u64,
    /// What comparing it came to; none before.
    pub(super) seen: Option<Seen>,
}

/// What comparing a range came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) rows: u64,
    pub(super) chunks: u64,
    pub(super) took: Duration,
}

/// How a range is written down.
#[derive(Serialize)]
struct Written<'a> {
    after: Option<&'a [String]>,
    upto: Option<&'a [String]>,
    expected: u64,
}

/// Ranges by number, of each table that has been cut.
pub(super) async fn read(way: &Way<'_>) -> Result<BTreeMap<String, Vec<Range>>, StepError> {
    let Way::Journalled { job, journal } = way else { return Ok(BTreeMap::new()) };
    let select = "SELECT table_name, after_key, upto_key, expected, rows, chunks, ms FROM rerp_split.verify_range \
                  WHERE migration = $1 ORDER BY table_name, number";
    let rows = journal.query(select, &[&job.id()]).await.map_err(failed("read ranges to compare"))?;
    let mut tables: BTreeMap<String, Vec<Range>> = BTreeMap::new();
    for row in rows {
        let key = |column| row.get::<_, Option<Json<Vec<String>>>>(column).map(|Json(key)| key);
        let count = |column| row.get::<_, Option<i64>>(column).map(|count| u64::try_from(count).unwrap_or_default());
        let seen = count(4).map(|rows| Seen {
            rows,
            chunks: count(5).unwrap_or_default(),
            took: Duration::try_from_secs_f64(row.get::<_, Option<f64>>(6).unwrap_or_default() / 1000.0)
                .unwrap_or_default(),
        });
        let chunk = Chunk { after: key(1), upto: key(2) };
        let range = Range { chunk, expected: count(3).unwrap_or_default(), seen };
        tables.entry(row.get(0)).or_default().push(range);
    }
    Ok(tables)
}

/// Writes down how a table was cut.
pub(super) async fn write(way: &Way<'_>, table: &str, ranges: &[Range]) -> Result<(), StepError> {
    let Way::Journalled { job, journal } = way else { return Ok(()) };
    let written = |range: &Range| -> serde_json::Value {
        let (after, upto) = (range.chunk.after.as_deref(), range.chunk.upto.as_deref());
        serde_json::json!(Written { after, upto, expected: range.expected })
    };
    let all: Vec<serde_json::Value> = ranges.iter().map(written).collect();
    let insert = "WITH held AS (SELECT rerp_split.hold_run($1, $2)) \
        INSERT INTO rerp_split.verify_range (migration, table_name, number, after_key, upto_key, expected) \
        SELECT $1, $3, r.n - 1, nullif(r.one -> 'after', 'null'), nullif(r.one -> 'upto', 'null'), (r.one ->> 'expected')::int8 \
        FROM held, jsonb_array_elements($4) WITH ORDINALITY AS r(one, n)";
    let written = journal.execute(insert, &[&job.id(), &job.run, &table, &Json(all)]).await;
    written.map(drop).map_err(failed("write down ranges to compare"))
}

/// Writes down that a range has been compared and is the same on both sides.
pub(super) async fn record(way: &Way<'_>, table: &str, number: usize, seen: Seen) -> Result<(), StepError> {
    let Way::Journalled { job, journal } = way else { return Ok(()) };
    let update = "WITH held AS (SELECT rerp_split.hold_run($1, $2)) \
        UPDATE rerp_split.verify_range SET rows = $5, chunks = $6, ms = $7 FROM held \
        WHERE migration = $1 AND table_name = $3 AND number = $4";
    let (rows, chunks) = (seen.rows.cast_signed(), seen.chunks.cast_signed());
    let (number, ms) = (i64::try_from(number).unwrap_or(i64::MAX), seen.took.as_secs_f64() * 1000.0);
    let done = journal.execute(update, &[&job.id(), &job.run, &table, &number, &rows, &chunks, &ms]).await;
    done.map(drop).map_err(failed("write down a compared range"))
}

/// Forgets all of it.
pub(in crate::verify) async fn forget(job: &Job, source: &Client) -> Result<(), StepError> {
    let delete = "WITH held AS (SELECT rerp_split.hold_run($1, $2)) \
                  DELETE FROM rerp_split.verify_range USING held WHERE migration = $1";
    source.execute(delete, &[&job.id(), &job.run]).await.map(drop).map_err(failed("forget the comparison"))
}
