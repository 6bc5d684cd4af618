//! `/supabase/auth/v1/…`: parse, call, carry what has to be carried, answer as Supabase does; and `/sandbox/supabase/…`: what is set, and keys.

use super::hooks;
use super::vendor::{answered_later, status};
use super::world::World;
use crate::post::fault::Vendor;
use crate::post::mailbox::{Channel, Message};
use crate::supabase::API_VERSION;
use crate::supabase::call::{Call, Page, Reply};
use crate::supabase::grant::Issue;
use crate::supabase::hook::Name;
use crate::supabase::letter::{Content, Envelope, Letter};
use crate::supabase::refusal::Refusal;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{AUTHORIZATION, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use rerp_kit::http::{Json, Path as Named};
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::{INTERNAL, INVALID_VALUE};
use serde_json::{Value, json};
use std::sync::Arc;
use url::form_urlencoded;
use uuid::Uuid;

/// How a client names the version of the interface that it speaks, and how an error names it.
const VERSION_HEADER: &str = "x-supabase-api-version";

/// Any call of Supabase Auth's interface. Pages of any origin may ask, as at Supabase.
pub(super) async fn call(
    State(world): State<Arc<World>>,
    method: Method,
    Path(rest): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut response = if method == Method::OPTIONS {
        preflight(&headers)
    } else {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(token);
        let address = text("x-forwarded-for").and_then(|all| all.split(',').next()).map(str::trim);
        let call = Call {
            method: method.as_str(),
            path: &rest,
            query: query.as_deref().unwrap_or_default(),
            key: text("apikey"),
            bearer,
            audience: text("x-jwt-aud"),
            address: address.filter(|address| !address.is_empty()),
            body: &body,
        };
        let is_dated = text(VERSION_HEADER).is_some_and(|version| version >= API_VERSION);
        answered_later(&world.faults, Vendor::Supabase, async {
            perform(&world, &call).await.unwrap_or_else(|refusal| refused(&refusal, is_dated))
        })
        .await
    };
    let headers = response.headers_mut();
    headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
    headers.insert(
        "access-control-expose-headers",
        HeaderValue::from_static("X-Total-Count, Link, X-Supabase-Api-Version, X-Sb-Error-Code"),
    );
    response
}

fn token(given: &str) -> Option<&str> {
    given.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token)
}

fn preflight(headers: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let answer = response.headers_mut();
    answer.insert("access-control-allow-methods", HeaderValue::from_static("GET,POST,PUT,PATCH,DELETE"));
    answer.insert("access-control-max-age", HeaderValue::from_static("3600"));
    if let Some(wanted) = headers.get("access-control-request-headers") {
        answer.insert("access-control-allow-headers", wanted.clone());
    }
    response
}

/// To the microsecond, which is what Supabase's database keeps.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

