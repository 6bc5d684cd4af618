//! The SQL of `webhook_inbox` for staff: what came and what became of it, and that an event is worked on again. What works on it is in `inbox.rs`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// What becomes of an event: it is to be worked on, for the first time or once more; it was tried too often, and a person has to look; its object was fetched
/// and written down, or nobody here needs it.
pub const STATES: [&str; 3] = ["waiting", "dead", "done"];

/// An event of Stripe's, as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
#[schemars(rename = "WebhookEvent")]
pub struct Stored {
    /// Stripe's identifier.
    pub id: String,
    /// Its type, as Stripe has it.
    #[sqlx(rename = "type")]
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of object that is fetched; none if nobody here needs the event.
    pub object_kind: Option<String>,
    /// Which, by Stripe's identifier.
    pub object_id: Option<String>,
    /// `waiting`, `dead` (a person has to look) or `done`.
    #[schemars(extend("enum" = STATES))]
    pub state: String,
    /// How often it was tried.
    pub attempts: i16,
    /// Why it could not be done when it was last tried.
    pub error: Option<String>,
    /// When it came.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub received_at: Timestamp,
    /// When it was done.
    #[serde(serialize_with = "maybe")]
    #[schemars(with = "Option<Timestamp>")]
    pub done_at: Option<jiff_sqlx::Timestamp>,
    /// When it was given up.
    #[serde(serialize_with = "maybe")]
    #[schemars(with = "Option<Timestamp>")]
    pub dead_at: Option<jiff_sqlx::Timestamp>,
}

/// A time that may not have come, as it is answered.
#[allow(clippy::trivially_copy_pass_by_ref, clippy::ref_option, reason = "serde's form")]
fn maybe<S: Serializer>(time: &Option<jiff_sqlx::Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(jiff_sqlx::Timestamp::to_jiff).serialize(serializer)
}

/// What a page has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Of events in this state only.
    pub state: Option<String>,
    /// Of what came before this one: when it came, to the microsecond, and its identifier.
    pub before: (Timestamp, String),
    /// How many rows there may be.
    pub most: i64,
}

/// What becomes of the wish that an event is worked on again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It is due.
    Due,
    /// There is nothing to fetch: nobody here needs the event.
    Unneeded,
    /// There is no such event.
    Unknown,
}

const PAGE: &str = "SELECT * FROM (SELECT event_id AS id, type, object_kind, object_id, \
     CASE WHEN done_at IS NOT NULL THEN 'done' WHEN dead_at IS NOT NULL THEN 'dead' ELSE 'waiting' END AS state, \
     attempts, error, received_at, done_at, dead_at FROM webhook_inbox) AS e WHERE ($1::text IS NULL OR state = $1) \
     AND (received_at, id) < ($2, $3) ORDER BY received_at DESC, id DESC LIMIT $4";
/// It has all its attempts again. Of one that is being worked on, the object is fetched twice, which is harmless.
const AGAIN: &str = "WITH due AS (UPDATE webhook_inbox SET done_at = NULL, dead_at = NULL, attempts = 0, due_at = now() \
     WHERE event_id = $1 AND object_kind IS NOT NULL) SELECT object_kind IS NOT NULL FROM webhook_inbox WHERE event_id = $1";

/// Events, the newest first.
///
/// # Errors
/// See [`DbError`].
pub async fn page(db: &Db, wanted: &Wanted) -> Result<Vec<Stored>, DbError> {
    db.run(wanted, |session, Wanted { state, before: (at, id), most }| {
        let page = sqlx::query_as(PAGE).bind(state).bind(at.to_sqlx()).bind(id).bind(most);
        Box::pin(async move { page.fetch_all(session.conn()).await })
    })
    .await
}

/// Has an event worked on again, whatever has become of it: its object is fetched anew, and what there is written down.
///
/// # Errors
/// See [`DbError`].
pub async fn again(db: &Db, id: &str) -> Result<Again, DbError> {
    let needed: Option<bool> = db
        .run(id, |session, id| {
            let again = sqlx::query_scalar(AGAIN).bind(id);
            Box::pin(async move { again.fetch_optional(session.conn()).await })
        })
        .await?;
    Ok(needed.map_or(Again::Unknown, |needed| if needed { Again::Due } else { Again::Unneeded }))
}
