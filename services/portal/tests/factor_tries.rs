//! What a second step bounds and survives: wrong codes, cookies that are shown again, answers that get lost, time.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail tests")]

#[path = "sessions/someone.rs"]
#[allow(dead_code, reason = "shared with the other tests of sessions")]
mod someone;
#[path = "sessions/staff.rs"]
#[allow(dead_code, reason = "shared with the other tests of a second factor")]
mod staff;
#[path = "sessions/totp.rs"]
mod totp;

use std::time::Duration;

use axum::http::StatusCode;
use rerp_portal::session::cookie::FACTOR;
use serde_json::json;
use someone::{ANN, Place, SECRET, kind, read, said};
use staff::{claims, cookies, enrolled, first, second};

#[tokio::test]
async fn five_wrong_codes_end_it_in_every_pod_and_for_every_copy_of_its_cookie() {
    let place = Place::of_staff().await;
    let (totp, _) = enrolled(&place).await;
    let (pending, _) = first(&place).await;
    for unlike in ["12345", "1234567", "12345a"] {
        assert_eq!(
            kind(&read(second(&place, &pending, unlike).await).await),
            "code-refused",
            "it isn't even looked at"
        );
    }
    for _ in 0..4 {
        let answer = second(&place, &pending, &totp.wrong()).await;
        assert_eq!((answer.status(), cookies(&answer).len()), (StatusCode::UNPROCESSABLE_ENTITY, 0));
        assert_eq!(kind(&read(answer).await), "code-refused");
    }
    let fifth = second(&place, &pending, &totp.wrong()).await;
    assert_eq!(fifth.status(), StatusCode::UNAUTHORIZED);
    assert!(said(&fifth, "set-cookie").starts_with(&format!("{FACTOR}=; Max-Age=0")));
    assert!(read(fifth).await["detail"].as_str().unwrap().contains("too many codes"));
    for pod in [&place, &place.another_pod()] {
        let again = second(pod, &pending, &totp.code(0)).await;
        assert_eq!(again.status(), StatusCode::UNAUTHORIZED, "an old cookie is good nowhere");
    }
    let (pending, _) = first(&place).await;
    assert_eq!(second(&place, &pending, &totp.code(0)).await.status(), StatusCode::OK, "beginning again helps");
}

#[tokio::test]
async fn who_begins_again_and_again_has_to_wait() {
    let place = Place::of_staff().await;
    let (totp, _) = enrolled(&place).await;
    let mut seen = Vec::new();
    for number in 0..3 {
        let from = format!("192.0.2.{number}");
        let from = ("x-forwarded-for", from.as_str());
        let wish = json!({ "email": ANN, "password": SECRET });
        let answer = place.ask("POST", "/session", &[from], wish).await;
        let pending = someone::cookie_of(&answer);
        for _ in 0..5 {
            let body = json!({ "code": totp.wrong() });
            let answer = place.ask("POST", "/session/factor", &[from, ("cookie", &pending)], body).await;
            seen.push(answer.status().as_u16());
            if seen.len() == 11 {
                assert!((300..=361).contains(&said(&answer, "retry-after").parse::<u32>().unwrap()));
            }
        }
    }
    assert_eq!(seen, [422, 422, 422, 422, 401, 422, 422, 422, 422, 401, 429, 429, 429, 429, 429]);
}

#[tokio::test]
async fn an_answer_that_is_lost_costs_the_next_code_and_nothing_else() {
    let place = Place::of_staff().await;
    place.account(ANN, SECRET).await;
    let (pending, told) = first(&place).await;
    let totp = totp::Totp::of(told["secret"].as_str().unwrap());
    // Of the challenge, before and after it was made.
    for moment in ["before", "after"] {
        place.spoil(moment, 503).await;
        let answer = second(&place, &pending, &totp.code(0)).await;
        assert_eq!((answer.status(), cookies(&answer).len()), (StatusCode::SERVICE_UNAVAILABLE, 0));
    }
    // The portal's own: the browser has still what waits.
    assert_eq!(second(&place, &pending, &totp.code(0)).await.status(), StatusCode::OK);
    let answer = second(&place, &pending, &totp.code(1)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let cookie = someone::cookie_of(&answer);
    assert_eq!(claims(answer).await["aal"], "aal2");
    let kept = place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
    assert_eq!(kept.status(), StatusCode::OK);
}

#[tokio::test]
async fn trouble_at_identity_costs_no_try() {
    let place = Place::of_staff().await;
    let (totp, _) = enrolled(&place).await;
    let (pending, _) = first(&place).await;
    // The code was right and its answer is lost: the token could not be made.
    place.identity("customize_access_token", "away").await;
    for _ in 0..7 {
        assert_eq!(second(&place, &pending, &totp.code(0)).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    place.identity("customize_access_token", "staff").await;
    let answer = second(&place, &pending, &totp.code(1)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(claims(answer).await["aal"], "aal2");
}

#[tokio::test]
async fn what_waits_ends_after_its_time() {
    let place = Place::of_staff().await;
    let (totp, _) = enrolled(&place).await;
    // The token that is kept is good for two seconds, and so is what keeps it.
    place.set(json!({ "jwt_exp": 2 })).await;
    let answer = place.ask("POST", "/session", &[], json!({ "email": ANN, "password": SECRET })).await;
    assert!(said(&answer, "set-cookie").contains("Max-Age=2;"), "{}", said(&answer, "set-cookie"));
    let pending = someone::cookie_of(&answer);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let over = second(&place, &pending, &totp.code(0)).await;
    assert_eq!(over.status(), StatusCode::UNAUTHORIZED);
    assert!(said(&over, "set-cookie").starts_with(&format!("{FACTOR}=; Max-Age=0")));
    assert!(read(over).await["detail"].as_str().unwrap().contains("sign in again"));
}
