//! `Idempotency-Key`: the same request sent twice has its effect once and gets the same answer. In come a key and what
//! the request asked for; out goes the stored answer or leave to go on. Works inside the transaction of the effect, on
//! the table `idempotency_keys` that each service creates in its migrations.
//! Must not store what a request said, only a digest of it.

mod optional;

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use optional::{give_back, keep, take, used};

use crate::http::{single_header, strict_uuid};
use crate::pool::{Db, DbError, Session};
use crate::problem::Problem;
use crate::problem::catalogue::{IN_PROGRESS, INTERNAL, KEY_REUSED, MALFORMED_HEADER};

/// How long answers are kept.
const KEPT: &str = "24 hours";
/// How many old answers one statement deletes.
const SWEEP: i64 = 1000;
/// Pause between two turns of deleting.
const PAUSE: Duration = Duration::from_secs(600);

/// Claims a key if its lock is free. The schema is part of the lock's name: several services may share this database.
const CLAIM: &str = "INSERT INTO idempotency_keys (scope, key, fingerprint, answer) \
     SELECT $1::text, $2::text, $3::bytea, $4::jsonb \
     WHERE pg_try_advisory_xact_lock(hashtextextended(concat_ws(' ', current_schema(), $1, $2), 0)) \
     ON CONFLICT DO NOTHING";
/// Claims a key once its lock is free.
const CLAIM_AFTER_OTHERS: &str = "INSERT INTO idempotency_keys (scope, key, fingerprint, answer) \
     SELECT $1::text, $2::text, $3::bytea, $4::jsonb \
     WHERE pg_advisory_xact_lock(hashtextextended(concat_ws(' ', current_schema(), $1, $2), 0)) IS NOT NULL \
     ON CONFLICT DO NOTHING";

/// A key given by a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The key of a request, if it has one: 1 to 255 visible ASCII characters.
    ///
    /// # Errors
    /// A problem when the header is there and can't be used.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(text) = single_header(headers, "idempotency-key")? else { return Ok(None) };
        if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Some(Self(text.to_owned())));
        }
        Err(Problem::new(MALFORMED_HEADER)
            .detail("Idempotency-Key must be 1 to 255 visible ASCII characters without spaces"))
    }

    /// The key as an identifier for what is created, when it is a UUID in its usual form of 36 characters. A caller that
    /// keeps its own ledger so knows the identifier before it sends the request.
    #[must_use]
    pub fn as_id(&self) -> Option<Uuid> {
        strict_uuid(&self.0)
    }
}

/// What a key stands for.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The route, so that one key may be used on two routes.
    pub scope: &'static str,
    /// The caller's key.
    pub key: Key,
    /// Digest of what was asked for.
    pub fingerprint: Vec<u8>,
}

impl Claim {
    /// The identifier of what a create will make, and the claim on the caller's key if there is one. A key that is a UUID is
    /// the identifier; see [`Claim::new`] for `asked`.
    ///
    /// # Errors
    /// A problem when the claim can't be made: a bug.
    pub fn of_create(
        scope: &'static str,
        key: Option<Key>,
        asked: &impl Serialize,
    ) -> Result<(Uuid, Option<Self>), Problem> {
        let Some(key) = key else { return Ok((Uuid::now_v7(), None)) };
        let id = key.as_id().unwrap_or_else(Uuid::now_v7);
        let claim = Self::new(scope, key, asked).map_err(|_| Problem::new(INTERNAL))?;
        Ok((id, Some(claim)))
    }

    /// A claim on `key` for what `asked` says. Leave out of `asked` what may differ in an honest repetition, and what
    /// must not be stored in any form.
    ///
    /// # Errors
    /// When `asked` can't be written as JSON: a bug.
    pub fn new(scope: &'static str, key: Key, asked: &impl Serialize) -> Result<Self, serde_json::Error> {
        let fingerprint = Sha256::digest(serde_json::to_vec(asked)?).to_vec();
        Ok(Self { scope, key, fingerprint })
    }
}

/// What the table says about a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Never seen: the answer is stored now, go on and have the effect in this transaction.
    Fresh,
    /// Done before: answer with this.
    Done(serde_json::Value),
    /// Done before for something else.
    Reused,
    /// Somebody is doing it right now.
    InProgress,
}

impl Standing {
    /// The problem to answer with, if it is one.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        match self {
            Self::Fresh | Self::Done(_) => None,
            Self::Reused => Some(Problem::new(KEY_REUSED).detail("use a new key for a new request")),
            Self::InProgress => Some(Problem::new(IN_PROGRESS).retry_after(1)),
        }
    }
}

/// The answer of the first time, marked as such.
#[must_use]
pub fn replayed(status: StatusCode, answer: serde_json::Value) -> Response {
    let mut response = (status, axum::Json(answer)).into_response();
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}

