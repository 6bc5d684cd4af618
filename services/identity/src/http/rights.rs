//! What a person may ask of their own data: `GET …/export` gives what Identity holds (every service answers for itself), `DELETE` erases the person everywhere, and
//! `GET …/erasure` tells how far that is. Must not log what it reads.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use rerp_kit::access::Caller;
use rerp_kit::http::Path;
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::NOT_FOUND;
use rerp_kit::rights::{Export, Part, Subject, export as read};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::person::identifier;
use crate::rights::HELD;
use crate::store::erasure::{self as store, HOLDERS};
use crate::store::person;

/// How far an erasure is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Erasure")]
pub struct Progress {
    /// Of the erasure.
    pub erasure_id: Uuid,
    /// Whom: the identifier stays, with nothing behind it.
    pub human_name_id: Uuid,
    /// `open`, `overdue` (somebody has to look) or `completed`.
    #[schemars(extend("enum" = ["open", "overdue", "completed"]))]
    pub state: &'static str,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When the last receipt came.
    pub completed_at: Option<Timestamp>,
    /// What services have done.
    pub receipts: Vec<Receipt>,
    /// Services that have given none yet.
    pub missing: Vec<&'static str>,
}

/// What a service has done.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ErasureReceipt")]
pub struct Receipt {
    /// The service.
    pub service: String,
    /// When it said so.
    pub received_at: Timestamp,
    /// To which tables.
    pub tables: Vec<Part>,
}

/// What Identity holds of a person.
///
/// # Errors
/// A problem.
pub async fn export(
    State(db): State<Db>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<axum::Json<Export>, Problem> {
    let human = identifier(&text)?;
    person::human(&db.on_behalf(&caller), human).await?.ok_or_else(|| Problem::new(NOT_FOUND))?;
    // Which former addresses are somebody else's by now shows in rows that are another one's.
    let subject = Subject { person: human, addresses: store::addresses(&db.at_work(), human).await? };
    Ok(axum::Json(read(&db.at_work_for(&caller), "identity", HELD, &subject, &caller).await?))
}

/// Erases a person here, and has every service do the same. Twice has the effect of once.
///
/// # Errors
/// A problem.
pub async fn erase(State(db): State<Db>, caller: Caller, Path(text): Path<String>) -> Result<Response, Problem> {
    let human = identifier(&text)?;
    // Former addresses too, which policies don't know as the person's.
    if !store::begin(&db.at_work_for(&caller), human, &caller).await? {
        return Err(Problem::new(NOT_FOUND));
    }
    Ok((StatusCode::ACCEPTED, progress(&db.on_behalf(&caller), human).await?).into_response())
}

/// How far the erasure of a person is.
///
/// # Errors
/// A problem.
pub async fn erasure(
    State(db): State<Db>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<axum::Json<Progress>, Problem> {
    progress(&db.on_behalf(&caller), identifier(&text)?).await
}

async fn progress(db: &Db, human: Uuid) -> Result<axum::Json<Progress>, Problem> {
    let found = store::state(db, human).await?;
    let (erasure, receipts) =
        found.ok_or_else(|| Problem::new(NOT_FOUND).detail("nobody has asked to erase this person"))?;
    let missing = HOLDERS.into_iter().filter(|name| receipts.iter().all(|receipt| receipt.service != *name)).collect();
    let state = match (erasure.completed_at, erasure.overdue) {
        (Some(_), _) => "completed",
        (None, true) => "overdue",
        (None, false) => "open",
    };
    let receipts = receipts.into_iter().map(|receipt| Receipt {
        service: receipt.service,
        received_at: receipt.received_at.to_jiff(),
        tables: receipt.parts.0,
    });
    Ok(axum::Json(Progress {
        erasure_id: erasure.id,
        human_name_id: erasure.human_name_id,
        state,
        requested_at: erasure.requested_at.to_jiff(),
        completed_at: erasure.completed_at.map(|at| at.to_jiff()),
        receipts: receipts.collect(),
        missing,
    }))
}
