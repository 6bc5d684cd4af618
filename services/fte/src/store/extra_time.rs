//! The SQL of `extra_times`.

use jiff::Timestamp;
use rerp_kit::audit::older_first;
use rerp_kit::pool::{Db, DbError, Session};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::extra_time::allowed_s;

/// A row, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, JsonSchema)]
pub struct ExtraTime {
    /// Identity's: who has it.
    pub human_name_id: Uuid,
    /// Of a module's time, in percent of it.
    pub percent: i16,
    /// Since when it is so much.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub updated_at: Timestamp,
}

const GIVE: &str = "INSERT INTO extra_times AS t (human_name_id, percent) VALUES ($1, $2) ON CONFLICT (human_name_id) DO UPDATE SET \
     percent = excluded.percent, updated_at = CASE WHEN t.percent = excluded.percent THEN t.updated_at ELSE now() END \
     RETURNING human_name_id, percent, updated_at";
const FIND: &str = "SELECT human_name_id, percent, updated_at FROM extra_times WHERE human_name_id = $1";

/// Gives a person so much from the next session on. The same again changes nothing.
///
/// # Errors
/// See [`DbError`].
pub async fn give(db: &Db, human_name_id: Uuid, percent: i16) -> Result<ExtraTime, DbError> {
    db.transaction_idempotent(&(human_name_id, percent), |session, (human_name_id, percent)| {
        Box::pin(async move {
            older_first(session).await?;
            sqlx::query_as(GIVE).bind(*human_name_id).bind(*percent).fetch_one(session.conn()).await
        })
    })
    .await
}

/// Takes it away. False when there was none.
///
/// # Errors
/// See [`DbError`].
pub async fn take(db: &Db, human_name_id: Uuid) -> Result<bool, DbError> {
    db.transaction_idempotent(&human_name_id, |session, human_name_id| {
        Box::pin(async move {
            older_first(session).await?;
            let delete = sqlx::query("DELETE FROM extra_times WHERE human_name_id = $1").bind(*human_name_id);
            let taken = delete.execute(session.conn()).await?.rows_affected() == 1;
            // After a lost answer it may be this request that took it.
            Ok(taken || session.attempt() > 1)
        })
    })
    .await
}

/// What a person has; none for the time that everybody has.
///
/// # Errors
/// See [`DbError`].
pub async fn of_person(db: &Db, human_name_id: Uuid) -> Result<Option<ExtraTime>, DbError> {
    db.run(&human_name_id, |session, human_name_id| {
        let find = sqlx::query_as(FIND).bind(*human_name_id);
        Box::pin(async move { find.fetch_optional(session.conn()).await })
    })
    .await
}

/// What a module's time becomes for a person, in seconds.
pub(super) async fn allowed(session: &mut Session, person: Uuid, limit_s: i32) -> Result<i32, sqlx::Error> {
    let found: Option<ExtraTime> = sqlx::query_as(FIND).bind(person).fetch_optional(session.conn()).await?;
    Ok(found.map_or(limit_s, |extra| allowed_s(limit_s, extra.percent)))
}
