//! Addresses over HTTP: `POST` and `GET /api/accounts/{account_id}/addresses`, `PUT` and `DELETE /api/accounts/{account_id}/addresses/{address_id}`.
//! Must not log what it reads.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use rerp_kit::access::Caller;
use rerp_kit::http::{IfMatch, Json, Page, Paging, Path, Query};
use rerp_kit::idempotency::{Claim, Key, replayed};
use rerp_kit::pool::Db;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{IN_USE, INTERNAL, INVALID_VALUE, NOT_FOUND};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::answer;
use crate::domain::address::{Place, TYPES, Typed};
use crate::store::address::{self as store, Added, Changed, Removed};
use crate::store::address_version::Address;

/// What adding an address takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewAddress")]
pub struct NewBody {
    /// What it is for.
    #[schemars(extend("enum" = TYPES))]
    r#type: String,
    /// The person whose it is: this or the company, not both.
    #[schemars(with = "Option<Uuid>")]
    person_id: Option<String>,
    /// The company whose it is: that of the account.
    #[schemars(with = "Option<Uuid>")]
    company_id: Option<String>,
    /// Street and number.
    #[schemars(length(min = 1, max = 200))]
    street_address: String,
    /// Town.
    #[schemars(length(min = 1, max = 100))]
    city: String,
    /// State, province or county.
    #[schemars(length(max = 100))]
    state_province: Option<String>,
    /// Postal code; some countries have none.
    #[schemars(length(max = 20))]
    postal_code: Option<String>,
    /// An assigned code of ISO 3166-1 alpha-2.
    #[schemars(regex(pattern = "^[A-Z]{2}$"))]
    country: String,
    /// Whether it is to be its owner's primary one.
    is_primary: Option<bool>,
}

/// What changing an address takes: all of it but its owner, who stays. Without `is_primary` that stays too.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ChangedAddress")]
pub struct ChangedBody {
    /// What it is for.
    #[schemars(extend("enum" = TYPES))]
    r#type: String,
    /// Street and number.
    #[schemars(length(min = 1, max = 200))]
    street_address: String,
    /// Town.
    #[schemars(length(min = 1, max = 100))]
    city: String,
    /// State, province or county.
    #[schemars(length(max = 100))]
    state_province: Option<String>,
    /// Postal code; some countries have none.
    #[schemars(length(max = 20))]
    postal_code: Option<String>,
    /// An assigned code of ISO 3166-1 alpha-2.
    #[schemars(regex(pattern = "^[A-Z]{2}$"))]
    country: String,
    /// Whether it is to be its owner's primary one.
    is_primary: Option<bool>,
}

/// Adds an address to an account. The first one of an owner is primary, whatever was wished.
///
/// # Errors
/// A problem.
pub async fn add(
    State(db): State<Db>,
    caller: Caller,
    Path(account): Path<String>,
    headers: HeaderMap,
    Json(body): Json<NewBody>,
) -> Result<Response, Problem> {
    let (account, key) = (answer::identifier(&account)?, Key::of(&headers)?);
    let typed = Typed {
        kind: &body.r#type,
        street_address: &body.street_address,
        city: &body.city,
        state_province: body.state_province.as_deref(),
        postal_code: body.postal_code.as_deref(),
        country: &body.country,
    };
    let (place, owner) = Place::owned(&typed, body.person_id.as_deref(), body.company_id.as_deref())?;
    let new = (place, owner, body.is_primary);
    let (id, claim) = Claim::of_create("account-addresses", key, &(account, &new))?;
    match store::add(&db.on_behalf(&caller), id, account, &new, claim, caller.reach())
        .await
        .map_err(answer::not_inserted)?
    {
        Added::There(address, true) => {
            let address = serde_json::to_value(address).map_err(|_| Problem::new(INTERNAL))?;
            Ok(replayed(StatusCode::CREATED, address))
        }
        Added::There(address, false) => {
            let location = format!("/api/accounts/{account}/addresses/{}", address.address_id);
            Ok(answer::created(&location, address.version, &address))
        }
        Added::NoAccount => Err(answer::no_account()),
        Added::Denied(why) => Err(answer::denied(why)),
        Added::Stranger if owner.person().is_some() => {
            Err(Problem::new(INVALID_VALUE).field("/person_id", "has no role in this account"))
        }
        Added::Stranger => Err(Problem::new(INVALID_VALUE).field("/company_id", "is not the company of this account")),
        Added::Key(standing) => Err(answer::of_key(&standing)),
    }
}

/// An account's addresses as they are now, a page of them. An address's `version`, in quotes, is its ETag.
///
/// # Errors
/// A problem.
pub async fn list(
    State(db): State<Db>,
    caller: Caller,
    Path(account): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<axum::Json<Page<Address>>, Problem> {
    let account = answer::identifier(&account)?;
    let (limit, after, most) = answer::paging(&paging)?;
    let rows = store::page(&db.on_behalf(&caller), account, after, most, caller.reach())
        .await?
        .ok_or_else(answer::no_account)?;
    Ok(axum::Json(Page::of(rows, limit, |row| row.address_id)))
}

/// Changes an address, for whoever has read what it is now.
///
/// # Errors
/// A problem.
pub async fn change(
    State(db): State<Db>,
    caller: Caller,
    Path((account, address)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<ChangedBody>,
) -> Result<Response, Problem> {
    let (account, id) = (answer::identifier(&account)?, answer::identifier(&address)?);
    let meant = IfMatch::of(&headers)?;
    let typed = Typed {
        kind: &body.r#type,
        street_address: &body.street_address,
        city: &body.city,
        state_province: body.state_province.as_deref(),
        postal_code: body.postal_code.as_deref(),
        country: &body.country,
    };
    let place = Place::new(&typed)?;
    match store::change(&db.on_behalf(&caller), account, id, &meant, &(place, body.is_primary), caller.reach()).await? {
        Changed::Done(address) => Ok(answer::versioned(StatusCode::OK, address.version, &address)),
        Changed::NotThere => Err(Problem::new(NOT_FOUND).detail("there is no such address in this account")),
        Changed::Denied(why) => Err(answer::denied(why)),
        Changed::Missed => Err(IfMatch::missed()),
        Changed::Primary => {
            Err(Problem::new(INVALID_VALUE).field("/is_primary", "make another address the primary one instead"))
        }
    }
}

/// Takes an address away.
///
/// # Errors
/// A problem; a primary one stays while there are others.
pub async fn remove(
    State(db): State<Db>,
    caller: Caller,
    Path((account, address)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (account, id) = (answer::identifier(&account)?, answer::identifier(&address)?);
    match store::remove(&db.on_behalf(&caller), account, id, caller.reach()).await? {
        Removed::Done => Ok(StatusCode::NO_CONTENT),
        Removed::NotThere => Err(Problem::new(NOT_FOUND).detail("there is no such address in this account")),
        Removed::Denied(why) => Err(answer::denied(why)),
        Removed::Primary => Err(Problem::new(IN_USE).detail("make another address the primary one first")),
    }
}
