//! `POST /api/identity/user`: makes a person. Must not log what it reads, nor keep it in an answer.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, etag};
use rerp_kit::idempotency::{Claim, Key, Standing, replayed};
use rerp_kit::pool::{Db, DbError};
use rerp_kit::problem::catalogue::{ALREADY_EXISTS, ID_TAKEN, INTERNAL};
use rerp_kit::problem::{Mistakes, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::email::EmailAddress;
use crate::domain::name::{Names, Typed};
use crate::domain::phone::PhoneNumber;
use crate::store::registration::{self as store, New};

/// What making a person takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewPerson")]
pub struct Body {
    /// The address, which nobody else has.
    #[schemars(email, length(min = 1, max = 1024))]
    email: String,
    /// Given name.
    #[schemars(length(max = 200))]
    first_name: Option<String>,
    /// Family name.
    #[schemars(length(max = 200))]
    surname: Option<String>,
    /// The name chosen for signing in: letters, digits, hyphens, underscores and dots, in small letters.
    #[schemars(length(max = 64))]
    username: Option<String>,
    /// The telephone, with the code of its country.
    #[schemars(length(max = 40), regex(pattern = r"^\+[0-9 ().-]+$"))]
    phone_number: Option<String>,
}

/// Makes a person, who has proved nothing yet. A key that is a UUID becomes the identifier.
///
/// # Errors
/// A problem.
pub async fn register(
    State(db): State<Db>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Response, Problem> {
    let (key, new) = (Key::of(&headers)?, read(&body)?);
    let asked = (&new.names, new.email.as_str(), new.phone.as_ref().map(PhoneNumber::as_str));
    let (id, claim) = Claim::of_create("user", key, &asked)?;
    match store::register(&db.on_behalf(&caller), id, &new, claim).await.map_err(taken)? {
        Ok(registered) => {
            let location = format!("/api/identity/user/{}", registered.human_name_id);
            let mut response = (StatusCode::CREATED, axum::Json(registered)).into_response();
            response.headers_mut().insert(header::ETAG, etag(registered.version));
            if let Ok(location) = HeaderValue::from_str(&location) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            Ok(response)
        }
        Err(Standing::Done(answer)) => Ok(replayed(StatusCode::CREATED, answer)),
        Err(standing) => Err(standing.problem().unwrap_or_else(|| Problem::new(INTERNAL))),
    }
}

fn read(body: &Body) -> Result<New, Mistakes> {
    let mut mistakes = Mistakes::default();
    let names = Typed {
        first_name: body.first_name.as_deref(),
        surname: body.surname.as_deref(),
        username: body.username.as_deref(),
    };
    let names = Names::read(names, &mut mistakes);
    let email = EmailAddress::parse(&body.email).map_err(|error| mistakes.add("/email", error.to_string())).ok();
    let phone = body.phone_number.as_deref().and_then(|text| {
        PhoneNumber::parse(text).map_err(|error| mistakes.add("/phone_number", error.to_string())).ok()
    });
    match email {
        Some(email) => mistakes.finish(New { names, email, phone }),
        None => Err(mistakes),
    }
}

/// What somebody else has already. Of a person who asks for an address of another one this tells that there is one: so it is asked at the rate of codes.
pub(super) fn taken(error: DbError) -> Problem {
    let has = |pointer, what: &str| Problem::new(ALREADY_EXISTS).detail(what).field(pointer, "is somebody else's");
    match error.constraint() {
        Some("human_names_email_address_id_key") => has("/email", "a person has this address"),
        Some("human_names_username_key") => has("/username", "a person has this name"),
        Some("human_names_pkey") => {
            Problem::new(ID_TAKEN).detail("the UUID given as Idempotency-Key was used before; use a new one")
        }
        _ => error.into(),
    }
}
