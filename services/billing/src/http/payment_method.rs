//! Payment methods over HTTP: `POST /api/billing/payment-methods`, `GET …/{human_name_id}` and `DELETE …/{human_name_id}/{payment_method_id}`. No card is ever typed here: the person's browser gives it to
//! Stripe, with the secret that we answer.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, Page, Paging, Path, Query};
use rerp_kit::idempotency::{Claim, Key};
use rerp_kit::pool::{Db, DbError};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{ID_TAKEN, IN_USE, INTERNAL, NOT_FOUND};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::answer;
use crate::state::AppState;
use crate::store::leaving::{self, Taken};
use crate::store::payment_method::{self as store, Asked, PaymentMethod};

/// What adding a payment method takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewPaymentMethod")]
pub struct Body {
    /// Who asks: one's own identifier.
    #[schemars(with = "Uuid")]
    human_name_id: String,
}

/// What is answered to it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PaymentMethodBegun")]
pub(crate) struct Begun {
    /// Our identifier.
    payment_method_id: Uuid,
    /// Identity's: whose.
    human_name_id: Uuid,
    /// With it the person's browser gives Stripe the card. Good for this one.
    client_secret: Option<String>,
    /// With which the browser's Stripe.js begins; none where this platform isn't told its own.
    publishable_key: Option<String>,
}

/// Begins adding a payment method of one's own, for the verified. A repetition under the same key gets the same secret.
///
/// # Errors
/// A problem.
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let key = Key::of(&headers)?;
    let person = answer::field("/human_name_id", &body.human_name_id)?;
    caller.must_be(person, "/human_name_id")?;
    state.identity.must_know(person, "/human_name_id").await?;
    answer::must_be_verified(state.identity.proof(person).await)?;
    let (id, claim) = Claim::of_create("payment-methods", key, &person)?;
    let id = match store::ask(&state.db.on_behalf(&caller), id, person, claim).await.map_err(explain)? {
        Asked::Row(id) => id,
        Asked::Key(standing) => return Err(standing.problem().unwrap_or_else(|| Problem::new(INTERNAL))),
    };
    let client_secret = state.asking(&caller).setup(id, person).await.map_err(answer::no_answer)?;
    let publishable_key = state.publishable_key.as_deref().map(str::to_owned);
    let begun = Begun { payment_method_id: id, human_name_id: person, client_secret, publishable_key };
    Ok((StatusCode::CREATED, axum::Json(begun)).into_response())
}

fn explain(error: DbError) -> Problem {
    match error.constraint() {
        Some("stripe_payment_methods_pkey") => {
            Problem::new(ID_TAKEN).detail("the UUID given as Idempotency-Key was used before; use a new one")
        }
        _ => error.into(),
    }
}

/// A person's payment methods, a page of them.
///
/// # Errors
/// A problem.
pub async fn list(
    State(db): State<Db>,
    caller: Caller,
    Path(person): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Page<PaymentMethod>>, Problem> {
    let person = answer::identifier(&person)?;
    let (limit, after) = (paging.limit()?, paging.after()?);
    // One more than asked for tells whether there is a next page.
    let rows = store::page(&db.on_behalf(&caller), person, after, i64::from(limit) + 1).await?;
    Ok(axum::Json(Page::of(rows, limit, |row| row.payment_method_id)))
}

/// Takes a payment method back: nobody is shown it from then on, and another one is charged if there is one.
///
/// # Errors
/// A problem; what is paid with it alone keeps it.
pub async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Path((person, method)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (person, method) = (answer::identifier(&person)?, answer::identifier(&method)?);
    match leaving::ask(&state.db.on_behalf(&caller), person, method).await? {
        Taken::Down(row) => {
            state.asking(&caller).leaving(&row).await.map_err(answer::no_answer)?;
            Ok(StatusCode::NO_CONTENT)
        }
        Taken::NotThere => Err(Problem::new(NOT_FOUND).detail("this person has no such payment method")),
        Taken::InUse => Err(Problem::new(IN_USE)
            .detail("a subscription is paid with it: add another one first, or let the subscription end")),
    }
}
