//! Certificates as Open Badges over HTTP, for everybody: `GET /api/fte/certificates/verify/{token}/credential`, `GET
//! /api/fte/issuer/status/{list}`, and the issuer's documents. A credential is answered with an embedded proof, or as a VC-JWT to whoever asks for
//! `application/vc+jwt`. Must not log tokens.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rerp_kit::http::Path;
use rerp_kit::problem::Problem;
use rerp_kit::problem::catalogue::INTERNAL;
use rerp_kit::telemetry::chain;
use serde_json::Value;

use super::answer;
use crate::badge::canonical::canonical;
use crate::badge::{BadgeError, Issuer, status};
use crate::domain::certificate::is_token;
use crate::state::Badges;
use crate::store::badge as store;

/// A credential with an embedded proof.
const VC: &str = "application/vc";
/// A credential as a JWT.
const VC_JWT: &str = "application/vc+jwt";
/// Of what is the same for everybody, and may be five minutes late.
const SHARED: &str = "public, max-age=300";

/// The credential of a certificate: the same bytes however often, for as long as the same key signs.
///
/// # Errors
/// A problem.
pub async fn credential(
    State(badges): State<Badges>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let nothing = || answer::nothing("certificate");
    if !is_token(&token) {
        return Err(nothing());
    }
    let facts = store::facts(&badges.db, &token).await?.ok_or_else(nothing)?;
    let credential = badges.issuer.credential(&facts);
    let mut response = signed(&badges.issuer, &credential, &headers, "no-store").map_err(explain)?;
    // The address holds the token: search engines must not list it.
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Ok(response)
}

/// A list of what was revoked.
///
/// # Errors
/// A problem.
pub async fn status(
    State(badges): State<Badges>,
    Path(list): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let nothing = || answer::nothing("list");
    // One address for each list: no signs, no zeros before it.
    let number = list.parse::<i32>().ok().filter(|number| number.to_string() == list).ok_or_else(nothing)?;
    let revoked = store::revoked(&badges.db, number).await?.ok_or_else(nothing)?;
    let encoded = status::encode(&revoked.places).map_err(explain)?;
    let credential = badges.issuer.status_list(number, &encoded, revoked.now);
    signed(&badges.issuer, &credential, &headers, SHARED).map_err(explain)
}

/// Who issues.
///
/// # Errors
/// A problem.
pub async fn profile(State(badges): State<Badges>) -> Result<Response, Problem> {
    document("application/ld+json", &badges.issuer.profile())
}

/// The issuer's keys, as `did:web` has them.
///
/// # Errors
/// A problem.
pub async fn did_document(State(badges): State<Badges>) -> Result<Response, Problem> {
    document("application/did+json", &badges.issuer.did_document())
}

/// The issuer's keys, as JOSE has them.
///
/// # Errors
/// A problem.
pub async fn key_set(State(badges): State<Badges>) -> Result<Response, Problem> {
    document("application/jwk-set+json", &badges.issuer.key_set())
}

fn document(media: &'static str, document: &Value) -> Result<Response, Problem> {
    let text = canonical(document).map_err(explain)?;
    Ok(([(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, SHARED)], text).into_response())
}

fn signed(
    issuer: &Issuer,
    credential: &Value,
    headers: &HeaderMap,
    cache: &'static str,
) -> Result<Response, BadgeError> {
    let media = wanted(headers);
    let text = if media == VC_JWT { issuer.jwt(credential)? } else { issuer.proven(credential)? };
    let headers = [(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, cache), (header::VARY, "accept")];
    Ok((headers, text).into_response())
}

/// The first form that the caller names; with an embedded proof if it names none.
fn wanted(headers: &HeaderMap) -> &'static str {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let mut media = lines.flat_map(|line| line.split(',')).map(|range| range.split(';').next().unwrap_or_default());
    media.find_map(|media| [VC, VC_JWT].into_iter().find(|form| form.eq_ignore_ascii_case(media.trim()))).unwrap_or(VC)
}

/// Logs the cause, here and only here.
fn explain(error: BadgeError) -> Problem {
    tracing::error!(error = chain(&error), "a badge could not be issued");
    Problem::new(INTERNAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_form_that_is_named_is_given() {
        for (accept, form) in [
            (vec![], VC),
            (vec!["*/*"], VC),
            (vec!["text/html, application/json"], VC),
            (vec!["application/vc+jwt"], VC_JWT),
            (vec!["text/html", "Application/VC+JWT; q=0.9, application/vc"], VC_JWT),
            (vec!["application/vc, application/vc+jwt"], VC),
            (vec!["application/vc+jwtx"], VC),
        ] {
            let headers = accept.iter().map(|line| (header::ACCEPT, HeaderValue::from_static(line)));
            assert_eq!(wanted(&headers.collect()), form, "{accept:?}");
        }
    }
}
