//! The SQL of `intake`: sealed addresses that wait for Identity, and the leads that wait for them. Tables are written from the oldest to the
//! youngest, as a cutover locks them.

use std::time::Duration;

use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

use crate::domain::Lead;
use crate::domain::intake::Sealed;

/// How long a row that a worker took is left alone by others, in seconds.
const LEASE_S: i64 = 30;
/// How many leads one turn forgets.
const EXPIRE: i64 = 1000;

const TAKE: &str = "UPDATE intake SET turn_at = now() + $2::bigint * interval '1 second' WHERE (lead, lead_id) IN \
     (SELECT lead, lead_id FROM intake WHERE turn_at <= now() AND expires_at > now() AND key = ANY($3) \
     ORDER BY turn_at LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING lead, lead_id, key, sealed, mark";
const DEPTH: &str = "SELECT count(*) FILTER (WHERE key = ANY($1)) AS waiting, count(*) FILTER (WHERE key <> ALL($1)) AS unreadable, \
     coalesce(extract(epoch FROM now() - min(created_at) FILTER (WHERE key = ANY($1))), 0)::bigint AS oldest_s, \
     coalesce(extract(epoch FROM now() - min(created_at) FILTER (WHERE key <> ALL($1))), 0)::bigint AS unreadable_s FROM intake";
const FORGET: &str =
    "DELETE FROM intake WHERE (lead = 'capture' AND lead_id = ANY($1)) OR (lead = 'message' AND lead_id = ANY($2))";
/// What wouldn't have been taken, had its address been known.
const DROP_SUPPRESSED: &str = "DELETE FROM email_captures WHERE id = ANY($1) AND email_address_id IS NULL \
     AND EXISTS (SELECT FROM suppressions AS s WHERE s.email_address_id = $2)";
/// Names of companies whose capture is gone.
const UNNAME_GONE: &str = "DELETE FROM pending_companies WHERE lead = 'capture' AND lead_id = ANY($1) \
     AND NOT EXISTS (SELECT FROM email_captures AS c WHERE c.id = lead_id)";
/// Consents whose capture is gone.
const CONSENTS_GONE: &str = "DELETE FROM consents WHERE lead = 'capture' AND lead_id = ANY($1) \
     AND NOT EXISTS (SELECT FROM email_captures AS c WHERE c.id = lead_id)";
const CONSENTS: &str = "UPDATE consents SET email_address_id = $3 WHERE email_address_id IS NULL \
     AND ((lead = 'capture' AND lead_id = ANY($1)) OR (lead = 'message' AND lead_id = ANY($2)))";
const CONSENTS_REMOVED: &str = "DELETE FROM consents WHERE email_address_id IS NULL \
     AND ((lead = 'capture' AND lead_id = ANY($1)) OR (lead = 'message' AND lead_id = ANY($2)))";

/// An address to be kept with its lead.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Which kind of lead.
    pub lead: Lead,
    /// The address.
    pub sealed: Sealed,
    /// How long it is kept at most.
    pub lifetime: Duration,
}

/// A row that a worker took.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Waiting {
    /// Label of the lead's kind.
    pub lead: String,
    /// Its identifier.
    pub lead_id: Uuid,
    /// Name of the key.
    pub key: String,
    /// The address, sealed.
    pub sealed: Vec<u8>,
    /// What rows of one address have in common.
    pub mark: Vec<u8>,
}

/// Identifiers of leads, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leads {
    captures: Vec<Uuid>,
    messages: Vec<Uuid>,
}

impl Leads {
    /// Those of these rows.
    #[must_use]
    pub fn of(rows: &[Waiting]) -> Self {
        Self::sorted(rows.iter().map(|row| (row.lead.as_str(), row.lead_id)))
    }

    fn sorted<'a>(rows: impl Iterator<Item = (&'a str, Uuid)>) -> Self {
        let (captures, messages): (Vec<_>, Vec<_>) = rows.partition(|(lead, _)| *lead == Lead::Capture.label());
        let ids = |rows: Vec<(&str, Uuid)>| rows.into_iter().map(|(_, id)| id).collect();
        Self { captures: ids(captures), messages: ids(messages) }
    }

    fn count(&self) -> usize {
        self.captures.len() + self.messages.len()
    }
}

/// How much waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Depth {
    /// Rows that can be opened.
    pub waiting: i64,
    /// Rows whose key isn't here.
    pub unreadable: i64,
    /// Age in seconds of the oldest that can be opened.
    pub oldest_s: i64,
    /// Age in seconds of the oldest whose key isn't here.
    pub unreadable_s: i64,
}

/// Keeps the address with its lead, in the lead's transaction.
pub(super) async fn keep(session: &mut Session, id: Uuid, kept: &Kept) -> Result<(), sqlx::Error> {
    let lifetime = i64::try_from(kept.lifetime.as_secs()).unwrap_or(i64::MAX);
    sqlx::query(
        "INSERT INTO intake (lead, lead_id, key, sealed, mark, expires_at) \
         VALUES ($1, $2, $3, $4, $5, now() + $6::bigint * interval '1 second') ON CONFLICT DO NOTHING",
    )
    .bind(kept.lead.label())
    .bind(id)
    .bind(&kept.sealed.key)
    .bind(&kept.sealed.sealed)
    .bind(&kept.sealed.mark)
    .bind(lifetime)
    .execute(session.conn())
    .await?;
    Ok(())
}

