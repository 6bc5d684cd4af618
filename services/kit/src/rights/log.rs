//! The SQL of `rights_log`. In: who asked for what of whose. Out: a row. Must not hold more than identifiers and counts.

use uuid::Uuid;

use super::held::Subject;
use crate::access::Caller;
use crate::pool::Session;

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
    let (kind, who) = named(by);
    sqlx::query(EXPORTED).bind(id).bind(person).bind(kind).bind(who).execute(session.conn()).await.map(drop)
}

/// Notes what was erased.
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
