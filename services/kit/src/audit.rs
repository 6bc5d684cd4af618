//! What staff say of why they look at data of people, or change it. In: their reason, and what of it they ask for. Out: a part of the row of `staff_access` that comes
//! with each of their transactions ([`crate::tenants`]), and pages of such rows for staff. Must not be given anything of a person but identifiers; there is no
//! way here to change or delete a row.

use std::fmt::Write as _;

use axum::http::HeaderMap;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Executor as _, raw_sql};
use uuid::Uuid;

use crate::http::{context, single_header};
use crate::pool::{Db, DbError, Session};
use crate::problem::Problem;
use crate::problem::catalogue::{INVALID_VALUE, MALFORMED_HEADER};
use crate::text::is_invisible;

/// The columns, as migrations of services have them; a test compares them.
pub const DDL: &str = include_str!("audit.sql");
/// The header with which staff say why they ask, wherever they do. Routes that need a reason take it where their documents say.
pub const HEADER: &str = "x-audit-reason";

/// Shortest and longest reason in characters.
const REASON: std::ops::RangeInclusive<usize> = 3..=500;

macro_rules! page {
    ($which:literal, $order:literal) => {
        concat!(
            "SELECT id, staff_id, request, route, about, reason, detail, at FROM staff_access WHERE id ",
            $which,
            " $1 AND ($2::uuid IS NULL OR about @> ARRAY[$2]) ORDER BY id ",
            $order,
            " LIMIT $3"
        )
    };
}
const OLDEST_FIRST: &str = page!(">", "ASC");
const NEWEST_FIRST: &str = page!("<", "DESC");
/// As adding a row locks it.
const OLDER_FIRST: &str = "LOCK TABLE staff_access IN ROW EXCLUSIVE MODE";

/// Why somebody of the staff looks at what isn't theirs, in their own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Reads the reason in a request: 3 to 500 characters in one line.
    ///
    /// # Errors
    /// A problem: it is none.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        Self::read(text).ok_or_else(|| Problem::new(INVALID_VALUE).field("/reason", right("it")))
    }

    /// The reason in the header of a request, if it has one.
    ///
    /// # Errors
    /// A problem: the header is there and says nothing.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(text) = single_header(headers, HEADER)? else { return Ok(None) };
        Self::read(text).map(Some).ok_or_else(|| Problem::new(MALFORMED_HEADER).detail(right(HEADER)))
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_one = REASON.contains(&text.chars().count()) && !text.chars().any(|c| c.is_control() || is_invisible(c));
        is_one.then(|| Self(text.to_owned()))
    }

    /// As it is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn right(what: &str) -> String {
    format!("{what} must say why, in {} to {} characters of one line", REASON.start(), REASON.end())
}

/// What staff are about. A handle that was told one ([`Db::telling`]) leaves it with each of its transactions, also where the request is over, as for a body that is
/// still being sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Errand {
    pub(crate) request: Option<String>,
    pub(crate) route: Option<String>,
    pub(crate) about: Vec<Uuid>,
    pub(crate) reason: Option<Reason>,
    pub(crate) detail: Option<Value>,
}

impl Errand {
    /// What the request at hand says by itself: its identifier, its route, the identifiers in its path, and the reason in its header.
    #[must_use]
    pub fn at_hand() -> Self {
        context::errand()
    }

    /// The same for what is done for staff only if they say why, in the header of their request.
    ///
    /// # Errors
    /// A problem: they don't.
    pub fn with_reason() -> Result<Self, Problem> {
        Some(Self::at_hand())
            .filter(|errand| errand.reason.is_some())
            .ok_or_else(|| Problem::new(INVALID_VALUE).detail(right(&format!("the header {HEADER}"))))
    }

    /// Whose data it is too: an identifier that isn't in the path.
    #[must_use]
    pub fn about(mut self, id: Uuid) -> Self {
        if !self.about.contains(&id) {
            self.about.push(id);
        }
        self
    }

    /// Why.
    #[must_use]
    pub fn because(self, reason: Reason) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// What of it: filters, bounds and states, as a JSON object with nothing of a person.
    #[must_use]
    pub fn with(self, detail: Value) -> Self {
        Self { detail: Some(detail), ..self }
    }

    /// The statement that writes it down for one of the staff, to be sent in one message with COMMIT. Whatever is a text travels as hexadecimal digits: there is
    /// nothing to quote. The identifier of the row is made here, so that rows are in the order of time.
    pub(crate) fn insert(&self, staff: Uuid) -> String {
        let about: Vec<String> = self.about.iter().map(Uuid::to_string).collect();
        let detail = self.detail.as_ref().map(Value::to_string);
        format!(
            "INSERT INTO staff_access (id, staff_id, request, route, about, reason, detail) \
             VALUES ('{}', '{staff}', {}, {}, '{{{}}}', {}, {}::jsonb)",
            Uuid::now_v7(),
            literal(self.request.as_deref()),
            literal(self.route.as_deref()),
            about.join(","),
            literal(self.reason.as_ref().map(Reason::as_str)),
            literal(detail.as_deref()),
        )
    }
}

