//! The SQL of `erasures` and `erasure_receipts`. In come whom to erase, and what services say they have done; out goes how far that is. Must not hold more than
//! identifiers, times and counts.

use jiff_sqlx::Timestamp;
use rerp_kit::access::Caller;
use rerp_kit::events::catalogue::UserErased;
use rerp_kit::events::outbox;
use rerp_kit::pool::{Db, DbError, Session};
use rerp_kit::rights::{self, Part, Subject};
use sqlx::types::Json;
use uuid::Uuid;

use super::order::oldest_first;
use crate::rights::HELD;

/// Whoever has data of people, this service among them. An erasure is over when all of them have given a receipt.
pub const HOLDERS: [&str; 5] = ["identity", "account", "billing", "fte", "marketing"];
/// How long services may take before somebody has to look: they ask every few seconds.
const PATIENCE: &str = "1 hour";
/// Most erasures of one answer.
const MOST: i64 = 50;

const LOCK: &str = "SELECT erased_at IS NOT NULL FROM human_names WHERE id = $1 FOR UPDATE";
/// The person's addresses, past and present. Whoever makes one of them theirs in this moment holds its row (a foreign key does): who it is, is known after that.
const LOCK_ADDRESSES: &str = "SELECT FROM email_addresses WHERE id = (SELECT h.email_address_id FROM human_names AS h WHERE h.id = $1) \
     OR id IN (SELECT f.email_address_id FROM former_addresses AS f WHERE f.human_name_id = $1) ORDER BY id FOR UPDATE";
/// Those that are nobody else's by now.
const ADDRESSES: &str = "SELECT e.id FROM email_addresses AS e WHERE (e.id = (SELECT h.email_address_id FROM human_names AS h WHERE h.id = $1) \
     OR e.id IN (SELECT f.email_address_id FROM former_addresses AS f WHERE f.human_name_id = $1)) \
     AND NOT EXISTS (SELECT FROM human_names AS o WHERE o.email_address_id = e.id AND o.id <> $1) ORDER BY e.id";
const BEGIN: &str = "INSERT INTO erasures (id, human_name_id, addresses) VALUES ($1, $2, $3)";
const RECEIPT: &str = "INSERT INTO erasure_receipts (erasure_id, service, parts) SELECT id, $2, $3 FROM erasures WHERE id = $1 \
     ON CONFLICT (erasure_id, service) DO NOTHING";
const COMPLETE: &str = "UPDATE erasures SET completed_at = now() WHERE id = $1 AND completed_at IS NULL \
     AND $2::text[] <@ ARRAY(SELECT service FROM erasure_receipts WHERE erasure_id = $1)";
const STATE: &str = "SELECT id, human_name_id, requested_at, completed_at, \
     completed_at IS NULL AND requested_at < now() - $2::interval AS overdue FROM erasures WHERE human_name_id = $1";
const RECEIPTS: &str =
    "SELECT service, parts, received_at FROM erasure_receipts WHERE erasure_id = $1 ORDER BY received_at, service";
const DUE: &str = "SELECT e.id, e.human_name_id, e.addresses FROM erasures AS e WHERE e.completed_at IS NULL AND NOT EXISTS \
     (SELECT FROM erasure_receipts AS r WHERE r.erasure_id = e.id AND r.service = $1) ORDER BY e.requested_at LIMIT $2";
const OPEN: &str = "SELECT count(*), count(*) FILTER (WHERE requested_at < now() - $1::interval) FROM erasures WHERE completed_at IS NULL";

/// An erasure.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Erasure {
    /// Its identifier.
    pub id: Uuid,
    /// The person, by the identifier that was theirs.
    pub human_name_id: Uuid,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When the last receipt came.
    pub completed_at: Option<Timestamp>,
    /// Whether somebody has to look.
    pub overdue: bool,
}

/// What a service has done.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Receipt {
    /// The service.
    pub service: String,
    /// To which tables.
    pub parts: Json<Vec<Part>>,
    /// When it said so.
    pub received_at: Timestamp,
}

/// Somebody to erase.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Due {
    /// Of the erasure.
    pub id: Uuid,
    /// The person.
    pub human_name_id: Uuid,
    /// Addresses that were the person's and nobody else's.
    pub addresses: Vec<Uuid>,
}

