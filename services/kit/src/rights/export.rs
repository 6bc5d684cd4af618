//! A person's data, as a service holds it. In: the service's table, and whose. Out: a document for machines, table by table, with nothing left out but what it
//! names. Must not give out another one's rows, nor go unnoticed: it is written down in the transaction that reads.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::held::{AtErase, Held, Subject};
use super::log;
use crate::access::Caller;
use crate::pool::{Db, DbError, Session};

/// Most rows of one table: more than anybody has, and no more than fits.
const MOST: i64 = 10_000;

/// What one service holds of a person.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Export {
    /// The service.
    pub service: &'static str,
    /// The person.
    pub human_name_id: Uuid,
    /// When it was read.
    pub at: Timestamp,
    /// What it holds.
    pub tables: Vec<Table>,
}

/// What one table holds of a person.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ExportedTable")]
pub struct Table {
    /// Its name.
    pub table: &'static str,
    /// The rows, by column.
    #[schemars(with = "Vec<Map<String, Value>>")]
    pub rows: Vec<Value>,
    /// Whether these are all.
    pub complete: bool,
    /// Columns that aren't shown: secrets of the platform.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub hidden: &'static [&'static str],
    /// Why they stay when the person is erased, if they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stays: Option<&'static str>,
}

/// Reads everything that `held` names of a person, as of one moment, and writes down who asked for it. `db` is the caller's, or at work for the caller where policies
/// don't know all of it as theirs: the conditions of `held` say whose rows are read.
///
/// # Errors
/// See [`DbError`].
pub async fn export(
    db: &Db,
    service: &'static str,
    held: &'static [Held],
    subject: &Subject,
    by: &Caller,
) -> Result<Export, DbError> {
    let given = (Uuid::now_v7(), held, subject, by);
    let tables = db.transaction_idempotent(&given, |session, (id, held, subject, by)| {
        Box::pin(async move {
            let mut tables = Vec::with_capacity(held.len());
            for one in *held {
                tables.push(table(session, one, subject).await?);
            }
            log::exported(session, *id, subject.person, by).await?;
            Ok(tables)
        })
    });
    Ok(Export { service, human_name_id: subject.person, at: Timestamp::now(), tables: tables.await? })
}

async fn table(session: &mut Session, held: &'static Held, subject: &Subject) -> Result<Table, sqlx::Error> {
    let select = sqlx::query_scalar(held.select()).bind(subject.keys(held.by)).bind(held.hidden).bind(MOST + 1);
    let mut rows: Vec<Value> = select.fetch_all(session.conn()).await?;
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let complete = rows.len() <= most;
    rows.truncate(most);
    let stays = if let AtErase::Keep(why) = held.at_erase { Some(why) } else { None };
    Ok(Table { table: held.table, rows, complete, hidden: held.hidden, stays })
}
