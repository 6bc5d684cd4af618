//! Staff who sign in, as browsers meet it: the portal's router with the stand-in for Supabase behind it, on a socket.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail tests")]

#[path = "sessions/someone.rs"]
#[allow(dead_code, reason = "shared with the other tests of sessions")]
mod someone;
#[path = "sessions/staff.rs"]
#[allow(dead_code, reason = "shared with the other tests of a second factor")]
mod staff;
#[path = "sessions/totp.rs"]
mod totp;

use axum::http::StatusCode;
use rerp_portal::session::cookie::{FACTOR, NAME, RECOVERY};
use rerp_portal::session::seal::Purpose;
use serde_json::json;
use someone::{ANN, Place, SECRET, cookie_of, kind, read, said, seal};
use staff::{claims, cookies, enrolled, first, second};
use totp::Totp;

#[tokio::test]
async fn who_has_no_factor_enrols_one_and_is_signed_in_by_its_first_code() {
    let place = Place::of_staff().await;
    place.account(ANN, SECRET).await;
    let (_, left) = first(&place).await;
    let answer = place.ask("POST", "/session", &[], json!({ "email": ANN, "password": SECRET })).await;
    assert_eq!((answer.status(), said(&answer, "cache-control")), (StatusCode::ACCEPTED, "no-store"));
    let kept = said(&answer, "set-cookie").to_owned();
    for attribute in ["; Max-Age=600", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Strict"] {
        assert!(kept.contains(attribute) && cookies(&answer).len() == 1, "{attribute}: {kept}");
    }
    let (pending, told) = (cookie_of(&answer), read(answer).await);
    let secret = told["secret"].as_str().unwrap();
    assert_eq!(told["factor"], "enrol");
    assert!(told["uri"].as_str().unwrap().starts_with("otpauth://totp/") && told.get("access_token").is_none());
    assert_ne!(left["secret"], told["secret"], "what was never confirmed is nobody's any more");
    assert_eq!(
        kind(&read(second(&place, &pending, &Totp::of(left["secret"].as_str().unwrap()).code(0)).await).await),
        "code-refused"
    );
    let code = Totp::of(secret).code(0);
    let answer = second(&place, &pending, &format!(" {} {} ", &code[..3], &code[3..])).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let kept = cookies(&answer);
    assert!(kept.len() == 2 && kept[0].starts_with(NAME) && kept[0].contains("Max-Age=2592000"), "{kept:?}");
    assert!(kept[1].starts_with(&format!("{FACTOR}=; Max-Age=0")), "{kept:?}");
    let claims = claims(answer).await;
    assert_eq!((&claims["aal"], &claims["aud"]), (&json!("aal2"), &json!("staff")));
}

#[tokio::test]
async fn who_has_one_is_asked_for_its_code_and_stays_sure() {
    let place = Place::of_staff().await;
    let (totp, cookie) = enrolled(&place).await;
    let answer = place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(claims(answer).await["aal"], "aal2");
    let (pending, told) = first(&place).await;
    assert_eq!(told, json!({ "factor": "code" }), "no secret is told twice");
    assert_eq!(claims(second(&place, &pending, &totp.code(1)).await).await["aal"], "aal2");
}