async fn perform(world: &World, call: &Call<'_>) -> Result<Response, Refusal> {
    let done = world.supabase.call(call, now())?;
    for letter in done.letters {
        if let Err(refusal) = carry(world, call, &letter).await {
            world.supabase.failed(done.made);
            return Err(refusal);
        }
        world.supabase.arrived(letter, now())?;
    }
    match done.reply {
        Reply::Document(document) => Ok(axum::Json(document).into_response()),
        Reply::Page(document, page) => Ok((paging(call, page), axum::Json(document)).into_response()),
        Reply::User(user) => Ok(axum::Json(world.supabase.user(user)?).into_response()),
        Reply::Empty => Ok(StatusCode::NO_CONTENT.into_response()),
        Reply::Redirect(to) => Ok((StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response()),
        Reply::Session(issue) => session(world, call, issue).await,
    }
}

/// A hook carries a letter, or else it is in the mailbox at once.
async fn carry(world: &World, call: &Call<'_>, letter: &Letter) -> Result<(), Refusal> {
    let set = world.supabase.settings().hooks;
    let (name, hook, asked, envelopes, channel) = match &letter.content {
        Content::Mail { envelopes, asked } => {
            (Name::SendEmail, set.send_email, asked, envelopes.as_slice(), Channel::Email)
        }
        Content::Text { envelope, asked } => {
            (Name::SendSms, set.send_sms, asked, std::slice::from_ref(envelope), Channel::Sms)
        }
    };
    if let Some(hook) = hook {
        return hooks::ask(&world.http, &hook, name, asked.clone(), call.address).await.map(drop);
    }
    for Envelope { id, to, subject, text } in envelopes.iter().cloned() {
        let (from, subject) = match channel {
            Channel::Email => ("noreply@mail.app.supabase.io".to_owned(), Some(subject)),
            Channel::Sms => ("Supabase".to_owned(), None),
        };
        world.mailbox.put(Message { id, channel, to, from, subject, text, at: now() });
    }
    Ok(())
}

async fn session(world: &World, call: &Call<'_>, issue: Issue) -> Result<Response, Refusal> {
    let claims = world.supabase.claims(&issue, now())?;
    let ends = claims["exp"].as_i64().unwrap_or_default();
    let claims = match world.supabase.settings().hooks.customize_access_token {
        None => claims,
        Some(hook) => {
            let asked = json!({ "user_id": issue.user, "claims": claims, "authentication_method": issue.method });
            let mut said = hooks::ask(&world.http, &hook, Name::CustomizeAccessToken, asked, call.address).await?;
            let claims = said.get_mut("claims").map(Value::take);
            let claims = claims.ok_or_else(|| Refusal::new(500, "", "output claims field is missing"))?;
            world.supabase.complete(&claims)?;
            claims
        }
    };
    let document = world.supabase.session(&issue, &claims, ends, now())?;
    let Some((to, kind)) = issue.redirect else { return Ok(axum::Json(document).into_response()) };
    let mut fragment = form_urlencoded::Serializer::new(String::new());
    for name in ["access_token", "expires_at", "expires_in", "refresh_token", "token_type"] {
        let value = &document[name];
        fragment.append_pair(name, &value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    let to = format!("{to}#{}", fragment.append_pair("type", &kind).append_pair("sb", "").finish());
    Ok((StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response())
}

fn paging(call: &Call<'_>, page: Page) -> [(HeaderName, String); 2] {
    let link = |number: usize, rel: &str| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(form_urlencoded::parse(call.query.as_bytes()).filter(|(name, _)| name != "page"));
        let query = query.append_pair("page", &number.to_string()).finish();
        format!("</admin/users?{query}>; rel=\"{rel}\"")
    };
    let next = page.next.map(|next| link(next, "next"));
    let links: Vec<String> = next.into_iter().chain([link(page.last, "last")]).collect();
    [
        (HeaderName::from_static("link"), links.join(", ")),
        (HeaderName::from_static("x-total-count"), page.total.to_string()),
    ]
}

fn refused(refusal: &Refusal, is_dated: bool) -> Response {
    let number = status(refusal.status);
    if refusal.status == 404 && refusal.code().is_none() {
        return (number, refusal.message().to_owned()).into_response();
    }
    let mut response = (number, axum::Json(refusal.body(is_dated))).into_response();
    if let Some(code) = refusal.code() {
        response.headers_mut().insert("x-sb-error-code", HeaderValue::from_static(code));
    }
    if is_dated {
        response.headers_mut().insert(VERSION_HEADER, HeaderValue::from_static(API_VERSION));
    }
    response
}

/// `PATCH /sandbox/supabase/settings`.
pub(super) async fn set(State(world): State<Arc<World>>, Json(changes): Json<Value>) -> Result<StatusCode, Problem> {
    world.supabase.set(&changes).map_err(|why| Problem::new(INVALID_VALUE).detail(why))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /sandbox/supabase/keys`.
pub(super) async fn rotate(State(world): State<Arc<World>>) -> Result<axum::Json<Value>, Problem> {
    let (signing, before) = world.supabase.rotate().map_err(|_| Problem::new(INTERNAL))?;
    Ok(axum::Json(json!({ "signing": signing, "before": before })))
}

/// `DELETE /sandbox/supabase/keys/{id}`.
pub(super) async fn withdraw(State(world): State<Arc<World>>, Named(key): Named<Uuid>) -> Result<StatusCode, Problem> {
    if world.supabase.withdraw(key) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(INVALID_VALUE).detail("only a published key that no longer signs can be withdrawn"))
}
