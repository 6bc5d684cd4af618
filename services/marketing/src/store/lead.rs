//! The SQL that shows staff what visitors left. Whoever is on the list of suppressions is in no list of
//! captures. Asked on behalf of staff, each look leaves a row in `staff_access`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// A capture, as it is answered.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct Lead {
    /// Of the capture.
    pub id: Uuid,
    /// Identity's; none while Identity can't say which it is.
    pub email_address_id: Option<Uuid>,
    /// Which form.
    pub source: String,
    /// As typed.
    pub name: Option<String>,
    /// Account's.
    pub company_id: Option<Uuid>,
    /// The plan the form was about.
    pub plan_code: Option<String>,
    /// What the visitor agreed to.
    pub consent_version: Option<String>,
    /// When, in RFC 3339.
    pub consented_at: Option<String>,
    /// When the address's owner confirmed that by mail, in RFC 3339; none where nobody is asked, or nobody has answered.
    pub confirmed_at: Option<String>,
    /// How the visitor was told from a program.
    pub captcha_verdict: Option<String>,
    /// How much like a person, from 0 to 1.
    pub captcha_score: Option<f32>,
    /// When it was left.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
}

/// A message, as it is answered.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct Message {
    /// Of the message.
    pub id: Uuid,
    /// Identity's; none while Identity can't say which it is.
    pub email_address_id: Option<Uuid>,
    /// As typed.
    pub name: String,
    /// Account's.
    pub company_id: Option<Uuid>,
    /// As typed.
    pub message: String,
    /// When it was left.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
}

/// Which captures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this form only.
    pub source: Option<String>,
    /// Left until then.
    pub until: Option<Timestamp>,
}

const LEADS: &str = "SELECT c.id, c.email_address_id, c.source, c.name, c.company_id, c.plan_code, \
     k.text_version AS consent_version, to_char(k.agreed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS consented_at, \
     to_char(k.confirmed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS confirmed_at, \
     c.captcha_verdict, c.captcha_score, c.created_at \
     FROM email_captures AS c LEFT JOIN consents AS k ON k.lead = 'capture' AND k.lead_id = c.id \
     WHERE c.id > $1 AND ($2::text IS NULL OR c.source = $2) AND ($3::timestamptz IS NULL OR c.created_at <= $3) \
     AND NOT EXISTS (SELECT FROM suppressions AS s WHERE s.email_address_id = c.email_address_id) ORDER BY c.id LIMIT $4";
const MESSAGES: &str = "SELECT id, email_address_id, name, company_id, message, created_at FROM contact_messages \
     WHERE id > $1 ORDER BY id LIMIT $2";

/// Up to `most` captures after the identifier `after`.
///
/// # Errors
/// See [`DbError`].
pub async fn page(db: &Db, filter: &Filter, after: Uuid, most: i64) -> Result<Vec<Lead>, DbError> {
    db.run(&(filter, after, most), |session, (filter, after, most)| {
        let until = filter.until.map(|until| until.to_sqlx());
        let page = sqlx::query_as(LEADS).bind(after).bind(&filter.source).bind(until).bind(most);
        Box::pin(async move { page.fetch_all(session.conn()).await })
    })
    .await
}

/// Up to `most` messages after the identifier `after`. Whoever wants no mail may have written one all the same, and waits for an answer.
///
/// # Errors
/// See [`DbError`].
pub async fn messages(db: &Db, after: Uuid, most: i64) -> Result<Vec<Message>, DbError> {
    db.run(&(after, most), |session, (after, most)| {
        let page = sqlx::query_as(MESSAGES).bind(after).bind(most);
        Box::pin(async move { page.fetch_all(session.conn()).await })
    })
    .await
}