/// Erases a person here, in one transaction, and has everybody else do the same. False if there is no such person. Twice has the effect of once.
///
/// # Errors
/// See [`DbError`].
pub async fn begin(db: &Db, human: Uuid, by: &Caller) -> Result<bool, DbError> {
    db.transaction_idempotent(&(Uuid::now_v7(), human, by), |session, (id, human, by)| {
        Box::pin(async move {
            oldest_first(session).await?;
            let erased: Option<bool> = sqlx::query_scalar(LOCK).bind(human).fetch_optional(session.conn()).await?;
            if erased != Some(false) {
                return Ok(erased.is_some());
            }
            sqlx::query(LOCK_ADDRESSES).bind(human).execute(session.conn()).await?;
            let subject = Subject { person: *human, addresses: addresses_in(session, *human).await? };
            // Its rows, and the log's, are younger than those of events; they are locked by now, in the order of a cutover.
            let parts = rights::erase(session, HELD, *id, &subject, by).await?;
            outbox::publish(session, &UserErased { human_name_id: *human }).await?;
            sqlx::query(BEGIN).bind(id).bind(human).bind(&subject.addresses).execute(session.conn()).await?;
            sqlx::query(RECEIPT).bind(id).bind("identity").bind(Json(parts)).execute(session.conn()).await?;
            Ok(true)
        })
    })
    .await
}

async fn addresses_in(session: &mut Session, human: Uuid) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(ADDRESSES).bind(human).fetch_all(session.conn()).await
}

/// Identifiers of the addresses that are, or were, a person's and nobody else's.
///
/// # Errors
/// See [`DbError`].
pub async fn addresses(db: &Db, human: Uuid) -> Result<Vec<Uuid>, DbError> {
    db.run(&human, |session, human| Box::pin(addresses_in(session, *human))).await
}

/// How far the erasure of a person is, if there is one.
///
/// # Errors
/// See [`DbError`].
pub async fn state(db: &Db, human: Uuid) -> Result<Option<(Erasure, Vec<Receipt>)>, DbError> {
    db.run(&human, |session, human| {
        Box::pin(async move {
            let state = sqlx::query_as(STATE).bind(human).bind(PATIENCE).fetch_optional(session.conn()).await?;
            let Some(erasure): Option<Erasure> = state else { return Ok(None) };
            let receipts = sqlx::query_as(RECEIPTS).bind(erasure.id).fetch_all(session.conn()).await?;
            Ok(Some((erasure, receipts)))
        })
    })
    .await
}

/// People of whom `service` has given no receipt yet.
///
/// # Errors
/// See [`DbError`].
pub async fn due(db: &Db, service: &str) -> Result<Vec<Due>, DbError> {
    db.run(service, |session, service| {
        Box::pin(async move { sqlx::query_as(DUE).bind(service).bind(MOST).fetch_all(session.conn()).await })
    })
    .await
}

/// Takes a service's receipt; the first one stands. The last one ends the erasure.
///
/// # Errors
/// See [`DbError`].
pub async fn report(db: &Db, id: Uuid, service: &str, parts: &[Part]) -> Result<(), DbError> {
    db.transaction_idempotent(&(id, service, parts), |session, (id, service, parts)| {
        Box::pin(async move {
            // One after the other: each sees the receipts before it, so that the last one is known to be it.
            let lock = sqlx::query("SELECT FROM erasures WHERE id = $1 FOR UPDATE").bind(id);
            lock.execute(session.conn()).await?;
            sqlx::query(RECEIPT).bind(id).bind(*service).bind(Json(parts)).execute(session.conn()).await?;
            sqlx::query(COMPLETE).bind(id).bind(HOLDERS.to_vec()).execute(session.conn()).await.map(drop)
        })
    })
    .await
}

/// How many erasures are not over, and how many of them somebody has to look at.
///
/// # Errors
/// See [`DbError`].
pub async fn open(db: &Db) -> Result<(i64, i64), DbError> {
    db.run(&(), |session, ()| {
        Box::pin(async move { sqlx::query_as(OPEN).bind(PATIENCE).fetch_one(session.conn()).await })
    })
    .await
}