/// Takes up to `most` rows whose turn has come and which one of these keys opens; others leave them alone for a while. Taken twice, they only
/// wait longer.
///
/// # Errors
/// See [`DbError`].
pub async fn take(db: &Db, most: i64, keys: &[String]) -> Result<Vec<Waiting>, DbError> {
    db.run(&(most, keys), |session, (most, keys)| {
        Box::pin(async move {
            sqlx::query_as(TAKE).bind(most).bind(LEASE_S).bind(keys.to_vec()).fetch_all(session.conn()).await
        })
    })
    .await
}

/// Gives the leads their address and forgets what was typed; how many leads. Captures of an address on the list of suppressions go: they would not have been taken.
/// Harmless to do twice: an address has one identifier.
///
/// # Errors
/// See [`DbError`].
pub async fn settle(db: &Db, leads: &Leads, address: Uuid) -> Result<usize, DbError> {
    db.transaction_idempotent(&(leads, address), |session, (leads, address)| {
        Box::pin(async move {
            for (statement, ids) in [
                (DROP_SUPPRESSED, &leads.captures),
                (
                    "UPDATE email_captures SET email_address_id = $2 WHERE id = ANY($1) AND email_address_id IS NULL",
                    &leads.captures,
                ),
                (
                    "UPDATE contact_messages SET email_address_id = $2 WHERE id = ANY($1) AND email_address_id IS NULL",
                    &leads.messages,
                ),
            ] {
                if !ids.is_empty() {
                    sqlx::query(statement).bind(ids).bind(address).execute(session.conn()).await?;
                }
            }
            if !leads.captures.is_empty() {
                sqlx::query(UNNAME_GONE).bind(&leads.captures).execute(session.conn()).await?;
            }
            forget(session, leads).await?;
            sqlx::query(CONSENTS_GONE).bind(&leads.captures).execute(session.conn()).await?;
            let consents = sqlx::query(CONSENTS).bind(&leads.captures).bind(&leads.messages).bind(address);
            consents.execute(session.conn()).await.map(drop)
        })
    })
    .await?;
    Ok(leads.count())
}

/// Deletes the leads with all that waits for them or came with them; how many.
///
/// # Errors
/// See [`DbError`].
pub async fn remove(db: &Db, leads: &Leads) -> Result<usize, DbError> {
    db.transaction_idempotent(leads, |session, leads| {
        Box::pin(async move {
            for (delete, ids) in [
                ("DELETE FROM email_captures WHERE id = ANY($1) AND email_address_id IS NULL", &leads.captures),
                ("DELETE FROM contact_messages WHERE id = ANY($1) AND email_address_id IS NULL", &leads.messages),
                ("DELETE FROM pending_companies WHERE lead = 'capture' AND lead_id = ANY($1)", &leads.captures),
                ("DELETE FROM pending_companies WHERE lead = 'message' AND lead_id = ANY($1)", &leads.messages),
            ] {
                if !ids.is_empty() {
                    sqlx::query(delete).bind(ids).execute(session.conn()).await?;
                }
            }
            forget(session, leads).await?;
            let consents = sqlx::query(CONSENTS_REMOVED).bind(&leads.captures).bind(&leads.messages);
            consents.execute(session.conn()).await.map(drop)
        })
    })
    .await?;
    Ok(leads.count())
}

async fn forget(session: &mut Session, leads: &Leads) -> Result<(), sqlx::Error> {
    sqlx::query(FORGET).bind(&leads.captures).bind(&leads.messages).execute(session.conn()).await?;
    Ok(())
}

/// Deletes leads whose addresses have waited for too long, a bounded number of them; how many.
///
/// # Errors
/// See [`DbError`].
pub async fn expire(db: &Db) -> Result<usize, DbError> {
    let ended: Vec<(String, Uuid)> = db
        .run(&(), |session, ()| {
            Box::pin(async move {
                sqlx::query_as(
                    "SELECT lead, lead_id FROM intake WHERE expires_at <= now() ORDER BY expires_at LIMIT $1",
                )
                .bind(EXPIRE)
                .fetch_all(session.conn())
                .await
            })
        })
        .await?;
    if ended.is_empty() {
        return Ok(0);
    }
    remove(db, &Leads::sorted(ended.iter().map(|(lead, id)| (lead.as_str(), *id)))).await
}

/// How much waits, as seen by who has these keys.
///
/// # Errors
/// See [`DbError`].
pub async fn depth(db: &Db, keys: &[String]) -> Result<Depth, DbError> {
    db.run(keys, |session, keys| {
        Box::pin(async move { sqlx::query_as(DEPTH).bind(keys.to_vec()).fetch_one(session.conn()).await })
    })
    .await
}
