//! `POST /api/identity/verify/email` and `POST /api/identity/verify/phone`: without a code in the body a code is sent, with
//! one it is checked. Known and unknown contacts get equal answers. Must not log what it reads.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{Json, strict_uuid};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{CODE_REFUSED, INVALID_VALUE, TOO_MANY_REQUESTS};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::deliver::Destination;
use crate::domain::email::EmailAddress;
use crate::domain::otp::{Code, GAP_S, LIFETIME_S};
use crate::domain::phone::PhoneNumber;
use crate::store::email as registry;
use crate::store::proof::{self, Owned};
use crate::verification::{Claimed, Verification};

/// What proving an address takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AddressProof")]
pub struct EmailBody {
    /// The address to prove.
    #[schemars(email, length(min = 1, max = 1024))]
    email: String,
    /// The code that came to it; left out to have one sent.
    #[schemars(regex(pattern = "^[0-9]{6}$"))]
    code: Option<String>,
}

/// What proving a telephone takes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TelephoneProof")]
pub struct PhoneBody {
    /// Whose telephone it is: one's own identifier.
    #[schemars(with = "Uuid")]
    human_name_id: String,
    /// The number with the code of its country.
    #[schemars(length(max = 40), regex(pattern = r"^\+[0-9 ().-]+$"))]
    phone_number: String,
    /// The code that came to it; left out to have one sent.
    #[schemars(regex(pattern = "^[0-9]{6}$"))]
    code: Option<String>,
}

/// A code is on its way, if somebody has the contact.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CodeSent")]
pub(crate) struct Sent {
    /// How long the code proves something.
    expires_in_seconds: i32,
    /// How long there is no other one.
    resend_after_seconds: i32,
}

/// The contact is proved.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Verified {
    /// Always true.
    verified: bool,
    /// Address and telephone of the person.
    both_verified: bool,
}

/// Starts or ends the proof of an address.
///
/// # Errors
/// A problem.
pub async fn email(State(state): State<Verification>, Json(body): Json<EmailBody>) -> Result<Response, Problem> {
    let address = EmailAddress::parse(&body.email)
        .map_err(|error| Problem::new(INVALID_VALUE).field("/email", error.to_string()))?;
    let code = typed(body.code.as_deref())?;
    // Whoever signs up isn't signed in: that they read mail there is what the code shows.
    let state = state.at_work();
    let owned = registry::by_email(state.db(), &address).await?.map(|stored| Owned::Email(stored.id));
    go(&state, Claimed { to: Destination::Email(address), owned }, code).await
}

/// Starts or ends the proof of one's own telephone.
///
/// # Errors
/// A problem.
pub async fn phone(
    State(state): State<Verification>,
    caller: Caller,
    Json(body): Json<PhoneBody>,
) -> Result<Response, Problem> {
    let person = strict_uuid(&body.human_name_id).ok_or_else(|| {
        Problem::new(INVALID_VALUE).field("/human_name_id", "must be an identifier: a UUID of 36 characters")
    })?;
    caller.must_be(person, "/human_name_id")?;
    let state = state.on_behalf(&caller);
    let number = PhoneNumber::parse(&body.phone_number)
        .map_err(|error| Problem::new(INVALID_VALUE).field("/phone_number", error.to_string()))?;
    let code = typed(body.code.as_deref())?;
    let owned = proof::phone(state.db(), person, &number).await?;
    go(&state, Claimed { to: Destination::Phone(number), owned }, code).await
}

async fn go(state: &Verification, claimed: Claimed, code: Option<Code>) -> Result<Response, Problem> {
    let Some(code) = code else {
        let to = claimed.to.clone();
        if state.start(claimed).await? {
            let sent = Sent { expires_in_seconds: LIFETIME_S, resend_after_seconds: GAP_S };
            return Ok((StatusCode::ACCEPTED, axum::Json(sent)).into_response());
        }
        // Of contacts that nobody has it is counted too, so nobody learns anything by it.
        let wait = state.outlook(&to).await?.and_then(|outlook| u32::try_from(outlook.wait_s).ok());
        let gap = GAP_S.unsigned_abs();
        return Err(Problem::new(TOO_MANY_REQUESTS)
            .detail("a code was asked for a moment ago, or often enough for today")
            .retry_after(wait.unwrap_or(gap).max(gap)));
    };
    match state.check(claimed, &code).await? {
        Some(proved) => {
            let verified = Verified { verified: true, both_verified: proved.both };
            Ok(axum::Json(verified).into_response())
        }
        None => Err(Problem::new(CODE_REFUSED).detail("wrong, used, too old or tried too often; ask for a new code")),
    }
}

fn typed(code: Option<&str>) -> Result<Option<Code>, Problem> {
    let mistake = || Problem::new(INVALID_VALUE).field("/code", "a code is six digits");
    code.map(|text| Code::typed(text).ok_or_else(mistake)).transpose()
}
