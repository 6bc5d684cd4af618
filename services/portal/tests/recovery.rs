//! A forgotten password, as browsers meet it: the portal's router with the stand-in for Supabase behind it, on a socket.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail tests")]

#[path = "sessions/someone.rs"]
#[allow(dead_code, reason = "shared with the other tests of sessions")]
mod someone;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use axum::routing::{any, post, put};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use rerp_portal::session::cookie::{NAME, RECOVERY};
use serde_json::{Value, json};
use someone::{ANN, Place, SECRET, cookie_of, kind, read, said};

const NEW: &str = "another password";
const NOBODY: &str = "nobody@example.com";

async fn wish(place: &Place, email: &str) -> Response<Body> {
    place.ask("POST", "/session/recovery", &[], json!({ "email": email })).await
}

async fn show(place: &Place, kept: &str, code: &str, password: &str) -> Response<Body> {
    let shown = json!({ "email": ANN, "code": code, "password": password });
    place.ask("POST", "/session/recovered", &[("cookie", kept)], shown).await
}

/// A code of Ann's.
async fn code(place: &Place) -> String {
    assert_eq!(wish(place, ANN).await.status(), StatusCode::ACCEPTED);
    place.code(ANN).await
}

fn cookies(answer: &Response<Body>) -> Vec<&str> {
    answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
}

async fn signs_in(place: &Place, password: &str) -> bool {
    let answer = place.ask("POST", "/session", &[], json!({ "email": ANN, "password": password })).await;
    answer.status() == StatusCode::OK
}

#[tokio::test]
async fn whoever_reads_the_mail_chooses_another_and_is_signed_in() {
    let place = Place::open().await;
    let elsewhere = place.signed_in(ANN).await;
    let code = code(&place).await;
    for wrong in ["000000", "no code"] {
        let answer = show(&place, "", wrong, NEW).await;
        assert_eq!(kind(&read(answer).await), "code-refused");
    }
    let blanks = format!(" {} {}", &code[..3], &code[3..]);
    let answer = show(&place, "", &blanks, NEW).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let kept = cookies(&answer);
    assert!(kept.len() == 2 && kept[0].starts_with(NAME) && kept[0].contains("Max-Age=2592000"), "{kept:?}");
    assert!(kept[1].starts_with(&format!("{RECOVERY}=; Max-Age=0")), "{kept:?}");
    assert_eq!(read(answer).await["email"], ANN);
    assert!(signs_in(&place, NEW).await && !signs_in(&place, SECRET).await);
    let other = place.ask("POST", "/session/refresh", &[("cookie", &elsewhere)], json!({})).await;
    assert_eq!(other.status(), StatusCode::UNAUTHORIZED, "sessions elsewhere are over");
    assert_eq!(kind(&read(show(&place, "", &code, NEW).await).await), "code-refused", "a code is good once");
}

