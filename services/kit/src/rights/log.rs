//! The SQL of `rights_log`. In: who asked for what of whose. Out: a row. Must not hold more than identifiers and counts.

use sqlx::{Executor as _, raw_sql};
use uuid::Uuid;

use super::held::Subject;
use crate::access::Caller;
use crate::pool::Session;

/// Of staff a row of `staff_access` comes with COMMIT. That table is older than this one: a cutover, which locks the older first, would wait for whoever waits for it.
const OLDER_FIRST: &str = "LOCK TABLE staff_access IN ROW EXCLUSIVE MODE";
const EXPORTED: &str = "INSERT INTO rights_log (id, action, human_name_id, by_kind, by_id) VALUES ($1, 'export', $2, $3, $4) ON CONFLICT DO NOTHING";
const ERASED: &str = "INSERT INTO rights_log (id, action, human_name_id, addresses, by_kind, by_id, receipt) \
     VALUES ($1, 'erase', $2, $3, $4, $5, $6)";

/// Who it is, as the log has it.
fn named(caller: &Caller) -> (&'static str, Option<Uuid>) {
    match caller {
        Caller::Person { id, .. } => ("person", Some(*id)),
        Caller::Staff { id } => ("staff", Some(*id)),
        Caller::Service(_) => ("service", None),
        Caller::Nobody => ("nobody", None),
        Caller::Unchecked => ("unchecked", None),
    }
}

/// Notes that a person's data was given out.
pub(super) async fn exported(session: &mut Session, id: Uuid, person: Uuid, by: &Caller) -> Result<(), sqlx::Error> {
    if matches!(by, Caller::Staff { .. }) {
        session.conn().execute(raw_sql(OLDER_FIRST)).await?;
    }
    let (kind, who) = named(by);
    sqlx::query(EXPORTED).bind(id).bind(person).bind(kind).bind(who).execute(session.conn()).await.map(drop)
}

/// Notes what was erased. Where staff may ask for that, their table is locked by now: see Identity's `store/order.rs`.
pub(super) async fn erased(
    session: &mut Session,
    id: Uuid,
    subject: &Subject,
    by: &Caller,
    receipt: serde_json::Value,
) -> Result<(), sqlx::Error> {
    let (kind, who) = named(by);
    let insert = sqlx::query(ERASED).bind(id).bind(subject.person).bind(&subject.addresses).bind(kind).bind(who);
    insert.bind(receipt).execute(session.conn()).await.map(drop)
}
