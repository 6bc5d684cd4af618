//! `PUT /api/identity/user/{human_name_id}` and, below it, `/email` and `/mobile`: a person's names and contacts, for whoever has read which version is there. A
//! contact that is new is proved with `verify/…`. Must not log what it reads, nor keep it in an answer.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rerp_kit::access::Caller;
use rerp_kit::http::{IfMatch, Json, Path, etag};
use rerp_kit::idempotency::{Claim, Key, replayed};
use rerp_kit::pool::Db;
use rerp_kit::problem::catalogue::{INTERNAL, INVALID_VALUE, NOT_FOUND};
use rerp_kit::problem::{Mistakes, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::person::identifier;
use super::registration::taken;
use crate::domain::email::EmailAddress;
use crate::domain::name::{Names, Typed};
use crate::domain::phone::PhoneNumber;
use crate::store::change::{self as store, Change, Changed};

/// What a person is called from now on: all of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Names")]
pub struct NamesBody {
    /// Given name.
    #[schemars(length(max = 200))]
    first_name: Option<String>,
    /// Family name.
    #[schemars(length(max = 200))]
    surname: Option<String>,
    /// The name chosen for signing in: letters, digits, hyphens, underscores and dots, in small letters.
    #[schemars(length(max = 64))]
    username: Option<String>,
}

/// A person's new address.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewEmail")]
pub struct EmailBody {
    /// The address, which nobody else has.
    #[schemars(email, length(min = 1, max = 1024))]
    email: String,
}

/// A person's new telephone.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewTelephone")]
pub struct MobileBody {
    /// The number with the code of its country.
    #[schemars(length(max = 40), regex(pattern = r"^\+[0-9 ().-]+$"))]
    phone_number: String,
}

/// Changes what a person is called.
///
/// # Errors
/// A problem.
pub async fn names(
    State(db): State<Db>,
    caller: Caller,
    Path(text): Path<String>,
    headers: HeaderMap,
    Json(body): Json<NamesBody>,
) -> Result<Response, Problem> {
    let typed = Typed {
        first_name: body.first_name.as_deref(),
        surname: body.surname.as_deref(),
        username: body.username.as_deref(),
    };
    let mut mistakes = Mistakes::default();
    let names = Names::read(typed, &mut mistakes);
    let names = mistakes.finish(names)?;
    let wish = Wish::of("user-names", &text, &headers, &names)?;
    wish.done(&db.on_behalf(&caller), &Change::Names(names)).await
}

/// Gives a person another address, which is not proved. The one before is nobody's.
///
/// # Errors
/// A problem.
pub async fn email(
    State(db): State<Db>,
    caller: Caller,
    Path(text): Path<String>,
    headers: HeaderMap,
    Json(body): Json<EmailBody>,
) -> Result<Response, Problem> {
    let address = EmailAddress::parse(&body.email)
        .map_err(|error| Problem::new(INVALID_VALUE).field("/email", error.to_string()))?;
    let wish = Wish::of("user-email", &text, &headers, &address.as_str())?;
    // An address is somebody's once it is in their row: before, policies know it as nobody's.
    wish.done(&db.at_work_for(&caller), &Change::Email(address)).await
}

/// Gives a person a telephone, or another one, which is not proved.
///
/// # Errors
/// A problem.
pub async fn mobile(
    State(db): State<Db>,
    caller: Caller,
    Path(text): Path<String>,
    headers: HeaderMap,
    Json(body): Json<MobileBody>,
) -> Result<Response, Problem> {
    let number = PhoneNumber::parse(&body.phone_number)
        .map_err(|error| Problem::new(INVALID_VALUE).field("/phone_number", error.to_string()))?;
    let wish = Wish::of("user-mobile", &text, &headers, &number.as_str())?;
    wish.done(&db.on_behalf(&caller), &Change::Phone(number)).await
}

/// Who is to be changed, in which version, and under which key.
struct Wish {
    human: Uuid,
    meant: IfMatch,
    key: Option<Claim>,
}

impl Wish {
    fn of(
        scope: &'static str,
        human: &str,
        headers: &HeaderMap,
        asked: &(impl Serialize + ?Sized),
    ) -> Result<Self, Problem> {
        let (human, meant) = (identifier(human)?, IfMatch::of(headers)?);
        let key = Key::of(headers)?.map(|key| Claim::new(scope, key, &(human, asked)));
        let key = key.transpose().map_err(|_| Problem::new(INTERNAL))?;
        Ok(Self { human, meant, key })
    }

    async fn done(self, db: &Db, change: &Change) -> Result<Response, Problem> {
        match store::change(db, self.human, &self.meant, change, self.key).await.map_err(taken)? {
            Changed::Done(now, true) => {
                let answer = serde_json::to_value(now).map_err(|_| Problem::new(INTERNAL))?;
                Ok(replayed(StatusCode::OK, answer))
            }
            Changed::Done(now, false) => Ok(([(header::ETAG, etag(now.version))], axum::Json(now)).into_response()),
            Changed::NotThere => Err(Problem::new(NOT_FOUND)),
            Changed::Missed => Err(IfMatch::missed()),
            Changed::Key(standing) => Err(standing.problem().unwrap_or_else(|| Problem::new(INTERNAL))),
        }
    }
}
