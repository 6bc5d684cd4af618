//! The audit log: who looked at data of people, or changed it in somebody else's name, and why. In: who asks, what they do and their reason. Out: a
//! row, in the transaction of what it tells of, and pages of rows for staff. Works on the table `audit_log`, which a service that needs it creates in its
//! migrations (`audit.sql`). Must not be given anything of a person but identifiers; there is no way here to change or delete a row.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::access::Caller;
use crate::http::context;
use crate::pool::{Db, DbError, Session};
use crate::problem::Problem;
use crate::problem::catalogue::MALFORMED_ADDRESS;
use crate::text::is_invisible;

/// The table, as migrations of services have it; a test compares them.
pub const DDL: &str = include_str!("audit.sql");

/// Shortest and longest reason in characters.
const REASON: std::ops::RangeInclusive<usize> = 3..=500;

const INSERT: &str = "INSERT INTO audit_log (id, actor_kind, actor, action, subject, reason, trace, detail) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING";
const PAGE: &str = "SELECT id, actor_kind, actor, action, subject, reason, trace, detail, created_at FROM audit_log \
     WHERE id > $1 AND ($2::uuid IS NULL OR subject = $2) ORDER BY id LIMIT $3";

/// Why somebody of the staff looks at what isn't theirs, in their own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Reads the reason in a request: 3 to 500 characters in one line.
    ///
    /// # Errors
    /// A problem: it is none.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if REASON.contains(&text.chars().count()) && !text.chars().any(|c| c.is_control() || is_invisible(c)) {
            return Ok(Self(text.to_owned()));
        }
        let right = format!("`reason` must say why, in {} to {} characters of one line", REASON.start(), REASON.end());
        Err(Problem::new(MALFORMED_ADDRESS).detail(right))
    }

    /// As it is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is to be written down. It has its identifier from the beginning, so that a repeated attempt writes it once.
#[derive(Debug, Clone)]
pub struct Entry {
    id: Uuid,
    actor: Caller,
    action: &'static str,
    subject: Option<Uuid>,
    reason: Option<String>,
    detail: Value,
    trace: Option<String>,
}

impl Entry {
    /// Somebody does something, such as `leads.read`, in the request at hand.
    #[must_use]
    pub fn new(actor: &Caller, action: &'static str) -> Self {
        let (id, trace) = (Uuid::now_v7(), context::request_id());
        let detail = Value::Object(serde_json::Map::new());
        Self { id, actor: actor.clone(), action, subject: None, reason: None, detail, trace }
    }

    /// Whose data it is.
    #[must_use]
    #[must_use]
    pub fn about(self, subject: Uuid) -> Self {
        Self { subject: Some(subject), ..self }
    }

    /// Why.
    #[must_use]
    #[must_use]
    pub fn because(self, reason: &Reason) -> Self {
        Self { reason: Some(reason.0.clone()), ..self }
    }

    /// Counts, filters and states: a JSON object.
    #[must_use]
    #[must_use]
    pub fn with(self, detail: Value) -> Self {
        Self { detail, ..self }
    }
}

/// A row, as it is answered.
#[derive(Debug, Clone, PartialEq, Serialize, sqlx::FromRow)]
pub struct Row {
    /// In the order of time.
    pub id: Uuid,
    /// `staff`, `person`, `service`, `nobody` or `unchecked`.
    pub actor_kind: String,
    /// An identifier, or the name of a service.
    pub actor: Option<String>,
    /// What was done.
    pub action: String,
    /// Whose data it was.
    pub subject: Option<Uuid>,
    /// Why.
    pub reason: Option<String>,
    /// The request.
    pub trace: Option<String>,
    /// Counts, filters and states.
    pub detail: Value,
    /// When.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub created_at: Timestamp,
}

/// Writes an entry down, inside the transaction of what it tells of. Nothing may be shown before that has succeeded.
///
/// # Errors
/// The driver's.
pub async fn record(session: &mut Session, entry: &Entry) -> Result<(), sqlx::Error> {
    let (kind, actor) = name(&entry.actor);
    let insert = sqlx::query(INSERT).bind(entry.id).bind(kind).bind(actor).bind(entry.action).bind(entry.subject);
    let insert = insert.bind(&entry.reason).bind(&entry.trace).bind(&entry.detail);
    insert.execute(session.conn()).await.map(drop)
}

/// Writes an entry down by itself.
///
/// # Errors
/// See [`DbError`].
pub async fn note(db: &Db, entry: &Entry) -> Result<(), DbError> {
    db.run(entry, |session, entry| Box::pin(record(session, entry))).await
}

/// Up to `most` rows after the identifier `after`, of one person's data or of all.
///
/// # Errors
/// See [`DbError`].
pub async fn page(db: &Db, after: Uuid, subject: Option<Uuid>, most: i64) -> Result<Vec<Row>, DbError> {
    db.run(&(after, subject, most), |session, (after, subject, most)| {
        let page = sqlx::query_as(PAGE).bind(after).bind(subject).bind(most);
        Box::pin(async move { page.fetch_all(session.conn()).await })
    })
    .await
}

fn name(actor: &Caller) -> (&'static str, Option<String>) {
    match actor {
        Caller::Nobody => ("nobody", None),
        Caller::Person { id, .. } => ("person", Some(id.to_string())),
        Caller::Staff { id } => ("staff", Some(id.to_string())),
        Caller::Service(name) => ("service", Some(name.to_string())),
        Caller::Unchecked => ("unchecked", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_a_line_that_says_something() {
        assert_eq!(Reason::parse("  ticket 4711 ").unwrap().as_str(), "ticket 4711");
        let long = "x".repeat(501);
        for text in ["", "  a ", "two\nlines", "hid\u{200b}den", &long] {
            assert_eq!(Reason::parse(text).unwrap_err().kind(), MALFORMED_ADDRESS, "{text:?}");
        }
    }

    #[test]
    fn whoever_did_it_has_a_name() {
        let id = Uuid::from_u128(7);
        assert_eq!(name(&Caller::Staff { id }), ("staff", Some(id.to_string())));
        assert_eq!(name(&Caller::Service("fte".into())), ("service", Some("fte".to_owned())));
        assert_eq!(name(&Caller::Unchecked), ("unchecked", None));
    }
}
