//! One table, from socket to socket: nothing is decoded, nothing is kept.

use super::{Progress, STALL};
use crate::inspect::Table;
use crate::sql;
use crate::step::{Job, StepError, failed};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use tokio_postgres::{Client, Transaction};

/// How many rows go over between two reports of progress.
const REPORT_ROWS: u64 = 2_000;

fn format(table: &Table) -> &'static str {
    if table.is_binary() { "binary" } else { "text" }
}

/// `COPY … TO STDOUT`. `ONLY` isn't needed: tables with children are refused.
#[must_use]
pub fn copy_out_sql(schema: &str, table: &Table) -> String {
    format!(
        "COPY {} ({}) TO STDOUT (FORMAT {})",
        sql::qualified(schema, &table.name),
        sql::idents(table.copied_columns()),
        format(table)
    )
}

/// `COPY … FROM STDIN`. `FREEZE` is allowed because the table is emptied in the same transaction, and spares the new
/// server the vacuum that a fresh table needs.
#[must_use]
pub fn copy_in_sql(schema: &str, table: &Table) -> String {
    format!(
        "COPY {} ({}) FROM STDIN (FORMAT {}, FREEZE)",
        sql::qualified(schema, &table.name),
        sql::idents(table.copied_columns()),
        format(table)
    )
}

/// Empties the table on the target and fills it from the reader's snapshot, in one fenced transaction.
pub(super) async fn copy(
    job: &Job,
    reader: &Client,
    target: &mut Client,
    schema: &str,
    table: &Table,
    progress: &dyn Progress,
) -> Result<(), StepError> {
    let name = &table.name;
    progress.copied(name, 0, 0, false);
    let transaction = job.begin(target).await?;
    let truncate = format!("TRUNCATE {}", sql::qualified(&job.spec.target.schema, name));
    transaction.batch_execute(&truncate).await.map_err(failed(format!("empty {name} on the target")))?;
    let (rows, bytes) = pump(reader, &transaction, (schema, &job.spec.target.schema), table, progress).await?;
    transaction.commit().await.map_err(failed(format!("commit the copy of {name}")))?;
    progress.copied(name, rows, bytes, true);
    Ok(())
}

/// Returns exact rows and bytes. The server sends one message per row, which is what progress counts.
async fn pump(
    reader: &Client,
    target: &Transaction<'_>,
    schemas: (&str, &str),
    table: &Table,
    progress: &dyn Progress,
) -> Result<(u64, u64), StepError> {
    let name = &table.name;
    let from = reader
        .copy_out(&copy_out_sql(schemas.0, table))
        .await
        .map_err(failed(format!("read {name} from the source")))?;
    let into = target
        .copy_in::<_, Bytes>(&copy_in_sql(schemas.1, table))
        .await
        .map_err(failed(format!("write {name} on the target")))?;
    tokio::pin!(from, into);
    let (mut rows, mut bytes) = (0, 0);
    while let Some(chunk) = stalled(name, from.next()).await? {
        let chunk = chunk.map_err(failed(format!("read {name} from the source")))?;
        rows += 1;
        bytes += chunk.len() as u64;
        let sent = stalled(name, into.feed(chunk)).await?;
        sent.map_err(failed(format!("write {name} on the target")))?;
        if rows % REPORT_ROWS == 0 {
            progress.copied(name, rows, bytes, false);
        }
    }
    let rows = into.finish().await.map_err(failed(format!("write {name} on the target")))?;
    Ok((rows, bytes))
}

async fn stalled<T>(table: &str, work: impl Future<Output = T>) -> Result<T, StepError> {
    tokio::time::timeout(STALL, work)
        .await
        .map_err(|_| StepError::Deadline { what: format!("the next row of {table}"), seconds: STALL.as_secs() })
}
