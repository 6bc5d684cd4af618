//! Files for whoever is signed in, as browsers meet them: the portal's router with a guarded file, and Supabase behind it where somebody signs in.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail tests")]

#[path = "sessions/someone.rs"]
#[allow(dead_code, reason = "shared with the other tests of sessions")]
mod someone;
#[path = "sessions/staff.rs"]
#[allow(dead_code, reason = "shared with the other tests of a second factor")]
mod staff;
#[path = "sessions/totp.rs"]
#[allow(dead_code, reason = "shared with the other tests of a second factor")]
mod totp;

use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::{Body, to_bytes};
use axum::http::{Response, StatusCode};
use rerp_portal::session::cookie::{FACTOR, NAME, RECOVERY};
use rerp_portal::session::seal::{Held, Purpose, Seal};
use someone::{ANN, Place, VIEW, said, seal};
use staff::{enrolled, first};

const OPEN: &str = "/assets/index-4f2a.js";

/// As a page asks for a script.
async fn script(place: &Place, method: &str, path: &str, cookie: &str) -> Response<Body> {
    place.ask_as(method, path, &[("sec-fetch-site", "same-origin"), ("cookie", cookie)], "").await
}

/// All that is said of it: status, headers, body.
async fn whole(answer: Response<Body>) -> String {
    let (head, body) = answer.into_parts();
    format!("{} {:?} {:?}", head.status, head.headers, to_bytes(body, 4096).await.unwrap())
}

/// Whoever shows this is answered as if it weren't there.
async fn nothing(place: &Place, cookie: &str) {
    for method in ["GET", "HEAD", "POST"] {
        for end in ["", "/"] {
            let answer = script(place, method, &format!("{VIEW}{end}"), cookie).await;
            let gone = script(place, method, &format!("/assets/gone-4f2a.js{end}"), cookie).await;
            assert!(answer.status().is_client_error() && said(&answer, "cache-control") == "no-store", "{cookie}");
            assert_eq!(whole(answer).await, whole(gone).await, "{method} {end} {cookie}");
        }
    }
    assert_eq!(script(place, "GET", OPEN, cookie).await.status(), StatusCode::OK);
    assert_eq!(script(place, "GET", "/", cookie).await.status(), StatusCode::OK);
}

/// A cookie of this name, sealed for this, and good for so many seconds.
fn cookie(seal: &Seal, name: &str, purpose: Purpose<'_>, good: i64) -> String {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let held = Held { refresh: "a refresh token".to_owned().into(), until: u64::try_from(now + good).unwrap() };
    format!("{name}={}", seal.seal(&held, purpose).unwrap())
}

#[tokio::test]
async fn staff_get_them_once_the_factor_is_shown_and_not_before() {
    let place = Place::of_staff().await;
    let (_, session) = enrolled(&place).await;
    let (pending, _) = first(&place).await;
    nothing(&place, &pending).await;
    nothing(&place, &pending.replace(FACTOR, NAME)).await;
    let answer = script(&place, "GET", VIEW, &session).await;
    assert_eq!((answer.status(), said(&answer, "content-type")), (StatusCode::OK, "text/javascript; charset=utf-8"));
    assert_eq!(said(&answer, "cache-control"), "private, max-age=31536000, immutable");
    let tag = said(&answer, "etag").to_owned();
    let kept = [("cookie", session.as_str()), ("if-none-match", tag.as_str())];
    let again = place.ask_as("GET", VIEW, &kept, "").await;
    assert_eq!(
        (again.status(), said(&again, "cache-control")),
        (StatusCode::NOT_MODIFIED, said(&answer, "cache-control"))
    );
    let lapsed = place.ask_as("GET", VIEW, &kept[1..], "").await;
    assert_eq!(lapsed.status(), StatusCode::NOT_FOUND, "that a browser has it tells nobody that it is there");
    assert_eq!(script(&place, "HEAD", VIEW, &session).await.status(), StatusCode::OK);
    // Nobody is asked: Supabase may be away.
    let alone = Place::staff_without_supabase().await;
    assert_eq!(script(&alone, "GET", VIEW, &session).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn nobody_else_does() {
    let place = Place::staff_without_supabase().await;
    let good = cookie(&seal(), NAME, Purpose::Staff, 60);
    assert_eq!(script(&place, "GET", VIEW, &good).await.status(), StatusCode::OK);
    let recovery = Purpose::Recovery { email: ANN, code: "123456" };
    let strange = Seal::of("a key that somebody else has made up").unwrap();
    for bad in [
        String::new(),
        format!("{NAME}="),
        format!("{NAME}=forged"),
        good[..good.len() - 2].to_owned(),
        format!("{good}; {good}"),
        good.replace(NAME, FACTOR),
        good.replace(NAME, "rerp-session"),
        cookie(&strange, NAME, Purpose::Staff, 60),
        cookie(&seal(), NAME, Purpose::Staff, -1),
        cookie(&seal(), NAME, Purpose::Factor, 60),
        cookie(&seal(), FACTOR, Purpose::Factor, 60),
        cookie(&seal(), NAME, recovery, 60),
        cookie(&seal(), RECOVERY, recovery, 60),
        // A customer's, of a portal that has the same key.
        cookie(&seal(), NAME, Purpose::Session, 60),
    ] {
        nothing(&place, &bad).await;
    }
}

#[tokio::test]
async fn a_portal_without_a_factor_gives_them_to_whoever_is_signed_in() {
    let place = Place::without_supabase().await;
    nothing(&place, "").await;
    nothing(&place, &cookie(&seal(), NAME, Purpose::Staff, 60)).await;
    let session = cookie(&seal(), NAME, Purpose::Session, 60);
    assert_eq!(script(&place, "GET", VIEW, &session).await.status(), StatusCode::OK);
}