/// A text in a statement.
fn literal(text: Option<&str>) -> String {
    let Some(text) = text else { return "NULL".to_owned() };
    let digits = text.bytes().fold(String::with_capacity(2 * text.len()), |mut digits, byte| {
        // Writing to a String can't fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    format!("convert_from(decode('{digits}', 'hex'), 'UTF8')")
}

/// In which order rows come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "AuditOrder")]
pub enum Order {
    /// As they were written.
    #[default]
    OldestFirst,
    /// The other way round.
    NewestFirst,
}

/// A row, as it is answered.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, sqlx::FromRow)]
#[schemars(rename = "StaffAccess")]
pub struct Row {
    /// In the order of time.
    pub id: Uuid,
    /// Who it was: Identity's identifier of one of the staff.
    pub staff_id: Uuid,
    /// The request.
    pub request: Option<String>,
    /// Its route.
    pub route: Option<String>,
    /// Whose data it was, or which: identifiers.
    pub about: Vec<Uuid>,
    /// Why, in the words of whoever it was.
    pub reason: Option<String>,
    /// Filters, bounds and states: an object.
    pub detail: Option<Value>,
    /// When.
    #[sqlx(try_from = "jiff_sqlx::Timestamp")]
    pub at: Timestamp,
}

/// Leaves a row by itself, for what is looked at in another way than by the handle of whoever asks.
///
/// # Errors
/// See [`DbError`].
pub async fn note(db: &Db) -> Result<(), DbError> {
    db.run(&(), |_, ()| Box::pin(async { Ok(()) })).await
}

/// Locks the record of staff as their row will, in a transaction that is about to write to tables that are younger: a cutover locks tables from the oldest to the
/// youngest, and the row comes last, with COMMIT. For what is rare, since it costs a round trip.
///
/// # Errors
/// The driver's.
pub async fn older_first(session: &mut Session) -> Result<(), sqlx::Error> {
    session.conn().execute(raw_sql(OLDER_FIRST)).await.map(drop)
}

/// Up to `most` rows that come after the row `after` in this order, or the first ones if that is nil, of what was looked at of one person or of all. Only the service's own work sees them ([`Db::at_work`]).
///
/// # Errors
/// See [`DbError`].
pub async fn page(db: &Db, order: Order, after: Uuid, subject: Option<Uuid>, most: i64) -> Result<Vec<Row>, DbError> {
    let (statement, after) = match order {
        Order::OldestFirst => (OLDEST_FIRST, after),
        Order::NewestFirst => (NEWEST_FIRST, if after.is_nil() { Uuid::max() } else { after }),
    };
    db.at_work()
        .run(&(after, subject, most), move |session, (after, subject, most)| {
            let page = sqlx::query_as(statement).bind(after).bind(subject).bind(most);
            Box::pin(async move { page.fetch_all(session.conn()).await })
        })
        .await
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_reason_is_a_line_that_says_something() {
        assert_eq!(Reason::parse("  ticket 4711 ").unwrap().as_str(), "ticket 4711");
        let long = "x".repeat(501);
        for text in ["", "  a ", "two\nlines", "hid\u{200b}den", &long] {
            assert_eq!(Reason::parse(text).unwrap_err().kind(), INVALID_VALUE, "{text:?}");
        }
        let header = |text| HeaderMap::from_iter([(HEADER.parse().unwrap(), HeaderValue::from_static(text))]);
        assert_eq!(Reason::of(&header("ticket 4711")).unwrap().unwrap().as_str(), "ticket 4711");
        assert_eq!(Reason::of(&header("a")).unwrap_err().kind(), MALFORMED_HEADER);
        assert_eq!(Reason::of(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn no_text_can_leave_its_place_in_the_statement() {
        let reason = Reason::parse("it's \\'); DROP TABLE x; --").unwrap();
        let errand = Errand::default().because(reason).with(serde_json::json!({ "source": "'" })).about(Uuid::nil());
        let text = errand.about(Uuid::nil()).insert(Uuid::from_u128(7));
        assert!(!text.contains("DROP") && !text.contains("source") && !text.contains('\\'), "{text}");
        assert!(
            text.contains("decode('69742773205c27293b") && text.contains(&format!("'{{{}}}'", Uuid::nil())),
            "{text}"
        );
        assert!(Errand::default().insert(Uuid::nil()).contains("NULL, NULL, '{}', NULL, NULL::jsonb"));
    }
}
