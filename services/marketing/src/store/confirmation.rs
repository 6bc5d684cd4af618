//! The SQL of `confirmations`, and of what they change in `consents`. Tables are changed from the oldest to the youngest, as a cutover locks them; reading a
//! younger one before is in nobody's way.

use jiff_sqlx::Timestamp;
use rerp_kit::pool::{Db, DbError, Session};
use uuid::Uuid;

/// How many questions one look begins.
const MOST_BEGUN: i64 = 200;
/// How often Identity is asked to send one mail.
const MOST_ATTEMPTS: i16 = 8;

/// What the same owner has confirmed for the same text isn't asked again.
const CARRY: &str = "UPDATE consents AS c SET confirmed_at = now() FROM consents AS b \
     WHERE c.confirmed_at IS NULL AND c.email_address_id IS NOT NULL AND c.agreed_at > now() - interval '7 days' \
     AND b.email_address_id = c.email_address_id AND b.text_version = c.text_version AND b.confirmed_at IS NOT NULL";
/// Nobody answers any more; seven days stand in `CARRY`, `BEGIN` and `FIND` too.
const CLOSE: &str = "UPDATE confirmations SET is_open = false WHERE is_open AND created_at < now() - interval '7 days'";
/// For each address of which nobody has confirmed what was agreed to, unless it is asked already or wants nothing from us.
const BEGIN: &str = "INSERT INTO confirmations (id, email_address_id) SELECT gen_random_uuid(), c.email_address_id FROM \
     (SELECT DISTINCT email_address_id FROM consents WHERE confirmed_at IS NULL AND email_address_id IS NOT NULL \
       AND agreed_at > now() - interval '7 days') AS c \
     WHERE NOT EXISTS (SELECT FROM suppressions AS s WHERE s.email_address_id = c.email_address_id) \
     AND NOT EXISTS (SELECT FROM confirmations AS o WHERE o.email_address_id = c.email_address_id AND o.is_open) \
     LIMIT $1 ON CONFLICT DO NOTHING";
/// It sets the next attempt ahead, ever later: whoever is lost on the way leaves it to that.
const TAKE: &str = "UPDATE confirmations SET attempts = attempts + 1, due_at = now() + interval '1 minute' * power(4, least(attempts, 5)) \
     WHERE id IN (SELECT id FROM confirmations AS d WHERE is_open AND sent_at IS NULL AND due_at <= now() AND attempts < $2 \
     AND NOT EXISTS (SELECT FROM suppressions AS s WHERE s.email_address_id = d.email_address_id) \
     ORDER BY due_at LIMIT $1 FOR UPDATE OF d SKIP LOCKED) RETURNING id, email_address_id";
const SENT: &str = "UPDATE confirmations SET sent_at = now() WHERE id = $1 AND sent_at IS NULL";
const FIND: &str = "SELECT email_address_id, created_at, confirmed_at IS NOT NULL AS confirmed, \
     is_open AND created_at >= now() - interval '7 days' AS is_open FROM confirmations WHERE id = $1";
const CONSENTS: &str =
    "UPDATE consents SET confirmed_at = now() WHERE email_address_id = $1 AND confirmed_at IS NULL AND agreed_at <= $2";
const CONFIRMED: &str =
    "UPDATE confirmations SET confirmed_at = now(), is_open = false WHERE id = $1 AND confirmed_at IS NULL";
const SUPPRESS: &str = "INSERT INTO suppressions (email_address_id, reason) VALUES ($1, 'objected') ON CONFLICT (email_address_id) DO NOTHING";
const ANSWERED: &str = "UPDATE confirmations SET is_open = false WHERE id = $1 AND is_open";

/// A question that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Due {
    /// What its token stands for, and of its mail.
    pub id: Uuid,
    /// Whom it goes to: Identity's.
    pub email_address_id: Uuid,
}

/// A question that somebody answers.
#[derive(sqlx::FromRow)]
struct Asked {
    email_address_id: Uuid,
    created_at: Timestamp,
    confirmed: bool,
    is_open: bool,
}

/// Ends questions that nobody has answered, and begins those that are to be asked, a bounded number of them; how many were begun. Harmless to do twice.
///
/// # Errors
/// See [`DbError`].
pub async fn begin(db: &Db) -> Result<u64, DbError> {
    db.transaction_idempotent(&(), |session, ()| {
        Box::pin(async move {
            sqlx::query(CARRY).execute(session.conn()).await?;
            sqlx::query(CLOSE).execute(session.conn()).await?;
            let begun = sqlx::query(BEGIN).bind(MOST_BEGUN).execute(session.conn()).await?;
            Ok(begun.rows_affected())
        })
    })
    .await
}

/// Takes up to `most` questions that are to be sent; others leave them alone for a while. Taken twice, they only wait longer.
///
/// # Errors
/// See [`DbError`].
pub async fn take(db: &Db, most: i64) -> Result<Vec<Due>, DbError> {
    db.run(&most, |session, most| {
        let take = sqlx::query_as(TAKE).bind(*most).bind(MOST_ATTEMPTS);
        Box::pin(async move { take.fetch_all(session.conn()).await })
    })
    .await
}

/// Writes down that Identity has taken a mail.
///
/// # Errors
/// See [`DbError`]; it is asked again, and the vendor of mail knows it by its identifier.
pub async fn sent(db: &Db, id: Uuid) -> Result<(), DbError> {
    db.run(&id, |session, id| {
        let sent = sqlx::query(SENT).bind(*id);
        Box::pin(async move { sent.execute(session.conn()).await.map(drop) })
    })
    .await
}

/// Confirms what was agreed to under the address of a question until that was asked. False when it is over, or there is none; answered twice it is as answered once.
///
/// # Errors
/// See [`DbError`].
pub async fn confirm(db: &Db, id: Uuid) -> Result<bool, DbError> {
    db.transaction_idempotent(&id, |session, id| {
        Box::pin(async move {
            let Some(asked) = find(session, *id).await? else { return Ok(false) };
            if !asked.is_open {
                return Ok(asked.confirmed);
            }
            let consents = sqlx::query(CONSENTS).bind(asked.email_address_id).bind(asked.created_at);
            consents.execute(session.conn()).await?;
            sqlx::query(CONFIRMED).bind(*id).execute(session.conn()).await?;
            Ok(true)
        })
    })
    .await
}

/// Puts the address of a question on the list of those that want nothing from us, however old the question is. False when there is none.
///
/// # Errors
/// See [`DbError`].
pub async fn object(db: &Db, id: Uuid) -> Result<bool, DbError> {
    db.transaction_idempotent(&id, |session, id| {
        Box::pin(async move {
            let Some(asked) = find(session, *id).await? else { return Ok(false) };
            sqlx::query(SUPPRESS).bind(asked.email_address_id).execute(session.conn()).await?;
            sqlx::query(ANSWERED).bind(*id).execute(session.conn()).await?;
            Ok(true)
        })
    })
    .await
}

async fn find(session: &mut Session, id: Uuid) -> Result<Option<Asked>, sqlx::Error> {
    sqlx::query_as(FIND).bind(id).fetch_optional(session.conn()).await
}