#[tokio::test]
async fn what_waits_for_a_factor_is_no_session_and_a_session_is_nothing_that_waits() {
    let place = Place::of_staff().await;
    let (totp, cookie) = enrolled(&place).await;
    let (pending, _) = first(&place).await;
    let as_session = pending.replace(FACTOR, NAME);
    let answer = place.ask("POST", "/session/refresh", &[("cookie", &as_session)], json!({})).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(second(&place, &cookie.replace(NAME, FACTOR), &totp.code(0)).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(second(&place, "", &totp.code(0)).await.status(), StatusCode::UNAUTHORIZED);
    let strange =
        [("cookie", pending.as_str()), ("sec-fetch-site", "cross-site"), ("content-type", "application/json")];
    let body = json!({ "code": totp.code(0) }).to_string();
    assert_eq!(place.ask_as("POST", "/session/factor", &strange, &body).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_customer_is_told_that_this_is_not_their_portal_and_enrols_nothing() {
    let place = Place::of_staff().await;
    place.account(ANN, SECRET).await;
    place.identity("customize_access_token", "person").await;
    let answer = place.ask("POST", "/session", &[], json!({ "email": ANN, "password": SECRET })).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(cookies(&answer).iter().all(|kept| kept.starts_with(&format!("{FACTOR}=; Max-Age=0"))));
    let told = read(answer).await;
    assert!(kind(&told) == "not-permitted" && told["detail"].as_str().unwrap().contains("for staff"), "{told}");
    let wrong = place.ask("POST", "/session", &[], json!({ "email": ANN, "password": "wrong" })).await;
    assert_eq!(kind(&read(wrong).await), "credentials-refused", "only the password tells it");
    // Who is staff no more between both steps, or later.
    place.identity("customize_access_token", "staff").await;
    let (pending, told) = first(&place).await;
    let totp = Totp::of(told["secret"].as_str().unwrap());
    place.identity("customize_access_token", "person").await;
    assert_eq!(second(&place, &pending, &totp.code(0)).await.status(), StatusCode::FORBIDDEN);
    place.identity("customize_access_token", "staff").await;
    let (pending, _) = first(&place).await;
    let cookie = cookie_of(&second(&place, &pending, &totp.code(1)).await);
    place.identity("customize_access_token", "person").await;
    let over = place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
    assert_eq!(over.status(), StatusCode::UNAUTHORIZED);
    assert!(said(&over, "set-cookie").starts_with(&format!("{NAME}=; Max-Age=0")));
}

#[tokio::test]
async fn a_session_whose_factor_was_not_shown_is_given_out_by_no_refresh() {
    // A portal beside it has the same key, and asks for no factor.
    let beside = Place::open().await;
    beside.identity("customize_access_token", "staff").await;
    let cookie = beside.signed_in(ANN).await;
    let office = beside.another_pod();
    let refreshed = async |cookie: &str| {
        let answer = office.ask("POST", "/session/refresh", &[("cookie", cookie)], json!({})).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(read(answer).await.get("access_token").is_none());
    };
    refreshed(&cookie).await;
    // What it held, as if it had been given here.
    let held = seal().open(cookie.split_once('=').unwrap().1, Purpose::Session).unwrap();
    refreshed(&format!("{NAME}={}", seal().seal(&held, Purpose::Staff).unwrap())).await;
    let gone = beside.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
    assert_eq!(gone.status(), StatusCode::UNAUTHORIZED, "it is over at Supabase too");
    // And without `factor` nothing is at that address.
    let nowhere = second(&beside, "", "123456").await;
    assert_eq!(nowhere.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn signing_out_forgets_what_waits_too() {
    let place = Place::of_staff().await;
    let (_, cookie) = enrolled(&place).await;
    let answer = place.ask("DELETE", "/session", &[("cookie", &cookie)], json!({})).await;
    let kept = cookies(&answer);
    assert!(kept.len() == 2 && kept.iter().all(|one| one.contains("Max-Age=0")), "{kept:?}");
    let over = place.ask("POST", "/session/refresh", &[("cookie", &cookie)], json!({})).await;
    assert_eq!(over.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_forgotten_password_is_changed_with_the_factor_and_not_before() {
    let place = Place::of_staff().await;
    let (totp, _) = enrolled(&place).await;
    let new = "another password";
    place.ask("POST", "/session/recovery", &[], json!({ "email": ANN })).await;
    let shown = json!({ "email": ANN, "code": place.code(ANN).await, "password": new });
    let answer = place.ask("POST", "/session/recovered", &[], shown).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let kept = cookies(&answer);
    assert!(kept.len() == 2 && kept[1].starts_with(&format!("{RECOVERY}=; Max-Age=0")), "{kept:?}");
    let pending = cookie_of(&answer);
    assert_eq!(read(answer).await, json!({ "factor": "code" }));
    assert_eq!(read(second(&place, &pending, &totp.code(0)).await).await["errors"][0]["pointer"], "/password");
    let show = async |password: &str, code: &str| {
        let body = json!({ "code": code, "password": password });
        place.ask("POST", "/session/factor", &[("cookie", &pending)], body).await
    };
    assert_eq!(kind(&read(show(new, &totp.wrong()).await).await), "code-refused");
    first(&place).await;
    assert_eq!(read(show("a", &totp.code(0)).await).await["errors"][0]["pointer"], "/password");
    let answer = show(new, &totp.code(1)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(claims(answer).await["aal"], "aal2");
    let old = place.ask("POST", "/session", &[], json!({ "email": ANN, "password": SECRET })).await;
    assert_eq!(old.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn who_forgot_the_password_before_there_was_a_factor_enrols_one() {
    let place = Place::of_staff().await;
    place.account(ANN, SECRET).await;
    place.ask("POST", "/session/recovery", &[], json!({ "email": ANN })).await;
    let shown = json!({ "email": ANN, "code": place.code(ANN).await, "password": "another password" });
    let answer = place.ask("POST", "/session/recovered", &[], shown).await;
    let (status, pending, told) = (answer.status(), cookie_of(&answer), read(answer).await);
    assert_eq!((status, &told["factor"]), (StatusCode::ACCEPTED, &json!("enrol")));
    let code = Totp::of(told["secret"].as_str().unwrap()).code(0);
    assert_eq!(second(&place, &pending, &code).await.status(), StatusCode::OK);
}