#[tokio::test]
async fn a_password_that_is_refused_leaves_the_code_to_whoever_shows_it_again() {
    let place = Place::open().await;
    place.account(ANN, SECRET).await;
    let code = code(&place).await;
    let weak = show(&place, "", &code, "a").await;
    assert_eq!(weak.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let kept = cookies(&weak);
    let [only] = kept[..] else { panic!("{kept:?}") };
    assert!(only.starts_with(&format!("{RECOVERY}=")) && !only.contains("Max-Age=0;"), "nobody is signed in: {only}");
    for attribute in ["; Max-Age=600", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Strict"] {
        assert!(only.contains(attribute), "{attribute}: {only}");
    }
    let looking = cookie_of(&weak);
    assert_eq!(read(weak).await["errors"][0]["pointer"], "/password");
    // It is no session, and nothing to whoever comes next to this machine.
    let value = looking.split_once('=').unwrap().1;
    for cookie in [looking.clone(), format!("{NAME}={value}")] {
        let answer = place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
        assert!([204, 401].contains(&answer.status().as_u16()), "{cookie}");
    }
    assert_eq!(kind(&read(show(&place, &looking, "000000", NEW).await).await), "code-refused");
    assert!(signs_in(&place, SECRET).await && !signs_in(&place, NEW).await);
    let weak_again = show(&place, &looking, &code, "b").await;
    assert_eq!(weak_again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let answer = show(&place, &cookie_of(&weak_again), &code, NEW).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(signs_in(&place, NEW).await);
}

#[tokio::test]
async fn an_answer_that_was_lost_costs_nothing() {
    let place = Place::open().await;
    place.account(ANN, SECRET).await;
    let first = code(&place).await;
    // The present password counts as chosen: who remembers it, and whose change was done without an answer.
    assert_eq!(show(&place, "", &first, SECRET).await.status(), StatusCode::OK);
    // A code's answer is lost: it was good once, and another one is to be had.
    place.set(json!({ "max_frequency": 0 })).await;
    let second = code(&place).await;
    place.spoil("after", 503).await;
    let lost = show(&place, "", &second, NEW).await;
    assert_eq!(lost.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(kind(&read(show(&place, "", &second, NEW).await).await), "code-refused");
    // That of what the code gave is lost: the token before the present one is taken.
    let third = code(&place).await;
    let weak = show(&place, "", &third, "a").await;
    let looking = cookie_of(&weak);
    place.spoil("after", 503).await;
    let unknown = show(&place, &looking, &third, NEW).await;
    assert_eq!(unknown.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(show(&place, &looking, &third, NEW).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_change_of_which_nobody_knows_whether_it_was_done_is_made_again() {
    let changes = Arc::new(AtomicU32::new(0));
    let change = async move || match changes.fetch_add(1, Ordering::Relaxed) {
        0 => (StatusCode::BAD_GATEWAY, Json(json!({}))),
        1 => (StatusCode::TOO_MANY_REQUESTS, Json(json!({ "code": "over_request_rate_limit" }))),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "code": "same_password" }))),
    };
    let claims = URL_SAFE_NO_PAD.encode(r#"{"sub": "0191f7a1-0000-7000-8000-000000000001"}"#);
    let grant = json!({
        "access_token": format!("a.{claims}.a"), "refresh_token": "next", "expires_in": 60, "user": { "email": ANN },
    });
    let verified = grant.clone();
    let played = Router::new()
        .route("/auth/v1/verify", post(async move || Json(verified.clone())))
        .route("/auth/v1/token", post(async move || Json(grant.clone())))
        .route("/auth/v1/user", put(change));
    let place = Place::before(played, "sb_publishable_tests").await;
    let mut looking = String::new();
    for status in [503, 429] {
        let answer = show(&place, &looking, "123456", NEW).await;
        assert_eq!(answer.status().as_u16(), status);
        looking = cookie_of(&answer);
        assert!(looking.starts_with(RECOVERY) && cookies(&answer).len() == 1);
    }
    let done = show(&place, &looking, "123456", NEW).await;
    assert!(done.status() == StatusCode::OK && cookie_of(&done).starts_with(NAME));
}

#[tokio::test]
async fn passwords_end_where_supabase_stops_reading() {
    let place = Place::open().await;
    place.account(ANN, SECRET).await;
    let code = code(&place).await;
    for wrong in ["a".repeat(73), "ä".repeat(37), String::new()] {
        let answer = show(&place, "", &code, &wrong).await;
        assert_eq!((answer.status(), cookies(&answer).len()), (StatusCode::UNPROCESSABLE_ENTITY, 0));
        assert_eq!(read(answer).await["errors"][0]["pointer"], "/password");
    }
    assert_eq!(show(&place, "", &code, &"ä".repeat(36)).await.status(), StatusCode::OK, "the code is still good");
}

/// An answer, all of it but the date.
async fn whole(answer: Response<Body>) -> (StatusCode, Vec<(String, String)>, Value) {
    let headers = answer.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    (answer.status(), headers, read(answer).await)
}

#[tokio::test]
async fn known_and_unknown_addresses_are_answered_alike_whatever_becomes_of_the_mail() {
    for mood in ["spent", "not-sent", "away", "nobody", "broken", "slow", "nowhere"] {
        let place = Place::open().await;
        place.account(ANN, SECRET).await;
        place.identity("send_email", mood).await;
        let mut seen = Vec::new();
        for email in [ANN, NOBODY, ANN] {
            let began = Instant::now();
            let answer = whole(wish(&place, email).await).await;
            let took = began.elapsed().as_millis();
            assert!((1_000..4_000).contains(&took), "{mood} {email}: {took} ms");
            seen.push(answer);
        }
        assert!(seen.iter().all(|one| *one == seen[0] && one.0 == StatusCode::ACCEPTED), "{mood}: {seen:?}");
    }
    // Without any trouble too, and where somebody was written to a moment ago.
    let place = Place::open().await;
    place.account(ANN, SECRET).await;
    let (first, second, nobody) = (wish(&place, ANN).await, wish(&place, ANN).await, wish(&place, NOBODY).await);
    let (first, second, nobody) = (whole(first).await, whole(second).await, whole(nobody).await);
    assert!(first == second && first == nobody && first.0 == StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_is_about_whoever_asks_is_told() {
    let place = Place::open().await;
    place.account(ANN, SECRET).await;
    assert_eq!(read(wish(&place, "no address").await).await["errors"][0]["pointer"], "/email");
    place.set(json!({ "rate_limits": { "otp": 1 } })).await;
    let from = [("x-forwarded-for", "192.0.2.1")];
    for (email, status) in [(NOBODY, 202), (ANN, 429), (NOBODY, 429)] {
        let answer = place.ask("POST", "/session/recovery", &from, json!({ "email": email })).await;
        assert_eq!(answer.status().as_u16(), status, "{email}");
    }
    let alone = Place::without_supabase().await;
    let answer = wish(&alone, ANN).await;
    assert_eq!((answer.status(), said(&answer, "retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "1"));
}

#[tokio::test]
async fn wishes_that_nobody_answers_are_bounded() {
    let never = Router::new().fallback(any(async || std::future::pending::<()>().await));
    let place = Place::before(never, "sb_publishable_tests").await;
    let ask = async |number: usize| {
        let from = format!("192.0.2.{number}");
        let from = [("x-forwarded-for", from.as_str())];
        place.ask("POST", "/session/recovery", &from, json!({ "email": ANN })).await.status().as_u16()
    };
    let seen = join_all((0..100).map(ask)).await;
    let count = |status: u16| seen.iter().filter(|each| **each == status).count();
    assert_eq!((count(202), count(503)), (64, 36), "{seen:?}");
}