/// Claims a key inside the caller's transaction and stores `answer` under it. Where the answer is known only after the
/// effect, [`settle`] replaces it in the same transaction.
///
/// Twins are told apart by an advisory lock that ends with the transaction. A first attempt only tries it; a later
/// attempt of the same request waits for it, since the holder may be its own predecessor, whose connection was lost and
/// which the server hasn't ended yet. Lock and insert are one statement: every create pays this round trip.
///
/// # Errors
/// The driver's.
async fn claim(session: &mut Session, claim: &Claim, answer: &serde_json::Value) -> Result<Standing, sqlx::Error> {
    let statement = if session.attempt() == 1 { CLAIM } else { CLAIM_AFTER_OTHERS };
    let inserted = sqlx::query(statement)
        .bind(claim.scope)
        .bind(&claim.key.0)
        .bind(&claim.fingerprint)
        .bind(answer)
        .execute(session.conn())
        .await?;
    if inserted.rows_affected() == 1 {
        return Ok(Standing::Fresh);
    }
    // Either somebody holds the lock, and what it wrote is not to be seen yet, or the key was used before.
    let stored: Option<(Vec<u8>, serde_json::Value)> =
        sqlx::query_as("SELECT fingerprint, answer FROM idempotency_keys WHERE scope = $1 AND key = $2")
            .bind(claim.scope)
            .bind(&claim.key.0)
            .fetch_optional(session.conn())
            .await?;
    Ok(match stored {
        None => Standing::InProgress,
        Some((fingerprint, answer)) if fingerprint == claim.fingerprint => Standing::Done(answer),
        Some(_) => Standing::Reused,
    })
}

/// Whether a key was used before, for this or for something else.
///
/// # Errors
/// The driver's.
async fn is_used(session: &mut Session, claim: &Claim) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM idempotency_keys WHERE scope = $1 AND key = $2)")
        .bind(claim.scope)
        .bind(&claim.key.0)
        .fetch_one(session.conn())
        .await
}

/// Replaces the answer stored under a key that this transaction has claimed.
///
/// # Errors
/// The driver's.
async fn settle(session: &mut Session, claim: &Claim, answer: &serde_json::Value) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE idempotency_keys SET answer = $3 WHERE scope = $1 AND key = $2")
        .bind(claim.scope)
        .bind(&claim.key.0)
        .bind(answer)
        .execute(session.conn())
        .await?;
    Ok(())
}

/// Gives back a key that this transaction has claimed: the request was refused, so there is no effect to protect, and the
/// caller may use the key for the corrected request.
///
/// # Errors
/// The driver's.
async fn release(session: &mut Session, claim: &Claim) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM idempotency_keys WHERE scope = $1 AND key = $2")
        .bind(claim.scope)
        .bind(&claim.key.0)
        .execute(session.conn())
        .await?;
    Ok(())
}

/// Deletes answers that are old enough, a bounded number of them. Several pods may do it at once.
///
/// # Errors
/// See [`DbError`].
pub async fn sweep(db: &Db) -> Result<u64, DbError> {
    db.run(&(), |session, ()| {
        Box::pin(async move {
            let deleted = sqlx::query(
                "DELETE FROM idempotency_keys WHERE (scope, key) IN (SELECT scope, key FROM idempotency_keys \
             WHERE created_at < now() - $1::interval ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
            )
            .bind(KEPT)
            .bind(SWEEP)
            .execute(session.conn())
            .await?;
            Ok(deleted.rows_affected())
        })
    })
    .await
}

/// Deletes old answers now and then until told to stop. It works in small steps, and a failure waits for the next turn.
pub async fn keep_swept(db: Db, stop: CancellationToken) {
    let db = db.at_work();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        while let Ok(deleted) = sweep(&db).await {
            if deleted == 0 || stop.is_cancelled() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &'static str) -> Result<Option<Key>, Problem> {
        Key::of(&HeaderMap::from_iter([(
            "idempotency-key".parse().unwrap(),
            HeaderValue::from_bytes(text.as_bytes()).unwrap(),
        )]))
    }

    #[test]
    fn keys_are_short_visible_text() {
        assert_eq!(Key::of(&HeaderMap::new()).unwrap(), None);
        assert!(key("form-17").unwrap().is_some());
        for bad in ["", "a b", "ü"] {
            assert!(key(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_usual_form_of_a_uuid_is_an_id() {
        let id = |text| key(text).unwrap().unwrap().as_id();
        assert!(id("0191f7a1-3f0c-7000-8000-000000000001").is_some());
        for other in ["0191f7a13f0c70008000000000000001", "{0191f7a1-3f0c-7000-8000-000000000001}", "form-17"] {
            assert_eq!(id(other), None, "{other}");
        }
    }
}
