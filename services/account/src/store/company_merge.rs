//! The SQL that says that two companies of the registry are one, and that takes it back.

use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

/// What saying so ended in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// It is so now, or was before: the company that both are.
    Is(Uuid),
    /// There is no company of the first identifier.
    Absent,
    /// There is none of the second, or it is the first one again.
    NoTarget,
    /// The first one was merged into another one already.
    Elsewhere,
}

/// Both rows, the smaller identifier first: two who merge the same companies the other way round wait for each other instead of for ever.
const LOCK: &str =
    "SELECT id, merged_into FROM companies WHERE id = ANY(ARRAY[$1, $2]::uuid[]) ORDER BY id FOR NO KEY UPDATE";
/// What was merged into the first one goes along, so that a name is looked up in one step.
const MERGE: &str = "UPDATE companies SET merged_into = $2, merged_at = now(), merged_by = $3, updated_at = now() \
     WHERE id = $1 OR merged_into = $1";
const UNDO: &str = "UPDATE companies SET merged_into = NULL, merged_at = NULL, merged_by = NULL, updated_at = now() \
     WHERE id = $1 AND merged_into IS NOT NULL";

/// Says that the company `from` is the company `into`; if that one was merged itself, the company that it is. `by` is of the staff.
///
/// # Errors
/// See [`DbError`].
pub async fn merge(db: &Db, from: Uuid, into: Uuid, by: Option<Uuid>) -> Result<Merged, DbError> {
    db.transaction_idempotent(&(from, into, by), |session, (from, into, by)| {
        Box::pin(async move {
            let given = lock(session, *from, *into).await?;
            let of = |wanted: Uuid| given.iter().find(|(id, _)| *id == wanted).map(|(_, merged)| *merged);
            let Some(present) = of(*from) else { return Ok(Merged::Absent) };
            let Some(target) = of(*into).map(|merged| merged.unwrap_or(*into)) else { return Ok(Merged::NoTarget) };
            if target == *from {
                return Ok(Merged::NoTarget);
            }
            match present {
                Some(present) if present == target => return Ok(Merged::Is(target)),
                Some(_) => return Ok(Merged::Elsewhere),
                None => {}
            }
            sqlx::query(MERGE).bind(from).bind(target).bind(by).execute(session.conn()).await?;
            Ok(Merged::Is(target))
        })
    })
    .await
}

async fn lock(session: &mut Session, one: Uuid, other: Uuid) -> Result<Vec<(Uuid, Option<Uuid>)>, sqlx::Error> {
    sqlx::query_as(LOCK).bind(one).bind(other).fetch_all(session.conn()).await
}

/// Takes it back: the company is itself again. False when it was.
///
/// # Errors
/// See [`DbError`].
pub async fn undo(db: &Db, company: Uuid) -> Result<bool, DbError> {
    db.transaction_idempotent(&company, |session, company| {
        Box::pin(async move {
            let undone = sqlx::query(UNDO).bind(company).execute(session.conn()).await?.rows_affected() == 1;
            // After a lost answer it may be this request that took it back.
            Ok(undone || session.attempt() > 1)
        })
    })
    .await
}
