//! Certificates over HTTP: `GET /api/fte/certificates/{human_name_id}`, `GET /api/fte/certificates/verify/{token}` (for everybody), and
//! `POST /api/fte/certificates/{id}/revoke`. Must not log tokens.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Page, Paging, Path, Query};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::answer;
use crate::domain::certificate::{self, State as Worth, is_token};
use crate::store::certificate::{self as store, Certificate};

/// A certificate, as its owner sees it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OwnCertificate")]
pub(crate) struct View {
    /// The certificate's identifier.
    certificate_id: Uuid,
    /// Identity's: whose it is.
    human_name_id: Uuid,
    /// Account's.
    account_id: Uuid,
    /// The session that earned it.
    session_id: Uuid,
    /// Its owner hands it out: whoever has it can verify the certificate.
    verification_token: String,
    #[serde(flatten)]
    public: Public,
    /// Why it was taken back.
    revoked_reason: Option<String>,
}

/// What everybody with its token sees: nothing about a person.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Certificate")]
pub(crate) struct Public {
    /// For people.
    certificate_number: String,
    /// The course that was passed.
    course: String,
    /// `valid`, `revoked` or `expired`.
    state: Worth,
    /// When it was issued.
    issued_at: Timestamp,
    /// When it ends; none: never.
    expires_at: Option<Timestamp>,
    /// When it was taken back.
    revoked_at: Option<Timestamp>,
}

impl From<Certificate> for Public {
    fn from(row: Certificate) -> Self {
        let time = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
        Self {
            state: row.state(),
            issued_at: row.issued_at,
            expires_at: time(row.expires_at),
            revoked_at: time(row.revoked_at),
            certificate_number: row.certificate_number,
            course: row.course,
        }
    }
}

impl From<Certificate> for View {
    fn from(row: Certificate) -> Self {
        Self {
            certificate_id: row.id,
            human_name_id: row.human_name_id,
            account_id: row.account_id,
            session_id: row.test_session_id,
            verification_token: row.verification_token.clone(),
            revoked_reason: row.revoked_reason.clone(),
            public: row.into(),
        }
    }
}

/// A person's certificates, a page of them, the newest last.
///
/// # Errors
/// A problem.
pub async fn of_person(
    State(db): State<Db>,
    caller: Caller,
    Path(person): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let person = answer::identifier(&person)?;
    let (limit, after, most) = answer::paging(&paging)?;
    let rows = store::page(&db.on_behalf(&caller), person, after, most).await?;
    let views: Vec<View> = rows.into_iter().map(View::from).collect();
    Ok(answer::private(StatusCode::OK, &Page::of(views, limit, |view| view.certificate_id)))
}

/// Whether a certificate counts. An unknown token and a text that is none are the same nothing.
///
/// # Errors
/// A problem.
pub async fn verify(State(db): State<Db>, Path(token): Path<String>) -> Result<Response, Problem> {
    let nothing = || answer::nothing("certificate");
    if !is_token(&token) {
        return Err(nothing());
    }
    let found = store::by_token(&db.at_work(), &token).await?.ok_or_else(nothing)?;
    let mut response = answer::private(StatusCode::OK, &Public::from(found));
    // The address holds the token: search engines must not list it.
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Ok(response)
}

/// What revoking takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Revocation")]
pub struct Reason {
    /// For its owner, and for whoever asks why.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

/// Takes a certificate back: the same answer however often, the first reason stays.
///
/// # Errors
/// A problem.
pub async fn revoke(
    State(db): State<Db>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<Reason>,
) -> Result<Response, Problem> {
    let id = answer::identifier(&id)?;
    let reason = certificate::reason(&body.reason)?;
    let row =
        store::revoke(&db.on_behalf(&caller), id, &reason).await?.ok_or_else(|| answer::nothing("certificate"))?;
    Ok(answer::private(StatusCode::OK, &View::from(row)))
}
