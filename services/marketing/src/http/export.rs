//! `POST /api/marketing/leads/export`: captures as a file of comma-separated values, for staff who say why. Rows are read and sent chunk by chunk, so that neither
//! this program nor a snapshot of the database holds all of them. Each chunk leaves a row in `staff_access` before it is sent, with the reason and
//! what the file is of. Must not log rows.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures::stream::{Stream, try_unfold};
use jiff::Timestamp;
use rerp_kit::access::Caller;
use rerp_kit::audit::{Errand, Reason};
use rerp_kit::http::Json;
use rerp_kit::pool::{Db, DbError};
use rerp_kit::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::answer;
use crate::domain::csv;
use crate::state::AppState;
use crate::store::lead::{self as store, Filter, Lead};

/// Rows of a chunk.
const CHUNK: u16 = 500;
/// The first line.
const HEAD: [&str; 12] = [
    "id",
    "email_address_id",
    "source",
    "name",
    "company_id",
    "plan_code",
    "consent_version",
    "consented_at",
    "confirmed_at",
    "captcha_verdict",
    "captcha_score",
    "created_at",
];

/// What a file takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ExportWish")]
pub struct Wish {
    /// Why, in one line.
    #[schemars(length(min = 3, max = 500))]
    reason: String,
    /// Of this form only.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[!-~]+$"))]
    source: Option<String>,
}

/// Makes the file of everything that was left until now. A failure in the middle ends the connection before the end of the body: half a file isn't taken for a whole.
///
/// # Errors
/// A problem.
pub async fn leads(State(state): State<AppState>, caller: Caller, Json(wish): Json<Wish>) -> Result<Response, Problem> {
    let reason = Reason::parse(&wish.reason)?;
    let filter = Filter { source: answer::source(wish.source)?, until: Some(Timestamp::now()) };
    let what = json!({ "source": filter.source, "until": filter.until });
    let db = state.db.on_behalf(&caller).telling(Errand::at_hand().because(reason).with(what));
    let first = store::page(&db, &filter, Uuid::nil(), CHUNK.into()).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"leads.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(chunks(db, filter, first))).into_response())
}

/// What the next chunk is made of.
enum Next {
    /// Rows that were read before the answer began, after the first line.
    First(Vec<Lead>),
    /// Rows after this identifier.
    After(Uuid),
}

fn chunks(db: Db, filter: Filter, first: Vec<Lead>) -> impl Stream<Item = Result<String, DbError>> + Send {
    let begin = (db, filter, Some(Next::First(first)));
    try_unfold(begin, |(db, filter, next)| async move {
        let Some(next) = next else { return Ok(None) };
        let (mut text, rows) = match next {
            Next::First(rows) => (csv::line(HEAD.map(Some)), rows),
            Next::After(id) => (String::new(), store::page(&db, &filter, id, CHUNK.into()).await?),
        };
        let is_last = rows.len() < usize::from(CHUNK);
        let next = rows.last().filter(|_| !is_last).map(|row| Next::After(row.id));
        for row in &rows {
            text.push_str(&line(row));
        }
        Ok::<_, DbError>(Some((text, (db, filter, next))))
    })
}

fn line(row: &Lead) -> String {
    let (id, email) = (row.id.to_string(), row.email_address_id.as_ref().map(ToString::to_string));
    let company = row.company_id.as_ref().map(ToString::to_string);
    let (score, created) = (row.captcha_score.as_ref().map(ToString::to_string), row.created_at.to_string());
    csv::line([
        Some(id.as_str()),
        email.as_deref(),
        Some(row.source.as_str()),
        row.name.as_deref(),
        company.as_deref(),
        row.plan_code.as_deref(),
        row.consent_version.as_deref(),
        row.consented_at.as_deref(),
        row.confirmed_at.as_deref(),
        row.captcha_verdict.as_deref(),
        score.as_deref(),
        Some(created.as_str()),
    ])
}
