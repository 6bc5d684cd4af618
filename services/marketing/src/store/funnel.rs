//! The SQL that counts what came of each form. Numbers only: nothing of a person is in them.

use jiff_sqlx::ToSqlx as _;
use rerp_kit::pool::{Db, DbError};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::span::Span;

/// What came of one form in a span of time. Each number is part of the one before it, but for the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
#[schemars(rename = "FormStep")]
pub struct Step {
    /// The form.
    pub source: String,
    /// How often it was sent.
    pub captures: i64,
    /// By how many addresses.
    pub addresses: i64,
    /// How many of these named a company.
    pub named_company: i64,
    /// How many agreed to a text.
    pub consented: i64,
    /// How many of these confirmed it by mail.
    pub confirmed: i64,
    /// How many wrote a message too, whenever.
    pub wrote: i64,
}

const FUNNEL: &str = "SELECT c.source, count(*) AS captures, count(DISTINCT c.email_address_id) AS addresses, \
     count(DISTINCT c.email_address_id) FILTER (WHERE c.company_id IS NOT NULL) AS named_company, \
     count(DISTINCT c.email_address_id) FILTER (WHERE k.lead_id IS NOT NULL) AS consented, \
     count(DISTINCT c.email_address_id) FILTER (WHERE k.confirmed_at IS NOT NULL) AS confirmed, \
     count(DISTINCT c.email_address_id) FILTER (WHERE EXISTS (SELECT FROM contact_messages AS m \
       WHERE m.email_address_id = c.email_address_id)) AS wrote \
     FROM email_captures AS c LEFT JOIN consents AS k ON k.lead = 'capture' AND k.lead_id = c.id \
     WHERE c.created_at >= $1 AND c.created_at < $2 AND c.source > $3 \
     AND NOT EXISTS (SELECT FROM suppressions AS s WHERE s.email_address_id = c.email_address_id) \
     GROUP BY c.source ORDER BY c.source LIMIT $4";

/// Up to `most` forms after the source `after`, in the order of their names.
///
/// # Errors
/// See [`DbError`].
pub async fn page(db: &Db, span: Span, after: &str, most: i64) -> Result<Vec<Step>, DbError> {
    db.run(&(span, after, most), |session, (span, after, most)| {
        let (from, to) = (span.from.to_sqlx(), span.to.to_sqlx());
        let page = sqlx::query_as(FUNNEL).bind(from).bind(to).bind(*after).bind(most);
        Box::pin(async move { page.fetch_all(session.conn()).await })
    })
    .await
}
